//! Ticket fields, for agents (`/ticket_fields`) and for administrators
//! (`/admin/ticket_fields`).

use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Result};
use super::errors::{Failure, FieldError, code};
use super::ticket_list::one_page;
use crate::core::account::Account;
use crate::core::fields::{CUSTOM_TYPES, Field, PRIORITIES, SOURCES, api_name};
use crate::core::time::{Ms, seconds};

/// `choices` differ per type: a list, name → id, id → labels. [D]
fn choices(account: &Account, field: &Field) -> Option<Value> {
    let map = |pairs: Vec<(String, Value)>| Some(Value::Object(Map::from_iter(pairs)));
    match field.kind.as_str() {
        "default_status" => map(account
            .statuses
            .iter()
            .map(|status| {
                (
                    status.id.to_string(),
                    json!([status.label, status.label_for_customers]),
                )
            })
            .collect()),
        "default_priority" => map(PRIORITIES
            .iter()
            .map(|(id, name)| ((*name).to_owned(), json!(id)))
            .collect()),
        "default_source" => map(SOURCES
            .iter()
            .map(|(id, name)| ((*name).to_owned(), json!(id)))
            .collect()),
        "default_group" => map(account
            .groups
            .values()
            .map(|group| (group.name.clone(), json!(group.id)))
            .collect()),
        "default_agent" => map(account
            .people
            .agents()
            .map(|agent| (agent.name.clone(), json!(agent.id)))
            .collect()),
        "default_product" => map(Vec::new()),
        "default_ticket_type" | "custom_dropdown" | "custom_multi_select_dropdown" => {
            Some(json!(field.choices))
        }
        "nested_field" => map(field
            .choices
            .iter()
            .map(|choice| (choice.clone(), json!({})))
            .collect()),
        _ => None,
    }
}

/// A field as both APIs show it.
pub(crate) fn field_json(account: &Account, field: &Field) -> Value {
    let mut shown = json!({
        "id": field.id,
        "name": field.name,
        "label": field.label,
        "label_for_customers": field.label_for_customers,
        "description": field.label,
        "position": field.position,
        "type": field.kind,
        "default": field.default,
        "required_for_closure": field.required_for_closure,
        "required_for_agents": field.required_for_agents,
        "required_for_customers": field.required_for_customers,
        "customers_can_edit": field.customers_can_edit,
        "displayed_to_customers": field.displayed_to_customers,
        "archived": false,
        "created_at": seconds(field.created_at),
        "updated_at": seconds(field.updated_at),
    });
    if field.kind == "default_requester" {
        shown["portal_cc"] = json!(false);
        shown["portal_cc_to"] = json!("company");
    }
    if let Some(choices) = choices(account, field) {
        shown["choices"] = choices;
    }
    shown
}

pub(super) fn list(call: &mut Call<'_, '_>) -> Result {
    let page = call.query.page()?;
    let paged = call.query.get("page").is_some() || call.query.get("per_page").is_some();
    let kind = call.query.get("type");
    let fits = |field: &&Field| kind.is_none_or(|kind| field.kind == kind);
    let fields = call.account().fields.iter().filter(fits);
    // Without paging parameters all fields come at once. [I]
    let (fields, more) = if paged {
        one_page(fields, page)
    } else {
        (fields.collect(), false)
    };
    let list: Vec<Value> = fields
        .into_iter()
        .map(|field| field_json(call.account(), field))
        .collect();
    let mut answer = Answer::ok(&list);
    if more {
        answer.link = Some(call.next_link(page));
    }
    Ok(answer)
}

fn field(call: &Call<'_, '_>) -> Result<Field> {
    let id = call.id(0)?;
    call.account()
        .fields
        .iter()
        .find(|field| field.id == id)
        .cloned()
        .ok_or(Failure::NOT_FOUND)
}

pub(super) fn view(call: &mut Call<'_, '_>) -> Result {
    call.query.includes(&["conversion", "section"])?;
    let field = field(call)?;
    Ok(Answer::ok(&field_json(call.account(), &field)))
}

/// Adds a field of an account's own; `None` if the name is taken. A name that
/// was made from the label gets digits appended instead. [D; which digits I]
pub(crate) fn new_field(
    account: &mut Account,
    label: &str,
    kind: &str,
    name: Option<&str>,
    now: Ms,
) -> Option<Field> {
    let taken =
        |name: &str, account: &Account| account.fields.iter().any(|field| field.name == name);
    let name = match name {
        Some(name) if taken(name, account) => return None,
        Some(name) => name.to_owned(),
        None => {
            let plain = api_name(label);
            if taken(&plain, account) {
                format!("{plain}{}", 100_000 + account.fields.len())
            } else {
                plain
            }
        }
    };
    let field = Field {
        id: account.ids.next(),
        name,
        label: label.to_owned(),
        label_for_customers: label.to_owned(),
        kind: kind.to_owned(),
        default: false,
        position: account.fields.len() as i64 + 1,
        required_for_closure: false,
        required_for_agents: false,
        required_for_customers: false,
        customers_can_edit: false,
        displayed_to_customers: false,
        choices: Vec::new(),
        created_at: now,
        updated_at: now,
    };
    account.fields.push(field.clone());
    Some(field)
}

const KEYS: [&str; 13] = [
    "label",
    "label_for_customers",
    "type",
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

/// Reads what create and update share over a field.
fn read(call: &mut Call<'_, '_>, field: &mut Field) {
    let input = &mut call.input;
    if let Some(Some(label)) = input.text("label") {
        field.label = label;
    }
    if let Some(Some(label)) = input.text("label_for_customers") {
        field.label_for_customers = label;
    }
    if let Some(Some(position)) = input.integer("position") {
        field.position = position;
    }
    let flags = [
        ("required_for_closure", &mut field.required_for_closure),
        ("required_for_agents", &mut field.required_for_agents),
        ("required_for_customers", &mut field.required_for_customers),
        ("customers_can_edit", &mut field.customers_can_edit),
        ("displayed_to_customers", &mut field.displayed_to_customers),
    ];
    for (key, slot) in flags {
        if let Some(Some(flag)) = input.flag(key) {
            *slot = flag;
        }
    }
    let Some(Some(list)) = input.objects("choices") else {
        return;
    };
    for choice in list {
        let value = choice.get("value").and_then(Value::as_str);
        let deleted = choice.get("deleted") == Some(&json!(true));
        match (value, field.kind.as_str()) {
            (Some(value), "default_status") => add_status(call, value, &choice),
            // A PUT adds choices without listing the old ones. [O CMP]
            (Some(value), _) if deleted => field.choices.retain(|each| each != value),
            (Some(value), _) if !field.choices.iter().any(|each| each == value) => {
                field.choices.push(value.to_owned());
            }
            (Some(_), _) => {}
            (None, _) => call.input.refuse(FieldError::missing("choices[value]")),
        }
    }
}

/// A custom status: ids go on upward. [D]
fn add_status(call: &mut Call<'_, '_>, label: &str, choice: &Map<String, Value>) {
    let statuses = &mut call.desk.account.statuses;
    if statuses.iter().any(|status| status.label == label) {
        return;
    }
    let customers = match choice.get("label_for_customers") {
        Some(Value::String(text)) => text.clone(),
        _ => label.to_owned(),
    };
    let id = statuses.iter().map(|status| status.id).max().unwrap_or(7) + 1;
    statuses.push(crate::core::fields::StatusChoice {
        id,
        label: label.to_owned(),
        label_for_customers: customers,
        stop_sla_timer: choice.get("stop_sla_timer") == Some(&json!(true)),
    });
}

pub(super) fn create(call: &mut Call<'_, '_>) -> Result {
    call.input.allow(&KEYS);
    for key in ["label", "label_for_customers", "type"] {
        call.input.require(key);
    }
    let label = call.input.text("label").flatten().unwrap_or_default();
    let kind = call.input.text("type").flatten().unwrap_or_default();
    if !kind.is_empty() && !CUSTOM_TYPES.contains(&kind.as_str()) {
        call.input
            .refuse(FieldError::choice("type", CUSTOM_TYPES.join(",")));
    }
    if call
        .account()
        .custom_fields()
        .any(|field| field.label.eq_ignore_ascii_case(&label))
    {
        call.input.refuse(FieldError::new(
            "label",
            "It should be a unique value",
            code::DUPLICATE_VALUE,
        ));
    }
    call.checked()?;
    let now = call.desk.now;
    let mut field =
        new_field(call.desk.account, &label, &kind, None, now).ok_or(Failure::NOT_FOUND)?;
    read(call, &mut field);
    if let Err(failure) = call.checked() {
        call.desk.account.fields.retain(|each| each.id != field.id);
        return Err(failure);
    }
    let shown = field_json(call.account(), &field);
    put(call, field.clone());
    Ok(Answer::created(
        &format!("admin/ticket_fields/{}", field.id),
        &shown,
    ))
}

fn put(call: &mut Call<'_, '_>, field: Field) {
    if let Some(slot) = call
        .desk
        .account
        .fields
        .iter_mut()
        .find(|each| each.id == field.id)
    {
        *slot = field;
    }
}

pub(super) fn update(call: &mut Call<'_, '_>) -> Result {
    let mut field = field(call)?;
    let keys: Vec<&str> = KEYS.into_iter().filter(|key| *key != "type").collect();
    call.input.allow(&keys);
    read(call, &mut field);
    call.checked()?;
    field.updated_at = call.desk.now;
    put(call, field.clone());
    Ok(Answer::ok(&field_json(call.account(), &field)))
}

/// For good; default fields stay. [D]
pub(super) fn delete(call: &mut Call<'_, '_>) -> Result {
    let field = field(call)?;
    if field.default {
        return Err(Failure::access_denied());
    }
    call.desk.drop_field(&field.name);
    Ok(Answer::nothing())
}

impl crate::core::desk::Desk<'_> {
    /// Removes a field with all its values.
    pub(crate) fn drop_field(&mut self, name: &str) {
        self.account
            .fields
            .retain(|field| field.default || field.name != name);
        let holders: Vec<i64> = self
            .account
            .tickets
            .iter()
            .filter(|ticket| ticket.custom_fields.contains_key(name))
            .map(|ticket| ticket.id)
            .collect();
        for ticket in holders {
            self.account
                .tickets
                .change(ticket, |ticket| ticket.custom_fields.remove(name));
        }
    }
}
