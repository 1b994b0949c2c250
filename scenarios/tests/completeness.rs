//! The suite is complete: every clause has a scenario and a known-bad bridge,
//! every lettered cause is played, no scenario passes with a bridge that does
//! nothing, and the page in docs says what is true.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    missing_docs,
    reason = "a test that cannot go on has failed"
)]

use std::path::Path;

use harness::clauses::Catalogue;
use harness::known_bad;
use harness::plan::{Plan, load};
use harness::runner::strict::toothless;
use harness::traceability::{matrix, page};

fn all_plans(catalogue: &Catalogue) -> Vec<Plan> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    load(&[folder.display().to_string()], catalogue).unwrap()
}

#[test]
fn every_clause_has_a_scenario_and_a_known_bad_bridge_and_every_cause_is_played() {
    let catalogue = Catalogue::built_in().unwrap();
    let mut lacking = Vec::new();
    for row in matrix(&all_plans(&catalogue), &catalogue) {
        if row.scenarios.is_empty() {
            lacking.push(format!("{}: no scenario asserts it", row.clause));
        }
        if row.known_bad.is_empty() {
            lacking.push(format!("{}: no known-bad bridge breaks it", row.clause));
        }
        for cause in row.causes_without_scenario {
            lacking.push(format!(
                "{}: no scenario is about cause {cause}",
                row.clause
            ));
        }
    }
    assert!(lacking.is_empty(), "{}", lacking.join("\n"));
}

#[test]
fn known_bad_bridges_have_names_of_their_own_and_break_known_clauses() {
    let catalogue = Catalogue::built_in().unwrap();
    let all = known_bad::all();
    assert!(all.len() >= 60, "only {}", all.len());
    let mut names: Vec<&str> = all.iter().map(|bad| bad.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all.len(), "a name is there twice");
    for bad in all {
        assert!(catalogue.get(bad.clause).is_some(), "{}", bad.clause);
    }
}

#[test]
fn no_scenario_passes_with_a_bridge_that_does_nothing_unless_it_says_why() {
    let catalogue = Catalogue::built_in().unwrap();
    let found = toothless(&all_plans(&catalogue), &catalogue);
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "{}", lines.join("\n"));
}

#[test]
fn the_page_of_clauses_is_what_the_code_says() {
    let catalogue = Catalogue::built_in().unwrap();
    let made = page(&matrix(&all_plans(&catalogue), &catalogue));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/clauses.md");
    let written = std::fs::read_to_string(file).unwrap();
    assert!(
        made == written,
        "docs/clauses.md is old: run `cargo run --release --bin harness -- clauses --format markdown > docs/clauses.md`"
    );
}
