//! Ticket fields: the default ones and an account's own.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::time::Ms;

/// Types an account may give its own fields, as the v2 API spells them. [D]
pub(crate) const CUSTOM_TYPES: [&str; 11] = [
    "custom_checkbox",
    "custom_text",
    "custom_paragraph",
    "custom_number",
    "custom_decimal",
    "custom_date",
    "custom_dropdown",
    "nested_field",
    "custom_url",
    "custom_phone_number",
    "custom_multi_select_dropdown",
];

/// A ticket field.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Field {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) label_for_customers: String,
    /// `default_status`, `custom_checkbox`, …
    pub(crate) kind: String,
    pub(crate) default: bool,
    pub(crate) position: i64,
    pub(crate) required_for_closure: bool,
    pub(crate) required_for_agents: bool,
    pub(crate) required_for_customers: bool,
    pub(crate) customers_can_edit: bool,
    pub(crate) displayed_to_customers: bool,
    /// Values of a dropdown, in order.
    pub(crate) choices: Vec<String>,
    pub(crate) created_at: Ms,
    pub(crate) updated_at: Ms,
}

/// A ticket status.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct StatusChoice {
    pub(crate) id: u16,
    pub(crate) label: String,
    pub(crate) label_for_customers: String,
    pub(crate) stop_sla_timer: bool,
}

/// Statuses of a fresh account. [D ticket_fields sample, O FDM]
pub(crate) fn default_statuses() -> Vec<StatusChoice> {
    [
        (2, "Open", "Being Processed", false),
        (3, "Pending", "Awaiting your Reply", true),
        (4, "Resolved", "This ticket has been Resolved", true),
        (5, "Closed", "This ticket has been Closed", true),
        (6, "Waiting on Customer", "Awaiting your Reply", true),
        (7, "Waiting on Third Party", "Being Processed", false),
    ]
    .map(|(id, label, customers, stop_sla_timer)| StatusChoice {
        id,
        label: label.to_owned(),
        label_for_customers: customers.to_owned(),
        stop_sla_timer,
    })
    .into()
}

/// Ticket types of a fresh account. [D]
pub(crate) const DEFAULT_TYPES: [&str; 5] = [
    "Question",
    "Incident",
    "Problem",
    "Feature Request",
    "Refund",
];

/// Priorities, lowest first. [D]
pub(crate) const PRIORITIES: [(u8, &str); 4] =
    [(1, "Low"), (2, "Medium"), (3, "High"), (4, "Urgent")];

/// Sources an account begins with. [D]
pub(crate) const SOURCES: [(u16, &str); 11] = [
    (1, "Email"),
    (2, "Portal"),
    (3, "Phone"),
    (4, "Forum"),
    (5, "Twitter"),
    (6, "Facebook"),
    (7, "Chat"),
    (8, "MobiHelp"),
    (9, "Feedback Widget"),
    (10, "Outbound Email"),
    (11, "Ecommerce"),
];

/// The default fields of a fresh account, in form order. [D]
pub(crate) fn default_fields(now: Ms, mut next_id: impl FnMut() -> i64) -> Vec<Field> {
    [
        (
            "requester",
            "Search a requester",
            "Requester",
            "default_requester",
            true,
        ),
        ("subject", "Subject", "Subject", "default_subject", true),
        ("ticket_type", "Type", "Type", "default_ticket_type", false),
        ("source", "Source", "Source", "default_source", false),
        ("status", "Status", "Status", "default_status", true),
        ("priority", "Priority", "Priority", "default_priority", true),
        ("group", "Group", "Group", "default_group", false),
        ("agent", "Agent", "Assigned to", "default_agent", false),
        ("product", "Product", "Product", "default_product", false),
        ("company", "Company", "Company", "default_company", false),
        (
            "description",
            "Description",
            "Description",
            "default_description",
            true,
        ),
    ]
    .into_iter()
    .enumerate()
    .map(|(at, (name, label, customers, kind, required))| Field {
        id: next_id(),
        name: name.to_owned(),
        label: label.to_owned(),
        label_for_customers: customers.to_owned(),
        kind: kind.to_owned(),
        default: true,
        position: at as i64 + 1,
        required_for_closure: false,
        required_for_agents: required,
        required_for_customers: matches!(name, "requester" | "subject" | "description"),
        customers_can_edit: matches!(name, "requester" | "subject" | "description"),
        displayed_to_customers: !matches!(name, "source" | "company"),
        choices: match name {
            "ticket_type" => DEFAULT_TYPES.map(str::to_owned).into(),
            _ => Vec::new(),
        },
        created_at: now,
        updated_at: now,
    })
    .collect()
}

/// What is wrong with a custom field's value.
pub(crate) enum BadValue {
    /// The wrong JSON type; the message says which is right.
    Type(&'static str),
    /// None of the choices.
    Choice(String),
}

impl Field {
    /// Is this a custom field's acceptable value? Numbers and booleans may
    /// come as text in a form.
    pub(crate) fn accept(&self, value: &Value, form: bool) -> Result<Value, BadValue> {
        if value.is_null() {
            return Ok(Value::Null);
        }
        let text = value.as_str();
        match self.kind.as_str() {
            "custom_checkbox" => match (value, text) {
                (Value::Bool(_), _) => Ok(value.clone()),
                (_, Some("true")) if form => Ok(json!(true)),
                (_, Some("false")) if form => Ok(json!(false)),
                _ => Err(BadValue::Type("Boolean")),
            },
            "custom_number" => match text.filter(|_| form).map(str::parse::<i64>) {
                Some(Ok(number)) => Ok(json!(number)),
                _ if value.is_i64() => Ok(value.clone()),
                _ => Err(BadValue::Type("Positive Integer")),
            },
            // Decimals come back as text. [O ZAMR]
            "custom_decimal" => match (value, text) {
                (Value::Number(number), _) => Ok(json!(number.to_string())),
                (_, Some(text)) if text.parse::<f64>().is_ok() => Ok(value.clone()),
                _ => Err(BadValue::Type("Number")),
            },
            "custom_date" => match text.and_then(|text| text.parse::<jiff::civil::Date>().ok()) {
                Some(_) => Ok(value.clone()),
                None => Err(BadValue::Type("valid date in YYYY-MM-DD format")),
            },
            "custom_dropdown" | "nested_field" => match text {
                Some(text)
                    if self.choices.is_empty() || self.choices.iter().any(|each| each == text) =>
                {
                    Ok(value.clone())
                }
                Some(_) => Err(BadValue::Choice(self.choices.join(","))),
                None => Err(BadValue::Type("String")),
            },
            "custom_multi_select_dropdown" => match value.as_array() {
                Some(list)
                    if list.iter().all(|each| {
                        each.as_str()
                            .is_some_and(|each| self.choices.iter().any(|c| c == each))
                    }) =>
                {
                    Ok(value.clone())
                }
                Some(_) => Err(BadValue::Choice(self.choices.join(","))),
                None => Err(BadValue::Type("Array")),
            },
            _ if value.is_string() => Ok(value.clone()),
            _ => Err(BadValue::Type("String")),
        }
    }
}

/// `cf_` and the label in snake case, as the API names a new field. [D]
pub(crate) fn api_name(label: &str) -> String {
    let mut name = String::from("cf_");
    for letter in label.trim().chars() {
        if letter.is_alphanumeric() {
            name.extend(letter.to_lowercase());
        } else if !name.ends_with('_') {
            name.push('_');
        }
    }
    name.trim_end_matches('_').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_from_labels() {
        assert_eq!(api_name("OpenCX handed off"), "cf_opencx_handed_off");
        assert_eq!(api_name("Order (no.)"), "cf_order_no");
    }
}
