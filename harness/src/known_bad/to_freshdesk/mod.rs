//! Bridges that ask Freshdesk otherwise than they should, or hear it wrongly.
//!
//! | file | holds |
//! |---|---|
//! | `mod.rs` | the defects |
//! | `layers` | layers that more than one needs, or that remember |

mod layers;

use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use self::layers::{
    answers_twice, gives_up_after_refusal, hearing_thread, hearing_ticket, notes_resolutions,
    reads_once, stops_syncing, updating,
};
use super::meddle::{Answer, hearing, meddling};
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
