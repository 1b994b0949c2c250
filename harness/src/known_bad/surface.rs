//! Bridges whose contract or webhook answers otherwise than it should.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::meddle::{Answer, Call, asking, hearing, meddling};
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

fn is_webhook(call: &Call) -> bool {
    call.path().starts_with("/webhooks/")
}

fn edit_settings(call: &mut Call, edit: impl FnOnce(&mut Value)) {
    if call.is(&Method::PUT, SETTINGS)
        && let Some(mut body) = call.json()
    {
        edit(&mut body);
        call.set_json(&body);
    }
}

/// Changes every session that is shown.
fn hearing_sessions(
    inner: HttpService,
    edit: impl Fn(&mut Value) + Send + Sync + 'static,
) -> HttpService {
    hearing(inner, move |call, answer| {
        if !call.path().starts_with("/v1/sessions")
            || call.path().contains("/ses_") && call.path().matches('/').count() > 3
        {
            return;
        }
        answer.edit(
            |body| match body.get_mut("items").and_then(Value::as_array_mut) {
                Some(items) => items.iter_mut().for_each(&edit),
                None => edit(body),
            },
        );
    })
}

/// Leaves findings of a row out; of every row for "".
fn without_findings(inner: HttpService, row: &'static str) -> HttpService {
    hearing(inner, move |call, answer| {
        if call.is(&Method::GET, "/v1/diagnosis") {
            answer.edit(|body| {
                if let Some(findings) = body["findings"].as_array_mut() {
                    findings.retain(|finding| !row.is_empty() && finding["clause"] != json!(row));
                }
            });
        }
    })
}

/// Knows the key that was last saved.
fn with_key(
    inner: HttpService,
    edit: impl Fn(&Call, &mut Answer, &str) + Send + Sync + 'static,
) -> HttpService {
    let key: Mutex<String> = Mutex::default();
    hearing(inner, move |call, answer| {
        let mut key = key.lock().unwrap_or_else(PoisonError::into_inner);
        if call.is(&Method::PUT, SETTINGS)
            && let Some(typed) = call
                .json()
                .and_then(|body| body["api_key"].as_str().map(str::to_owned))
        {
            *key = typed;
        }
        if !key.is_empty() {
            edit(call, answer, &key);
        }
    })
}

/// What was typed, and how it was refused.
type Refusals = BTreeMap<Vec<u8>, (StatusCode, Value)>;

/// Gives the first refusal of a key again for ever.
fn remembers_refusals(inner: HttpService) -> HttpService {
    let refused: Arc<Mutex<Refusals>> = Arc::default();
    meddling(inner, move |way, call| {
        let refused = refused.clone();
        Box::pin(async move {
            if !call.is(&Method::POST, VERIFY) {
                return way.send(call).await;
            }
            let typed = call.body.to_vec();
            let known = refused
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get(&typed)
                .cloned();
            if let Some((status, body)) = known {
                return Ok(Answer::of(status, &body));
            }
            let answer = way.send(call).await?;
            if answer.status() != 200 {
                refused
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(
                        typed,
                        (answer.parts.status, answer.json().unwrap_or_default()),
                    );
            }
            Ok(answer)
        })
    })
}

/// Shows what was typed as saved, whether or not it verified.
fn saves_first(inner: HttpService) -> HttpService {
    let typed: Mutex<Option<Value>> = Mutex::default();
    hearing(inner, move |call, answer| {
        let mut typed = typed.lock().unwrap_or_else(PoisonError::into_inner);
        if call.is(&Method::PUT, SETTINGS) {
            *typed = call.json().map(|mut body| {
                if let Some(fields) = body.as_object_mut() {
                    fields.remove("api_key");
                }
                body
            });
        }
        if call.is(&Method::GET, SETTINGS)
            && answer.status() == 404
            && let Some(settings) = typed.as_ref()
        {
            *answer = Answer::of(StatusCode::OK, settings);
        }
    })
}

/// Takes every webhook URL that was ever shown for the current one.
fn keeps_old_urls(inner: HttpService) -> HttpService {
    let shown: Arc<Mutex<Vec<String>>> = Arc::default();
    let learn = shown.clone();
    let inner = hearing(inner, move |call, answer| {
        if call.path() == SETTINGS
            && let Some(url) = answer
                .json()
                .and_then(|b| b["webhook"]["url"].as_str().map(str::to_owned))
            && let Some(path) = url.splitn(4, '/').nth(3).map(|path| format!("/{path}"))
        {
            let mut shown = learn.lock().unwrap_or_else(PoisonError::into_inner);
            if !shown.contains(&path) {
                shown.push(path);
            }
        }
    });
    asking(inner, move |call| {
        let shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        if shown.iter().any(|path| path == call.path())
            && let Some(newest) = shown.last()
        {
            call.set_path(newest);
        }
    })
}

/// Gives every call the token of the last one that had it.
fn lets_anybody_in(inner: HttpService) -> HttpService {
    let token: Mutex<Option<http::HeaderValue>> = Mutex::default();
    asking(inner, move |call| {
        let mut token = token.lock().unwrap_or_else(PoisonError::into_inner);
        let given = call.parts.headers.get(header::AUTHORIZATION).cloned();
        match (&*token, given) {
            (None, given) => *token = given,
            (Some(known), _) => {
                call.parts
                    .headers
                    .insert(header::AUTHORIZATION, known.clone());
            }
        }
    })
}

/// Shows the first eight digits of the token, and takes them for it.
fn short_token(inner: HttpService) -> HttpService {
    const DIGITS: usize = 8;
    let long: Arc<Mutex<BTreeMap<String, String>>> = Arc::default();
    let learn = long.clone();
    let inner = hearing(inner, move |call, answer| {
        if call.path() != SETTINGS {
            return;
        }
        answer.edit(|body| {
            let Some(url) = body["webhook"]["url"].as_str().map(str::to_owned) else {
                return;
            };
            let Some((front, token)) = url.rsplit_once('/') else {
                return;
            };
            let short: String = token.chars().take(DIGITS).collect();
            body["webhook"]["url"] = json!(format!("{front}/{short}"));
            learn
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(short, token.to_owned());
        });
    });
    asking(inner, move |call| {
        let path = call.path().to_owned();
        if let Some((front, token)) = path.rsplit_once('/')
            && let Some(whole) = long
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get(token)
        {
            call.set_path(&format!("{front}/{whole}"));
        }
    })
}
