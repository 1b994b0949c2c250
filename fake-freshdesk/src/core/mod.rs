//! The helpdesk as a state machine: no async, no clock, no chance, no I/O.
//!
//! `now` comes in with every call, webhook calls to be made come back as
//! values ([`Helpdesk::take_effects`]), and [`Helpdesk::next_due`] says when
//! to call [`Helpdesk::run_due`] again.
//!
//! | file | holds |
//! |---|---|
//! | `account.rs` | one account's whole state |
//! | `desk.rs` | an account opened for work |
//! | `people.rs`, `tickets/`, `html.rs`, `contents.rs` | what an account has |
//! | `fields.rs`, `choices.rs`, `field_values.rs` | its form: fields, their choices, and which values they take |
//! | `sections.rs` | parts of the form that show for some choices only |
//! | `exports.rs`, `imports.rs`, `csv.rs` | files of people that are made and read by and by |
//! | `events.rs`, `automation/` | what happens to tickets, and the rules over it |
//! | `plan.rs`, `quota.rs`, `settings.rs` | plans as data, the allowance, the named defaults |
//! | `agenda.rs`, `time.rs`, `ids.rs`, `words.rs`, `revised.rs` | due tasks, stamps, counters, nearest words, values that count their changes |
//! | `journal.rs`, `mail.rs`, `faults.rs`, `chaos.rs` | what can be observed, what can be broken |
//! | `seed.rs`, `snapshot.rs` | a world from a file; the whole state as JSON and back |
//! | `v2/` | the REST API |
//! | `control/` | the control API |

mod account;
mod agenda;
mod automation;
mod chaos;
mod choices;
mod contents;
mod control;
mod csv;
mod desk;
mod events;
mod exports;
mod faults;
mod field_values;
mod fields;
mod html;
mod ids;
mod imports;
mod journal;
mod journal_view;
mod mail;
mod people;
mod plan;
mod quota;
mod revised;
mod sections;
mod seed;
mod settings;
mod snapshot;
mod tickets;
mod time;
mod v2;
mod words;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use bytes::Bytes;

pub use automation::Outcome;
pub use contents::{Content, Upload};
pub use control::{ControlReply, ControlRequest, NewAccount};
pub use faults::Connection;
pub use ids::AccountId;
pub use plan::{Plan, Quota};
pub use seed::{BadSeed, Seeded};
pub use snapshot::BadSnapshot;
pub use time::Ms;
pub use v2::{ApiBody, ApiReply, ApiRequest, Rate, Stamp, status_line};

use account::Account;
use agenda::{Agenda, Task};
use contents::Contents;
use desk::Desk;
use journal::Journal;

/// What the core needs to be told at start.
#[derive(Clone, Debug)]
pub struct CoreOptions {
    /// Hosts besides loopback that webhooks may call.
    pub allowed_webhook_hosts: Vec<String>,
    /// How many entries the journal keeps.
    pub journal_capacity: usize,
    /// New accounts meet faults drawn from this seed.
    pub chaos: Option<u64>,
}

/// Something the core wants done outside.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Make this HTTP request and report how it ended.
    CallWebhook(WebhookCall),
}

/// One attempt of a webhook call.
#[derive(Clone, Debug)]
pub struct WebhookCall {
    /// The account whose rule it is.
    pub account: AccountId,
    /// The delivery.
    pub delivery: u64,
    /// Which attempt of the delivery, from 1.
    pub attempt: u32,
    /// The verb.
    pub method: String,
    /// The URL, rendered.
    pub url: String,
    /// All headers.
    pub headers: Vec<(String, String)>,
    /// The body, rendered; empty for GET and DELETE.
    pub body: Bytes,
    /// A receiver that takes longer (milliseconds) has failed.
    pub timeout_ms: Ms,
    /// A duplicate made by a fault; its outcome does not count.
    pub copy: bool,
}

/// All accounts of a server.
#[derive(Debug)]
pub struct Helpdesk {
    accounts: BTreeMap<AccountId, Account>,
    domains: HashMap<String, AccountId>,
    next_account: u32,
    journal: Journal,
    agenda: Agenda,
    contents: Contents,
    effects: Vec<Effect>,
    options: CoreOptions,
    /// The latest `now` seen: time never runs backwards in here.
    latest: Ms,
    requests: u64,
}

impl Helpdesk {
    /// A helpdesk without accounts.
    #[must_use]
    pub fn new(options: CoreOptions) -> Helpdesk {
        Helpdesk {
            accounts: BTreeMap::new(),
            domains: HashMap::new(),
            next_account: 0,
            journal: Journal::new(options.journal_capacity),
            agenda: Agenda::default(),
            contents: Contents::default(),
            effects: Vec::new(),
            options,
            latest: Ms::MIN,
            requests: 0,
        }
    }

    /// When [`run_due`](Helpdesk::run_due) has something to do next.
    #[must_use]
    pub fn next_due(&self) -> Option<Ms> {
        self.agenda.next_due()
    }

    /// The number of the journal's newest entry.
    #[must_use]
    pub fn last_seq(&self) -> u64 {
        self.journal.last_seq()
    }

    /// Does everything that is due by `now`, in order, each at its own time.
    /// Returns `now`, or the latest time seen if that is later.
    pub fn run_due(&mut self, now: Ms) -> Ms {
        let now = now.max(self.latest);
        while let Some((due, task)) = self.agenda.take_due(now) {
            self.latest = due.max(self.latest);
            self.run_task(task);
        }
        self.latest = now;
        now
    }

    fn run_task(&mut self, task: Task) {
        let at = self.latest;
        let account = match &task {
            Task::RunRules { account, .. }
            | Task::Attempt { account, .. }
            | Task::Send { account, .. }
            | Task::HourlyRules { account }
            | Task::FallDue { account, .. }
            | Task::FinishJob { account, .. }
            | Task::FinishExport { account, .. }
            | Task::FinishImport { account, .. } => *account,
        };
        // The account may be gone by now; then so is its work.
        let Some(mut desk) = self.desk(account, at) else {
            return;
        };
        match task {
            Task::RunRules { event, .. } => desk.run_rules(&event),
            Task::Attempt { delivery, .. } => desk.attempt(delivery),
            Task::Send { delivery, .. } => desk.send(delivery, false),
            Task::HourlyRules { .. } => desk.sweep(),
            Task::FallDue {
                ticket, due, at, ..
            } => desk.fall_due(ticket, due, at),
            Task::FinishJob { job, .. } => desk.finish_job(&job),
            Task::FinishExport { export, .. } => desk.finish_export(&export),
            Task::FinishImport { import, .. } => desk.finish_import(import),
        }
    }

    /// Takes what is to be done outside.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Reports how an attempt ended.
    pub fn webhook_finished(&mut self, now: Ms, call: &WebhookCall, outcome: &Outcome) {
        let now = self.run_due(now);
        if call.copy {
            return;
        }
        if let Some(mut desk) = self.desk(call.account, now) {
            desk.finish_attempt(call.delivery, call.attempt, outcome);
        }
    }

    /// Opens an account for work.
    fn desk(&mut self, id: AccountId, now: Ms) -> Option<Desk<'_>> {
        Some(Desk {
            now,
            account: self.accounts.get_mut(&id)?,
            journal: &mut self.journal,
            agenda: &mut self.agenda,
            contents: &mut self.contents,
            effects: &mut self.effects,
            options: &self.options,
            cause: None,
        })
    }

    /// Is the host, port or not, some customer's own name for their helpdesk?
    fn is_vanity_host(&self, host: &str) -> bool {
        let name = host.split(':').next().unwrap_or(host);
        let mut accounts = self.accounts.values();
        accounts.any(|account| {
            let vanity = account.settings.vanity_host.as_deref();
            vanity.is_some_and(|vanity| vanity.eq_ignore_ascii_case(name))
        })
    }

    /// The account that a `Host` names: its domain, the domain with
    /// `.localhost` after it, or a loopback name when there is only one account.
    fn account_of_host(&self, host: &str) -> Option<AccountId> {
        let (name, port) = match host.strip_prefix('[') {
            Some(rest) => rest.split_once(']')?,
            None => host.split_at(host.find(':').unwrap_or(host.len())),
        };
        // What stands in `Host` stands in `Location` and `Link` too.
        let digits = port.strip_prefix(':').unwrap_or(port);
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let name = name.trim_end_matches('.');
        // Nearly every client spells it in small letters already.
        let name = if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(name.to_ascii_lowercase())
        } else {
            Cow::Borrowed(name)
        };
        if let Some(id) = self.domains.get(&*name) {
            return Some(*id);
        }
        if let Some(id) = name
            .strip_suffix(".localhost")
            .and_then(|name| self.domains.get(name))
        {
            return Some(*id);
        }
        let address = name.parse::<IpAddr>();
        let loopback = &*name == "localhost" || address.is_ok_and(|address| address.is_loopback());
        match self.accounts.keys().collect::<Vec<_>>().as_slice() {
            [only] if loopback => Some(**only),
            _ => None,
        }
    }
}
