//! `harness known-bad`: bridges that are wrong on purpose, and who catches them.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use indicatif::ProgressBar;
use owo_colors::OwoColorize;
use serde_json::json;

use super::{FAILED, Format, USAGE, complain, print_json};
use crate::clauses::Catalogue;
use crate::known_bad::catch::{Fate, WalkFate, try_all, walk_all};
use crate::known_bad::{KnownBad, all};
use crate::plan;
use crate::report::terminal::progress;
use crate::runner::suite::usual_jobs;
use crate::scenario::duration::spell;
use crate::scenario::problem::nearest;

/// Arguments of `harness known-bad`.
#[derive(Debug, Args)]
pub(super) struct KnownBadBridges {
    /// Parts of names, or clause ids; none means all of them.
    #[arg(value_name = "NAME|CLAUSE")]
    wanted: Vec<String>,
    /// Play every scenario with each, not only those that assert its clause.
    #[arg(long)]
    thorough: bool,
    /// Let random walks find them in place of the scenarios: at most so many walks each.
    #[arg(long, value_name = "WALKS")]
    by_walks: Option<u64>,
    /// The seed of the walks.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Only list them.
    #[arg(long)]
    list: bool,
    /// How the outcome is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// On how many threads.
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
}

impl KnownBadBridges {
    pub(super) fn execute(&self, catalogue: &Catalogue) -> ExitCode {
        let bridges = match self.chosen() {
            Ok(bridges) => bridges,
            Err(message) => return complain(&message, USAGE),
        };
        if self.list {
            return list(&bridges, self.format);
        }
        if let Some(cases) = self.by_walks {
            return self.walk(&bridges, catalogue, cases);
        }
        let plans = match plan::load(&[], catalogue) {
            Ok(plans) => plans,
            Err(error) => return complain(&error.to_string(), USAGE),
        };
        let started = tokio::time::Instant::now();
        let width = widest(&bridges);
        let bar = bar(&bridges);
        let human = self.format == Format::Human;
        let fates = try_all(
            &bridges,
            &plans,
            catalogue,
            self.jobs(),
            self.thorough,
            |fate| {
                if human {
                    bar.suspend(|| anstream::println!("{}", line(fate, width)));
                }
                bar.inc(1);
            },
        );
        bar.finish_and_clear();
        let survivors = fates.iter().filter(|fate| fate.caught.is_none()).count();
        if human {
            let played: usize = fates.iter().map(|fate| fate.played).sum();
            anstream::println!(
                "\n  {} known-bad bridges, {} caught, {survivors} survive; {played} scenarios played in {:.1} s",
                fates.len(),
                fates.len() - survivors,
                started.elapsed().as_secs_f64()
            );
        } else {
            print_json(&json!({ "known_bad": fates, "survivors": survivors }));
        }
        if survivors == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(FAILED)
        }
    }

    fn jobs(&self) -> usize {
        self.jobs.unwrap_or_else(usual_jobs)
    }

    /// Random walks with each of them. That some are not found is no failure:
    /// docs/random-walks.md says which, and why.
    fn walk(&self, bridges: &[KnownBad], catalogue: &Catalogue, cases: u64) -> ExitCode {
        let width = widest(bridges);
        let bar = bar(bridges);
        let human = self.format == Format::Human;
        let fates = walk_all(bridges, catalogue, self.seed, cases, self.jobs(), |fate| {
            if human {
                bar.suspend(|| anstream::println!("{}", walk_line(fate, width)));
            }
            bar.inc(1);
        });
        bar.finish_and_clear();
        let found = fates.iter().filter(|fate| fate.walks.is_some()).count();
        if human {
            anstream::println!(
                "\n  {found} of {} known-bad bridges found within {cases} walks of seed {}",
                fates.len(),
                self.seed
            );
        } else {
            print_json(&json!({ "seed": self.seed, "walks": cases, "known_bad": fates }));
        }
        ExitCode::SUCCESS
    }

    fn chosen(&self) -> Result<Vec<KnownBad>, String> {
        let all = all();
        if self.wanted.is_empty() {
            return Ok(all);
        }
        let mut chosen = Vec::new();
        for word in &self.wanted {
            let before = chosen.len();
            chosen.extend(all.iter().copied().filter(|bad| {
                bad.name.contains(word.as_str()) || bad.clause.eq_ignore_ascii_case(word)
            }));
            if chosen.len() == before {
                let near = nearest(word, all.iter().map(|bad| bad.name))
                    .map(|near| format!("; did you mean `{near}`?"))
                    .unwrap_or_default();
                return Err(format!(
                    "no known-bad bridge is called `{word}`{near} (`harness known-bad --list` lists them)"
                ));
            }
        }
        Ok(chosen)
    }
}

fn widest(bridges: &[KnownBad]) -> usize {
    bridges
        .iter()
        .map(|bad| bad.name.chars().count())
        .max()
        .unwrap_or(0)
}

fn bar(bridges: &[KnownBad]) -> ProgressBar {
    progress(bridges.len() as u64, "{bar:32} {pos}/{len}  {elapsed}")
}

fn walk_line(fate: &WalkFate, width: usize) -> String {
    let (mark, how) = match (&fate.walks, &fate.found) {
        (Some(walks), Some((clause, seen))) => (
            "✓".green().to_string(),
            format!("walk {walks:>4}  {clause}: {seen}"),
        ),
        _ => ("–".yellow().to_string(), "not found".to_owned()),
    };
    format!(
        "{mark} {:7} {:width$}  {how}",
        fate.clause.bold(),
        fate.name
    )
}

fn list(bridges: &[KnownBad], format: Format) -> ExitCode {
    if format == Format::Json {
        let items: Vec<_> = bridges
            .iter()
            .map(|bad| json!({ "name": bad.name, "clause": bad.clause, "place": bad.place() }))
            .collect();
        return print_json(&json!(items));
    }
    for bad in bridges {
        anstream::println!(
            "{:7} {:16} {}",
            bad.clause.bold(),
            bad.place().dimmed(),
            bad.name
        );
    }
    ExitCode::SUCCESS
}

fn line(fate: &Fate, width: usize) -> String {
    match &fate.caught {
        Some(catch) => format!(
            "{} {:7} {:width$}  {} {}",
            "✓".green(),
            fate.clause.bold(),
            fate.name,
            catch.scenario,
            format!(
                "after {}",
                spell(Duration::from_secs(catch.after_seconds as u64))
            )
            .dimmed()
        ),
        None => {
            let mut text = format!(
                "{} {:7} {:width$}  {}",
                "✗".red(),
                fate.clause.bold(),
                fate.name,
                "survives".red()
            );
            for catch in &fate.bystanders {
                text.push_str(&format!(
                    "\n          only a bystander: {} fails {}: {}",
                    catch.scenario, catch.clause, catch.seen
                ));
            }
            for error in &fate.harness_errors {
                text.push_str(&format!("\n          harness error: {error}"));
            }
            if fate.played == 0 {
                text.push_str("\n          no scenario asserts its clause");
            }
            text
        }
    }
}
