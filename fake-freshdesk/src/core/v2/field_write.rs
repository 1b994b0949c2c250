//! What create and update of a field read, without changing anything yet.

use serde_json::{Map, Value, json};

use super::call::Call;
use super::errors::{FieldError, code};
use crate::core::choices::{self, BadChoice, LEVELS};
use crate::core::fields::{Field, Form, StatusChoice, levels_under};
use crate::core::ids::Ids;

/// A dependent level as a request names it.
#[derive(Debug)]
pub(crate) struct Level {
    /// 2 or 3.
    pub(crate) level: u8,
    pub(crate) label: String,
    pub(crate) label_for_customers: String,
}

/// What stands in a request besides the field itself.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) levels: Vec<Level>,
    /// The account's statuses, if the request changes them.
    pub(super) statuses: Option<Vec<StatusChoice>>,
}

const TICKET_KEYS: [&str; 12] = [
    "label",
    "label_for_customers",
    "position",
    "required_for_closure",
    "required_for_agents",
    "required_for_customers",
    "customers_can_edit",
    "displayed_to_customers",
    "choices",
    "dependent_fields",
    "portal_cc",
    "portal_cc_to",
];
const CONTACT_KEYS: [&str; 9] = [
    "label",
    "label_for_customers",
    "position",
    "required_for_agents",
    "customers_can_edit",
    "required_for_customers",
    "displayed_for_customers",
    "editable_in_signup",
    "choices",
];
const COMPANY_KEYS: [&str; 4] = ["label", "position", "required_for_agents", "choices"];

/// An account's own sources count on from here. [I]
const LAST_USUAL_SOURCE: i64 = 100;

/// Reads a request over a field; what is wrong is in the call's input.
pub(super) fn read(
    call: &mut Call<'_, '_>,
    form: Form,
    field: &mut Field,
    ids: &mut Ids,
    new: bool,
) -> Read {
    let mut keys = match form {
        Form::Ticket => TICKET_KEYS.to_vec(),
        Form::Contact => CONTACT_KEYS.to_vec(),
        Form::Company => COMPANY_KEYS.to_vec(),
    };
    if new {
        keys.push("type");
    }
    call.input.allow(&keys);
    let input = &mut call.input;
    for (key, slot) in [
        ("label", &mut field.label),
        ("label_for_customers", &mut field.label_for_customers),
    ] {
        if let Some(Some(label)) = input.text(key) {
            if label.trim().is_empty() {
                input.refuse(FieldError::blank(key));
            }
            *slot = label;
        }
    }
    if let Some(Some(position)) = input.integer("position") {
        if position < 1 {
            input.refuse(FieldError::mismatch("position", "Positive Integer"));
        }
        field.position = position;
    }
    let flags = [
        ("required_for_closure", &mut field.required_for_closure),
        ("required_for_agents", &mut field.required_for_agents),
        ("required_for_customers", &mut field.required_for_customers),
        ("customers_can_edit", &mut field.customers_can_edit),
        ("editable_in_signup", &mut field.editable_in_signup),
    ];
    for (key, slot) in flags {
        if let Some(Some(flag)) = input.flag(key) {
            *slot = flag;
        }
    }
    for key in ["displayed_to_customers", "displayed_for_customers"] {
        if let Some(Some(flag)) = input.flag(key) {
            field.displayed_to_customers = flag;
        }
    }
    let mut read = Read {
        levels: dependent(call, field, new),
        statuses: None,
    };
    let Some(Some(list)) = call.input.list("choices") else {
        return read;
    };
    let depth = match field.kind.as_str() {
        "default_status" => {
            read.statuses = Some(statuses(call, &list));
            return read;
        }
        "default_source" => {
            let own = field.choices.iter().map(|choice| choice.id);
            let mut last = own.max().unwrap_or(LAST_USUAL_SOURCE);
            let mut next = || {
                last += 1;
                last
            };
            if choices::overlay(&mut field.choices, &list, 1, &mut next).is_err() {
                call.input.refuse(FieldError::missing("choices[value]"));
            }
            return read;
        }
        "nested_field" => LEVELS,
        "custom_dropdown" | "custom_multi_select_dropdown" | "default_ticket_type" => 1,
        _ => {
            call.input.refuse(FieldError::new(
                "choices",
                "It can be given for a dropdown only",
                code::INCOMPATIBLE_FIELD,
            ));
            return read;
        }
    };
    let laid = choices::overlay(&mut field.choices, &list, depth, &mut || ids.of_forms());
    match laid {
        Ok(()) => {}
        Err(BadChoice::NoValue) => call.input.refuse(FieldError::missing("choices[value]")),
        Err(BadChoice::NoObject) => call
            .input
            .refuse(FieldError::mismatch("choices", "Array of key/value pairs")),
        Err(BadChoice::TooDeep) => call
            .input
            .refuse(FieldError::unexpected("choices[choices]")),
    }
    read
}

/// The levels under a nested field. [D: `dependent_fields`]
fn dependent(call: &mut Call<'_, '_>, field: &Field, new: bool) -> Vec<Level> {
    let Some(Some(list)) = call.input.objects("dependent_fields") else {
        return Vec::new();
    };
    if field.kind != "nested_field" {
        call.input.refuse(FieldError::new(
            "dependent_fields",
            "It can be given for a nested_field only",
            code::INCOMPATIBLE_FIELD,
        ));
        return Vec::new();
    }
    let known: Vec<(u8, i64)> = levels_under(&call.account().fields, field)
        .into_iter()
        .map(|(level, field)| (level, field.id))
        .collect();
    let mut read: Vec<Level> = Vec::new();
    for (given, next) in list.iter().zip(2..) {
        let id = given.get("id").and_then(Value::as_i64);
        let by_id = known.iter().find(|(_, known)| Some(*known) == id);
        let level = given.get("level").and_then(Value::as_i64);
        let level = by_id.map_or(level.unwrap_or(next), |(level, _)| i64::from(*level));
        let label = given.get("label").and_then(Value::as_str);
        match (u8::try_from(level), label) {
            (Ok(level @ 2..=LEVELS), Some(label))
                if !label.trim().is_empty() && read.iter().all(|each| each.level != level) =>
            {
                let customers = given.get("label_for_customers").and_then(Value::as_str);
                read.push(Level {
                    level,
                    label: label.to_owned(),
                    label_for_customers: customers.unwrap_or(label).to_owned(),
                });
            }
            (Ok(2..=LEVELS), None) => {
                call.input
                    .refuse(FieldError::missing("dependent_fields[label]"));
            }
            _ => call
                .input
                .refuse(FieldError::choice("dependent_fields[level]", "2,3")),
        }
    }
    if new && !list.is_empty() && read.iter().all(|each| each.level != 2) {
        call.input
            .refuse(FieldError::choice("dependent_fields[level]", "2,3"));
    }
    read
}

/// Custom statuses: ids go on upward. [D] Known ones get new labels.
fn statuses(call: &mut Call<'_, '_>, list: &[Value]) -> Vec<StatusChoice> {
    let mut statuses = call.account().statuses.clone();
    for choice in list {
        let empty = Map::new();
        let choice = choice.as_object().unwrap_or(&empty);
        let text = |key: &str| choice.get(key).and_then(Value::as_str).map(str::to_owned);
        let stop = choice.get("stop_sla_timer").and_then(Value::as_bool);
        let id = choice.get("id").and_then(Value::as_i64);
        let label = text("value");
        let known = statuses.iter_mut().find(|status| {
            Some(i64::from(status.id)) == id || Some(&status.label) == label.as_ref()
        });
        match (known, label) {
            (Some(_), _) if choice.get("deleted") == Some(&json!(true)) => {
                call.input.refuse(FieldError::new(
                    "choices[deleted]",
                    "A status cannot be deleted here",
                    code::INVALID_VALUE,
                ));
            }
            (Some(status), label) => {
                status.label = label.unwrap_or_else(|| status.label.clone());
                status.stop_sla_timer = stop.unwrap_or(status.stop_sla_timer);
                if let Some(customers) = text("label_for_customers") {
                    status.label_for_customers = customers;
                }
            }
            (None, Some(label)) => {
                let last = statuses.iter().map(|status| status.id).max();
                statuses.push(StatusChoice {
                    id: last.unwrap_or(7) + 1,
                    label_for_customers: text("label_for_customers")
                        .unwrap_or_else(|| label.clone()),
                    label,
                    stop_sla_timer: stop.unwrap_or(false),
                });
            }
            (None, None) => call.input.refuse(FieldError::missing("choices[value]")),
        }
    }
    statuses
}
