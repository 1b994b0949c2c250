//! What create and update of a ticket read alike, and whom it is from.

use serde_json::Value;

use super::call::Call;
use super::custom_fields::custom_fields;
use super::errors::{FieldError, code};
use crate::core::account::Account;
use crate::core::choices;
use crate::core::html::Markup;
use crate::core::people::Handle;
use crate::core::tickets::{Person, TicketEdit};
use crate::core::time::Ms;

/// Keys of an update; a create also takes `cc_emails` and the requester's. [D]
pub(super) const UPDATE_KEYS: [&str; 25] = [
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
pub(super) struct Properties {
    pub(super) edit: TicketEdit,
    pub(super) person: Person,
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
pub(super) fn properties(call: &mut Call<'_, '_>, id: Option<i64>) -> Properties {
    let mut read = Properties::default();
    let known_statuses = statuses(call.account());
    let small = |number: i64| u16::try_from(number).unwrap_or_default();
    let edit = &mut read.edit;
    edit.status = call.input.number_of("status", &known_statuses).map(small);
    edit.priority = call
        .input
        .number_of("priority", &[1, 2, 3, 4])
        .and_then(|number| u8::try_from(number).ok());
    let own = call.account().own_sources().iter().map(|choice| choice.id);
    let known_sources: Vec<i64> = API_SOURCES.into_iter().chain(own).collect();
    edit.source = call.input.number_of("source", &known_sources).map(small);
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
    edit.product_id = reference(call, "product_id", "product", |account, id| {
        account.is_on_shelf("products", id)
    });
    edit.email_config_id = reference(call, "email_config_id", "email config", |account, id| {
        account.is_on_shelf("email_configs", id)
    });
    edit.internal_agent_id = reference(call, "internal_agent_id", "agent", |account, id| {
        account.people.agent(id).is_some()
    });
    edit.internal_group_id = reference(call, "internal_group_id", "group", |account, id| {
        account.groups.contains_key(&id)
    });
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
    due_times(call, id, &mut read);
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
fn due_times(call: &mut Call<'_, '_>, id: Option<i64>, read: &mut Properties) {
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
    if id.is_none() && due_by.is_some() != fr_due_by.is_some() {
        let absent = if due_by.is_some() {
            "fr_due_by"
        } else {
            "due_by"
        };
        if !call.input.has(absent) || call.input.map[absent].is_null() {
            call.input.refuse(FieldError::missing(absent));
        }
    }
    let ticket = id.and_then(|id| call.account().tickets.get(id));
    let status = read.edit.status.or(ticket.map(|ticket| ticket.status));
    let stopped = status.is_some_and(|id| {
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

/// Both are mandatory where the account's form says so. [D, switch]
pub(super) fn subject_and_description(call: &mut Call<'_, '_>) {
    if call.account().settings.require_subject_and_description {
        for key in ["subject", "description"] {
            if !call.input.has(key) {
                call.input.refuse(FieldError::missing(key));
            }
        }
    }
}

fn requester_id(call: &mut Call<'_, '_>) -> Option<Option<i64>> {
    reference(call, "requester_id", "contact", |account, id| {
        account.people.name_and_email(id).is_some()
    })
}

/// Who the ticket is from: an id, or one of the handles. [D]
pub(super) fn requester(call: &mut Call<'_, '_>, person: &Person) -> Option<i64> {
    if let Some(Some(id)) = requester_id(call) {
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
    if let Some(Some(id)) = requester_id(call) {
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
