//! Works off the queue: one job at a time per ticket, many tickets at once. The
//! dispatcher sleeps until something is due or somebody wakes it; it never polls.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::{sync::watch, task::JoinSet};

use crate::{
    backfill,
    clock::later,
    desk::Desk,
    freshdesk::FreshdeskError,
    metrics::Metrics,
    settings::{Connection, ConnectionState},
    store::{StoreError, Write},
    sweep,
    ticket::{self, End, LookError},
    verify,
    work::{BACKFILL, Job, Problem, SWEEP},
};

/// How long the dispatcher rests when the store does not answer.
const STORE_PAUSE: Duration = Duration::from_secs(5);

/// How long a line waits for the look that lost it to end.
const UNTIL_IT_ENDS: Duration = Duration::from_secs(1);

/// The tickets that this process is at work on. It never begins a second look beside
/// the first: each would answer what the other has not seen.
#[derive(Clone, Debug, Default)]
struct InHand(Arc<Mutex<BTreeSet<(String, i64)>>>);

/// One of them, until it is dropped.
struct Held {
    ticket: (String, i64),
    all: InHand,
}

impl InHand {
    /// Takes a ticket in hand, unless it is already.
    fn take(&self, job: &Job) -> Option<Held> {
        let ticket = (job.account.clone(), job.ticket_id);
        let is_new = self.tickets().insert(ticket.clone());
        is_new.then(|| Held {
            ticket,
            all: self.clone(),
        })
    }

    fn tickets(&self) -> std::sync::MutexGuard<'_, BTreeSet<(String, i64)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.all.tickets().remove(&self.ticket);
    }
}

/// Runs until `stop` says so, and then lets the running looks end.
pub(crate) async fn run(desk: Arc<Desk>, process: String, mut stop: watch::Receiver<bool>) {
    let mut looks = JoinSet::new();
    let in_hand = InHand::default();
    let mut renew_at: Option<Timestamp> = None;
    let mut claims = 0_u64;
    loop {
        // Before anything is claimed: a lease that ran out, because the process stood
        // still or the clock jumped, is ours still if nobody took it.
        if renew_at.is_some_and(|at| at <= desk.clock.now()) {
            let until = later(desk.clock.now(), desk.policies.job_lease);
            if let Err(error) = desk.store.renew(&process, until).await {
                tracing::error!(%error, "cannot renew leases");
            }
            renew_at = None;
        }
        let next = if *stop.borrow_and_update() {
            None
        } else {
            claims += 1;
            let owner = format!("{process}/{claims}");
            match fill(&desk, &owner, &in_hand, &mut looks).await {
                Ok(next) => next,
                Err(error) => {
                    tracing::error!(%error, "cannot take jobs");
                    Some(later(desk.clock.now(), STORE_PAUSE))
                }
            }
        };
        if looks.is_empty() {
            if *stop.borrow() {
                return;
            }
            renew_at = None;
        } else if renew_at.is_none() {
            renew_at = Some(later(desk.clock.now(), desk.policies.job_lease / 2));
        }
        tokio::select! {
            biased;
            changed = stop.changed() => {
                // The bridge is gone: nobody can stop us but by dropping.
                if changed.is_err() {
                    return;
                }
            }
            Some(ended) = looks.join_next() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "a look ended badly; its lease will run out");
                }
            }
            () = desk.work.notified() => {}
            () = sleep_until(&desk, next) => {}
            () = sleep_until(&desk, renew_at) => {}
        }
    }
}

async fn sleep_until(desk: &Desk, at: Option<Timestamp>) {
    match at {
        Some(at) => desk.clock.sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// Starts looks while there are due jobs and free hands; says when the next
/// job is due.
async fn fill(
    desk: &Arc<Desk>,
    owner: &str,
    in_hand: &InHand,
    looks: &mut JoinSet<()>,
) -> Result<Option<Timestamp>, StoreError> {
    let free = desk.policies.tickets_at_once.saturating_sub(looks.len());
    if free == 0 {
        return Ok(None);
    }
    let now = desk.clock.now();
    let poll = desk.store.poll_interval().map(|every| later(now, every));
    let Some(connection) = desk.store.connection().await? else {
        return Ok(poll);
    };
    if connection.state != ConnectionState::Connected {
        // Events are kept until the connection is mended (VER-8).
        return Ok(poll);
    }
    let jobs = desk
        .store
        .claim(owner, now, later(now, desk.policies.job_lease), free)
        .await?;
    let connection = Arc::new(connection);
    for job in jobs {
        match in_hand.take(&job) {
            Some(held) => {
                looks.spawn(work_off(desk.clone(), connection.clone(), job, held));
            }
            // The look in hand has lost its line, and ends when it writes; this is for
            // the next.
            None => {
                let until = later(now, UNTIL_IT_ENDS);
                desk.store.postpone(&job, until, false).await?;
            }
        }
    }
    if looks.len() >= desk.policies.tickets_at_once {
        return Ok(None);
    }
    let next = desk.store.next_due().await?;
    Ok([next, poll].into_iter().flatten().min())
}

async fn work_off(desk: Arc<Desk>, connection: Arc<Connection>, mut job: Job, held: Held) {
    let result = if job.account != connection.settings.domain {
        // Left over from another account: nothing can be read there any more.
        Ok(End::Done)
    } else if job.ticket_id == BACKFILL {
        backfill::run(&desk, &connection, &job)
            .await
            .map(|()| End::Done)
    } else if job.ticket_id == SWEEP {
        sweep::run(&desk, &connection).await
    } else {
        ticket::look(&desk, &connection, &mut job).await
    };
    // Before its line is given back, for then it may be taken again at once.
    drop(held);
    Metrics::add(&desk.metrics.looks);
    if result.is_err() {
        Metrics::add(&desk.metrics.looks_failed);
    }
    let result = match (job.ticket_id, result) {
        // The sweep's line is put back, with its attempts forgotten.
        (SWEEP, Ok(End::Later(at))) => {
            let put_back = async {
                finish(&desk, &job).await?;
                desk.store.accept(&job.account, SWEEP, None, at).await
            };
            if let Err(error) = put_back.await {
                tracing::error!(%error, "cannot plan the next sweep");
            }
            return;
        }
        (_, result) => result,
    };
    let ended = match result {
        Ok(End::Done) => finish(&desk, &job).await,
        Ok(End::Later(until)) => desk.store.postpone(&job, until, true).await,
        Err(error) => after_error(&desk, &connection, &job, error).await,
    };
    if let Err(error) = ended {
        tracing::error!(ticket = job.ticket_id, %error, "cannot note how a look ended");
    }
}

async fn finish(desk: &Desk, job: &Job) -> Result<(), StoreError> {
    if job.attempts > 0 {
        let gone = ["rate_limited", "freshdesk_unavailable"].map(|kind| Write::ProblemGone {
            account: job.account.clone(),
            kind: kind.to_owned(),
            ticket_id: of_ticket(job),
        });
        desk.store.record(gone.to_vec()).await?;
    }
    desk.store.finish(job).await
}

/// The ticket a problem is about; imports and sweeps are about none.
fn of_ticket(job: &Job) -> Option<i64> {
    Some(job.ticket_id).filter(|id| *id > 0)
}

/// Keeps the job, says why, and chooses when to try again.
async fn after_error(
    desk: &Desk,
    connection: &Connection,
    job: &Job,
    error: LookError,
) -> Result<(), StoreError> {
    let now = desk.clock.now();
    let retry = i32::try_from(job.attempts).unwrap_or(i32::MAX).min(6) as u32;
    tracing::warn!(ticket = job.ticket_id, attempts = job.attempts, %error, "a look failed");
    let error = match error {
        LookError::Freshdesk(error) => error,
        LookError::Store(_) | LookError::Brain(_) => {
            return desk
                .store
                .postpone(job, later(now, STORE_PAUSE), false)
                .await;
        }
    };
    let (kind, wait, rest) = match &error {
        FreshdeskError::RateLimited { retry_after, .. } => {
            let rest = desk.policies.rest_after_rate_limit * (retry + 1).min(6);
            (
                "rate_limited",
                rest.max(retry_after.unwrap_or_default()),
                true,
            )
        }
        FreshdeskError::Ambiguous { .. } => {
            // The thread will tell; a post may still be on its way until then.
            let until = later(now, desk.policies.ambiguity_grace);
            if job.attempts < 2 {
                return desk.store.postpone(job, until, true).await;
            }
            (
                "freshdesk_unavailable",
                desk.policies.ambiguity_grace * (1 << retry),
                true,
            )
        }
        FreshdeskError::Unauthorized | FreshdeskError::Forbidden { .. } => {
            let broken = break_connection(desk, connection).await?;
            let wait = if broken {
                Duration::ZERO
            } else {
                Duration::from_secs(300)
            };
            if broken {
                return desk.store.postpone(job, now, false).await;
            }
            ("refused", wait, false)
        }
        FreshdeskError::Unavailable(_)
        | FreshdeskError::Nonsense(_)
        | FreshdeskError::Waited { .. } => (
            "freshdesk_unavailable",
            Duration::from_secs(30) * (1 << retry),
            false,
        ),
        FreshdeskError::NotFound(_) | FreshdeskError::Refused { .. } => {
            ("refused", Duration::from_secs(300) * (retry + 1), false)
        }
    };
    let until = later(now, wait);
    let problem = Problem {
        account: job.account.clone(),
        kind: kind.to_owned(),
        ticket_id: of_ticket(job),
        since: now,
        message: format!("{error}. Nothing is lost: it will be done after {until}"),
    };
    desk.store.record(vec![Write::Problem(problem)]).await?;
    desk.store.postpone(job, until, rest).await
}

/// Finds out whether a 401 or 403 means that the credentials no longer work,
/// and says so in Verify's words (VER-8).
async fn break_connection(desk: &Desk, used: &Connection) -> Result<bool, StoreError> {
    let _alone = desk.connecting.lock().await;
    let Some(mut connection) = desk.store.connection().await? else {
        return Ok(true);
    };
    let same = connection.connected_at == used.connected_at && connection.has_key(&used.api_key);
    if !same || connection.state != ConnectionState::Connected {
        return Ok(true);
    }
    let domain = connection.settings.domain.clone();
    let error = match verify::credentials(desk, &domain, &connection.api_key).await {
        Ok(_) | Err(verify::VerifyError::Unavailable { .. }) => return Ok(false),
        Err(error) => error,
    };
    tracing::error!(%error, "the connection is broken");
    let reason = error.to_string();
    connection.state = ConnectionState::Broken {
        reason: reason.clone(),
    };
    desk.store.save_connection(&connection).await?;
    let problem = Problem {
        account: domain,
        kind: "connection_broken".to_owned(),
        ticket_id: None,
        since: desk.clock.now(),
        message: format!("{reason}. Events are kept; verify again and they are worked off"),
    };
    desk.store.record(vec![Write::Problem(problem)]).await?;
    Ok(true)
}
