//! The control API as a pure function; `docs/control-api.md` is its book.
//!
//! | file | holds |
//! |---|---|
//! | `call.rs` | reading a request, errors |
//! | `routes.rs` | which path does what |
//! | `accounts.rs` | accounts |
//! | `staff.rs` | agents, groups, ticket fields |
//! | `people.rs`, `edits.rs` | customers and reps act |
//! | `bounced.rs` | mail that could not be delivered |
//! | `given.rs` | what they hand in, checked |
//! | `rules.rs` | rules and their activity logs |
//! | `observe.rs` | mails, journal, faults |
//!
//! Time, reset and streams are the server's, not the core's.

mod accounts;
mod bounced;
mod call;
mod edits;
mod given;
mod observe;
mod people;
mod routes;
mod rules;
mod staff;

pub use accounts::NewAccount;
pub use call::{ControlReply, ControlRequest};
