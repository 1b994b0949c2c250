//! Fields as JSON: as agents see them, and as administrators do.

use serde_json::{Map, Value, json};

use crate::core::account::Account;
use crate::core::choices::{self, Choice};
use crate::core::fields::{Field, PRIORITIES, SOURCES, levels_under};
use crate::core::sections::has_sections;
use crate::core::time::seconds;

/// Who looks at a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FieldShape {
    /// `/ticket_fields`: choices as lists and maps that differ per type. [D]
    Agent,
    /// `/admin/ticket_fields`: choices as objects with id and position. [D]
    Admin,
    /// `/contact_fields` and `/company_fields`.
    Person,
}

/// `choices` for agents: a list, name → id, id → labels, or nested. [D]
fn choices_for_agents(account: &Account, field: &Field) -> Option<Value> {
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
        "default_source" => map(sources(field)
            .map(|(id, name)| (name.to_owned(), json!(id)))
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
        "default_product" => map(account
            .shelves
            .get("products")
            .into_iter()
            .flatten()
            .map(|(id, product)| {
                let name = product["name"].as_str().unwrap_or_default();
                (name.to_owned(), json!(id))
            })
            .collect()),
        "default_ticket_type" | "custom_dropdown" | "custom_multi_select_dropdown" => {
            Some(names(&field.choices))
        }
        "nested_field" => Some(nested(&field.choices, choices::depth(&field.choices))),
        _ => None,
    }
}

/// The sources there always are, and the account's own.
fn sources(field: &Field) -> impl Iterator<Item = (i64, &str)> {
    let usual = SOURCES.iter().map(|(id, name)| (i64::from(*id), *name));
    let own = field.choices.iter();
    usual.chain(own.map(|choice| (choice.id, choice.value.as_str())))
}

fn names(choices: &[Choice]) -> Value {
    choices.iter().map(|each| each.value.as_str()).collect()
}

/// Maps of maps, and lists at the level before the last: `{India: {Kerala: [Kochi]}}`.
fn nested(choices: &[Choice], depth: u8) -> Value {
    if depth <= 1 {
        return names(choices);
    }
    choices
        .iter()
        .map(|each| (each.value.clone(), nested(&each.under, depth - 1)))
        .collect::<Map<_, _>>()
        .into()
}

/// `choices` for administrators.
fn choices_for_admins(account: &Account, field: &Field) -> Option<Value> {
    let numbered = |(id, value, position): (i64, &str, usize)| json!({"id": id, "value": value, "position": position});
    let fixed = |pairs: Vec<(i64, &str)>| {
        let list = pairs.into_iter().zip(1..);
        Some(
            list.map(|((id, value), at)| numbered((id, value, at)))
                .collect(),
        )
    };
    match field.kind.as_str() {
        "default_status" => Some(
            account
                .statuses
                .iter()
                .zip(1..)
                .map(|(status, position)| {
                    json!({
                        "id": status.id, "value": status.label, "position": position,
                        "label_for_customers": status.label_for_customers, "stop_sla_timer": status.stop_sla_timer,
                        "default": status.id <= 5,
                    })
                })
                .collect(),
        ),
        "default_priority" => fixed(
            PRIORITIES
                .iter()
                .map(|(id, name)| (i64::from(*id), *name))
                .collect(),
        ),
        "default_source" => fixed(sources(field).collect()),
        "default_ticket_type" | "custom_dropdown" | "custom_multi_select_dropdown" | "nested_field" => {
            Some(tree(&field.choices))
        }
        _ => None,
    }
}

fn tree(choices: &[Choice]) -> Value {
    choices
        .iter()
        .zip(1..)
        .map(|(each, position)| {
            let mut shown = json!({"id": each.id, "value": each.value, "position": position});
            if !each.under.is_empty() {
                shown["choices"] = tree(&each.under);
            }
            shown
        })
        .collect()
}

/// A field.
pub(crate) fn field_json(account: &Account, field: &Field, shape: FieldShape) -> Value {
    let mut shown = match shape {
        FieldShape::Person => json!({
            "id": field.id,
            "name": field.name,
            "label": field.label,
            "label_for_customers": field.label_for_customers,
            "type": field.kind,
            "default": field.default,
            "position": field.position,
            "required_for_agents": field.required_for_agents,
            "customers_can_edit": field.customers_can_edit,
            "required_for_customers": field.required_for_customers,
            "displayed_for_customers": field.displayed_to_customers,
            "editable_in_signup": field.editable_in_signup,
            "created_at": seconds(field.created_at),
            "updated_at": seconds(field.updated_at),
        }),
        FieldShape::Agent | FieldShape::Admin => json!({
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
        }),
    };
    if field.kind == "default_requester" {
        shown["portal_cc"] = json!(false);
        shown["portal_cc_to"] = json!("company");
    }
    if shape == FieldShape::Admin {
        in_sections(account, field, &mut shown);
    }
    let choices = match shape {
        FieldShape::Admin => choices_for_admins(account, field),
        _ => choices_for_agents(account, field),
    };
    if let Some(choices) = choices {
        shown["choices"] = choices;
    }
    if field.kind == "nested_field" {
        let (key, label) = match shape {
            FieldShape::Admin => ("dependent_fields", "label_for_customers"),
            _ => ("nested_ticket_fields", "label_in_portal"),
        };
        shown[key] = levels_under(&account.fields, field)
            .into_iter()
            .map(|(level, below)| {
                json!({
                    "id": below.id, "name": below.name, "label": below.label, label: below.label_for_customers,
                    "description": null, "level": level, "ticket_field_id": field.id,
                    "created_at": seconds(below.created_at), "updated_at": seconds(below.updated_at),
                })
            })
            .collect();
    }
    shown
}

/// Whether a field has sections, and which it stands in. [D]
fn in_sections(account: &Account, field: &Field, shown: &mut Value) {
    if has_sections(&field.kind) {
        shown["has_section"] = json!(account.sections_of(field.id).next().is_some());
    }
    let within = account.sections_with(field.id);
    let within = within.map(|(section, at)| json!({"section_id": section.id, "position": at}));
    let within: Vec<Value> = within.collect();
    if !within.is_empty() {
        shown["section_mappings"] = json!(within);
    }
}
