//! The Ticket Updates rule: rows SYM-2 and SYM-5 of the guide, and what the mirror
//! needs beside them.

use jiff::Timestamp;
use serde_json::Value;

use super::{
    PLACE, Rules,
    rule::{
        calls, calls_an_old_url, edited, has_conditions, is_active, is_proven, rule_finding, stale,
    },
};
use crate::{diagnosis::Finding, work::EventKind};

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
    pub(super) fn update_findings(&self, url: &str, delivered: Option<Timestamp>) -> Vec<Finding> {
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
        if let Some(rule) = conditioned
            && !is_proven(first, delivered)
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
