//! Failures that are known and have a reason. A scenario on the list may fail;
//! one that passes is stale there and turns the run red, so that the list only
//! ever says what is true.

use std::path::Path;

use serde::Deserialize;

use super::verdict::{Failure, Outcome, Verdict};
use crate::plan::Phase;

/// One line of a list of known failures.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownFailure {
    /// The scenario's name; with its matrix values, or without them for all of them.
    pub scenario: String,
    /// Why it fails, and why it is left so for now.
    pub reason: String,
}

/// Reads a list of known failures: YAML, a list of `{ scenario, reason }`.
///
/// # Errors
/// Says what is wrong with the file, and where.
pub fn read(file: &Path) -> Result<Vec<KnownFailure>, String> {
    let text =
        std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let known: Vec<KnownFailure> = serde_saphyr::from_str(&text).map_err(|error| {
        format!(
            "{}: {error}; write a list of `- {{ scenario: NAME, reason: WHY }}`",
            file.display()
        )
    })?;
    if let Some(without) = known.iter().find(|one| one.reason.trim().is_empty()) {
        return Err(format!(
            "{}: the known failure `{}` has no reason",
            file.display(),
            without.scenario
        ));
    }
    Ok(known)
}

impl KnownFailure {
    /// Whether a scenario of this name is meant.
    fn names(&self, scenario: &str) -> bool {
        scenario == self.scenario || scenario.split('[').next() == Some(self.scenario.as_str())
    }
}

/// Applies a list to an outcome.
pub fn apply(known: &[KnownFailure], outcome: &mut Outcome) {
    for entry in known.iter().filter(|entry| entry.names(&outcome.name)) {
        outcome.verdict = match std::mem::replace(&mut outcome.verdict, Verdict::Passed) {
            Verdict::Failed { failures } => Verdict::KnownFailure {
                reason: entry.reason.clone(),
                failures,
            },
            Verdict::Passed => stale(outcome, entry),
            other => other,
        };
    }
}

/// The first entry that means none of these scenarios.
pub fn unmet<'a>(known: &'a [KnownFailure], scenarios: &[&str]) -> Option<&'a KnownFailure> {
    known
        .iter()
        .find(|entry| !scenarios.iter().any(|name| entry.names(name)))
}

fn stale(outcome: &Outcome, entry: &KnownFailure) -> Verdict {
    let at = outcome.trace.entries().last().map(|entry| entry.at);
    Verdict::Failed {
        failures: vec![Failure {
            clause: outcome.clauses.first().cloned().unwrap_or_default(),
            title: outcome.title.clone(),
            phase: Phase::Invariants,
            line: None,
            expected: format!("it fails, as is known: {}", entry.reason),
            seen: "it passes; take it off the list of known failures".to_owned(),
            at: at.unwrap_or(jiff::Timestamp::UNIX_EPOCH),
            entries: Vec::new(),
        }],
    }
}
