//! Plays plans and judges what it saw.
//!
//! | file | holds |
//! |---|---|
//! | [`play`] | one plan from set-up to verdict |
//! | `act` | each kind of step as calls of the control API and the contract |
//! | `observe` | what an expectation needs to see, brought into the trace |
//! | `judge` | one expectation against the trace |
//! | [`invariants`] | what must hold in every run, without being named |
//! | `meetings` | whether a run met what it was meant to meet |
//! | [`verdict`] | what a run came to |
//! | [`known_failures`] | failures that are known and have a reason |
//! | [`strict`] | scenarios that a bridge which does nothing would pass |
//! | [`suite`] | many plans, on several threads, reported as they end |

mod act;
pub mod invariants;
mod judge;
pub mod known_failures;
mod meetings;
mod observe;
pub mod play;
pub mod strict;
pub mod suite;
pub mod verdict;
