//! Condition sets: `condition_set_1`, `condition_set_2`, all or any, and the
//! operators.

use serde_json::{Map, Value, json};

use super::matching::same;
use super::rule::{ConditionSet, Rule};
use crate::core::account::Account;
use crate::core::tickets::Ticket;
use crate::core::time::{HOUR, Ms};

/// Operators that the fake knows, as the automations API spells them. [D/I]
pub(crate) const OPERATORS: [&str; 26] = [
    "is",
    "is_not",
    "in",
    "not_in",
    "is_any_of",
    "is_none_of",
    "contains",
    "does_not_contain",
    "contains_any_of",
    "contains_none_of",
    "starts_with",
    "ends_with",
    "not_starts_with",
    "not_ends_with",
    "greater_than",
    "less_than",
    "greater_than_or_equal",
    "less_than_or_equal",
    "is_empty",
    "is_not_empty",
    "selected",
    "not_selected",
    "before",
    "after",
    "between",
    "matches_any",
];

/// Resource types a condition may name. [D]
pub(crate) const RESOURCES: [&str; 3] = ["ticket", "contact", "company"];

/// Ticket properties a condition may name besides custom fields. [D/I]
pub(crate) const TICKET_FIELDS: [&str; 34] = [
    "status",
    "priority",
    "ticket_type",
    "type",
    "group_id",
    "responder_id",
    "internal_agent_id",
    "internal_group_id",
    "source",
    "product_id",
    "subject",
    "description",
    "subject_or_description",
    "tag_names",
    "tag_ids",
    "tags",
    "tag",
    "from_email",
    "to_email",
    "ticket_cc",
    "requester_id",
    "company_id",
    "ticlet_cc",
    "created_during",
    "inbound_count",
    "outbound_count",
    "last_interaction",
    "hours_since_created",
    "hours_since_opened",
    "hours_since_pending",
    "hours_since_resolved",
    "hours_since_closed",
    "hours_since_requester_responded",
    "hours_since_agent_responded",
];

/// Further hourly conditions.
pub(crate) const HOURLY_FIELDS: [&str; 9] = [
    "hours_since_assigned",
    "hours_since_updated",
    "hours_since_first_assigned",
    "updated_at",
    "resolved_at",
    "closed_at",
    "opened_at",
    "pending_since",
    "due_by",
];

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_lowercase(),
        Value::Null => String::new(),
        Value::Array(list) => list.iter().map(text).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(list) => list.clone(),
        Value::Null => Vec::new(),
        other => vec![other.clone()],
    }
}

fn number(value: &Value) -> Option<f64> {
    value
        .as_f64()
        .or_else(|| value.as_str()?.trim().parse().ok())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

/// `"--"` is any value, `""` or -1 none, as in the UI's drop-downs. [O/I]
fn equal(wanted: &Value, actual: &Value) -> bool {
    match wanted {
        Value::String(any) if any == "--" => true,
        Value::String(none) if none.is_empty() => is_empty(actual),
        Value::Null => is_empty(actual),
        Value::Number(none) if none.as_i64() == Some(-1) => is_empty(actual),
        wanted => list(actual).iter().any(|actual| same(wanted, actual)),
    }
}

/// Applies an operator to a property's value and the rule's.
fn holds(operator: &str, actual: &Value, wanted: &Value) -> bool {
    let any = |test: &dyn Fn(&Value) -> bool| list(wanted).iter().any(test);
    let compare = |test: fn(f64, f64) -> bool| match (number(actual), number(wanted)) {
        (Some(actual), Some(wanted)) => test(actual, wanted),
        _ => false,
    };
    let contains = || any(&|wanted| text(actual).contains(&text(wanted)));
    match operator {
        "is" | "in" | "is_any_of" | "matches_any" => match wanted {
            Value::Array(list) if !list.is_empty() => {
                list.iter().any(|wanted| equal(wanted, actual))
            }
            Value::Array(_) => is_empty(actual),
            wanted => equal(wanted, actual),
        },
        "is_not" | "not_in" | "is_none_of" => !holds("in", actual, wanted),
        "contains" | "contains_any_of" => contains(),
        "does_not_contain" | "contains_none_of" => !contains(),
        "starts_with" => any(&|wanted| text(actual).starts_with(&text(wanted))),
        "ends_with" => any(&|wanted| text(actual).ends_with(&text(wanted))),
        "not_starts_with" => !holds("starts_with", actual, wanted),
        "not_ends_with" => !holds("ends_with", actual, wanted),
        "greater_than" | "after" => compare(|actual, wanted| actual > wanted),
        "less_than" | "before" => compare(|actual, wanted| actual < wanted),
        "greater_than_or_equal" => compare(|actual, wanted| actual >= wanted),
        "less_than_or_equal" => compare(|actual, wanted| actual <= wanted),
        "between" => match (number(actual), list(wanted).as_slice()) {
            (Some(actual), [low, high]) => {
                number(low).is_some_and(|low| low <= actual)
                    && number(high).is_some_and(|high| actual <= high)
            }
            _ => false,
        },
        "is_empty" => is_empty(actual),
        "is_not_empty" => !is_empty(actual),
        "selected" => actual == &json!(true),
        "not_selected" => actual != &json!(true),
        _ => false,
    }
}

/// Hours since a point in time, for hourly rules.
fn hours(now: Ms, since: Option<Ms>) -> Value {
    since.map_or(Value::Null, |since| json!((now - since).div_euclid(HOUR)))
}

/// A ticket property's value as conditions see it.
fn ticket_value(account: &Account, ticket: &Ticket, name: &str, now: Ms) -> Value {
    let rare = ticket.rare();
    let since_opened = rare.reopened_at.or(Some(ticket.created_at));
    match name {
        "status" => json!(ticket.status),
        "priority" => json!(ticket.priority),
        "ticket_type" | "type" => json!(ticket.ticket_type),
        "group_id" => json!(ticket.group_id),
        "responder_id" => json!(ticket.responder_id),
        "source" => json!(ticket.source),
        "product_id" => json!(rare.product_id),
        "requester_id" => json!(ticket.requester_id),
        "company_id" => json!(ticket.company_id),
        "subject" => json!(ticket.subject),
        "description" => json!(ticket.description.text),
        "subject_or_description" => {
            json!(format!(
                "{} {}",
                ticket.subject.as_deref().unwrap_or_default(),
                ticket.description.text
            ))
        }
        "tag_names" | "tag_ids" | "tags" | "tag" => json!(ticket.tags),
        "from_email" => json!(
            account
                .people
                .name_and_email(ticket.requester_id)
                .and_then(|(_, email)| email)
        ),
        "to_email" => json!(account.received_at(ticket)),
        "ticket_cc" | "ticlet_cc" => json!(rare.cc_emails),
        "inbound_count" => json!(
            ticket
                .conversations
                .iter()
                .filter(|each| each.incoming)
                .count()
        ),
        "outbound_count" => json!(
            ticket
                .conversations
                .iter()
                .filter(|each| !each.incoming && !each.private)
                .count()
        ),
        "hours_since_created" => hours(now, Some(ticket.created_at)),
        "hours_since_opened" if ticket.status == 2 => hours(now, since_opened),
        "hours_since_pending" => hours(now, rare.pending_since),
        "hours_since_resolved" => hours(now, rare.resolved_at),
        "hours_since_closed" => hours(now, rare.closed_at),
        "hours_since_requester_responded" => hours(now, rare.requester_responded_at),
        "hours_since_agent_responded" => hours(now, rare.agent_responded_at),
        "hours_since_updated" | "updated_at" => hours(now, Some(ticket.updated_at)),
        "resolved_at" => hours(now, rare.resolved_at),
        "closed_at" => hours(now, rare.closed_at),
        "opened_at" => hours(now, since_opened),
        "pending_since" => hours(now, rare.pending_since),
        "due_by" => hours(now, ticket.due_by),
        custom => ticket
            .custom_fields
            .get(custom)
            .cloned()
            .unwrap_or(Value::Null),
    }
}

/// A property's value on whichever resource it is on.
fn value(account: &Account, ticket: &Ticket, property: &Map<String, Value>, now: Ms) -> Value {
    let name = property
        .get("field_name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let contact = account.people.contact(ticket.requester_id);
    match property.get("resource_type").and_then(Value::as_str) {
        Some("contact") => contact.map_or(Value::Null, |contact| match name {
            "name" => json!(contact.name),
            "email" => json!(contact.email),
            "job_title" => json!(contact.job_title),
            "language" => json!(contact.language),
            "time_zone" => json!(contact.time_zone),
            "twitter_profile_status" => json!(contact.twitter_id.is_some()),
            custom => contact
                .custom_fields
                .get(custom)
                .cloned()
                .unwrap_or(Value::Null),
        }),
        Some("company") => {
            let company = ticket.company_id.and_then(|id| account.companies.get(&id));
            company.map_or(Value::Null, |company| match name {
                "name" => json!(company.name),
                "domains" => json!(company.domains),
                "health_score" => json!(company.health_score),
                "account_tier" => json!(company.account_tier),
                "industry" => json!(company.industry),
                custom => company
                    .custom_fields
                    .get(custom)
                    .cloned()
                    .unwrap_or(Value::Null),
            })
        }
        _ => ticket_value(account, ticket, name, now),
    }
}

fn property_holds(
    account: &Account,
    ticket: &Ticket,
    property: &Map<String, Value>,
    now: Ms,
) -> bool {
    let operator = property
        .get("operator")
        .and_then(Value::as_str)
        .unwrap_or("is");
    let wanted = property.get("value").cloned().unwrap_or(Value::Null);
    holds(operator, &value(account, ticket, property, now), &wanted)
}

fn set_holds(
    account: &Account,
    ticket: &Ticket,
    set: &ConditionSet,
    now: Ms,
) -> Result<(), String> {
    let describe = |property: &Map<String, Value>| {
        let part = |key: &str| property.get(key).map(text).unwrap_or_default();
        let actual = value(account, ticket, property, now);
        format!(
            "`{} {} {}` (it is {})",
            part("field_name"),
            part("operator"),
            part("value"),
            actual
        )
    };
    let holds = |property: &&Map<String, Value>| property_holds(account, ticket, property, now);
    if set.match_type == "any" {
        if set.properties.is_empty() || set.properties.iter().any(|property| holds(&property)) {
            return Ok(());
        }
        let all: Vec<String> = set.properties.iter().map(describe).collect();
        return Err(format!("none of {}: {} holds", set.name, all.join(", ")));
    }
    match set.properties.iter().find(|property| !holds(property)) {
        None => Ok(()),
        Some(failed) => Err(format!("{}: {} does not hold", set.name, describe(failed))),
    }
}

/// Do the rule's conditions hold for the ticket as it is now? If not, which
/// one does not.
pub(super) fn check(
    account: &Account,
    rule: &Rule,
    ticket: &Ticket,
    now: Ms,
) -> Result<(), String> {
    let either = rule.operator.as_deref().is_some_and(|operator| {
        operator
            .to_lowercase()
            .split_whitespace()
            .any(|word| word == "or")
    });
    let mut failures = Vec::new();
    for set in &rule.conditions {
        match set_holds(account, ticket, set, now) {
            Ok(()) if either => return Ok(()),
            Ok(()) => {}
            Err(why) if either => failures.push(why),
            Err(why) => return Err(why),
        }
    }
    if failures.is_empty() {
        Ok(())
    } else {
        Err(failures.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_do_what_they_say() {
        let open = json!(2);
        for (operator, actual, wanted, expected) in [
            ("is", &open, json!(2), true),
            ("is", &open, json!("2"), true),
            ("is_not", &open, json!(2), false),
            ("in", &open, json!([3, 2]), true),
            ("not_in", &open, json!([3, 4]), true),
            ("is", &Value::Null, json!(""), true),
            (
                "contains",
                &json!("Lost Order"),
                json!(["order", "x"]),
                true,
            ),
            (
                "does_not_contain",
                &json!("Lost Order"),
                json!(["order"]),
                false,
            ),
            ("starts_with", &json!("Lost Order"), json!("lost"), true),
            ("ends_with", &json!("Lost Order"), json!(["lost"]), false),
            ("greater_than", &json!(5), json!("4"), true),
            ("less_than", &json!(5), json!(5), false),
            ("is_any_of", &json!(["vip", "de"]), json!(["vip"]), true),
            ("is_empty", &json!([]), Value::Null, true),
            ("selected", &json!(true), Value::Null, true),
            ("between", &json!(3), json!([1, 3]), true),
        ] {
            assert_eq!(
                holds(operator, actual, &wanted),
                expected,
                "{actual} {operator} {wanted}"
            );
        }
    }
}
