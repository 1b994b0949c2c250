//! Faults: part of the world, addressed to the n-th matching call or webhook,
//! never to chance.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::settings::duration;
use super::time::Ms;

/// A fault as the control API takes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FaultRequest {
    pub(crate) on: String,
    pub(crate) calls: String,
    #[serde(default)]
    pub(crate) answer: Option<FaultAnswer>,
    #[serde(default)]
    pub(crate) delay_seconds: Option<f64>,
    #[serde(default)]
    pub(crate) connection: Option<Connection>,
    #[serde(default)]
    pub(crate) webhook: Option<WebhookFault>,
}

/// What is answered in place of doing the work.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FaultAnswer {
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) retry_after_seconds: Option<u64>,
    #[serde(default)]
    pub(crate) body: Option<Value>,
    #[serde(default)]
    pub(crate) content_type: Option<String>,
    #[serde(default)]
    pub(crate) location: Option<String>,
}

/// What happens to the caller's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Connection {
    /// The work is not done; the connection breaks.
    ResetBeforeEffect,
    /// The work is done; the connection breaks before the answer.
    ResetAfterEffect,
    /// The work is done; the answer's body breaks off half way.
    TruncatedBody,
}

/// What happens to a webhook call.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WebhookFault {
    /// Never sent, counted as delivered.
    Lost,
    /// Sent twice.
    Duplicated,
    /// Sent later; others overtake it.
    DelayedSeconds(f64),
    /// Never reaches the receiver; something on the way answers with this status.
    Answered(u16),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Target {
    Webhook,
    Call {
        method: Option<String>,
        path: Vec<String>,
    },
}

/// A fault in place, with how often it was met.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Fault {
    pub(crate) id: u64,
    pub(crate) request: FaultRequest,
    target: Target,
    first: u64,
    last: u64,
    seen: u64,
    struck: u64,
}

/// Why a fault was refused: which field, and what about it.
pub(crate) type Refusal = (&'static str, String);

impl Fault {
    pub(crate) fn new(id: u64, request: FaultRequest) -> Result<Fault, Refusal> {
        let target = target(&request.on)?;
        let (first, last) = range(&request.calls)?;
        match target {
            Target::Webhook if request.webhook.is_none() => {
                return Err(("webhook", "`on: \"webhook\"` needs `webhook`: \"lost\", \"duplicated\", {\"delayed_seconds\": n} or {\"answered\": status}".into()));
            }
            Target::Webhook
                if request.answer.is_some()
                    || request.connection.is_some()
                    || request.delay_seconds.is_some() =>
            {
                return Err(("on", "`answer`, `delay_seconds` and `connection` are for API calls, not for `on: \"webhook\"`".into()));
            }
            Target::Call { .. } if request.webhook.is_some() => {
                return Err(("webhook", "`webhook` is only for `on: \"webhook\"`".into()));
            }
            Target::Call { .. }
                if request.answer.is_none()
                    && request.connection.is_none()
                    && request.delay_seconds.is_none() =>
            {
                return Err((
                    "answer",
                    "a fault needs `answer`, `delay_seconds` or `connection`".into(),
                ));
            }
            _ => {}
        }
        if let Some(answer) = &request.answer
            && !(200..=599).contains(&answer.status)
        {
            return Err((
                "answer.status",
                format!("{} is no HTTP status between 200 and 599", answer.status),
            ));
        }
        if let Some(WebhookFault::Answered(status)) = request.webhook
            && !(200..=599).contains(&status)
        {
            return Err((
                "webhook.answered",
                format!("{status} is no HTTP status between 200 and 599"),
            ));
        }
        let delay = match request.webhook {
            Some(WebhookFault::DelayedSeconds(seconds)) => Some(seconds),
            _ => request.delay_seconds,
        };
        if delay.is_some_and(|seconds| !(0.0..=1e9).contains(&seconds)) {
            return Err(("delay_seconds", "a delay must not be negative".into()));
        }
        Ok(Fault {
            id,
            request,
            target,
            first,
            last,
            seen: 0,
            struck: 0,
        })
    }

    fn count(&mut self) -> bool {
        self.seen += 1;
        let strikes = (self.first..=self.last).contains(&self.seen);
        self.struck += u64::from(strikes);
        strikes
    }

    fn matches_call(&self, method: &str, path: &[&str]) -> bool {
        match &self.target {
            Target::Webhook => false,
            Target::Call {
                method: wanted,
                path: pattern,
            } => {
                wanted.as_ref().is_none_or(|wanted| wanted == method) && matches_path(pattern, path)
            }
        }
    }

    /// How late the answer or the webhook is.
    pub(crate) fn delay(&self) -> Ms {
        match self.request.webhook {
            Some(WebhookFault::DelayedSeconds(seconds)) => duration(seconds),
            _ => duration(self.request.delay_seconds.unwrap_or(0.0)),
        }
    }

    /// As `GET …/faults` shows it.
    pub(crate) fn json(&self) -> Value {
        json!({
            "id": self.id, "on": self.request.on, "calls": self.request.calls,
            "seen": self.seen, "struck": self.struck,
        })
    }

    /// What it does, for the journal.
    pub(crate) fn effect(&self) -> Value {
        let mut effect = json!({});
        if let Some(answer) = &self.request.answer {
            effect["answer"] = json!(answer.status);
        }
        if let Some(connection) = self.request.connection {
            effect["connection"] = json!(connection);
        }
        if let Some(webhook) = self.request.webhook {
            effect["webhook"] = json!(webhook);
        }
        if let Some(seconds) = self.request.delay_seconds {
            effect["delay_seconds"] = json!(seconds);
        }
        effect
    }
}

/// Counts a call against every fault; the first that strikes is returned.
pub(crate) fn strike_call(faults: &mut [Fault], method: &str, path: &[&str]) -> Option<Fault> {
    let mut struck = None;
    for fault in faults
        .iter_mut()
        .filter(|fault| fault.matches_call(method, path))
    {
        if fault.count() && struck.is_none() {
            struck = Some(fault.clone());
        }
    }
    struck
}

/// Counts a webhook attempt against every fault; the first that strikes is returned.
pub(crate) fn strike_webhook(faults: &mut [Fault]) -> Option<Fault> {
    let mut struck = None;
    for fault in faults
        .iter_mut()
        .filter(|fault| matches!(fault.target, Target::Webhook))
    {
        if fault.count() && struck.is_none() {
            struck = Some(fault.clone());
        }
    }
    struck
}

fn target(on: &str) -> Result<Target, Refusal> {
    if on == "webhook" {
        return Ok(Target::Webhook);
    }
    let (method, path) = match on.split_once(' ') {
        Some((method, path)) => (Some(method), path.trim()),
        None => (None, on),
    };
    const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
    if let Some(method) = method
        && !METHODS.contains(&method)
    {
        return Err(("on", super::words::unknown("method", method, METHODS)));
    }
    if !path.starts_with('/') && path != "**" {
        return Err((
            "on",
            format!(
                "`{on}` is no target: write \"webhook\", \"**\", or a method and a v2 path such as \"POST /tickets/*/reply\""
            ),
        ));
    }
    let path = path.strip_prefix("/api/v2").unwrap_or(path);
    let path = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(str::to_owned)
        .collect();
    Ok(Target::Call {
        method: method.map(str::to_owned),
        path,
    })
}

fn range(calls: &str) -> Result<(u64, u64), Refusal> {
    let bad = || {
        (
            "calls",
            format!("`{calls}` is no range of calls: write \"1\", \"1..4\", \"3..\" or \"all\""),
        )
    };
    let number = |text: &str| {
        text.trim()
            .parse::<u64>()
            .ok()
            .filter(|number| *number > 0)
            .ok_or_else(bad)
    };
    let (first, last) = match calls.split_once("..") {
        _ if calls == "all" => (1, u64::MAX),
        None => (number(calls)?, number(calls)?),
        Some((first, "")) => (number(first)?, u64::MAX),
        Some((first, last)) => (number(first)?, number(last)?),
    };
    if first > last {
        Err(bad())
    } else {
        Ok((first, last))
    }
}

fn matches_path(pattern: &[String], path: &[&str]) -> bool {
    match (pattern.first().map(String::as_str), path.first()) {
        (None, None) => true,
        (Some("**"), _) => {
            matches_path(&pattern[1..], path)
                || (!path.is_empty() && matches_path(pattern, &path[1..]))
        }
        (Some("*"), Some(_)) => matches_path(&pattern[1..], &path[1..]),
        (Some(segment), Some(actual)) => {
            segment == *actual && matches_path(&pattern[1..], &path[1..])
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(on: &str, calls: &str) -> Fault {
        let request = json!({"on": on, "calls": calls, "answer": {"status": 429}});
        match serde_json::from_value(request).map(|request| Fault::new(1, request)) {
            Ok(Ok(fault)) => fault,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_nth_matching_call_is_struck() {
        let mut faults = [fault("POST /tickets/*/reply", "2..3")];
        let mut call = |method, path: &[&str]| strike_call(&mut faults, method, path).is_some();
        assert!(!call("POST", &["tickets", "1", "reply"]));
        assert!(!call("GET", &["tickets", "1", "reply"]));
        assert!(!call("POST", &["tickets", "1", "notes"]));
        assert!(call("POST", &["tickets", "9", "reply"]));
        assert!(call("POST", &["tickets", "1", "reply"]));
        assert!(!call("POST", &["tickets", "1", "reply"]));
        assert_eq!(faults[0].json()["struck"], 2);
    }

    #[test]
    fn two_stars_match_any_number_of_segments() {
        let mut faults = [fault("GET **", "all")];
        assert!(strike_call(&mut faults, "GET", &["tickets"]).is_some());
        assert!(strike_call(&mut faults, "GET", &["tickets", "1", "conversations"]).is_some());
        assert!(strike_call(&mut faults, "PUT", &["tickets", "1"]).is_none());
    }

    #[test]
    fn bad_ranges_are_refused() {
        for calls in ["0", "4..1", "x", "", "-1"] {
            assert!(range(calls).is_err(), "{calls}");
        }
        assert_eq!(range("3..").ok(), Some((3, u64::MAX)));
    }
}
