//! The words that stand for a subject or a property.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a Verify ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerifyOutcome {
    /// With 200.
    Succeeds,
    /// With an error.
    Fails,
}

/// Whether something is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Existence {
    /// It is there.
    Exist,
    /// It is not.
    None,
}

/// What can be expected of the brain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BrainSubject {
    /// It was asked `times`.
    Asked,
}

/// Every session of the bridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AllSessions {
    /// All of them.
    All,
}

/// That something was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answered {
    /// With one of `status in`.
    Answered,
}

/// What Freshdesk said to a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// It was saved.
    Accepted,
    /// It was not.
    Refused,
}

/// That hosts were called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CalledHosts {
    /// By the bridge, with credentials or without.
    Called,
    /// By the bridge, with credentials.
    #[serde(rename = "called with credentials")]
    CalledWithCredentials,
}

/// A saved setting and its value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingExpected {
    /// The field, as the contract spells it.
    pub name: String,
    /// Its value.
    pub is: serde_json::Value,
}

/// A status: a number for a ticket, a word for a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum StatusExpected {
    /// A ticket's status.
    Ticket(u16),
    /// A session's status.
    Session(String),
}
