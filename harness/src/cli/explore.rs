//! `harness explore` and `harness merge`: random walks, and shards of them joined.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use clap::Args;
use owo_colors::OwoColorize;
use serde_json::json;

use super::{FAILED, Format, HARNESS_ERROR, USAGE, complain, print_json};
use crate::clauses::Catalogue;
use crate::explore::shard::{Part, ShardReport, WalkFailure, merge};
use crate::explore::{Case, Explorer, Found};
use crate::known_bad;
use crate::report::RunInfo;
use crate::report::failure::explain;
use crate::report::terminal::progress;
use crate::runner::suite::usual_jobs;
use crate::scenario::duration::HumanDuration;
use crate::world::simulated::reference_bridge;

/// How many cases are played if nothing says how many or how long.
const USUAL_CASES: u64 = 1000;

/// Arguments of `harness explore`.
#[derive(Debug, Args)]
pub(super) struct Explore {
    /// How many cases all shards play together. Default: 1000, or with `--for` as many as
    /// there is time for.
    #[arg(long)]
    cases: Option<u64>,
    /// The seed that all cases are drawn from.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Only this case.
    #[arg(long, value_name = "N", conflicts_with = "shard")]
    case: Option<u64>,
    /// Stop after this time, such as `60s`, even if cases of `--cases` are left.
    #[arg(long = "for", value_name = "TIME", value_parser = HumanDuration::parse)]
    time: Option<HumanDuration>,
    /// Only every N-th case from the K-th: `2/4`.
    #[arg(long, value_name = "K/N", default_value = "1/1")]
    shard: Part,
    /// Go on after a failure.
    #[arg(long)]
    keep_going: bool,
    /// Walk with this known-bad bridge in place of the reference bridge.
    #[arg(long, value_name = "NAME")]
    known_bad: Option<String>,
    /// Where failing walks are written as scenarios, and the report as JSON.
    #[arg(long, value_name = "DIR", default_value = "target/explore")]
    report: PathBuf,
    /// How the outcome is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// On how many threads.
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
}

/// Arguments of `harness merge`.
#[derive(Debug, Args)]
pub(super) struct Merge {
    /// The reports of the shards.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// How the outcome is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Explore {
    pub(super) fn execute(&self, catalogue: &Catalogue) -> ExitCode {
        let bridge = match &self.known_bad {
            None => reference_bridge(),
            Some(name) => match known_bad::named(name) {
                Some(bad) => bad.bridge(),
                None => {
                    return complain(
                        &format!(
                            "no known-bad bridge is called `{name}` (`harness known-bad --list` lists them)"
                        ),
                        USAGE,
                    );
                }
            },
        };
        if let Err(error) = std::fs::create_dir_all(&self.report) {
            return complain(
                &format!("{}: {error}", self.report.display()),
                HARNESS_ERROR,
            );
        }
        let explorer = Explorer {
            seed: self.seed,
            bridge,
            catalogue,
        };
        let started = tokio::time::Instant::now();
        let (cases, found, errors) = self.walk(&explorer, started);
        let mut report = ShardReport {
            seed: self.seed,
            shards: vec![self.shard.to_string()],
            cases,
            seconds: started.elapsed().as_secs_f64(),
            failures: Vec::new(),
            harness_errors: errors,
        };
        for found in &found {
            match self.keep(found) {
                Ok(failure) => report.failures.push(failure),
                Err(message) => return complain(&message, HARNESS_ERROR),
            }
            if self.format == Format::Human {
                self.show(found);
            }
        }
        let path = self
            .report
            .join(format!("shard-{}-of-{}.json", self.shard.k, self.shard.n));
        let text = serde_json::to_string_pretty(&report).unwrap_or_default();
        if let Err(error) = std::fs::write(&path, text) {
            return complain(&format!("{}: {error}", path.display()), HARNESS_ERROR);
        }
        tell(&report, self.format)
    }

    /// The number after the last case's, if no time limit comes first.
    fn end(&self) -> u64 {
        let usual = match self.time {
            Some(_) => u64::MAX,
            None => USUAL_CASES,
        };
        self.cases.unwrap_or(usual)
    }

    /// Plays the cases of this shard on several threads.
    fn walk(
        &self,
        explorer: &Explorer<'_>,
        started: tokio::time::Instant,
    ) -> (u64, Vec<Found>, Vec<String>) {
        let (first, step, end) = match self.case {
            Some(case) => (case, 1, case + 1),
            None => (self.shard.k - 1, self.shard.n, self.end()),
        };
        let next = AtomicU64::new(0);
        let (stop, played) = (AtomicBool::new(false), AtomicU64::new(0));
        let found = Mutex::new(Vec::new());
        let errors = Mutex::new(Vec::new());
        let template = match end {
            u64::MAX => "{pos} walks  {elapsed}  {per_sec}",
            _ => "{bar:32} {pos}/{len} walks  {elapsed}  {per_sec}",
        };
        let bar = progress(end.saturating_sub(first).div_ceil(step), template);
        let jobs = self.jobs.unwrap_or_else(usual_jobs);
        std::thread::scope(|scope| {
            for _ in 0..jobs.max(1) {
                scope.spawn(|| {
                    loop {
                        let case = first + step * next.fetch_add(1, Ordering::Relaxed);
                        let late = self.time.is_some_and(|time| started.elapsed() >= time.0);
                        if case >= end || late || stop.load(Ordering::Relaxed) {
                            return;
                        }
                        let ended = explorer.case(case);
                        played.fetch_add(1, Ordering::Relaxed);
                        bar.inc(1);
                        // Nothing panics while these are held.
                        match ended {
                            Case::Held => continue,
                            Case::Failed(one) => found
                                .lock()
                                .unwrap_or_else(PoisonError::into_inner)
                                .push(*one),
                            Case::HarnessError(error) => errors
                                .lock()
                                .unwrap_or_else(PoisonError::into_inner)
                                .push(error),
                        }
                        if !self.keep_going {
                            stop.store(true, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        bar.finish_and_clear();
        let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        found.sort_by_key(|one| one.case);
        let errors = errors.into_inner().unwrap_or_else(PoisonError::into_inner);
        (played.into_inner(), found, errors)
    }

    fn command(&self, case: u64) -> String {
        let bridge = self
            .known_bad
            .as_ref()
            .map(|name| format!(" --known-bad '{name}'"))
            .unwrap_or_default();
        format!(
            "cargo run --release --bin harness -- explore --seed {} --case {case}{bridge}",
            self.seed
        )
    }

    /// Writes a failing walk as a scenario file.
    fn keep(&self, found: &Found) -> Result<WalkFailure, String> {
        let path = self.report.join(format!("{}.yaml", found.plan.name));
        let text = format!(
            "# {} {}\n# expected {}\n# seen     {}\n# found by {}\n{}",
            found.failure.clause,
            found.failure.title,
            found.failure.expected,
            found.failure.seen.replace('\n', " "),
            self.command(found.case),
            found.plan.document.to_yaml()
        );
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(WalkFailure {
            case: found.case,
            clause: found.failure.clause.clone(),
            expected: found.failure.expected.clone(),
            seen: found.failure.seen.clone(),
            scenario: path.display().to_string(),
            command: self.command(found.case),
        })
    }

    fn show(&self, found: &Found) {
        let info = RunInfo {
            world: "simulated".into(),
            seed: self.seed ^ found.case,
            seconds: 0.0,
        };
        anstream::println!(
            "{} walk {} fails; the smallest history after {} tries has {} steps\n",
            "✗".red(),
            found.case,
            found.shrinks,
            found.plan.document.play.len()
        );
        for line in explain(&found.outcome, &info).lines() {
            anstream::println!("    {line}");
        }
        anstream::println!("    found by  {}\n", self.command(found.case));
    }
}

impl Merge {
    pub(super) fn execute(&self) -> ExitCode {
        let mut reports = Vec::new();
        for file in &self.files {
            match read(file) {
                Ok(report) => reports.push(report),
                Err(message) => return complain(&message, USAGE),
            }
        }
        match merge(reports) {
            Ok(report) => {
                for failure in &report.failures {
                    if self.format == Format::Human {
                        anstream::println!(
                            "{} walk {}  {}: expected {}; seen {}\n    {}",
                            "✗".red(),
                            failure.case,
                            failure.clause.bold(),
                            failure.expected,
                            failure.seen,
                            failure.command
                        );
                    }
                }
                tell(&report, self.format)
            }
            Err(message) => complain(&message, USAGE),
        }
    }
}

fn read(file: &Path) -> Result<ShardReport, String> {
    let text =
        std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    serde_json::from_str(&text).map_err(|error| {
        format!(
            "{}:{}:{}: this is no report of `harness explore`: {error}",
            file.display(),
            error.line(),
            error.column()
        )
    })
}

/// Says what was found, and gives the exit code.
fn tell(report: &ShardReport, format: Format) -> ExitCode {
    match format {
        Format::Json => {
            print_json(&json!(report));
        }
        Format::Human => {
            for error in &report.harness_errors {
                anstream::println!("{} {error}", "!".magenta());
            }
            anstream::println!(
                "  {} walks of seed {} (shard {}), {} failed, {} harness errors, in {:.1} s ({:.0} a second)",
                report.cases,
                report.seed,
                report.shards.join(", "),
                report.failures.len(),
                report.harness_errors.len(),
                report.seconds,
                report.cases as f64 / report.seconds.max(0.001)
            );
        }
    }
    if !report.harness_errors.is_empty() {
        ExitCode::from(HARNESS_ERROR)
    } else if report.failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAILED)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        explore: Explore,
    }

    #[test]
    fn a_time_is_used_up_unless_so_many_cases_are_asked_for() {
        let end = |line: &str| {
            let words = std::iter::once("explore").chain(line.split_whitespace());
            Line::parse_from(words).explore.end()
        };
        assert_eq!(end(""), 1000);
        assert_eq!(end("--cases 7"), 7);
        assert_eq!(end("--for 60s"), u64::MAX);
        assert_eq!(end("--for 60s --cases 7"), 7);
    }
}
