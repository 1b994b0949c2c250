//! Playing the scenarios with each known-bad bridge: which one catches it, by
//! which clause, and how soon.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;

use super::KnownBad;
use crate::clauses::Catalogue;
use crate::explore::Explorer;
use crate::plan::Plan;
use crate::runner::suite::Suite;
use crate::runner::verdict::{Failure, Outcome, Verdict};

/// How a known-bad bridge fared.
#[derive(Debug, Clone, Serialize)]
pub struct Fate {
    /// What it does wrong.
    pub name: &'static str,
    /// The clause it breaks.
    pub clause: &'static str,
    /// Where the defect is planted.
    pub place: &'static str,
    /// The scenario that caught it by that clause.
    pub caught: Option<Catch>,
    /// Scenarios that failed with it, but by another clause.
    pub bystanders: Vec<Catch>,
    /// Scenarios that could not be judged with it.
    pub harness_errors: Vec<String>,
    /// How many scenarios were played with it.
    pub played: usize,
}

/// A scenario that failed with a known-bad bridge.
#[derive(Debug, Clone, Serialize)]
pub struct Catch {
    /// The scenario.
    pub scenario: String,
    /// The clause that the failure names.
    pub clause: String,
    /// What was expected.
    pub expected: String,
    /// What was seen.
    pub seen: String,
    /// How much helpdesk time had passed, in seconds.
    pub after_seconds: f64,
}

/// Plays every plan that asserts the clause of a known-bad bridge, until one
/// catches it by that clause; with `thorough`, every plan.
pub fn try_all(
    bridges: &[KnownBad],
    plans: &[Plan],
    catalogue: &Catalogue,
    jobs: usize,
    thorough: bool,
    report: impl FnMut(&Fate) + Send,
) -> Vec<Fate> {
    in_parallel(bridges, jobs, report, |bridge| {
        try_one(bridge, plans, catalogue, thorough)
    })
}

/// How a known-bad bridge fared in random walks.
#[derive(Debug, Clone, Serialize)]
pub struct WalkFate {
    /// What it does wrong.
    pub name: &'static str,
    /// The clause it breaks.
    pub clause: &'static str,
    /// How many walks it took, if one found it.
    pub walks: Option<u64>,
    /// The clause and what was seen, of the walk that found it.
    pub found: Option<(String, String)>,
}

/// Walks with each known-bad bridge until a walk fails, or `cases` have held.
pub fn walk_all(
    bridges: &[KnownBad],
    catalogue: &Catalogue,
    seed: u64,
    cases: u64,
    jobs: usize,
    report: impl FnMut(&WalkFate) + Send,
) -> Vec<WalkFate> {
    in_parallel(bridges, jobs, report, |bridge| {
        let explorer = Explorer {
            seed,
            bridge: bridge.bridge(),
            catalogue,
        };
        let found = explorer.first_failure(cases);
        WalkFate {
            name: bridge.name,
            clause: bridge.clause,
            walks: found.as_ref().map(|(case, _)| case + 1),
            found: found.map(|(_, failure)| (failure.clause, failure.seen)),
        }
    })
}

/// Does something with each bridge on several threads; results keep the order.
fn in_parallel<T: Send>(
    bridges: &[KnownBad],
    jobs: usize,
    mut report: impl FnMut(&T) + Send,
    each: impl Fn(KnownBad) -> T + Sync,
) -> Vec<T> {
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<Option<T>>> = Mutex::new(bridges.iter().map(|_| None).collect());
    let report = Mutex::new(&mut report);
    std::thread::scope(|scope| {
        for _ in 0..jobs.clamp(1, bridges.len().max(1)) {
            scope.spawn(|| {
                loop {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    let Some(bridge) = bridges.get(i) else { return };
                    let one = each(*bridge);
                    // Nothing panics while these are held.
                    (report.lock().unwrap_or_else(PoisonError::into_inner))(&one);
                    done.lock().unwrap_or_else(PoisonError::into_inner)[i] = Some(one);
                }
            });
        }
    });
    done.into_inner()
        .unwrap_or_else(PoisonError::into_inner)
        .into_iter()
        .flatten()
        .collect()
}

fn try_one(bridge: KnownBad, plans: &[Plan], catalogue: &Catalogue, thorough: bool) -> Fate {
    let suite = Suite {
        bridge: bridge.bridge(),
        ..Suite::default()
    };
    let mut fate = Fate {
        name: bridge.name,
        clause: bridge.clause,
        place: bridge.place(),
        caught: None,
        bystanders: Vec::new(),
        harness_errors: Vec::new(),
        played: 0,
    };
    let mut wanted: Vec<&Plan> = plans
        .iter()
        .filter(|plan| thorough || plan.clauses().any(|clause| clause == bridge.clause))
        .collect();
    // The scenarios that are about the clause come first.
    wanted.sort_by_key(|plan| plan.clauses().next() != Some(bridge.clause));
    for plan in wanted {
        let outcome = suite.play_one(plan, catalogue);
        fate.played += 1;
        match &outcome.verdict {
            Verdict::Failed { failures } => {
                let own = failures
                    .iter()
                    .find(|failure| failure.clause == bridge.clause);
                match own {
                    Some(failure) if fate.caught.is_none() => {
                        fate.caught = Some(catch(&outcome, failure));
                    }
                    Some(_) => {}
                    None => fate
                        .bystanders
                        .extend(failures.first().map(|failure| catch(&outcome, failure))),
                }
            }
            Verdict::HarnessError { message } => {
                fate.harness_errors
                    .push(format!("{}: {message}", outcome.name));
            }
            Verdict::Passed | Verdict::NotTested { .. } | Verdict::KnownFailure { .. } => {}
        }
        if fate.caught.is_some() && !thorough {
            break;
        }
    }
    fate
}

fn catch(outcome: &Outcome, failure: &Failure) -> Catch {
    let start = outcome.trace.entries().first().map(|entry| entry.at);
    let after = start
        .and_then(|start| Duration::try_from(failure.at.duration_since(start)).ok())
        .unwrap_or_default();
    Catch {
        scenario: outcome.name.clone(),
        clause: failure.clause.clone(),
        expected: failure.expected.clone(),
        seen: failure.seen.clone(),
        after_seconds: after.as_secs_f64(),
    }
}
