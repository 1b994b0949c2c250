//! What is wrong in a scenario file, and where.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::at::Place;

/// One fault of a scenario file, with its place and, where there is one, the
/// nearest right word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file.
    pub file: PathBuf,
    /// The place in it; line 0 if the file as a whole is meant.
    #[serde(flatten)]
    pub place: Place,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl Problem {
    pub(crate) fn new(file: &Path, place: Place, message: impl Into<String>) -> Self {
        Self {
            file: file.to_owned(),
            place,
            message: message.into(),
            help: None,
        }
    }

    pub(crate) fn with_help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    /// Draws the problem with the lines of `source` around it.
    pub fn draw(&self, source: &str, colour: bool) -> String {
        let labels: Vec<miette::LabeledSpan> = byte_offset(source, self.place)
            .map(|offset| {
                let length = source[offset..]
                    .chars()
                    .take_while(|c| !c.is_whitespace() && !matches!(c, ',' | '}' | ']' | ':'))
                    .map(char::len_utf8)
                    .sum::<usize>()
                    .max(1);
                miette::LabeledSpan::at(offset..(offset + length).min(source.len()), "here")
            })
            .into_iter()
            .collect();
        let mut diagnostic =
            miette::MietteDiagnostic::new(self.message.clone()).with_labels(labels);
        diagnostic.help.clone_from(&self.help);
        let theme = if colour {
            miette::GraphicalTheme::unicode()
        } else {
            miette::GraphicalTheme::unicode_nocolor()
        };
        let report = miette::Report::new(diagnostic).with_source_code(miette::NamedSource::new(
            self.file.display().to_string(),
            source.to_owned(),
        ));
        let mut drawn = String::new();
        let handler = miette::GraphicalReportHandler::new_themed(theme).with_width(100);
        match handler.render_report(&mut drawn, report.as_ref()) {
            Ok(()) => drawn,
            Err(_) => self.to_string(),
        }
    }
}

/// `file:line:column: message`, as editors and terminals link it.
impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.place.line > 0 {
            write!(f, ":{}:{}", self.place.line, self.place.column.max(1))?;
        }
        write!(f, ": {}", self.message)?;
        if let Some(help) = &self.help {
            write!(f, " ({help})")?;
        }
        Ok(())
    }
}

fn byte_offset(source: &str, place: Place) -> Option<usize> {
    if place.line == 0 {
        return None;
    }
    let mut offset = 0;
    for (number, line) in source.split_inclusive('\n').enumerate() {
        if number + 1 == place.line {
            let within: usize = line
                .chars()
                .take(place.column.saturating_sub(1))
                .map(char::len_utf8)
                .sum();
            return Some(offset + within);
        }
        offset += line.len();
    }
    None
}

/// The word of `known` that `word` was most likely meant to be.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| {
            (
                strsim::normalized_damerau_levenshtein(
                    &word.to_lowercase(),
                    &candidate.to_lowercase(),
                ),
                candidate,
            )
        })
        .filter(|(likeness, _)| *likeness >= 0.5)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
