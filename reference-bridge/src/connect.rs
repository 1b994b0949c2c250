//! Connecting, changing the settings, disconnecting (VER-6, VER-8, WHK-3, MRK-1).

use secrecy::SecretString;
use serde::Serialize;

use crate::{
    desk::Desk,
    freshdesk::{Freshdesk, FreshdeskError},
    settings::{Connection, ConnectionState, Settings},
    store::{StoreError, Write},
    verify::{self, VerifyError},
    work::{Account, BACKFILL, Backfill, SWEEP},
};

/// Something about saved settings that will not work as meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Warning {
    /// The contract's code.
    pub(crate) code: &'static str,
    /// The settings field.
    pub(crate) field: &'static str,
    /// What is wrong and what to do.
    pub(crate) message: String,
}

/// Why settings were not saved.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error(transparent)]
    Verify(#[from] VerifyError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key is needed: on first connect, and for other credentials (VER-6).
    #[error("$.api_key is missing: {0}")]
    KeyNeeded(&'static str),
}

/// Verifies and saves. The first save connects: a new webhook URL, and the one
/// import. Later saves of the same domain keep both.
pub(crate) async fn save(
    desk: &Desk,
    mut settings: Settings,
    api_key: Option<SecretString>,
) -> Result<(Connection, Vec<Warning>), ConnectError> {
    let _alone = desk.connecting.lock().await;
    settings.domain = verify::domain(&settings.domain)?;
    let present = desk.store.connection().await?;
    let same = present.filter(|present| present.settings.domain == settings.domain);
    let api_key = match (api_key, &same) {
        (Some(key), _) => key,
        (None, Some(same)) => same.api_key.clone(),
        (None, None) => {
            return Err(ConnectError::KeyNeeded(
                "enter the OpenCX agent's API key to connect this domain",
            ));
        }
    };
    let agent = verify::credentials(desk, &settings.domain, &api_key).await?;
    let freshdesk = desk.freshdesk(&settings.domain, &api_key);
    let warnings =
        warnings(&freshdesk, &settings)
            .await
            .map_err(|error| VerifyError::Unavailable {
                problem: error.to_string(),
            })?;
    let connection = Connection {
        agent,
        api_key,
        webhook_token: match &same {
            Some(same) => same.webhook_token.clone(),
            None => desk.entropy.hex::<20>(),
        },
        connected_at: match &same {
            Some(same) => same.connected_at,
            None => desk.clock.now(),
        },
        state: ConnectionState::Connected,
        settings,
    };
    let domain = connection.settings.domain.clone();
    if desk.store.account(&domain).await?.is_none() {
        let account = Account {
            domain: domain.clone(),
            backfill: Backfill::Pending,
        };
        desk.store.record(vec![Write::Account(account)]).await?;
    }
    desk.store.save_connection(&connection).await?;
    desk.store
        .record(mended(desk, &domain, &warnings).await?)
        .await?;
    desk.store
        .accept(&domain, BACKFILL, None, desk.clock.now())
        .await?;
    ensure_sweep(desk, &domain).await?;
    desk.forget_people();
    desk.work.notify_one();
    tracing::info!(domain, agent = connection.agent.id, "settings saved");
    Ok((connection, warnings))
}

/// Puts the account's sweep into the queue, due now, if sweeps are wanted.
pub(crate) async fn ensure_sweep(desk: &Desk, domain: &str) -> Result<(), StoreError> {
    if desk.policies.sweep_interval.is_some() {
        desk.store
            .accept(domain, SWEEP, None, desk.clock.now())
            .await?;
    }
    Ok(())
}

/// The problems that these settings end.
async fn mended(desk: &Desk, domain: &str, warnings: &[Warning]) -> Result<Vec<Write>, StoreError> {
    let fine = |field: &str| {
        warnings
            .iter()
            .all(|warning| !warning.field.starts_with(field))
    };
    let ended = |kind: &str| match kind {
        "connection_broken" => true,
        "marker_field_missing" => fine("marker"),
        "handoff_target_invalid" | "handoff_agent_not_in_group" => fine("handoff"),
        _ => false,
    };
    let problems = desk.store.problems().await?;
    Ok(problems
        .into_iter()
        .filter(|problem| problem.account == domain && ended(&problem.kind))
        .map(|problem| Write::ProblemGone {
            account: problem.account,
            kind: problem.kind,
            ticket_id: problem.ticket_id,
        })
        .collect())
}

/// A successful Verify of the saved credentials mends a broken connection.
pub(crate) async fn verified(
    desk: &Desk,
    domain: &str,
    api_key: &SecretString,
) -> Result<(), StoreError> {
    let _alone = desk.connecting.lock().await;
    let Some(mut connection) = desk.store.connection().await? else {
        return Ok(());
    };
    let saved = connection.settings.domain == domain && connection.has_key(api_key);
    if saved && connection.state != ConnectionState::Connected {
        connection.state = ConnectionState::Connected;
        desk.store.save_connection(&connection).await?;
        let gone = Write::ProblemGone {
            account: domain.to_owned(),
            kind: "connection_broken".to_owned(),
            ticket_id: None,
        };
        desk.store.record(vec![gone]).await?;
        desk.work.notify_one();
    }
    Ok(())
}

/// Forgets the key and kills the webhook URL; sessions stay readable.
pub(crate) async fn disconnect(desk: &Desk) -> Result<(), StoreError> {
    let _alone = desk.connecting.lock().await;
    desk.store.remove_connection().await?;
    desk.work.notify_one();
    Ok(())
}

/// What will not work as meant (MRK-1, HND-2).
async fn warnings(
    freshdesk: &Freshdesk,
    settings: &Settings,
) -> Result<Vec<Warning>, FreshdeskError> {
    let mut warnings = Vec::new();
    let fields = match freshdesk.ticket_fields().await {
        Ok(fields) => fields,
        Err(FreshdeskError::Forbidden { .. } | FreshdeskError::NotFound(_)) => Vec::new(),
        Err(error) => return Err(error),
    };
    let marker = &settings.marker_field;
    let field = fields
        .iter()
        .find(|field| field.name.as_deref() == Some(marker) && !field.archived);
    match field {
        None => warnings.push(Warning {
            code: "marker_field_missing",
            field: "marker_field",
            message: format!(
                "Freshdesk has no ticket field {marker}. Create it as a checkbox under Admin → Workflows → \
                 Ticket fields, then save again; until then handoff routes without the marker"
            ),
        }),
        Some(field) if !field.kind.as_deref().is_some_and(is_checkbox) => {
            warnings.push(Warning {
                code: "marker_field_not_checkbox",
                field: "marker_field",
                message: format!(
                    "The ticket field {marker} is a {}, not a checkbox. Create a checkbox under Admin → \
                     Workflows → Ticket fields and select it, then save again",
                    field.kind.as_deref().unwrap_or("field of unknown type")
                ),
            });
        }
        Some(_) => {}
    }
    if let Some(id) = settings.handoff_agent_id {
        let problem = match freshdesk.agent(id).await {
            Ok(agent) if agent.is_active() => None,
            Ok(_) => Some("is deactivated"),
            Err(FreshdeskError::NotFound(_) | FreshdeskError::Refused { .. }) => {
                Some("does not exist")
            }
            Err(error) => return Err(error),
        };
        if let Some(problem) = problem {
            warnings.push(Warning {
                code: "handoff_agent_invalid",
                field: "handoff_agent_id",
                message: format!(
                    "The handoff agent {id} {problem}. Select another; until then handoffs end unassigned and marked"
                ),
            });
        }
    }
    if let Some(id) = settings.handoff_group_id {
        match freshdesk.group(id).await {
            Ok(group) => warnings.extend(not_a_member(settings, id, group.agent_ids.as_deref())),
            Err(FreshdeskError::NotFound(_) | FreshdeskError::Refused { .. }) => {
                warnings.push(Warning {
                    code: "handoff_group_invalid",
                    field: "handoff_group_id",
                    message: format!(
                        "The handoff group {id} does not exist. Select another; until then handoffs end unassigned and marked"
                    ),
                });
            }
            Err(error) => return Err(error),
        }
    }
    Ok(warnings)
}

/// Freshdesk drops an agent who is no member of the group (HND-6).
fn not_a_member(settings: &Settings, group: i64, members: Option<&[i64]>) -> Option<Warning> {
    let agent = settings.handoff_agent_id?;
    let members = members?;
    (!members.contains(&agent)).then(|| Warning {
        code: "handoff_agent_invalid",
        field: "handoff_agent_id",
        message: format!(
            "The handoff agent {agent} is no member of the handoff group {group}: Freshdesk will leave the agent out. \
             Add the agent to the group, or select only one of the two"
        ),
    })
}

fn is_checkbox(kind: &str) -> bool {
    kind == "custom_checkbox" || kind == "checkbox"
}
