//! Properties of a ticket change.

use serde_json::{Value, json};

use super::ticket::{Ticket, status};
use crate::core::desk::Desk;
use crate::core::events::{Change, Changes, Performer, TicketEvent};
use crate::core::html::Markup;
use crate::core::time::{Ms, seconds};

/// Properties to change; everything has been checked. `None` leaves as is.
#[derive(Clone, Debug, Default)]
pub(crate) struct TicketEdit {
    pub(crate) subject: Option<String>,
    pub(crate) description: Option<Markup>,
    pub(crate) requester_id: Option<i64>,
    pub(crate) responder_id: Option<Option<i64>>,
    pub(crate) group_id: Option<Option<i64>>,
    pub(crate) company_id: Option<Option<i64>>,
    pub(crate) product_id: Option<Option<i64>>,
    pub(crate) email_config_id: Option<Option<i64>>,
    pub(crate) internal_agent_id: Option<Option<i64>>,
    pub(crate) internal_group_id: Option<Option<i64>>,
    pub(crate) status: Option<u16>,
    pub(crate) source: Option<u16>,
    pub(crate) priority: Option<u8>,
    pub(crate) ticket_type: Option<Option<String>>,
    pub(crate) tags: Option<Vec<String>>,
    pub(crate) custom_fields: Vec<(Box<str>, Value)>,
    pub(crate) due_by: Option<Ms>,
    pub(crate) fr_due_by: Option<Ms>,
    pub(crate) attachments: Vec<super::Attachment>,
}

/// Collects what really changed.
struct Differences(Changes);

impl Differences {
    fn set<T: PartialEq + serde::Serialize>(&mut self, name: &str, slot: &mut T, value: T) {
        if *slot != value {
            let change = Change {
                from: json!(slot),
                to: json!(value),
            };
            *slot = value;
            self.0.insert(name.to_owned(), change);
        }
    }
}

impl Differences {
    /// Times are told as the API spells them.
    fn set_time(&mut self, name: &str, slot: &mut Option<Ms>, at: Ms) {
        let mut shown = slot.map(seconds);
        self.set(name, &mut shown, Some(seconds(at)));
        *slot = Some(at);
    }
}

/// Keeps the `stats` of a ticket true when its status changes.
pub(super) fn stamp_status(ticket: &mut Ticket, before: Option<u16>, now: Ms) {
    let after = ticket.status;
    if before == Some(after) || (before.is_none() && after == status::OPEN) {
        return;
    }
    let settled = |status: u16| matches!(status, status::RESOLVED | status::CLOSED);
    let rare = ticket.rare_mut();
    rare.status_updated_at = Some(now);
    rare.pending_since = (after == status::PENDING).then_some(now);
    match after {
        status::RESOLVED => rare.resolved_at = Some(now),
        status::CLOSED => {
            rare.closed_at = Some(now);
            rare.resolved_at = rare.resolved_at.or(Some(now));
        }
        _ if before.is_some_and(settled) => {
            rare.reopened_at = Some(now);
            rare.resolved_at = None;
            rare.closed_at = None;
        }
        _ => {}
    }
}

impl Desk<'_> {
    /// Changes a ticket and returns what really changed, without waking rules.
    pub(crate) fn apply_edit(&mut self, id: i64, edit: TicketEdit) -> Changes {
        let Some(ticket) = self.account.tickets.get(id) else {
            return Changes::new();
        };
        let group = edit.group_id.unwrap_or(ticket.group_id);
        let mut responder = edit.responder_id.unwrap_or(ticket.responder_id);
        if edit.group_id.is_some() || edit.responder_id.is_some() {
            responder = self.fitting_responder(responder, group);
        }
        let now = self.now;
        let due_moves = edit.due_by.is_some() || edit.fr_due_by.is_some();
        let edited = self.account.tickets.change(id, |ticket| {
            let mut differences = Differences(Changes::new());
            if let Some(subject) = edit.subject {
                differences.set("subject", &mut ticket.subject, Some(subject.into()));
            }
            if let Some(description) = edit.description {
                let same = ticket.description == description;
                if !same {
                    ticket.description = description;
                    differences.0.insert(
                        "description".into(),
                        Change {
                            from: Value::Null,
                            to: Value::Null,
                        },
                    );
                }
            }
            if let Some(requester) = edit.requester_id {
                differences.set("requester_id", &mut ticket.requester_id, requester);
            }
            differences.set("group_id", &mut ticket.group_id, group);
            differences.set("responder_id", &mut ticket.responder_id, responder);
            if let Some(company) = edit.company_id {
                differences.set("company_id", &mut ticket.company_id, company);
            }
            if let Some(product) = edit.product_id {
                differences.set("product_id", &mut ticket.rare_mut().product_id, product);
            }
            if let Some(config) = edit.email_config_id {
                differences.set(
                    "email_config_id",
                    &mut ticket.rare_mut().email_config_id,
                    config,
                );
            }
            if let Some(agent) = edit.internal_agent_id {
                let slot = &mut ticket.rare_mut().internal_agent_id;
                differences.set("internal_agent_id", slot, agent);
            }
            if let Some(group) = edit.internal_group_id {
                let slot = &mut ticket.rare_mut().internal_group_id;
                differences.set("internal_group_id", slot, group);
            }
            let status_before = ticket.status;
            if let Some(status) = edit.status {
                differences.set("status", &mut ticket.status, status);
                stamp_status(ticket, Some(status_before), now);
            }
            if let Some(source) = edit.source {
                differences.set("source", &mut ticket.source, source);
            }
            if let Some(priority) = edit.priority {
                differences.set("priority", &mut ticket.priority, priority);
            }
            if let Some(kind) = edit.ticket_type {
                differences.set("ticket_type", &mut ticket.ticket_type, kind.map(Into::into));
            }
            if let Some(tags) = edit.tags {
                let tags = tags.into_iter().map(Into::into).collect();
                differences.set("tags", &mut ticket.tags, tags);
            }
            for (name, value) in edit.custom_fields {
                let mut before = ticket.custom_fields.remove(&name).unwrap_or(Value::Null);
                differences.set(&name, &mut before, value);
                if !before.is_null() {
                    ticket.custom_fields.insert(name, before);
                }
            }
            if let Some(at) = edit.due_by {
                differences.set_time("due_by", &mut ticket.due_by, at);
            }
            if let Some(at) = edit.fr_due_by {
                differences.set_time("fr_due_by", &mut ticket.fr_due_by, at);
            }
            if !edit.attachments.is_empty() {
                ticket.rare_mut().attachments.extend(edit.attachments);
            }
            ticket.updated_at = now;
            differences.0
        });
        if due_moves {
            self.plan_due_times(id);
        }
        edited.unwrap_or_default()
    }

    /// Changes a ticket as somebody; the rules hear of it if anything changed.
    pub(crate) fn edit_ticket(&mut self, id: i64, edit: TicketEdit, performer: Performer) {
        let changes = self.apply_edit(id, edit);
        if !changes.is_empty() {
            let mut event = TicketEvent::new(id, performer);
            event.action = Some("update".to_owned());
            event.changes = changes;
            self.raise(event);
        }
    }

    /// Deletes, restores, marks as spam or not; `false` if it already is so.
    pub(crate) fn shelve_ticket(&mut self, id: i64, shelf: Shelf, performer: Performer) -> bool {
        let now = self.now;
        let moved = self.account.tickets.change(id, |ticket| {
            let (slot, to) = match shelf {
                Shelf::Deleted(to) => (&mut ticket.deleted, to),
                Shelf::Spam(to) => (&mut ticket.spam, to),
            };
            let moved = *slot != to;
            *slot = to;
            if moved {
                ticket.updated_at = now;
            }
            moved
        });
        if moved == Some(true) {
            let mut event = TicketEvent::new(id, performer);
            event.action = Some(shelf.action().to_owned());
            self.raise(event);
            return true;
        }
        false
    }

    /// Merges a ticket into another: it is closed, and both get a note. [D]
    pub(crate) fn merge_ticket(
        &mut self,
        from: i64,
        into: i64,
        merging: &Merging,
        performer: Performer,
    ) {
        let merged = self.account.tickets.get(from);
        let subject = merged.and_then(|ticket| ticket.subject.clone());
        let requester = merged.map(|ticket| ticket.requester_id);
        let own_words = [
            format!("This ticket is closed and merged into ticket {into}"),
            format!(
                "Ticket with ID {from} ({}) is merged into this ticket",
                subject.unwrap_or_default()
            ),
        ];
        let given = [&merging.in_secondary, &merging.in_primary];
        for ((ticket, given), text) in [from, into].into_iter().zip(given).zip(own_words) {
            let (body, private) = match given {
                Some((body, private)) => (body.clone(), *private),
                None => (Markup::from_text(&text), true),
            };
            self.add_note(ticket, body, private, performer);
        }
        if merging.keep_recipients {
            let email = requester.and_then(|id| self.account.people.name_and_email(id)?.1);
            let email = email.map(str::to_owned);
            self.account.tickets.change(into, |ticket| {
                let cc = &mut ticket.rare_mut().cc_emails;
                cc.extend(email.filter(|email| !cc.contains(email)));
            });
        }
        self.account
            .tickets
            .change(from, |ticket| ticket.rare_mut().merged_into = Some(into));
        let edit = TicketEdit {
            status: Some(status::CLOSED),
            ..TicketEdit::default()
        };
        self.edit_ticket(from, edit, performer);
    }
}

/// How tickets are merged; without words of one's own, Freshdesk's are used.
#[derive(Clone, Debug, Default)]
pub(crate) struct Merging {
    /// A note for the ticket that stays, and whether it is private.
    pub(crate) in_primary: Option<(Markup, bool)>,
    /// The same for the one that is closed.
    pub(crate) in_secondary: Option<(Markup, bool)>,
    /// The closed one's requester is copied in on the other.
    pub(crate) keep_recipients: bool,
}

/// Where a ticket goes that leaves the default views.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shelf {
    Deleted(bool),
    Spam(bool),
}

impl Shelf {
    fn action(self) -> &'static str {
        match self {
            Shelf::Deleted(true) => "delete",
            Shelf::Deleted(false) => "restore",
            Shelf::Spam(true) => "marked_spam",
            Shelf::Spam(false) => "unmarked_spam",
        }
    }
}
