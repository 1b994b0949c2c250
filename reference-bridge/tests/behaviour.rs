//! docs/behaviour.md says the truth: no clause and no policy is missing in it,
//! and every file and test that it names is there.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests: a surprise should stop them"
)]

use std::{collections::BTreeMap, path::Path};

const CRATE: &str = env!("CARGO_MANIFEST_DIR");

fn read(path: &str) -> String {
    let path = Path::new(CRATE).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What stands in backticks in a text.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The table's rows: clause, implemented, asserted.
fn rows(document: &str) -> BTreeMap<String, (String, String)> {
    let table = document.split_once("## Clauses").unwrap().1;
    let mut rows = BTreeMap::new();
    for line in table.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [clause, implemented, asserted] = cells[..] else {
            panic!("not three cells: {line}");
        };
        let row = (implemented.to_owned(), asserted.to_owned());
        assert!(
            rows.insert(clause.to_owned(), row).is_none(),
            "{clause} twice"
        );
    }
    rows
}

#[test]
fn every_clause_of_the_catalogue_has_its_row() {
    let catalogue = read("../scenarios/spec/clauses.yaml");
    let rows = rows(&read("../docs/behaviour.md"));
    let mut clauses: Vec<_> = catalogue
        .lines()
        .filter_map(|line| line.strip_prefix("- { id: ")?.split_once(','))
        .map(|(id, _)| id)
        .collect();
    assert!(
        clauses.len() > 60,
        "only {} clauses were found",
        clauses.len()
    );
    clauses.sort_unstable();
    let listed: Vec<_> = rows.keys().map(String::as_str).collect();
    assert_eq!(listed, clauses);
}

#[test]
fn every_file_and_test_that_is_named_is_there() {
    for (clause, (implemented, asserted)) in rows(&read("../docs/behaviour.md")) {
        if implemented.starts_with("not the bridge's: ") {
            assert!(asserted.is_empty(), "{clause}");
            continue;
        }
        let files = quoted(&implemented);
        assert!(!files.is_empty(), "{clause} is implemented nowhere");
        for file in files {
            assert!(
                Path::new(CRATE).join("src").join(file).is_file(),
                "{clause}: {file}"
            );
        }
        let tests = quoted(&asserted);
        assert!(!tests.is_empty(), "{clause} is asserted nowhere");
        for test in tests {
            let (file, name) = test
                .split_once("::")
                .unwrap_or_else(|| panic!("{clause}: {test}"));
            let text = read(file);
            let function = text.match_indices(&format!("fn {name}(")).any(|(at, _)| {
                text[..at]
                    .lines()
                    .rev()
                    .take(3)
                    .any(|line| line.contains("test"))
            });
            let on_every_store = text.contains(&format!("on_every_store!({name},"))
                || text.contains(&format!("on_every_store!(\n    {name},"));
            assert!(
                function || on_every_store,
                "{clause}: there is no test {test}"
            );
        }
    }
}

#[test]
fn every_policy_is_listed_with_its_reason() {
    let document = read("../docs/behaviour.md");
    let listed = quoted(
        document
            .split_once("## Policies")
            .and_then(|(_, rest)| rest.split_once("\n## "))
            .unwrap()
            .0,
    );
    let policies = read("src/policies/mod.rs");
    let fields = policies
        .split_once("pub struct Policies {")
        .and_then(|(_, rest)| rest.split_once("\n}"))
        .unwrap()
        .0;
    let names: Vec<_> = fields
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub ")?.split_once(':'))
        .map(|(name, _)| name)
        .collect();
    assert!(names.len() > 15, "{names:?}");
    for name in names {
        assert!(
            listed.contains(&name),
            "the policy {name} is not in docs/behaviour.md"
        );
    }
}
