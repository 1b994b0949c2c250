//! The account's automation rules, as far as they bring events to the bridge:
//! what the guide's rows SYM-1, SYM-2 and SYM-5 are about. Read with the admin's
//! key, never changed.

use jiff::Timestamp;
use serde_json::Value;

use crate::{
    diagnosis::Finding,
    freshdesk::{Freshdesk, FreshdeskError},
    store::Deliveries,
    webhook,
    work::EventKind,
};

/// Where all of it is found.
const PLACE: &str = "Freshdesk Admin → Workflows → Automations";

/// The rules of the two kinds.
pub(crate) struct Rules {
    creation: Vec<Value>,
    updates: Vec<Value>,
}

/// Which changes the rules would report, if every call arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Coverage {
    pub(crate) new_tickets: bool,
    pub(crate) updates: bool,
}

/// What an update rule must be fired by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Need {
    CustomerReply,
    RepReply,
    Note,
    Status,
}

/// What the update rules must be fired by, with the clause, the two causes of
/// its absence (no such event, not that performer), and the fix.
const NEEDS: [(Need, &str, &str, &str, &str); 4] = [
    (
        Need::CustomerReply,
        "SYM-2",
        "updates rule lacks the Reply is sent event",
        "updates rule is performed by agents only",
        "let the Ticket Updates rule fire on Reply is sent, performed by agent or requester",
    ),
    (
        Need::Status,
        "SYM-5",
        "updates rule lacks the status event",
        "updates rule lacks the agent performer",
        "let the Ticket Updates rule fire on Ticket property changed (Status), performed by agent or requester",
    ),
    (
        Need::RepReply,
        "FLW-2",
        "updates rule lacks the Reply is sent event",
        "updates rule lacks the agent performer",
        "let the Ticket Updates rule fire on Reply is sent, performed by agent or requester",
    ),
    (
        Need::Note,
        "FLW-2",
        "updates rule lacks the Note is added event",
        "updates rule lacks the agent performer",
        "let the Ticket Updates rule fire on Note is added, performed by agent or requester",
    ),
];

impl Rules {
    /// Reads both kinds: two calls.
    pub(crate) async fn read(freshdesk: &Freshdesk) -> Result<Self, FreshdeskError> {
        Ok(Self {
            creation: freshdesk.automation_rules(1).await?,
            updates: freshdesk.automation_rules(4).await?,
        })
    }

    /// Which changes the rules would report.
    pub(crate) fn coverage(&self, url: &str, deliveries: Deliveries) -> Coverage {
        let findings = self.findings(url, deliveries);
        let clear = |clauses: &[&str]| {
            !findings
                .iter()
                .any(|finding| clauses.contains(&finding.clause))
        };
        Coverage {
            new_tickets: clear(&["SYM-1", "WHK-2", "WHK-3"]),
            updates: clear(&["SYM-2", "SYM-5", "WHK-2", "WHK-3"]),
        }
    }

    /// What is wrong with the rules, with the guide's words for it.
    pub(crate) fn findings(&self, url: &str, deliveries: Deliveries) -> Vec<Finding> {
        let mut findings = self.creation_findings(url, deliveries.created);
        findings.extend(self.update_findings(url, deliveries.updated));
        findings
    }

    fn creation_findings(&self, url: &str, delivered: Option<Timestamp>) -> Vec<Finding> {
        let ours = |rule: &&Value| calls(rule, url);
        let Some((index, rule)) = self
            .creation
            .iter()
            .enumerate()
            .filter(|(_, rule)| ours(rule))
            .max_by_key(|(index, rule)| (is_active(rule), std::cmp::Reverse(*index)))
        else {
            return vec![self.no_creation_rule(url)];
        };
        let mut findings = Vec::new();
        if !is_active(rule) {
            findings.push(rule_finding(
                "SYM-1",
                "creation rule inactive",
                rule,
                "switch the Ticket Creation rule on",
            ));
            return findings;
        }
        // A call that came after the last change of a rule proves that it fires.
        let proven = |rule: &Value| {
            delivered.is_some_and(|delivered| changed_at(rule).is_some_and(|at| at < delivered))
        };
        if has_conditions(rule) && !proven(rule) {
            findings.push(rule_finding(
                "SYM-1",
                "creation rule conditions match nothing",
                rule,
                "take the conditions out of the Ticket Creation rule, or widen them so that every new ticket matches",
            ));
        }
        let earlier = self.creation[..index]
            .iter()
            .find(|earlier| is_active(earlier) && !calls(earlier, url));
        if let Some(earlier) = earlier
            && !(proven(rule) && proven(earlier))
        {
            findings.push(rule_finding(
                "SYM-1",
                "an earlier creation rule matches first",
                earlier,
                "move the OpenCX rule to the top, or let the account execute all matching rules",
            ));
        }
        findings.extend(edited(rule, EventKind::TicketCreated));
        findings
    }

    fn no_creation_rule(&self, url: &str) -> Finding {
        if let Some(rule) = self
            .creation
            .iter()
            .find(|rule| calls_an_old_url(rule, url))
        {
            return stale(rule);
        }
        // Named as ours, but without the call.
        let named = self
            .creation
            .iter()
            .find(|rule| name(rule).to_ascii_lowercase().contains("opencx") && !calls(rule, url));
        if let Some(rule) = named {
            return rule_finding(
                "SYM-1",
                "creation rule lacks the webhook action",
                rule,
                "add the webhook action to the Ticket Creation rule, with the URL and payload from the settings",
            );
        }
        let both = !self.updates.iter().any(|rule| calls(rule, url));
        Finding {
            clause: "SYM-1",
            cause: if both {
                "both rules missing"
            } else {
                "creation rule missing"
            }
            .to_owned(),
            place: PLACE.to_owned(),
            evidence: format!(
                "none of the {} Ticket Creation rules calls the webhook URL",
                self.creation.len()
            ),
            fix: "create the Ticket Creation rule with the webhook URL and the creation payload from the settings".to_owned(),
        }
    }

    fn update_findings(&self, url: &str, delivered: Option<Timestamp>) -> Vec<Finding> {
        let all: Vec<_> = self
            .updates
            .iter()
            .filter(|rule| calls(rule, url))
            .collect();
        let active: Vec<_> = all.iter().copied().filter(|rule| is_active(rule)).collect();
        let Some(first) = active.first().or(all.first()) else {
            return match self.updates.iter().find(|rule| calls_an_old_url(rule, url)) {
                Some(rule) => vec![stale(rule)],
                None => vec![Finding {
                    clause: "SYM-2",
                    cause: "updates rule missing".to_owned(),
                    place: format!("{PLACE} → Ticket Updates rule"),
                    evidence: format!(
                        "none of the {} Ticket Updates rules calls the webhook URL",
                        self.updates.len()
                    ),
                    fix: "create the Ticket Updates rule with the webhook URL and the updates payload from the settings".to_owned(),
                }],
            };
        };
        if active.is_empty() {
            return vec![rule_finding(
                "SYM-2",
                "updates rule inactive",
                first,
                "switch the Ticket Updates rule on",
            )];
        }
        let mut findings = Vec::new();
        for (need, clause, lacks_event, lacks_performer, fix) in NEEDS {
            if active.iter().any(|rule| is_fired_by(rule, need)) {
                continue;
            }
            let present = active.iter().any(|rule| has_event(rule, need));
            let cause = if present {
                lacks_performer
            } else {
                lacks_event
            };
            findings.push(rule_finding(clause, cause, first, fix));
        }
        let conditioned = active.iter().find(|rule| has_conditions(rule));
        let proven = delivered
            .is_some_and(|delivered| changed_at(first).is_some_and(|changed| changed < delivered));
        if let Some(rule) = conditioned
            && !proven
        {
            findings.push(rule_finding(
                "SYM-2",
                "updates rule conditions match nothing",
                rule,
                "take the conditions out of the Ticket Updates rule",
            ));
        }
        findings.extend(edited(first, EventKind::TicketUpdated));
        findings
    }

    /// Whether any active rule fires on a ticket field being set (SYM-4 d).
    pub(crate) fn test_field(&self, field: &str) -> bool {
        self.updates
            .iter()
            .filter(|rule| is_active(rule))
            .any(|rule| {
                ["conditions", "events"]
                    .into_iter()
                    .filter_map(|part| rule.get(part))
                    .any(|part| wants_set(part, field))
            })
    }
}

/// Whether events or conditions name a checkbox as set: its value is anything
/// but false.
fn wants_set(part: &Value, field: &str) -> bool {
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

fn name(rule: &Value) -> &str {
    rule.get("name").and_then(Value::as_str).unwrap_or_default()
}

fn is_active(rule: &Value) -> bool {
    rule.get("active").and_then(Value::as_bool).unwrap_or(true)
}

fn changed_at(rule: &Value) -> Option<Timestamp> {
    rule.get("updated_at")?.as_str()?.parse().ok()
}

fn actions(rule: &Value) -> impl Iterator<Item = &Value> {
    rule.get("actions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn urls(rule: &Value) -> impl Iterator<Item = &str> {
    actions(rule).filter_map(|action| action.get("url").and_then(Value::as_str))
}

fn calls(rule: &Value, url: &str) -> bool {
    urls(rule).any(|called| called.trim() == url)
}

/// Whether a rule calls a webhook URL of this bridge that is dead (WHK-3).
fn calls_an_old_url(rule: &Value, url: &str) -> bool {
    let Some((base, _)) = url.rsplit_once('/') else {
        return false;
    };
    urls(rule).any(|called| {
        called != url && (called.starts_with(base) || called.contains("/webhooks/freshdesk/"))
    })
}

fn has_conditions(rule: &Value) -> bool {
    rule.get("conditions")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|set| set.get("properties").and_then(Value::as_array))
        .any(|properties| !properties.is_empty())
}

fn has_event(rule: &Value, need: Need) -> bool {
    let wanted = match need {
        Need::CustomerReply | Need::RepReply => "reply_sent",
        Need::Note => "note_type",
        Need::Status => "status",
    };
    let any_value = |event: &Value, key: &str| match event.get(key) {
        None => true,
        Some(value) => value
            .as_str()
            .is_some_and(|value| matches!(value, "--" | "any" | "all" | "")),
    };
    rule.get("events")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter(|event| event.get("field_name").and_then(Value::as_str) == Some(wanted))
        .any(|event| need != Need::Status || (any_value(event, "to") && any_value(event, "from")))
}

/// Whether a rule has the event and the performer.
fn is_fired_by(rule: &Value, need: Need) -> bool {
    let performer = rule
        .get("performer")
        .and_then(|performer| performer.get("type"))
        .and_then(|kind| kind.as_i64().or_else(|| kind.as_str()?.parse().ok()));
    let performed = match need {
        Need::CustomerReply => matches!(performer, Some(2 | 3)),
        Need::RepReply | Need::Note | Need::Status => matches!(performer, Some(1 | 3)),
    };
    performed && has_event(rule, need)
}

/// A payload that is not the one the settings show (WHK-2). A rule whose
/// content cannot be read is given the benefit of the doubt.
fn edited(rule: &Value, event: EventKind) -> Option<Finding> {
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

fn stale(rule: &Value) -> Finding {
    rule_finding(
        "WHK-3",
        "webhook URL stale after a disconnect or reconnect",
        rule,
        "copy the current webhook URL from the settings into the rule",
    )
}

fn rule_finding(clause: &'static str, cause: &str, rule: &Value, fix: &str) -> Finding {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const URL: &str = "https://bridge.test/webhooks/freshdesk/abc";

    fn rule(kind: EventKind) -> Value {
        let mut rule = json!({
            "id": 1, "name": "OpenCX", "active": true, "conditions": [],
            "updated_at": "2026-01-01T00:00:00Z",
            "actions": [{"field_name": "trigger_webhook", "url": URL, "content": webhook::payload(kind)}],
        });
        if kind == EventKind::TicketUpdated {
            rule["performer"] = json!({"type": 3});
            rule["events"] = json!([
                {"field_name": "reply_sent"}, {"field_name": "note_type", "value": "any"},
                {"field_name": "status", "from": "--", "to": "--"}
            ]);
        }
        rule
    }

    fn rules() -> Rules {
        Rules {
            creation: vec![rule(EventKind::TicketCreated)],
            updates: vec![rule(EventKind::TicketUpdated)],
        }
    }

    fn found(rules: &Rules) -> Vec<String> {
        rules
            .findings(URL, Deliveries::default())
            .iter()
            .map(|finding| format!("{}: {}", finding.clause, finding.cause))
            .collect()
    }

    fn after(change: impl FnOnce(&mut Rules)) -> Vec<String> {
        let mut rules = rules();
        change(&mut rules);
        found(&rules)
    }

    fn conditions() -> Value {
        json!([{"name": "condition_set_1", "properties": [{"field_name": "subject"}]}])
    }

    #[test]
    fn good_rules_have_no_findings() {
        assert_eq!(found(&rules()), Vec::<String>::new());
    }

    #[test]
    fn each_cause_of_the_guide_is_named() {
        let causes = [
            after(|rules| {
                rules.creation.clear();
                rules.updates.clear();
            }),
            after(|rules| rules.creation.clear()),
            after(|rules| rules.creation[0]["active"] = json!(false)),
            after(|rules| rules.creation[0]["actions"] = json!([])),
            after(|rules| rules.creation[0]["conditions"] = conditions()),
            after(|rules| {
                rules
                    .creation
                    .insert(0, json!({"id": 9, "name": "VIP first", "active": true}));
            }),
            after(|rules| rules.updates.clear()),
            after(|rules| {
                rules.updates[0]["events"].as_array_mut().unwrap().remove(0);
            }),
            after(|rules| rules.updates[0]["active"] = json!(false)),
            after(|rules| rules.updates[0]["performer"] = json!({"type": 1})),
            after(|rules| {
                rules.updates[0]["events"].as_array_mut().unwrap().remove(2);
            }),
            after(|rules| rules.updates[0]["performer"] = json!({"type": 2})),
            after(|rules| rules.creation[0]["actions"][0]["content"] = json!("{}")),
            after(|rules| {
                rules.updates[0]["actions"][0]["url"] =
                    json!("https://bridge.test/webhooks/freshdesk/old");
            }),
        ];
        insta::assert_yaml_snapshot!(causes);
    }

    #[test]
    fn a_call_that_came_after_the_last_change_proves_that_a_rule_fires() {
        let mut rules = rules();
        rules.creation[0]["conditions"] = conditions();
        rules.creation.insert(
            0,
            json!({"id": 9, "active": true, "updated_at": "2026-01-01T00:00:00Z"}),
        );
        let after_change = |second: &str| Deliveries {
            created: Some(second.parse().unwrap()),
            ..Deliveries::default()
        };
        assert!(!rules.coverage(URL, Deliveries::default()).new_tickets);
        assert!(
            !rules
                .coverage(URL, after_change("2025-12-31T00:00:00Z"))
                .new_tickets
        );
        assert!(
            rules
                .coverage(URL, after_change("2026-01-02T00:00:00Z"))
                .new_tickets
        );
        assert!(rules.coverage(URL, Deliveries::default()).updates);
    }
}
