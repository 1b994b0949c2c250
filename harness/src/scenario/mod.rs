//! Scenario files: what they may say and how they are read.
//!
//! | file | holds |
//! |---|---|
//! | [`document`] | one scenario as written: header, world, phases |
//! | [`mod@step`] | what can happen, one step a line |
//! | [`answer`] | what the scripted brain says |
//! | [`expectation`] | what must be seen |
//! | [`duration`], [`count`], [`at`] | `2h`, `at least 2`, and values with their place |
//! | `read` | bytes → documents, one for each combination of a matrix |
//! | `check` | names, clauses and combinations that the form can't tell |
//! | [`problem`] | what is wrong, and where |

pub mod answer;
pub mod at;
pub(crate) mod check;
pub mod count;
pub mod document;
pub mod duration;
pub mod expectation;
pub mod problem;
mod read;
pub mod step;

use std::path::Path;

pub use read::Case;

use crate::clauses::Catalogue;
use problem::Problem;

/// Reads and checks the bytes of a scenario file.
///
/// # Errors
/// Every problem that was found; nothing is played from a file with one.
pub fn read(file: &Path, bytes: &[u8], catalogue: &Catalogue) -> Result<Vec<Case>, Vec<Problem>> {
    let cases = read::cases(file, bytes)?;
    let mut problems = Vec::new();
    for case in &cases {
        for problem in check::problems(file, &case.document, catalogue) {
            // The cases of a matrix share their faults: say each once.
            if !problems.contains(&problem) {
                problems.push(problem);
            }
        }
    }
    if problems.is_empty() {
        Ok(cases)
    } else {
        Err(problems)
    }
}

/// The JSON Schema of one scenario document, for editors.
pub fn schema() -> serde_json::Value {
    let mut schema = schemars::schema_for!(document::Document).to_value();
    if let Some(map) = schema.as_object_mut() {
        map.insert(
            "title".into(),
            "A scenario of the Freshdesk bridge test bench".into(),
        );
    }
    schema
}
