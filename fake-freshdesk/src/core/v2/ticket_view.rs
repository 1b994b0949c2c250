//! Tickets as JSON, written straight from the store.

use super::base::Base;
use super::conversation_view::{ConversationShape, ConversationView};
use super::file_view::Files;
use super::files::html_at;
use super::json::{At, Json, Object, put};
use super::structured::Structured;
use crate::core::account::Account;
use crate::core::settings::duration;
use crate::core::tickets::{Due, Ticket, Truth, source};
use crate::core::time::Ms;

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

impl Includes {
    /// Nothing is embedded.
    pub(super) fn is_none(self) -> bool {
        !(self.conversations || self.requester || self.company || self.stats)
    }
}

/// A ticket, to be written.
pub(crate) struct TicketView<'a> {
    pub(crate) account: &'a Account,
    pub(crate) ticket: &'a Ticket,
    pub(crate) now: Ms,
    pub(crate) base: Base<'a>,
    pub(crate) shape: Shape,
    pub(crate) include: Includes,
}

/// What stands in place of a tweet, since October 2020. [D]
const ON_TWITTER: &str = "View the message on Twitter";
const ON_TWITTER_HTML: &str = "<div>View the message on Twitter</div>";

/// How many conversations `include=conversations` shows. [D, O FDM]
const EMBEDDED_CONVERSATIONS: usize = 10;

/// Every custom field the account has; null where the ticket has no value. [I: null for all types]
struct CustomFields<'a>(&'a TicketView<'a>);

impl Json for CustomFields<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let mut map = Object::begin(out);
        for field in self.0.account.custom_fields() {
            let value = self.0.ticket.custom_fields.get(field.name.as_str());
            map.named(&field.name, &value);
        }
        map.end();
    }
}

struct Requester<'a>(&'a TicketView<'a>);

impl Json for Requester<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let people = &self.0.account.people;
        let id = self.0.ticket.requester_id;
        let contact = people.contact(id);
        let (name, email) = people.name_and_email(id).unwrap_or_default();
        let mut map = Object::begin(out);
        put!(map, "id", &id);
        put!(map, "name", name);
        put!(map, "email", &email);
        put!(
            map,
            "mobile",
            &contact.and_then(|each| each.mobile.as_ref())
        );
        put!(map, "phone", &contact.and_then(|each| each.phone.as_ref()));
        map.end();
    }
}

struct Company<'a>(&'a TicketView<'a>);

impl Json for Company<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let id = self.0.ticket.company_id;
        let company = id.and_then(|id| self.0.account.companies.get(&id));
        let mut map = Object::begin(out);
        if let Some(company) = company {
            put!(map, "id", &company.id);
            put!(map, "name", &company.name);
        }
        map.end();
    }
}

struct Stats<'a>(&'a Ticket);

impl Json for Stats<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let rare = self.0.rare();
        let at = |at: Option<Ms>| at.map(At);
        let mut map = Object::begin(out);
        put!(map, "agent_responded_at", &at(rare.agent_responded_at));
        put!(
            map,
            "requester_responded_at",
            &at(rare.requester_responded_at)
        );
        put!(map, "first_responded_at", &at(rare.first_responded_at));
        put!(map, "status_updated_at", &at(rare.status_updated_at));
        put!(map, "reopened_at", &at(rare.reopened_at));
        put!(map, "resolved_at", &at(rare.resolved_at));
        put!(map, "closed_at", &at(rare.closed_at));
        put!(map, "pending_since", &at(rare.pending_since));
        map.end();
    }
}

impl TicketView<'_> {
    /// How long the view is true as long as its ticket stays as it is; `None` if it is
    /// made of more than the ticket, the form and the settings.
    pub(crate) fn truth(&self) -> Option<Truth> {
        let ticket = self.ticket;
        // Addresses of files end, and depend on the address the client used.
        let plain = self.shape == Shape::View
            && self.include.is_none()
            && ticket.rare().attachments.is_empty()
            && !ticket.description.inline;
        let due_known_at = ticket.created_at + duration(self.account.settings.due_by_delay_seconds);
        let due_times = [ticket.due_by, ticket.fr_due_by].into_iter().flatten();
        let next_change = due_times
            .chain([due_known_at])
            .filter(|at| *at > self.now)
            .min();
        plain.then(|| Truth {
            revisions: self.account.revisions(),
            from: self.now,
            until: next_change.unwrap_or(Ms::MAX),
        })
    }

    fn conversations(&self) -> Vec<ConversationView<'_>> {
        let most = match self.shape {
            Shape::Control => usize::MAX,
            _ => EMBEDDED_CONVERSATIONS,
        };
        let view = |conversation| ConversationView {
            account: self.account,
            ticket_id: self.ticket.id,
            conversation,
            now: self.now,
            base: self.base,
            shape: ConversationShape::Listed,
        };
        let thread = self.ticket.conversations.iter();
        thread.take(most).map(view).collect()
    }

    fn embedded(&self, map: &mut Object<'_>) {
        if self.include.conversations {
            put!(map, "conversations", &self.conversations());
        }
        if self.include.requester {
            put!(map, "requester", &Requester(self));
        }
        if self.include.company {
            put!(map, "company", &Company(self));
        }
        if self.include.stats {
            put!(map, "stats", &Stats(self.ticket));
        }
    }
}

impl Json for TicketView<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let ticket = self.ticket;
        let rare = ticket.rare();
        let settings = &self.account.settings;
        let listed = matches!(self.shape, Shape::Listed { .. });
        // Due times show up some seconds after creation. [D, O]
        let due_known = self.shape != Shape::Created
            && self.now >= ticket.created_at + duration(settings.due_by_delay_seconds);
        let due = |at: Option<Ms>| at.filter(|_| due_known).map(At);
        let missed = |due: Due| due_known && due.is_missed(self.account, ticket, self.now);
        let received_at = self.account.received_at(ticket);
        let mut map = Object::begin(out);
        put!(map, "cc_emails", &rare.cc_emails);
        put!(map, "fwd_emails", &[(); 0]);
        put!(map, "reply_cc_emails", &rare.cc_emails);
        put!(map, "ticket_cc_emails", &rare.cc_emails);
        put!(map, "ticket_bcc_emails", &[(); 0]);
        put!(map, "fr_escalated", &missed(Due::Response));
        put!(map, "spam", &ticket.spam);
        put!(map, "email_config_id", &rare.email_config_id);
        put!(map, "group_id", &ticket.group_id);
        put!(map, "priority", &ticket.priority);
        put!(map, "requester_id", &ticket.requester_id);
        put!(map, "responder_id", &ticket.responder_id);
        put!(map, "source", &ticket.source);
        put!(map, "company_id", &ticket.company_id);
        put!(map, "status", &ticket.status);
        put!(map, "subject", &ticket.subject);
        if self.shape != Shape::Created {
            put!(
                map,
                "association_type",
                &rare.association.as_ref().map(|each| each.kind())
            );
        }
        put!(map, "support_email", &received_at);
        put!(map, "to_emails", &received_at.as_ref().map(|email| [email]));
        put!(map, "product_id", &rare.product_id);
        put!(map, "id", &ticket.id);
        put!(map, "type", &ticket.ticket_type);
        put!(map, "due_by", &due(ticket.due_by));
        put!(map, "fr_due_by", &due(ticket.fr_due_by));
        put!(map, "is_escalated", &missed(Due::Resolution));
        if !listed || self.shape == (Shape::Listed { description: true }) {
            if ticket.source == source::TWITTER && self.shape != Shape::Control {
                put!(map, "description", ON_TWITTER_HTML);
                put!(map, "description_text", ON_TWITTER);
            } else {
                let html = html_at(&ticket.description, self.base);
                put!(map, "description", &*html);
                put!(map, "description_text", &ticket.description.text);
            }
        }
        if !listed && self.shape != Shape::Control && settings.structured_bodies {
            let text = match ticket.source {
                source::TWITTER => ON_TWITTER,
                _ => &ticket.description.text,
            };
            let structured = Structured::of_description(text);
            put!(map, "structured_description", &structured);
        }
        put!(map, "custom_fields", &CustomFields(self));
        put!(map, "created_at", &At(ticket.created_at));
        put!(map, "updated_at", &At(ticket.updated_at));
        put!(map, "tags", &ticket.tags);
        if !listed {
            let files = Files {
                list: &rare.attachments,
                now: self.now,
                base: self.base,
                seconds: settings.attachment_url_seconds,
            };
            put!(map, "attachments", &files);
            put!(map, "source_additional_info", &());
        }
        if let Some(agent) = &rare.internal_agent_id {
            put!(map, "internal_agent_id", agent);
        }
        if let Some(group) = &rare.internal_group_id {
            put!(map, "internal_group_id", group);
        }
        if self.shape != Shape::View {
            let form = self.account.fields.first().map(|field| field.id);
            put!(map, "form_id", &form);
        }
        put!(map, "nr_due_by", &());
        put!(map, "nr_escalated", &false);
        if ticket.deleted || self.shape == Shape::Control {
            put!(map, "deleted", &ticket.deleted);
        }
        self.embedded(&mut map);
        map.end();
    }
}
