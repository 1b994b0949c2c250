//! What the bridge's calls show: how many, how far apart, where to, and how
//! long many tickets took.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::{Differences, Ground, SHOWN, Seen};
use crate::scenario::check::OPENCX_AGENT;
use crate::scenario::duration::spell;
use crate::scenario::expectation::{CalledHosts, Expectation};
use crate::trace::{Entry, Trace};
use crate::world::WorldError;
use crate::world::cast::DOMAIN;

/// The quota's window.
const MINUTE: Duration = Duration::from_secs(60);

impl Ground<'_> {
    pub(super) fn calls(
        &self,
        pattern: &str,
        expectation: &Expectation,
    ) -> Result<Result<(), Seen>, WorldError> {
        let ai = self.cast.agent(OPENCX_AGENT)?.id;
        let calls: Vec<&Entry> = self
            .trace
            .of_kind("api_call")
            .filter(|call| {
                let by_bridge = call.number("agent_id") == Some(ai);
                let wanted = expectation.by_another_app != Some(true);
                by_bridge == wanted && call_matches(pattern, call)
            })
            .filter(|call| {
                expectation
                    .answered_with
                    .is_none_or(|status| call.status() == Some(u64::from(status)))
            })
            .collect();
        let mut differences = Differences::default();
        differences.count("calls", expectation.exactly, calls.len());
        let minutes: BTreeSet<i64> = calls
            .iter()
            .map(|call| call.at.as_second().div_euclid(60))
            .collect();
        differences.count(
            "minutes with such calls",
            expectation.in_minutes,
            minutes.len(),
        );
        let mut entries: Vec<usize> = calls.iter().rev().take(SHOWN).map(|call| call.n).collect();
        entries.reverse();
        if let Some(least) = expectation.no_retry_before {
            for (first, again) in retries(&calls) {
                let waited =
                    Duration::try_from(again.at.duration_since(first.at)).unwrap_or_default();
                differences.say(waited < least.0, || {
                    format!("sent again after {}", spell(waited))
                });
            }
        }
        if expectation.growing_waits == Some(true) {
            let waits: Vec<Duration> = calls
                .windows(2)
                .map(|pair| passed(pair[0].at, pair[1].at))
                .collect();
            let grow = waits.len() > 1 && waits.windows(2).all(|pair| pair[0] < pair[1]);
            differences.say(!grow, || {
                let waits: Vec<String> = waits.iter().map(|wait| spell(*wait)).collect();
                format!("waits: {}", waits.join(", "))
            });
        }
        Ok(differences.verdict(|| entries))
    }

    /// The hosts that the bridge called besides the account's own.
    pub(super) fn hosts(&self, called: CalledHosts, expectation: &Expectation) -> Result<(), Seen> {
        let mut differences = Differences::default();
        let mut entries = Vec::new();
        for call in self.trace.of_kind("foreign_call") {
            let host = call.text("host");
            let counts = called == CalledHosts::Called
                || call.data.get("credentials") == Some(&Value::Bool(true));
            let known = host == DOMAIN || expectation.only.iter().any(|known| known == host);
            if counts && !known {
                differences.0.push(format!("{host} was called"));
                entries.push(call.n);
            }
        }
        differences.verdict(|| entries)
    }
}

fn passed(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}

/// What an agent wrote to a ticket through the API, in order.
pub(crate) fn writes(trace: &Trace, ticket: u64, agent: u64) -> Vec<String> {
    trace
        .of_kind("api_call")
        .filter(|call| call.ticket == Some(ticket) && call.number("agent_id") == Some(agent))
        .filter(|call| call.status().is_some_and(|status| status < 300))
        .filter_map(|call| write_of(call).map(str::to_owned))
        .collect()
}

/// What a call writes to a ticket.
fn write_of(call: &Entry) -> Option<&'static str> {
    let path = call.text("path");
    match call.text("method") {
        "POST" if path.ends_with("/reply") => Some("reply"),
        "POST" if path.ends_with("/notes") => Some("note"),
        "PUT" => Some("update"),
        "DELETE" => Some("delete"),
        _ => None,
    }
}

/// Whether these tickets were answered within a share of the shortest time
/// that the quota allows: the calls that were made, in as few windows as they
/// fit in, the first of which is there at once (LIM-3).
pub(super) fn quota_time(ground: &Ground<'_>, ids: &[u64], share: f64) -> Result<(), Seen> {
    let trace = ground.trace;
    let ours = |entry: &&Entry| entry.ticket.is_some_and(|id| ids.contains(&id));
    let opened = trace
        .of_kind("action")
        .filter(ours)
        .find(|action| action.text("what") == "ticket_opened");
    let answered = trace
        .of_kind("api_call")
        .filter(ours)
        .filter(|call| write_of(call) == Some("reply") && call.status() == Some(201))
        .last();
    let (Some(opened), Some(answered)) = (opened, answered) else {
        return Err(Seen {
            what: "none of them was answered".to_owned(),
            entries: Vec::new(),
        });
    };
    let between = |entry: &&Entry| entry.at >= opened.at && entry.at <= answered.at;
    let spent = |class: Option<&str>| -> u64 {
        trace
            .of_kind("api_call")
            .filter(between)
            .filter(|call| class.is_none_or(|class| call.text("class") == class))
            .map(|call| match class {
                None => call.number("cost").unwrap_or(1),
                Some(_) => 1,
            })
            .sum()
    };
    let webhooks = trace.of_kind("webhook_attempt").filter(between).count() as u64;
    let quota = trace.last("account", |_| true);
    let limit = |name: &str| {
        quota.and_then(|account| {
            account
                .data
                .pointer(&format!("/quota/{name}"))
                .and_then(Value::as_u64)
        })
    };
    let windows = [
        limit("total").map(|limit| (spent(None) + webhooks).div_ceil(limit.max(1))),
        limit("ticket_update").map(|limit| spent(Some("ticket_update")).div_ceil(limit.max(1))),
        limit("ticket_create").map(|limit| spent(Some("ticket_create")).div_ceil(limit.max(1))),
    ];
    let windows = windows.into_iter().flatten().max().unwrap_or(1).max(2);
    let shortest = MINUTE * u32::try_from(windows - 1).unwrap_or(u32::MAX);
    let took = passed(opened.at, answered.at);
    if took <= shortest.mul_f64(share) {
        return Ok(());
    }
    Err(Seen {
        what: format!(
            "the last answer came after {}; the quota allows {} ({} credits in {windows} windows)",
            spell(took),
            spell(shortest),
            spent(None) + webhooks
        ),
        entries: vec![opened.n, answered.n],
    })
}

/// Pairs of calls of which the second is the first, sent again after a 429.
pub(crate) fn retries<'a>(calls: &[&'a Entry]) -> Vec<(&'a Entry, &'a Entry)> {
    let same = |a: &Entry, b: &Entry| {
        a.text("method") == b.text("method")
            && a.text("path") == b.text("path")
            && a.data.get("query") == b.data.get("query")
    };
    calls
        .iter()
        .enumerate()
        .filter(|(_, call)| call.status() == Some(429))
        .filter_map(|(i, call)| {
            calls[i + 1..]
                .iter()
                .find(|later| same(call, later))
                .map(|later| (*call, *later))
        })
        .collect()
}

/// Whether a call is meant by `METHOD /path`, where `*` is one segment and `**` any number.
fn call_matches(pattern: &str, call: &Entry) -> bool {
    let (method, path) = pattern.split_once(' ').unwrap_or(("*", pattern));
    let called = call.text("path").trim_start_matches("/api/v2");
    (method == "*" || method == call.text("method"))
        && segments_match(
            &path.split('/').collect::<Vec<_>>(),
            &called.split('/').collect::<Vec<_>>(),
        )
}

fn segments_match(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern, path) {
        ([], []) => true,
        (["**", rest @ ..], _) => (0..=path.len()).any(|skip| segments_match(rest, &path[skip..])),
        (["*", pattern @ ..], [_, path @ ..]) => segments_match(pattern, path),
        ([a, pattern @ ..], [b, path @ ..]) => a == b && segments_match(pattern, path),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_one_segment_and_two_are_any_number() {
        let path = |text: &str| text.split('/').map(str::to_owned).collect::<Vec<_>>();
        let matches = |pattern: &str, called: &str| {
            let (pattern, called) = (path(pattern), path(called));
            segments_match(
                &pattern.iter().map(String::as_str).collect::<Vec<_>>(),
                &called.iter().map(String::as_str).collect::<Vec<_>>(),
            )
        };
        assert!(matches("/tickets/*/reply", "/tickets/17/reply"));
        assert!(!matches("/tickets/*/reply", "/tickets/17/notes"));
        assert!(!matches("/tickets/*", "/tickets/17/reply"));
        assert!(matches("/tickets/**", "/tickets/17/reply"));
        assert!(matches("**", "/anything/at/all"));
    }
}
