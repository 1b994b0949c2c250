//! The writes that go down together or not at all.

use jiff::Timestamp;

use crate::{
    brain::Base64Text,
    session::{Entry, Session},
    turn::Turn,
    work::{Account, Job, Problem},
};

/// One change of durable state; see [`Store::record`](super::Store::record).
#[derive(Clone, Debug)]
pub enum Write {
    /// Changes nothing: refuses the whole change unless the job is still its owner's.
    /// A replica that stood still for longer than its lease learns so that another
    /// has its ticket.
    IfHeld(Job),
    /// Inserts or replaces a session. A second session for the same ticket is
    /// an error (FLW-1).
    Session(Session),
    /// Inserts an entry, unless its key is there already (WHK-6).
    Entry(Entry),
    /// These entries await no answer any more.
    Settle {
        /// The session.
        session_id: String,
        /// The entries' keys.
        keys: Vec<String>,
    },
    /// Inserts or replaces a turn.
    Turn(Turn),
    /// Keeps the content of one of a turn's files.
    File {
        /// The turn.
        turn_id: String,
        /// Which of its files.
        number: usize,
        /// The content, which must be base64.
        content: Base64Text,
    },
    /// The contents of a turn's files are needed no more.
    FilesGone {
        /// The turn.
        turn_id: String,
    },
    /// Inserts or replaces what is known of an account.
    Account(Account),
    /// The sweep has looked at everything that changed before this.
    Swept {
        /// The account's domain.
        account: String,
        /// Up to when.
        to: Timestamp,
    },
    /// Reports a problem; one that is already reported keeps its `since`.
    Problem(Problem),
    /// A problem is no more.
    ProblemGone {
        /// The account's domain.
        account: String,
        /// What kind.
        kind: String,
        /// The ticket, if it was about one.
        ticket_id: Option<i64>,
    },
}
