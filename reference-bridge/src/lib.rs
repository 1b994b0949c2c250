//! reference-bridge
