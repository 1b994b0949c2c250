//! One rule, as Freshdesk shows it, and a finding about it.

use jiff::Timestamp;
use serde_json::Value;

use super::PLACE;
use crate::{diagnosis::Finding, webhook, work::EventKind};

pub(super) fn name(rule: &Value) -> &str {
    rule.get("name").and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn is_active(rule: &Value) -> bool {
    rule.get("active").and_then(Value::as_bool).unwrap_or(true)
}

fn changed_at(rule: &Value) -> Option<Timestamp> {
    rule.get("updated_at")?.as_str()?.parse().ok()
}

/// A call that came after the last change of a rule proves that it fires.
pub(super) fn is_proven(rule: &Value, delivered: Option<Timestamp>) -> bool {
    delivered.is_some_and(|delivered| changed_at(rule).is_some_and(|at| at < delivered))
}

pub(super) fn actions(rule: &Value) -> impl Iterator<Item = &Value> {
    rule.get("actions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

pub(super) fn urls(rule: &Value) -> impl Iterator<Item = &str> {
    actions(rule).filter_map(|action| action.get("url").and_then(Value::as_str))
}

pub(super) fn calls(rule: &Value, url: &str) -> bool {
    urls(rule).any(|called| called.trim() == url)
}

/// Whether a rule calls a webhook URL of this bridge that is dead (WHK-3).
pub(super) fn calls_an_old_url(rule: &Value, url: &str) -> bool {
    let Some((base, _)) = url.rsplit_once('/') else {
        return false;
    };
    urls(rule).any(|called| {
        called != url && (called.starts_with(base) || called.contains("/webhooks/freshdesk/"))
    })
}

pub(super) fn has_conditions(rule: &Value) -> bool {
    rule.get("conditions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|set| set.get("properties").and_then(Value::as_array))
        .any(|properties| !properties.is_empty())
}

/// Whether events or conditions name a checkbox as set: its value is anything
/// but false.
pub(super) fn wants_set(part: &Value, field: &str) -> bool {
    match part {
        Value::Array(parts) => parts.iter().any(|part| wants_set(part, field)),
        Value::Object(fields) => {
            if fields.get("field_name").and_then(Value::as_str) == Some(field) {
                let wanted = fields.get("to").or(fields.get("value"));
                return !matches!(wanted, Some(Value::Bool(false)))
                    && wanted.and_then(Value::as_str) != Some("false");
            }
            fields.values().any(|part| wants_set(part, field))
        }
        _ => false,
    }
}

/// A payload that is not the one the settings show (WHK-2). A rule whose
/// content cannot be read is given the benefit of the doubt.
pub(super) fn edited(rule: &Value, event: EventKind) -> Option<Finding> {
    let content = actions(rule).find_map(|action| action.get("content"))?;
    let expected = webhook::payload(event);
    let plain = |text: &str| text.split_whitespace().collect::<String>();
    let same = match content {
        Value::String(text) => plain(text) == plain(&expected),
        _ => true,
    };
    (!same).then(|| {
        rule_finding(
            "WHK-2",
            "payload edited by hand",
            rule,
            "copy the payload from the settings again and paste it verbatim",
        )
    })
}

pub(super) fn stale(rule: &Value) -> Finding {
    rule_finding(
        "WHK-3",
        "webhook URL stale after a disconnect or reconnect",
        rule,
        "copy the current webhook URL from the settings into the rule",
    )
}

pub(super) fn rule_finding(clause: &'static str, cause: &str, rule: &Value, fix: &str) -> Finding {
    Finding {
        clause,
        cause: cause.to_owned(),
        place: match clause {
            "SYM-2" | "SYM-5" | "FLW-2" => format!("{PLACE} → Ticket Updates rule"),
            _ => PLACE.to_owned(),
        },
        evidence: format!(
            "rule {} {:?}{}",
            rule.get("id").unwrap_or(&Value::Null),
            name(rule),
            if is_active(rule) { "" } else { " is inactive" }
        ),
        fix: fix.to_owned(),
    }
}
