//! What is kept about work: jobs of the queue, problems, and what is known of
//! an account beyond its present connection.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The line of an account's one import; ticket numbers begin at 1.
pub const BACKFILL: i64 = 0;
/// The line of an account's sweep.
pub const SWEEP: i64 = -1;

/// "Look at ticket 17": one durable line per ticket, however many webhooks
/// spoke of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The account's domain.
    pub account: String,
    /// The ticket to look at, or [`BACKFILL`], or [`SWEEP`].
    pub ticket_id: i64,
    /// Grows with every webhook: a look that began at an older generation has
    /// not seen everything.
    pub generation: i64,
    /// How often looking at it failed in a row.
    pub attempts: u32,
    /// Who took it. What is written for it, and how it ended, counts only while it
    /// is still theirs.
    pub owner: String,
}

/// Which of the two payloads a webhook carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Rule 1's.
    TicketCreated,
    /// Rule 2's.
    TicketUpdated,
}

impl EventKind {
    /// The word in the payload.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TicketCreated => "ticket_created",
            Self::TicketUpdated => "ticket_updated",
        }
    }
}

/// An operation given up or pending (LIM-2, HND-2, HND-3).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The account's domain.
    pub account: String,
    /// What kind: `rate_limited`, `freshdesk_unavailable`, `handoff_target_invalid`, ….
    pub kind: String,
    /// The ticket, if it is about one.
    pub ticket_id: Option<i64>,
    /// Since when.
    pub since: Timestamp,
    /// What happened, and what will be or should be done.
    pub message: String,
}

/// How far the one import of an account is (LIM-6 to LIM-8).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Backfill {
    /// Nothing was imported yet.
    #[default]
    Pending,
    /// It is under way.
    Running {
        /// Tickets last updated before this are too old.
        since: Timestamp,
        /// Everything updated before this has been listed.
        cursor: Timestamp,
        /// Tickets imported so far.
        imported: u64,
    },
    /// It is done, for good.
    Done {
        /// Tickets imported in all.
        imported: u64,
    },
}

/// What is known of an account, whether or not it is connected now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The account's domain.
    pub domain: String,
    /// The one import.
    pub backfill: Backfill,
}
