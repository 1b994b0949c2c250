//! From the bytes of a scenario file to its documents.

use std::path::Path;

use super::at::Place;
use super::document::{Document, MatrixValue};
use super::problem::{Problem, nearest};
use indexmap::IndexMap;
use serde::Deserialize;

/// One YAML document of a file, with the lines before it blanked so that every
/// place in it is a place in the file.
struct Section {
    text: String,
    first_line: usize,
}

/// One case of a document: the document with the values of its matrix put in.
#[derive(Debug, Clone)]
pub struct Case {
    /// The document.
    pub document: Document,
    /// The matrix values of this case, in the matrix's order.
    pub values: Vec<(String, String)>,
}

/// Reads the bytes of a scenario file.
///
/// # Errors
/// Everything that is wrong with the file's form: not UTF-8, empty, broken
/// YAML, duplicate keys, unknown words, wrong types.
pub(crate) fn cases(file: &Path, bytes: &[u8]) -> Result<Vec<Case>, Vec<Problem>> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = before.iter().filter(|b| **b == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|b| **b != b'\n').count() + 1;
        vec![
            Problem::new(
                file,
                Place { line, column },
                format!(
                    "the file is not UTF-8: byte 0x{:02x} at offset {}",
                    bytes[error.valid_up_to()],
                    error.valid_up_to()
                ),
            )
            .with_help(Some("save it as UTF-8".to_owned())),
        ]
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let sections = sections(text);
    if sections.is_empty() {
        return Err(vec![
            Problem::new(file, Place::default(), "the file holds no scenario").with_help(Some(
                "begin with `scenario: what is shown`; see docs/scenarios.md".to_owned(),
            )),
        ]);
    }
    let mut cases = Vec::new();
    let mut problems = Vec::new();
    for section in &sections {
        match section_cases(file, section) {
            Ok(found) => cases.extend(found),
            Err(problem) => problems.push(problem),
        }
    }
    if problems.is_empty() {
        Ok(cases)
    } else {
        Err(problems)
    }
}

/// Cuts a file at its `---` lines.
fn sections(text: &str) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut current = Section {
        text: String::new(),
        first_line: 1,
    };
    let mut lines = 0;
    for line in text.lines() {
        lines += 1;
        if line == "---" || line.starts_with("--- ") {
            sections.push(std::mem::replace(
                &mut current,
                Section {
                    text: "\n".repeat(lines),
                    first_line: lines + 1,
                },
            ));
        } else {
            current.text.push_str(line);
            current.text.push('\n');
        }
    }
    sections.push(current);
    sections.retain(|section| {
        section.text.lines().any(|line| {
            let line = line.trim();
            !line.is_empty() && !line.starts_with('#')
        })
    });
    sections
}

#[derive(Deserialize)]
struct OnlyMatrix {
    #[serde(default)]
    matrix: IndexMap<String, Vec<MatrixValue>>,
}

fn section_cases(file: &Path, section: &Section) -> Result<Vec<Case>, Problem> {
    let matrix = serde_saphyr::from_str::<OnlyMatrix>(&section.text)
        .map(|only| only.matrix)
        .unwrap_or_default();
    if let Some((name, _)) = matrix.iter().find(|(_, values)| values.is_empty()) {
        return Err(Problem::new(
            file,
            Place {
                line: section.first_line,
                column: 1,
            },
            format!("the matrix gives `{name}` no values: nothing would be played"),
        ));
    }
    combinations(&matrix)
        .into_iter()
        .map(|values| {
            let mut text = section.text.clone();
            for (name, value) in &values {
                // Quoted first, so that `plan: "{plan}"` becomes a plain word.
                text = text.replace(&format!("\"{{{name}}}\""), value);
                text = text.replace(&format!("{{{name}}}"), value);
            }
            let document: Document =
                serde_saphyr::from_str(&text).map_err(|error| explain(file, section, &error))?;
            Ok(Case { document, values })
        })
        .collect()
}

fn combinations(matrix: &IndexMap<String, Vec<MatrixValue>>) -> Vec<Vec<(String, String)>> {
    let mut all = vec![Vec::new()];
    for (name, values) in matrix {
        all = all
            .into_iter()
            .flat_map(|before: Vec<(String, String)>| {
                values.iter().map(move |value| {
                    let mut one = before.clone();
                    one.push((name.clone(), value.to_string()));
                    one
                })
            })
            .collect();
    }
    all
}

/// Puts a YAML error into our words, with the nearest known one.
fn explain(file: &Path, section: &Section, error: &serde_saphyr::Error) -> Problem {
    use serde_saphyr::Error;
    let error = error.without_snippet();
    let place = error
        .location()
        .map(Place::of)
        .filter(|place| place.line > 0)
        .unwrap_or(Place {
            line: section.first_line,
            column: 1,
        });
    let suggest = |word: &str, known: &[&'static str]| {
        nearest(word, known.iter().copied())
            .map(|near| format!("did you mean `{near}`?"))
            .or_else(|| Some(format!("known here: {}", known.join(", "))))
    };
    match error {
        Error::SerdeUnknownField {
            field, expected, ..
        } => Problem::new(file, place, format!("unknown word `{field}`"))
            .with_help(suggest(field, expected)),
        Error::SerdeUnknownVariant {
            variant, expected, ..
        } => Problem::new(file, place, format!("unknown word `{variant}`"))
            .with_help(suggest(variant, expected)),
        Error::SerdeMissingField { field, .. } => {
            Problem::new(file, place, format!("`{field}` is missing here"))
        }
        Error::SerdeInvalidType {
            unexpected,
            expected,
            ..
        }
        | Error::SerdeInvalidValue {
            unexpected,
            expected,
            ..
        } => Problem::new(
            file,
            place,
            format!("expected {expected}, found {unexpected}"),
        ),
        Error::DuplicateMappingKey { key, .. } => Problem::new(
            file,
            place,
            match key {
                Some(key) => format!("`{key}` is written twice in the same place"),
                None => "a key is written twice in the same place".to_owned(),
            },
        ),
        other => {
            let whole = other.to_string();
            let message = whole
                .strip_suffix(&format!(" at line {}, column {}", place.line, place.column))
                .unwrap_or(&whole);
            let help = (message == "invalid boolean").then(|| "write `true` or `false`".to_owned());
            Problem::new(file, place, message).with_help(help)
        }
    }
}
