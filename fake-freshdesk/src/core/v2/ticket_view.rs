//! Tickets and conversations as JSON, written straight from the store.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};
use serde_json::Value;

use super::files::signed_url;
use crate::core::account::Account;
use crate::core::fields::Field;
use crate::core::settings::duration;
use crate::core::tickets::{Attachment, Conversation, Ticket};
use crate::core::time::{Ms, Seconds};

/// Which of a ticket's shapes: they differ in a few keys. [O]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// The 201 of a create: no `association_type`, due times still null.
    Created,
    /// One ticket by id.
    View,
    /// An element of a list: no description, no attachments.
    Listed { description: bool },
    /// The control API's: all conversations, `deleted` and `spam` always.
    Control,
}

/// What is embedded on request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Includes {
    pub(crate) conversations: bool,
    pub(crate) requester: bool,
    pub(crate) company: bool,
    pub(crate) stats: bool,
}

/// A ticket, to be serialized.
pub(crate) struct TicketView<'a> {
    pub(crate) account: &'a Account,
    pub(crate) ticket: &'a Ticket,
    pub(crate) now: Ms,
    pub(crate) base: &'a str,
    pub(crate) shape: Shape,
    pub(crate) include: Includes,
}

/// How many conversations `include=conversations` shows. [D, O FDM]
const EMBEDDED_CONVERSATIONS: usize = 10;

struct CustomFields<'a>(&'a TicketView<'a>);

impl Serialize for CustomFields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for field in self.0.account.custom_fields() {
            let value = self.0.ticket.custom_fields.get(field.name.as_str());
            map.serialize_entry(&field.name, &value.unwrap_or(&blank(field)))?;
        }
        map.end()
    }
}

/// What a field without a value shows. [I: null for all]
fn blank(_field: &Field) -> Value {
    Value::Null
}

struct Files<'a> {
    list: &'a [Attachment],
    now: Ms,
    base: &'a str,
    seconds: u32,
}

impl Serialize for Files<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.list.len()))?;
        for file in self.list {
            seq.serialize_element(&FileView { file, of: self })?;
        }
        seq.end()
    }
}

struct FileView<'a> {
    file: &'a Attachment,
    of: &'a Files<'a>,
}

impl Serialize for FileView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Files {
            now, base, seconds, ..
        } = self.of;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &self.file.id)?;
        map.serialize_entry("name", &self.file.name)?;
        map.serialize_entry("content_type", &self.file.content_type)?;
        map.serialize_entry("size", &self.file.size)?;
        map.serialize_entry("created_at", &Seconds(self.file.created_at))?;
        map.serialize_entry("updated_at", &Seconds(self.file.created_at))?;
        map.serialize_entry(
            "attachment_url",
            &signed_url(base, self.file, *now, *seconds, "original"),
        )?;
        if self.file.content_type.starts_with("image/") {
            map.serialize_entry(
                "thumb_url",
                &signed_url(base, self.file, *now, *seconds, "thumb"),
            )?;
        }
        map.end()
    }
}

impl TicketView<'_> {
    fn stats<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let rare = self.ticket.rare();
        let at = |at: Option<Ms>| at.map(Seconds);
        map.serialize_entry("agent_responded_at", &at(rare.agent_responded_at))?;
        map.serialize_entry("requester_responded_at", &at(rare.requester_responded_at))?;
        map.serialize_entry("first_responded_at", &at(rare.first_responded_at))?;
        map.serialize_entry("status_updated_at", &at(rare.status_updated_at))?;
        map.serialize_entry("reopened_at", &at(rare.reopened_at))?;
        map.serialize_entry("resolved_at", &at(rare.resolved_at))?;
        map.serialize_entry("closed_at", &at(rare.closed_at))?;
        map.serialize_entry("pending_since", &at(rare.pending_since))
    }

    fn embedded<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let ticket = self.ticket;
        if self.include.conversations {
            let most = if self.shape == Shape::Control {
                usize::MAX
            } else {
                EMBEDDED_CONVERSATIONS
            };
            let shown: Vec<ConversationView<'_>> = ticket
                .conversations
                .iter()
                .take(most)
                .map(|conversation| ConversationView {
                    account: self.account,
                    ticket_id: ticket.id,
                    conversation,
                    now: self.now,
                    base: self.base,
                    shape: ConversationShape::Listed,
                })
                .collect();
            map.serialize_entry("conversations", &shown)?;
        }
        if self.include.requester {
            let people = &self.account.people;
            let contact = people.contact(ticket.requester_id);
            let (name, email) = people
                .name_and_email(ticket.requester_id)
                .unwrap_or(("", None));
            map.serialize_entry(
                "requester",
                &serde_json::json!({
                    "id": ticket.requester_id, "name": name, "email": email,
                    "mobile": contact.and_then(|contact| contact.mobile.as_deref()),
                    "phone": contact.and_then(|contact| contact.phone.as_deref()),
                }),
            )?;
        }
        if self.include.company {
            let company = ticket
                .company_id
                .and_then(|id| self.account.companies.get(&id));
            let shown =
                company.map(|company| serde_json::json!({"id": company.id, "name": company.name}));
            map.serialize_entry("company", &shown.unwrap_or_else(|| serde_json::json!({})))?;
        }
        if self.include.stats {
            map.serialize_entry("stats", &Stats(self))?;
        }
        Ok(())
    }
}

struct Stats<'a>(&'a TicketView<'a>);

impl Serialize for Stats<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.0.stats(&mut map)?;
        map.end()
    }
}

impl Serialize for TicketView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ticket = self.ticket;
        let rare = ticket.rare();
        let settings = &self.account.settings;
        let listed = matches!(self.shape, Shape::Listed { .. });
        // Due times show up some seconds after creation. [D, O]
        let due_known = self.shape != Shape::Created
            && self.now >= ticket.created_at + duration(settings.due_by_delay_seconds);
        let due = |at: Option<Ms>| at.filter(|_| due_known).map(Seconds);
        let unsettled = !matches!(ticket.status, 4 | 5);
        let overdue = |at: Option<Ms>| due_known && unsettled && at.is_some_and(|at| at < self.now);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("cc_emails", &rare.cc_emails)?;
        map.serialize_entry("fwd_emails", &[(); 0])?;
        map.serialize_entry("reply_cc_emails", &rare.cc_emails)?;
        map.serialize_entry("ticket_cc_emails", &rare.cc_emails)?;
        map.serialize_entry("ticket_bcc_emails", &[(); 0])?;
        map.serialize_entry(
            "fr_escalated",
            &(rare.first_responded_at.is_none() && overdue(ticket.fr_due_by)),
        )?;
        map.serialize_entry("spam", &ticket.spam)?;
        map.serialize_entry("email_config_id", &rare.email_config_id)?;
        map.serialize_entry("group_id", &ticket.group_id)?;
        map.serialize_entry("priority", &ticket.priority)?;
        map.serialize_entry("requester_id", &ticket.requester_id)?;
        map.serialize_entry("responder_id", &ticket.responder_id)?;
        map.serialize_entry("source", &ticket.source)?;
        map.serialize_entry("company_id", &ticket.company_id)?;
        map.serialize_entry("status", &ticket.status)?;
        map.serialize_entry("subject", &ticket.subject)?;
        if self.shape != Shape::Created {
            map.serialize_entry("association_type", &rare.parent_id.map(|_| 2))?;
        }
        let received_at = self.account.received_at(ticket);
        map.serialize_entry("support_email", &received_at)?;
        map.serialize_entry("to_emails", &received_at.map(|email| [email]))?;
        map.serialize_entry("product_id", &rare.product_id)?;
        map.serialize_entry("id", &ticket.id)?;
        map.serialize_entry("type", &ticket.ticket_type)?;
        map.serialize_entry("due_by", &due(ticket.due_by))?;
        map.serialize_entry("fr_due_by", &due(ticket.fr_due_by))?;
        map.serialize_entry("is_escalated", &overdue(ticket.due_by))?;
        if !listed || self.shape == (Shape::Listed { description: true }) {
            map.serialize_entry("description", &ticket.description.html)?;
            map.serialize_entry("description_text", &ticket.description.text)?;
        }
        map.serialize_entry("custom_fields", &CustomFields(self))?;
        map.serialize_entry("created_at", &Seconds(ticket.created_at))?;
        map.serialize_entry("updated_at", &Seconds(ticket.updated_at))?;
        map.serialize_entry("tags", &ticket.tags)?;
        if !listed {
            let seconds = settings.attachment_url_seconds;
            map.serialize_entry(
                "attachments",
                &Files {
                    list: &rare.attachments,
                    now: self.now,
                    base: self.base,
                    seconds,
                },
            )?;
            map.serialize_entry("source_additional_info", &())?;
        }
        if self.shape != Shape::View {
            map.serialize_entry(
                "form_id",
                &self.account.fields.first().map(|field| field.id),
            )?;
        }
        map.serialize_entry("nr_due_by", &())?;
        map.serialize_entry("nr_escalated", &false)?;
        if ticket.deleted || self.shape == Shape::Control {
            map.serialize_entry("deleted", &ticket.deleted)?;
        }
        self.embedded(&mut map)?;
        map.end()
    }
}

/// Which of a conversation's shapes. [O]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ConversationShape {
    /// In lists: everything.
    Listed,
    /// A reply's 201: no `private`, `incoming`, `source`, `support_email`.
    Reply,
    /// A note's 201: no `from_email`, `cc_emails`, `source`.
    Note,
}

/// A conversation, to be serialized.
pub(crate) struct ConversationView<'a> {
    pub(crate) account: &'a Account,
    pub(crate) ticket_id: i64,
    pub(crate) conversation: &'a Conversation,
    pub(crate) now: Ms,
    pub(crate) base: &'a str,
    pub(crate) shape: ConversationShape,
}

impl Serialize for ConversationView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let each = self.conversation;
        let seconds = self.account.settings.attachment_url_seconds;
        let files = Files {
            list: &each.attachments,
            now: self.now,
            base: self.base,
            seconds,
        };
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("body", &each.body.html)?;
        map.serialize_entry("body_text", &each.body.text)?;
        map.serialize_entry("id", &each.id)?;
        if self.shape != ConversationShape::Reply {
            map.serialize_entry("incoming", &each.incoming)?;
            map.serialize_entry("private", &each.private)?;
        }
        map.serialize_entry("user_id", &each.user_id)?;
        match self.shape {
            ConversationShape::Reply => {
                map.serialize_entry("from_email", &each.from_email)?;
                map.serialize_entry("cc_emails", &each.cc_emails)?;
                map.serialize_entry("bcc_emails", &each.bcc_emails)?;
                map.serialize_entry("replied_to", &each.to_emails)?;
            }
            ConversationShape::Note => {
                map.serialize_entry("support_email", &each.support_email)?;
                map.serialize_entry("notified_to", &each.to_emails)?;
            }
            ConversationShape::Listed => {
                map.serialize_entry("support_email", &each.support_email)?;
                map.serialize_entry("source", &each.source)?;
                map.serialize_entry("category", &each.category)?;
                map.serialize_entry("to_emails", &each.to_emails)?;
                map.serialize_entry("from_email", &each.from_email)?;
                map.serialize_entry("cc_emails", &each.cc_emails)?;
                map.serialize_entry(
                    "bcc_emails",
                    &(!each.bcc_emails.is_empty()).then_some(&each.bcc_emails),
                )?;
                map.serialize_entry("email_failure_count", &())?;
                map.serialize_entry("outgoing_failures", &())?;
                map.serialize_entry("thread_id", &())?;
                map.serialize_entry("thread_message_id", &())?;
                map.serialize_entry("auto_response", &each.auto_response)?;
                map.serialize_entry("automation_id", &each.automation.map(|(id, _)| id))?;
                map.serialize_entry("automation_type_id", &each.automation.map(|(_, kind)| kind))?;
                map.serialize_entry("last_edited_at", &each.last_edited_at.map(Seconds))?;
                map.serialize_entry("last_edited_user_id", &each.last_edited_user_id)?;
            }
        }
        map.serialize_entry("ticket_id", &self.ticket_id)?;
        map.serialize_entry("created_at", &Seconds(each.created_at))?;
        map.serialize_entry("updated_at", &Seconds(each.updated_at))?;
        map.serialize_entry("attachments", &files)?;
        if self.shape == ConversationShape::Listed {
            map.serialize_entry("source_additional_info", &())?;
        }
        map.end()
    }
}
