//! Random walks: whole worlds and histories that nobody wrote, played like
//! scenarios, judged by the invariants and by a small model of what each
//! session must be in the end.
//!
//! | file | holds |
//! |---|---|
//! | `mod.rs` | [`Explorer`]: cases, shards, shrinking |
//! | [`walk`] | a walk as proptest makes and shrinks it |
//! | `history` | a walk as a scenario, with what the model expects of it |
//! | [`shard`] | what a shard found, and joining shards |
//!
//! *Nothing lost* (WHK-10, LIM-2), *session equals ticket after quiet* (WHK-6,
//! FLW-2, RES-1) and *quota never starved for ever* (LIM-2, LIM-9) are what the
//! scenario that a walk becomes expects at its end.

mod history;
pub mod shard;
pub mod walk;

use proptest::strategy::{Strategy as _, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::clauses::Catalogue;
use crate::plan::Plan;
use crate::runner::suite::Suite;
use crate::runner::verdict::{Failure, Outcome, Verdict};
use crate::world::simulated::BridgeBuilder;
use walk::Walk;

/// How often a failing walk is made smaller at most.
const MOST_SHRINKS: usize = 400;

/// Plays random walks.
pub struct Explorer<'a> {
    /// The seed that all cases are drawn from.
    pub seed: u64,
    /// The bridge under test.
    pub bridge: BridgeBuilder,
    /// The clauses.
    pub catalogue: &'a Catalogue,
}

/// A walk that fails, as small as it could be made.
#[derive(Debug, Clone)]
pub struct Found {
    /// The case's number.
    pub case: u64,
    /// The failure.
    pub failure: Failure,
    /// The smallest walk that still fails, as a plan.
    pub plan: Plan,
    /// What playing that came to.
    pub outcome: Outcome,
    /// How many smaller walks were tried.
    pub shrinks: usize,
}

/// How a case ended.
#[derive(Debug, Clone)]
pub enum Case {
    /// Everything held.
    Held,
    /// Something did not.
    Failed(Box<Found>),
    /// The harness itself failed.
    HarnessError(String),
}

impl Explorer<'_> {
    /// Plays one case; a failing one is shrunk to a minimal history.
    pub fn case(&self, case: u64) -> Case {
        let Ok(mut tree) = self.tree(case) else {
            return Case::HarnessError("proptest made no walk".to_owned());
        };
        let (plan, outcome) = self.play(case, &tree.current());
        let failure = match outcome.verdict.clone() {
            Verdict::Failed { failures } => failures.into_iter().next(),
            Verdict::HarnessError { message } => {
                return Case::HarnessError(format!(
                    "case {case}: {message}\n{}",
                    plan.document.to_yaml()
                ));
            }
            _ => None,
        };
        let Some(failure) = failure else {
            return Case::Held;
        };
        let mut best = Found {
            case,
            failure,
            plan,
            outcome,
            shrinks: 0,
        };
        let mut smaller = tree.simplify();
        while smaller && best.shrinks < MOST_SHRINKS {
            best.shrinks += 1;
            let (plan, outcome) = self.play(case, &tree.current());
            smaller = match first_failure(&outcome) {
                // Only the same kind of failure is a smaller form of this one.
                Some(failure) if failure.clause == best.failure.clause => {
                    best.failure = failure;
                    best.plan = plan;
                    best.outcome = outcome;
                    tree.simplify()
                }
                _ => tree.complicate(),
            };
        }
        Case::Failed(Box::new(best))
    }

    /// The first of `cases` walks that fails, not shrunk: its number and how.
    pub fn first_failure(&self, cases: u64) -> Option<(u64, Failure)> {
        (0..cases).find_map(|case| {
            let walk = self.walk(case).ok()?;
            let (_, outcome) = self.play(case, &walk);
            first_failure(&outcome).map(|failure| (case, failure))
        })
    }

    /// The walk of a case, not shrunk.
    ///
    /// # Errors
    /// If proptest can't make one, which no strategy here gives cause for.
    pub fn walk(&self, case: u64) -> Result<Walk, String> {
        self.tree(case).map(|tree| tree.current())
    }

    fn tree(&self, case: u64) -> Result<impl ValueTree<Value = Walk> + use<>, String> {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.seed.to_le_bytes());
        seed[8..16].copy_from_slice(&case.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        walk::walks()
            .new_tree(&mut runner)
            .map_err(|reason| reason.to_string())
    }

    fn play(&self, case: u64, walk: &Walk) -> (Plan, Outcome) {
        let suite = Suite {
            seed: self.seed ^ case,
            bridge: self.bridge.clone(),
            ..Suite::default()
        };
        let name = format!("walk-{}-{case}", self.seed);
        let plan = Plan {
            address: format!("target/explore/{name}.yaml"),
            file: format!("target/explore/{name}.yaml").into(),
            name,
            document: history::scenario(self.seed, case, walk),
        };
        let outcome = suite.play_one(&plan, self.catalogue);
        (plan, outcome)
    }
}

fn first_failure(outcome: &Outcome) -> Option<Failure> {
    match &outcome.verdict {
        Verdict::Failed { failures } => failures.first().cloned(),
        _ => None,
    }
}
