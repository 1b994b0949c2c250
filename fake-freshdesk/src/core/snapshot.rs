//! The whole state as JSON, and back, exactly.
//!
//! The journal's entries stay behind; its numbering goes on, so that causes
//! named in the state never name a newer entry.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::account::Account;
use super::agenda::{Agenda, Task};
use super::contents::Contents;
use super::ids::AccountId;
use super::journal::Journal;
use super::{Helpdesk, Ms};

/// The form's version; a snapshot of another one is refused.
const VERSION: u32 = 2;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    version: u32,
    /// Milliseconds since the Unix epoch.
    now: Ms,
    next_account: u32,
    requests: u64,
    journal_seq: u64,
    accounts: BTreeMap<AccountId, Account>,
    agenda: Agenda,
    contents: Contents,
}

#[derive(Serialize)]
struct Borrowed<'a> {
    version: u32,
    now: Ms,
    next_account: u32,
    requests: u64,
    journal_seq: u64,
    accounts: &'a BTreeMap<AccountId, Account>,
    agenda: &'a Agenda,
    contents: &'a Contents,
}

/// Why a snapshot was refused: where, and what about it.
#[derive(Debug)]
pub struct BadSnapshot {
    /// The JSON path.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

impl Helpdesk {
    /// The whole state as JSON.
    pub fn snapshot(&mut self, now: Ms) -> Vec<u8> {
        let now = self.run_due(now);
        let whole = Borrowed {
            version: VERSION,
            now,
            next_account: self.next_account,
            requests: self.requests,
            journal_seq: self.journal.last_seq(),
            accounts: &self.accounts,
            agenda: &self.agenda,
            contents: &self.contents,
        };
        serde_json::to_vec(&whole).unwrap_or_default()
    }

    /// Takes over the state of a snapshot and returns its point in time. All
    /// or nothing; webhook calls that were under way are sent again.
    ///
    /// # Errors
    ///
    /// The bytes are no snapshot of this version.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<Ms, BadSnapshot> {
        let refused = |path: String, message: String| BadSnapshot { path, message };
        let value: Value = serde_json::from_slice(bytes)
            .map_err(|error| refused("$".into(), error.to_string()))?;
        let version = value.get("version").and_then(Value::as_u64);
        if version != Some(u64::from(VERSION)) {
            let message =
                format!("this is no snapshot of version {VERSION}: `version` must be {VERSION}");
            return Err(refused("$.version".into(), message));
        }
        let whole: Whole = serde_path_to_error::deserialize(value)
            .map_err(|error| refused(format!("$.{}", error.path()), error.inner().to_string()))?;
        debug_assert_eq!(whole.version, VERSION);
        self.domains = whole
            .accounts
            .values()
            .map(|account| (account.domain.to_string(), account.id))
            .collect();
        self.accounts = whole.accounts;
        self.next_account = whole.next_account;
        self.requests = whole.requests;
        self.agenda = whole.agenda;
        self.contents = whole.contents;
        self.journal = Journal::starting_after(self.options.journal_capacity, whole.journal_seq);
        self.effects.clear();
        self.latest = whole.now;
        self.send_again();
        Ok(whole.now)
    }

    /// Sends webhook calls again whose outcome nobody waits for any more.
    fn send_again(&mut self) {
        let held: Vec<(AccountId, u64)> = self
            .agenda
            .tasks()
            .filter_map(|task| match task {
                Task::Send { account, delivery } => Some((*account, *delivery)),
                _ => None,
            })
            .collect();
        let under_way: Vec<(AccountId, u64)> = self
            .accounts
            .values()
            .flat_map(|account| {
                account
                    .deliveries
                    .values()
                    .filter(|each| each.is_under_way())
                    .map(|each| (account.id, each.id))
            })
            .filter(|call| !held.contains(call))
            .collect();
        for (account, delivery) in under_way {
            let now = self.latest;
            if let Some(mut desk) = self.desk(account, now) {
                desk.send(delivery, false);
            }
        }
    }
}
