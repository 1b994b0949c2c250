//! Progress and summary on a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use owo_colors::{OwoColorize, Style};

use super::RunInfo;
use super::failure::explain;
use super::summary::{Counts, by_clause};
use crate::clauses::Catalogue;
use crate::runner::suite::Event;
use crate::runner::verdict::{Outcome, Verdict};
use crate::scenario::duration::spell;

/// A progress bar on the error output, drawn only where a person looks.
pub(crate) fn progress(total: u64, template: &str) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    // A template that does not parse costs the bar its looks, nothing else.
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("━╸─"));
    }
    bar
}

/// Shows the progress of a run and, at the end, what it came to.
pub struct Terminal {
    bar: ProgressBar,
    info: RunInfo,
    width: usize,
}

impl Terminal {
    /// A terminal for `total` scenarios; the bar is drawn only where a person looks.
    pub fn new(names: &[&str], info: RunInfo) -> Self {
        let bar = progress(
            names.len() as u64,
            "{bar:32} {pos}/{len}  {elapsed}  {wide_msg}",
        );
        let width = names
            .iter()
            .map(|name| name.chars().count())
            .max()
            .unwrap_or(0);
        Self { bar, info, width }
    }

    /// Takes notice of something that happened.
    pub fn take(&self, event: &Event<'_>) {
        match event {
            Event::Started(plan) => self.bar.set_message(plan.name.clone()),
            Event::Ended(outcome) => {
                self.bar
                    .suspend(|| anstream::println!("{}", self.line(outcome)));
                self.bar.inc(1);
            }
        }
    }

    fn line(&self, outcome: &Outcome) -> String {
        let style = style_of(&outcome.verdict);
        let mark = match outcome.verdict {
            Verdict::Passed => "✓",
            Verdict::Failed { .. } => "✗",
            Verdict::HarnessError { .. } => "!",
            Verdict::KnownFailure { .. } => "~",
            Verdict::NotTested { .. } => "–",
        };
        let word = match outcome.verdict {
            Verdict::Passed => String::new(),
            _ => format!("  {}", outcome.verdict.word()),
        };
        let times = format!(
            "{} of helpdesk in {} ms",
            spell(rounded(outcome.helpdesk_time)),
            outcome.real_time.as_millis()
        );
        let text = format!(
            "{} {:width$}  {}{}",
            mark.style(style),
            outcome.name,
            times.dimmed(),
            word.style(style),
            width = self.width
        );
        match outcome.verdict {
            Verdict::Passed => text,
            _ => format!("{text}\n\n{}", indent(&explain(outcome, &self.info))),
        }
    }

    /// The summary by guide row.
    pub fn finish(self, outcomes: &[Outcome], seconds: f64, catalogue: &Catalogue) {
        self.bar.finish_and_clear();
        let rows = by_clause(outcomes, catalogue);
        let width = rows
            .iter()
            .map(|row| row.title.chars().count())
            .max()
            .unwrap_or(0);
        anstream::println!();
        for row in &rows {
            let style = if row.counts.exit_code() == 0 {
                Style::new().green()
            } else {
                Style::new().red()
            };
            let score = format!("{}/{}", row.counts.passed, row.counts.total());
            anstream::println!(
                "  {:7} {:width$}  {}",
                row.clause.bold(),
                row.title,
                score.style(style)
            );
        }
        let counts = Counts::of(outcomes);
        let mut parts = vec![
            format!("{} passed", counts.passed)
                .style(Style::new().green())
                .to_string(),
        ];
        for (n, word) in [
            (counts.failed, "failed"),
            (counts.known_failures, "known failures"),
            (counts.harness_errors, "harness errors"),
            (counts.not_tested, "not tested"),
        ] {
            if n > 0 {
                parts.push(format!("{n} {word}").style(Style::new().red()).to_string());
            }
        }
        let helpdesk = outcomes.iter().map(|outcome| outcome.helpdesk_time).sum();
        anstream::println!(
            "\n  {} in {seconds:.2} s ({} world, {} of helpdesk time)",
            parts.join(", "),
            self.info.world,
            spell(rounded(helpdesk))
        );
    }
}

fn style_of(verdict: &Verdict) -> Style {
    match verdict {
        Verdict::Passed => Style::new().green(),
        Verdict::Failed { .. } => Style::new().red(),
        Verdict::HarnessError { .. } => Style::new().magenta(),
        Verdict::KnownFailure { .. } | Verdict::NotTested { .. } => Style::new().yellow(),
    }
}

fn rounded(duration: std::time::Duration) -> std::time::Duration {
    std::time::Duration::from_secs(duration.as_secs())
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}
