//! The bridge's own record of one ticket: the session, its mirrored thread, and
//! the AI's turn that is being carried out.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::settings::Mode;

/// Where the customer writes from (FLW-3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// E-mail and outbound e-mail.
    Email,
    /// Portal, chat, feedback widget, and whatever else there is.
    Web,
    /// Phone.
    Phone,
}

impl Channel {
    /// The channel of a ticket source, by Freshdesk's numbers.
    #[must_use]
    pub fn of_source(source: i64) -> Self {
        match source {
            1 | 10 => Self::Email,
            3 => Self::Phone,
            _ => Self::Web,
        }
    }
}

/// Whether the session is open, and if not, how it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Work may come.
    Open,
    /// Resolved, by a rep or by the AI.
    ClosedResolved,
    /// Ended without a resolution: the ticket was deleted or is spam (FLW-10).
    ClosedUnresolved,
}

/// How the AI was involved when the session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AiClosureType {
    /// The AI resolved it.
    Resolved,
    /// It was handed to people.
    HandedOff,
    /// Nobody said so, but the customer came back no more.
    AssumedResolved,
}

/// The customer's mood as the brain sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sentiment {
    /// Upset.
    Angry,
    /// Neither.
    Neutral,
    /// Content.
    Happy,
}

impl Sentiment {
    /// The word the contract uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Angry => "angry",
            Self::Neutral => "neutral",
            Self::Happy => "happy",
        }
    }
}

/// Where a handed-off ticket went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandoffTarget {
    /// The agent it was assigned to.
    pub agent_id: Option<i64>,
    /// The group it was moved to.
    pub group_id: Option<i64>,
}

/// What the AI left for the people it handed over to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handoff {
    /// The AI's summary.
    pub summary: String,
    /// The customer's mood.
    pub sentiment: Option<Sentiment>,
    /// Where the ticket went; both empty means unassigned.
    pub target: HandoffTarget,
}

/// The customer of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Name, if Freshdesk knows one.
    pub name: Option<String>,
    /// E-mail address, if Freshdesk knows one.
    pub email: Option<String>,
}

/// A ticket's last change, as known at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Freshdesk's `updated_at`, in whole seconds.
    pub updated_at: Timestamp,
    /// When that was read.
    pub read_at: Timestamp,
}

impl Seen {
    /// Whether a ticket that was updated at `updated_at` may hold something that
    /// was not there when it was read. Within the same second nobody can tell.
    #[must_use]
    pub fn misses(&self, updated_at: Timestamp) -> bool {
        updated_at > self.updated_at || self.read_at.as_second() <= updated_at.as_second()
    }
}

/// One ticket as the bridge keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Unguessable id.
    pub id: String,
    /// The account's domain.
    pub account: String,
    /// The Freshdesk ticket: the key that decides (FLW-1).
    pub ticket_id: i64,
    /// Where the customer writes from.
    pub channel: Channel,
    /// The ticket's raw source number.
    pub source: i64,
    /// Open or closed.
    pub status: Status,
    /// Whether people have taken over.
    pub handed_off: bool,
    /// What was handed over, when the AI did it.
    pub handoff: Option<Handoff>,
    /// How the AI was involved in the end.
    pub ai_closure_type: Option<AiClosureType>,
    /// The customer.
    pub contact: Contact,
    /// When the session was opened.
    pub created_at: Timestamp,
    /// When anything in it last changed.
    pub updated_at: Timestamp,
    /// Whether the opening message has not been decided on yet: the one moment
    /// in which another assignee does not silence an auto-handling AI (oq 4).
    pub opening: bool,
    /// Whether it was only imported, so that the intake gate is still ahead (LIM-7).
    pub backfilled: bool,
    /// The ticket status seen last, to tell a change from a state.
    pub seen_status: i64,
    /// The ticket's `updated_at` when it was last read, and when that was: what
    /// tells the sweep that nothing was missed (WHK-10).
    pub seen: Option<Seen>,
    /// A customer wrote on a ticket that stays resolved: the session is open
    /// although the ticket's status says otherwise (RES-3).
    pub reopened_by_message: bool,
    /// The mode tags that were written.
    pub tagged: Vec<Mode>,
    /// When the AI posted, newest last, as far as the robot cap looks back (FLW-11).
    pub posts: Vec<Timestamp>,
}

/// What kind of history entry it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// The customer said it.
    Message,
    /// A rep said it to the customer.
    AgentMessage,
    /// A private note.
    AgentComment,
    /// The AI said it to the customer.
    AiMessage,
    /// The AI drafted it for a rep.
    AiDraft,
    /// Something happened.
    Event,
}

/// A file that hangs on a message; the bridge mirrors its name and size only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// File name.
    pub name: String,
    /// Size in bytes.
    pub size: u64,
}

/// Who said it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// Freshdesk's user id, where one is known.
    pub id: Option<i64>,
    /// Their name, where one is known.
    pub name: Option<String>,
}

/// One line of a session's history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The session it belongs to.
    pub session_id: String,
    /// Unique within the session: `description`, `conversation:{id}` or
    /// `event:{n}`. Storing the same key again changes nothing (oq 23).
    pub key: String,
    /// When it was said or happened.
    pub at: Timestamp,
    /// What kind it is.
    pub kind: EntryKind,
    /// The Freshdesk conversation, if it is one.
    pub freshdesk_conversation_id: Option<i64>,
    /// Who said it.
    pub author: Author,
    /// The text, without markup.
    pub text: String,
    /// The files on it.
    pub attachments: Vec<Attachment>,
    /// The event's name, for events.
    pub event: Option<String>,
    /// A customer message that the AI has neither answered nor left to people.
    pub awaiting: bool,
}

impl Entry {
    /// The key of a ticket's description, its message 0.
    pub const DESCRIPTION: &str = "description";

    /// The key of a conversation.
    #[must_use]
    pub fn conversation_key(conversation_id: i64) -> String {
        format!("conversation:{conversation_id}")
    }

    /// The id the contract shows.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}.{}", self.session_id, self.key.replace(':', "-"))
    }
}
