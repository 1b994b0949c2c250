//! The AI's turn on a ticket: what the brain decided, cut into the writes that
//! carry it out. It is stored before the first write and step by step after, so
//! that a crash or a spent quota at any point is continued, each step once.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::session::{AiClosureType, EntryKind, Handoff, Sentiment};

/// What the turn is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Purpose {
    /// A public answer.
    Reply,
    /// A private draft (assist mode).
    Draft,
    /// Handing over to people.
    Handoff(Handoff),
    /// Resolving the ticket.
    Resolve {
        /// The AI's summary.
        summary: String,
        /// The customer's mood.
        sentiment: Option<Sentiment>,
        /// How the session will say it ended.
        closure: AiClosureType,
    },
    /// Giving the ticket back to the AI: the marker goes off (RSM-3).
    Resume,
}

/// A file the brain wants on its answer. Its content is in the store, beside the
/// turn, until it was sent ([`Write::File`](crate::store::Write::File)).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutgoingFile {
    /// Which of the turn's files it is.
    pub number: usize,
    /// File name.
    pub name: String,
    /// MIME type.
    pub content_type: String,
    /// Bytes of content.
    pub size: u64,
}

/// What a ticket update writes; what is `None` stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketUpdate {
    /// Tags to add to those the ticket has (FLW-4).
    pub add_tags: Vec<String>,
    /// The new status.
    pub status: Option<i64>,
    /// The new assignee; `Some(None)` unassigns.
    pub responder_id: Option<Option<i64>>,
    /// The new group.
    pub group_id: Option<i64>,
    /// The marker checkbox: its API name and value.
    pub marker: Option<(String, bool)>,
}

/// One write to Freshdesk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Step {
    /// A public reply.
    Reply {
        /// The text, without markup.
        text: String,
        /// Files to attach.
        files: Vec<OutgoingFile>,
    },
    /// A private note.
    Note {
        /// The text, without markup.
        text: String,
        /// What the session calls it: a draft or a comment.
        entry: EntryKind,
        /// Files to attach.
        files: Vec<OutgoingFile>,
    },
    /// A change of the ticket's properties; doing it twice does no harm.
    Update(TicketUpdate),
}

impl Step {
    /// Whether doing it twice would be seen.
    #[must_use]
    pub fn is_post(&self) -> bool {
        matches!(self, Self::Reply { .. } | Self::Note { .. })
    }

    /// The files on it.
    #[must_use]
    pub fn files(&self) -> &[OutgoingFile] {
        match self {
            Self::Reply { files, .. } | Self::Note { files, .. } => files,
            Self::Update(_) => &[],
        }
    }
}

/// How far a step is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Progress {
    /// Not sent.
    #[default]
    Todo,
    /// The intent is recorded; it may or may not have been carried out.
    Begun {
        /// The newest conversation in the thread when it was begun: ours can
        /// only be newer.
        after_conversation: i64,
        /// When it was begun; a post that got no answer may be on its way for a while.
        at: Timestamp,
    },
    /// Done.
    Done {
        /// The conversation it made, for posts.
        conversation_id: Option<i64>,
    },
}

/// Whether the turn is still to be carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TurnState {
    /// Steps are left.
    Open,
    /// All steps are done.
    Done,
    /// Given up before anything was posted.
    Dropped,
}

/// The AI's turn on one ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Unique id.
    pub id: String,
    /// The account's domain.
    pub account: String,
    /// The ticket.
    pub ticket_id: i64,
    /// The session.
    pub session_id: String,
    /// What it is about.
    pub purpose: Purpose,
    /// The keys of the customer messages it answers.
    pub answers: Vec<String>,
    /// The writes, in order.
    pub steps: Vec<(Step, Progress)>,
    /// How far it is.
    pub state: TurnState,
    /// When it was decided.
    pub created_at: Timestamp,
    /// Who owned the ticket then.
    #[serde(default)]
    pub owner: Option<i64>,
    /// The handoff that it ends, if it takes the marker off.
    #[serde(default)]
    pub handoff_before: Option<Handoff>,
    /// How often the step in hand was sent in vain since it last rested (LIM-1).
    #[serde(default)]
    pub sends: u32,
}

impl Turn {
    /// The conversations this turn made.
    pub fn conversations(&self) -> impl Iterator<Item = i64> {
        self.steps
            .iter()
            .filter_map(|(_, progress)| match progress {
                Progress::Done { conversation_id } => *conversation_id,
                _ => None,
            })
    }

    /// Whether a step is left that has files to send.
    #[must_use]
    pub fn has_files_to_send(&self) -> bool {
        self.state == TurnState::Open
            && self.steps.iter().any(|(step, progress)| {
                !step.files().is_empty() && !matches!(progress, Progress::Done { .. })
            })
    }

    /// Whether the ticket may have got the status that it writes, though nobody heard so.
    #[must_use]
    pub fn may_have_set_status(&self) -> bool {
        self.steps.iter().any(|(step, progress)| match step {
            Step::Update(update) => {
                update.status.is_some() && matches!(progress, Progress::Begun { .. })
            }
            Step::Reply { .. } | Step::Note { .. } => false,
        })
    }

    /// Whether it takes the marker off.
    #[must_use]
    pub fn unmarks(&self) -> bool {
        self.steps.iter().any(|(step, _)| match step {
            Step::Update(update) => update.marker.as_ref().is_some_and(|(_, on)| !on),
            Step::Reply { .. } | Step::Note { .. } => false,
        })
    }

    /// Whether nothing was sent yet, so that the turn can be dropped unseen.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        self.steps
            .iter()
            .all(|(_, progress)| *progress == Progress::Todo)
    }
}
