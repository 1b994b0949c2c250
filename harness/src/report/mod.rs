//! Reports: what people and machines get to see of outcomes.
//!
//! | file | holds |
//! |---|---|
//! | [`summary`] | outcomes counted, in all and by the guide's rows |
//! | [`failure`] | one failure as text, the same words everywhere |
//! | [`terminal`] | progress and summary on a terminal |
//! | [`html`] | one self-contained page |
//! | `timeline` | the picture of one run in it |
//! | `sequence` | the picture of one failure in it |
//! | [`junit`] | JUnit XML |
//! | [`json`] | everything for machines |

pub mod failure;
pub mod html;
pub mod json;
pub mod junit;
mod sequence;
pub mod summary;
pub mod terminal;
mod timeline;

use std::path::{Path, PathBuf};

use crate::clauses::Catalogue;
use crate::runner::verdict::Outcome;

/// How a run was made, for its reports.
#[derive(Debug, Clone, serde::Serialize)]
pub struct RunInfo {
    /// `simulated` or `live`.
    pub world: String,
    /// The seed of every run.
    pub seed: u64,
    /// Real seconds from the first scenario's start to the last one's end.
    pub seconds: f64,
}

/// A report can't be written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct ReportError {
    /// The file or folder.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

/// Writes every report into a folder and returns the page to open.
///
/// # Errors
/// If the folder or a file can't be written.
pub fn write_all(
    folder: &Path,
    outcomes: &[Outcome],
    info: &RunInfo,
    catalogue: &Catalogue,
) -> Result<PathBuf, ReportError> {
    let traces = folder.join("traces");
    std::fs::create_dir_all(&traces).map_err(|error| failed(&traces, &error))?;
    let page = folder.join("index.html");
    write(&page, &html::page(outcomes, info, catalogue))?;
    write(
        &folder.join("report.json"),
        &json::report(outcomes, info, catalogue),
    )?;
    let xml = junit::report(outcomes, info).map_err(|reason| ReportError {
        path: folder.join("junit.xml"),
        reason,
    })?;
    write(&folder.join("junit.xml"), &xml)?;
    for outcome in outcomes {
        write(
            &traces.join(format!("{}.jsonl", file_name(&outcome.name))),
            &outcome.trace.to_json_lines(),
        )?;
    }
    Ok(page)
}

/// A scenario's name as a file name.
pub(crate) fn file_name(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || "-_=.".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect()
}

fn write(path: &Path, text: &str) -> Result<(), ReportError> {
    std::fs::write(path, text).map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &std::io::Error) -> ReportError {
    ReportError {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}
