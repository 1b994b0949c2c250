//! What the bridge itself can tell about why it acts or stays silent: the
//! guide's row, the cause, the place and the fix, with the evidence for it.

use serde::Serialize;
use serde_json::json;

use crate::{
    desk::Desk,
    freshdesk::{Freshdesk, FreshdeskError, Ticket},
    rules::Rules,
    session::{Session, Status},
    settings::{Connection, ConnectionState, Mode},
    store::StoreError,
};

/// One cause, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The clause it belongs to: SYM rows are the guide's.
    pub clause: &'static str,
    /// What is wrong.
    pub cause: String,
    /// Where to look.
    pub place: String,
    /// What shows it.
    pub evidence: String,
    /// What to do.
    pub fix: String,
}

/// The cause of the finding that Freshdesk did not answer: nothing is known then.
pub(crate) const NOT_ASKED: &str = "Freshdesk cannot be asked";

const SETTINGS: &str = "OpenCX Settings → Integrations → Freshdesk";
const ASSIGNMENT: &str = "OpenCX Freshdesk settings + Freshdesk assignment rules";
const FIELDS: &str = "Freshdesk Admin → Workflows → Ticket fields";

fn finding(
    clause: &'static str,
    cause: impl Into<String>,
    place: &str,
    evidence: impl Into<String>,
    fix: &str,
) -> Finding {
    Finding {
        clause,
        cause: cause.into(),
        place: place.to_owned(),
        evidence: evidence.into(),
        fix: fix.to_owned(),
    }
}

/// Everything that can be found, for the account and for one ticket.
pub(crate) async fn run(desk: &Desk, ticket_id: Option<i64>) -> Result<Vec<Finding>, StoreError> {
    let Some(connection) = desk.store.connection().await? else {
        return Ok(vec![finding(
            "VER-1",
            "not connected",
            SETTINGS,
            "no settings are saved",
            "enter the domain and the OpenCX agent's API key, verify, and save",
        )]);
    };
    if let ConnectionState::Broken { reason } = &connection.state {
        return Ok(vec![finding(
            "VER-8",
            "connection broken",
            SETTINGS,
            reason.as_str(),
            "run Verify again; re-copy the key or give the agent its admin role back",
        )]);
    }
    let freshdesk = desk.client(&connection).in_background();
    let mut findings = Vec::new();
    let looked = async {
        account_findings(desk, &freshdesk, &connection, &mut findings).await?;
        if let Some(ticket_id) = ticket_id {
            findings.extend(ticket_findings(desk, &freshdesk, &connection, ticket_id).await?);
        }
        Ok::<_, DiagnosisError>(())
    };
    match looked.await {
        Ok(()) => {}
        Err(DiagnosisError::Store(error)) => return Err(error),
        Err(DiagnosisError::Freshdesk(error)) => findings.push(finding(
            "VER-8",
            NOT_ASKED,
            SETTINGS,
            error.to_string(),
            "run Verify, and look again when Freshdesk answers",
        )),
    }
    Ok(findings)
}

#[derive(Debug, thiserror::Error)]
enum DiagnosisError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Freshdesk(#[from] FreshdeskError),
}

async fn account_findings(
    desk: &Desk,
    freshdesk: &Freshdesk,
    connection: &Connection,
    findings: &mut Vec<Finding>,
) -> Result<(), DiagnosisError> {
    let settings = &connection.settings;
    let deliveries = desk.store.deliveries(&settings.domain).await?;
    let rules = Rules::read(freshdesk).await?;
    findings.extend(rules.findings(&desk.webhook_url(connection), deliveries));
    let marker = marker_finding(freshdesk, &settings.marker_field).await?;
    if marker.is_none() && !rules.test_field(&settings.marker_field) {
        let handoffs = desk
            .store
            .sessions(&crate::store::SessionFilter {
                limit: 1000,
                ..Default::default()
            })
            .await?
            .items
            .iter()
            .filter(|session| session.handoff.is_some())
            .count();
        if handoffs > 0 {
            findings.push(finding(
                "SYM-4",
                "routing rule tests another field or value",
                FIELDS,
                format!(
                    "{handoffs} tickets were handed off, and no active Ticket Updates rule tests {}",
                    settings.marker_field
                ),
                "let your routing rule test the marker field for being set",
            ));
        }
    }
    findings.extend(marker);
    for (what, id, gone) in [
        (
            "agent",
            settings.handoff_agent_id,
            agent_is_gone(freshdesk, settings.handoff_agent_id).await?,
        ),
        (
            "group",
            settings.handoff_group_id,
            group_is_gone(freshdesk, settings.handoff_group_id).await?,
        ),
    ] {
        if let (Some(id), true) = (id, gone) {
            findings.push(finding(
                "HND-2",
                format!("handoff {what} deleted or invalid"),
                SETTINGS,
                format!("Freshdesk has no active {what} {id}"),
                "re-select a valid Handoff Agent ID or Handoff Group and save",
            ));
        }
    }
    Ok(())
}

async fn marker_finding(
    freshdesk: &Freshdesk,
    marker: &str,
) -> Result<Option<Finding>, FreshdeskError> {
    let fields = freshdesk.ticket_fields().await?;
    let found = fields
        .iter()
        .find(|field| field.name.as_deref() == Some(marker) && !field.archived);
    let fix = "create a checkbox ticket field with the API name that is selected in the settings, then save the settings again";
    Ok(match found {
        Some(field) => {
            let kind = field.kind.as_deref().unwrap_or_default();
            (!kind.contains("checkbox")).then(|| {
                finding(
                    "SYM-4",
                    "marker field is not a checkbox",
                    FIELDS,
                    format!("{marker} is of type {kind}"),
                    fix,
                )
            })
        }
        None => {
            let similar = fields
                .iter()
                .filter_map(|field| field.name.as_deref())
                .find(|name| {
                    name.starts_with(marker)
                        || (name.contains("opencx") && name.contains("hand"))
                        || name.trim_start_matches("cf_") == marker.trim_start_matches("cf_")
                });
            Some(match similar {
                Some(similar) => finding(
                    "SYM-4",
                    "marker field has another API name",
                    FIELDS,
                    format!("there is {similar}, and the settings say {marker}"),
                    fix,
                ),
                None => finding(
                    "SYM-4",
                    "marker field does not exist",
                    FIELDS,
                    format!("Freshdesk has no ticket field {marker}"),
                    fix,
                ),
            })
        }
    })
}

async fn agent_is_gone(freshdesk: &Freshdesk, id: Option<i64>) -> Result<bool, FreshdeskError> {
    let Some(id) = id else { return Ok(false) };
    match freshdesk.agent(id).await {
        Ok(agent) => Ok(!agent.is_active()),
        Err(FreshdeskError::NotFound(_) | FreshdeskError::Refused { .. }) => Ok(true),
        Err(error) => Err(error),
    }
}

async fn group_is_gone(freshdesk: &Freshdesk, id: Option<i64>) -> Result<bool, FreshdeskError> {
    let Some(id) = id else { return Ok(false) };
    match freshdesk.group(id).await {
        Ok(_) => Ok(false),
        Err(FreshdeskError::NotFound(_) | FreshdeskError::Refused { .. }) => Ok(true),
        Err(error) => Err(error),
    }
}

async fn ticket_findings(
    desk: &Desk,
    freshdesk: &Freshdesk,
    connection: &Connection,
    ticket_id: i64,
) -> Result<Vec<Finding>, DiagnosisError> {
    let domain = &connection.settings.domain;
    let session = desk.store.session_of_ticket(domain, ticket_id).await?;
    let mut findings = Vec::new();
    let ticket = match freshdesk.ticket(ticket_id, &[]).await {
        Ok(ticket) => ticket,
        Err(FreshdeskError::NotFound(_)) => {
            findings.push(finding(
                "FLW-10",
                "ticket does not exist",
                "Freshdesk → Tickets",
                format!("Freshdesk has no ticket {ticket_id}"),
                "check the ticket's number",
            ));
            return Ok(findings);
        }
        Err(error) => return Err(error.into()),
    };
    match &session {
        None => findings.extend(gate_finding(desk, connection, &ticket)),
        Some(session) => findings.extend(silence_finding(connection, session, &ticket)),
    }
    for problem in desk.store.problems().await? {
        if problem.ticket_id == Some(ticket_id) && problem.account == *domain {
            findings.push(finding(
                "LIM-2",
                format!("pending: {}", problem.kind),
                "GET /v1/problems",
                format!("since {}: {}", problem.since, problem.message),
                "nothing, if it is a limit: it is done when the quota allows; else what the message says",
            ));
        }
    }
    Ok(findings)
}

/// Why an untracked ticket is not taken (SYM-3).
fn gate_finding(desk: &Desk, connection: &Connection, ticket: &Ticket) -> Option<Finding> {
    let settings = &connection.settings;
    let admitted = desk.policies.gate.admits(&crate::policies::GateFacts {
        auto_handle_all: settings.auto_handle_all,
        default_group_id: settings.default_group_id,
        ai_agent_id: connection.agent.id,
        responder_id: ticket.responder_id,
        group_id: ticket.group_id,
    });
    if admitted {
        return Some(finding(
            "SYM-1",
            "no event has brought this ticket in",
            "Freshdesk Admin → Workflows → Automations",
            "the intake gate lets the ticket in, but there is no session for it",
            "look at the activity log of both rules; the next event on the ticket brings it in",
        ));
    }
    let cause = match (ticket.responder_id, ticket.group_id) {
        (Some(_), _) => "ticket is assigned to a rep",
        (None, Some(_)) if settings.default_group_id.is_some() => "ticket is in another group",
        (None, _) => "ticket is unassigned",
    };
    Some(finding(
        "SYM-3",
        cause,
        ASSIGNMENT,
        json!({
            "auto_handle_all": settings.auto_handle_all,
            "default_group_id": settings.default_group_id,
            "responder_id": ticket.responder_id,
            "group_id": ticket.group_id,
        })
        .to_string(),
        "assign the ticket to the OpenCX agent, or move it into the default group; the next event lets it through",
    ))
}

/// Why the AI stays silent on a tracked ticket.
fn silence_finding(connection: &Connection, session: &Session, ticket: &Ticket) -> Option<Finding> {
    let ai = connection.agent.id;
    let mode = connection.settings.channels.mode(session.channel);
    if ticket.deleted || ticket.spam {
        return Some(finding(
            "FLW-10",
            "ticket is deleted or spam",
            "Freshdesk → Tickets",
            "Freshdesk says so",
            "restore the ticket",
        ));
    }
    if mode == Mode::Off {
        return Some(finding(
            "FLW-5",
            "the channel is off",
            SETTINGS,
            format!("channel {:?} is off", session.channel),
            "set the channel to autopilot or assist",
        ));
    }
    match ticket.responder_id {
        Some(owner) if owner != ai && mode == Mode::Autopilot => Some(finding(
            "RSM-1",
            "ticket is assigned to a human agent",
            "Freshdesk → the ticket's assignee",
            format!("assigned to {owner}; the OpenCX agent is {ai}"),
            "reassign the ticket to the OpenCX agent; the AI resumes on the next customer message",
        )),
        None if session.handed_off => Some(finding(
            "HND-4",
            "ticket is handed off",
            "Freshdesk → the ticket's assignee",
            "the session is handed off and the ticket is unassigned",
            "assign the ticket to the OpenCX agent; the AI resumes on the next customer message",
        )),
        _ if session.status != Status::Open && !ticket.is_resolved() => Some(finding(
            "RES-3",
            "session is closed but the ticket is open",
            "Freshdesk Admin → Workflows → Automations → Ticket Updates",
            format!("ticket status {:?}", ticket.status),
            "let the Ticket Updates rule fire on status changes",
        )),
        _ if session.status == Status::Open
            && ticket.is_resolved()
            && !session.reopened_by_message =>
        {
            Some(finding(
                "SYM-5",
                "ticket is resolved but its session is open",
                "Freshdesk Admin → Workflows → Automations → Ticket Updates",
                format!("ticket status {:?}", ticket.status),
                "add the event Ticket property changed (Status), performed by the agent, to the Ticket Updates rule",
            ))
        }
        _ => None,
    }
}
