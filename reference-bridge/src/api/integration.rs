//! Verify, save, read, disconnect.

use axum::{Json, extract::State, http::StatusCode};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{Api, error::ApiError, fields::Fields};
use crate::{
    connect,
    settings::{Channels, Connection, DEFAULT_MARKER_FIELD, Mode, Settings},
    store::StoreError,
    verify, webhook,
    work::{Backfill, EventKind},
};

/// The longest text a setting may have.
const TEXT_LIMIT: usize = 2000;

/// The longest domain or key: host names have 253 characters, keys about 20.
const CREDENTIAL_LIMIT: usize = 300;

pub(super) async fn verify(
    State(api): State<Api>,
    mut fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let domain = fields.required_text("domain", CREDENTIAL_LIMIT)?;
    let api_key = SecretString::from(fields.required_text("api_key", CREDENTIAL_LIMIT)?.trim());
    fields.finish()?;
    let domain = verify::domain(&domain)?;
    let agent = verify::credentials(&api.desk, &domain, &api_key).await?;
    connect::verified(&api.desk, &domain, &api_key).await?;
    Ok(Json(json!({ "agent": agent })))
}

pub(super) async fn save(
    State(api): State<Api>,
    mut fields: Fields,
) -> Result<Json<Value>, ApiError> {
    let domain = fields.required_text("domain", CREDENTIAL_LIMIT)?;
    let api_key = fields
        .short_text("api_key", CREDENTIAL_LIMIT)?
        .map(|key| SecretString::from(key.trim()));
    let settings = Settings {
        domain,
        auto_handle_all: fields.flag("auto_handle_all")?.unwrap_or_default(),
        default_group_id: fields.id("default_group_id")?,
        handoff_agent_id: fields.id("handoff_agent_id")?,
        handoff_group_id: fields.id("handoff_group_id")?,
        marker_field: marker_field(&mut fields)?,
        assist_mode_footer: fields.short_text("assist_mode_footer", TEXT_LIMIT)?,
        channels: channels(&mut fields)?,
    };
    fields.finish()?;
    let (connection, warnings) = connect::save(&api.desk, settings, api_key).await?;
    let mut shown = shown(&api, &connection).await?;
    shown["warnings"] = json!(warnings);
    Ok(Json(shown))
}

pub(super) async fn read(State(api): State<Api>) -> Result<Json<Value>, ApiError> {
    match api.desk.store.connection().await? {
        Some(connection) => Ok(Json(shown(&api, &connection).await?)),
        None => Err(ApiError::not_found(
            "Freshdesk is not connected; PUT the settings to connect it",
        )),
    }
}

pub(super) async fn disconnect(State(api): State<Api>) -> Result<StatusCode, ApiError> {
    connect::disconnect(&api.desk).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn marker_field(fields: &mut Fields) -> Result<String, ApiError> {
    let Some(name) = fields.text("marker_field")? else {
        return Ok(DEFAULT_MARKER_FIELD.to_owned());
    };
    let plain = !name.is_empty()
        && name.len() <= 100
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if plain {
        return Ok(name);
    }
    Err(ApiError::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "invalid_value",
        format!(
            "$.marker_field must be a ticket field's API name, such as {DEFAULT_MARKER_FIELD}: lower-case letters, digits and _"
        ),
    ))
}

fn channels(fields: &mut Fields) -> Result<Channels, ApiError> {
    const MODES: [(&str, Mode); 3] = [
        ("autopilot", Mode::Autopilot),
        ("assist", Mode::Assist),
        ("off", Mode::Off),
    ];
    let Some(mut channels) = fields.object("channels")? else {
        return Ok(Channels::default());
    };
    let read = Channels {
        email: channels.word("email", &MODES)?.unwrap_or_default(),
        web: channels.word("web", &MODES)?.unwrap_or_default(),
        phone: channels.word("phone", &MODES)?.unwrap_or_default(),
    };
    channels.finish()?;
    Ok(read)
}

/// The settings as they are read back: never with the key (VER-6).
async fn shown(api: &Api, connection: &Connection) -> Result<Value, StoreError> {
    let account = api.desk.store.account(&connection.settings.domain).await?;
    let backfill = match account.map(|account| account.backfill).unwrap_or_default() {
        Backfill::Pending => json!({ "state": "pending", "imported": 0 }),
        Backfill::Running { imported, .. } => json!({ "state": "running", "imported": imported }),
        Backfill::Done { imported } => json!({ "state": "done", "imported": imported }),
    };
    let mut shown = serde_json::to_value(&connection.settings)
        .map_err(|error| StoreError(error.to_string()))?;
    shown["agent"] = json!(connection.agent);
    shown["connection"] = json!(connection.state);
    if shown["connection"].get("reason").is_none() {
        shown["connection"]["reason"] = Value::Null;
    }
    shown["webhook"] = json!({
        "url": api.desk.webhook_url(connection),
        "ticket_created_payload": webhook::payload(EventKind::TicketCreated),
        "ticket_updated_payload": webhook::payload(EventKind::TicketUpdated),
    });
    shown["backfill"] = backfill;
    Ok(shown)
}
