//! Layers on the way to Freshdesk that more than one defect needs, or that remember what
//! came by before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use http::{Method, header};
use serde_json::{Value, json};

use super::super::meddle::{Call, asking, conversations, hearing, meddling};
use crate::world::http::HttpService;

/// Changes the body of ticket updates; one that is empty then is not sent.
pub(super) fn updating(
    inner: HttpService,
    edit: impl Fn(&mut serde_json::Map<String, Value>) + Send + Sync + 'static,
) -> HttpService {
    asking(inner, move |call| {
        if !call.is_ticket(&Method::PUT) {
            return;
        }
        let Some(Value::Object(mut body)) = call.json() else {
            return;
        };
        edit(&mut body);
        if body.is_empty() {
            *call = call.clone().into_read();
        } else {
            call.set_json(&Value::Object(body));
        }
    })
}

/// Changes a ticket that was read or updated.
pub(super) fn hearing_ticket(
    inner: HttpService,
    edit: impl Fn(&mut Value) + Send + Sync + 'static,
) -> HttpService {
    hearing(inner, move |call, answer| {
        if answer.status() == 200 && (call.is_ticket(&Method::GET) || call.is_ticket(&Method::PUT))
        {
            answer.edit(&edit);
        }
    })
}

/// Changes the conversations of a thread that was read. The first argument is
/// what is known of its ticket: `requester_id`, and `ai`, the OpenCX agent.
pub(super) fn hearing_thread(
    inner: HttpService,
    edit: impl Fn(&Value, &mut Vec<Value>) + Send + Sync + 'static,
) -> HttpService {
    let known: Mutex<BTreeMap<u64, Value>> = Mutex::default();
    let ai: Mutex<Value> = Mutex::default();
    hearing(inner, move |call, answer| {
        // Nothing panics while these are held.
        if call.is(&Method::GET, "/agents/me") {
            let me = answer.json().map(|me| me["id"].clone());
            *ai.lock().unwrap_or_else(PoisonError::into_inner) = me.unwrap_or_default();
        }
        let Some((id, _)) = call.ticket().filter(|_| call.reads_thread()) else {
            return;
        };
        let ai = ai.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
        let ticket = known.entry(id).or_insert_with(|| json!({}));
        ticket["ai"] = ai;
        answer.edit(|body| {
            if let Some(requester) = body.get("requester_id") {
                ticket["requester_id"] = requester.clone();
            }
            if let Some(all) = conversations(body) {
                edit(ticket, all);
            }
        });
    })
}

/// Sends every reply twice.
pub(super) fn answers_twice(inner: HttpService) -> HttpService {
    meddling(inner, |way, call| {
        Box::pin(async move {
            if call.is(&Method::POST, "/reply") {
                way.send(call.clone()).await?;
            }
            way.send(call).await
        })
    })
}

/// Keeps the status and the owner of a ticket as it first read them.
pub(super) fn reads_once(inner: HttpService) -> HttpService {
    let first: Mutex<BTreeMap<u64, (Value, Value)>> = Mutex::default();
    hearing(inner, move |call, answer| {
        let Some((id, _)) = call.ticket().filter(|_| call.is_ticket(&Method::GET)) else {
            return;
        };
        let mut first = first.lock().unwrap_or_else(PoisonError::into_inner);
        answer.edit(|ticket| {
            let (status, responder) = first
                .entry(id)
                .or_insert_with(|| (ticket["status"].clone(), ticket["responder_id"].clone()));
            ticket["status"] = status.clone();
            ticket["responder_id"] = responder.clone();
        });
    })
}

/// Sees no thread on tickets that another agent owns.
pub(super) fn stops_syncing(inner: HttpService) -> HttpService {
    let ai: Mutex<Value> = Mutex::default();
    hearing(inner, move |call, answer| {
        let mut ai = ai.lock().unwrap_or_else(PoisonError::into_inner);
        if call.is(&Method::GET, "/agents/me") {
            *ai = answer.json().map(|me| me["id"].clone()).unwrap_or_default();
        }
        if call.is_ticket(&Method::GET) {
            answer.edit(|ticket| {
                let owner = &ticket["responder_id"];
                if !owner.is_null() && *owner != *ai {
                    ticket["conversations"] = json!([]);
                    ticket["status"] = json!(2);
                }
            });
        }
    })
}

/// After a refused update sends no other one in its place.
pub(super) fn gives_up_after_refusal(inner: HttpService) -> HttpService {
    let refused: Arc<Mutex<BTreeSet<u64>>> = Arc::default();
    meddling(inner, move |way, call| {
        let refused = refused.clone();
        Box::pin(async move {
            let Some((id, _)) = call.ticket().filter(|_| call.is_ticket(&Method::PUT)) else {
                return way.send(call).await;
            };
            let again = refused
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&id);
            if again {
                return way.send(call.into_read()).await;
            }
            let answer = way.send(call).await?;
            if answer.status() == 400 {
                refused
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(id);
            }
            Ok(answer)
        })
    })
}

/// Writes a note of its own on each ticket that it finds resolved.
pub(super) fn notes_resolutions(inner: HttpService) -> HttpService {
    let noted: Arc<Mutex<BTreeSet<u64>>> = Arc::default();
    meddling(inner, move |way, call| {
        let noted = noted.clone();
        Box::pin(async move {
            let answer = way.send(call.clone()).await?;
            let resolved = call.is_ticket(&Method::GET)
                && answer
                    .json()
                    .is_some_and(|ticket| matches!(ticket["status"].as_u64(), Some(4 | 5)));
            let Some((id, _)) = call.ticket().filter(|_| resolved) else {
                return Ok(answer);
            };
            let first = noted
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(id);
            if first {
                way.send(note(call.clone(), id)).await?;
            }
            Ok(answer)
        })
    })
}

/// A note with the credentials of a call.
pub(super) fn note(mut call: Call, ticket: u64) -> Call {
    call.parts.method = Method::POST;
    call.set_path(&format!("/api/v2/tickets/{ticket}/notes"));
    call.parts.headers.insert(
        header::CONTENT_TYPE,
        http::HeaderValue::from_static("application/json"),
    );
    call.set_json(&json!({ "body": "Closed by a rep.", "private": true }));
    call
}
