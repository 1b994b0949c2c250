//! Everything for machines.

use serde_json::{Value, json};

use super::failure::{lines, repeat_command};
use super::summary::{Counts, by_clause};
use super::{RunInfo, file_name};
use crate::clauses::Catalogue;
use crate::runner::verdict::{Outcome, Verdict};

/// The report as JSON text.
pub fn report(outcomes: &[Outcome], info: &RunInfo, catalogue: &Catalogue) -> String {
    let value = json!({
        "run": info,
        "counts": Counts::of(outcomes),
        "clauses": by_clause(outcomes, catalogue),
        "scenarios": outcomes.iter().map(|outcome| scenario(outcome, info)).collect::<Vec<_>>(),
    });
    // A JSON value of strings and numbers always serializes.
    serde_json::to_string_pretty(&value).unwrap_or_default()
}

fn scenario(outcome: &Outcome, info: &RunInfo) -> Value {
    let mut value = json!({
        "name": outcome.name,
        "title": outcome.title,
        "clauses": outcome.clauses,
        "cause": outcome.cause,
        "file": outcome.file,
        "verdict": outcome.verdict.word(),
        "helpdesk_seconds": outcome.helpdesk_time.as_secs_f64(),
        "real_seconds": outcome.real_time.as_secs_f64(),
        "trace": format!("traces/{}.jsonl", file_name(&outcome.name)),
    });
    match &outcome.verdict {
        Verdict::Passed => {}
        Verdict::Failed { failures } => {
            value["failures"] = failures
                .iter()
                .map(|failure| {
                    let mut one = json!(failure);
                    one["lines"] = lines(outcome, failure)
                        .into_iter()
                        .map(|(time, what)| format!("{time}  {what}"))
                        .collect();
                    one
                })
                .collect();
            value["repeat"] = repeat_command(outcome, info).into();
        }
        Verdict::HarnessError { message } => value["error"] = message.clone().into(),
        Verdict::KnownFailure { reason, .. } | Verdict::NotTested { reason } => {
            value["reason"] = reason.clone().into();
        }
    }
    value
}
