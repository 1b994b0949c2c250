//! Which properties go with which subject.

use super::{Expectation, StatusExpected};

/// The subjects, as they are written.
pub(crate) const SUBJECTS: [&str; 16] = [
    "ticket",
    "each of",
    "session for",
    "sessions",
    "rule",
    "calls of",
    "verify",
    "saved settings",
    "brain",
    "mails",
    "problem for",
    "problem",
    "support bundle for",
    "stranger",
    "attempt",
    "hosts",
];

const TICKETS: &[&str] = &["ticket", "each of"];
const SESSION: &[&str] = &["session for"];
const RULE: &[&str] = &["rule"];
const CALLS: &[&str] = &["calls of"];
const SETTINGS: &[&str] = &["saved settings"];
const VERIFY: &[&str] = &["verify"];

/// Which properties go with which subjects, as they are written.
const PROPERTIES: [(&str, &[&str]); 64] = [
    ("ai replies", TICKETS),
    ("ai notes", TICKETS),
    ("tags", TICKETS),
    ("lacks tags", TICKETS),
    ("status", &["ticket", "each of", "session for"]),
    ("assignee", TICKETS),
    ("group", TICKETS),
    ("marker", TICKETS),
    ("public text has", TICKETS),
    ("public text lacks", TICKETS),
    ("ai note has", TICKETS),
    ("attached", TICKETS),
    ("nothing attached", TICKETS),
    ("ai writes", TICKETS),
    ("last word", TICKETS),
    ("quota time at most", &["each of"]),
    ("exists", &["session for", "problem for", "problem"]),
    ("handed off", SESSION),
    ("customer messages", SESSION),
    ("ai messages", SESSION),
    ("rep messages", SESSION),
    ("comments", SESSION),
    ("drafts", SESSION),
    ("channel", SESSION),
    ("source", SESSION),
    ("events", SESSION),
    ("summary has", SESSION),
    ("sentiment", SESSION),
    ("ai closure", SESSION),
    ("same as before", SESSION),
    ("history has", SESSION),
    ("equal their tickets", &["sessions"]),
    ("executed", RULE),
    ("skipped", RULE),
    ("webhook", RULE),
    ("webhook tries", RULE),
    ("answered within", RULE),
    ("exactly", &["calls of", "mails", "sessions"]),
    ("no retry before", CALLS),
    ("answered with", CALLS),
    ("growing waits", CALLS),
    ("in minutes", CALLS),
    ("by another app", CALLS),
    ("agent", VERIFY),
    ("email", VERIFY),
    ("code", VERIFY),
    ("message contains", &["verify", "stranger", "attempt"]),
    ("status in", &["stranger", "attempt"]),
    ("connection", SETTINGS),
    ("reason has", SETTINGS),
    ("warnings", SETTINGS),
    ("warning has", SETTINGS),
    ("backfill", SETTINGS),
    ("imported", SETTINGS),
    ("setting", SETTINGS),
    ("new webhook url", SETTINGS),
    ("webhook secret bits", SETTINGS),
    ("times", &["brain"]),
    ("told", &["brain"]),
    ("never told", &["brain"]),
    ("has", &["support bundle for"]),
    (
        "lacks",
        &["support bundle for", "stranger", "saved settings"],
    ),
    ("only", &["hosts"]),
    ("kind", &["problem for"]),
];

impl Expectation {
    /// Whether its subject is Freshdesk's alone, so that nothing about it
    /// changes without an entry in the journal.
    pub(crate) fn is_about_freshdesk(&self) -> bool {
        self.ticket.is_some()
            || self.each_of.is_some()
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
            // The clause goes with every subject.
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
            properties += 1;
        }
        let stands_alone = matches!(subject, "verify" | "saved settings" | "attempt" | "hosts");
        if properties == 0 && !stands_alone {
            let of: Vec<String> = PROPERTIES
                .iter()
                .filter(|(_, of)| of.contains(&subject))
                .map(|(name, _)| format!("`{name}`"))
                .collect();
            return Some(format!(
                "nothing is expected of this `{subject}`: add {}",
                of.join(", ")
            ));
        }
        match (&self.status, subject) {
            (Some(StatusExpected::Session(word)), "ticket" | "each of") => Some(format!(
                "a ticket's `status` is a number (2 open, 3 pending, 4 resolved, 5 closed), not `{word}`"
            )),
            (Some(StatusExpected::Ticket(number)), "session for") => Some(format!(
                "a session's `status` is `open`, `closed_resolved` or `closed_unresolved`, not `{number}`"
            )),
            _ => None,
        }
    }
}
