//! What people and machines are told of a failed run.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    missing_docs,
    reason = "a test that cannot go on has failed"
)]

use std::path::PathBuf;
use std::time::Duration;

use harness::clauses::Catalogue;
use harness::plan::Phase;
use harness::report::failure::explain;
use harness::report::summary::Counts;
use harness::report::{Reports, RunInfo, html, json, junit};
use harness::runner::known_failures::{KnownFailure, apply, unmet};
use harness::runner::verdict::{Failure, Outcome, Verdict};
use harness::trace::Trace;
use serde_json::json;

fn trace() -> Trace {
    let call = |n: usize, at: &str| {
        json!({ "n": n, "at": at, "source": "freshdesk", "kind": "api_call", "ticket": 1, "cause": n - 1, "data": {
            "method": "POST", "path": "/api/v2/tickets/1/reply", "status": 201, "agent_id": 7,
        }})
    };
    serde_json::from_value(json!({ "entries": [
        { "n": 0, "at": "2026-01-05T09:00:00Z", "source": "scenario", "kind": "step", "data": { "step": "the world is set up" } },
        { "n": 1, "at": "2026-01-05T09:00:00Z", "source": "freshdesk", "kind": "action", "ticket": 1, "data": {
            "what": "ticket_opened", "by": { "type": "requester" } } },
        { "n": 2, "at": "2026-01-05T09:00:01Z", "source": "brain", "kind": "decision", "ticket": 1, "data": { "action": "reply" } },
        call(3, "2026-01-05T09:00:01Z"),
        call(4, "2026-01-05T09:00:01.25Z"),
    ]}))
    .unwrap()
}

fn outcome(name: &str, verdict: Verdict) -> Outcome {
    Outcome {
        name: name.into(),
        address: name.into(),
        title: "A webhook that arrives twice is answered once".into(),
        clauses: vec!["WHK-6".into(), "FLW-4".into()],
        cause: None,
        file: PathBuf::from("scenarios/webhooks/whk_6_duplicate_webhooks.yaml"),
        verdict,
        trace: trace(),
        phases: vec![(Phase::World, 0), (Phase::Play, 1), (Phase::Invariants, 5)],
        helpdesk_time: Duration::from_secs(7_260),
        real_time: Duration::from_millis(4),
    }
}

fn failed() -> Outcome {
    let failure = Failure {
        clause: "WHK-6".into(),
        title: "Duplicate and disordered webhooks".into(),
        phase: Phase::Invariants,
        line: None,
        expected: "no double answer: one AI reply a customer message".into(),
        seen: "a second AI reply on ticket 1 with no customer message in between".into(),
        at: "2026-01-05T09:00:01.25Z".parse().unwrap(),
        entries: vec![3, 4],
    };
    outcome(
        "webhooks/whk_6_duplicate_webhooks",
        Verdict::Failed {
            failures: vec![failure],
        },
    )
}

fn all() -> Vec<Outcome> {
    vec![
        failed(),
        outcome("webhooks/another[plan=pro]", Verdict::Passed),
        outcome(
            "webhooks/broken",
            Verdict::HarnessError {
                message: "fake-freshdesk does not start: it ended".into(),
            },
        ),
        outcome(
            "webhooks/untested",
            Verdict::NotTested {
                reason: "the bridge does not declare `restart`".into(),
            },
        ),
    ]
}

fn info() -> RunInfo {
    RunInfo {
        world: "live".into(),
        seed: 7,
        seconds: 1.5,
    }
}

#[test]
fn a_failure_names_clause_expectation_trace_lines_and_the_command_that_repeats_it() {
    insta::assert_snapshot!(explain(&failed(), &info()));
}

#[test]
fn junit_tells_failures_errors_and_skips_apart() {
    insta::assert_snapshot!(junit::report(&all(), &info()).unwrap());
}

#[test]
fn json_holds_everything_but_the_traces() {
    insta::assert_snapshot!(json::report(
        &all(),
        &info(),
        &Catalogue::built_in().unwrap()
    ));
}

#[test]
fn the_page_stands_alone_and_rings_the_entries_that_matter() {
    let page = html::page(&all(), &info(), &Catalogue::built_in().unwrap());
    assert!(
        !page.contains("src=") && !page.contains("<link"),
        "the page loads something"
    );
    assert_eq!(
        page.matches(r#"class="matters""#).count(),
        2 + 2,
        "two marks and two trace rows"
    );
    assert!(page.contains("1 of 4 passed, 1 failed, 1 harness errors, 1 not tested"));
}

#[test]
fn exit_codes_put_harness_errors_before_failures() {
    let code = |outcomes: &[Outcome]| Counts::of(outcomes).exit_code();
    let mut outcomes = all();
    assert_eq!(code(&outcomes), 3);
    outcomes.remove(2);
    assert_eq!(code(&outcomes), 1);
    outcomes.remove(0);
    assert_eq!(code(&outcomes), 0);
}

#[test]
fn a_failure_has_a_sequence_diagram_of_what_matters() {
    let catalogue = Catalogue::built_in().unwrap();
    let page = html::page(&[failed()], &info(), &catalogue);
    assert!(page.contains("svg class=\"sequence\""));
    assert_eq!(
        page.matches("POST /tickets/1/reply → 201").count(),
        2,
        "both replies are drawn"
    );
}

#[test]
fn reports_are_made_as_scenarios_end_and_the_trace_of_a_passed_one_is_let_go() {
    let folder = tempfile::tempdir().unwrap();
    let catalogue = Catalogue::built_in().unwrap();
    let mut outcomes = all();
    let page = html::page(&outcomes, &info(), &catalogue);
    let reports = Reports::begin(folder.path(), info(), outcomes.len()).unwrap();
    // They end in any order; the page has them in the scenarios'.
    for i in [2, 0, 3, 1] {
        reports.take(i, &mut outcomes[i]);
    }
    let kept: Vec<bool> = outcomes
        .iter()
        .map(|outcome| !outcome.trace.entries().is_empty())
        .collect();
    assert_eq!(kept, [true, false, true, true]);
    let written = reports
        .finish(&outcomes, info().seconds, &catalogue)
        .unwrap();
    assert_eq!(std::fs::read_to_string(written).unwrap(), page);
    let lines = folder
        .path()
        .join("traces/webhooks_another_plan=pro_.jsonl");
    assert_eq!(
        std::fs::read_to_string(lines).unwrap(),
        trace().to_json_lines()
    );
}

#[test]
fn a_folder_that_cannot_be_is_said_before_anything_is_played() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report");
    std::fs::write(&file, "").unwrap();
    let error = Reports::begin(&file, info(), 1).unwrap_err();
    assert!(error.path.starts_with(&file), "{error}");
}

#[test]
fn a_known_failure_is_no_failure_and_a_stale_one_is() {
    let known = |scenario: &str| KnownFailure {
        scenario: scenario.into(),
        reason: "waits for the vendor".into(),
    };
    let list = [
        known("webhooks/whk_6_duplicate_webhooks"),
        known("webhooks/another"),
        known("webhooks/gone"),
    ];
    let mut outcomes = all();
    for outcome in &mut outcomes {
        apply(&list, outcome);
    }
    let names: Vec<&str> = outcomes
        .iter()
        .map(|outcome| outcome.name.as_str())
        .collect();
    assert_eq!(unmet(&list, &names), Some(&list[2]));
    assert_eq!(outcomes[0].verdict.word(), "known failure");
    let Verdict::Failed { failures } = &outcomes[1].verdict else {
        panic!("{:?}", outcomes[1].verdict);
    };
    assert_eq!(
        failures[0].seen,
        "it passes; take it off the list of known failures"
    );
}
