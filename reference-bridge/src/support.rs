//! The support bundle (SYM-6): enough to replay an incident, without the key,
//! the webhook token, or the people in it.

use serde_json::{Value, json};

use crate::{
    api::{entry_json, session_json},
    desk::Desk,
    diagnosis, redact,
    session::{EntryKind, Session},
    settings::ConnectionState,
    store::StoreError,
    turn::{Progress, Step, Turn},
};

/// Bundles what is known of one session.
pub(crate) async fn bundle(desk: &Desk, session: &Session) -> Result<Value, StoreError> {
    let mut entries = desk.store.entries(&session.id).await?;
    entries.sort_by_key(|entry| entry.at);
    let turns = desk
        .store
        .turns(&session.account, session.ticket_id)
        .await?;
    let connection = desk.store.connection().await?;
    let problems: Vec<_> = desk
        .store
        .problems()
        .await?
        .into_iter()
        .filter(|problem| {
            problem.account == session.account
                && problem.ticket_id.is_none_or(|id| id == session.ticket_id)
        })
        .map(|problem| {
            json!({"kind": problem.kind, "ticket_id": problem.ticket_id,
                   "since": problem.since, "message": problem.message})
        })
        .collect();
    let deliveries = desk.store.deliveries(&session.account).await?;
    let findings = diagnosis::run(desk, Some(session.ticket_id)).await?;
    let mut bundle = json!({
        "session_id": session.id,
        "ticket_id": session.ticket_id,
        "description": description(session, problems.len(), findings.first()),
        "made_at": desk.clock.now(),
        "bridge": {"name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION")},
        "domain": session.account,
        "session": session_json(session),
        "history": entries.iter().map(entry_json).collect::<Vec<_>>(),
        "turns": turns.iter().map(turn_json).collect::<Vec<_>>(),
        "problems": problems,
        "last_webhooks": {
            "ticket_created": deliveries.created,
            "ticket_updated": deliveries.updated,
        },
        "findings": findings,
    });
    let mut kept = vec![session.id.clone(), session.account.clone()];
    if let Some(connection) = connection.filter(|c| c.settings.domain == session.account) {
        let settings = &connection.settings;
        kept.push(connection.agent.email.clone());
        bundle["agent_email"] = json!(connection.agent.email);
        bundle["agent_id"] = json!(connection.agent.id);
        bundle["intake_mode"] = json!(if settings.auto_handle_all {
            "auto_handle_all"
        } else {
            "assigned_only"
        });
        bundle["default_group_id"] = json!(settings.default_group_id);
        bundle["settings"] = json!(settings);
        bundle["connection"] = match connection.state {
            ConnectionState::Connected => json!("connected"),
            ConnectionState::Broken { reason } => json!(reason),
        };
    }
    let mut names: Vec<_> = entries
        .iter()
        .filter(|entry| {
            matches!(
                entry.kind,
                EntryKind::Message | EntryKind::AgentMessage | EntryKind::AgentComment
            )
        })
        .filter_map(|entry| entry.author.name.clone())
        .chain(session.contact.name.clone())
        .collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    names.dedup();
    redact::people(&mut bundle, &names, &kept);
    Ok(bundle)
}

fn description(session: &Session, problems: usize, finding: Option<&diagnosis::Finding>) -> String {
    let mut text = format!(
        "Ticket {}: session {}, {}",
        session.ticket_id,
        session_json(session)["status"].as_str().unwrap_or_default(),
        if session.handed_off {
            "handed off"
        } else {
            "with the AI"
        }
    );
    if problems > 0 {
        text.push_str(&format!("; {problems} problems pending"));
    }
    if let Some(finding) = finding {
        text.push_str(&format!("; {} {}", finding.clause, finding.cause));
    }
    text
}

/// A turn without the content of its files.
fn turn_json(turn: &Turn) -> Value {
    let steps: Vec<_> = turn
        .steps
        .iter()
        .map(|(step, progress)| {
            let what = match step {
                Step::Reply { text, .. } => json!({"kind": "reply", "text": text}),
                Step::Note { text, .. } => json!({"kind": "note", "text": text}),
                Step::Update(update) => json!({"kind": "update", "update": update}),
            };
            let state = match progress {
                Progress::Todo => "todo",
                Progress::Begun { .. } => "begun",
                Progress::Done { .. } => "done",
            };
            json!({"step": what, "state": state})
        })
        .collect();
    json!({
        "id": turn.id,
        "purpose": turn.purpose,
        "answers": turn.answers,
        "state": turn.state,
        "created_at": turn.created_at,
        "steps": steps,
    })
}
