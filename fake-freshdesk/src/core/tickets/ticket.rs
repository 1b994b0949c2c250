//! A ticket and its thread, kept compactly: a million of them fit in memory.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::core::html::Markup;
use crate::core::time::{DAY, Ms};

/// Ticket statuses every account begins with. [D/O]
pub(crate) mod status {
    pub(crate) const OPEN: u16 = 2;
    pub(crate) const PENDING: u16 = 3;
    pub(crate) const RESOLVED: u16 = 4;
    pub(crate) const CLOSED: u16 = 5;
}

/// Ticket sources. [D]
pub(crate) mod source {
    pub(crate) const EMAIL: u16 = 1;
    pub(crate) const PORTAL: u16 = 2;
    pub(crate) const PHONE: u16 = 3;
    pub(crate) const FORUM: u16 = 4;
    pub(crate) const TWITTER: u16 = 5;
    pub(crate) const FACEBOOK: u16 = 6;
    pub(crate) const CHAT: u16 = 7;
    pub(crate) const FEEDBACK_WIDGET: u16 = 9;
    pub(crate) const OUTBOUND_EMAIL: u16 = 10;
    pub(crate) const ECOMMERCE: u16 = 11;
}

/// A ticket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Ticket {
    pub(crate) id: i64,
    pub(crate) subject: Option<Box<str>>,
    pub(crate) description: Markup,
    pub(crate) requester_id: i64,
    pub(crate) responder_id: Option<i64>,
    pub(crate) group_id: Option<i64>,
    pub(crate) company_id: Option<i64>,
    pub(crate) status: u16,
    pub(crate) source: u16,
    pub(crate) priority: u8,
    pub(crate) deleted: bool,
    pub(crate) spam: bool,
    pub(crate) auto_generated: bool,
    pub(crate) ticket_type: Option<Box<str>>,
    pub(crate) tags: Vec<Box<str>>,
    pub(crate) custom_fields: BTreeMap<Box<str>, Value>,
    pub(crate) created_at: Ms,
    pub(crate) updated_at: Ms,
    pub(crate) due_by: Option<Ms>,
    pub(crate) fr_due_by: Option<Ms>,
    pub(crate) conversations: Vec<Conversation>,
    pub(crate) rare: Option<Box<Rare>>,
}

/// How a ticket belongs to others. [D]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Association {
    /// Its children.
    Parent(Vec<i64>),
    /// Its parent.
    Child(i64),
    /// The tickets about the same thing.
    Tracker(Vec<i64>),
    /// Its tracker.
    Related(i64),
}

impl Association {
    /// `association_type`. [D]
    pub(crate) fn kind(&self) -> u8 {
        match self {
            Association::Parent(_) => 1,
            Association::Child(_) => 2,
            Association::Tracker(_) => 3,
            Association::Related(_) => 4,
        }
    }

    /// The tickets at the other end.
    pub(crate) fn ids(&self) -> &[i64] {
        match self {
            Association::Parent(ids) | Association::Tracker(ids) => ids,
            Association::Child(id) | Association::Related(id) => std::slice::from_ref(id),
        }
    }

    /// The parent or tracker.
    pub(crate) fn prime(&self) -> Option<i64> {
        match self {
            Association::Child(id) | Association::Related(id) => Some(*id),
            Association::Parent(_) | Association::Tracker(_) => None,
        }
    }
}

/// What most tickets never have.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rare {
    pub(crate) product_id: Option<i64>,
    pub(crate) email_config_id: Option<i64>,
    /// Who works on it behind the scenes. [D]
    #[serde(default)]
    pub(crate) internal_agent_id: Option<i64>,
    #[serde(default)]
    pub(crate) internal_group_id: Option<i64>,
    pub(crate) cc_emails: Vec<String>,
    pub(crate) attachments: Vec<Attachment>,
    pub(crate) watchers: Vec<i64>,
    /// Agents who may see it whatever their ticket scope is.
    #[serde(default)]
    pub(crate) shared_with: Vec<i64>,
    pub(crate) association: Option<Association>,
    pub(crate) merged_into: Option<i64>,
    pub(crate) agent_responded_at: Option<Ms>,
    pub(crate) requester_responded_at: Option<Ms>,
    pub(crate) first_responded_at: Option<Ms>,
    pub(crate) status_updated_at: Option<Ms>,
    pub(crate) reopened_at: Option<Ms>,
    pub(crate) resolved_at: Option<Ms>,
    pub(crate) closed_at: Option<Ms>,
    pub(crate) pending_since: Option<Ms>,
}

static NOTHING_RARE: Rare = Rare {
    product_id: None,
    email_config_id: None,
    internal_agent_id: None,
    internal_group_id: None,
    cc_emails: Vec::new(),
    attachments: Vec::new(),
    watchers: Vec::new(),
    shared_with: Vec::new(),
    association: None,
    merged_into: None,
    agent_responded_at: None,
    requester_responded_at: None,
    first_responded_at: None,
    status_updated_at: None,
    reopened_at: None,
    resolved_at: None,
    closed_at: None,
    pending_since: None,
};

impl Ticket {
    /// The seldom used properties, to read.
    pub(crate) fn rare(&self) -> &Rare {
        self.rare.as_deref().unwrap_or(&NOTHING_RARE)
    }

    /// The seldom used properties, to change.
    pub(crate) fn rare_mut(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// Is it in the default views (neither deleted nor spam)?
    pub(crate) fn is_listed(&self) -> bool {
        !self.deleted && !self.spam
    }

    /// Is it in the archive, closed for so long? [O FDM]
    pub(crate) fn is_archived(&self, now: Ms, days: f64) -> bool {
        let closed_at = self
            .rare()
            .closed_at
            .filter(|_| self.status == status::CLOSED);
        closed_at.is_some_and(|at| (now - at) as f64 >= days * DAY as f64)
    }

    /// What the customer was told last; without a reply, their own question.
    pub(crate) fn latest_to_customer(&self) -> &Markup {
        let told = |each: &&Conversation| !each.private && !each.incoming;
        let last = self.conversations.iter().rev().find(told);
        last.map_or(&self.description, |each| &each.body)
    }

    /// The conversation with this id.
    pub(crate) fn conversation(&self, id: i64) -> Option<&Conversation> {
        self.conversations
            .iter()
            .find(|conversation| conversation.id == id)
    }
}

/// Whom a reply was mailed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Recipients {
    Requester,
    /// Those in copy.
    Others,
}

/// The mail of a reply came back.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct MailFailure {
    pub(crate) to: Recipients,
    pub(crate) at: Ms,
}

/// One reply or note.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Conversation {
    pub(crate) id: i64,
    pub(crate) body: Markup,
    pub(crate) user_id: Option<i64>,
    pub(crate) incoming: bool,
    pub(crate) private: bool,
    pub(crate) auto_response: bool,
    /// 0 reply, 2 note, 8 forward. [D]
    pub(crate) source: u16,
    pub(crate) category: u16,
    pub(crate) from_email: Option<Box<str>>,
    pub(crate) support_email: Option<Box<str>>,
    pub(crate) to_emails: Vec<String>,
    pub(crate) cc_emails: Vec<String>,
    pub(crate) bcc_emails: Vec<String>,
    pub(crate) attachments: Vec<Attachment>,
    /// The rule that wrote it, and the rule's type. [O]
    pub(crate) automation: Option<(i64, u8)>,
    pub(crate) created_at: Ms,
    pub(crate) updated_at: Ms,
    pub(crate) last_edited_at: Option<Ms>,
    pub(crate) last_edited_user_id: Option<i64>,
    #[serde(default)]
    pub(crate) mail_failures: Vec<MailFailure>,
}

impl Conversation {
    /// The addresses that a reply's mail went to.
    pub(crate) fn addresses(&self, of: Recipients) -> impl Iterator<Item = &String> {
        let [first, second] = match of {
            Recipients::Requester => [self.to_emails.as_slice(), &[]],
            Recipients::Others => [self.cc_emails.as_slice(), self.bcc_emails.as_slice()],
        };
        first.iter().chain(second)
    }
}

/// A file on a ticket or a conversation; its bytes are kept once by content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Attachment {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) content_type: String,
    pub(crate) size: u64,
    /// SHA-256 of the content, hex; `None` for files that are only a length.
    pub(crate) sha256: Option<Box<str>>,
    pub(crate) created_at: Ms,
}
