//! A webhook call on its way: where it stands, and what was tried.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::rule::kind;
use crate::core::WebhookCall;
use crate::core::ids::AccountId;
use crate::core::time::{Ms, millis};

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    Pending,
    Delivered,
    Retrying,
    Failed,
    Postponed,
    Dropped,
}

/// One try.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Attempt {
    pub(super) at: Ms,
    pub(super) finished_at: Option<Ms>,
    pub(super) status: Option<u16>,
    pub(super) error: Option<String>,
    /// Its journal entry.
    pub(super) seq: u64,
}

/// A webhook call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) id: u64,
    pub(super) rule_id: i64,
    pub(super) rule_name: String,
    pub(super) rule_kind: u8,
    pub(super) ticket_id: i64,
    pub(super) method: String,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
    pub(super) state: State,
    pub(super) attempts: Vec<Attempt>,
    pub(super) next_attempt_at: Option<Ms>,
    pub(super) first_due: Ms,
    /// The rule decision that led to it.
    pub(super) cause: Option<u64>,
}

/// How an attempt ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The receiver's HTTP status, if it answered.
    pub status: Option<u16>,
    /// What went wrong, if it did not answer.
    pub error: Option<String>,
}

impl Delivery {
    /// As the activity log shows it.
    pub(crate) fn json(&self) -> Value {
        let attempts: Vec<Value> = self
            .attempts
            .iter()
            .enumerate()
            .map(|(at, attempt)| {
                json!({
                    "attempt": at + 1, "at": millis(attempt.at),
                    "finished_at": attempt.finished_at.map(millis),
                    "status": attempt.status, "error": attempt.error,
                })
            })
            .collect();
        json!({
            "delivery_id": self.id, "method": self.method, "url": self.url, "body": self.body,
            "state": self.state, "attempts": attempts, "next_attempt_at": self.next_attempt_at.map(millis),
        })
    }

    pub(super) fn is_final(&self) -> bool {
        matches!(
            self.state,
            State::Delivered | State::Failed | State::Dropped
        )
    }

    /// Is an attempt's outcome still awaited?
    pub(crate) fn is_under_way(&self) -> bool {
        !self.is_final()
            && self
                .attempts
                .last()
                .is_some_and(|attempt| attempt.finished_at.is_none())
    }

    pub(super) fn call(&self, account: AccountId, timeout: Ms, copy: bool) -> WebhookCall {
        WebhookCall {
            account,
            delivery: self.id,
            attempt: self.attempts.len() as u32,
            method: self.method.clone(),
            url: self.url.clone(),
            headers: self.headers.clone(),
            body: self.body.clone().into(),
            timeout_ms: timeout,
            copy,
        }
    }

    /// Where an admin edits the rule. [D: the mail has such a link; I: its form]
    pub(super) fn rule_link(&self, domain: &str) -> String {
        let place = match self.rule_kind {
            kind::CREATION => "ticket_creation",
            kind::HOURLY => "time_triggers",
            _ => "ticket_updates",
        };
        format!(
            "https://{domain}/a/admin/automations/{place}/{}/edit",
            self.rule_id
        )
    }
}
