//! Condition sets: `condition_set_1`, `condition_set_2`, all or any, and what the
//! properties that they name are worth.

use serde_json::{Map, Value, json};

use super::operators::{holds, text};
use super::rule::{ConditionSet, Rule};
use crate::core::account::Account;
use crate::core::tickets::Ticket;
use crate::core::time::{HOUR, Ms};

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
