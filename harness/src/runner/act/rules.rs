//! The admin, on automation rules.

use serde_json::{Map, Value, json};

use crate::scenario::at::At;
use crate::scenario::step::{
    Condition, EarlierRule, EditRule, PayloadEdit, Performer, RoutingRule, RuleName, TriedRule,
};
use crate::trace::Source;
use crate::world::cast::Cast;
use crate::world::setup::{account_path, paste_rule, pasted_rule};
use crate::world::{World, WorldError};

pub(super) async fn paste(
    world: &World,
    cast: &mut Cast,
    rule: RuleName,
) -> Result<(), WorldError> {
    paste_rule(world, cast, rule).await
}

/// Pastes a rule that Freshdesk may refuse, and records what it says.
pub(super) async fn try_to_paste(
    world: &World,
    cast: &mut Cast,
    tried: &TriedRule,
) -> Result<(), WorldError> {
    let mut body = pasted_rule(world, cast, tried.rule).await?;
    if let Some(url) = &tried.url {
        body["actions"][0]["url"] = url.clone().into();
    }
    let path = account_path(&format!("/rules/{}", tried.rule.kind()));
    let answer = world.control.post(&path, &body).await?;
    let data = json!({ "status": answer.status, "answer": answer.body });
    world
        .recorder
        .note(Source::Freshdesk, "rule_attempt", None, data)
        .await?;
    Ok(())
}

pub(super) async fn remove(
    world: &World,
    cast: &mut Cast,
    rule: RuleName,
) -> Result<(), WorldError> {
    let path = account_path(&format!("/rules/{}/{}", rule.kind(), cast.rule(rule)?));
    world.control.delete(&path).await?.expect(204)?;
    cast.rules.remove(&rule);
    Ok(())
}

pub(super) async fn set_active(
    world: &World,
    cast: &Cast,
    rule: RuleName,
    active: bool,
) -> Result<(), WorldError> {
    put(
        world,
        rule.kind(),
        cast.rule(rule)?,
        &json!({ "active": active }),
    )
    .await
}

async fn put(world: &World, kind: u8, id: u64, change: &Value) -> Result<(), WorldError> {
    let path = account_path(&format!("/rules/{kind}/{id}"));
    world.control.put(&path, change).await?.expect(200)?;
    Ok(())
}

pub(super) async fn edit(world: &World, cast: &Cast, edit: &EditRule) -> Result<(), WorldError> {
    let id = cast.rule(edit.rule)?;
    let rule = present(world, edit.rule, id).await?;
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
    if let Some(damage) = edit.payload {
        let mut body = pasted_rule(world, cast, edit.rule).await?;
        let content = body["actions"][0]["content"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        body["actions"][0]["content"] = damaged(&content, damage)?.into();
        change.insert("actions".into(), body["actions"].take());
    }
    put(world, edit.rule.kind(), id, &Value::Object(change)).await
}

/// The rule as it is now.
async fn present(world: &World, rule: RuleName, id: u64) -> Result<Value, WorldError> {
    let rules = world
        .control
        .get(&account_path("/rules"))
        .await?
        .expect(200)?;
    rules
        .body
        .get(rule.kind().to_string())
        .and_then(Value::as_array)
        .and_then(|rules| {
            rules
                .iter()
                .find(|rule| rule.get("id").and_then(Value::as_u64) == Some(id))
        })
        .cloned()
        .ok_or_else(|| WorldError::unexpected(format!("the rule `{}` is not there", rule.title())))
}

/// A payload after somebody edited it by hand, whoever wrote it.
fn damaged(payload: &str, damage: PayloadEdit) -> Result<String, WorldError> {
    let lacks =
        |what: &str| WorldError::unexpected(format!("the payload has no {what}: {payload}"));
    match damage {
        PayloadEdit::Empty => Ok(String::new()),
        PayloadEdit::KeyRenamed => {
            let from = payload.find('"').ok_or_else(|| lacks("key"))?;
            let to = payload[from + 1..].find('"').ok_or_else(|| lacks("key"))? + from + 1;
            Ok(format!("{}x{}", &payload[..to], &payload[to..]))
        }
        PayloadEdit::KeyMissing => {
            // From the first key to the second one.
            let first = payload.find('"').ok_or_else(|| lacks("key"))?;
            let comma = payload[first..]
                .find(',')
                .ok_or_else(|| lacks("second key"))?
                + first;
            let second = payload[comma..]
                .find('"')
                .ok_or_else(|| lacks("second key"))?
                + comma;
            Ok(format!("{}{}", &payload[..first], &payload[second..]))
        }
        PayloadEdit::PlaceholderUnquoted => {
            let from = payload
                .find("\"{{")
                .ok_or_else(|| lacks("quoted placeholder"))?;
            let to = payload[from..]
                .find("}}\"")
                .ok_or_else(|| lacks("quoted placeholder"))?
                + from;
            Ok(format!(
                "{}{}{}",
                &payload[..from],
                &payload[from + 1..to + 2],
                &payload[to + 3..]
            ))
        }
    }
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

pub(super) async fn add_earlier(
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
    let id = added(world, rule.than.kind(), &body).await?;
    cast.earlier_rules
        .insert(rule.name.value.clone(), (rule.than, id));
    Ok(())
}

async fn added(world: &World, kind: u8, body: &Value) -> Result<u64, WorldError> {
    world
        .control
        .post(&account_path(&format!("/rules/{kind}")), body)
        .await?
        .expect(201)?
        .number("id")
}

pub(super) async fn remove_earlier(
    world: &World,
    cast: &Cast,
    name: &At<String>,
) -> Result<(), WorldError> {
    let (rule, id) = *cast
        .earlier_rules
        .get(&name.value)
        .ok_or_else(|| WorldError::unexpected(format!("no step added a rule `{}`", name.value)))?;
    world
        .control
        .delete(&account_path(&format!("/rules/{}/{id}", rule.kind())))
        .await?
        .expect(204)?;
    Ok(())
}

/// The customer's own rule: when an agent has changed the field, move the ticket.
fn routing(cast: &Cast, rule: &RoutingRule) -> Result<Value, WorldError> {
    Ok(json!({
        "name": rule.name.value,
        "active": true,
        "performer": { "type": 1 },
        "events": [{ "field_name": rule.tests, "from": "--", "to": rule.is.unwrap_or(true) }],
        "conditions": [],
        "actions": [{ "field_name": "group_id", "value": cast.group(&rule.moves_to_group)? }],
    }))
}

pub(super) async fn add_routing(
    world: &World,
    cast: &mut Cast,
    rule: &RoutingRule,
) -> Result<(), WorldError> {
    let kind = RuleName::TicketUpdates.kind();
    let id = added(world, kind, &routing(cast, rule)?).await?;
    cast.routing_rules.insert(rule.name.value.clone(), id);
    Ok(())
}

pub(super) async fn change_routing(
    world: &World,
    cast: &Cast,
    rule: &RoutingRule,
) -> Result<(), WorldError> {
    let id = *cast.routing_rules.get(&rule.name.value).ok_or_else(|| {
        WorldError::unexpected(format!(
            "no step added a routing rule `{}`",
            rule.name.value
        ))
    })?;
    let kind = RuleName::TicketUpdates.kind();
    put(world, kind, id, &routing(cast, rule)?).await
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAYLOAD: &str = r#"{ "ticket_id": {{ticket.id}}, "url": "{{ticket.url}}" }"#;

    #[test]
    fn a_payload_can_be_damaged_in_every_way_the_guide_warns_of() {
        let damaged = |edit| damaged(PAYLOAD, edit).unwrap();
        assert_eq!(
            damaged(PayloadEdit::KeyRenamed),
            r#"{ "ticket_idx": {{ticket.id}}, "url": "{{ticket.url}}" }"#
        );
        assert_eq!(
            damaged(PayloadEdit::KeyMissing),
            r#"{ "url": "{{ticket.url}}" }"#
        );
        assert_eq!(
            damaged(PayloadEdit::PlaceholderUnquoted),
            r#"{ "ticket_id": {{ticket.id}}, "url": {{ticket.url}} }"#
        );
        assert_eq!(damaged(PayloadEdit::Empty), "");
    }
}
