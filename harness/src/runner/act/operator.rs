//! The bridge's operator, and strangers who try its doors.

use http::{Method, Request, header};
use serde_json::{Map, Value, json};

use super::note_answer;
use crate::scenario::check::OPENCX_AGENT;
use crate::scenario::step::{
    Credentials, ProbedToken, SaveSettings, StrangerCall, WebhookAddress, WebhookProbe,
};
use crate::trace::Source;
use crate::world::cast::{Cast, DOMAIN};
use crate::world::setup::{SETTINGS, settings_body, webhook_settings};
use crate::world::{World, WorldError};

/// The settings of the contract, without the credentials.
const FIELDS: [&str; 7] = [
    "auto_handle_all",
    "default_group_id",
    "handoff_agent_id",
    "handoff_group_id",
    "marker_field",
    "assist_mode_footer",
    "channels",
];

/// The kinds under which answers are recorded. A stranger's has no URL: it may
/// hold a token.
const CONTRACT: &str = "contract_call";
const STRANGER: &str = "stranger_call";

pub(super) async fn verify(
    world: &World,
    cast: &Cast,
    credentials: &Credentials,
) -> Result<(), WorldError> {
    let body = credentials_body(cast, credentials)?;
    let path = format!("{SETTINGS}/verify");
    let answer = world.bridge.post(&path, &Value::Object(body)).await?;
    note_answer(world, CONTRACT, "POST", &path, &answer).await
}

pub(super) async fn save(
    world: &World,
    cast: &mut Cast,
    save: &SaveSettings,
) -> Result<(), WorldError> {
    let mut body = shown_settings(world).await?;
    body.extend(credentials_body(cast, &save.credentials)?);
    body.extend(settings_body(cast, &save.settings)?);
    let answer = world.bridge.put(SETTINGS, &Value::Object(body)).await?;
    cast.remember_webhook_url(&answer.body);
    note_answer(world, CONTRACT, "PUT", SETTINGS, &answer).await
}

/// The fields of the settings page, filled in with what is saved: whoever saves
/// one changed setting saves the others as they stand there.
async fn shown_settings(world: &World) -> Result<Map<String, Value>, WorldError> {
    let saved = world.bridge.get(SETTINGS).await?;
    let mut fields = Map::new();
    for name in FIELDS {
        if let Some(value) = saved.body.get(name).filter(|value| !value.is_null()) {
            fields.insert(name.to_owned(), value.clone());
        }
    }
    Ok(fields)
}

fn credentials_body(
    cast: &Cast,
    credentials: &Credentials,
) -> Result<Map<String, Value>, WorldError> {
    let domain = credentials.domain.as_deref().unwrap_or(DOMAIN);
    let key = match (&credentials.key, &credentials.old_key_of) {
        (Some(typed), _) => typed.clone(),
        (None, Some(agent)) => cast.agent(agent)?.old_key.clone().ok_or_else(|| {
            WorldError::unexpected(format!(
                "the key of `{}` was never reset, so it has no old one",
                agent.value
            ))
        })?,
        (None, None) => {
            let agent = credentials
                .key_of
                .as_ref()
                .map_or(OPENCX_AGENT, |name| name.value.as_str());
            cast.agent(agent)?.key.clone()
        }
    };
    let mut body = Map::new();
    body.insert("domain".into(), domain.into());
    if credentials.without_key != Some(true) {
        body.insert("api_key".into(), key.into());
    }
    Ok(body)
}

pub(super) async fn disconnect(world: &World) -> Result<(), WorldError> {
    let answer = world.bridge.delete(SETTINGS).await?;
    note_answer(world, CONTRACT, "DELETE", SETTINGS, &answer).await
}

pub(super) async fn restart(world: &World) -> Result<(), WorldError> {
    world.restart_bridge().await?;
    world
        .recorder
        .note(Source::Scenario, "bridge_restarted", None, json!({}))
        .await?;
    Ok(())
}

pub(super) async fn stranger_calls(world: &World, call: &StrangerCall) -> Result<(), WorldError> {
    let (method, path) = call.call.split_once(' ').unwrap_or(("GET", &call.call));
    let token = match call.token {
        None | Some(ProbedToken::None) => None,
        Some(ProbedToken::Wrong) => Some("a-token-that-was-never-given-out"),
    };
    let mut request = Request::builder()
        .method(method_of(method)?)
        .uri(world.bridge.url(path));
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    let answer = world.bridge.send(request, String::new()).await?;
    note_answer(world, STRANGER, method, path, &answer).await
}

pub(super) async fn call_webhook(
    world: &World,
    cast: &Cast,
    probe: &WebhookProbe,
) -> Result<(), WorldError> {
    let shown = webhook_settings(world).await;
    let current = match &shown {
        Ok((url, _)) => Some(url.clone()),
        Err(_) => cast.webhook_urls.last().cloned(),
    };
    let known = || WorldError::unexpected("the bridge has shown no such webhook URL yet");
    let url = match probe.url.unwrap_or(WebhookAddress::Current) {
        WebhookAddress::Current => current.ok_or_else(known)?,
        WebhookAddress::Old => cast
            .webhook_urls
            .iter()
            .rev()
            .find(|url| Some(*url) != current.as_ref() || shown.is_err())
            .cloned()
            .ok_or_else(known)?,
        WebhookAddress::WrongToken => {
            let current = current.ok_or_else(known)?;
            let (front, token) = current.rsplit_once('/').ok_or_else(known)?;
            let wrong: String = token
                .chars()
                .map(|c| if c == '0' { '1' } else { '0' })
                .collect();
            format!("{front}/{wrong}")
        }
    };
    let mut body = match (&probe.body, &shown) {
        (Some(body), _) => body.clone(),
        (None, Ok((_, payload))) => rendered(payload, cast, probe)?,
        (None, Err(_)) => String::new(),
    };
    if let Some(bytes) = probe.bytes {
        let missing = bytes.saturating_sub(body.len());
        body.push_str(&" ".repeat(missing));
    }
    let method = probe.method.as_deref().unwrap_or("POST");
    let kind = probe.content_type.as_deref().unwrap_or("application/json");
    let request = Request::builder()
        .method(method_of(method)?)
        .uri(&url)
        .header(header::CONTENT_TYPE, kind);
    let answer = world.bridge.send(request, body).await?;
    note_answer(world, STRANGER, method, "the webhook", &answer).await
}

/// The creation payload as Freshdesk would render it.
fn rendered(payload: &str, cast: &Cast, probe: &WebhookProbe) -> Result<String, WorldError> {
    let id = match &probe.ticket {
        Some(ticket) => cast.ticket(ticket)?,
        None => cast.tickets.values().copied().max().unwrap_or(1),
    };
    Ok(payload.replace("{{ticket.id}}", &id.to_string()).replace(
        "{{ticket.url}}",
        &format!("https://{DOMAIN}/helpdesk/tickets/{id}"),
    ))
}

fn method_of(word: &str) -> Result<Method, WorldError> {
    word.parse()
        .map_err(|_| WorldError::unexpected(format!("`{word}` is no HTTP method")))
}
