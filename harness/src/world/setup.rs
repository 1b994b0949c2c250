//! Before a scenario begins: an account, its people, its rules, and a
//! connected bridge.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::cast::{Agent, Cast, DOMAIN, address};
use super::{World, WorldError};
use crate::scenario::check::{ADMIN, DEFAULT_MARKER, DEFAULT_REPS, OPENCX_AGENT};
use crate::scenario::document::{SettingsChange, WorldSetup};
use crate::scenario::step::RuleName;
use crate::trace::Source;

/// The domain of the staff's addresses.
const STAFF_HOST: &str = "yourcompany.example";

/// How long a fresh connection is given to import what is there (nothing), so
/// that a scenario begins with a bridge at rest.
const IMPORT_TIME: Duration = Duration::from_secs(60);

/// The path of something of the account in the control API.
pub(crate) fn account_path(rest: &str) -> String {
    format!("/control/v1/accounts/{DOMAIN}{rest}")
}

/// The path of the bridge's settings.
pub(crate) const SETTINGS: &str = "/v1/integrations/freshdesk";

/// Sets a world up as a scenario wants it.
pub(crate) async fn set_up(world: &World, setup: &WorldSetup) -> Result<Cast, WorldError> {
    let mut cast = Cast::default();
    let freshdesk = &setup.freshdesk;
    let mut wanted = json!({
        "domain": DOMAIN,
        "plan": freshdesk.plan,
        "creation_rules": freshdesk.creation_rules,
        "reopen_rule": freshdesk.reopen_rule,
        "settings": freshdesk.settings,
        "admin": { "name": ADMIN, "email": address(ADMIN, STAFF_HOST) },
    });
    if !freshdesk.quota.is_empty() {
        wanted["quota"] = json!(freshdesk.quota);
    }
    let account = world
        .control
        .post("/control/v1/accounts", &wanted)
        .await?
        .expect(201)?;
    world
        .recorder
        .note(
            Source::Freshdesk,
            "account",
            None,
            json!({ "plan": account.body.get("plan"), "quota": account.body.get("quota") }),
        )
        .await?;
    let admin = account.body.get("admin").cloned().unwrap_or_default();
    cast.agents.insert(ADMIN.to_owned(), agent_of(&admin)?);
    add_agent(world, &mut cast, OPENCX_AGENT, "Administrator").await?;
    let reps: Vec<String> = match &setup.reps {
        Some(reps) => reps.clone(),
        None => DEFAULT_REPS.map(str::to_owned).to_vec(),
    };
    for rep in reps {
        add_agent(world, &mut cast, &rep, "Agent").await?;
        cast.reps.push(rep);
    }
    for (name, members) in &setup.groups {
        let ids = members
            .iter()
            .map(|member| cast.agent(member).map(|agent| agent.id))
            .collect::<Result<Vec<_>, _>>()?;
        let group = world
            .control
            .post(
                &account_path("/groups"),
                &json!({ "name": name, "agent_ids": ids }),
            )
            .await?
            .expect(201)?;
        cast.groups.insert(name.clone(), group.number("id")?);
    }
    if freshdesk.marker_field {
        world
            .control
            .post(
                &account_path("/ticket_fields"),
                &json!({ "name": DEFAULT_MARKER, "label": "OpenCX handed off", "type": "custom_checkbox" }),
            )
            .await?
            .expect(201)?;
    }
    world.brain.follow(&setup.brain);
    if setup.connected {
        connect(world, &mut cast, &setup.bridge).await?;
        for rule in [RuleName::TicketCreation, RuleName::TicketUpdates] {
            paste_rule(world, &mut cast, rule).await?;
        }
        world.time.pass(IMPORT_TIME).await?;
    }
    world
        .recorder
        .note(
            Source::Scenario,
            "step",
            None,
            json!({ "step": "the world is set up" }),
        )
        .await?;
    Ok(cast)
}

async fn add_agent(
    world: &World,
    cast: &mut Cast,
    name: &str,
    role: &str,
) -> Result<(), WorldError> {
    let made = world
        .control
        .post(
            &account_path("/agents"),
            &json!({ "name": name, "email": address(name, STAFF_HOST), "role": role }),
        )
        .await?
        .expect(201)?;
    cast.agents.insert(name.to_owned(), agent_of(&made.body)?);
    Ok(())
}

fn agent_of(body: &Value) -> Result<Agent, WorldError> {
    let text = |field: &str| {
        body.get(field)
            .and_then(Value::as_str)
            .map(str::to_owned)
            .ok_or_else(|| {
                WorldError::unexpected(format!("an agent of the control API has no `{field}`"))
            })
    };
    Ok(Agent {
        id: body
            .get("id")
            .and_then(Value::as_u64)
            .ok_or_else(|| WorldError::unexpected("an agent of the control API has no `id`"))?,
        name: text("name")?,
        email: text("email")?,
        key: text("api_key")?,
        old_key: None,
    })
}

/// Saves the bridge's settings with the OpenCX agent's key.
async fn connect(
    world: &World,
    cast: &mut Cast,
    change: &SettingsChange,
) -> Result<(), WorldError> {
    let agent = cast.agent(OPENCX_AGENT)?;
    let mut body = settings_body(cast, change)?;
    body.insert("domain".into(), DOMAIN.into());
    body.insert("api_key".into(), agent.key.clone().into());
    // Unlike the bridge, scenarios take every ticket unless they say otherwise:
    // most of them are not about the gate.
    body.entry("auto_handle_all").or_insert(Value::Bool(true));
    let answer = world.bridge.put(SETTINGS, &Value::Object(body)).await?;
    if answer.status != 200 {
        return Err(WorldError::BridgeAtFault {
            clause: "VER-1",
            expected: "an admin's key and plain settings are saved with 200".to_owned(),
            seen: format!("{} {}", answer.status, answer.body),
        });
    }
    cast.remember_webhook_url(&answer.body);
    Ok(())
}

/// The contract's fields for a change of settings.
pub(crate) fn settings_body(
    cast: &Cast,
    change: &SettingsChange,
) -> Result<Map<String, Value>, WorldError> {
    let mut body = Map::new();
    if let Some(on) = change.auto_handle_all {
        body.insert("auto_handle_all".into(), on.into());
    }
    for (field, group) in [
        ("default_group_id", &change.default_group),
        ("handoff_group_id", &change.handoff_group),
    ] {
        if let Some(group) = group {
            body.insert(field.into(), cast.group(group)?.into());
        }
    }
    if let Some(agent) = &change.handoff_agent {
        body.insert("handoff_agent_id".into(), cast.agent(agent)?.id.into());
    }
    for (field, text) in [
        ("marker_field", &change.marker_field),
        ("assist_mode_footer", &change.assist_mode_footer),
    ] {
        if let Some(text) = text {
            body.insert(field.into(), text.clone().into());
        }
    }
    if !change.channels.is_empty() {
        let channels = serde_json::to_value(&change.channels)
            .map_err(|error| WorldError::unexpected(format!("channels: {error}")))?;
        body.insert("channels".into(), channels);
    }
    Ok(body)
}

/// Pastes one of the two rules verbatim from the settings page, replacing the
/// one that is there.
pub(crate) async fn paste_rule(
    world: &World,
    cast: &mut Cast,
    rule: RuleName,
) -> Result<(), WorldError> {
    let body = pasted_rule(world, cast, rule).await?;
    let path = account_path(&format!("/rules/{}", rule.kind()));
    let (answer, wanted) = match cast.rules.get(&rule) {
        Some(id) => (
            world.control.put(&format!("{path}/{id}"), &body).await?,
            200,
        ),
        None => (world.control.post(&path, &body).await?, 201),
    };
    if answer.status == 400 {
        // Built verbatim from what the bridge shows, so what is wrong is the bridge's.
        return Err(WorldError::BridgeAtFault {
            clause: "WHK-1",
            expected: "Freshdesk takes the rule that is built from the settings page".to_owned(),
            seen: format!("{} {}", answer.status, answer.body),
        });
    }
    let id = answer.expect(wanted)?.number("id")?;
    cast.rules.insert(rule, id);
    let past = cast.past_rules.entry(rule).or_default();
    if !past.contains(&id) {
        past.push(id);
    }
    Ok(())
}

/// The webhook URL and the creation payload that the settings page shows now.
pub(crate) async fn webhook_settings(world: &World) -> Result<(String, String), WorldError> {
    let settings = world.bridge.get(SETTINGS).await?.expect(200)?;
    Ok((
        settings.text("/webhook/url")?,
        settings.text("/webhook/ticket_created_payload")?,
    ))
}

/// One of the two rules, built verbatim from the settings page; from the last
/// one that was shown while nothing is connected.
pub(crate) async fn pasted_rule(
    world: &World,
    cast: &Cast,
    rule: RuleName,
) -> Result<Value, WorldError> {
    let settings = world.bridge.get(SETTINGS).await?;
    if settings.status == 404
        && let Some(url) = cast.webhook_urls.last()
    {
        return Ok(rule_body(rule, url, "{}"));
    }
    let payload = match rule {
        RuleName::TicketCreation => "ticket_created_payload",
        RuleName::TicketUpdates => "ticket_updated_payload",
    };
    let shown = |field: &str| {
        settings
            .body
            .pointer(&format!("/webhook/{field}"))
            .and_then(Value::as_str)
            .ok_or_else(|| WorldError::BridgeAtFault {
                clause: "WHK-1",
                expected: format!("the settings show webhook.{field}"),
                seen: format!("{} {}", settings.status, settings.body),
            })
    };
    Ok(rule_body(rule, shown("url")?, shown(payload)?))
}

/// A rule as an admin builds it by the guide.
fn rule_body(rule: RuleName, url: &str, payload: &str) -> Value {
    let webhook = json!({
        "field_name": "trigger_webhook",
        "request_type": "POST",
        "url": url,
        "content_type": "JSON",
        "content_layout": "2",
        "content": payload,
    });
    match rule {
        RuleName::TicketCreation => json!({
            "name": rule.title(),
            "active": true,
            "conditions": [],
            "actions": [webhook],
        }),
        RuleName::TicketUpdates => json!({
            "name": rule.title(),
            "active": true,
            "performer": { "type": 3 },
            "events": [
                { "field_name": "reply_sent" },
                { "field_name": "note_type", "value": "any" },
                { "field_name": "status", "from": "--", "to": "--" },
            ],
            "conditions": [],
            "actions": [webhook],
        }),
    }
}
