//! A ticket comes into being.

use std::collections::BTreeMap;

use serde_json::Value;

use super::ticket::{Attachment, Ticket, source, status};
use crate::core::contents::{Content, Upload};
use crate::core::desk::Desk;
use crate::core::events::{Performer, TicketEvent};
use crate::core::html::Markup;
use crate::core::people::{Contact, Handle};
use crate::core::time::{HOUR, Ms};
use crate::core::v2::inline_token;

/// Who a new ticket is from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) twitter_id: Option<String>,
    pub(crate) facebook_id: Option<String>,
    pub(crate) unique_external_id: Option<String>,
}

/// A ticket to be opened; everything has been checked.
#[derive(Clone, Debug)]
pub(crate) struct NewTicket {
    pub(crate) subject: Option<String>,
    pub(crate) description: Markup,
    pub(crate) requester_id: i64,
    pub(crate) responder_id: Option<i64>,
    pub(crate) group_id: Option<i64>,
    pub(crate) company_id: Option<i64>,
    pub(crate) product_id: Option<i64>,
    pub(crate) email_config_id: Option<i64>,
    pub(crate) internal_agent_id: Option<i64>,
    pub(crate) internal_group_id: Option<i64>,
    pub(crate) parent_id: Option<i64>,
    /// Tickets that this one, a tracker, is about.
    pub(crate) related_ids: Vec<i64>,
    pub(crate) status: u16,
    pub(crate) source: u16,
    pub(crate) priority: u8,
    pub(crate) ticket_type: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) cc_emails: Vec<String>,
    pub(crate) custom_fields: BTreeMap<Box<str>, Value>,
    pub(crate) due_by: Option<Ms>,
    pub(crate) fr_due_by: Option<Ms>,
    pub(crate) uploads: Vec<Upload>,
    pub(crate) auto_generated: bool,
    /// For history that is older than the account: no rules run.
    pub(crate) created_at: Option<Ms>,
}

impl NewTicket {
    pub(crate) fn from(requester_id: i64) -> Self {
        NewTicket {
            subject: None,
            description: Markup::default(),
            requester_id,
            responder_id: None,
            group_id: None,
            company_id: None,
            product_id: None,
            email_config_id: None,
            internal_agent_id: None,
            internal_group_id: None,
            parent_id: None,
            related_ids: Vec::new(),
            status: status::OPEN,
            source: source::PORTAL,
            priority: 1,
            ticket_type: None,
            tags: Vec::new(),
            cc_emails: Vec::new(),
            custom_fields: BTreeMap::new(),
            due_by: None,
            fr_due_by: None,
            uploads: Vec::new(),
            auto_generated: false,
            created_at: None,
        }
    }
}

/// Hours to resolution and to first response by priority, as the default SLA
/// policy of a fresh account has them. [I]
const SLA_HOURS: [(i64, i64); 4] = [(72, 24), (48, 12), (24, 8), (12, 4)];

/// When resolution and first response are due.
pub(crate) fn sla(created_at: Ms, priority: u8) -> (Ms, Ms) {
    let (due, first) = SLA_HOURS[usize::from(priority.clamp(1, 4)) - 1];
    (created_at + due * HOUR, created_at + first * HOUR)
}

/// Stores uploads and makes attachments of them; inline images go into the
/// body instead.
pub(crate) fn attachments(
    desk: &mut Desk<'_>,
    uploads: &[Upload],
    body: &mut Markup,
) -> Vec<Attachment> {
    let mut files = Vec::with_capacity(uploads.len());
    for upload in uploads {
        let content_type = upload.content_type.clone();
        let file = Attachment {
            id: desk.account.ids.next(),
            name: upload.name.clone(),
            content_type: content_type.unwrap_or_else(|| "application/octet-stream".to_owned()),
            size: upload.size(),
            sha256: match &upload.content {
                Content::Bytes(bytes) => Some(desk.contents.keep(bytes)),
                Content::Length(_) => None,
            },
            created_at: desk.now,
        };
        desk.account.files.insert(file.id, file.clone());
        if upload.inline {
            let token = inline_token(desk.account, file.id);
            body.place_image(&file.name, file.id, &token);
        } else {
            files.push(file);
        }
    }
    files
}

impl Desk<'_> {
    /// The contact or agent this is, or a new contact. [D]
    pub(crate) fn find_or_add_person(&mut self, person: &Person) -> i64 {
        let handles = [
            (Handle::Email, &person.email),
            (Handle::External, &person.unique_external_id),
            (Handle::Twitter, &person.twitter_id),
            (Handle::Facebook, &person.facebook_id),
            (Handle::Phone, &person.phone),
            (Handle::Mobile, &person.phone),
        ];
        let known = handles
            .into_iter()
            .filter_map(|(handle, value)| {
                value
                    .as_deref()
                    .and_then(|value| self.account.people.find(handle, value))
            })
            .next();
        if let Some(id) = known {
            return id;
        }
        let name = person.name.clone().or_else(|| {
            let email = person.email.as_deref()?;
            Some(email.split('@').next().unwrap_or(email).to_owned())
        });
        let name = name
            .or_else(|| person.phone.clone())
            .or_else(|| person.twitter_id.clone())
            .or_else(|| person.unique_external_id.clone())
            .unwrap_or_else(|| "Customer".to_owned());
        self.add_contact(Contact {
            name,
            email: person.email.clone(),
            phone: person.phone.clone(),
            twitter_id: person.twitter_id.clone(),
            facebook_id: person.facebook_id.clone(),
            unique_external_id: person.unique_external_id.clone(),
            ..Contact::default()
        })
    }

    /// Adds a contact; a company that claims its e-mail domain takes it in. [D]
    pub(crate) fn add_contact(&mut self, mut contact: Contact) -> i64 {
        contact.id = self.account.ids.next();
        contact.created_at = self.now;
        contact.updated_at = self.now;
        if contact.language.is_empty() {
            contact.language = "en".to_owned();
        }
        if contact.time_zone.is_empty() {
            contact.time_zone = "Chennai".to_owned();
        }
        if contact.company_id.is_none()
            && let Some((_, host)) = contact
                .email
                .as_deref()
                .and_then(|email| email.rsplit_once('@'))
        {
            let mut companies = self.account.companies.values();
            let owner = companies.find(|company| {
                company
                    .domains
                    .iter()
                    .any(|domain| domain.eq_ignore_ascii_case(host))
            });
            contact.company_id = owner.map(|company| company.id);
        }
        let id = contact.id;
        self.account.people.put_contact(contact);
        id
    }

    /// Opens a ticket and, unless it is old history, wakes the creation rules.
    pub(crate) fn open_ticket(&mut self, new: NewTicket, performer: Performer) -> i64 {
        let id = self.account.ids.ticket();
        let created_at = new.created_at.unwrap_or(self.now);
        let (due_by, fr_due_by) = match (new.due_by, new.fr_due_by) {
            (Some(due_by), fr_due_by) => (due_by, fr_due_by.unwrap_or(due_by)),
            _ => sla(created_at, new.priority),
        };
        let company_id = new.company_id.or_else(|| {
            self.account
                .people
                .contact(new.requester_id)
                .and_then(|contact| contact.company_id)
        });
        let mut description = new.description;
        let files = attachments(self, &new.uploads, &mut description);
        let mut ticket = Ticket {
            id,
            subject: new.subject.map(Into::into),
            description,
            requester_id: new.requester_id,
            responder_id: self.fitting_responder(new.responder_id, new.group_id),
            group_id: new.group_id,
            company_id,
            status: new.status,
            source: new.source,
            priority: new.priority,
            deleted: false,
            spam: false,
            auto_generated: new.auto_generated,
            ticket_type: new.ticket_type.map(Into::into),
            tags: new.tags.into_iter().map(Into::into).collect(),
            custom_fields: new.custom_fields,
            created_at,
            updated_at: created_at,
            due_by: Some(due_by),
            fr_due_by: Some(fr_due_by),
            conversations: Vec::new(),
            rare: None,
        };
        if !files.is_empty() {
            ticket.rare_mut().attachments = files;
        }
        if !new.cc_emails.is_empty() {
            ticket.rare_mut().cc_emails = new.cc_emails;
        }
        if new.product_id.is_some() || new.email_config_id.is_some() {
            let rare = ticket.rare_mut();
            rare.product_id = new.product_id;
            rare.email_config_id = new.email_config_id;
        }
        if new.internal_agent_id.is_some() || new.internal_group_id.is_some() {
            let rare = ticket.rare_mut();
            rare.internal_agent_id = new.internal_agent_id;
            rare.internal_group_id = new.internal_group_id;
        }
        super::edit::stamp_status(&mut ticket, None, created_at);
        self.account.tickets.insert(ticket);
        if let Some(parent) = new.parent_id {
            self.account.tickets.adopt(parent, id);
        }
        self.account.tickets.track(id, &new.related_ids);
        self.plan_due_times(id);
        if new.created_at.is_none() {
            let mut event = TicketEvent::new(id, performer);
            event.created = true;
            event.action = Some("created".to_owned());
            self.raise(event);
        }
        id
    }

    /// The responder, unless Freshdesk would silently drop it for being no
    /// member of the group. [O FDM]
    pub(crate) fn fitting_responder(
        &self,
        responder: Option<i64>,
        group: Option<i64>,
    ) -> Option<i64> {
        let (Some(agent), Some(group)) = (responder, group) else {
            return responder;
        };
        let fits = self.account.is_member(agent, group)
            || !self.account.settings.drop_responder_outside_group;
        fits.then_some(agent)
    }
}
