//! What must be seen: one subject, and what is expected of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::at::At;
use super::count::Count;
use super::duration::HumanDuration;
use super::step::RuleName;

/// One expectation. It names exactly one subject (`ticket`, `session for`,
/// `rule`, `calls of`, `verify`, `saved settings`, `brain`, `mails`, `problem`)
/// and one or more properties of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// It must become true within this time; without it, it must be true at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<HumanDuration>,
    /// It must be true now and stay true for this long.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub throughout: Option<HumanDuration>,
    /// The clause this expectation stands for. Default: the scenario's first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause: Option<At<String>>,

    /// Subject: a ticket in Freshdesk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<At<String>>,
    /// Subject: the bridge's session for a ticket.
    #[serde(
        default,
        rename = "session for",
        skip_serializing_if = "Option::is_none"
    )]
    pub session_for: Option<At<String>>,
    /// Subject: the activity log of one of the two rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RuleName>,
    /// Subject: the bridge's calls of an API path, such as `POST /tickets/*/reply`.
    #[serde(default, rename = "calls of", skip_serializing_if = "Option::is_none")]
    pub calls_of: Option<String>,
    /// Subject: the answer to the last Verify (or refused save): `succeeds` or `fails`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<VerifyOutcome>,
    /// Subject: whether the bridge has saved settings.
    #[serde(
        default,
        rename = "saved settings",
        skip_serializing_if = "Option::is_none"
    )]
    pub saved_settings: Option<Existence>,
    /// Subject: what the brain was asked: `asked`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brain: Option<BrainSubject>,
    /// Subject: mails that Freshdesk sent, by kind, such as `webhook_failure`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mails: Option<String>,
    /// Subject: a problem that the bridge reports for a ticket.
    #[serde(
        default,
        rename = "problem for",
        skip_serializing_if = "Option::is_none"
    )]
    pub problem_for: Option<At<String>>,

    /// Of a ticket: public replies by the OpenCX agent.
    #[serde(
        default,
        rename = "ai replies",
        skip_serializing_if = "Option::is_none"
    )]
    pub ai_replies: Option<Count>,
    /// Of a ticket: private notes by the OpenCX agent.
    #[serde(default, rename = "ai notes", skip_serializing_if = "Option::is_none")]
    pub ai_notes: Option<Count>,
    /// Of a ticket: tags it has, among others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Of a ticket: its status number. Of a session: `open`, `closed_resolved`, `closed_unresolved`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<StatusExpected>,
    /// Of a ticket: its assignee by name, or `nobody`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<At<String>>,

    /// Of a session, a problem: whether there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exists: Option<bool>,
    /// Of a session: whether it is flagged handed off.
    #[serde(
        default,
        rename = "handed off",
        skip_serializing_if = "Option::is_none"
    )]
    pub handed_off: Option<bool>,
    /// Of a session: messages of the customer.
    #[serde(
        default,
        rename = "customer messages",
        skip_serializing_if = "Option::is_none"
    )]
    pub customer_messages: Option<Count>,
    /// Of a session: messages of the AI.
    #[serde(
        default,
        rename = "ai messages",
        skip_serializing_if = "Option::is_none"
    )]
    pub ai_messages: Option<Count>,
    /// Of a session: public messages of reps.
    #[serde(
        default,
        rename = "rep messages",
        skip_serializing_if = "Option::is_none"
    )]
    pub rep_messages: Option<Count>,
    /// Of a session: texts in its history, in this order.
    #[serde(default, rename = "history has", skip_serializing_if = "Vec::is_empty")]
    pub history_has: Vec<String>,

    /// Of a rule: how often it executed since the step before last changed it, or since the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub executed: Option<Count>,
    /// Of a rule: the reason for which it was last skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
    /// Of a rule: how its last webhook call ended: `2xx`, `4xx`, `5xx`, or `none` if it made none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<String>,

    /// Of a rule: how many tries its last webhook call took so far.
    #[serde(
        default,
        rename = "webhook tries",
        skip_serializing_if = "Option::is_none"
    )]
    pub webhook_tries: Option<Count>,

    /// Of calls, mails: how many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exactly: Option<Count>,
    /// Of calls: no retry of a 429 comes sooner than this.
    #[serde(
        default,
        rename = "no retry before",
        skip_serializing_if = "Option::is_none"
    )]
    pub no_retry_before: Option<HumanDuration>,

    /// Of verify: the name of the agent it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Of verify: the e-mail it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Of verify: the error's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Of verify: a text that the error's message contains, whatever its case.
    #[serde(
        default,
        rename = "message contains",
        skip_serializing_if = "Option::is_none"
    )]
    pub message_contains: Option<String>,

    /// Of the brain: how often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<Count>,
    /// Of a problem: its kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

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

/// A status: a number for a ticket, a word for a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum StatusExpected {
    /// A ticket's status.
    Ticket(u16),
    /// A session's status.
    Session(String),
}

/// The subjects, as they are written.
pub(crate) const SUBJECTS: [&str; 9] = [
    "ticket",
    "session for",
    "rule",
    "calls of",
    "verify",
    "saved settings",
    "brain",
    "mails",
    "problem for",
];

/// Which properties go with which subjects, as they are written.
const PROPERTIES: [(&str, &[&str]); 24] = [
    ("ai replies", &["ticket"]),
    ("ai notes", &["ticket"]),
    ("tags", &["ticket"]),
    ("status", &["ticket", "session for"]),
    ("assignee", &["ticket"]),
    ("exists", &["session for", "problem for"]),
    ("handed off", &["session for"]),
    ("customer messages", &["session for"]),
    ("ai messages", &["session for"]),
    ("rep messages", &["session for"]),
    ("history has", &["session for"]),
    ("executed", &["rule"]),
    ("skipped", &["rule"]),
    ("webhook", &["rule"]),
    ("webhook tries", &["rule"]),
    ("exactly", &["calls of", "mails"]),
    ("no retry before", &["calls of"]),
    ("agent", &["verify"]),
    ("email", &["verify"]),
    ("code", &["verify"]),
    ("message contains", &["verify"]),
    ("times", &["brain"]),
    ("kind", &["problem for"]),
    ("clause", &SUBJECTS),
];

impl Expectation {
    /// Whether its subject is Freshdesk's alone, so that nothing about it
    /// changes without an entry in the journal.
    pub(crate) fn is_about_freshdesk(&self) -> bool {
        self.ticket.is_some()
            || self.rule.is_some()
            || self.calls_of.is_some()
            || self.mails.is_some()
    }

    /// Says what is wrong with the combination of subject and properties, if anything.
    pub(crate) fn fault(&self) -> Option<String> {
        let written = serde_json::to_value(self).unwrap_or_default();
        let keys: Vec<&str> = written
            .as_object()
            .map(|map| map.keys().map(String::as_str).collect())
            .unwrap_or_default();
        let subjects: Vec<&str> = keys
            .iter()
            .copied()
            .filter(|k| SUBJECTS.contains(k))
            .collect();
        let subject = match subjects.as_slice() {
            [one] => *one,
            [] => {
                return Some(format!(
                    "this expectation names no subject: add one of {}",
                    SUBJECTS.map(|s| format!("`{s}`")).join(", ")
                ));
            }
            several => {
                return Some(format!(
                    "this expectation names {} subjects ({}): write one expectation for each",
                    several.len(),
                    several
                        .iter()
                        .map(|s| format!("`{s}`"))
                        .collect::<Vec<_>>()
                        .join(", ")
                ));
            }
        };
        let mut properties = 0;
        for key in keys {
            let Some((_, of)) = PROPERTIES.iter().find(|(name, _)| *name == key) else {
                continue;
            };
            if !of.contains(&subject) {
                return Some(format!(
                    "`{key}` is nothing that a `{subject}` has: it goes with {}",
                    of.iter()
                        .map(|s| format!("`{s}`"))
                        .collect::<Vec<_>>()
                        .join(", ")
                ));
            }
            properties += usize::from(key != "clause");
        }
        let stands_alone = matches!(subject, "verify" | "saved settings");
        if properties == 0 && !stands_alone {
            let of: Vec<String> = PROPERTIES
                .iter()
                .filter(|(name, of)| of.contains(&subject) && *name != "clause")
                .map(|(name, _)| format!("`{name}`"))
                .collect();
            return Some(format!(
                "nothing is expected of this `{subject}`: add {}",
                of.join(", ")
            ));
        }
        match (&self.status, subject) {
            (Some(StatusExpected::Session(word)), "ticket") => Some(format!(
                "a ticket's `status` is a number (2 open, 3 pending, 4 resolved, 5 closed), not `{word}`"
            )),
            (Some(StatusExpected::Ticket(number)), "session for") => Some(format!(
                "a session's `status` is `open`, `closed_resolved` or `closed_unresolved`, not `{number}`"
            )),
            _ => None,
        }
    }
}
