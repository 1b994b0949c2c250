//! One scenario as it is written: a YAML document.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use super::answer::{BrainAction, BrainAnswer, BrainDecision, BrainFile};
use super::at::At;
use super::step::{Step, Via};

/// One scenario: a world, what happens in it, and what must be seen.
///
/// A symptom of the guide is written `broken` → `symptom` → `diagnosis` →
/// `fix` → `gone`; everything else is written as one `play`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// What is shown, in one line.
    pub scenario: At<String>,
    /// The clauses that this scenario asserts, such as `SYM-1` or `LIM-3`.
    pub clauses: Vec<At<String>>,
    /// The lettered cause of a symptom clause, such as `a`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<At<String>>,
    /// Plays the scenario once for every combination; `{name}` anywhere in the
    /// document stands for the value.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub matrix: IndexMap<String, Vec<MatrixValue>>,
    /// What is there before anything happens.
    #[serde(default)]
    pub world: WorldSetup,
    /// What happens and what must be seen, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub play: Vec<At<Step>>,
    /// The cause is put in place.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<At<Step>>,
    /// The symptom is seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub symptom: Vec<At<Step>>,
    /// What the diagnosis must name from what can be observed now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<At<ExpectedDiagnosis>>,
    /// The guide's fix is applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fix: Vec<At<Step>>,
    /// The symptom is gone, and the diagnosis no longer names the cause.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<At<Step>>,
    /// What the run must have met; a run that did not is red, since it tested nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub meets: Vec<Meeting>,
    /// Why this scenario also passes with a bridge that does nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub negative: Option<String>,
    /// Clauses whose invariants a right bridge can't keep here, since the world
    /// is set against it; the scenario says why in a comment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tolerates: Vec<At<String>>,
    /// Capabilities that the bridge must declare; without them nothing is tested.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Capability>,
    /// Why this scenario can't be played with real processes.
    #[serde(
        default,
        rename = "simulated only",
        skip_serializing_if = "Option::is_none"
    )]
    pub simulated_only: Option<String>,
}

impl Document {
    /// A document that nobody wrote, with nothing in it yet.
    pub(crate) fn new(title: String, clauses: &[&str]) -> Self {
        Self {
            scenario: At::nowhere(title),
            clauses: clauses
                .iter()
                .map(|id| At::nowhere((*id).to_owned()))
                .collect(),
            cause: None,
            matrix: IndexMap::new(),
            world: WorldSetup::default(),
            play: Vec::new(),
            broken: Vec::new(),
            symptom: Vec::new(),
            diagnosis: None,
            fix: Vec::new(),
            gone: Vec::new(),
            meets: Vec::new(),
            negative: None,
            tolerates: Vec::new(),
            needs: Vec::new(),
            simulated_only: None,
        }
    }

    /// The document as a scenario file.
    pub fn to_yaml(&self) -> String {
        // A document holds only words, numbers and lists of them, which always serialize.
        serde_saphyr::to_string(self).unwrap_or_default()
    }
}

/// One value of a matrix.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum MatrixValue {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Number(i64),
    /// A word.
    Text(String),
}

impl std::fmt::Display for MatrixValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(value) => write!(f, "{value}"),
            Self::Text(value) => f.write_str(value),
        }
    }
}

/// Something a bridge may declare that it can do, as the contract spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Capability {
    /// Its clock can be advanced.
    Clock,
    /// It says why it acts or stays silent.
    Diagnosis,
    /// It can be killed and started again with the same state.
    Restart,
    /// It looks for lost webhooks by itself.
    Sweep,
}

impl Capability {
    /// The word of the contract.
    pub fn word(self) -> &'static str {
        match self {
            Self::Clock => "clock",
            Self::Diagnosis => "diagnosis",
            Self::Restart => "restart",
            Self::Sweep => "sweep",
        }
    }
}

/// Something a run must have met to have tested anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Meeting {
    /// Freshdesk answered 429 to the bridge.
    #[serde(rename = "429")]
    RateLimit,
    /// The bridge sent a request again.
    #[serde(rename = "retry")]
    Retry,
    /// A webhook was delivered twice.
    #[serde(rename = "duplicate")]
    Duplicate,
    /// A webhook delivery failed.
    #[serde(rename = "webhook failure")]
    WebhookFailure,
    /// A webhook never arrived.
    #[serde(rename = "lost webhook")]
    LostWebhook,
    /// A webhook arrived late.
    #[serde(rename = "late webhook")]
    LateWebhook,
    /// A call of the bridge was struck by a fault.
    #[serde(rename = "fault")]
    Fault,
    /// The connection of a call broke after its work was done.
    #[serde(rename = "reset")]
    Reset,
    /// The bridge was killed and started again.
    #[serde(rename = "restart")]
    Restart,
    /// A rule ran because of what another rule did.
    #[serde(rename = "rule loop")]
    RuleLoop,
    /// A list was read beyond its first page.
    #[serde(rename = "second page")]
    SecondPage,
}

/// What is there before anything happens.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorldSetup {
    /// The Freshdesk account.
    #[serde(default)]
    pub freshdesk: FreshdeskSetup,
    /// Reps by name; each is an agent without admin rights. Default: Rita and Sam.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reps: Option<Vec<String>>,
    /// Groups by name, with the names of their members.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub groups: IndexMap<String, Vec<String>>,
    /// Whether the bridge is verified, saved and its two rules are pasted before
    /// the scenario begins.
    #[serde(default = "yes")]
    pub connected: bool,
    /// The settings the bridge is saved with.
    #[serde(default)]
    pub bridge: SettingsChange,
    /// What the AI says, by a text that the customer's message contains; `*` is any.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub brain: IndexMap<String, BrainAnswer>,
}

impl Default for WorldSetup {
    fn default() -> Self {
        Self {
            freshdesk: FreshdeskSetup::default(),
            reps: None,
            groups: IndexMap::new(),
            connected: true,
            bridge: SettingsChange::default(),
            brain: IndexMap::new(),
        }
    }
}

/// The Freshdesk account of a scenario.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FreshdeskSetup {
    /// The plan, which decides quotas and features.
    #[serde(default = "default_plan")]
    pub plan: Plan,
    /// Which creation rules run for a new ticket.
    #[serde(default)]
    pub creation_rules: RuleExecution,
    /// Whether a customer's reply reopens a resolved ticket (a rule that Freshdesk seeds).
    #[serde(default = "yes")]
    pub reopen_rule: bool,
    /// Whether the checkbox `cf_opencx_handed_off` exists.
    #[serde(default = "yes")]
    pub marker_field: bool,
    /// Calls a minute in place of the plan's: `total`, `ticket_create`, `tickets_list`, ….
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub quota: IndexMap<String, u32>,
    /// Switches of the fake, as docs/fidelity.md names them.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub settings: IndexMap<String, serde_json::Value>,
}

impl Default for FreshdeskSetup {
    fn default() -> Self {
        Self {
            plan: default_plan(),
            creation_rules: RuleExecution::default(),
            reopen_rule: true,
            marker_field: true,
            quota: IndexMap::new(),
            settings: IndexMap::new(),
        }
    }
}

fn default_plan() -> Plan {
    Plan::Growth
}

fn yes() -> bool {
    true
}

/// A Freshdesk plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Plan {
    /// No API and no webhook action.
    Free,
    /// 200 calls a minute.
    Growth,
    /// 400 calls a minute.
    Pro,
    /// 700 calls a minute.
    Enterprise,
    /// 50 calls a minute.
    Trial,
}

/// Which creation rules run for a new ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RuleExecution {
    /// Only the first that matches (Freshdesk's default).
    #[default]
    FirstMatch,
    /// Every one that matches.
    AllMatches,
}

/// Settings of the bridge; what is left out stays as it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SettingsChange {
    /// Auto Handle All Incoming Tickets. Default: on, unlike the bridge's own default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_handle_all: Option<bool>,
    /// Default Group, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_group: Option<String>,
    /// Handoff Agent, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handoff_agent: Option<String>,
    /// Handoff Group, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handoff_group: Option<String>,
    /// The marker field's API name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marker_field: Option<String>,
    /// A line that marks drafts in assist mode.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assist_mode_footer: Option<String>,
    /// The mode of each channel.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub channels: IndexMap<Channel, ChannelMode>,
}

/// A channel of the bridge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// E-mail tickets.
    Email,
    /// Portal, chat and feedback widget tickets.
    Web,
    /// Phone tickets.
    Phone,
}

/// What the AI does on a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelMode {
    /// It replies in public.
    Autopilot,
    /// It drafts private notes.
    Assist,
    /// It stays silent.
    Off,
}

/// What the diagnosis must name.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectedDiagnosis {
    /// The clause of the symptom row, such as `SYM-1`.
    pub row: At<String>,
    /// The cause, in the catalogue's words.
    pub cause: At<String>,
    /// A part of the place to look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The ticket that shows the symptom, where the cause lies with one ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<At<String>>,
}

/// The source of a ticket unless the scenario says another.
pub(crate) const DEFAULT_VIA: Via = Via::Email;
