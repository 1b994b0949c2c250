//! Attempts at webhook calls: retries, postponement, and the mail when one is given up.

use serde_json::json;
use url::Url;

use super::delivery::{Attempt, Delivery, Outcome, State};
use super::save_actions::loopback_or_allowed;
use super::webhook::Rendered;
use crate::core::Effect;
use crate::core::agenda::Task;
use crate::core::chaos;
use crate::core::desk::Desk;
use crate::core::faults::{WebhookFault, strike_webhook};
use crate::core::journal::Body;
use crate::core::settings::duration;
use crate::core::time::{HOUR, Ms, millis};

impl Desk<'_> {
    /// Puts a webhook call on its way; the first attempt is made at once.
    pub(super) fn deliver(
        &mut self,
        rule: (i64, &str, u8),
        ticket_id: i64,
        rendered: Rendered,
    ) -> u64 {
        self.account.delivery_count += 1;
        let id = self.account.delivery_count;
        let delivery = Delivery {
            id,
            rule_id: rule.0,
            rule_name: rule.1.to_owned(),
            rule_kind: rule.2,
            ticket_id,
            method: rendered.method,
            url: rendered.url,
            headers: rendered.headers,
            body: rendered.body,
            state: State::Pending,
            attempts: Vec::new(),
            next_attempt_at: Some(self.now),
            first_due: self.now,
            cause: self.cause,
        };
        self.account.deliveries.insert(id, delivery);
        self.attempt_at(self.now, id);
        id
    }

    /// Has an attempt made at its time.
    fn attempt_at(&mut self, due: Ms, delivery: u64) {
        let account = self.account.id;
        self.agenda.add(due, Task::Attempt { account, delivery });
    }

    /// A delivery that may yet arrive.
    fn undecided(&self, id: u64) -> Option<Delivery> {
        let delivery = self.account.deliveries.get(&id)?;
        (!delivery.is_final()).then(|| delivery.clone())
    }

    /// May one more webhook call be made in this clock hour?
    fn within_hourly_cap(&mut self) -> bool {
        let hour = self.now - self.now.rem_euclid(HOUR);
        if self.account.webhook_hour.0 != hour {
            self.account.webhook_hour = (hour, 0);
        }
        let within = self.account.webhook_hour.1 < self.account.settings.webhook_hourly_cap;
        self.account.webhook_hour.1 += u32::from(within);
        within
    }

    fn change_delivery(&mut self, id: u64, change: impl FnOnce(&mut Delivery)) {
        if let Some(delivery) = self.account.deliveries.get_mut(&id) {
            change(delivery);
        }
    }

    /// A delivery's turn has come.
    pub(crate) fn attempt(&mut self, id: u64) {
        let Some(delivery) = self.undecided(id) else {
            return;
        };
        self.cause = delivery.cause;
        if !self.within_hourly_cap() {
            return self.postpone(&delivery);
        }
        if self.account.settings.webhooks_count_against_quota {
            let (quota, window) = (self.account.quota(), self.account.settings.quota_window);
            self.account.usage.charge_webhook(self.now, &quota, window);
        }
        let number = delivery.attempts.len() + 1;
        let seq = self.note(Body::Other(
            "webhook_attempt",
            json!({
                "delivery_id": id, "attempt": number, "rule_id": delivery.rule_id,
                "ticket_id": delivery.ticket_id, "method": delivery.method, "url": delivery.url,
                "body": delivery.body,
            }),
        ));
        let now = self.now;
        self.change_delivery(id, |delivery| {
            delivery.attempts.push(Attempt {
                at: now,
                finished_at: None,
                status: None,
                error: None,
                seq,
            });
            delivery.next_attempt_at = None;
        });
        let refusal = match Url::parse(&delivery.url) {
            _ if !self.account.plan.row().webhooks => Some("the plan has no webhook action"),
            Err(_) => Some("the URL is not valid"),
            Ok(url) if !loopback_or_allowed(&url, &self.options.allowed_webhook_hosts) => {
                Some("the host is neither on loopback nor allowed")
            }
            Ok(_) => None,
        };
        if let Some(refusal) = refusal {
            return self.finish_attempt(
                id,
                number as u32,
                &Outcome {
                    status: None,
                    error: Some(refusal.to_owned()),
                },
            );
        }
        self.account.attempts += 1;
        let (seed, count) = (self.account.settings.chaos_seed, self.account.attempts);
        let struck =
            strike_webhook(&mut self.account.faults).or_else(|| chaos::webhook(seed?, count));
        if let Some(fault) = &struck {
            self.cause = Some(seq);
            self.note(Body::Other(
                "fault",
                json!({"fault_id": fault.id, "effect": fault.effect()}),
            ));
        }
        match struck.as_ref().and_then(|fault| fault.request.webhook) {
            Some(WebhookFault::Lost) => self.finish_unsent(id, number as u32, 200),
            Some(WebhookFault::Answered(status)) => {
                self.finish_unsent(id, number as u32, status);
            }
            Some(WebhookFault::Duplicated) => {
                self.send(id, false);
                self.send(id, true);
            }
            Some(WebhookFault::DelayedSeconds(_)) => {
                let due = self.now + struck.map_or(0, |fault| fault.delay());
                self.agenda.add(
                    due,
                    Task::Send {
                        account: self.account.id,
                        delivery: id,
                    },
                );
            }
            None => self.send(id, false),
        }
    }

    /// Ends an attempt that never left, as if it had been answered so.
    fn finish_unsent(&mut self, id: u64, number: u32, status: u16) {
        let outcome = Outcome {
            status: Some(status),
            error: None,
        };
        self.finish_attempt(id, number, &outcome);
    }

    /// Hands the current attempt to whoever carries webhook calls out.
    pub(crate) fn send(&mut self, id: u64, copy: bool) {
        let timeout = duration(self.account.settings.webhook_timeout_seconds);
        if let Some(delivery) = self.account.deliveries.get(&id) {
            self.effects.push(Effect::CallWebhook(delivery.call(
                self.account.id,
                timeout,
                copy,
            )));
        }
    }

    /// Beyond the hour's allowance: the next hour, or never. [D S225431]
    fn postpone(&mut self, delivery: &Delivery) {
        let next = self.now - self.now.rem_euclid(HOUR) + HOUR;
        let drop_after = duration(self.account.settings.webhook_drop_after_seconds);
        if next - delivery.first_due > drop_after {
            self.change_delivery(delivery.id, |delivery| {
                delivery.state = State::Dropped;
                delivery.next_attempt_at = None;
            });
            let text = format!(
                "Webhook calls of the automation rule \"{}\" were put off for more than 24 hours and have been dropped.",
                delivery.rule_name
            );
            return self.mail_admins("webhook_failure", "Webhook calls dropped", &text);
        }
        self.change_delivery(delivery.id, |delivery| {
            delivery.state = State::Postponed;
            delivery.next_attempt_at = Some(next);
        });
        self.attempt_at(next, delivery.id);
    }

    /// An attempt has ended.
    pub(crate) fn finish_attempt(&mut self, id: u64, number: u32, outcome: &Outcome) {
        let Some(delivery) = self.undecided(id) else {
            return;
        };
        let index = (number as usize).wrapping_sub(1);
        let Some(attempt) = delivery
            .attempts
            .get(index)
            .filter(|attempt| attempt.finished_at.is_none())
        else {
            return;
        };
        let delivered = outcome
            .status
            .is_some_and(|status| (200..300).contains(&status));
        let client_error = outcome
            .status
            .is_some_and(|status| (400..500).contains(&status));
        let settings = &self.account.settings;
        let retryable = (settings.webhook_retry_client_errors || !client_error)
            && self.account.plan.row().webhooks;
        let wait = settings
            .webhook_retry_after_seconds
            .get(index)
            .map(|seconds| duration(*seconds));
        // Each wait is counted from the try before, not from its end. [D WFE]
        let next = wait
            .filter(|_| retryable && !delivered)
            .map(|wait| (attempt.at + wait).max(self.now));
        self.cause = Some(attempt.seq);
        let error = outcome.error.clone().or_else(|| {
            outcome
                .status
                .filter(|_| !delivered)
                .map(|status| format!("the receiver answered {status}"))
        });
        self.note(Body::Other(
            "webhook_result",
            json!({
                "delivery_id": id, "attempt": number, "rule_id": delivery.rule_id,
                "ticket_id": delivery.ticket_id,
                "outcome": if delivered { "delivered" } else { "failed" },
                "status": outcome.status, "error": error, "next_attempt_at": next.map(millis),
                "final": next.is_none(),
            }),
        ));
        let now = self.now;
        self.change_delivery(id, |delivery| {
            delivery.state = match (delivered, next) {
                (true, _) => State::Delivered,
                (false, Some(_)) => State::Retrying,
                (false, None) => State::Failed,
            };
            delivery.next_attempt_at = next;
            if let Some(attempt) = delivery.attempts.get_mut(index) {
                attempt.finished_at = Some(now);
                attempt.status = outcome.status;
                attempt.error = error;
            }
        });
        if let Some(next) = next {
            self.attempt_at(next, id);
        } else if !delivered {
            let text = format!(
                "The webhook of the automation rule \"{}\" failed for ticket {} after {number} attempts.\n\
                 Please recheck the webhook settings in your account: {}",
                delivery.rule_name,
                delivery.ticket_id,
                delivery.rule_link(&self.account.domain),
            );
            self.mail_admins("webhook_failure", "Webhook failure notification", &text);
        }
    }
}
