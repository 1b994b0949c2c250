//! The account's automation rules, as far as they bring events to the bridge:
//! what the guide's rows SYM-1, SYM-2 and SYM-5 are about. Read with the admin's
//! key, never changed.
//!
//! * [`mod@self`]: [`Rules`], and which changes they would report
//! * `creation`: what can be wrong with the Ticket Creation rule
//! * `updates`: what can be wrong with the Ticket Updates rule
//! * `rule`: reading one rule

mod creation;
mod rule;
mod updates;

use serde_json::Value;

use self::rule::{is_active, wants_set};
use crate::{
    diagnosis::Finding,
    freshdesk::{Freshdesk, FreshdeskError},
    store::Deliveries,
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{webhook, work::EventKind};

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
