//! The scenario files of the test bench.
//!
//! | folder | holds |
//! |---|---|
//! | `symptoms/` | the guide's symptom table: one file a cause |
//! | `verification/` | Verify and credentials (VER) |
//! | `intake/` | the gate for new tickets (INT) |
//! | `flow/` | what happens on a ticket (FLW, RSM, RES) |
//! | `webhooks/` | deliveries and retries (WHK) |
//! | `limits/` | limits and timing (LIM) |
//! | `spec/` | the clause catalogue |
//! | `tests/` | one test per scenario, the same in both worlds, twice the same |
//!
//! The grammar is described in `docs/scenarios.md`; `harness schema` prints
//! it for editors.
