//! Bridges that keep less, or other things, than they should.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use reference_bridge::Store;
use reference_bridge::session::{Entry, Session};
use reference_bridge::settings::Connection;
use reference_bridge::store::{Deliveries, SessionFilter, SessionPage, StoreError, Write};
use reference_bridge::turn::Turn;
use reference_bridge::work::{Account, Backfill, EventKind, Job, Problem};

use super::{Defect, KnownBad};

const fn bad(
    name: &'static str,
    clause: &'static str,
    layer: fn(Arc<dyn Store>) -> Arc<dyn Store>,
) -> KnownBad {
    KnownBad {
        name,
        clause,
        defect: Defect::Store(layer),
    }
}

pub(super) const ALL: &[KnownBad] = &[
    bad("answers a duplicate webhook again", "WHK-6", |inner| {
        with(inner, Slip::AnswersDuplicates)
    }),
    bad("forgets the queue on restart", "WHK-9", |inner| {
        with(inner, Slip::ForgetsQueue)
    }),
    bad(
        "listens to updates of tracked tickets only",
        "INT-5",
        |inner| with(inner, Slip::TrackedOnly),
    ),
    bad("forgets what was refused four times", "LIM-2", |inner| {
        with(inner, Slip::ForgetsRefused)
    }),
    bad("backfills again on reconnect", "LIM-6", |inner| {
        with(inner, Slip::BackfillsAgain)
    }),
    bad(
        "takes a backfilled ticket for a tracked one",
        "LIM-7",
        |inner| with(inner, Slip::BackfilledIsTracked),
    ),
    bad(
        "gives up a handoff that was interrupted",
        "HND-3",
        |inner| with(inner, Slip::DropsInterruptedHandoffs),
    ),
];

/// What is kept wrongly.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Slip {
    AnswersDuplicates,
    ForgetsQueue,
    TrackedOnly,
    ForgetsRefused,
    BackfillsAgain,
    BackfilledIsTracked,
    DropsInterruptedHandoffs,
}

fn with(inner: Arc<dyn Store>, slip: Slip) -> Arc<dyn Store> {
    Arc::new(Slipping {
        inner,
        slip,
        disconnected: AtomicBool::new(false),
    })
}

struct Slipping {
    inner: Arc<dyn Store>,
    slip: Slip,
    disconnected: AtomicBool,
}

impl Slipping {
    fn has(&self, slip: Slip) -> bool {
        self.slip == slip
    }

    /// A webhook for a ticket whose last message was answered: the message
    /// awaits an answer again.
    async fn awaits_again(&self, account: &str, ticket_id: i64) -> Result<(), StoreError> {
        let Some(session) = self.inner.session_of_ticket(account, ticket_id).await? else {
            return Ok(());
        };
        let entries = self.inner.entries(&session.id).await?;
        let Some(last) = entries
            .iter()
            .rfind(|entry| entry.kind == reference_bridge::session::EntryKind::Message)
        else {
            return Ok(());
        };
        // The store takes an entry's key once: a twin needs another.
        let mut twin = last.clone();
        twin.key = format!("{}:again:{}", last.key, entries.len());
        twin.awaiting = true;
        self.inner.record(vec![Write::Entry(twin)]).await
    }
}

#[async_trait]
impl Store for Slipping {
    async fn ping(&self) -> Result<(), StoreError> {
        self.inner.ping().await
    }

    async fn connection(&self) -> Result<Option<Connection>, StoreError> {
        self.inner.connection().await
    }

    async fn save_connection(&self, connection: &Connection) -> Result<(), StoreError> {
        self.inner.save_connection(connection).await
    }

    async fn remove_connection(&self) -> Result<(), StoreError> {
        self.disconnected.store(true, Ordering::Relaxed);
        self.inner.remove_connection().await
    }

    async fn account(&self, domain: &str) -> Result<Option<Account>, StoreError> {
        let mut account = self.inner.account(domain).await?;
        if self.has(Slip::BackfillsAgain)
            && self.disconnected.load(Ordering::Relaxed)
            && let Some(account) = &mut account
        {
            account.backfill = Backfill::Pending;
        }
        Ok(account)
    }

    async fn accept(
        &self,
        account: &str,
        ticket_id: i64,
        event: Option<EventKind>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if self.has(Slip::TrackedOnly)
            && event == Some(EventKind::TicketUpdated)
            && self
                .inner
                .session_of_ticket(account, ticket_id)
                .await?
                .is_none()
        {
            return Ok(());
        }
        if self.has(Slip::AnswersDuplicates) && event == Some(EventKind::TicketCreated) {
            self.awaits_again(account, ticket_id).await?;
        }
        self.inner.accept(account, ticket_id, event, now).await
    }

    async fn deliveries(&self, account: &str) -> Result<Deliveries, StoreError> {
        self.inner.deliveries(account).await
    }

    async fn claim(
        &self,
        owner: &str,
        now: Timestamp,
        lease_until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Job>, StoreError> {
        self.inner.claim(owner, now, lease_until, limit).await
    }

    async fn renew(&self, owner: &str, lease_until: Timestamp) -> Result<(), StoreError> {
        self.inner.renew(owner, lease_until).await
    }

    async fn generation(&self, account: &str, ticket_id: i64) -> Result<Option<i64>, StoreError> {
        self.inner.generation(account, ticket_id).await
    }

    async fn finish(&self, job: &Job) -> Result<(), StoreError> {
        self.inner.finish(job).await
    }

    async fn postpone(&self, job: &Job, until: Timestamp, rest: bool) -> Result<(), StoreError> {
        if self.has(Slip::ForgetsRefused) && rest && job.ticket_id > 0 {
            return self.inner.finish(job).await;
        }
        self.inner.postpone(job, until, rest).await
    }

    async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
        self.inner.next_due().await
    }

    async fn reclaim(&self) -> Result<(), StoreError> {
        self.inner.reclaim().await?;
        if !self.has(Slip::ForgetsQueue) {
            return Ok(());
        }
        let all = self
            .inner
            .claim("nobody", Timestamp::MAX, Timestamp::MAX, usize::MAX)
            .await?;
        for job in all {
            if job.ticket_id > 0 {
                self.inner.finish(&job).await?;
            }
        }
        self.inner.reclaim().await
    }

    fn poll_interval(&self) -> Option<std::time::Duration> {
        self.inner.poll_interval()
    }

    async fn queue_depth(&self) -> Result<u64, StoreError> {
        self.inner.queue_depth().await
    }

    async fn record(&self, mut writes: Vec<Write>) -> Result<(), StoreError> {
        for write in &mut writes {
            match write {
                Write::Account(_) => self.disconnected.store(false, Ordering::Relaxed),
                Write::Session(session) if self.has(Slip::BackfilledIsTracked) => {
                    session.backfilled = false;
                }
                _ => {}
            }
        }
        self.inner.record(writes).await
    }

    async fn session(&self, id: &str) -> Result<Option<Session>, StoreError> {
        self.inner.session(id).await
    }

    async fn session_of_ticket(
        &self,
        account: &str,
        ticket_id: i64,
    ) -> Result<Option<Session>, StoreError> {
        self.inner.session_of_ticket(account, ticket_id).await
    }

    async fn sessions(&self, filter: &SessionFilter) -> Result<SessionPage, StoreError> {
        self.inner.sessions(filter).await
    }

    async fn entries(&self, session_id: &str) -> Result<Vec<Entry>, StoreError> {
        self.inner.entries(session_id).await
    }

    async fn turns(&self, account: &str, ticket_id: i64) -> Result<Vec<Turn>, StoreError> {
        let mut turns = self.inner.turns(account, ticket_id).await?;
        if self.has(Slip::DropsInterruptedHandoffs) {
            for turn in &mut turns {
                if matches!(turn.purpose, reference_bridge::turn::Purpose::Handoff(_)) {
                    turn.state = reference_bridge::turn::TurnState::Done;
                }
            }
        }
        Ok(turns)
    }

    async fn piece(
        &self,
        turn_id: &str,
        file: usize,
        number: usize,
    ) -> Result<Option<Bytes>, StoreError> {
        self.inner.piece(turn_id, file, number).await
    }

    async fn problems(&self) -> Result<Vec<Problem>, StoreError> {
        self.inner.problems().await
    }
}
