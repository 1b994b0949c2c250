//! Bridges whose contract or webhook answers otherwise than it should.
//!
//! | file | holds |
//! |---|---|
//! | `mod.rs` | the defects |
//! | `layers` | layers that more than one needs, or that remember |

mod layers;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use self::layers::{
    edit_settings, hearing_sessions, is_webhook, keeps_old_urls, lets_anybody_in,
    remembers_refusals, saves_first, short_token, with_key, without_findings,
};
use super::meddle::{Answer, asking, hearing, meddling};
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
        defect: Defect::Surface(layer),
    }
}

const SETTINGS: &str = "/v1/integrations/freshdesk";
const VERIFY: &str = "/v1/integrations/freshdesk/verify";

pub(super) const ALL: &[KnownBad] = &[
    bad("blames no intake gate", "SYM-3", |inner| {
        without_findings(inner, "SYM-3")
    }),
    bad("names no cause at all", "SYM-2", |inner| {
        without_findings(inner, "")
    }),
    bad("bundles no history", "SYM-6", |inner| {
        hearing(inner, |call, answer| {
            if call.path().ends_with("/support-bundle") {
                answer.edit(|bundle| bundle["history"] = json!([]));
            }
        })
    }),
    bad(
        "remembers that a key was refused",
        "VER-3",
        remembers_refusals,
    ),
    bad("saves before it verifies", "VER-4", saves_first),
    bad(
        "says “internal error” for a wrong key",
        "VER-4",
        |inner| {
            hearing(inner, |call, answer| {
                if call.is(&Method::POST, VERIFY) && answer.status() == 422 {
                    answer.edit(|body| body["error"]["message"] = json!("internal error"));
                }
            })
        },
    ),
    bad("repairs a domain without a word", "VER-5", |inner| {
        asking(inner, |call| {
            if !call.path().starts_with(SETTINGS) {
                return;
            }
            let Some(mut body) = call.json() else { return };
            let Some(domain) = body.get("domain").and_then(Value::as_str) else {
                return;
            };
            let plain = domain
                .trim_start_matches("https://")
                .trim_start_matches("http://");
            let plain = plain.split(['/', ':']).next().unwrap_or(plain).to_owned();
            body["domain"] = json!(plain);
            call.set_json(&body);
        })
    }),
    bad("shows the key", "VER-6", |inner| {
        with_key(inner, |call, answer, key| {
            if call.is(&Method::GET, SETTINGS) && answer.status() == 200 {
                answer.edit(|body| body["api_key"] = json!(key));
            }
        })
    }),
    bad("does not say whose key it is", "VER-7", |inner| {
        hearing(inner, |call, answer| {
            if call.is(&Method::POST, VERIFY) && answer.status() == 200 {
                answer.edit(|body| {
                    body["agent"]["name"] = json!("");
                    body["agent"]["email"] = json!("");
                });
            }
        })
    }),
    bad(
        "shows a payload with a misspelt placeholder",
        "WHK-1",
        |inner| {
            hearing(inner, |call, answer| {
                if call.path() == SETTINGS && answer.status() == 200 {
                    answer.edit(|body| {
                        for field in ["ticket_created_payload", "ticket_updated_payload"] {
                            if let Some(text) = body["webhook"][field].as_str() {
                                body["webhook"][field] =
                                    json!(text.replace("{{ticket.id}}", "{{ticket.number}}"));
                            }
                        }
                    });
                }
            })
        },
    ),
    bad("answers 202 to a payload it can't read", "WHK-2", |inner| {
        hearing(inner, |call, answer| {
            if is_webhook(call) && answer.status() == 400 {
                *answer = Answer::of(StatusCode::ACCEPTED, &json!({ "accepted": true }));
            }
        })
    }),
    bad(
        "guesses the ticket from an edited payload",
        "WHK-2",
        |inner| {
            asking(inner, |call| {
                if !is_webhook(call)
                    || call.json().is_some_and(|body| {
                        body["opencx"].is_string()
                            && body["ticket_id"].is_u64()
                            && body["event"].is_string()
                            && body["ticket_url"].is_string()
                    })
                {
                    return;
                }
                let text = String::from_utf8_lossy(&call.body).into_owned();
                let number: String = text
                    .chars()
                    .skip_while(|c| !c.is_ascii_digit())
                    .skip_while(|c| *c == '1')
                    .take_while(char::is_ascii_digit)
                    .collect();
                let id = number.parse().unwrap_or(1_u64).max(1);
                call.set_json(&json!({
                "opencx": "freshdesk/v1", "event": "ticket_created", "ticket_id": id, "ticket_url": "",
            }));
            })
        },
    ),
    bad("keeps the old webhook URL alive", "WHK-3", keeps_old_urls),
    bad("calls a Free account connected", "WHK-4", |inner| {
        hearing(inner, |call, answer| {
            if call.is(&Method::GET, SETTINGS) {
                answer.edit(|body| {
                    let reason = body["connection"]["reason"]
                        .as_str()
                        .unwrap_or("")
                        .to_owned();
                    if reason.to_lowercase().contains("growth") {
                        body["connection"] = json!({ "state": "connected", "reason": null });
                    }
                });
            }
        })
    }),
    bad(
        "does the work before it answers the webhook",
        "WHK-7",
        |inner| {
            meddling(inner, |way, call| {
                Box::pin(async move {
                    if is_webhook(&call) {
                        tokio::time::sleep(Duration::from_secs(3)).await;
                    }
                    way.send(call).await
                })
            })
        },
    ),
    bad("answers 200 to a wrong token", "WHK-8", |inner| {
        hearing(inner, |call, answer| {
            if is_webhook(call) && answer.status() == 404 {
                *answer = Answer::of(StatusCode::OK, &json!({}));
            }
        })
    }),
    bad("takes webhooks of any type", "WHK-8", |inner| {
        asking(inner, |call| {
            if is_webhook(call) {
                call.parts.headers.insert(
                    header::CONTENT_TYPE,
                    http::HeaderValue::from_static("application/json"),
                );
            }
        })
    }),
    bad("shows two sessions for one ticket", "FLW-1", |inner| {
        hearing(inner, |call, answer| {
            if call.is(&Method::GET, "/v1/sessions") {
                answer.edit(|body| {
                    let items = body["items"].as_array_mut();
                    if let Some(items) = items
                        && let Some(mut twin) = items.first().cloned()
                        && twin["status"] != json!("open")
                    {
                        twin["id"] = json!("ses_twin");
                        items.push(twin);
                    }
                });
            }
        })
    }),
    bad("leaves the footer out", "FLW-5", |inner| {
        asking(inner, |call| {
            edit_settings(call, |body| {
                if body.get("assist_mode_footer").is_some() {
                    body["assist_mode_footer"] = Value::Null;
                }
            });
        })
    }),
    bad("has one mode for all channels", "FLW-5", |inner| {
        asking(inner, |call| {
            edit_settings(call, |body| {
                if let Some(mode) = body.pointer("/channels/email").cloned() {
                    body["channels"] = json!({ "email": mode, "web": mode, "phone": mode });
                }
            });
        })
    }),
    bad("closes the session at handoff", "HND-4", |inner| {
        hearing_sessions(inner, |session| {
            if session["handed_off"] == json!(true) {
                session["status"] = json!("closed_unresolved");
            }
        })
    }),
    bad("does not report an invalid target", "HND-2", |inner| {
        hearing(inner, |call, answer| {
            if call.is(&Method::GET, "/v1/problems") {
                answer.edit(|body| {
                    if let Some(items) = body["items"].as_array_mut() {
                        items.retain(|item| item["kind"] != json!("handoff_target_invalid"));
                    }
                });
            }
        })
    }),
    bad(
        "does not say that the session is handed off",
        "HND-1",
        |inner| {
            hearing_sessions(inner, |session| {
                session["handed_off"] = json!(false);
                session["handoff"] = Value::Null;
            })
        },
    ),
    bad("warns of nothing", "MRK-1", |inner| {
        hearing(inner, |call, answer| {
            if call.is(&Method::PUT, SETTINGS) {
                answer.edit(|body| body["warnings"] = json!([]));
            }
        })
    }),
    bad(
        "refuses settings without the marker field",
        "MRK-1",
        |inner| {
            hearing(inner, |call, answer| {
                let warns = call.is(&Method::PUT, SETTINGS)
                    && answer.json().is_some_and(|body| {
                        body["warnings"].as_array().is_some_and(|warnings| {
                            warnings.iter().any(|w| w["field"] == json!("marker_field"))
                        })
                    });
                if warns {
                    *answer = Answer::of(
                        StatusCode::UNPROCESSABLE_ENTITY,
                        &json!({ "error": { "code": "marker_field_missing", "message": "create it first" } }),
                    );
                }
            })
        },
    ),
    bad("never opens a session again", "RES-3", |inner| {
        let closed: Mutex<BTreeMap<String, Value>> = Mutex::default();
        hearing_sessions(inner, move |session| {
            let id = session["id"].as_str().unwrap_or("").to_owned();
            let mut closed = closed.lock().unwrap_or_else(PoisonError::into_inner);
            if session["status"] == json!("open") {
                if let Some(status) = closed.get(&id) {
                    session["status"] = status.clone();
                }
            } else {
                closed.insert(id, session["status"].clone());
            }
        })
    }),
    bad("closes as unresolved", "RES-1", |inner| {
        hearing_sessions(inner, |session| {
            if session["status"] == json!("closed_resolved") {
                session["status"] = json!("closed_unresolved");
            }
        })
    }),
    bad("reports nothing that it gave up", "LIM-2", |inner| {
        hearing(inner, |call, answer| {
            if call.is(&Method::GET, "/v1/problems") {
                answer.edit(|body| body["items"] = json!([]));
            }
        })
    }),
    bad("writes the key into its problems", "SEC-1", |inner| {
        with_key(inner, |call, answer, key| {
            if call.is(&Method::GET, "/v1/problems") {
                answer.edit(|body| {
                    for item in body["items"].as_array_mut().into_iter().flatten() {
                        item["message"] = json!(format!("with the key {key}: gave up"));
                    }
                });
            }
        })
    }),
    bad(
        "shows a webhook URL of its production host",
        "SEC-3",
        |inner| {
            hearing(inner, |call, answer| {
                if call.path() == SETTINGS {
                    answer.edit(|body| {
                        if let Some(url) = body["webhook"]["url"].as_str() {
                            let path = url.splitn(4, '/').nth(3).unwrap_or_default();
                            body["webhook"]["url"] =
                                json!(format!("https://hooks.bridge.example/{path}"));
                        }
                    });
                }
            })
        },
    ),
    bad("lets anybody manage it", "SEC-4", lets_anybody_in),
    bad("has a webhook token of 32 bits", "SEC-4", short_token),
    bad("bundles names and addresses", "SEC-6", |inner| {
        meddling(inner, |way, call| {
            Box::pin(async move {
                let mut answer = way.send(call.clone()).await?;
                let Some(session) = call.path().strip_suffix("/support-bundle") else {
                    return Ok(answer);
                };
                let mut ask = call.clone();
                ask.set_path(session);
                let contact = way
                    .send(ask)
                    .await?
                    .json()
                    .map(|body| body["contact"].clone());
                answer.edit(|bundle| bundle["contact"] = contact.unwrap_or_default());
                Ok(answer)
            })
        })
    }),
];
