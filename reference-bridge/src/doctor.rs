//! Read-only checks on a live account, without a running bridge: the guide's
//! row, cause, place and fix for each thing that is wrong.

use std::sync::Arc;

use secrecy::SecretString;
use serde::Serialize;

pub use crate::diagnosis::Finding;
use crate::{
    HttpService,
    clock::Clock,
    desk::Desk,
    diagnosis,
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

/// What the examination comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing is wrong as far as it can be read.
    Fine,
    /// Something is.
    Findings,
    /// Freshdesk could not be asked, and nothing was found before.
    CannotTell,
}

/// What was found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What it comes to.
    pub verdict: Verdict,
    /// Whose key it is, if it verified.
    pub agent: Option<AgentIdentity>,
    /// Calls per minute that the plan allows, where Freshdesk says so.
    pub calls_per_minute: Option<i64>,
    /// Row, cause, place, evidence and fix of each thing that is wrong.
    pub findings: Vec<Finding>,
}

impl Report {
    fn new(
        agent: Option<AgentIdentity>,
        calls_per_minute: Option<i64>,
        findings: Vec<Finding>,
    ) -> Self {
        let unasked = |finding: &Finding| finding.cause == diagnosis::NOT_ASKED;
        let verdict = if findings.is_empty() {
            Verdict::Fine
        } else if findings.iter().all(unasked) {
            Verdict::CannotTell
        } else {
            Verdict::Findings
        };
        Self {
            verdict,
            agent,
            calls_per_minute,
            findings,
        }
    }

    /// The report for people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut lines = Vec::new();
        if let Some(agent) = &self.agent {
            lines.push(format!(
                "verified: the key is {}'s <{}>; customers see that name on AI replies",
                agent.name, agent.email
            ));
        }
        if let Some(calls) = self.calls_per_minute {
            lines.push(format!("quota: {calls} calls a minute"));
        }
        lines.extend(self.findings.iter().map(|finding| {
            format!(
                "{}: {}\n  place:    {}\n  evidence: {}\n  fix:      {}",
                finding.clause, finding.cause, finding.place, finding.evidence, finding.fix
            )
        }));
        if self.verdict == Verdict::Fine {
            lines.push("nothing is wrong with the account as far as it can be read".to_owned());
        }
        lines.join("\n")
    }

    /// The report for programs.
    #[must_use]
    pub fn json(&self) -> String {
        format!("{:#}", serde_json::json!(self))
    }
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
            return Ok(Report::new(None, None, vec![of_verify(&error)]));
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
    let calls_per_minute = desk.quota(&domain).known().total;
    Ok(Report::new(Some(agent), calls_per_minute, findings))
}

fn of_verify(error: &VerifyError) -> Finding {
    let (clause, cause, fix) = match error {
        VerifyError::Domain { .. } => (
            "VER-5",
            "the domain has the wrong form",
            "give the plain host, such as yourcompany.freshdesk.com",
        ),
        VerifyError::Credentials { .. } => (
            "VER-4",
            "the API key or the domain is wrong",
            "copy the key again from the OpenCX agent's Profile settings → Your API Key, and check the domain",
        ),
        VerifyError::NotAdmin { .. } => (
            "VER-2",
            "the agent is no admin",
            "give the OpenCX agent the admin role, or use the key of an agent who has it",
        ),
        VerifyError::Plan { .. } => (
            "VER-9",
            "the plan has no API",
            "move the account to Growth, Pro or Enterprise",
        ),
        VerifyError::Unavailable { .. } => (
            "VER-8",
            diagnosis::NOT_ASKED,
            "look again when Freshdesk answers; if it does in a browser, check the network and FRESHDESK_ENDPOINT",
        ),
    };
    Finding {
        clause,
        cause: cause.to_owned(),
        place: "OpenCX Settings → Integrations → Freshdesk → Verify".to_owned(),
        evidence: error.to_string(),
        fix: fix.to_owned(),
    }
}
