//! Criterion benches; run them with `cargo bench`.
//!
//! | bench | measures |
//! |---|---|
//! | `scenarios` | every scenario in the simulated world, on one thread |
