//! Row 4: the marker field, and the customer's rule that should test it.

use serde_json::Value;

use super::Suspicion;
use crate::trace::list;

/// What is wrong with the marker field, or with the rule that routes by it.
pub(super) fn suspicions(observed: &Value) -> Option<Suspicion> {
    let settings = observed.get("settings").filter(|s| !s.is_null())?;
    let marker = settings.get("marker_field").and_then(Value::as_str)?;
    let suspicion = |cause, evidence: String, fix: String| Suspicion {
        clause: "SYM-4",
        cause,
        evidence: vec![evidence],
        fix,
    };
    let create = format!("create {marker} as a checkbox, then save the settings again");
    let fields = list(observed, "/ticket_fields");
    let name = |field: &Value| field.get("name").and_then(Value::as_str).map(str::to_owned);
    let Some(field) = fields
        .iter()
        .find(|field| name(field).as_deref() == Some(marker))
    else {
        let alike = fields
            .iter()
            .filter_map(name)
            .find(|other| other.starts_with("cf_") && looks_like(other, marker));
        return Some(match alike {
            Some(alike) => suspicion(
                'b',
                format!("there is {alike}, and the settings say {marker}"),
                create,
            ),
            None => suspicion('a', format!("there is no ticket field {marker}"), create),
        });
    };
    let kind = field.get("type").and_then(Value::as_str).unwrap_or("");
    if kind != "custom_checkbox" {
        return Some(suspicion('c', format!("{marker} is a {kind}"), create));
    }
    let rules: Vec<&Value> = list(observed, "/rules/4")
        .iter()
        .filter_map(|item| item.get("rule"))
        .filter(|rule| routes(rule))
        .collect();
    if rules.is_empty() || rules.iter().any(|rule| tests(rule, marker)) {
        return None;
    }
    let names: Vec<&str> = rules
        .iter()
        .filter_map(|rule| rule.get("name").and_then(Value::as_str))
        .collect();
    Some(suspicion(
        'd',
        format!(
            "“{}” moves tickets and does not test {marker} for true",
            names.join("”, “")
        ),
        format!("let the routing rule test {marker} for being checked"),
    ))
}

/// Whether two field names may be meant for the same thing.
fn looks_like(name: &str, marker: &str) -> bool {
    let words = |name: &str| -> Vec<String> {
        name.trim_start_matches("cf_")
            .split('_')
            .map(|word| {
                word.trim_end_matches(|c: char| c.is_ascii_digit())
                    .to_owned()
            })
            .filter(|word| !word.is_empty())
            .collect()
    };
    let (name, marker) = (words(name), words(marker));
    let shared = marker.iter().filter(|word| name.contains(word)).count();
    shared * 2 > marker.len()
}

/// Whether a rule moves tickets somewhere.
fn routes(rule: &Value) -> bool {
    list(rule, "/actions").iter().any(|action| {
        matches!(
            action.get("field_name").and_then(Value::as_str),
            Some("group_id" | "responder_id")
        )
    })
}

/// Whether a rule fires when the field becomes true.
fn tests(rule: &Value, field: &str) -> bool {
    let names = |item: &&Value| item.get("field_name").and_then(Value::as_str) == Some(field);
    let wants_true = |value: Option<&Value>| match value {
        None => true,
        Some(Value::Bool(wanted)) => *wanted,
        Some(Value::String(word)) => matches!(word.as_str(), "--" | "true" | "any"),
        Some(_) => false,
    };
    let by_event = list(rule, "/events")
        .iter()
        .find(names)
        .is_some_and(|event| wants_true(event.get("to").or(event.get("value"))));
    let by_condition = list(rule, "/conditions")
        .iter()
        .flat_map(|set| list(set, "/properties"))
        .find(names)
        .is_some_and(|property| wants_true(property.get("value")));
    by_event || by_condition
}
