//! What the bridge's operator does, and what strangers try.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::at::At;
use crate::scenario::document::SettingsChange;

/// Whose key, and which domain, are typed into the dialog.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// The domain as typed. Default: the account's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// The key of this agent, by name. Default: OpenCX AI.
    #[serde(default, rename = "key of", skip_serializing_if = "Option::is_none")]
    pub key_of: Option<At<String>>,
    /// The key as typed, in place of an agent's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Leaves the key's field empty, as one does who changes another setting.
    #[serde(
        default,
        rename = "without key",
        skip_serializing_if = "Option::is_none"
    )]
    pub without_key: Option<bool>,
    /// The key that this agent had before its last reset.
    #[serde(
        default,
        rename = "old key of",
        skip_serializing_if = "Option::is_none"
    )]
    pub old_key_of: Option<At<String>>,
}

/// A save of the bridge's settings, with credentials.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveSettings {
    /// What is typed into the credentials' fields.
    #[serde(default)]
    pub credentials: Credentials,
    /// What is changed.
    #[serde(default)]
    pub settings: SettingsChange,
}

/// A call of the bridge's contract by somebody who does not hold the token.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StrangerCall {
    /// Method and path, such as `GET /v1/sessions`.
    pub call: String,
    /// What is sent in place of the token. Default: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<ProbedToken>,
}

/// What somebody sends in place of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProbedToken {
    /// No `Authorization` at all.
    None,
    /// A token that was never given out.
    Wrong,
}

/// A call of a webhook URL by hand. What is left out is as a rule would send it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookProbe {
    /// Which URL. Default: the current one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<WebhookAddress>,
    /// The method. Default: POST.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The `Content-Type`. Default: application/json.
    #[serde(
        default,
        rename = "content type",
        skip_serializing_if = "Option::is_none"
    )]
    pub content_type: Option<String>,
    /// The ticket that the payload of the creation rule speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<At<String>>,
    /// The body as it is, in place of a payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Spaces are added to the body until it has so many bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<usize>,
}

/// Which webhook URL is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookAddress {
    /// The one that the settings page shows now.
    Current,
    /// The one it showed before the last disconnect.
    Old,
    /// The current one with another token.
    #[serde(rename = "wrong token")]
    WrongToken,
}
