//! Scenarios that a bridge which does nothing would pass.

use serde::Serialize;

use super::suite::Suite;
use super::verdict::Verdict;
use crate::clauses::Catalogue;
use crate::known_bad::idle;
use crate::plan::Plan;

/// A scenario whose mark does not fit what it asserts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Toothless {
    /// The scenario.
    pub scenario: String,
    /// Whether it is marked as negative and need not be.
    pub needlessly_marked: bool,
}

impl std::fmt::Display for Toothless {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.needlessly_marked {
            write!(
                f,
                "{}: a bridge that does nothing fails this, so take `negative` away",
                self.scenario
            )
        } else {
            write!(
                f,
                "{}: a bridge that does nothing passes this; expect something that a bridge must do, or say in `negative` why not",
                self.scenario
            )
        }
    }
}

/// Plays every plan with a bridge that does nothing, and finds those that pass
/// without being marked, or are marked and fail.
pub fn toothless(plans: &[Plan], catalogue: &Catalogue) -> Vec<Toothless> {
    let suite = Suite {
        bridge: idle::bridge(),
        ..Suite::default()
    };
    suite
        .play_all(plans, catalogue)
        .into_iter()
        .zip(plans)
        .filter_map(|(outcome, plan)| {
            let passes = outcome.verdict == Verdict::Passed;
            let marked = plan.document.negative.is_some();
            (passes != marked).then_some(Toothless {
                scenario: outcome.name,
                needlessly_marked: marked,
            })
        })
        .collect()
}
