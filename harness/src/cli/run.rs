//! `harness run`: plays scenarios and writes reports.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::{Format, HARNESS_ERROR, USAGE, complain};
use crate::clauses::Catalogue;
use crate::plan::{self, LoadError};
use crate::report::summary::Counts;
use crate::report::terminal::Terminal;
use crate::report::{ReportError, Reports, RunInfo, json};
use crate::runner::known_failures;
use crate::runner::suite::Suite;
use crate::world::WorldKind;
use crate::world::programs::Programs;

/// Arguments of `harness run`.
#[derive(Debug, Args)]
pub(super) struct Run {
    /// Scenario files, folders, parts of names, or clause ids; none means all.
    #[arg(value_name = "PATH|NAME|CLAUSE")]
    wanted: Vec<String>,
    /// Where the scenarios are played.
    #[arg(long, value_enum, default_value_t)]
    world: WorldKind,
    /// Where the reports are written (index.html, report.json, junit.xml, traces/).
    #[arg(long, value_name = "DIR", default_value = "target/harness-report")]
    report: PathBuf,
    /// Failures that are known: YAML, a list of `{ scenario, reason }`. One that
    /// no longer fails is a failure.
    #[arg(long, value_name = "FILE")]
    known_failures: Option<PathBuf>,
    /// How the outcome is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// The seed of everything that is left to chance.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// On how many threads.
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Of each matrix only the first case: quicker where each takes seconds, as
    /// in the live world.
    #[arg(long)]
    first_cases: bool,
}

impl Run {
    pub(super) fn execute(&self, catalogue: &Catalogue) -> ExitCode {
        let mut plans = match plan::load(&self.wanted, catalogue) {
            Ok(plans) => plans,
            Err(error) => return say_load_error(&error, self.format),
        };
        let known = match self.known_failures.as_deref().map(known_failures::read) {
            None => Vec::new(),
            Some(Ok(known)) => known,
            Some(Err(message)) => return complain(&message, USAGE),
        };
        if self.first_cases {
            plans.dedup_by(|later, first| later.base_name() == first.base_name());
        }
        if plans.is_empty() {
            return complain("there are no scenarios there", USAGE);
        }
        if self.world == WorldKind::Live {
            if self.format == Format::Human {
                anstream::eprintln!("building fake-freshdesk and reference-bridge …");
            }
            if let Err(error) = Programs::find() {
                return complain(&error.to_string(), HARNESS_ERROR);
            }
        }
        let mut suite = Suite {
            world: self.world,
            seed: self.seed,
            ..Suite::default()
        };
        if let Some(jobs) = self.jobs {
            suite.jobs = jobs;
        }
        let names: Vec<&str> = plans.iter().map(|plan| plan.name.as_str()).collect();
        if let (Some(unmet), true) = (
            known_failures::unmet(&known, &names),
            self.wanted.is_empty(),
        ) {
            return complain(
                &format!(
                    "a known failure names the scenario `{}`, which there is not",
                    unmet.scenario
                ),
                USAGE,
            );
        }
        let mut info = RunInfo {
            world: self.world.to_string(),
            seed: self.seed,
            seconds: 0.0,
        };
        let reports = match Reports::begin(&self.report, info.clone(), plans.len()) {
            Ok(reports) => reports,
            Err(error) => return no_report(&error),
        };
        let started = tokio::time::Instant::now();
        let terminal = (self.format == Format::Human).then(|| Terminal::new(&names, info.clone()));
        let outcomes = suite.play_each(
            &plans,
            catalogue,
            |i, outcome| {
                known_failures::apply(&known, outcome);
                reports.take(i, outcome);
            },
            |event| {
                if let Some(terminal) = &terminal {
                    terminal.take(&event);
                }
            },
        );
        info.seconds = started.elapsed().as_secs_f64();
        let written = reports.finish(&outcomes, info.seconds, catalogue);
        if let Some(terminal) = terminal {
            terminal.finish(&outcomes, info.seconds, catalogue);
        } else {
            anstream::println!("{}", json::report(&outcomes, &info, catalogue));
        }
        match written {
            Ok(page) if self.format == Format::Human => {
                anstream::println!("  report: {}", page.display());
            }
            Ok(_) => {}
            Err(error) => return no_report(&error),
        }
        ExitCode::from(Counts::of(&outcomes).exit_code())
    }
}

fn no_report(error: &ReportError) -> ExitCode {
    complain(
        &format!("no report: {error}; choose another place with --report"),
        HARNESS_ERROR,
    )
}

/// Says why nothing is played.
fn say_load_error(error: &LoadError, format: Format) -> ExitCode {
    if let LoadError::Faulty(files) = error {
        super::lint::show(files, format);
        return complain(&format!("{error}; nothing was played"), USAGE);
    }
    complain(&error.to_string(), USAGE)
}
