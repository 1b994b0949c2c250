//! Every fault that a scenario file can have is pointed at, with its place and
//! the nearest right word. Each file in `bad_scenarios/` is named for what is
//! wrong with it.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    missing_docs,
    reason = "a test that cannot go on has failed"
)]

use std::path::Path;
use std::process::Command;

fn harness(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_harness"))
        .args(arguments)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests"))
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn every_bad_scenario_is_refused_with_place_and_nearest_word() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bad_scenarios"));
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(names.len() >= 15);
    for name in names {
        let (code, _, errors) = harness(&["lint", &format!("bad_scenarios/{name}")]);
        assert_eq!(code, 2, "{name}");
        insta::assert_snapshot!(name.trim_end_matches(".yaml"), errors);
    }
}

#[test]
fn a_faulty_file_is_not_played() {
    let (code, out, errors) = harness(&["run", "bad_scenarios/unknown_step.yaml"]);
    assert_eq!(code, 2);
    assert_eq!(out, "");
    assert!(errors.contains("nothing was played"), "{errors}");
}

#[test]
fn problems_can_be_read_by_machines() {
    let (code, out, _) = harness(&[
        "lint",
        "bad_scenarios/unknown_ticket.yaml",
        "--format",
        "json",
    ]);
    assert_eq!(code, 2);
    insta::assert_snapshot!(out);
}

#[test]
fn a_file_that_is_not_there_is_a_usage_error() {
    let (code, _, errors) = harness(&["lint", "bad_scenarios/nowhere.yaml"]);
    assert_eq!(code, 2);
    assert!(
        errors.contains("bad_scenarios/nowhere.yaml: No such file"),
        "{errors}"
    );
}

#[test]
fn a_name_that_matches_nothing_is_a_usage_error_with_the_nearest_one() {
    let (code, _, errors) = harness(&["run", "symptoms/sym_1b_creation_rule_mising"]);
    assert_eq!(code, 2);
    insta::assert_snapshot!(errors);
}

#[test]
fn every_scenario_of_the_project_is_in_order() {
    let (code, out, errors) = harness(&["lint", "../../scenarios"]);
    assert_eq!((code, errors.as_str()), (0, ""));
    assert!(out.ends_with("scenario file(s) are in order\n"), "{out}");
}
