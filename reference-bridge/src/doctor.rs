//! Read-only checks on a live account, without a running bridge: the guide's
//! row, cause, place and fix for each thing that is wrong.

use std::sync::Arc;

use secrecy::SecretString;

use crate::{
    HttpService,
    clock::Clock,
    desk::Desk,
    diagnosis::{self, Finding},
    entropy::Entropy,
    policies::Policies,
    settings::{
        AgentIdentity, Channels, Connection, ConnectionState, DEFAULT_MARKER_FIELD, Settings,
    },
    store::{MemoryStore, Store as _, StoreError},
    verify::{self, VerifyError},
};

/// What to check, as the operator knows it from the settings page.
#[derive(Clone, Debug)]
pub struct Complaint {
    /// The account's host.
    pub domain: String,
    /// The OpenCX agent's key.
    pub api_key: SecretString,
    /// The webhook URL that both rules should call.
    pub webhook_url: String,
    /// Whether the AI takes every ticket.
    pub auto_handle_all: bool,
    /// The default group.
    pub default_group_id: Option<i64>,
    /// The handoff agent.
    pub handoff_agent_id: Option<i64>,
    /// The handoff group.
    pub handoff_group_id: Option<i64>,
    /// The marker field; the usual one if not given.
    pub marker_field: Option<String>,
    /// A ticket where the problem shows.
    pub ticket_id: Option<i64>,
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Report {
    /// Whose key it is, if it verified.
    pub agent: Option<AgentIdentity>,
    /// Calls per minute that the plan allows, where Freshdesk says so.
    pub calls_per_minute: Option<i64>,
    /// One text per cause: row, cause, place, evidence, fix.
    pub findings: Vec<String>,
}

/// Checks an account; changes nothing in it.
///
/// # Errors
/// When the examination itself fails.
pub async fn examine(
    service: HttpService,
    clock: Clock,
    entropy: Entropy,
    complaint: Complaint,
) -> Result<Report, StoreError> {
    let (base, token) = complaint
        .webhook_url
        .rsplit_once("/webhooks/freshdesk/")
        .unwrap_or((complaint.webhook_url.as_str(), ""));
    let store = MemoryStore::new();
    let desk = Desk::new(
        Arc::new(store.clone()),
        Arc::new(crate::ScriptedBrain::silent()),
        clock.clone(),
        entropy,
        Policies::default(),
        base.to_owned(),
        service,
    );
    let verified = match verify::domain(&complaint.domain) {
        Ok(domain) => verify::credentials(&desk, &domain, &complaint.api_key)
            .await
            .map(|agent| (domain, agent)),
        Err(error) => Err(error),
    };
    let (domain, agent) = match verified {
        Ok(verified) => verified,
        Err(error) => {
            return Ok(Report {
                agent: None,
                calls_per_minute: None,
                findings: vec![told(&of_verify(&error))],
            });
        }
    };
    store
        .save_connection(&Connection {
            settings: Settings {
                domain: domain.clone(),
                auto_handle_all: complaint.auto_handle_all,
                default_group_id: complaint.default_group_id,
                handoff_agent_id: complaint.handoff_agent_id,
                handoff_group_id: complaint.handoff_group_id,
                marker_field: complaint
                    .marker_field
                    .unwrap_or_else(|| DEFAULT_MARKER_FIELD.to_owned()),
                assist_mode_footer: None,
                channels: Channels::default(),
            },
            api_key: complaint.api_key,
            agent: agent.clone(),
            webhook_token: token.to_owned(),
            state: ConnectionState::Connected,
            connected_at: clock.now(),
        })
        .await?;
    let findings = diagnosis::run(&desk, complaint.ticket_id).await?;
    Ok(Report {
        agent: Some(agent),
        calls_per_minute: desk.quota(&domain).known().total,
        findings: findings.iter().map(told).collect(),
    })
}

fn of_verify(error: &VerifyError) -> Finding {
    let (clause, cause) = match error {
        VerifyError::Domain { .. } => ("VER-5", "the domain has the wrong form"),
        VerifyError::Credentials { .. } => ("VER-4", "the API key or the domain is wrong"),
        VerifyError::NotAdmin { .. } => ("VER-2", "the agent is no admin"),
        VerifyError::Plan { .. } => ("VER-9", "the plan has no API"),
        VerifyError::Unavailable { .. } => ("VER-8", "Freshdesk cannot be asked"),
    };
    Finding {
        clause,
        cause: cause.to_owned(),
        place: "OpenCX Settings → Integrations → Freshdesk → Verify".to_owned(),
        evidence: error.to_string(),
        fix: "what the message says, then verify again".to_owned(),
    }
}

fn told(finding: &Finding) -> String {
    format!(
        "{}: {}\n  place:    {}\n  evidence: {}\n  fix:      {}",
        finding.clause, finding.cause, finding.place, finding.evidence, finding.fix
    )
}
