//! Rules are saved, changed, moved and removed; a fresh account's own rule.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::log::RuleLog;
use super::rule::{Rule, kind};
use super::save::checked;
use crate::core::desk::Desk;
use crate::core::v2::errors::Failure;

impl Desk<'_> {
    /// Saves a new rule, or changes one; answers the rule as the API shows it.
    pub(crate) fn save_rule(
        &mut self,
        kind: u8,
        id: Option<i64>,
        body: &Map<String, Value>,
        by: i64,
    ) -> Result<Value, Failure> {
        let current = match id {
            Some(id) => Some(
                self.account
                    .rules_of(kind)
                    .find(|rule| rule.id == id)
                    .cloned()
                    .ok_or(Failure::NOT_FOUND)?,
            ),
            None => None,
        };
        let now = self.now;
        let blank = || Rule {
            id: 0,
            kind,
            name: String::new(),
            description: None,
            active: true,
            performer: None,
            events: Vec::new(),
            conditions: Vec::new(),
            operator: None,
            actions: Vec::new(),
            last_updated_by: by,
            created_at: now,
            updated_at: now,
        };
        let hosts = &self.options.allowed_webhook_hosts;
        let mut rule = checked(self.account, hosts, kind, body, current.as_deref(), blank)?;
        rule.updated_at = now;
        rule.last_updated_by = by;
        if current.is_none() {
            rule.id = self.account.ids.next();
        }
        let rule = Arc::new(rule);
        match self
            .account
            .rules
            .iter_mut()
            .find(|each| each.id == rule.id)
        {
            Some(slot) => *slot = Arc::clone(&rule),
            None => self.account.rules.push(Arc::clone(&rule)),
        }
        if let Some(position) = body.get("position").and_then(Value::as_u64) {
            self.move_rule(
                rule.id,
                kind,
                usize::try_from(position).unwrap_or(usize::MAX),
            );
        }
        self.schedule_sweep();
        if kind == kind::UPDATES {
            self.plan_all_due_times();
        }
        Ok(rule.json(self.account, now))
    }

    /// Puts a rule at a place (from 1) among those of its type.
    fn move_rule(&mut self, id: i64, kind: u8, position: usize) {
        let Some(from) = self.account.rules.iter().position(|rule| rule.id == id) else {
            return;
        };
        let rule = self.account.rules.remove(from);
        let places: Vec<usize> = self
            .account
            .rules
            .iter()
            .enumerate()
            .filter(|(_, each)| each.kind == kind)
            .map(|(at, _)| at)
            .collect();
        let to = places
            .get(position.saturating_sub(1))
            .copied()
            .unwrap_or(self.account.rules.len());
        self.account.rules.insert(to, rule);
    }

    /// Removes a rule; its activity log stays.
    pub(crate) fn drop_rule(&mut self, kind: u8, id: i64) -> bool {
        let place = self
            .account
            .rules
            .iter()
            .position(|rule| rule.kind == kind && rule.id == id);
        let Some(place) = place else {
            return false;
        };
        let rule = self.account.rules.remove(place);
        // Also a rule that no event ever reached leaves its (empty) log behind.
        self.account
            .logs
            .entry(id)
            .or_insert_with(|| RuleLog::empty(&rule));
        true
    }

    /// *Reopen on customer reply* is a rule, not core behaviour. [D S99047, O FDM]
    pub(crate) fn seed_reopen_rule(&mut self) -> Result<(), Failure> {
        let mut statuses = vec![3, 4, 6, 7];
        if self.account.settings.reopen_rule_covers_closed {
            statuses.insert(2, 5);
        }
        let body = json!({
            "name": "Reopen on customer reply",
            "active": true,
            "performer": {"type": 2},
            "events": [{"field_name": "reply_sent"}],
            "conditions": [{
                "name": "condition_set_1",
                "match_type": "all",
                "properties": [{"resource_type": "ticket", "field_name": "status", "operator": "in", "value": statuses}],
            }],
            "actions": [{"field_name": "status", "value": 2}],
        });
        let admin = self.account.admin_id;
        match body {
            Value::Object(body) => self
                .save_rule(kind::UPDATES, None, &body, admin)
                .map(|_| ()),
            _ => Ok(()),
        }
    }
}
