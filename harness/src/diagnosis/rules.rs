//! Rows 1, 2 and 5: what is wrong with the two automation rules.

use serde_json::Value;

use super::Suspicion;
use crate::trace::line::plain;
use crate::trace::list;

/// What a settings page calls its rules; how a rule is known that lost its webhook.
const OUR_NAME: &str = "opencx";

/// A rule with its activity, as observed.
#[derive(Clone, Copy)]
struct Observed<'a> {
    rule: &'a Value,
    activity: &'a [Value],
}

impl<'a> Observed<'a> {
    fn name(self) -> &'a str {
        self.rule.get("name").and_then(Value::as_str).unwrap_or("")
    }

    fn active(self) -> bool {
        self.rule
            .get("active")
            .and_then(Value::as_bool)
            .unwrap_or(true)
    }

    fn webhook_url(self) -> Option<&'a str> {
        list(self.rule, "/actions")
            .iter()
            .find(|action| {
                action.get("field_name").and_then(Value::as_str) == Some("trigger_webhook")
            })
            .and_then(|action| action.get("url"))
            .and_then(Value::as_str)
    }

    fn has_event(self, name: &str) -> bool {
        list(self.rule, "/events")
            .iter()
            .any(|event| event.get("field_name").and_then(Value::as_str) == Some(name))
    }

    /// 1 agent, 2 requester, 3 either, 4 system.
    fn performer(self) -> Option<u64> {
        self.rule.pointer("/performer/type").and_then(Value::as_u64)
    }

    fn skipped_for(self, reason: &str) -> usize {
        self.activity
            .iter()
            .filter(|item| item.get("outcome").and_then(Value::as_str) == Some("skipped"))
            .filter(|item| item.pointer("/reason/code").and_then(Value::as_str) == Some(reason))
            .count()
    }

    fn executed(self) -> usize {
        self.activity
            .iter()
            .filter(|item| item.get("outcome").and_then(Value::as_str) == Some("executed"))
            .count()
    }

    /// Whether the most recent event was answered with an execution.
    fn last_was_executed(self) -> bool {
        self.activity
            .last()
            .is_some_and(|item| item.get("outcome").and_then(Value::as_str) == Some("executed"))
    }
}

/// The causes that the rules show, the most far-reaching first.
pub(super) fn suspicions(observed: &Value) -> Vec<Suspicion> {
    let url = observed
        .pointer("/settings/webhook/url")
        .and_then(Value::as_str);
    if url.is_none() {
        // Nothing is connected, so no rule can be right or wrong.
        return Vec::new();
    }
    let creation = of_kind(observed, "1");
    let updates = of_kind(observed, "4");
    let mut found = Vec::new();
    let our_creation = ours(&creation, url);
    let our_updates = ours(&updates, url);
    match (our_creation, our_updates) {
        (None, None) => found.push(Suspicion {
            clause: "SYM-1",
            cause: 'a',
            evidence: vec![
                format!(
                    "no Ticket Creation rule calls {}",
                    url.unwrap_or("the webhook")
                ),
                "no Ticket Updates rule does either".to_owned(),
            ],
            fix: "paste both rules from Settings → Integrations → Freshdesk".to_owned(),
        }),
        (None, Some(_)) => found.push(Suspicion {
            clause: "SYM-1",
            cause: 'b',
            evidence: vec![format!(
                "no Ticket Creation rule calls {}",
                url.unwrap_or("the webhook")
            )],
            fix: "paste Rule 1 (Ticket Creation) from Settings → Integrations → Freshdesk"
                .to_owned(),
        }),
        (Some(rule), _) => found.extend(creation_fault(observed, &creation, rule)),
    }
    match (our_creation, our_updates) {
        (Some(_), None) => found.push(Suspicion {
            clause: "SYM-2",
            cause: 'a',
            evidence: vec![format!(
                "no Ticket Updates rule calls {}",
                url.unwrap_or("the webhook")
            )],
            fix: "paste Rule 2 (Ticket Updates) from Settings → Integrations → Freshdesk"
                .to_owned(),
        }),
        (_, Some(rule)) => found.extend(updates_faults(rule)),
        (None, None) => {}
    }
    found
}

fn of_kind<'a>(observed: &'a Value, kind: &str) -> Vec<Observed<'a>> {
    list(observed, &format!("/rules/{kind}"))
        .iter()
        .map(|item| Observed {
            rule: item.get("rule").unwrap_or(&Value::Null),
            activity: list(item, "/activity"),
        })
        .collect()
}

/// The rule that calls the bridge, or else the one that is named after it.
fn ours<'a>(rules: &[Observed<'a>], url: Option<&str>) -> Option<Observed<'a>> {
    rules
        .iter()
        .find(|rule| rule.webhook_url().is_some() && rule.webhook_url() == url)
        .or_else(|| {
            rules
                .iter()
                .find(|rule| rule.name().to_lowercase().contains(OUR_NAME))
        })
        .copied()
}

fn creation_fault(observed: &Value, all: &[Observed<'_>], rule: Observed<'_>) -> Option<Suspicion> {
    let name = rule.name();
    let suspicion = |cause, evidence: String, fix: String| Suspicion {
        clause: "SYM-1",
        cause,
        evidence: vec![evidence],
        fix,
    };
    if !rule.active() {
        return Some(suspicion(
            'c',
            format!("“{name}” is inactive"),
            format!("activate “{name}”"),
        ));
    }
    if rule.webhook_url().is_none() {
        return Some(suspicion(
            'd',
            format!(
                "“{name}” executed {} time(s) and called no webhook",
                rule.executed()
            ),
            format!("add the webhook action to “{name}”, or paste the rule again"),
        ));
    }
    let overtaken = rule.skipped_for("earlier_rule_matched");
    let first_only = observed.get("creation_rules").and_then(Value::as_str) == Some("first_match");
    if overtaken > 0 && first_only && !rule.last_was_executed() {
        let earlier: Vec<&str> = all
            .iter()
            .take_while(|other| other.rule.get("id") != rule.rule.get("id"))
            .filter(|other| other.active() && other.executed() > 0)
            .map(|other| other.name())
            .collect();
        return Some(suspicion(
            'f',
            format!(
                "“{name}” was skipped {overtaken} time(s) because “{}” matched first",
                earlier.join("”, “")
            ),
            format!("move “{name}” to the top, or let the account execute all matching rules"),
        ));
    }
    let unmatched = rule.skipped_for("conditions");
    if unmatched > 0 && !rule.last_was_executed() {
        let conditions = rule.rule.get("conditions").map(plain).unwrap_or_default();
        return Some(suspicion(
            'e',
            format!(
                "“{name}” was skipped {unmatched} time(s) because its conditions did not match: {conditions}"
            ),
            format!("take the conditions out of “{name}”"),
        ));
    }
    None
}

fn updates_faults(rule: Observed<'_>) -> Vec<Suspicion> {
    let name = rule.name();
    let mut found = Vec::new();
    if !rule.active() {
        found.push(Suspicion {
            clause: "SYM-2",
            cause: 'c',
            evidence: vec![format!("“{name}” is inactive")],
            fix: format!("activate “{name}”"),
        });
        return found;
    }
    if !rule.has_event("reply_sent") {
        found.push(Suspicion {
            clause: "SYM-2",
            cause: 'b',
            evidence: vec![format!("“{name}” has no event “Reply is sent”")],
            fix: format!("add “Reply is sent” to the events of “{name}”"),
        });
    }
    if rule.performer() == Some(1) {
        found.push(Suspicion {
            clause: "SYM-2",
            cause: 'd',
            evidence: vec![format!(
                "“{name}” is performed by agents only; it was skipped {} time(s) for its performer",
                rule.skipped_for("performer")
            )],
            fix: format!("let “{name}” be performed by agent or requester"),
        });
    }
    if !rule.has_event("status") {
        found.push(Suspicion {
            clause: "SYM-5",
            cause: 'a',
            evidence: vec![format!(
                "“{name}” has no event “Ticket property changed (Status)”"
            )],
            fix: format!("add the status event to “{name}”"),
        });
    }
    if rule.performer() == Some(2) {
        found.push(Suspicion {
            clause: "SYM-5",
            cause: 'b',
            evidence: vec![format!(
                "“{name}” is performed by requesters only; it was skipped {} time(s) for its performer",
                rule.skipped_for("performer")
            )],
            fix: format!("let “{name}” be performed by agent or requester"),
        });
    }
    found
}
