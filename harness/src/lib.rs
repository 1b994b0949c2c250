//! Plays scenarios against a Freshdesk bridge and judges what it saw.
//!
//! Start at [`plan::load`] (scenario files become plans) and [`runner::suite`]
//! (plans become outcomes); go down when you outgrow them.
//!
//! | module | holds |
//! |---|---|
//! | [`scenario`] | scenario files: what they may say, how they are read and checked |
//! | [`clauses`] | the clause catalogue |
//! | [`plan`] | what the runner plays, wherever it came from |
//! | [`world`] | simulated and live worlds: a Freshdesk, a bridge, a brain |
//! | [`runner`] | plays plans, judges expectations and invariants |
//! | [`trace`] | the one ordered record that verdicts and reports read |
//! | [`diagnosis`] | names row, cause, place and fix from the outside |
//! | [`known_bad`] | bridges that are wrong on purpose, and who catches them |
//! | [`explore`] | random walks that nobody wrote |
//! | [`traceability`] | clause → scenarios → known-bad bridges |
//! | [`report`] | terminal, HTML, JUnit, JSON |
//! | [`cli`] | the `harness` command |

pub mod clauses;
pub mod cli;
pub mod diagnosis;
pub mod explore;
pub mod known_bad;
pub mod plan;
pub mod report;
pub mod runner;
pub mod scenario;
pub mod trace;
pub mod traceability;
pub mod world;
