//! One failure as text, the same words everywhere.

use crate::runner::verdict::{Failure, Outcome, Verdict};
use crate::trace::Entry;
use crate::trace::line::{describe, elapsed};

use super::RunInfo;

/// The command that repeats just this case.
pub fn repeat_command(outcome: &Outcome, info: &RunInfo) -> String {
    let world = if info.world == "live" {
        " --world live"
    } else {
        ""
    };
    let seed = if info.seed == 0 {
        String::new()
    } else {
        format!(" --seed {}", info.seed)
    };
    let name = if outcome.address.contains(['[', ' ']) {
        format!("'{}'", outcome.address)
    } else {
        outcome.address.clone()
    };
    format!("cargo run --release --bin harness -- run {name}{world}{seed}")
}

/// The trace entries that matter to a failure.
pub fn entries<'a>(outcome: &'a Outcome, failure: &Failure) -> Vec<&'a Entry> {
    failure
        .entries
        .iter()
        .filter_map(|n| outcome.trace.get(*n))
        .collect()
}

/// The trace lines that matter to a failure, each as (time, text).
pub fn lines(outcome: &Outcome, failure: &Failure) -> Vec<(String, String)> {
    let Some(start) = outcome.trace.entries().first().map(|entry| entry.at) else {
        return Vec::new();
    };
    entries(outcome, failure)
        .into_iter()
        .map(|entry| (elapsed(start, entry.at), describe(entry)))
        .collect()
}

/// Everything that is wrong with a run, as text without colour.
pub fn explain(outcome: &Outcome, info: &RunInfo) -> String {
    let mut text = String::new();
    let start = outcome.trace.entries().first().map(|entry| entry.at);
    let mut say = |line: String| {
        text.push_str(line.trim_end());
        text.push('\n');
    };
    match &outcome.verdict {
        Verdict::Passed => {}
        Verdict::NotTested { reason } => say(format!("not tested: {reason}")),
        Verdict::KnownFailure { reason, failures } => {
            say(format!("known failure: {reason}"));
            for failure in failures {
                say(format!(
                    "{}  {}: {}",
                    failure.clause, failure.title, failure.seen
                ));
            }
        }
        Verdict::HarnessError { message } => {
            say(format!("harness error: {message}"));
            say(format!("scenario  {}", outcome.file.display()));
            say(format!("repeat    {}", repeat_command(outcome, info)));
        }
        Verdict::Failed { failures } => {
            for failure in failures {
                say(format!("{}  {}", failure.clause, failure.title));
                say(format!("expected  {}", failure.expected));
                say(format!("seen      {}", failure.seen));
                let when = start
                    .map(|start| elapsed(start, failure.at))
                    .unwrap_or_default();
                let line = failure
                    .line
                    .map(|line| format!(":{line}"))
                    .unwrap_or_default();
                say(format!(
                    "where     {}{line}, phase {}, at {when}",
                    outcome.file.display(),
                    failure.phase
                ));
                let lines = lines(outcome, failure);
                let width = lines
                    .iter()
                    .map(|(time, _)| time.chars().count())
                    .max()
                    .unwrap_or(0);
                for (time, what) in lines {
                    say(format!("  {time:>width$}  {what}"));
                }
            }
            say(format!("repeat    {}", repeat_command(outcome, info)));
        }
    }
    text
}
