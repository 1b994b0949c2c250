//! What an admin does with automation rules.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::scenario::at::At;

/// One of the two automation rules that the integration needs.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RuleName {
    /// Rule 1, of kind Ticket Creation.
    TicketCreation,
    /// Rule 2, of kind Ticket Updates.
    TicketUpdates,
}

impl RuleName {
    /// The rule kind's number in Freshdesk's automations API.
    pub fn kind(self) -> u8 {
        match self {
            Self::TicketCreation => 1,
            Self::TicketUpdates => 4,
        }
    }

    /// The name a pasted rule gets.
    pub fn title(self) -> &'static str {
        match self {
            Self::TicketCreation => "OpenCX: ticket created",
            Self::TicketUpdates => "OpenCX: ticket updated",
        }
    }
}

/// A change of one of the two rules.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditRule {
    /// The rule.
    pub rule: RuleName,
    /// Takes an event away, by its API name: `reply_sent`, `note_type`, `status`.
    #[serde(
        default,
        rename = "without event",
        skip_serializing_if = "Option::is_none"
    )]
    pub without_event: Option<String>,
    /// Who must have caused the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub performer: Option<Performer>,
    /// Replaces the webhook action by a tag, so that the rule still does something.
    #[serde(
        default,
        rename = "without webhook action",
        skip_serializing_if = "Option::is_none"
    )]
    pub without_webhook_action: Option<bool>,
    /// Replaces the conditions: all of them must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conditions: Option<Vec<Condition>>,
    /// Damages the webhook's payload, as an edit by hand does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<PayloadEdit>,
}

/// How a payload was edited by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum PayloadEdit {
    /// A key is spelled otherwise.
    #[serde(rename = "key renamed")]
    KeyRenamed,
    /// A key is gone.
    #[serde(rename = "key missing")]
    KeyMissing,
    /// A quoted placeholder lost its quotes, so that the body is no JSON.
    #[serde(rename = "placeholder unquoted")]
    PlaceholderUnquoted,
    /// Nothing is left.
    #[serde(rename = "empty")]
    Empty,
}

/// Who must have caused an event of an updates rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Performer {
    /// An agent.
    Agent,
    /// A requester.
    Requester,
    /// Either.
    AgentOrRequester,
}

/// One condition of a rule.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The ticket's property, as the automations API spells it.
    pub field: String,
    /// The operator, as the automations API spells it.
    pub operator: String,
    /// The value.
    pub value: serde_json::Value,
}

/// A rule that an admin puts above one of the two.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EarlierRule {
    /// The rule it comes before.
    pub than: RuleName,
    /// Its name.
    pub name: At<String>,
    /// Its conditions: all must match; none means every ticket.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<Condition>,
    /// The tag it adds.
    #[serde(rename = "adds tag")]
    pub adds_tag: String,
}

/// A rule that an admin pastes although Freshdesk may refuse it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TriedRule {
    /// The rule.
    pub rule: RuleName,
    /// Another webhook URL than the one the settings page shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// The customer's own updates rule that routes handed-off tickets.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RoutingRule {
    /// Its name.
    pub name: At<String>,
    /// The custom field it tests, by its API name.
    pub tests: String,
    /// The value the field must have become. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub is: Option<bool>,
    /// The group it moves the ticket to, by name.
    #[serde(rename = "moves to group")]
    pub moves_to_group: At<String>,
}
