//! Outcomes counted, in all and by the guide's rows.

use indexmap::IndexMap;
use serde::Serialize;

use crate::clauses::Catalogue;
use crate::runner::verdict::{Outcome, Verdict};

/// How many runs ended how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Passed.
    pub passed: usize,
    /// Failed: the bridge is wrong.
    pub failed: usize,
    /// Known failures: the bridge is wrong, and there is a reason on record.
    pub known_failures: usize,
    /// Harness errors: we are wrong.
    pub harness_errors: usize,
    /// Not tested: the bridge lacks what is needed.
    pub not_tested: usize,
}

impl Counts {
    /// Counts outcomes.
    pub fn of<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> Self {
        let mut counts = Self::default();
        for outcome in outcomes {
            counts.add(&outcome.verdict);
        }
        counts
    }

    fn add(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Passed => self.passed += 1,
            Verdict::Failed { .. } => self.failed += 1,
            Verdict::KnownFailure { .. } => self.known_failures += 1,
            Verdict::HarnessError { .. } => self.harness_errors += 1,
            Verdict::NotTested { .. } => self.not_tested += 1,
        }
    }

    /// All of them.
    pub fn total(self) -> usize {
        self.passed + self.failed + self.known_failures + self.harness_errors + self.not_tested
    }

    /// The exit code of a run: 0 passed, 1 failed, 3 harness error.
    pub fn exit_code(self) -> u8 {
        match self {
            Self {
                harness_errors: 1..,
                ..
            } => 3,
            Self { failed: 1.., .. } => 1,
            _ => 0,
        }
    }
}

/// One row of the summary: a clause and its counts.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// The clause.
    pub clause: String,
    /// The guide's name for it.
    pub title: String,
    /// The scenarios that are about it.
    #[serde(flatten)]
    pub counts: Counts,
}

/// The outcomes by the first clause of each scenario, in the catalogue's order.
pub fn by_clause(outcomes: &[Outcome], catalogue: &Catalogue) -> Vec<Row> {
    let mut rows: IndexMap<&str, Counts> = IndexMap::new();
    for outcome in outcomes {
        if let Some(clause) = outcome.clauses.first() {
            rows.entry(clause).or_default().add(&outcome.verdict);
        }
    }
    catalogue
        .iter()
        .filter_map(|clause| {
            let counts = *rows.get(clause.id.as_str())?;
            Some(Row {
                clause: clause.id.clone(),
                title: clause.title.clone(),
                counts,
            })
        })
        .collect()
}
