//! Row 3: assigned-only intake, and a ticket that is nobody's the AI may take.

use serde_json::Value;

use super::Suspicion;
use crate::scenario::check::OPENCX_AGENT;

/// Why the observed ticket is not taken, if the gate is why.
pub(super) fn suspicion(observed: &Value) -> Option<Suspicion> {
    let settings = observed.get("settings").filter(|s| !s.is_null())?;
    let ticket = observed.get("ticket").filter(|t| !t.is_null())?;
    let tracked = ticket.get("sessions").and_then(Value::as_u64).unwrap_or(0) > 0;
    let all = settings.get("auto_handle_all").and_then(Value::as_bool) == Some(true);
    if tracked || all {
        return None;
    }
    let number = |value: &Value, field: &str| value.get(field).and_then(Value::as_u64);
    let responder = number(ticket, "responder_id");
    let group = number(ticket, "group_id");
    let default_group = number(settings, "default_group_id");
    let ai = agent_called(observed, OPENCX_AGENT);
    let in_default_group = default_group.is_some() && group == default_group;
    let cause = match responder {
        Some(owner) if Some(owner) == ai => return None,
        Some(_) => 'b',
        None if in_default_group => return None,
        None if group.is_some() => 'c',
        None => 'a',
    };
    Some(Suspicion {
        clause: "SYM-3",
        cause,
        evidence: vec![
            "auto-handle is off, and there is no session for the ticket".to_owned(),
            format!("assignee {responder:?}, group {group:?}, default group {default_group:?}"),
        ],
        fix: "assign the ticket to the OpenCX agent, or move it into the default group".to_owned(),
    })
}

fn agent_called(observed: &Value, name: &str) -> Option<u64> {
    observed
        .get("agents")?
        .as_array()?
        .iter()
        .find(|agent| agent.get("name").and_then(Value::as_str) == Some(name))?
        .get("id")?
        .as_u64()
}
