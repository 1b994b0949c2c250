//! What goes wrong on the way.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::at::At;
use crate::scenario::duration::HumanDuration;

/// Misbehaviour of Freshdesk on chosen calls.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FreshdeskFault {
    /// Method and path below `/api/v2`; `*` is one segment, `**` any number.
    pub on: String,
    /// Which matching calls from now on: `1`, `1..4`, `3..` or `all`.
    pub calls: At<String>,
    /// The status it answers with in place of doing the work.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The `Retry-After` it sends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<HumanDuration>,
    /// The body it answers with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Where it redirects to, with `status: 302`.
    #[serde(
        default,
        rename = "redirects to",
        skip_serializing_if = "Option::is_none"
    )]
    pub redirects_to: Option<String>,
    /// How late it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<HumanDuration>,
    /// The connection breaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reset: Option<Reset>,
}

/// When the connection of a call breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Reset {
    /// Before the work is done.
    #[serde(rename = "before effect")]
    BeforeEffect,
    /// After the work is done, before the answer.
    #[serde(rename = "after effect")]
    AfterEffect,
    /// After the work is done, in the middle of the answer.
    #[serde(rename = "in the answer")]
    InTheAnswer,
}

/// Misbehaviour of webhooks on their way.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookFault {
    /// Which webhooks from now on: `1`, `1..4`, `3..` or `all`.
    pub calls: At<String>,
    /// What happens to them.
    pub are: WebhookMishap,
    /// Of delayed ones: by how much. Others overtake them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<HumanDuration>,
}

/// What happens to a webhook on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookMishap {
    /// It never arrives, though Freshdesk takes it for delivered.
    Lost,
    /// It arrives twice.
    Duplicated,
    /// The receiver answers 503 in its way.
    Refused,
    /// It arrives late.
    Delayed,
}
