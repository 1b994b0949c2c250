//! The picture of one run: lanes for who acts, marks for what happened, on a
//! time axis whose long silences are cut short.

use jiff::Timestamp;
use maud::{Markup, html};

use super::html::Told;
use crate::plan::Phase;
use crate::runner::verdict::Outcome;
use crate::scenario::duration::spell;
use crate::trace::Entry;
use crate::trace::line::elapsed;

/// The lanes, from top to bottom.
const LANES: [&str; 5] = ["people", "rules", "webhooks", "bridge", "brain"];
const LEFT: f64 = 84.0;
const TOP: f64 = 40.0;
const LANE_HEIGHT: f64 = 30.0;
/// The room one entry takes.
const STEP: f64 = 9.0;
/// The room a silence of any length takes at most.
const LONGEST_SILENCE: f64 = 70.0;

/// How a mark looks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// Something was done, and it went well.
    Done,
    /// An AI reply in public.
    Answer,
    /// Something was read.
    Read,
    /// A rule that looked and did not fire.
    Skipped,
    /// Something went wrong.
    Wrong,
}

struct Placed<'a> {
    entry: &'a Entry,
    lane: usize,
    mark: Mark,
    x: f64,
}

/// Draws the time line of a run whose entries are `told`, `matters` being those of its
/// failures.
pub(super) fn draw(outcome: &Outcome, told: &[Told], matters: &[usize]) -> Markup {
    let Some(start) = outcome.trace.entries().first().map(|entry| entry.at) else {
        return html! { p { "Nothing was recorded." } };
    };
    // The set-up is the same in every run and only pushes the story aside.
    let story = outcome
        .phases
        .iter()
        .find(|(phase, _)| *phase != Phase::World)
        .map_or(0, |(_, n)| *n);
    let (placed, ticks, width) = place(&outcome.trace.entries()[story..]);
    let height = TOP + LANE_HEIGHT * (LANES.len() as f64) + 26.0;
    let x_of = |n: usize| {
        placed
            .iter()
            .find(|placed| placed.entry.n >= n)
            .map_or(width - 10.0, |placed| placed.x - STEP / 2.0)
    };
    let bands: Vec<(Phase, f64, f64)> = outcome
        .phases
        .iter()
        .enumerate()
        .filter(|(_, (phase, _))| !matches!(phase, Phase::World | Phase::Invariants))
        .map(|(i, (phase, from))| {
            let to = outcome
                .phases
                .get(i + 1)
                .map_or(width - 10.0, |(_, n)| x_of(*n));
            (*phase, x_of(*from), to)
        })
        .filter(|(_, from, to)| to > from)
        .collect();
    html! {
        div.timeline {
            svg xmlns="http://www.w3.org/2000/svg" width=(width) height=(height) viewBox=(format!("0 0 {width} {height}")) role="img" aria-label=(format!("Time line of {}", outcome.name)) {
                @for (phase, from, to) in &bands {
                    rect.band.(phase.to_string()) x=(from) y="6" width=(to - from) height=(height - 30.0) rx="4" {}
                    @if to - from > 50.0 { text.phase x=(from + 6.0) y="20" { (phase) } }
                }
                @for (i, lane) in LANES.iter().enumerate() {
                    @let y = lane_y(i);
                    line.lane x1=(LEFT) y1=(y) x2=(width - 10.0) y2=(y) {}
                    text.lane-name x="8" y=(y + 4.0) { (lane) }
                }
                @for placed in &placed {
                    @let y = lane_y(placed.lane);
                    g.mark.(class(placed.mark)) {
                        @if let Some(told) = told.get(placed.entry.n) {
                            title { (told.time) "  " (told.what) }
                        }
                        @match placed.mark {
                            Mark::Answer => { rect x=(placed.x - 5.0) y=(y - 7.0) width="10" height="14" rx="2" {} }
                            Mark::Read => { circle cx=(placed.x) cy=(y) r="2" {} }
                            _ => { circle cx=(placed.x) cy=(y) r="5" {} }
                        }
                        @if matters.contains(&placed.entry.n) {
                            circle.matters cx=(placed.x) cy=(y) r="10" {}
                        }
                    }
                }
                @for (x, at) in &ticks {
                    line.tick x1=(x) y1=(TOP - 8.0) x2=(x) y2=(height - 22.0) {}
                    text.time x=(x) y=(height - 8.0) { (elapsed(start, *at)) }
                }
            }
        }
    }
}

fn lane_y(lane: usize) -> f64 {
    TOP + LANE_HEIGHT * (lane as f64) + LANE_HEIGHT / 2.0
}

fn class(mark: Mark) -> &'static str {
    match mark {
        Mark::Done => "done",
        Mark::Answer => "answer",
        Mark::Read => "read",
        Mark::Skipped => "skipped",
        Mark::Wrong => "wrong",
    }
}

/// Where an entry is drawn, if it is.
fn lane_and_mark(entry: &Entry) -> Option<(usize, Mark)> {
    let status = entry.status().unwrap_or(0);
    match entry.kind.as_str() {
        "action" => Some((0, Mark::Done)),
        "rule_decision" if entry.text("outcome") == "executed" => Some((1, Mark::Done)),
        "rule_decision" => Some((1, Mark::Skipped)),
        "webhook_attempt" => None,
        "webhook_result" if entry.text("outcome") == "delivered" => Some((2, Mark::Done)),
        "webhook_result" => Some((2, Mark::Wrong)),
        "api_call" if status >= 400 => Some((3, Mark::Wrong)),
        "api_call" if entry.text("path").ends_with("/reply") => Some((3, Mark::Answer)),
        "api_call" if !entry.is_get() => Some((3, Mark::Done)),
        // A look at no ticket in particular (a sweep, an import) is no part of the story.
        "api_call" if entry.ticket.is_none() => None,
        "api_call" => Some((3, Mark::Read)),
        "contract_call" if status >= 400 => Some((3, Mark::Skipped)),
        "contract_call" => Some((3, Mark::Done)),
        "decision" => Some((4, Mark::Done)),
        _ => None,
    }
}

type Ticks = Vec<(f64, Timestamp)>;

/// Gives every entry its place; a tick stands wherever time moved noticeably.
fn place(entries: &[Entry]) -> (Vec<Placed<'_>>, Ticks, f64) {
    let mut placed: Vec<Placed<'_>> = Vec::new();
    let mut ticks: Ticks = Vec::new();
    let mut x = LEFT + 10.0;
    let mut last: Option<Timestamp> = None;
    for entry in entries {
        let Some((lane, mark)) = lane_and_mark(entry) else {
            continue;
        };
        let silence = last.map_or(0.0, |last| {
            entry.at.duration_since(last).as_secs_f64().max(0.0)
        });
        x += STEP + LONGEST_SILENCE.min(14.0 * (1.0 + silence).ln());
        // Labels need room: about seven pixels a character.
        let room = ticks.last().is_none_or(|(before, at)| {
            x - before
                > 14.0
                    + 7.0
                        * spell(
                            std::time::Duration::try_from(at.duration_since(entries[0].at))
                                .unwrap_or_default(),
                        )
                        .len() as f64
        });
        if room && (last.is_none() || silence >= 0.5) {
            ticks.push((x, entry.at));
        }
        placed.push(Placed {
            entry,
            lane,
            mark,
            x,
        });
        last = Some(entry.at);
    }
    let width = (x + 90.0).max(420.0);
    (placed, ticks, width)
}
