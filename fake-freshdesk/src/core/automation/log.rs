//! The activity log: for every event and rule, why it fired or did not, and
//! how each webhook call ended.

use std::collections::{BTreeSet, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::rule::Rule;
use crate::core::account::Account;
use crate::core::time::{DAY, Ms, millis};

/// How many entries a rule's log keeps.
pub(crate) const LOG_CAPACITY: usize = 5_000;

/// Why a rule ran or did not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reason {
    Matched,
    Inactive,
    Performer,
    Event,
    Conditions,
    EarlierRuleMatched,
    Plan,
    LoopGuard,
}

/// What became of one event at one rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LogEntry {
    pub(crate) id: u64,
    pub(crate) at: Ms,
    pub(crate) ticket_id: i64,
    pub(crate) event: Value,
    pub(crate) reason: Reason,
    pub(crate) message: String,
    pub(crate) deliveries: Vec<u64>,
}

/// One rule's log; it outlives the rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RuleLog {
    pub(crate) rule_id: i64,
    pub(crate) rule_name: String,
    pub(crate) rule_kind: u8,
    pub(crate) entries: VecDeque<LogEntry>,
}

impl RuleLog {
    /// The log of a rule that no event reached yet.
    pub(crate) fn empty(rule: &Rule) -> RuleLog {
        RuleLog {
            rule_id: rule.id,
            rule_name: rule.name.clone(),
            rule_kind: rule.kind,
            entries: VecDeque::new(),
        }
    }

    /// As the control API shows it.
    pub(crate) fn json(&self, account: &Account) -> Value {
        let items: Vec<Value> = self
            .entries
            .iter()
            .map(|entry| {
                let executed = entry.reason == Reason::Matched;
                let webhooks: Vec<Value> = entry
                    .deliveries
                    .iter()
                    .filter_map(|id| account.deliveries.get(id))
                    .map(|delivery| delivery.json())
                    .collect();
                json!({
                    "id": entry.id,
                    "at": millis(entry.at),
                    "ticket_id": entry.ticket_id,
                    "event": entry.event,
                    "outcome": if executed { "executed" } else { "skipped" },
                    "reason": {"code": entry.reason, "message": entry.message},
                    "webhooks": webhooks,
                })
            })
            .collect();
        json!({
            "rule": {"id": self.rule_id, "name": self.rule_name, "type": self.rule_kind},
            "items": items,
        })
    }
}

impl Account {
    /// Tickets that a rule ran on in the last 7 days. [D]
    pub(crate) fn affected_tickets(&self, rule: i64, now: Ms) -> usize {
        let Some(log) = self.logs.get(&rule) else {
            return 0;
        };
        let recent = log
            .entries
            .iter()
            .rev()
            .take_while(|entry| now - entry.at < 7 * DAY);
        let executed = recent.filter(|entry| entry.reason == Reason::Matched);
        executed
            .map(|entry| entry.ticket_id)
            .collect::<BTreeSet<_>>()
            .len()
    }

    /// Adds an entry to a rule's log and returns its id. The deliveries of an
    /// entry that falls out of the ring go with it.
    pub(crate) fn log(&mut self, rule: (i64, &str, u8), mut entry: LogEntry) -> u64 {
        self.log_count += 1;
        entry.id = self.log_count;
        let log = self.logs.entry(rule.0).or_insert_with(|| RuleLog {
            rule_id: rule.0,
            rule_name: rule.1.to_owned(),
            rule_kind: rule.2,
            entries: VecDeque::new(),
        });
        rule.1.clone_into(&mut log.rule_name);
        if log.entries.len() == LOG_CAPACITY
            && let Some(old) = log.entries.pop_front()
        {
            for delivery in old.deliveries {
                self.deliveries.remove(&delivery);
            }
        }
        log.entries.push_back(entry);
        self.log_count
    }
}
