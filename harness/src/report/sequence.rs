//! A small sequence diagram of the few entries that matter to a failure: who
//! called whom, in order, with the helpdesk's times beside it.

use maud::{Markup, html};

use super::failure::entries;
use crate::runner::verdict::{Failure, Outcome};
use crate::trace::Entry;
use crate::trace::line::{elapsed, plain};

/// The lifelines, from left to right.
const LIVES: [&str; 4] = ["people", "Freshdesk", "bridge", "brain"];
const LEFT: f64 = 110.0;
const APART: f64 = 190.0;
const TOP: f64 = 34.0;
const ROW: f64 = 30.0;
/// The most of a label that fits between two lifelines.
const LABEL: usize = 27;

/// One arrow, or something that one of them does by itself.
struct Message {
    from: usize,
    to: usize,
    label: String,
    wrong: bool,
}

/// Draws the entries of a failure that are messages; nothing if there are none.
pub(super) fn draw(outcome: &Outcome, failure: &Failure) -> Markup {
    let messages: Vec<(&Entry, Message)> = entries(outcome, failure)
        .into_iter()
        .filter_map(|entry| message(entry).map(|message| (entry, message)))
        .collect();
    let start = outcome.trace.entries().first().map(|entry| entry.at);
    let Some(start) = start.filter(|_| !messages.is_empty()) else {
        return html! {};
    };
    let height = TOP + ROW * (messages.len() as f64) + 16.0;
    let width = LEFT + APART * 3.0 + 90.0;
    let x = |life: usize| LEFT + APART * (life as f64);
    html! {
        svg.sequence xmlns="http://www.w3.org/2000/svg" width=(width) height=(height) viewBox=(format!("0 0 {width} {height}")) role="img" aria-label="Sequence of the entries that matter" {
            @for (i, life) in LIVES.iter().enumerate() {
                text.life x=(x(i)) y="16" { (life) }
                line.lane x1=(x(i)) y1="24" x2=(x(i)) y2=(height - 6.0) {}
            }
            @for (i, (entry, message)) in messages.iter().enumerate() {
                @let y = TOP + ROW * (i as f64) + 18.0;
                text.when x="6" y=(y + 4.0) { (elapsed(start, entry.at)) }
                g.message.(if message.wrong { "wrong" } else { "right" }) {
                    title { (crate::trace::line::describe(entry)) }
                    @if message.from == message.to {
                        circle cx=(x(message.from)) cy=(y) r="4" {}
                        text.label x=(x(message.from) + 10.0) y=(y + 4.0) { (message.label) }
                    } @else {
                        @let toward = if message.to > message.from { 1.0 } else { -1.0 };
                        line x1=(x(message.from)) y1=(y) x2=(x(message.to) - 2.0 * toward) y2=(y) {}
                        path d=(format!("M {} {y} l {} -4 l 0 8 z", x(message.to), -8.0 * toward)) {}
                        text.label.middle x=((x(message.from) + x(message.to)) / 2.0) y=(y - 5.0) { (message.label) }
                    }
                }
            }
        }
    }
}

fn message(entry: &Entry) -> Option<Message> {
    let status = entry.status().unwrap_or(0);
    let (from, to, label, wrong) = match entry.kind.as_str() {
        "action" => (0, 1, entry.text("what").replace('_', " "), false),
        "rule_decision" => {
            let done = entry.text("outcome") == "executed";
            let why = entry.find("/reason/code").map(plain);
            let label = if done {
                "rule executed".to_owned()
            } else {
                format!("rule skipped: {}", why.unwrap_or_default())
            };
            (1, 1, label, !done)
        }
        "webhook_attempt" => return None,
        "webhook_result" => {
            let how = match entry.status() {
                Some(status) => status.to_string(),
                None => entry.text("error").to_owned(),
            };
            let wrong = entry.text("outcome") != "delivered";
            (1, 2, format!("webhook → {how}"), wrong)
        }
        "api_call" => {
            let path = entry.text("path").trim_start_matches("/api/v2");
            let label = format!("{} {path} → {status}", entry.text("method"));
            (2, 1, label, status >= 400)
        }
        "foreign_call" => (
            2,
            1,
            format!("{} {}", entry.text("method"), entry.text("host")),
            true,
        ),
        "decision" => (2, 3, format!("decision → {}", entry.text("action")), false),
        "contract_call" | "stranger_call" => {
            let path = entry
                .text("path")
                .rsplit('/')
                .next()
                .unwrap_or("")
                .to_owned();
            let label = format!("{} {path} → {status}", entry.text("method"));
            (0, 2, label, status >= 400)
        }
        _ => return None,
    };
    let label = match label.char_indices().nth(LABEL) {
        Some((end, _)) => format!("{}…", &label[..end]),
        None => label,
    };
    Some(Message {
        from,
        to,
        label,
        wrong,
    })
}
