//! Every run is made of the scenario and the seed alone.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    missing_docs,
    reason = "a test that cannot go on has failed"
)]

use std::path::Path;

use harness::clauses::Catalogue;
use harness::plan::{Plan, load};
use harness::runner::suite::Suite;

fn all_plans(catalogue: &Catalogue) -> Vec<Plan> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    load(&[folder.display().to_string()], catalogue).unwrap()
}

fn traces(suite: &Suite) -> Vec<(String, String)> {
    let catalogue = Catalogue::built_in().unwrap();
    traces_of(suite, &all_plans(&catalogue), &catalogue)
}

fn traces_of(suite: &Suite, plans: &[Plan], catalogue: &Catalogue) -> Vec<(String, String)> {
    suite
        .play_all(plans, catalogue)
        .into_iter()
        .map(|outcome| (outcome.name, outcome.trace.to_json_lines()))
        .collect()
}

#[test]
fn the_same_seed_gives_byte_identical_traces_on_one_thread_and_on_two() {
    let once = traces(&Suite {
        jobs: 1,
        ..Suite::default()
    });
    let again = traces(&Suite {
        jobs: 2,
        ..Suite::default()
    });
    assert!(once.len() >= 16, "only {} scenarios", once.len());
    for ((name, first), (_, second)) in once.iter().zip(&again) {
        assert!(first.lines().count() > 3, "{name} recorded next to nothing");
        assert!(
            first == second,
            "{name} differs:\n{}",
            first_difference(first, second)
        );
    }
}

#[test]
fn another_seed_gives_another_webhook_address() {
    let catalogue = Catalogue::built_in().unwrap();
    let plans = load(&["WHK-1".to_owned()], &catalogue).unwrap();
    let of_seed = |seed| {
        let suite = Suite {
            seed,
            ..Suite::default()
        };
        traces_of(&suite, &plans, &catalogue)
    };
    assert_ne!(
        of_seed(1),
        of_seed(2),
        "nothing depends on the seed, so nothing shows that it is used"
    );
}

fn first_difference(first: &str, second: &str) -> String {
    first
        .lines()
        .zip(second.lines())
        .find(|(a, b)| a != b)
        .map_or_else(
            || "one is longer".to_owned(),
            |(a, b)| format!("  {a}\n  {b}"),
        )
}
