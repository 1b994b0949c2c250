//! What can happen in a scenario: one step a line, named for who does what.
//!
//! | file | holds |
//! |---|---|
//! | `mod.rs` | [`Step`], all there are |
//! | [`people`] | customers and reps: tickets, replies, notes |
//! | [`rules`] | the admin's automation rules |
//! | [`admin`] | the admin's agents, groups and ticket fields |
//! | [`operator`] | the bridge's settings, and strangers who try its doors |
//! | [`apps`] | other programs on the same account |
//! | [`faults`] | what goes wrong on the way |

pub mod admin;
pub mod apps;
pub mod faults;
pub mod operator;
pub mod people;
pub mod rules;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use admin::{GivenRole, GroupMembers, NewField};
pub use apps::AppCalls;
pub use faults::{FreshdeskFault, Reset, WebhookFault, WebhookMishap};
pub use operator::{
    Credentials, ProbedToken, SaveSettings, StrangerCall, WebhookAddress, WebhookProbe,
};
pub use people::{
    CustomerReply, EditTicket, Merge, OpenTicket, OpenTickets, PastStatus, PastTickets, RepNote,
    RepReply, Via,
};
pub use rules::{
    Condition, EarlierRule, EditRule, PayloadEdit, Performer, RoutingRule, RuleName, TriedRule,
};

use super::at::At;
use super::document::{BrainAnswer, Plan, RuleExecution};
use super::duration::HumanDuration;
use super::expectation::Expectation;

/// One thing that happens, or one thing that must be seen.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub enum Step {
    /// A customer opens a ticket, which gets a name for the rest of the scenario.
    #[serde(rename = "customer opens ticket")]
    CustomerOpensTicket(OpenTicket),
    /// Many customers open tickets at the same moment, named `burst 1`, `burst 2`, ….
    #[serde(rename = "customers open tickets")]
    CustomersOpenTickets(OpenTickets),
    /// There are tickets from before the account was connected.
    #[serde(rename = "there are old tickets")]
    OldTickets(PastTickets),
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
    /// A rep deletes a ticket.
    #[serde(rename = "rep deletes ticket")]
    RepDeletesTicket(At<String>),
    /// A rep restores a deleted ticket.
    #[serde(rename = "rep restores ticket")]
    RepRestoresTicket(At<String>),
    /// A rep marks a ticket as spam.
    #[serde(rename = "rep marks as spam")]
    RepMarksAsSpam(At<String>),
    /// A rep merges a ticket into another.
    #[serde(rename = "rep merges ticket")]
    RepMergesTicket(Merge),

    /// An admin deletes one of the two rules.
    #[serde(rename = "admin removes rule")]
    AdminRemovesRule(RuleName),
    /// An admin pastes a rule verbatim from the settings page, replacing what was there.
    #[serde(rename = "admin pastes rule")]
    AdminPastesRule(RuleName),
    /// An admin pastes a rule that Freshdesk may refuse; `attempt: refused` says whether it did.
    #[serde(rename = "admin tries to paste rule")]
    AdminTriesToPasteRule(TriedRule),
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
    /// An admin adds the customer's own updates rule that routes handed-off tickets.
    #[serde(rename = "admin adds routing rule")]
    AdminAddsRoutingRule(RoutingRule),
    /// An admin changes the routing rule of this name.
    #[serde(rename = "admin changes routing rule")]
    AdminChangesRoutingRule(RoutingRule),
    /// An admin decides which creation rules run.
    #[serde(rename = "admin switches creation rules to")]
    AdminSwitchesCreationRules(RuleExecution),
    /// An admin gives an agent a role.
    #[serde(rename = "admin gives role")]
    AdminGivesRole(GivenRole),
    /// An agent's API key is reset; the old one is dead.
    #[serde(rename = "admin resets api key of")]
    AdminResetsApiKey(At<String>),
    /// An agent is deactivated.
    #[serde(rename = "admin deactivates agent")]
    AdminDeactivatesAgent(At<String>),
    /// A deactivated agent is activated again.
    #[serde(rename = "admin reactivates agent")]
    AdminReactivatesAgent(At<String>),
    /// An agent is deleted.
    #[serde(rename = "admin deletes agent")]
    AdminDeletesAgent(At<String>),
    /// A group is deleted.
    #[serde(rename = "admin deletes group")]
    AdminDeletesGroup(At<String>),
    /// A group gets other members.
    #[serde(rename = "admin sets group members")]
    AdminSetsGroupMembers(GroupMembers),
    /// An admin creates a ticket field.
    #[serde(rename = "admin creates field")]
    AdminCreatesField(NewField),
    /// An admin deletes a ticket field, by its API name.
    #[serde(rename = "admin deletes field")]
    AdminDeletesField(At<String>),
    /// The account moves to another plan.
    #[serde(rename = "account moves to plan")]
    AccountMovesToPlan(Plan),

    /// Somebody presses Verify in the bridge's settings.
    #[serde(rename = "operator verifies")]
    OperatorVerifies(Credentials),
    /// Somebody saves the bridge's settings.
    #[serde(rename = "operator saves settings")]
    OperatorSavesSettings(SaveSettings),
    /// Somebody disconnects the bridge from Freshdesk.
    #[serde(rename = "operator disconnects")]
    OperatorDisconnects,
    /// The bridge is killed wherever it is, and started again with what it kept.
    #[serde(rename = "bridge is killed and starts again")]
    BridgeRestarts,
    /// Somebody without the token calls the bridge's contract.
    #[serde(rename = "stranger calls")]
    StrangerCalls(StrangerCall),
    /// Somebody calls a webhook URL by hand.
    #[serde(rename = "somebody calls webhook")]
    SomebodyCallsWebhook(WebhookProbe),

    /// Another program calls Freshdesk's API, and spends the account's quota.
    #[serde(rename = "another app calls freshdesk")]
    AnotherAppCalls(AppCalls),

    /// From now on the AI answers otherwise; patterns as in `world.brain`.
    #[serde(rename = "brain answers")]
    BrainAnswers(IndexMap<String, BrainAnswer>),
    /// Freshdesk misbehaves on chosen calls.
    #[serde(rename = "freshdesk fails")]
    FreshdeskFails(FreshdeskFault),
    /// Webhooks misbehave on their way.
    #[serde(rename = "webhooks fail")]
    WebhooksFail(WebhookFault),
    /// Every misbehaviour that is still in place ends.
    #[serde(rename = "faults end")]
    FaultsEnd,

    /// Time passes; everything that falls due on the way happens.
    #[serde(rename = "wait")]
    Wait(HumanDuration),
    /// The same steps several times.
    #[serde(rename = "repeat")]
    Repeat(Repeat),
    /// Something must be seen.
    #[serde(rename = "expect")]
    Expect(Box<Expectation>),
}

/// Steps that are done several times in a row.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// How often.
    pub times: u32,
    /// The steps.
    pub steps: Vec<At<Step>>,
}
