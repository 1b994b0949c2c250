//! One self-contained page: a summary by guide row, and every scenario with
//! its time line, its failures and its trace.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::failure::{lines, repeat_command};
use super::summary::{Counts, by_clause};
use super::{RunInfo, sequence, timeline};
use crate::clauses::Catalogue;
use crate::runner::verdict::{Outcome, Verdict};
use crate::scenario::duration::spell;
use crate::trace::Trace;
use crate::trace::line::{describe, elapsed};

const STYLE: &str = include_str!("page.css");

/// The page as HTML text.
pub fn page(outcomes: &[Outcome], info: &RunInfo, catalogue: &Catalogue) -> String {
    let sections: Vec<String> = outcomes.iter().map(|one| section(one, info)).collect();
    page_of(&sections, outcomes, info, catalogue)
}

/// The part of the page that is about one outcome.
pub(super) fn section(outcome: &Outcome, info: &RunInfo) -> String {
    scenario(outcome, info).into_string()
}

/// The page around its sections. It looks at no trace.
pub(super) fn page_of(
    sections: &[String],
    outcomes: &[Outcome],
    info: &RunInfo,
    catalogue: &Catalogue,
) -> String {
    let counts = Counts::of(outcomes);
    let good = counts.exit_code() == 0;
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (counts.passed) " of " (counts.total()) " passed – Freshdesk bridge scenarios" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "Freshdesk bridge scenarios" }
                    p.verdict.(if good { "passed" } else { "failed" }) {
                        (counts.passed) " of " (counts.total()) " passed"
                        @if counts.failed > 0 { ", " (counts.failed) " failed" }
                        @if counts.harness_errors > 0 { ", " (counts.harness_errors) " harness errors" }
                        @if counts.not_tested > 0 { ", " (counts.not_tested) " not tested" }
                    }
                    p.how { (info.world) " world, seed " (info.seed) ", " (format!("{:.2}", info.seconds)) " s" }
                }
                (summary(outcomes, catalogue))
                (legend())
                @for section in sections { (PreEscaped(section)) }
            }
        }
    }
    .into_string()
}

fn summary(outcomes: &[Outcome], catalogue: &Catalogue) -> Markup {
    html! {
        table.rows {
            thead { tr { th { "Clause" } th { "Row of the guide" } th { "Passed" } th { "Scenarios" } } }
            tbody {
                @for row in by_clause(outcomes, catalogue) {
                    tr.(if row.counts.exit_code() == 0 { "passed" } else { "failed" }) {
                        td.id { (row.clause) }
                        td { (row.title) }
                        td.score { (row.counts.passed) "/" (row.counts.total()) }
                        td.links {
                            @for (i, outcome) in outcomes.iter().filter(|o| o.clauses.first() == Some(&row.clause)).enumerate() {
                                a.dot.(outcome.verdict.word().replace(' ', "-")) href=(format!("#{}", super::file_name(&outcome.name))) title=(outcome.title) {
                                    (outcome.cause.clone().unwrap_or_else(|| (i + 1).to_string()))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn legend() -> Markup {
    html! {
        p.legend {
            span.key.done { "● done" } " "
            span.key.answer { "▮ public AI reply" } " "
            span.key.read { "· read" } " "
            span.key.skipped { "○ rule looked and did not fire" } " "
            span.key.wrong { "● refused or failed" }
            " – hover a mark for what and when; long silences are cut short."
        }
    }
}

fn scenario(outcome: &Outcome, info: &RunInfo) -> Markup {
    let failures = match &outcome.verdict {
        Verdict::Failed { failures } | Verdict::KnownFailure { failures, .. } => {
            failures.as_slice()
        }
        _ => &[],
    };
    let matters: Vec<usize> = failures
        .iter()
        .flat_map(|failure| failure.entries.iter().copied())
        .collect();
    let passed = outcome.verdict == Verdict::Passed;
    let told = tell(&outcome.trace);
    html! {
        section.scenario.(outcome.verdict.word().replace(' ', "-")) id=(super::file_name(&outcome.name)) {
            h2 {
                span.word { (outcome.verdict.word()) } " "
                (outcome.title)
            }
            p.meta {
                @for clause in &outcome.clauses { span.clause { (clause) } " " }
                (outcome.name) " · " (spell(std::time::Duration::from_secs(outcome.helpdesk_time.as_secs()))) " of helpdesk time in "
                (outcome.real_time.as_millis()) " ms"
            }
            @match &outcome.verdict {
                Verdict::HarnessError { message } => pre.seen { (message) },
                Verdict::NotTested { reason } | Verdict::KnownFailure { reason, .. } => pre.seen { (reason) },
                _ => {}
            }
            @for failure in failures {
                div.failure {
                    h3 { (failure.clause) " " (failure.title) }
                    dl {
                        dt { "expected" } dd { (failure.expected) }
                        dt { "seen" } dd { (failure.seen) }
                        dt { "where" } dd {
                            (outcome.file.display()) @if let Some(line) = failure.line { ":" (line) }
                            ", phase " (failure.phase)
                        }
                    }
                    div.timeline { (sequence::draw(outcome, failure)) }
                    ol.lines { @for (time, what) in lines(outcome, failure) { li { time { (time) } (what) } } }
                }
            }
            (timeline::draw(outcome, &told, &matters))
            @if !passed { p.repeat { "repeat: " code { (repeat_command(outcome, info)) } } }
            (trace(&told, &matters))
        }
    }
}

/// An entry in words: the time line and the trace both say them.
pub(super) struct Told {
    /// When, since the start of the run.
    pub(super) time: String,
    /// What happened.
    pub(super) what: String,
}

/// All entries of a trace, by their number.
fn tell(trace: &Trace) -> Vec<Told> {
    let start = trace.entries().first().map(|entry| entry.at);
    let start = start.unwrap_or_default();
    let told = trace.entries().iter().map(|entry| Told {
        time: elapsed(start, entry.at),
        what: describe(entry),
    });
    told.collect()
}

fn trace(told: &[Told], matters: &[usize]) -> Markup {
    if told.is_empty() {
        return html! {};
    }
    html! {
        details {
            summary { "trace, " (told.len()) " entries" }
            table.trace {
                tbody {
                    @for (n, entry) in told.iter().enumerate() {
                        tr.(if matters.contains(&n) { "matters" } else { "plain" }) {
                            td.n { (n) }
                            td.time { (entry.time) }
                            td { (entry.what) }
                        }
                    }
                }
            }
        }
    }
}
