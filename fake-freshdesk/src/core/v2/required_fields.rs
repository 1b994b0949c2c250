//! Fields that the form says must be filled in: by agents always, and before
//! a ticket is resolved or closed. [D: dynamic form validation]

use serde_json::{Map, Value};

use super::call::Call;
use super::errors::FieldError;
use crate::core::fields::{Field, Form};
use crate::core::tickets::{Ticket, status};

/// The key of a body that fills a field in; `None` for default fields that
/// are checked where they are read, or have a value in any case.
fn key_of(form: Form, field: &Field) -> Option<&str> {
    if !field.default {
        return Some(&field.name);
    }
    match (form, field.name.as_str()) {
        (Form::Ticket, "ticket_type") => Some("type"),
        (Form::Ticket, "group") => Some("group_id"),
        (Form::Ticket, "agent") => Some("responder_id"),
        (Form::Ticket, "product") => Some("product_id"),
        (Form::Ticket, "company") | (Form::Contact, "company_name") => Some("company_id"),
        (Form::Contact, "tag_names") => Some("tags"),
        (Form::Ticket, _) | (_, "name") => None,
        (Form::Contact | Form::Company, name) => Some(name),
    }
}

/// What a body says of a field: nothing, that it is empty, or a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Nothing,
    Empty,
    Value,
}

fn said(value: Option<&Value>) -> Said {
    match value {
        None => Said::Nothing,
        Some(Value::Null) => Said::Empty,
        Some(Value::String(text)) if text.trim().is_empty() => Said::Empty,
        Some(Value::Array(list)) if list.is_empty() => Said::Empty,
        Some(_) => Said::Value,
    }
}

/// Refuses a body that leaves a required field empty which `has` no value yet.
fn require(
    call: &mut Call<'_, '_>,
    form: Form,
    ticket: Option<i64>,
    required: impl Fn(&Field) -> bool,
    has: impl Fn(&Field) -> bool,
) {
    if !call.account().form(form).iter().any(&required) {
        return;
    }
    let given = call.input.object("custom_fields").flatten();
    let given = given.unwrap_or_default();
    let mut errors = Vec::new();
    let account = call.account();
    let ticket = ticket.and_then(|id| account.tickets.get(id));
    let chosen = |parent: &Field| {
        let now = if parent.default {
            call.input.map.get("type")
        } else {
            given.get(&parent.name)
        };
        let now = now.map(|value| value.as_str().map(str::to_owned));
        now.unwrap_or_else(|| ticket.and_then(|ticket| chosen_before(ticket, parent)))
    };
    for field in account.form(form).iter().filter(|each| required(each)) {
        // What stands in a section counts while the section shows.
        if form == Form::Ticket && !account.shows(field, chosen) {
            continue;
        }
        let Some(key) = key_of(form, field) else {
            continue;
        };
        let value = if field.default {
            call.input.map.get(key)
        } else {
            given.get(key)
        };
        match said(value) {
            Said::Value => {}
            Said::Nothing if has(field) => {}
            Said::Empty if has(field) => errors.push(FieldError::blank(key)),
            Said::Nothing | Said::Empty => errors.push(FieldError::missing(key)),
        }
    }
    for error in errors {
        call.input.refuse(error);
    }
}

/// A new ticket, contact or company has all that its form wants of agents.
pub(super) fn of_new(call: &mut Call<'_, '_>, form: Form) {
    require(
        call,
        form,
        None,
        |field| field.required_for_agents,
        |_| false,
    );
}

/// A change must not empty what must be filled in. What was empty before the
/// field became required may stay so. [I]
pub(super) fn of_change(call: &mut Call<'_, '_>, form: Form, ticket: Option<i64>) {
    require(
        call,
        form,
        ticket,
        |field| field.required_for_agents,
        |_| true,
    );
}

/// A ticket that is to be resolved or closed has all that its form wants for that.
pub(super) fn of_closure(call: &mut Call<'_, '_>, ticket: Option<i64>, to: Option<u16>) {
    let settles = |status| matches!(status, status::RESOLVED | status::CLOSED);
    let id = ticket;
    let ticket = id.and_then(|id| call.account().tickets.get(id)).cloned();
    let settled = ticket.as_ref().is_some_and(|ticket| settles(ticket.status));
    if settled || !to.is_some_and(settles) {
        return;
    }
    let has = |field: &Field| {
        ticket
            .as_ref()
            .is_some_and(|ticket| filled_in(ticket, field))
    };
    let required = |field: &Field| field.required_for_closure;
    require(call, Form::Ticket, id, required, has);
}

/// What a dropdown with sections says on a ticket.
fn chosen_before(ticket: &Ticket, parent: &Field) -> Option<String> {
    if parent.default {
        return ticket.ticket_type.as_deref().map(str::to_owned);
    }
    let value = ticket.custom_fields.get(parent.name.as_str());
    value.and_then(Value::as_str).map(str::to_owned)
}

fn filled_in(ticket: &Ticket, field: &Field) -> bool {
    match (field.default, field.name.as_str()) {
        (true, "ticket_type") => ticket.ticket_type.is_some(),
        (true, "group") => ticket.group_id.is_some(),
        (true, "agent") => ticket.responder_id.is_some(),
        (true, "product") => ticket.rare().product_id.is_some(),
        (true, "company") => ticket.company_id.is_some(),
        (true, _) => true,
        (false, name) => ticket.custom_fields.contains_key(name),
    }
}

/// Every field that a contact or company has, null where it was never set. [D: blank is null]
pub(super) fn with_unset(fields: &[Field], values: &Map<String, Value>) -> Map<String, Value> {
    let own = fields.iter().filter(|field| !field.default);
    let mut shown: Map<String, Value> =
        own.map(|field| (field.name.clone(), Value::Null)).collect();
    shown.extend(values.clone());
    shown
}
