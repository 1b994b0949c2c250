//! The fake as its users see it: over HTTP, in memory under virtual time, and
//! (in `binary.rs`) over real sockets.
//!
//! | file | feature |
//! |---|---|
//! | `world.rs` | a server in memory with a receiver for webhooks |
//! | `form.rs` | a multipart form |
//! | `tickets.rs`, `accesses.rs`, `associations.rs`, `conversations.rs`, `people.rs` | the v2 API's resources |
//! | `solutions.rs` | solutions, discussions, skills, forms, threads |
//! | `exports.rs` | exports and imports |
//! | `transport.rs` | HEAD and `Host` |
//! | `files.rs` | attachments and inline images |
//! | `sections.rs` | sections of the ticket form |
//! | `fields.rs` | the fields of tickets, contacts and companies |
//! | `errors.rs` | bad input, each body a snapshot |
//! | `facts.rs`, `facts_people.rs`, `facts_rules.rs` | single facts of the reference and of recordings |
//! | `fidelity.rs` | the switches are written down |
//! | `pure.rs` | the pure core without a runtime, for the laws |
//! | `laws.rs` | what holds whatever is done, by random steps |
//! | `laws_quota.rs`, `laws_paging.rs`, `laws_rules.rs` | the same of quota, paging and rules |
//! | `laws_views.rs` | a view that is kept is never a stale one |
//! | `openapi.rs` | the OpenAPI document says what the code does |
//! | `quota.rs` | the per-minute allowance |
//! | `refused.rs` | a refused write has changed nothing |
//! | `rules.rs`, `due.rs`, `mail_failures.rs` | automation rules, what wakes them, and their activity logs |
//! | `webhooks.rs` | delivery, retries, faults |
//! | `control.rs`, `time.rs`, `journal.rs` | the control API |
//! | `binary.rs` | the real binary over sockets |
//! | `hostile.rs` | the same with what no client should send |

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "a test that cannot go on has failed; JSON literals read best by value"
)]

mod accesses;
mod associations;
mod binary;
mod control;
mod conversations;
mod due;
mod errors;
mod exports;
mod facts;
mod facts_people;
mod facts_rules;
mod fidelity;
mod fields;
mod files;
mod form;
mod hostile;
mod journal;
mod laws;
mod laws_paging;
mod laws_quota;
mod laws_rules;
mod laws_views;
mod mail_failures;
mod openapi;
mod people;
mod pure;
mod quota;
mod refused;
mod rules;
mod sections;
mod solutions;
mod tickets;
mod time;
mod transport;
mod webhooks;
mod world;
