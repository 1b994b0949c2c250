//! What customers and reps do with tickets.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::at::At;
use crate::scenario::duration::HumanDuration;

/// How a ticket comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// Source 1.
    Email,
    /// Source 2.
    Portal,
    /// Source 3.
    Phone,
    /// Source 7.
    Chat,
    /// Source 9.
    FeedbackWidget,
    /// Source 10.
    OutboundEmail,
    /// Source 4.
    Forum,
    /// Source 5.
    Twitter,
    /// Source 6.
    Facebook,
    /// Source 11.
    Ecommerce,
}

/// A ticket that a customer opens.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenTicket {
    /// The name by which later steps speak of it.
    #[serde(rename = "as")]
    pub name: At<String>,
    /// Who opens it: a name; the address follows from it. Default: Carla Customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The agent who opens it, in place of a customer.
    #[serde(
        default,
        rename = "from agent",
        skip_serializing_if = "Option::is_none"
    )]
    pub from_agent: Option<At<String>>,
    /// Others who get a copy, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cc: Vec<String>,
    /// How it comes in. Default: email.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Via>,
    /// The subject. Default: the ticket's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What the customer writes.
    pub text: String,
    /// The agent it is assigned to from the start, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<At<String>>,
    /// The group it is in from the start, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<At<String>>,
    /// Tags it has from the start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Whether a machine wrote it, so that Freshdesk marks it as automatic.
    #[serde(
        default,
        rename = "auto generated",
        skip_serializing_if = "Option::is_none"
    )]
    pub auto_generated: Option<bool>,
}

/// Tickets that many customers open at the same moment.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenTickets {
    /// Their common name; each is called by it and its number, from 1.
    #[serde(rename = "as")]
    pub name: At<String>,
    /// How many.
    pub count: u32,
    /// What each customer writes.
    pub text: String,
    /// How they come in. Default: email.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Via>,
}

/// Tickets that are older than the connection.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PastTickets {
    /// The name by which later steps speak of it; of several, their common name.
    #[serde(rename = "as")]
    pub name: At<String>,
    /// How many. Default: one, with the name alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// How long ago it was opened and last changed.
    pub ago: HumanDuration,
    /// Of several: how far apart they are, the first the oldest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apart: Option<HumanDuration>,
    /// Its status. Default: open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<PastStatus>,
    /// The agent it is assigned to, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<At<String>>,
    /// What the customer wrote.
    pub text: String,
}

/// A status of a ticket, in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PastStatus {
    /// 2.
    Open,
    /// 3.
    Pending,
    /// 4.
    Resolved,
    /// 5.
    Closed,
    /// 6, one of the statuses that Freshdesk seeds.
    WaitingOnCustomer,
}

impl PastStatus {
    /// The number in Freshdesk's API.
    pub fn number(self) -> u16 {
        match self {
            Self::Open => 2,
            Self::Pending => 3,
            Self::Resolved => 4,
            Self::Closed => 5,
            Self::WaitingOnCustomer => 6,
        }
    }
}

/// A ticket that becomes part of another.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Merge {
    /// The ticket that is merged away.
    pub ticket: At<String>,
    /// The ticket it goes into.
    pub into: At<String>,
}

/// A message of a customer on a ticket.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerReply {
    /// The ticket.
    pub ticket: At<String>,
    /// Who writes. Default: the requester.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What the customer writes.
    pub text: String,
    /// Whether a machine wrote it, so that Freshdesk marks it as automatic.
    #[serde(
        default,
        rename = "auto generated",
        skip_serializing_if = "Option::is_none"
    )]
    pub auto_generated: Option<bool>,
}

/// A rep's public reply.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepReply {
    /// The ticket.
    pub ticket: At<String>,
    /// Who replies. Default: the first rep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rep: Option<At<String>>,
    /// What the rep writes.
    pub text: String,
}

/// A rep's note.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepNote {
    /// The ticket.
    pub ticket: At<String>,
    /// Who notes. Default: the first rep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rep: Option<At<String>>,
    /// What the rep writes.
    pub text: String,
    /// Whether customers can't see it. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private: Option<bool>,
}

/// A rep's change of a ticket's properties.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditTicket {
    /// The ticket.
    pub ticket: At<String>,
    /// Who edits. Default: the first rep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rep: Option<At<String>>,
    /// Status number (2 open, 3 pending, 4 resolved, 5 closed).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Priority number (1 low … 4 urgent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u16>,
    /// The new assignee by name, or `nobody`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<At<String>>,
    /// The new group by name, or `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<At<String>>,
    /// The new tags; they replace the old ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
}
