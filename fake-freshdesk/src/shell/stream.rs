//! The journal as server-sent events: what is in it, then what comes.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::stream::unfold;
use http::Method;
use serde_json::Value;
use tokio::sync::watch;

use super::control::written;
use crate::core::ControlRequest;
use crate::server::Shared;

/// A reader of the journal, and how far it has come.
struct Follower {
    shared: Arc<Shared>,
    /// The reader's query without `after`.
    query: String,
    after: u64,
    waiting: VecDeque<Value>,
    changes: watch::Receiver<u64>,
}

fn read(shared: &Arc<Shared>, query: &str, after: u64) -> crate::core::ControlReply {
    let query = format!("{query}&after={after}&limit=500");
    let request = ControlRequest {
        method: Method::GET,
        path: "/control/v1/journal",
        query: Some(query.trim_start_matches('&')),
        body: Bytes::new(),
        base: "",
    };
    shared.with_core(|core, now| core.control(now, &request))
}

impl Follower {
    /// The next entry; waits for one if there is none.
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Follower)> {
        loop {
            if let Some(entry) = self.waiting.pop_front() {
                let kind = entry["kind"].as_str().unwrap_or_default();
                let event = Event::default()
                    .id(entry["seq"].to_string())
                    .event(kind)
                    .data(entry.to_string());
                return Some((Ok(event), self));
            }
            self.changes.mark_unchanged();
            let reply = read(&self.shared, &self.query, self.after);
            let page: Value = serde_json::from_slice(reply.body.as_deref()?).ok()?;
            let next = page["next"].as_u64()?;
            let came = page["items"].as_array()?.iter().cloned();
            self.waiting.extend(came);
            // Nothing new, wanted or not: wait for the journal to move.
            if self.waiting.is_empty() && next == self.after {
                self.changes.changed().await.ok()?;
            }
            self.after = next;
        }
    }
}

/// Answers with the entries after `after` (or after the last one that a
/// reconnecting reader says it has) and goes on as long as the reader does.
pub(super) fn journal(
    shared: &Arc<Shared>,
    query: Option<&str>,
    last_event: Option<&str>,
) -> Response {
    let mut after = 0;
    let mut rest = url::form_urlencoded::Serializer::new(String::new());
    for (key, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        match key.as_ref() {
            "after" => after = value.parse().unwrap_or_default(),
            "limit" => {}
            _ => {
                rest.append_pair(&key, &value);
            }
        }
    }
    if let Some(seq) = last_event.and_then(|seq| seq.parse().ok()) {
        after = seq;
    }
    let query = rest.finish();
    // A query that is wrong is refused before the stream begins.
    let probe = read(shared, &query, after);
    if probe.status != 200 {
        return written(probe);
    }
    let follower = Follower {
        shared: Arc::clone(shared),
        query,
        after,
        waiting: VecDeque::new(),
        changes: shared.follow_journal(),
    };
    Sse::new(unfold(follower, Follower::next))
        .keep_alive(KeepAlive::default())
        .into_response()
}
