//! Each kind of step as calls of the control API and of the bridge's contract.

use serde_json::{Map, Value, json};

use crate::scenario::at::At;
use crate::scenario::check::OPENCX_AGENT;
use crate::scenario::document::DEFAULT_VIA;
use crate::scenario::step::{
    Condition, Credentials, EarlierRule, EditRule, EditTicket, FreshdeskFault, OpenTicket,
    Performer, SaveSettings, Step, WebhookFault, WebhookMishap,
};
use crate::trace::Source;
use crate::world::cast::{Cast, DOMAIN, address};
use crate::world::http::Answer;
use crate::world::setup::{SETTINGS, account_path, paste_rule, settings_body};
use crate::world::{World, WorldError};

/// The domain of customers' addresses.
const CUSTOMER_HOST: &str = "customer.example";
/// The customer of a step that names none.
const DEFAULT_CUSTOMER: &str = "Carla Customer";

/// Does a step. Expectations and waiting are not acts: the player does them.
pub(crate) async fn act(world: &World, cast: &mut Cast, step: &Step) -> Result<(), WorldError> {
    let control = &world.control;
    match step {
        Step::CustomerOpensTicket(open) => open_ticket(world, cast, open).await?,
        Step::CustomerReplies(reply) => {
            let path = ticket_path(cast, &reply.ticket, "/customer_replies")?;
            let mut body = json!({ "text": reply.text });
            if let Some(from) = &reply.from {
                body["from"] = address(from, CUSTOMER_HOST).into();
            }
            control.post(&path, &body).await?.expect(201)?;
        }
        Step::RepReplies(reply) => {
            let rep = cast
                .rep(reply.rep.as_ref().map(|rep| rep.value.as_str()))?
                .id;
            let path = ticket_path(cast, &reply.ticket, "/replies")?;
            control
                .post(&path, &json!({ "agent_id": rep, "text": reply.text }))
                .await?
                .expect(201)?;
        }
        Step::RepAddsNote(note) => {
            let rep = cast
                .rep(note.rep.as_ref().map(|rep| rep.value.as_str()))?
                .id;
            let path = ticket_path(cast, &note.ticket, "/notes")?;
            let body = json!({ "agent_id": rep, "text": note.text, "private": note.private.unwrap_or(true) });
            control.post(&path, &body).await?.expect(201)?;
        }
        Step::RepEditsTicket(edit) => edit_ticket(world, cast, edit).await?,
        Step::RepResolvesTicket(ticket) => set_status(world, cast, ticket, 4).await?,
        Step::RepClosesTicket(ticket) => set_status(world, cast, ticket, 5).await?,

        Step::AdminRemovesRule(rule) => {
            let path = account_path(&format!("/rules/{}/{}", rule.kind(), cast.rule(*rule)?));
            control.delete(&path).await?.expect(204)?;
            cast.rules.remove(rule);
        }
        Step::AdminPastesRule(rule) => paste_rule(world, cast, *rule).await?,
        Step::AdminDeactivatesRule(rule) => {
            put_rule(world, cast, *rule, &json!({ "active": false })).await?;
        }
        Step::AdminActivatesRule(rule) => {
            put_rule(world, cast, *rule, &json!({ "active": true })).await?;
        }
        Step::AdminEditsRule(edit) => edit_rule(world, cast, edit).await?,
        Step::AdminAddsEarlierRule(rule) => add_earlier_rule(world, cast, rule).await?,
        Step::AdminRemovesEarlierRule(name) => {
            let (rule, id) = *cast.earlier_rules.get(&name.value).ok_or_else(|| {
                WorldError::unexpected(format!("no step added a rule `{}`", name.value))
            })?;
            control
                .delete(&account_path(&format!("/rules/{}/{id}", rule.kind())))
                .await?
                .expect(204)?;
        }
        Step::AdminSwitchesCreationRules(execution) => {
            control
                .patch(&account_path(""), &json!({ "creation_rules": execution }))
                .await?
                .expect(200)?;
        }
        Step::AdminGivesRole(given) => {
            let id = cast.agent(&given.agent)?.id;
            let path = account_path(&format!("/agents/{id}"));
            control
                .patch(&path, &json!({ "role": given.role }))
                .await?
                .expect(200)?;
        }
        Step::AdminResetsApiKey(name) => reset_key(world, cast, name).await?,
        Step::AccountMovesToPlan(plan) => {
            control
                .patch(&account_path(""), &json!({ "plan": plan }))
                .await?
                .expect(200)?;
        }

        Step::OperatorVerifies(credentials) => {
            let body = credentials_body(cast, credentials)?;
            let path = format!("{SETTINGS}/verify");
            let answer = world.bridge.post(&path, &Value::Object(body)).await?;
            note_contract_call(world, "POST", &path, &answer).await?;
        }
        Step::OperatorSavesSettings(save) => save_settings(world, cast, save).await?,

        Step::BrainAnswers(answers) => world.brain.follow(answers),
        Step::FreshdeskFails(fault) => {
            control
                .post(&account_path("/faults"), &freshdesk_fault(fault))
                .await?
                .expect(201)?;
        }
        Step::WebhooksFail(fault) => {
            control
                .post(&account_path("/faults"), &webhook_fault(fault))
                .await?
                .expect(201)?;
        }
        Step::Wait(_) | Step::Expect(_) => {}
    }
    Ok(())
}

fn ticket_path(cast: &Cast, ticket: &At<String>, rest: &str) -> Result<String, WorldError> {
    Ok(account_path(&format!(
        "/tickets/{}{rest}",
        cast.ticket(ticket)?
    )))
}

async fn open_ticket(world: &World, cast: &mut Cast, open: &OpenTicket) -> Result<(), WorldError> {
    let from = open.from.as_deref().unwrap_or(DEFAULT_CUSTOMER);
    let mut body = json!({
        "from": { "name": from, "email": address(from, CUSTOMER_HOST) },
        "via": open.via.unwrap_or(DEFAULT_VIA),
        "subject": open.subject.as_deref().unwrap_or(&open.name),
        "text": open.text,
    });
    if let Some(assignee) = open.assignee.as_ref().filter(|name| name.value != "nobody") {
        body["responder_id"] = cast.agent(assignee)?.id.into();
    }
    if let Some(group) = &open.group {
        body["group_id"] = cast.group(group)?.into();
    }
    if !open.tags.is_empty() {
        body["tags"] = open.tags.clone().into();
    }
    let ticket = world
        .control
        .post(&account_path("/tickets"), &body)
        .await?
        .expect(201)?;
    cast.tickets
        .insert(open.name.value.clone(), ticket.number("id")?);
    Ok(())
}

async fn edit_ticket(world: &World, cast: &Cast, edit: &EditTicket) -> Result<(), WorldError> {
    let mut body = Map::new();
    body.insert(
        "agent_id".into(),
        cast.rep(edit.rep.as_ref().map(|rep| rep.value.as_str()))?
            .id
            .into(),
    );
    if let Some(status) = edit.status {
        body.insert("status".into(), status.into());
    }
    if let Some(priority) = edit.priority {
        body.insert("priority".into(), priority.into());
    }
    if let Some(assignee) = &edit.assignee {
        let id = match assignee.value.as_str() {
            "nobody" => Value::Null,
            name => cast.agent(name)?.id.into(),
        };
        body.insert("responder_id".into(), id);
    }
    if let Some(group) = &edit.group {
        let id = match group.value.as_str() {
            "none" => Value::Null,
            name => cast.group(name)?.into(),
        };
        body.insert("group_id".into(), id);
    }
    if let Some(tags) = &edit.tags {
        body.insert("tags".into(), tags.clone().into());
    }
    let path = ticket_path(cast, &edit.ticket, "")?;
    world
        .control
        .patch(&path, &Value::Object(body))
        .await?
        .expect(200)?;
    Ok(())
}

async fn set_status(
    world: &World,
    cast: &Cast,
    ticket: &At<String>,
    status: u16,
) -> Result<(), WorldError> {
    let body = json!({ "agent_id": cast.rep(None)?.id, "status": status });
    world
        .control
        .patch(&ticket_path(cast, ticket, "")?, &body)
        .await?
        .expect(200)?;
    Ok(())
}

async fn put_rule(
    world: &World,
    cast: &Cast,
    rule: crate::scenario::step::RuleName,
    change: &Value,
) -> Result<(), WorldError> {
    let path = account_path(&format!("/rules/{}/{}", rule.kind(), cast.rule(rule)?));
    world.control.put(&path, change).await?.expect(200)?;
    Ok(())
}

async fn edit_rule(world: &World, cast: &Cast, edit: &EditRule) -> Result<(), WorldError> {
    let rules = world
        .control
        .get(&account_path("/rules"))
        .await?
        .expect(200)?;
    let id = cast.rule(edit.rule)?;
    let rule = rules
        .body
        .get(edit.rule.kind().to_string())
        .and_then(Value::as_array)
        .and_then(|rules| {
            rules
                .iter()
                .find(|rule| rule.get("id").and_then(Value::as_u64) == Some(id))
        })
        .ok_or_else(|| {
            WorldError::unexpected(format!("the rule `{}` is not there", edit.rule.title()))
        })?;
    let mut change = Map::new();
    if let Some(event) = &edit.without_event {
        let events = rule
            .get("events")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let (gone, kept): (Vec<_>, Vec<_>) = events
            .into_iter()
            .partition(|e| e.get("field_name").and_then(Value::as_str) == Some(event));
        if gone.is_empty() {
            return Err(WorldError::unexpected(format!(
                "the rule has no event `{event}` to take away"
            )));
        }
        change.insert("events".into(), kept.into());
    }
    if let Some(performer) = edit.performer {
        let number = match performer {
            Performer::Agent => 1,
            Performer::Requester => 2,
            Performer::AgentOrRequester => 3,
        };
        change.insert("performer".into(), json!({ "type": number }));
    }
    if edit.without_webhook_action == Some(true) {
        change.insert(
            "actions".into(),
            json!([{ "field_name": "add_tag", "value": ["seen-by-rule"] }]),
        );
    }
    if let Some(conditions) = &edit.conditions {
        change.insert("conditions".into(), condition_set(conditions));
    }
    put_rule(world, cast, edit.rule, &Value::Object(change)).await
}

fn condition_set(conditions: &[Condition]) -> Value {
    let properties: Vec<Value> = conditions
        .iter()
        .map(|condition| {
            json!({
                "resource_type": "ticket",
                "field_name": condition.field,
                "operator": condition.operator,
                "value": condition.value,
            })
        })
        .collect();
    json!([{ "name": "condition_set_1", "match_type": "all", "properties": properties }])
}

async fn add_earlier_rule(
    world: &World,
    cast: &mut Cast,
    rule: &EarlierRule,
) -> Result<(), WorldError> {
    let mut body = json!({
        "name": rule.name.value,
        "active": true,
        "position": 1,
        "actions": [{ "field_name": "add_tag", "value": [rule.adds_tag] }],
    });
    if !rule.conditions.is_empty() {
        body["conditions"] = condition_set(&rule.conditions);
    }
    if rule.than.kind() == 4 {
        body["performer"] = json!({ "type": 3 });
        body["events"] = json!([{ "field_name": "reply_sent" }]);
    }
    let path = account_path(&format!("/rules/{}", rule.than.kind()));
    let id = world
        .control
        .post(&path, &body)
        .await?
        .expect(201)?
        .number("id")?;
    cast.earlier_rules
        .insert(rule.name.value.clone(), (rule.than, id));
    Ok(())
}

async fn reset_key(world: &World, cast: &mut Cast, name: &At<String>) -> Result<(), WorldError> {
    let id = cast.agent(name)?.id;
    let path = account_path(&format!("/agents/{id}"));
    let answer = world
        .control
        .patch(&path, &json!({ "api_key": "reset" }))
        .await?
        .expect(200)?;
    let key = answer.text("/api_key")?;
    if let Some(agent) = cast.agents.get_mut(&name.value) {
        agent.old_key = Some(std::mem::replace(&mut agent.key, key));
    }
    Ok(())
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
    body.insert("api_key".into(), key.into());
    Ok(body)
}

async fn save_settings(world: &World, cast: &Cast, save: &SaveSettings) -> Result<(), WorldError> {
    let mut body = credentials_body(cast, &save.credentials)?;
    body.extend(settings_body(cast, &save.settings)?);
    let answer = world.bridge.put(SETTINGS, &Value::Object(body)).await?;
    note_contract_call(world, "PUT", SETTINGS, &answer).await
}

/// Records an answer of the contract. What was sent is not recorded: it holds the key.
async fn note_contract_call(
    world: &World,
    method: &str,
    path: &str,
    answer: &Answer,
) -> Result<(), WorldError> {
    let data =
        json!({ "method": method, "path": path, "status": answer.status, "answer": answer.body });
    world
        .recorder
        .note(Source::Bridge, "contract_call", None, data)
        .await?;
    Ok(())
}

fn freshdesk_fault(fault: &FreshdeskFault) -> Value {
    let mut body = json!({ "on": fault.on, "calls": fault.calls.value });
    if let Some(status) = fault.status {
        body["answer"] = json!({ "status": status });
        if let Some(wait) = fault.retry_after {
            body["answer"]["retry_after_seconds"] = wait.0.as_secs().into();
        }
    }
    if let Some(delay) = fault.delay {
        body["delay_seconds"] = delay.0.as_secs_f64().into();
    }
    body
}

fn webhook_fault(fault: &WebhookFault) -> Value {
    let mut body = json!({ "on": "webhook", "calls": fault.calls.value });
    match fault.are {
        WebhookMishap::Lost => body["webhook"] = "lost".into(),
        WebhookMishap::Duplicated => body["webhook"] = "duplicated".into(),
        WebhookMishap::Refused => body["webhook"] = json!({ "answered": 503 }),
    }
    body
}
