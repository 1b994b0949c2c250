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
use std::sync::OnceLock;

use crate::clauses::Catalogue;
use crate::runner::verdict::{Outcome, Verdict};
use crate::trace::Trace;

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

/// The reports of a run, made while it goes on: when a scenario has ended, its
/// trace is on disk and its part of the page drawn, and a trace that nothing
/// else needs is let go. A long run needs no more memory than a short one.
#[derive(Debug)]
pub struct Reports {
    folder: PathBuf,
    info: RunInfo,
    /// The page's parts, in the scenarios' order.
    sections: Vec<OnceLock<String>>,
    failed: OnceLock<ReportError>,
}

impl Reports {
    /// Makes the folder for the reports of so many scenarios.
    ///
    /// # Errors
    /// If there can't be such a folder.
    pub fn begin(folder: &Path, info: RunInfo, scenarios: usize) -> Result<Self, ReportError> {
        let traces = folder.join("traces");
        std::fs::create_dir_all(&traces).map_err(|error| failed(&traces, &error))?;
        Ok(Self {
            folder: folder.to_owned(),
            info,
            sections: (0..scenarios).map(|_| OnceLock::new()).collect(),
            failed: OnceLock::new(),
        })
    }

    /// Writes what is to be told of the `i`-th scenario.
    pub fn take(&self, i: usize, outcome: &mut Outcome) {
        let file = format!("traces/{}.jsonl", file_name(&outcome.name));
        if let Err(error) = write(&self.folder.join(file), &outcome.trace.to_json_lines()) {
            // The first error is told at the end, where there is room for it.
            let _ = self.failed.set(error);
        }
        if let Some(section) = self.sections.get(i) {
            // Each scenario ends once.
            let _ = section.set(html::section(outcome, &self.info));
        }
        // The lines of a failure are still to be printed.
        if outcome.verdict == Verdict::Passed {
            outcome.trace = Trace::default();
        }
    }

    /// Writes the rest, and returns the page to open.
    ///
    /// # Errors
    /// If a file can't be written.
    pub fn finish(
        self,
        outcomes: &[Outcome],
        seconds: f64,
        catalogue: &Catalogue,
    ) -> Result<PathBuf, ReportError> {
        let Self {
            folder,
            mut info,
            sections,
            failed,
        } = self;
        if let Some(error) = failed.into_inner() {
            return Err(error);
        }
        info.seconds = seconds;
        let sections: Vec<String> = sections
            .into_iter()
            .map(|section| section.into_inner().unwrap_or_default())
            .collect();
        let page = folder.join("index.html");
        write(&page, &html::page_of(&sections, outcomes, &info, catalogue))?;
        write(
            &folder.join("report.json"),
            &json::report(outcomes, &info, catalogue),
        )?;
        let xml = junit::report(outcomes, &info).map_err(|reason| ReportError {
            path: folder.join("junit.xml"),
            reason,
        })?;
        write(&folder.join("junit.xml"), &xml)?;
        Ok(page)
    }
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
