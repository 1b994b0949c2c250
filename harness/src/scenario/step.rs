//! What can happen in a scenario: one step a line, named for who does what.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::at::At;
use super::document::{BrainAnswer, Plan, RuleExecution, SettingsChange};
use super::duration::HumanDuration;
use super::expectation::Expectation;
use indexmap::IndexMap;

/// One thing that happens, or one thing that must be seen.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub enum Step {
    /// A customer opens a ticket, which gets a name for the rest of the scenario.
    #[serde(rename = "customer opens ticket")]
    CustomerOpensTicket(OpenTicket),
    /// A customer writes on a ticket.
    #[serde(rename = "customer replies")]
    CustomerReplies(CustomerReply),
    /// A rep replies in public.
    #[serde(rename = "rep replies")]
    RepReplies(RepReply),
    /// A rep adds a note.
    #[serde(rename = "rep adds note")]
    RepAddsNote(RepNote),
    /// A rep changes properties of a ticket.
    #[serde(rename = "rep edits ticket")]
    RepEditsTicket(EditTicket),
    /// A rep sets a ticket to Resolved (4).
    #[serde(rename = "rep resolves ticket")]
    RepResolvesTicket(At<String>),
    /// A rep sets a ticket to Closed (5).
    #[serde(rename = "rep closes ticket")]
    RepClosesTicket(At<String>),

    /// An admin deletes one of the two rules.
    #[serde(rename = "admin removes rule")]
    AdminRemovesRule(RuleName),
    /// An admin pastes a rule verbatim from the settings page, replacing what was there.
    #[serde(rename = "admin pastes rule")]
    AdminPastesRule(RuleName),
    /// An admin switches a rule off.
    #[serde(rename = "admin deactivates rule")]
    AdminDeactivatesRule(RuleName),
    /// An admin switches a rule on.
    #[serde(rename = "admin activates rule")]
    AdminActivatesRule(RuleName),
    /// An admin edits a part of one of the two rules.
    #[serde(rename = "admin edits rule")]
    AdminEditsRule(EditRule),
    /// An admin puts another rule above one of the two.
    #[serde(rename = "admin adds earlier rule")]
    AdminAddsEarlierRule(EarlierRule),
    /// An admin deletes a rule that an earlier step added, by its name.
    #[serde(rename = "admin removes earlier rule")]
    AdminRemovesEarlierRule(At<String>),
    /// An admin decides which creation rules run.
    #[serde(rename = "admin switches creation rules to")]
    AdminSwitchesCreationRules(RuleExecution),
    /// An admin gives an agent a role.
    #[serde(rename = "admin gives role")]
    AdminGivesRole(GivenRole),
    /// An agent's API key is reset; the old one is dead.
    #[serde(rename = "admin resets api key of")]
    AdminResetsApiKey(At<String>),
    /// The account moves to another plan.
    #[serde(rename = "account moves to plan")]
    AccountMovesToPlan(Plan),

    /// Somebody presses Verify in the bridge's settings.
    #[serde(rename = "operator verifies")]
    OperatorVerifies(Credentials),
    /// Somebody saves the bridge's settings.
    #[serde(rename = "operator saves settings")]
    OperatorSavesSettings(SaveSettings),

    /// From now on the AI answers otherwise; patterns as in `world.brain`.
    #[serde(rename = "brain answers")]
    BrainAnswers(IndexMap<String, BrainAnswer>),
    /// Freshdesk misbehaves on chosen calls.
    #[serde(rename = "freshdesk fails")]
    FreshdeskFails(FreshdeskFault),
    /// Webhooks misbehave on their way.
    #[serde(rename = "webhooks fail")]
    WebhooksFail(WebhookFault),

    /// Time passes; everything that falls due on the way happens.
    #[serde(rename = "wait")]
    Wait(HumanDuration),
    /// Something must be seen.
    #[serde(rename = "expect")]
    Expect(Box<Expectation>),
}

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

/// How a ticket comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Via {
    /// Source 1.
    Email,
    /// Source 2.
    Portal,
    /// Source 3.
    Phone,
    /// Source 7.
    Chat,
    /// Source 9.
    FeedbackWidget,
    /// Source 10.
    OutboundEmail,
}

/// A ticket that a customer opens.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenTicket {
    /// The name by which later steps speak of it.
    #[serde(rename = "as")]
    pub name: At<String>,
    /// Who opens it: a name; the address follows from it. Default: Carla Customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// How it comes in. Default: email.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Via>,
    /// The subject. Default: the ticket's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// What the customer writes.
    pub text: String,
    /// The agent it is assigned to from the start, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<At<String>>,
    /// The group it is in from the start, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<At<String>>,
    /// Tags it has from the start.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

/// A message of a customer on a ticket.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CustomerReply {
    /// The ticket.
    pub ticket: At<String>,
    /// Who writes. Default: the requester.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What the customer writes.
    pub text: String,
}

/// A rep's public reply.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepReply {
    /// The ticket.
    pub ticket: At<String>,
    /// Who replies. Default: the first rep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rep: Option<At<String>>,
    /// What the rep writes.
    pub text: String,
}

/// A rep's note.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepNote {
    /// The ticket.
    pub ticket: At<String>,
    /// Who notes. Default: the first rep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rep: Option<At<String>>,
    /// What the rep writes.
    pub text: String,
    /// Whether customers can't see it. Default: true.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub private: Option<bool>,
}

/// A rep's change of a ticket's properties.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EditTicket {
    /// The ticket.
    pub ticket: At<String>,
    /// Who edits. Default: the first rep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rep: Option<At<String>>,
    /// Status number (2 open, 3 pending, 4 resolved, 5 closed).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Priority number (1 low … 4 urgent).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<u16>,
    /// The new assignee by name, or `nobody`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<At<String>>,
    /// The new group by name, or `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<At<String>>,
    /// The new tags; they replace the old ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
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

/// A role that an agent is given.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GivenRole {
    /// The agent, by name.
    pub agent: At<String>,
    /// The role, by its Freshdesk name.
    pub role: String,
}

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
    /// How late it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<HumanDuration>,
}

/// Misbehaviour of webhooks on their way.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookFault {
    /// Which webhooks from now on: `1`, `1..4`, `3..` or `all`.
    pub calls: At<String>,
    /// What happens to them.
    pub are: WebhookMishap,
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
}
