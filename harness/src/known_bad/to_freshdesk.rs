//! Bridges that ask Freshdesk otherwise than they should, or hear it wrongly.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::meddle::{Answer, Call, asking, conversations, hearing, meddling};
use super::{Defect, KnownBad};
use crate::world::http::HttpService;

const fn bad(
    name: &'static str,
    clause: &'static str,
    layer: fn(HttpService) -> HttpService,
) -> KnownBad {
    KnownBad {
        name,
        clause,
        defect: Defect::ToFreshdesk(layer),
    }
}

pub(super) const ALL: &[KnownBad] = &[
    bad("never sets the marker", "SYM-4", |inner| {
        updating(inner, |body| {
            body.remove("custom_fields");
        })
    }),
    bad(
        "takes a resolved ticket for an open one",
        "SYM-5",
        |inner| {
            hearing_ticket(inner, |ticket| {
                if ticket["status"] == json!(4) {
                    ticket["status"] = json!(2);
                }
            })
        },
    ),
    bad("wants the account's owner as its agent", "VER-1", |inner| {
        hearing(inner, |call, answer| {
            if call.is(&Method::GET, "/roles") {
                answer.edit(|roles| {
                    for role in roles.as_array_mut().into_iter().flatten() {
                        if role["name"] == json!("Administrator") {
                            role["name"] = json!("Agent");
                        }
                    }
                });
            }
        })
    }),
    bad("takes any agent's key", "VER-2", |inner| {
        hearing(inner, |call, answer| {
            if call.is(&Method::GET, "/roles") && answer.status() == 403 {
                *answer = Answer::of(StatusCode::OK, &json!([]));
            }
        })
    }),
    bad("goes on with a dead key", "VER-8", |inner| {
        hearing(inner, |call, answer| {
            if answer.status() == 401 && !call.is(&Method::GET, "/agents/me") {
                *answer = Answer::of(StatusCode::SERVICE_UNAVAILABLE, &json!({}));
            }
        })
    }),
    bad(
        "takes a Free plan for a lack of privileges",
        "VER-9",
        |inner| {
            hearing(inner, |_, answer| {
                if answer.status() == 403 {
                    answer.edit(|body| body["code"] = json!("access_denied"));
                }
            })
        },
    ),
    bad("reads a ticket once and trusts that", "WHK-7", reads_once),
    bad("stops syncing what a rep owns", "INT-3", stops_syncing),
    bad("loses private notes", "FLW-2", |inner| {
        hearing_thread(inner, |_, all| all.retain(|c| c["private"] != json!(true)))
    }),
    bad("takes everything for e-mail", "FLW-3", |inner| {
        hearing_ticket(inner, |ticket| ticket["source"] = json!(1))
    }),
    bad("answers twice", "FLW-4", answers_twice),
    bad("adds no tags", "FLW-4", |inner| {
        updating(inner, |body| {
            body.remove("tags");
        })
    }),
    bad("takes a rep's reply for the customer's", "FLW-6", |inner| {
        hearing_thread(inner, |ticket, all| {
            for c in all {
                let by_rep = c["incoming"] == json!(false) && c["private"] == json!(false);
                if by_rep && c["user_id"] != ticket["ai"] && !ticket["requester_id"].is_null() {
                    c["user_id"] = ticket["requester_id"].clone();
                    c["incoming"] = json!(true);
                }
            }
        })
    }),
    bad(
        "takes its own replies for the customer's",
        "RES-4",
        |inner| {
            hearing_thread(inner, |ticket, all| {
                for c in all {
                    if c["user_id"] == ticket["ai"] && c["private"] == json!(false) {
                        c["user_id"] = ticket["requester_id"].clone();
                        c["incoming"] = json!(true);
                        c["id"] = json!(c["id"].as_u64().unwrap_or(0) + 1_000_000_000);
                    }
                }
            })
        },
    ),
    bad("hears nobody but the requester", "FLW-9", |inner| {
        hearing_thread(inner, |ticket, all| {
            let requester = ticket["requester_id"].clone();
            all.retain(|c| {
                requester.is_null() || c["incoming"] != json!(true) || c["user_id"] == requester
            });
        })
    }),
    bad(
        "takes an agent's own ticket for a rep's",
        "FLW-9",
        |inner| hearing_ticket(inner, |ticket| ticket["requester_id"] = Value::Null),
    ),
    bad(
        "does not see that a ticket was deleted",
        "FLW-10",
        |inner| {
            hearing_ticket(inner, |ticket| {
                ticket["deleted"] = json!(false);
                ticket["spam"] = json!(false);
            })
        },
    ),
    bad("leaves a refused handoff where it is", "HND-2", |inner| {
        gives_up_after_refusal(inner)
    }),
    bad(
        "treats 503 as an invalid handoff target",
        "HND-3",
        |inner| {
            hearing(inner, |call, answer| {
                let routes = call.json().is_some_and(|body| {
                    body.get("responder_id").is_some() || body.get("group_id").is_some()
                });
                if call.is_ticket(&Method::PUT)
                    && routes
                    && matches!(answer.status(), 429 | 500..=599)
                {
                    *answer = Answer::of(
                        StatusCode::BAD_REQUEST,
                        &json!({ "description": "Validation failed", "errors": [
                            { "field": "responder_id", "message": "There is no such agent", "code": "invalid_value" }
                        ]}),
                    );
                }
            })
        },
    ),
    bad("sends only the agent of two targets", "HND-5", |inner| {
        updating(inner, |body| {
            if body.get("responder_id").is_some_and(|id| !id.is_null()) {
                body.remove("group_id");
            }
        })
    }),
    bad(
        "keeps a handed-off ticket that has no target",
        "HND-5",
        |inner| {
            updating(inner, |body| {
                if body.get("responder_id").is_some_and(Value::is_null) {
                    body.remove("responder_id");
                }
            })
        },
    ),
    bad(
        "does not look whether its agent was taken",
        "HND-6",
        |inner| {
            hearing(inner, |call, answer| {
                let asked = call
                    .json()
                    .and_then(|body| body.get("responder_id").cloned());
                if call.is_ticket(&Method::PUT)
                    && let Some(asked) = asked
                {
                    answer.edit(|ticket| ticket["responder_id"] = asked);
                }
            })
        },
    ),
    bad("routes only what it can mark", "MRK-2", |inner| {
        updating(inner, |body| {
            let routes = body.contains_key("group_id") || body.contains_key("responder_id");
            if routes && !body.contains_key("custom_fields") {
                body.remove("group_id");
                body.remove("responder_id");
            }
        })
    }),
    bad("always marks the default field", "MRK-3", |inner| {
        updating(inner, |body| {
            let Some(fields) = body.get_mut("custom_fields").and_then(Value::as_object_mut) else {
                return;
            };
            let value = fields.values().next().cloned().unwrap_or_default();
            fields.clear();
            fields.insert("cf_opencx_handed_off".to_owned(), value);
        })
    }),
    bad("leaves the marker on when it resumes", "RSM-3", |inner| {
        updating(inner, |body| {
            let off = body
                .get("custom_fields")
                .and_then(Value::as_object)
                .is_some_and(|fields| fields.values().any(|value| *value == json!(false)));
            if off {
                body.remove("custom_fields");
            }
        })
    }),
    bad(
        "notes every resolution of a rep",
        "RES-1",
        notes_resolutions,
    ),
    bad("resolves without a note", "RES-2", |inner| {
        meddling(inner, |way, call| {
            Box::pin(async move {
                let resolution = call.is(&Method::POST, "/notes")
                    && String::from_utf8_lossy(&call.body).contains("AI resolution");
                if resolution {
                    return Ok(Answer::of(StatusCode::CREATED, &json!({ "id": 1 })));
                }
                way.send(call).await
            })
        })
    }),
    bad("resolves what it does not own", "RES-2", |inner| {
        hearing_ticket(inner, |ticket| ticket["responder_id"] = Value::Null)
    }),
    bad("reads the first page of the list only", "LIM-8", |inner| {
        hearing(inner, |call, answer| {
            if call.is(&Method::GET, "/tickets") {
                answer.parts.headers.remove(header::LINK);
            }
        })
    }),
    bad("runs into 429 again and again", "LIM-9", |inner| {
        hearing(inner, |_, answer| {
            for name in [
                "x-ratelimit-total",
                "x-ratelimit-remaining",
                "x-ratelimit-used-currentrequest",
            ] {
                answer.parts.headers.remove(name);
            }
        })
    }),
    bad("follows redirects with its key", "SEC-2", |inner| {
        meddling(inner, |way, call| {
            Box::pin(async move {
                let answer = way.send(call.clone()).await?;
                let location = answer
                    .parts
                    .headers
                    .get(header::LOCATION)
                    .and_then(|location| location.to_str().ok())
                    .and_then(|location| location.parse::<http::Uri>().ok());
                let (302, Some(location)) = (answer.status(), location) else {
                    return Ok(answer);
                };
                let mut again = call;
                if let Some(host) = location.host().and_then(|host| host.parse().ok()) {
                    again.parts.headers.insert(header::HOST, host);
                }
                again.parts.uri = location;
                way.send(again).await
            })
        })
    }),
    bad("tells the brain what reps note", "SEC-5", |inner| {
        hearing_thread(inner, |_, all| {
            for c in all {
                c["private"] = json!(false);
            }
        })
    }),
];

/// Changes the body of ticket updates; one that is empty then is not sent.
fn updating(
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
fn hearing_ticket(
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
fn hearing_thread(
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
fn answers_twice(inner: HttpService) -> HttpService {
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
fn reads_once(inner: HttpService) -> HttpService {
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
fn stops_syncing(inner: HttpService) -> HttpService {
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
fn gives_up_after_refusal(inner: HttpService) -> HttpService {
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
fn notes_resolutions(inner: HttpService) -> HttpService {
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
fn note(mut call: Call, ticket: u64) -> Call {
    call.parts.method = Method::POST;
    call.set_path(&format!("/api/v2/tickets/{ticket}/notes"));
    call.parts.headers.insert(
        header::CONTENT_TYPE,
        http::HeaderValue::from_static("application/json"),
    );
    call.set_json(&json!({ "body": "Closed by a rep.", "private": true }));
    call
}
