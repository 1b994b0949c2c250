//! A plan: what the runner plays, wherever it came from.

use std::path::{Path, PathBuf};

use crate::clauses::Catalogue;
use crate::scenario::at::At;
use crate::scenario::document::Document;
use crate::scenario::problem::Problem;
use crate::scenario::step::Step;
use crate::scenario::{self, Case};

/// One scenario with one combination of its matrix, ready to be played.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The name it is called by: the file's path below the scenario folder,
    /// without its ending, and the matrix values if there are any.
    pub name: String,
    /// What `harness run` plays it by: its name, or the path of a file that is
    /// in no scenario folder.
    pub address: String,
    /// The file it was read from.
    pub file: PathBuf,
    /// The scenario.
    pub document: Document,
}

/// A part of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The account, its people and the connected bridge.
    World,
    /// The whole of a scenario without a symptom.
    Play,
    /// The cause is put in place.
    Broken,
    /// The symptom is seen.
    Symptom,
    /// The diagnosis names cause and place.
    Diagnosis,
    /// The fix is applied.
    Fix,
    /// The symptom is gone.
    Gone,
    /// What must hold in every run.
    Invariants,
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::World => "world",
            Self::Play => "play",
            Self::Broken => "broken",
            Self::Symptom => "symptom",
            Self::Diagnosis => "diagnosis",
            Self::Fix => "fix",
            Self::Gone => "gone",
            Self::Invariants => "invariants",
        })
    }
}

impl Plan {
    /// Its name without the values of its matrix.
    pub(crate) fn base_name(&self) -> &str {
        self.name.split('[').next().unwrap_or(&self.name)
    }

    /// The scenario's title.
    pub fn title(&self) -> &str {
        &self.document.scenario
    }

    /// The clauses it asserts, the first of which it is about.
    pub fn clauses(&self) -> impl Iterator<Item = &str> {
        self.document.clauses.iter().map(|id| id.value.as_str())
    }

    /// The steps before the diagnosis.
    pub(crate) fn before_diagnosis(&self) -> [(Phase, &[At<Step>]); 3] {
        [
            (Phase::Play, &self.document.play),
            (Phase::Broken, &self.document.broken),
            (Phase::Symptom, &self.document.symptom),
        ]
    }

    /// The steps after the diagnosis.
    pub(crate) fn after_diagnosis(&self) -> [(Phase, &[At<Step>]); 2] {
        [
            (Phase::Fix, &self.document.fix),
            (Phase::Gone, &self.document.gone),
        ]
    }
}

/// Why no plans could be made.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A path can't be read.
    #[error("{path}: {reason}")]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// There is no scenario folder here.
    #[error("no scenario folder here: run from the project's root, or name files or folders")]
    NoFolder,
    /// Nothing is called so.
    #[error("no scenario is called `{filter}`{}", near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default())]
    NoMatch {
        /// What was asked for.
        filter: String,
        /// The nearest name there is.
        near: Option<String>,
    },
    /// Files with faults; nothing is played.
    #[error("{} scenario file(s) can't be played", .0.len())]
    Faulty(Vec<FaultyFile>),
}

/// A scenario file with its text and what is wrong with it.
#[derive(Debug)]
pub struct FaultyFile {
    /// Its text, as far as it is text.
    pub source: String,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// Finds the scenario folder from the current one upwards.
pub fn scenario_folder() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors()
        .map(|folder| folder.join("scenarios"))
        .find(|folder| folder.join("spec/clauses.yaml").is_file())
}

/// Loads plans: `wanted` are files, folders, or parts of names; none means all.
///
/// # Errors
/// If a path can't be read, nothing matches a name, or any file has a fault.
pub fn load(wanted: &[String], catalogue: &Catalogue) -> Result<Vec<Plan>, LoadError> {
    let (paths, filters): (Vec<&String>, Vec<&String>) = wanted
        .iter()
        .partition(|word| Path::new(word).exists() && !is_folder_name_only(word));
    let mut plans = Vec::new();
    for path in &paths {
        let path = Path::new(path);
        plans.extend(load_tree(path, catalogue)?);
    }
    if paths.is_empty() || !filters.is_empty() {
        let root = scenario_folder().ok_or(LoadError::NoFolder)?;
        let all = load_tree(&root, catalogue)?;
        if filters.is_empty() {
            plans = all;
        } else {
            for filter in filters {
                let before = plans.len();
                plans.extend(all.iter().filter(|plan| matches(plan, filter)).cloned());
                if plans.len() == before {
                    let near = scenario::problem::nearest(filter, all.iter().map(Plan::base_name))
                        .map(str::to_owned);
                    return Err(LoadError::NoMatch {
                        filter: filter.clone(),
                        near,
                    });
                }
            }
        }
    }
    Ok(plans)
}

/// `symptoms` is a part of a name even when a folder of that name is here.
fn is_folder_name_only(word: &str) -> bool {
    !word.contains(['/', '\\', '.']) && Path::new(word).is_dir()
}

/// Whether a plan is meant by a word: part of its name, or one of its clauses.
fn matches(plan: &Plan, word: &str) -> bool {
    plan.name.contains(word) || plan.clauses().any(|id| id.eq_ignore_ascii_case(word))
}

/// The scenario files below a path, in the order of their names.
pub fn scenario_files(path: &Path) -> Result<Vec<PathBuf>, LoadError> {
    let unreadable = |error: &std::io::Error| LoadError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let mut entries: Vec<PathBuf> = std::fs::read_dir(path)
        .and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect()
        })
        .map_err(|error| unreadable(&error))?;
    entries.sort();
    for entry in entries {
        let name = entry
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or("");
        if entry.is_dir() {
            // `spec` holds the catalogue, `src` and `tests` the test target.
            if !matches!(name, "spec" | "src" | "tests" | "target") && !name.starts_with('.') {
                files.extend(scenario_files(&entry)?);
            }
        } else if matches!(
            entry.extension().and_then(|e| e.to_str()),
            Some("yaml" | "yml")
        ) {
            files.push(entry);
        }
    }
    Ok(files)
}

fn load_tree(path: &Path, catalogue: &Catalogue) -> Result<Vec<Plan>, LoadError> {
    let mut plans = Vec::new();
    let mut faulty = Vec::new();
    for file in scenario_files(path)? {
        let bytes = std::fs::read(&file).map_err(|error| LoadError::Unreadable {
            path: file.clone(),
            reason: error.to_string(),
        })?;
        match scenario::read(&file, &bytes, catalogue) {
            Ok(cases) => plans.extend(name_cases(&file, cases)),
            Err(problems) => faulty.push(FaultyFile {
                source: String::from_utf8_lossy(&bytes).into_owned(),
                problems,
            }),
        }
    }
    if faulty.is_empty() {
        Ok(plans)
    } else {
        Err(LoadError::Faulty(faulty))
    }
}

/// The scenario folder that a file is in, if it is in one.
fn folder_of(file: &Path) -> Option<PathBuf> {
    let file = file.canonicalize().ok()?;
    file.ancestors()
        .find(|folder| folder.join("spec/clauses.yaml").is_file())
        .map(Path::to_owned)
}

/// Names the cases of a file.
fn name_cases(file: &Path, cases: Vec<Case>) -> Vec<Plan> {
    let whole = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let folder = folder_of(file);
    let below = folder
        .as_ref()
        .and_then(|folder| whole.strip_prefix(folder).ok());
    let stem = below.unwrap_or(file).with_extension("");
    let stem = stem.to_string_lossy().replace('\\', "/");
    let titles: std::collections::BTreeSet<String> = cases
        .iter()
        .map(|case| case.document.scenario.value.clone())
        .collect();
    let several = titles.len() > 1;
    let mut number = 0;
    let mut last_title = String::new();
    cases
        .into_iter()
        .map(|case| {
            if case.document.scenario.value != last_title {
                number += 1;
                last_title.clone_from(&case.document.scenario.value);
            }
            let mut name = stem.clone();
            if several {
                name.push_str(&format!("/{number}"));
            }
            if !case.values.is_empty() {
                let values: Vec<String> = case
                    .values
                    .iter()
                    .map(|(k, v)| format!("{k}={v}"))
                    .collect();
                name.push_str(&format!("[{}]", values.join(",")));
            }
            Plan {
                address: if folder.is_some() {
                    name.clone()
                } else {
                    file.display().to_string()
                },
                name,
                file: file.to_owned(),
                document: case.document,
            }
        })
        .collect()
}
