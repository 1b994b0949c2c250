//! `harness lint`: checks scenario files without playing them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::{FAILED, Format, USAGE, colour_on_stderr, complain, print_json};
use crate::clauses::Catalogue;
use crate::plan::{self, FaultyFile, scenario_files, scenario_folder};
use crate::runner::strict::{self, Toothless};
use crate::scenario;

/// Arguments of `harness lint`.
#[derive(Debug, Args)]
pub(super) struct Lint {
    /// Scenario files or folders; none means all scenarios.
    #[arg(value_name = "FILE|DIR")]
    files: Vec<PathBuf>,
    /// Also play each scenario with a bridge that does nothing: one that passes
    /// then tests nothing, unless it says in `negative` why that is so.
    #[arg(long)]
    strict: bool,
    /// How problems are printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Lint {
    pub(super) fn execute(&self, catalogue: &Catalogue) -> ExitCode {
        let mut roots = self.files.clone();
        if roots.is_empty() {
            match scenario_folder() {
                Some(folder) => roots.push(folder),
                None => return complain("no scenario folder here: name files or folders", USAGE),
            }
        }
        let mut faulty = Vec::new();
        let mut sound = 0;
        for root in &roots {
            let files = match scenario_files(root) {
                Ok(files) => files,
                Err(error) => return complain(&error.to_string(), USAGE),
            };
            for file in files {
                match lint(&file, catalogue) {
                    Ok(None) => sound += 1,
                    Ok(Some(fault)) => faulty.push(fault),
                    Err(error) => return complain(&format!("{}: {error}", file.display()), USAGE),
                }
            }
        }
        show(&faulty, self.format);
        if faulty.is_empty() && self.strict {
            let plans = match plan::load(&self.words(), catalogue) {
                Ok(plans) => plans,
                Err(error) => return complain(&error.to_string(), USAGE),
            };
            let toothless = strict::toothless(&plans, catalogue);
            if !toothless.is_empty() {
                self.show_toothless(&toothless);
                return ExitCode::from(FAILED);
            }
        }
        if faulty.is_empty() {
            if self.format == Format::Human {
                anstream::println!("{sound} scenario file(s) are in order");
            }
            ExitCode::SUCCESS
        } else {
            ExitCode::from(USAGE)
        }
    }
}

impl Lint {
    fn words(&self) -> Vec<String> {
        self.files
            .iter()
            .map(|file| file.display().to_string())
            .collect()
    }

    fn show_toothless(&self, toothless: &[Toothless]) {
        match self.format {
            Format::Json => {
                print_json(&json!({ "toothless": toothless }));
            }
            Format::Human => {
                for one in toothless {
                    anstream::eprintln!("{one}");
                }
            }
        }
    }
}

fn lint(file: &Path, catalogue: &Catalogue) -> std::io::Result<Option<FaultyFile>> {
    let bytes = std::fs::read(file)?;
    Ok(scenario::read(file, &bytes, catalogue)
        .err()
        .map(|problems| FaultyFile {
            source: String::from_utf8_lossy(&bytes).into_owned(),
            problems,
        }))
}

/// Shows what is wrong: drawn on the error output for people, as JSON for machines.
pub(super) fn show(files: &[FaultyFile], format: Format) {
    match format {
        Format::Human => {
            for file in files {
                for problem in &file.problems {
                    anstream::eprintln!("{}", problem.draw(&file.source, colour_on_stderr()));
                }
            }
        }
        Format::Json => {
            let problems: Vec<_> = files.iter().flat_map(|file| &file.problems).collect();
            print_json(&json!({ "problems": problems }));
        }
    }
}
