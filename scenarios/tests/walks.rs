//! Random walks with a fixed budget: the reference bridge stands them, and
//! known-bad bridges do not.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    missing_docs,
    reason = "a test that cannot go on has failed"
)]

use harness::clauses::Catalogue;
use harness::explore::{Case, Explorer};
use harness::known_bad;
use harness::scenario;
use harness::world::simulated::reference_bridge;

const BUDGET: u64 = 150;

#[test]
fn the_reference_bridge_stands_a_fixed_number_of_walks() {
    let catalogue = Catalogue::built_in().unwrap();
    let explorer = Explorer {
        seed: 20_260_105,
        bridge: reference_bridge(),
        catalogue: &catalogue,
    };
    for case in 0..BUDGET {
        match explorer.case(case) {
            Case::Held => {}
            Case::HarnessError(error) => panic!("{error}"),
            Case::Failed(found) => panic!(
                "case {case} breaks {}: expected {}; seen {}\n{}",
                found.failure.clause,
                found.failure.expected,
                found.failure.seen,
                found.plan.document.to_yaml()
            ),
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_walk_and_another_gives_another() {
    let catalogue = Catalogue::built_in().unwrap();
    let explorer = |seed| Explorer {
        seed,
        bridge: reference_bridge(),
        catalogue: &catalogue,
    };
    let spell = |seed, case| format!("{:?}", explorer(seed).walk(case).unwrap());
    assert_eq!(spell(1, 7), spell(1, 7));
    assert_ne!(spell(1, 7), spell(1, 8));
    assert_ne!(spell(1, 7), spell(2, 7));
}

#[test]
fn a_failing_walk_becomes_a_scenario_file_that_fails_alike() {
    let catalogue = Catalogue::built_in().unwrap();
    let explorer = Explorer {
        seed: 1,
        bridge: known_bad::named("answers twice").unwrap().bridge(),
        catalogue: &catalogue,
    };
    let found = (0..BUDGET)
        .find_map(|case| match explorer.case(case) {
            Case::Failed(found) => Some(found),
            _ => None,
        })
        .unwrap();
    assert_eq!(found.failure.clause, "WHK-6");
    let text = found.plan.document.to_yaml();
    let cases = scenario::read(&found.plan.file, text.as_bytes(), &catalogue).unwrap();
    let suite = harness::runner::suite::Suite {
        bridge: explorer.bridge.clone(),
        seed: explorer.seed ^ found.case,
        ..harness::runner::suite::Suite::default()
    };
    let mut plan = found.plan.clone();
    plan.document = cases[0].document.clone();
    let again = suite.play_one(&plan, &catalogue);
    assert_eq!(
        again.verdict.word(),
        "failed",
        "{:?}\n{text}",
        again.verdict
    );
}

/// Known-bad bridges that a walk of seed 0 finds, and within how many walks.
/// docs/random-walks.md says which others it can't find, and why.
const FOUND: [(&str, u64); 24] = [
    ("answers each missed follow-up by itself", 20),
    ("never sets the marker", 20),
    ("shows the key", 5),
    ("shows a payload with a misspelt placeholder", 10),
    ("takes a late webhook for old news", 10),
    ("answers a duplicate webhook again", 5),
    ("reads a ticket once and trusts that", 40),
    (
        "leaves new tickets that a rep owns although auto-handle is on",
        20,
    ),
    ("takes every ticket", 30),
    ("stops syncing what a rep owns", 5),
    ("reads auto-handle once", 30),
    ("loses private notes", 5),
    ("answers twice", 5),
    ("adds no tags", 10),
    ("takes a rep's reply for the customer's", 20),
    ("does not see that a ticket was deleted", 20),
    ("closes the session at handoff", 20),
    ("answers a ticket that a rep owns", 5),
    ("never resumes", 40),
    ("closes as unresolved", 10),
    ("resolves what it does not own", 5),
    ("takes its own replies for the customer's", 5),
    ("retries a millisecond before Retry-After", 10),
    ("tells the brain what reps note", 5),
];

#[test]
fn walks_find_known_bad_bridges_within_a_stated_number_of_cases() {
    let catalogue = Catalogue::built_in().unwrap();
    let missed: Vec<&str> = FOUND
        .iter()
        .filter(|(name, cases)| {
            let explorer = Explorer {
                seed: 0,
                bridge: known_bad::named(name).unwrap().bridge(),
                catalogue: &catalogue,
            };
            explorer.first_failure(*cases).is_none()
        })
        .map(|(name, _)| *name)
        .collect();
    assert!(missed.is_empty(), "not found: {missed:?}");
}
