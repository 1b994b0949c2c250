//! What a diagnosis looks at, brought into the trace. Everything is read-only.

use serde_json::{Map, Value, json};

use crate::trace::{Source, object, take_list};
use crate::world::setup::{SETTINGS, account_path};
use crate::world::{World, WorldError};

/// How many of a rule's last activity entries are looked at.
const ACTIVITY_SHOWN: usize = 20;

/// Looks at the account's rules with their activity logs, its ticket fields and
/// agents, the bridge's settings, and one ticket if the symptom is one ticket's.
pub(crate) async fn observe(world: &World, ticket: Option<u64>) -> Result<(), WorldError> {
    let account = world
        .control
        .get(&account_path(""))
        .await?
        .expect(200)?
        .body;
    let mut rules = world
        .control
        .get(&account_path("/rules"))
        .await?
        .expect(200)?
        .body;
    let settings = world.bridge.get(SETTINGS).await?;
    let mut kinds = Map::new();
    for kind in ["1", "4"] {
        let mut listed = Vec::new();
        for rule in take_list(&mut rules, kind) {
            let id = rule.get("id").and_then(Value::as_u64).unwrap_or(0);
            let path = account_path(&format!("/rules/{kind}/{id}/activity"));
            let mut log = world.control.get(&path).await?.expect(200)?.body;
            let mut items = take_list(&mut log, "items");
            items.drain(..items.len().saturating_sub(ACTIVITY_SHOWN));
            listed.push(object([("rule", rule), ("activity", items.into())]));
        }
        kinds.insert(kind.to_owned(), listed.into());
    }
    let mut fields = world
        .control
        .get(&account_path("/ticket_fields"))
        .await?
        .expect(200)?
        .body;
    let ticket = match ticket {
        Some(id) => {
            let path = account_path(&format!("/tickets/{id}"));
            let ticket = world.control.get(&path).await?.expect(200)?.body;
            let path = format!("/v1/sessions?ticket_id={id}");
            let sessions = world.bridge.get(&path).await?.expect(200)?.body;
            json!({
                "id": id,
                "responder_id": ticket.get("responder_id"),
                "group_id": ticket.get("group_id"),
                "sessions": sessions.get("items").and_then(Value::as_array).map_or(0, Vec::len),
            })
        }
        None => Value::Null,
    };
    // Of agents only what a diagnosis needs: the control API shows their keys.
    let agents: Vec<Value> = account
        .get("agents")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|agent| json!({ "id": agent.get("id"), "name": agent.get("name") }))
        .collect();
    let settings = match settings.status {
        200 => settings.body,
        _ => Value::Null,
    };
    let data = object([
        ("agents", agents.into()),
        ("ticket_fields", take_list(&mut fields, "items").into()),
        ("ticket", ticket),
        ("plan", json!(account.get("plan"))),
        ("creation_rules", json!(account.get("creation_rules"))),
        ("rules", kinds.into()),
        ("settings", settings),
    ]);
    world
        .recorder
        .saw("observed", "observed", Source::Scenario, None, data)
        .await
}
