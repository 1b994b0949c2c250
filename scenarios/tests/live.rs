//! The same files in the live world: the two real binaries as processes on
//! loopback, with SQLite behind the bridge.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    missing_docs,
    reason = "a test that cannot go on has failed"
)]

use std::path::Path;

use harness::clauses::Catalogue;
use harness::plan::load;
use harness::report::RunInfo;
use harness::report::failure::explain;
use harness::runner::suite::Suite;
use harness::runner::verdict::Verdict;
use harness::world::WorldKind;

fn passes_live(file: &str) {
    let catalogue = Catalogue::built_in().unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let plans = load(&[path.display().to_string()], &catalogue).unwrap();
    let suite = Suite {
        world: WorldKind::Live,
        ..Suite::default()
    };
    for outcome in suite.play_all(&plans, &catalogue) {
        let info = RunInfo {
            world: "live".into(),
            seed: 0,
            seconds: 0.0,
        };
        assert_eq!(
            outcome.verdict,
            Verdict::Passed,
            "\n{}",
            explain(&outcome, &info)
        );
    }
}

#[test]
fn ai_never_replies_because_rule_1_is_missing() {
    passes_live("symptoms/sym_1b_creation_rule_missing.yaml");
}

#[test]
fn follow_ups_are_not_answered_because_rule_2_lacks_the_reply_event() {
    passes_live("symptoms/sym_2b_updates_rule_lacks_reply_event.yaml");
}

#[test]
fn a_wrong_key_does_not_verify() {
    passes_live("verification/ver_4_wrong_key.yaml");
}
