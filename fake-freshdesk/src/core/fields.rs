//! Fields of tickets, contacts and companies: the default ones and an account's own.

use serde::{Deserialize, Serialize};

use super::choices::Choice;
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

/// Types of a contact's or a company's own fields. [I: the same without nested ones]
pub(crate) const PERSON_TYPES: [&str; 8] = [
    "custom_checkbox",
    "custom_text",
    "custom_paragraph",
    "custom_number",
    "custom_date",
    "custom_dropdown",
    "custom_url",
    "custom_phone_number",
];

/// What a field is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Form {
    Ticket,
    Contact,
    Company,
}

/// A field of tickets, contacts or companies.
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
    /// Contacts only.
    pub(crate) editable_in_signup: bool,
    /// Values of a dropdown or of a nested field's first level, in order.
    pub(crate) choices: Vec<Choice>,
    /// Which level of which nested field this is, below the first.
    pub(crate) nested: Option<Nested>,
    pub(crate) created_at: Ms,
    pub(crate) updated_at: Ms,
}

impl Field {
    /// A field that nobody must fill in and customers don't see.
    pub(crate) fn plain(id: i64, (name, label, kind): (&str, &str, &str), now: Ms) -> Field {
        Field {
            id,
            name: name.to_owned(),
            label: label.to_owned(),
            label_for_customers: label.to_owned(),
            kind: kind.to_owned(),
            default: false,
            position: 1,
            required_for_closure: false,
            required_for_agents: false,
            required_for_customers: false,
            customers_can_edit: false,
            displayed_to_customers: false,
            editable_in_signup: false,
            choices: Vec::new(),
            nested: None,
            created_at: now,
            updated_at: now,
        }
    }
}

/// A dependent level of a nested field. It is a field of its own on tickets
/// (`cf_state` beside `cf_country`), but not in the lists of fields. [D]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Nested {
    /// The id of the field that holds all the choices.
    pub(crate) root: i64,
    /// 2 or 3.
    pub(crate) level: u8,
}

/// The dependent levels of a nested field, the second first.
pub(crate) fn levels_under<'a>(fields: &'a [Field], root: &Field) -> Vec<(u8, &'a Field)> {
    let mut levels: Vec<_> = fields
        .iter()
        .filter_map(|field| {
            let at = field.nested.as_ref()?;
            (at.root == root.id).then_some((at.level, field))
        })
        .collect();
    levels.sort_by_key(|(level, _)| *level);
    levels
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
        label_for_customers: customers.to_owned(),
        default: true,
        position: at as i64 + 1,
        required_for_agents: required,
        required_for_customers: matches!(name, "requester" | "subject" | "description"),
        customers_can_edit: matches!(name, "requester" | "subject" | "description"),
        displayed_to_customers: !matches!(name, "source" | "company"),
        choices: match name {
            // Their ids follow the default fields'.
            "ticket_type" => DEFAULT_TYPES.map(|name| Choice::named(0, name)).into(),
            _ => Vec::new(),
        },
        ..Field::plain(next_id(), (name, label, kind), now)
    })
    .collect()
}

/// Name, label and type of the default contact fields. [D]
const CONTACT_FIELDS: [(&str, &str, &str); 13] = [
    ("name", "Full name", "default_name"),
    ("job_title", "Title", "default_job_title"),
    ("email", "Email", "default_email"),
    ("phone", "Work phone", "default_phone"),
    ("mobile", "Mobile phone", "default_mobile"),
    ("twitter_id", "Twitter", "default_twitter_id"),
    ("company_name", "Company", "default_company_name"),
    ("address", "Address", "default_address"),
    ("time_zone", "Time zone", "default_time_zone"),
    ("language", "Language", "default_language"),
    ("tag_names", "Tags", "default_tag_names"),
    ("description", "About", "default_description"),
    (
        "unique_external_id",
        "Unique external ID",
        "default_unique_external_id",
    ),
];

/// The same of companies. [D]
const COMPANY_FIELDS: [(&str, &str, &str); 8] = [
    ("name", "Company Name", "default_name"),
    ("description", "Description", "default_description"),
    ("note", "Notes", "default_note"),
    ("domains", "Domains for this company", "default_domains"),
    ("health_score", "Health score", "default_health_score"),
    ("account_tier", "Account tier", "default_account_tier"),
    ("renewal_date", "Renewal date", "default_renewal_date"),
    ("industry", "Industry", "default_industry"),
];

/// The default contact or company fields of a fresh account. [D]
pub(crate) fn default_person_fields(
    form: Form,
    now: Ms,
    mut next_id: impl FnMut() -> i64,
) -> Vec<Field> {
    let rows: &[_] = match form {
        Form::Company => &COMPANY_FIELDS,
        _ => &CONTACT_FIELDS,
    };
    rows.iter()
        .zip(1..)
        .map(|((name, label, kind), position)| Field {
            default: true,
            position,
            required_for_agents: *name == "name",
            ..Field::plain(next_id(), (name, label, kind), now)
        })
        .collect()
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
