//! Tickets are created and changed.

use std::collections::BTreeMap;

use super::call::{Answer, Call, Result};
use super::errors::{Failure, FieldError, code};
use super::required_fields;
use super::ticket_properties::{
    UPDATE_KEYS, properties, read_edit, requester, subject_and_description,
};
use super::ticket_view::{Includes, Shape};
use crate::core::events::Performer;
use crate::core::fields::Form;
use crate::core::html::Markup;
use crate::core::tickets::{Association, NewTicket, attachments, source, status};

/// The sum of a request's files is limited. [D: 20 MB; O: 400 and how the message begins]
pub(super) fn check_uploads(call: &mut Call<'_, '_>, already: u64) {
    let limit = call.account().settings.attachment_limit_bytes;
    let counted = if call.account().settings.attachment_limit_counts_ticket {
        already
    } else {
        0
    };
    let total: u64 = counted
        + call
            .input
            .uploads
            .iter()
            .map(crate::core::contents::Upload::size)
            .sum::<u64>();
    if total > limit {
        let megabytes = limit / (1024 * 1024);
        let mut error = FieldError::new(
            "attachments",
            format!("Total attachment(s) size should be less than or equal to {megabytes} MB"),
            code::INVALID_VALUE,
        );
        error.code = call.account().settings.attachment_limit_code.clone().into();
        call.input.refuse(error);
    }
    // In JSON there is no way to send a file. [D: only uploads]
    if !call.input.form && call.input.has("attachments") {
        call.input.refuse(FieldError::mismatch(
            "attachments",
            "Array of files in a multipart/form-data request",
        ));
    }
}

pub(super) fn create(call: &mut Call<'_, '_>) -> Result {
    let keys = [
        UPDATE_KEYS.as_slice(),
        &[
            "cc_emails",
            "parent_id",
            "related_ticket_ids",
            "lookup_parameter",
        ],
    ]
    .concat();
    call.input.allow(&keys);
    let read = properties(call, None);
    let cc_emails = call.input.emails("cc_emails").unwrap_or_default();
    let (parent_id, related_ids) = associations(call);
    required_fields::of_new(call, Form::Ticket);
    required_fields::of_closure(call, None, read.edit.status);
    subject_and_description(call);
    check_uploads(call, 0);
    let requester_id = requester(call, &read.person);
    call.checked()?;
    let requester_id = match requester_id {
        Some(id) => id,
        None => call.desk.find_or_add_person(&read.person),
    };
    let new = NewTicket {
        subject: read.edit.subject,
        description: read.edit.description.unwrap_or_default(),
        responder_id: read.edit.responder_id.flatten(),
        group_id: read.edit.group_id.flatten(),
        company_id: read.edit.company_id.flatten(),
        product_id: read.edit.product_id.flatten(),
        email_config_id: read.edit.email_config_id.flatten(),
        internal_agent_id: read.edit.internal_agent_id.flatten(),
        internal_group_id: read.edit.internal_group_id.flatten(),
        parent_id,
        related_ids,
        status: read.edit.status.unwrap_or(status::OPEN),
        source: read.edit.source.unwrap_or(source::PORTAL),
        priority: read.edit.priority.unwrap_or(1),
        ticket_type: read.edit.ticket_type.flatten(),
        tags: read.edit.tags.unwrap_or_default(),
        cc_emails,
        custom_fields: read
            .edit
            .custom_fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect::<BTreeMap<_, _>>(),
        due_by: read.edit.due_by,
        fr_due_by: read.edit.fr_due_by,
        uploads: std::mem::take(&mut call.input.uploads),
        ..NewTicket::from(requester_id)
    };
    let performer = Performer::Agent(call.agent);
    let id = call.desk.open_ticket(new, performer);
    created(call, id)
}

/// A parent, or the tickets this one tracks. Both must be there and belong to
/// nothing else yet; a parent has ten children at most. [D; the refusals I]
fn associations(call: &mut Call<'_, '_>) -> (Option<i64>, Vec<i64>) {
    const MOST_CHILDREN: usize = 10;
    let parent = call.input.integer("parent_id").flatten();
    let related = call.input.integers("related_ticket_ids").flatten();
    let related = deduplicated_ids(related.unwrap_or_default());
    let tickets = &call.desk.account.tickets;
    let association = |id: &i64| {
        let ticket = tickets.get(*id).filter(|ticket| ticket.is_listed());
        ticket.map(|ticket| ticket.rare().association.as_ref())
    };
    let mut errors = Vec::new();
    if let Some(id) = &parent {
        match association(id) {
            None => errors.push(FieldError::nothing_matches("parent_id", "ticket")),
            Some(None) => {}
            Some(Some(Association::Parent(children))) if children.len() < MOST_CHILDREN => {}
            Some(Some(_)) => errors.push(FieldError::new(
                "parent_id",
                "It cannot be the parent of another ticket",
                code::INVALID_VALUE,
            )),
        }
    }
    if !related.iter().all(|id| association(id) == Some(None)) {
        errors.push(FieldError::nothing_matches("related_ticket_ids", "ticket"));
    }
    if parent.is_some() && !related.is_empty() {
        errors.push(FieldError::new(
            "related_ticket_ids",
            "It cannot be given together with parent_id",
            code::INCOMPATIBLE_FIELD,
        ));
    }
    call.input.errors.extend(errors);
    (parent, related)
}

fn deduplicated_ids(ids: Vec<i64>) -> Vec<i64> {
    let mut unique = Vec::with_capacity(ids.len());
    for id in ids {
        if !unique.contains(&id) {
            unique.push(id);
        }
    }
    unique
}

fn created(call: &Call<'_, '_>, id: i64) -> Result {
    let ticket = call.account().tickets.get(id).ok_or(Failure::NOT_FOUND)?;
    let view = call.ticket_view(ticket, Shape::Created, Includes::default());
    Ok(Answer::written(201, &view).at(format!("tickets/{id}")))
}

pub(super) fn update(call: &mut Call<'_, '_>) -> Result {
    let ticket = call.live_ticket()?;
    let (id, from_helpdesk) = (ticket.id, ticket.source == source::OUTBOUND_EMAIL);
    let already: u64 = ticket.rare().attachments.iter().map(|file| file.size).sum();
    let (mut edit, person) = read_edit(call, Some(id));
    required_fields::of_change(call, Form::Ticket, Some(id));
    required_fields::of_closure(call, Some(id), edit.status);
    check_uploads(call, already);
    // What we mailed out cannot be rewritten. [D]
    if from_helpdesk {
        for key in ["subject", "description"] {
            if call.input.has(key) {
                call.input.refuse(FieldError::new(
                    key,
                    "It cannot be updated for an outbound email ticket",
                    code::READONLY_FIELD,
                ));
            }
        }
    }
    call.checked()?;
    if let Some(person) = person {
        edit.requester_id = Some(call.desk.find_or_add_person(&person));
    }
    let uploads = std::mem::take(&mut call.input.uploads);
    edit.attachments = attachments(&mut call.desk, &uploads, &mut Markup::default());
    let performer = Performer::Agent(call.agent);
    call.desk.edit_ticket(id, edit, performer);
    let ticket = call.account().tickets.get(id).ok_or(Failure::NOT_FOUND)?;
    let view = call.ticket_view(ticket, Shape::View, Includes::default());
    Ok(Answer::written(200, &view))
}

/// A ticket that begins with a mail to the customer. [D: status 5, source 10]
pub(super) fn outbound_email(call: &mut Call<'_, '_>) -> Result {
    let keys = [
        "email",
        "subject",
        "description",
        "email_config_id",
        "name",
        "type",
        "status",
        "priority",
        "due_by",
        "fr_due_by",
        "group_id",
        "tags",
        "custom_fields",
        "cc_emails",
        "attachments",
    ];
    call.input.allow(&keys);
    for key in ["email", "subject", "email_config_id"] {
        call.input.require(key);
    }
    let read = properties(call, None);
    let cc_emails = call.input.emails("cc_emails").unwrap_or_default();
    check_uploads(call, 0);
    call.checked()?;
    let requester_id = call.desk.find_or_add_person(&read.person);
    let subject = read.edit.subject.unwrap_or_default();
    let description = read.edit.description.unwrap_or_default();
    let text = description.text.to_string();
    let new = NewTicket {
        subject: Some(subject.clone()),
        description,
        group_id: read.edit.group_id.flatten(),
        email_config_id: read.edit.email_config_id.flatten(),
        status: read.edit.status.unwrap_or(status::CLOSED),
        source: source::OUTBOUND_EMAIL,
        priority: read.edit.priority.unwrap_or(1),
        ticket_type: read.edit.ticket_type.flatten(),
        tags: read.edit.tags.unwrap_or_default(),
        cc_emails,
        custom_fields: read
            .edit
            .custom_fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect(),
        uploads: std::mem::take(&mut call.input.uploads),
        ..NewTicket::from(requester_id)
    };
    let performer = Performer::Agent(call.agent);
    let id = call.desk.open_ticket(new, performer);
    if let Some(to) = read.person.email {
        call.desk.send_mail(&to, "reply", &subject, &text);
    }
    created(call, id)
}
