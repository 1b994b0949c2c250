//! One trace entry as one line for people.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::{Entry, Source};
use crate::scenario::duration::HumanDuration;

/// The time of an entry since the start of the run: `+1h 5m 0.25s`.
pub fn elapsed(start: Timestamp, at: Timestamp) -> String {
    let since = std::time::Duration::try_from(at.duration_since(start)).unwrap_or_default();
    format!("+{}", HumanDuration(since))
}

/// What an entry says, in one line, without its time.
pub fn describe(entry: &Entry) -> String {
    let ticket = entry.ticket.map(|id| format!("#{id}")).unwrap_or_default();
    match entry.kind.as_str() {
        "api_call" => describe_call(&entry.data.part().unwrap_or_default()),
        "action" => {
            let by = entry
                .find("/by/type")
                .and_then(Value::as_str)
                .unwrap_or("somebody");
            format!("{by}: {} {ticket}", entry.text("what").replace('_', " "))
        }
        "ticket_event" => {
            let kinds: Vec<&str> = entry
                .data
                .get("kinds")
                .and_then(Value::as_array)
                .map(|kinds| kinds.iter().filter_map(Value::as_str).collect())
                .unwrap_or_default();
            format!("freshdesk  event on {ticket}: {}", kinds.join(", "))
        }
        "rule_decision" => {
            let reason = entry
                .find("/reason/code")
                .and_then(Value::as_str)
                .unwrap_or("");
            format!(
                "freshdesk  rule “{}” {} for {ticket} ({reason})",
                entry.text("rule_name"),
                entry.text("outcome")
            )
        }
        "webhook_attempt" => format!(
            "freshdesk → bridge  webhook for {ticket}, try {}",
            plain(&entry.data["attempt"])
        ),
        "webhook_result" => {
            let how = match (&entry.data["status"], entry.text("error")) {
                (Value::Null, error) => error.to_owned(),
                (status, _) => plain(status),
            };
            format!(
                "bridge → freshdesk  webhook for {ticket} {}: {how}",
                entry.text("outcome")
            )
        }
        "mail" => format!(
            "freshdesk  mail to {}: {}",
            plain(&entry.data["to"]),
            entry.text("subject")
        ),
        "decision" => format!(
            "bridge → brain  decision for {ticket} → {}",
            entry.text("action")
        ),
        "contract_call" => format!(
            "harness → bridge  {} {} → {}",
            entry.text("method"),
            entry.text("path"),
            plain(&entry.data["status"])
        ),
        "step" => format!("scenario  {}", entry.text("step")),
        "ticket_seen" => format!("seen  ticket {ticket}"),
        "session_seen" => format!("seen  session for {ticket}"),
        other => format!(
            "{}  {} {ticket}",
            source(entry.source),
            other.replace('_', " ")
        ),
    }
}

/// What is told of an API call.
#[derive(Default, Deserialize)]
struct Call<'a> {
    #[serde(borrow, default)]
    method: Cow<'a, str>,
    #[serde(borrow, default)]
    path: Cow<'a, str>,
    agent_id: Option<u64>,
    status: Option<u64>,
    #[serde(default)]
    headers: Headers,
}

#[derive(Default, Deserialize)]
struct Headers {
    #[serde(rename = "retry-after")]
    retry_after: Option<Value>,
}

fn describe_call(call: &Call<'_>) -> String {
    let Call { method, path, .. } = call;
    let who = match call.agent_id {
        Some(_) => "",
        None => " [not signed in]",
    };
    let status = call
        .status
        .map_or("null".to_owned(), |status| status.to_string());
    let retry = match &call.headers.retry_after {
        Some(seconds) => format!(" (Retry-After {})", plain(seconds)),
        None => String::new(),
    };
    format!("bridge → freshdesk  {method} {path}{who} → {status}{retry}")
}

fn source(source: Source) -> &'static str {
    match source {
        Source::Freshdesk => "freshdesk",
        Source::Brain => "brain",
        Source::Bridge => "bridge",
        Source::Scenario => "scenario",
    }
}

/// A JSON value without quotes.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}
