//! fake-freshdesk
