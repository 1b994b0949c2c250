//! What must be seen: one subject, and what is expected of it.
//!
//! | file | holds |
//! |---|---|
//! | `mod.rs` | an expectation's fields |
//! | `words` | the words that stand for a subject or a property |
//! | `fits` | which properties go with which subject |

mod fits;
mod words;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::at::At;
use super::count::Count;
use super::duration::HumanDuration;
use super::step::RuleName;
pub use words::{
    AllSessions, Answered, AttemptOutcome, BrainSubject, CalledHosts, Existence, SettingExpected,
    StatusExpected, VerifyOutcome,
};

/// One expectation. It names exactly one subject (`ticket`, `session for`,
/// `rule`, `calls of`, …) and one or more properties of it.
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

    /// Subject: each of the tickets that were opened under one name.
    #[serde(default, rename = "each of", skip_serializing_if = "Option::is_none")]
    pub each_of: Option<At<String>>,
    /// Subject: the sessions of the bridge: `all`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sessions: Option<AllSessions>,
    /// Subject: a problem of this kind, whichever ticket it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Subject: what the bridge's support bundle for a ticket's session holds.
    #[serde(
        default,
        rename = "support bundle for",
        skip_serializing_if = "Option::is_none"
    )]
    pub support_bundle_for: Option<At<String>>,
    /// Subject: the answer to the last call of a stranger, or of a webhook by hand: `answered`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stranger: Option<Answered>,
    /// Subject: the last rule that an admin tried to paste: `refused` or `accepted`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<AttemptOutcome>,
    /// Subject: the hosts that the bridge called: `called`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosts: Option<CalledHosts>,

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

    /// Of a ticket: its group by name, or `none`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<At<String>>,
    /// Of a ticket: the value of the marker field; `false` also where it is empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marker: Option<bool>,
    /// Of a ticket: tags it does not have.
    #[serde(default, rename = "lacks tags", skip_serializing_if = "Vec::is_empty")]
    pub lacks_tags: Vec<String>,
    /// Of a ticket: texts that the AI said in public.
    #[serde(
        default,
        rename = "public text has",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub public_text_has: Vec<String>,
    /// Of a ticket: texts that nobody said in public.
    #[serde(
        default,
        rename = "public text lacks",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub public_text_lacks: Vec<String>,
    /// Of a ticket: texts in the AI's private notes.
    #[serde(default, rename = "ai note has", skip_serializing_if = "Vec::is_empty")]
    pub ai_note_has: Vec<String>,
    /// Of a ticket: the names of the files on the AI's last post, in order.
    #[serde(default, rename = "attached", skip_serializing_if = "Vec::is_empty")]
    pub attached: Vec<String>,
    /// Of a ticket: whether the AI's last post has no file at all.
    #[serde(
        default,
        rename = "nothing attached",
        skip_serializing_if = "Option::is_none"
    )]
    pub nothing_attached: Option<bool>,
    /// Of a ticket: who said the last word in public, `ai`, `customer` or `rep`.
    #[serde(default, rename = "last word", skip_serializing_if = "Option::is_none")]
    pub last_word: Option<String>,
    /// Of a ticket: what the AI wrote to it, in order: `reply`, `note`, `update`.
    #[serde(default, rename = "ai writes", skip_serializing_if = "Vec::is_empty")]
    pub ai_writes: Vec<String>,

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

    /// Of a session: notes of reps and of the AI about the ticket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comments: Option<Count>,
    /// Of a session: drafts of the AI (assist mode).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drafts: Option<Count>,
    /// Of a session: its channel, `email`, `web` or `phone`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// Of a session: the source number that the ticket came in by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<i64>,
    /// Of a session: events in its history, in this order.
    #[serde(default, rename = "events", skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// Of a session: the AI's summary at handoff contains this.
    #[serde(
        default,
        rename = "summary has",
        skip_serializing_if = "Option::is_none"
    )]
    pub summary_has: Option<String>,
    /// Of a session: the mood at handoff.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentiment: Option<String>,
    /// Of a session: how the AI closed it.
    #[serde(
        default,
        rename = "ai closure",
        skip_serializing_if = "Option::is_none"
    )]
    pub ai_closure: Option<String>,
    /// Of a session: whether it is still the one that was seen first.
    #[serde(
        default,
        rename = "same as before",
        skip_serializing_if = "Option::is_none"
    )]
    pub same_as_before: Option<bool>,
    /// Of sessions: whether each says what its ticket says.
    #[serde(
        default,
        rename = "equal their tickets",
        skip_serializing_if = "Option::is_none"
    )]
    pub equal_their_tickets: Option<bool>,

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

    /// Of a rule: its last webhook was answered within this time.
    #[serde(
        default,
        rename = "answered within",
        skip_serializing_if = "Option::is_none"
    )]
    pub answered_within: Option<HumanDuration>,

    /// Of calls, mails, sessions: how many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exactly: Option<Count>,
    /// Of calls: no retry of a 429 comes sooner than this.
    #[serde(
        default,
        rename = "no retry before",
        skip_serializing_if = "Option::is_none"
    )]
    pub no_retry_before: Option<HumanDuration>,

    /// Of calls: only those that were answered with this status.
    #[serde(
        default,
        rename = "answered with",
        skip_serializing_if = "Option::is_none"
    )]
    pub answered_with: Option<u16>,
    /// Of calls: in how many different minutes they were made.
    #[serde(
        default,
        rename = "in minutes",
        skip_serializing_if = "Option::is_none"
    )]
    pub in_minutes: Option<Count>,
    /// Of calls: those of others than the bridge.
    #[serde(
        default,
        rename = "by another app",
        skip_serializing_if = "Option::is_none"
    )]
    pub by_another_app: Option<bool>,
    /// Of calls: each wait between two sends is longer than the one before.
    #[serde(
        default,
        rename = "growing waits",
        skip_serializing_if = "Option::is_none"
    )]
    pub growing_waits: Option<bool>,
    /// Of tickets under one name: all were answered within this share of the shortest time that the quota allows, such as 1.25.
    #[serde(
        default,
        rename = "quota time at most",
        skip_serializing_if = "Option::is_none"
    )]
    pub quota_time: Option<f64>,
    /// Of an answer: one of these statuses.
    #[serde(default, rename = "status in", skip_serializing_if = "Vec::is_empty")]
    pub status_in: Vec<u16>,
    /// Of settings: whether the connection is `connected` or `broken`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// Of settings: the reason for a broken connection contains this.
    #[serde(
        default,
        rename = "reason has",
        skip_serializing_if = "Option::is_none"
    )]
    pub reason_has: Option<String>,
    /// Of settings: the codes of the warnings at the last save, and no others.
    #[serde(default, rename = "warnings", skip_serializing_if = "Option::is_none")]
    pub warnings: Option<Vec<String>>,
    /// Of settings: a warning's message contains this.
    #[serde(
        default,
        rename = "warning has",
        skip_serializing_if = "Option::is_none"
    )]
    pub warning_has: Option<String>,
    /// Of settings: the state of the backfill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backfill: Option<String>,
    /// Of settings: how many tickets the backfill imported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Count>,
    /// Of settings: the saved setting of this name has this value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setting: Option<SettingExpected>,
    /// Of settings: whether the webhook URL is another than before the last disconnect.
    #[serde(
        default,
        rename = "new webhook url",
        skip_serializing_if = "Option::is_none"
    )]
    pub new_webhook_url: Option<bool>,
    /// Of settings: how many bits of chance the webhook URL's token can hold.
    #[serde(
        default,
        rename = "webhook secret bits",
        skip_serializing_if = "Option::is_none"
    )]
    pub webhook_secret_bits: Option<Count>,
    /// Of the brain: texts it was told.
    #[serde(default, rename = "told", skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<String>,
    /// Of the brain: texts it was never told.
    #[serde(default, rename = "never told", skip_serializing_if = "Vec::is_empty")]
    pub never_told: Vec<String>,
    /// Of a support bundle: the fields it has.
    #[serde(default, rename = "has", skip_serializing_if = "Vec::is_empty")]
    pub has: Vec<String>,
    /// Of a support bundle, an answer, saved settings: texts that are nowhere in it.
    #[serde(default, rename = "lacks", skip_serializing_if = "Vec::is_empty")]
    pub lacks: Vec<String>,
    /// Of hosts: only these.
    #[serde(default, rename = "only", skip_serializing_if = "Vec::is_empty")]
    pub only: Vec<String>,

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
