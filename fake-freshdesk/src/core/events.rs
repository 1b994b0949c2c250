//! What the rules get to see: something happened to a ticket.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Performer {
    /// An agent, in the browser or with an API key.
    Agent(i64),
    /// The requester, or another contact on the ticket.
    Requester(i64),
    /// Freshdesk itself.
    System,
}

impl Performer {
    /// `{"type": …, "id": …}` as the control API shows it.
    pub(crate) fn json(self) -> Value {
        match self {
            Performer::Agent(id) => json!({"type": "agent", "id": id}),
            Performer::Requester(id) => json!({"type": "requester", "id": id}),
            Performer::System => json!({"type": "system", "id": null}),
        }
    }
}

/// A property's value before and after.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Change {
    pub(crate) from: Value,
    pub(crate) to: Value,
}

/// Changed properties by their automation name (`status`, `ticket_type`, …).
pub(crate) type Changes = BTreeMap<String, Change>;

/// Something happened to a ticket.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct TicketEvent {
    pub(crate) ticket_id: i64,
    pub(crate) performer: Performer,
    /// The ticket is new.
    pub(crate) created: bool,
    /// A public reply was sent.
    pub(crate) reply: bool,
    /// A note was added; `true` if it is private.
    pub(crate) private_note: Option<bool>,
    /// The `ticket_action` this is: `update`, `delete`, `marked_spam`, ….
    pub(crate) action: Option<String>,
    pub(crate) changes: Changes,
    pub(crate) conversation_id: Option<i64>,
    /// The journal entry that led to it.
    pub(crate) cause: Option<u64>,
}

impl TicketEvent {
    pub(crate) fn new(ticket_id: i64, performer: Performer) -> Self {
        TicketEvent {
            ticket_id,
            performer,
            created: false,
            reply: false,
            private_note: None,
            action: None,
            changes: Changes::new(),
            conversation_id: None,
            cause: None,
        }
    }

    /// The ticket action, unless the other kinds say as much already.
    fn shown_action(&self) -> Option<&str> {
        self.action
            .as_deref()
            .filter(|action| !matches!(*action, "update" | "created"))
    }

    /// The names of all that happened, as activity log and journal list them.
    pub(crate) fn kinds(&self) -> Vec<String> {
        let mut kinds = Vec::new();
        if self.created {
            kinds.push("ticket_created".to_owned());
        }
        if self.reply {
            kinds.push("reply_sent".to_owned());
        }
        if self.private_note.is_some() {
            kinds.push("note_type".to_owned());
        }
        kinds.extend(self.changes.keys().cloned());
        if self.shown_action().is_some() {
            kinds.push("ticket_action".to_owned());
        }
        kinds
    }

    /// The changes, with a note's kind and a ticket action shown as one.
    pub(crate) fn changes_json(&self) -> Value {
        let mut shown = self.changes.clone();
        if let Some(private) = self.private_note {
            let kind = if private { "private" } else { "public" };
            shown.insert(
                "note_type".to_owned(),
                Change {
                    from: Value::Null,
                    to: json!(kind),
                },
            );
        }
        if let Some(action) = self.shown_action() {
            shown.insert(
                "ticket_action".to_owned(),
                Change {
                    from: Value::Null,
                    to: json!(action),
                },
            );
        }
        json!(shown)
    }
}
