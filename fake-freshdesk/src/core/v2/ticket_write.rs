//! Tickets are created and changed.

use std::collections::BTreeMap;

use serde_json::Value;

use super::call::{Answer, Call, Result};
use super::custom_fields::custom_fields;
use super::errors::{Failure, FieldError, code};
use super::input::Input;
use super::ticket_view::{Includes, Shape};
use crate::core::account::Account;
use crate::core::choices;
use crate::core::events::Performer;
use crate::core::html::Markup;
use crate::core::people::Handle;
use crate::core::tickets::{
    Association, NewTicket, Person, TicketEdit, attachments, source, status,
};
use crate::core::time::Ms;

/// Keys of an update; a create also takes `cc_emails` and the requester's. [D]
const UPDATE_KEYS: [&str; 25] = [
    "name",
    "requester_id",
    "email",
    "facebook_id",
    "phone",
    "twitter_id",
    "unique_external_id",
    "subject",
    "type",
    "status",
    "priority",
    "description",
    "responder_id",
    "group_id",
    "company_id",
    "product_id",
    "email_config_id",
    "source",
    "tags",
    "custom_fields",
    "due_by",
    "fr_due_by",
    "attachments",
    "internal_agent_id",
    "internal_group_id",
];

/// Sources that an API client may give. [O/D]
const API_SOURCES: [i64; 8] = [1, 2, 3, 5, 6, 7, 9, 10];

/// Properties that create and update read alike.
#[derive(Default)]
struct Properties {
    edit: TicketEdit,
    person: Person,
}

fn reference(
    call: &mut Call<'_, '_>,
    key: &'static str,
    what: &str,
    known: fn(&Account, i64) -> bool,
) -> Option<Option<i64>> {
    let given = call.input.integer(key)?;
    if let Some(id) = given
        && !known(call.account(), id)
    {
        call.input.refuse(FieldError::nothing_matches(key, what));
    }
    Some(given)
}

fn statuses(account: &Account) -> Vec<i64> {
    account
        .statuses
        .iter()
        .map(|status| i64::from(status.id))
        .collect()
}

/// Reads the properties of a new ticket, or of the one that `id` names.
fn properties(call: &mut Call<'_, '_>, id: Option<i64>) -> Properties {
    let mut read = Properties::default();
    let known_statuses = statuses(call.account());
    let small = |number: i64| u16::try_from(number).unwrap_or_default();
    let edit = &mut read.edit;
    edit.status = call.input.number_of("status", &known_statuses).map(small);
    edit.priority = call
        .input
        .number_of("priority", &[1, 2, 3, 4])
        .and_then(|number| u8::try_from(number).ok());
    edit.source = call.input.number_of("source", &API_SOURCES).map(small);
    edit.subject = call.input.text("subject").flatten();
    edit.description = call
        .input
        .text("description")
        .flatten()
        .map(|html| Markup::from_client(&html));
    if let Some(kind) = call.input.text("type") {
        let types = call.account().ticket_types();
        if let Some(kind) = &kind
            && choices::find(types, kind).is_none()
        {
            let error = FieldError::choice("type", choices::joined(types));
            call.input.refuse(error);
        }
        edit.ticket_type = Some(kind);
    }
    edit.responder_id = reference(call, "responder_id", "agent", |account, id| {
        account.people.agent(id).is_some()
    });
    edit.group_id = reference(call, "group_id", "group", |account, id| {
        account.groups.contains_key(&id)
    });
    edit.company_id = reference(call, "company_id", "company", |account, id| {
        account.companies.contains_key(&id)
    });
    let shelf = |account: &Account, path: &str, id| {
        account
            .shelves
            .get(path)
            .is_some_and(|shelf| shelf.contains_key(&id))
    };
    edit.product_id = reference(call, "product_id", "product", |account, id| {
        account
            .shelves
            .get("products")
            .is_some_and(|shelf| shelf.contains_key(&id))
    });
    edit.email_config_id = call.input.integer("email_config_id");
    if let Some(Some(id)) = edit.email_config_id
        && !shelf(call.account(), "email_configs", id)
    {
        call.input.refuse(FieldError::nothing_matches(
            "email_config_id",
            "email config",
        ));
    }
    call.input.check("internal_agent_id", Input::integer);
    call.input.check("internal_group_id", Input::integer);
    if let Some(tags) = call.input.texts("tags") {
        let tags: Vec<String> = tags.unwrap_or_default();
        if tags
            .iter()
            .any(|tag| tag.chars().count() > 32 || tag.contains(','))
        {
            let message =
                "It should contain elements that have maximum of 32 characters and no comma";
            call.input
                .refuse(FieldError::new("tags", message, code::INVALID_VALUE));
        }
        edit.tags = Some(deduplicated(tags));
    }
    edit.custom_fields = custom_fields(call, id);
    due_times(call, &mut read);
    read.person = person(call);
    read
}

/// Tags are a set that keeps its order. [I]
fn deduplicated(tags: Vec<String>) -> Vec<String> {
    let mut unique: Vec<String> = Vec::new();
    for tag in tags {
        let tag = tag.trim().to_owned();
        if !tag.is_empty() && !unique.iter().any(|known| known.eq_ignore_ascii_case(&tag)) {
            unique.push(tag);
        }
    }
    unique
}

/// Due times come together, lie ahead, and need a running SLA timer. [O FDM, I]
fn due_times(call: &mut Call<'_, '_>, read: &mut Properties) {
    let due_by = call.input.time("due_by").flatten();
    let fr_due_by = call.input.time("fr_due_by").flatten();
    let now: Ms = call.desk.now;
    for (key, at) in [("due_by", due_by), ("fr_due_by", fr_due_by)] {
        if at.is_some_and(|at| at <= now) {
            let message = "It should be greater than ticket created time";
            call.input
                .refuse(FieldError::new(key, message, code::INVALID_VALUE));
        }
    }
    let stopped = read.edit.status.is_some_and(|id| {
        call.account()
            .statuses
            .iter()
            .any(|status| status.id == id && status.stop_sla_timer)
    });
    if stopped && (due_by.is_some() || fr_due_by.is_some()) {
        let message = "It cannot be set as the status does not have SLA timer on";
        call.input
            .refuse(FieldError::new("due_by", message, code::INCONSISTENT_STATE));
    }
    read.edit.due_by = due_by;
    read.edit.fr_due_by = fr_due_by;
}

fn person(call: &mut Call<'_, '_>) -> Person {
    let input = &mut call.input;
    Person {
        name: input.text("name").flatten(),
        email: input
            .email("email")
            .flatten()
            .map(|email| super::input::bare_email(&email).to_owned()),
        phone: input.text("phone").flatten(),
        twitter_id: input.text("twitter_id").flatten(),
        facebook_id: input.text("facebook_id").flatten(),
        unique_external_id: input.text("unique_external_id").flatten(),
    }
}

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

/// Fields marked required for agents must be there. [D: dynamic form validation]
fn required_fields(call: &mut Call<'_, '_>) {
    let given = call
        .input
        .object("custom_fields")
        .flatten()
        .unwrap_or_default();
    let mut missing: Vec<String> = call
        .account()
        .custom_fields()
        .filter(|field| {
            field.required_for_agents && given.get(&field.name).is_none_or(Value::is_null)
        })
        .map(|field| field.name.clone())
        .collect();
    if call.account().settings.require_subject_and_description {
        missing.extend(
            ["subject", "description"]
                .into_iter()
                .filter(|key| !call.input.has(key))
                .map(str::to_owned),
        );
    }
    for name in missing {
        call.input.refuse(FieldError::missing(&name));
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
    required_fields(call);
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

/// Who the ticket is from: an id, or one of the handles. [D]
fn requester(call: &mut Call<'_, '_>, person: &Person) -> Option<i64> {
    if let Some(Some(id)) = call.input.integer("requester_id") {
        if call.account().people.name_and_email(id).is_none() {
            call.input
                .refuse(FieldError::nothing_matches("requester_id", "contact"));
        }
        return Some(id);
    }
    phone_needs_name(call, person);
    if handles(person).into_iter().all(Option::is_none)
        && !call.input.errors.iter().any(|error| error.field == "email")
    {
        let message = "One of the following fields is mandatory: requester_id, phone, email, twitter_id, facebook_id, unique_external_id";
        call.input.refuse(FieldError::new(
            "requester_id",
            message,
            code::MISSING_FIELD,
        ));
    }
    None
}

/// Reads the body of an update of one ticket, or (`None`) of many; errors are
/// in the call's input. A requester who may be new comes beside the edit:
/// nobody is added before the last check.
pub(super) fn read_edit(call: &mut Call<'_, '_>, id: Option<i64>) -> (TicketEdit, Option<Person>) {
    call.input.allow(&UPDATE_KEYS);
    let mut read = properties(call, id);
    let mut person = None;
    if let Some(Some(id)) = call.input.integer("requester_id") {
        if call.account().people.name_and_email(id).is_none() {
            call.input
                .refuse(FieldError::nothing_matches("requester_id", "contact"));
        }
        read.edit.requester_id = Some(id);
    } else if handles(&read.person).into_iter().any(Option::is_some) {
        phone_needs_name(call, &read.person);
        person = Some(read.person);
    }
    for key in ["status", "priority", "source"] {
        if call.input.map.get(key).is_some_and(Value::is_null)
            && !call.input.errors.iter().any(|error| error.field == key)
        {
            call.input.refuse(FieldError::blank(key));
        }
    }
    (read.edit, person)
}

/// What a requester can be found by.
fn handles(person: &Person) -> [&Option<String>; 5] {
    [
        &person.email,
        &person.phone,
        &person.twitter_id,
        &person.facebook_id,
        &person.unique_external_id,
    ]
}

/// A contact cannot be made of a phone number alone. [D]
fn phone_needs_name(call: &mut Call<'_, '_>, person: &Person) {
    let known = |phone| call.account().people.find(Handle::Phone, phone).is_some();
    let nameless = person.email.is_none() && person.name.is_none();
    if nameless && person.phone.as_deref().is_some_and(|phone| !known(phone)) {
        call.input.refuse(FieldError::missing("name"));
    }
}

pub(super) fn update(call: &mut Call<'_, '_>) -> Result {
    let ticket = call.live_ticket()?;
    let (id, from_helpdesk) = (ticket.id, ticket.source == source::OUTBOUND_EMAIL);
    let already: u64 = ticket.rare().attachments.iter().map(|file| file.size).sum();
    let (mut edit, person) = read_edit(call, Some(id));
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
