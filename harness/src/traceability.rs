//! Which scenarios assert a clause, and which known-bad bridges break it.

use indexmap::IndexMap;
use serde::Serialize;

use crate::clauses::{Catalogue, Level};
use crate::known_bad::{self, KnownBad};
use crate::plan::Plan;

/// A clause, who asserts it, and what they must catch.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// The clause.
    pub clause: String,
    /// How binding it is.
    pub level: Level,
    /// The guide's name for it, or a short name.
    pub title: String,
    /// Where it comes from.
    pub origin: String,
    /// Scenario files (without their matrices) that assert it.
    pub scenarios: Vec<String>,
    /// How many cases those are with their matrices.
    pub cases: usize,
    /// For a symptom: the lettered causes that no scenario is about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub causes_without_scenario: Vec<String>,
    /// Known-bad bridges that break it.
    pub known_bad: Vec<&'static str>,
}

/// One row for every clause, in the catalogue's order.
pub fn matrix(plans: &[Plan], catalogue: &Catalogue) -> Vec<Row> {
    let bad: Vec<KnownBad> = known_bad::all();
    catalogue
        .iter()
        .map(|clause| {
            let about: Vec<&Plan> = plans
                .iter()
                .filter(|plan| plan.clauses().any(|id| id == clause.id))
                .collect();
            let mut files: IndexMap<&str, ()> = IndexMap::new();
            for plan in &about {
                files.insert(plan.base_name(), ());
            }
            Row {
                clause: clause.id.clone(),
                level: clause.level,
                title: clause.title.clone(),
                origin: clause.origin.clone(),
                scenarios: files.into_keys().map(str::to_owned).collect(),
                cases: about.len(),
                causes_without_scenario: clause
                    .causes
                    .keys()
                    .filter(|letter| {
                        !about.iter().any(|plan| {
                            let cause = plan.document.cause.as_ref();
                            plan.clauses().next() == Some(clause.id.as_str())
                                && cause.is_some_and(|cause| cause.value == **letter)
                        })
                    })
                    .cloned()
                    .collect(),
                known_bad: bad
                    .iter()
                    .filter(|bad| bad.clause == clause.id)
                    .map(|bad| bad.name)
                    .collect(),
            }
        })
        .collect()
}

/// The matrix as the page `docs/clauses.md`.
pub fn page(rows: &[Row]) -> String {
    let mut text = String::from(
        "# Clauses, scenarios, known-bad bridges\n\n\
         Made by `harness clauses --format markdown > docs/clauses.md`; a test holds it to the code.\n\
         Each clause is asserted by the scenarios beside it, and each of those is shown to bite by\n\
         bridges that are wrong on purpose (`harness known-bad`).\n\n\
         | clause | | scenarios (cases) | known-bad bridges |\n|---|---|---|---|\n",
    );
    for row in rows {
        let level = match row.level {
            Level::Must => "MUST",
            Level::Should => "SHOULD",
        };
        let scenarios: Vec<String> = row
            .scenarios
            .iter()
            .map(|name| format!("`{name}`"))
            .collect();
        text.push_str(&format!(
            "| **{}** {level} | {} | {} ({}) | {} |\n",
            row.clause,
            row.title,
            scenarios.join(" "),
            row.cases,
            row.known_bad.join("; ")
        ));
    }
    text
}
