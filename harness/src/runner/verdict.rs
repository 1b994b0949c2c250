//! What a run came to.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::plan::Phase;
use crate::trace::Trace;

/// The verdict on one plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// Everything was seen as expected.
    Passed,
    /// The bridge is wrong.
    Failed {
        /// In what, the first first.
        failures: Vec<Failure>,
    },
    /// We are wrong: the world or the harness broke.
    HarnessError {
        /// How.
        message: String,
    },
    /// The bridge is wrong, and that is known and has a reason.
    KnownFailure {
        /// Why it is left so for now.
        reason: String,
        /// In what, the first first.
        failures: Vec<Failure>,
    },
    /// The bridge under test lacks what this needs.
    NotTested {
        /// What it lacks.
        reason: String,
    },
}

impl Verdict {
    /// The verdict in one word (or two).
    pub fn word(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed { .. } => "failed",
            Self::KnownFailure { .. } => "known failure",
            Self::HarnessError { .. } => "harness error",
            Self::NotTested { .. } => "not tested",
        }
    }
}

/// One thing that was not as it must be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// The clause that is broken.
    pub clause: String,
    /// The guide's name for it, or the clause's short name.
    pub title: String,
    /// The part of the plan.
    pub phase: Phase,
    /// The line of the scenario file, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// What was expected.
    pub expected: String,
    /// What was seen.
    pub seen: String,
    /// When it was clear, in the helpdesk's time.
    pub at: Timestamp,
    /// The trace entries that matter, by number.
    pub entries: Vec<usize>,
}

/// What playing a plan came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The plan's name.
    pub name: String,
    /// What `harness run` plays it by.
    pub address: String,
    /// The scenario's title.
    pub title: String,
    /// The clauses it asserts.
    pub clauses: Vec<String>,
    /// The lettered cause of a symptom.
    pub cause: Option<String>,
    /// The file it came from.
    pub file: std::path::PathBuf,
    /// The verdict.
    pub verdict: Verdict,
    /// Everything that happened.
    pub trace: Trace,
    /// Which phase began at which trace entry.
    pub phases: Vec<(Phase, usize)>,
    /// How much helpdesk time passed.
    pub helpdesk_time: Duration,
    /// How much real time it took.
    pub real_time: Duration,
}
