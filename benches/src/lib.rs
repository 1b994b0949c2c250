//! What things cost; `benches/README.md` says how to measure, and what came out.
//!
//! | what | measures |
//! |---|---|
//! | bench `fake` | calls of the helpdesk's core: no sockets, no runtime |
//! | bench `scenarios` | every scenario in the simulated world, on one thread |
//! | program `side-by-side` | the release binary over sockets, beside a bare axum server |
