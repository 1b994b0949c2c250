//! One event goes through the rules of its kind, top to bottom.
//!
//! What a rule changes is seen by the conditions of later rules, and sets off
//! later rules that want the system as performer; it never begins a new pass.

use std::sync::Arc;

use serde_json::{Value, json};

use super::conditions;
use super::log::{LogEntry, Reason};
use super::matching::{Meant, Seen, meant};
use super::rule::{Rule, kind};
use crate::core::account::CreationRules;
use crate::core::agenda::Task;
use crate::core::desk::Desk;
use crate::core::events::{Changes, Performer, TicketEvent};
use crate::core::journal::Body;
use crate::core::settings::duration;
use crate::core::time::{HOUR, Ms};

/// A rule fires with this `{{triggered_event}}`, or why not.
type Decision = Result<String, (Reason, String)>;

impl Desk<'_> {
    /// Runs the account's rules over what happened to a ticket.
    pub(crate) fn run_rules(&mut self, event: &TicketEvent) {
        if self.account.tickets.get(event.ticket_id).is_none() {
            return;
        }
        let kind = if event.created {
            kind::CREATION
        } else {
            kind::UPDATES
        };
        if event.created {
            self.touch_after_creation(event.ticket_id);
        }
        let rules: Vec<Arc<Rule>> = self.account.rules_of(kind).cloned().collect();
        let first_only =
            kind == kind::CREATION && self.account.creation_rules == CreationRules::FirstMatch;
        let mut system_changes = Changes::new();
        let mut matched: Option<String> = None;
        for rule in &rules {
            let seen = Seen {
                event,
                system_changes: &system_changes,
            };
            let decision = match &matched {
                Some(earlier) if first_only && rule.active => Err((
                    Reason::EarlierRuleMatched,
                    format!(
                        "the earlier rule \"{earlier}\" matched, and the account runs only the first matching rule"
                    ),
                )),
                _ => self.decide(rule, &seen),
            };
            if decision.is_ok() {
                matched.get_or_insert_with(|| rule.name.clone());
            }
            let shown = json!({
                "performer": event.performer.json(), "kinds": event.kinds(), "changes": event.changes_json(),
            });
            system_changes.extend(self.settle(rule, event, decision, shown));
        }
    }

    /// `updated_at` moves a second after creation, as recordings show. [O]
    fn touch_after_creation(&mut self, ticket: i64) {
        let now = self.now;
        self.account.tickets.change(ticket, |ticket| {
            if ticket.updated_at == ticket.created_at {
                ticket.updated_at = now;
            }
        });
    }

    fn decide(&self, rule: &Rule, seen: &Seen<'_>) -> Decision {
        let triggered = match meant(rule, seen) {
            Meant::Yes(text) => text,
            Meant::No(reason, why) => return Err((reason, why)),
        };
        let Some(ticket) = self.account.tickets.get(seen.event.ticket_id) else {
            return Err((Reason::Conditions, "the ticket is gone".to_owned()));
        };
        conditions::check(self.account, rule, ticket, self.now)
            .map_err(|why| (Reason::Conditions, why))?;
        if rule.has_webhook() && !self.account.plan.row().webhooks {
            return Err((
                Reason::Plan,
                "the account's plan has no webhook action".to_owned(),
            ));
        }
        let window = duration(self.account.settings.loop_guard_window_seconds);
        let most = self.account.settings.loop_guard_executions;
        let (since, count) = self
            .account
            .loop_guard
            .get(&(rule.id, ticket.id))
            .copied()
            .unwrap_or((self.now, 0));
        if self.now - since < window && count >= most {
            return Err((
                Reason::LoopGuard,
                format!("the rule already ran {count} times on this ticket lately"),
            ));
        }
        Ok(triggered)
    }

    /// Logs a decision and carries it out; returns what the rule changed.
    fn settle(
        &mut self,
        rule: &Rule,
        event: &TicketEvent,
        decision: Decision,
        shown: Value,
    ) -> Changes {
        let (reason, message) = match &decision {
            Ok(_) => (
                Reason::Matched,
                "performer, event and conditions match".to_owned(),
            ),
            Err((reason, why)) => (*reason, why.clone()),
        };
        self.cause = event.cause;
        let seq = self.note(Body::Other(
            "rule_decision",
            json!({
                "rule_id": rule.id, "rule_name": rule.name, "rule_type": rule.kind,
                "ticket_id": event.ticket_id,
                "outcome": if decision.is_ok() { "executed" } else { "skipped" },
                "reason": {"code": reason, "message": message},
            }),
        ));
        self.cause = Some(seq);
        let mut deliveries = Vec::new();
        let mut changes = Changes::new();
        if let Ok(triggered) = decision {
            self.count_execution(rule.id, event.ticket_id);
            let done = self.act_on(rule, event, &triggered);
            deliveries = done.deliveries;
            changes = done.changes;
        }
        let entry = LogEntry {
            id: 0,
            at: self.now,
            ticket_id: event.ticket_id,
            event: shown,
            reason,
            message,
            deliveries,
        };
        self.account.log((rule.id, &rule.name, rule.kind), entry);
        changes
    }

    fn count_execution(&mut self, rule: i64, ticket: i64) {
        let now = self.now;
        let window: Ms = duration(self.account.settings.loop_guard_window_seconds);
        let guard = &mut self.account.loop_guard;
        if guard.len() > 100_000 {
            guard.retain(|_, (since, _)| now - *since < window);
        }
        let slot = guard.entry((rule, ticket)).or_insert((now, 0));
        if now - slot.0 >= window {
            *slot = (now, 0);
        }
        slot.1 += 1;
    }

    /// Makes sure that the hourly sweep is on the agenda if there is anything to sweep for.
    pub(crate) fn schedule_sweep(&mut self) {
        if self.account.next_sweep.is_none() && self.account.rules_of(kind::HOURLY).next().is_some()
        {
            let next = self.now - self.now.rem_euclid(HOUR) + HOUR;
            self.account.next_sweep = Some(next);
            self.agenda.add(
                next,
                Task::HourlyRules {
                    account: self.account.id,
                },
            );
        }
    }

    /// Runs the hourly rules over all tickets. Only executions are logged:
    /// a log of every ticket that an hourly rule left alone would be no log.
    pub(crate) fn sweep(&mut self) {
        self.account.next_sweep = None;
        let rules: Vec<Arc<Rule>> = self
            .account
            .rules_of(kind::HOURLY)
            .filter(|rule| rule.active)
            .cloned()
            .collect();
        if !rules.is_empty() {
            let ids: Vec<i64> = self
                .account
                .tickets
                .iter()
                .filter(|ticket| {
                    let days = self.account.settings.archive_after_days;
                    ticket.is_listed() && !ticket.is_archived(self.now, days)
                })
                .map(|ticket| ticket.id)
                .collect();
            for id in ids {
                self.sweep_ticket(id, &rules);
            }
        }
        self.schedule_sweep();
    }

    fn sweep_ticket(&mut self, id: i64, rules: &[Arc<Rule>]) {
        let event = TicketEvent::new(id, Performer::System);
        let nothing = Changes::new();
        for rule in rules {
            let decision = self.decide(
                rule,
                &Seen {
                    event: &event,
                    system_changes: &nothing,
                },
            );
            if decision.is_ok() {
                let shown = json!({"performer": event.performer.json(), "kinds": ["hourly"], "changes": {}});
                self.settle(rule, &event, decision, shown);
            }
        }
    }
}
