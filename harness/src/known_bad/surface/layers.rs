//! Layers on a bridge's surface that more than one defect needs, or that remember what
//! came by before.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use http::{Method, StatusCode, header};
use serde_json::{Value, json};

use super::super::meddle::{Answer, Call, asking, hearing, meddling};
use super::{SETTINGS, VERIFY};
use crate::world::http::HttpService;

pub(super) fn is_webhook(call: &Call) -> bool {
    call.path().starts_with("/webhooks/")
}

pub(super) fn edit_settings(call: &mut Call, edit: impl FnOnce(&mut Value)) {
    if call.is(&Method::PUT, SETTINGS)
        && let Some(mut body) = call.json()
    {
        edit(&mut body);
        call.set_json(&body);
    }
}

/// Changes every session that is shown.
pub(super) fn hearing_sessions(
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
pub(super) fn without_findings(inner: HttpService, row: &'static str) -> HttpService {
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
pub(super) fn with_key(
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
pub(super) fn remembers_refusals(inner: HttpService) -> HttpService {
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
pub(super) fn saves_first(inner: HttpService) -> HttpService {
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
pub(super) fn keeps_old_urls(inner: HttpService) -> HttpService {
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
pub(super) fn lets_anybody_in(inner: HttpService) -> HttpService {
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
pub(super) fn short_token(inner: HttpService) -> HttpService {
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
