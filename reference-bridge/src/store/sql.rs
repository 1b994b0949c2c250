//! What the two SQL stores share: one text of every statement, which both
//! databases read the same way, and the rows behind the records.

use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{Seal, StoreError, Write};
use crate::{
    settings::{AgentIdentity, Connection, ConnectionState, Settings},
    turn::TurnState,
};

/// A connection as it is stored: the key is sealed.
#[derive(Serialize, Deserialize)]
struct StoredConnection {
    settings: Settings,
    sealed_key: String,
    agent: AgentIdentity,
    webhook_token: String,
    state: ConnectionState,
    connected_at: Timestamp,
}

pub(super) fn connection_doc(connection: &Connection, seal: &Seal) -> Result<String, StoreError> {
    doc(&StoredConnection {
        sealed_key: seal.close(&connection.settings.domain, &connection.api_key)?,
        settings: connection.settings.clone(),
        agent: connection.agent.clone(),
        webhook_token: connection.webhook_token.clone(),
        state: connection.state.clone(),
        connected_at: connection.connected_at,
    })
}

pub(super) fn read_connection(text: &str, seal: &Seal) -> Result<Connection, StoreError> {
    let stored: StoredConnection = read_doc(text)?;
    Ok(Connection {
        api_key: seal.open(&stored.settings.domain, &stored.sealed_key)?,
        settings: stored.settings,
        agent: stored.agent,
        webhook_token: stored.webhook_token,
        state: stored.state,
        connected_at: stored.connected_at,
    })
}

pub(super) fn doc<T: Serialize>(record: &T) -> Result<String, StoreError> {
    serde_json::to_string(record).map_err(|error| StoreError(error.to_string()))
}

pub(super) fn read_doc<T: DeserializeOwned>(text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text)
        .map_err(|error| StoreError(format!("a stored record cannot be read: {error}")))
}

pub(super) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

pub(super) fn timestamp(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self(error.to_string())
    }
}

/// Whether a write decides something that the thread could not tell again after
/// a power cut: that the AI is about to speak, or has handed over.
pub(super) fn must_outlive_the_power(write: &Write) -> bool {
    matches!(write, Write::Turn(turn) if turn.state == TurnState::Open && turn.is_untouched())
}

/// Accepts a webhook: `$1` account, `$2` ticket, `$3` now. A line at rest keeps
/// resting, a line that is due stays due.
pub(super) const ACCEPT: &str = "
    INSERT INTO queue (account, ticket_id, arrival, generation, attempts, due_at)
    VALUES ($1, $2, $3, 1, 0, $3)
    ON CONFLICT (account, ticket_id) DO UPDATE SET
        generation = queue.generation + 1,
        due_at = CASE
            WHEN queue.due_at <= $3 THEN queue.due_at
            WHEN queue.rest_until IS NOT NULL AND queue.rest_until > $3 THEN queue.due_at
            ELSE $3
        END";

pub(super) const DELIVERED: &str = "
    INSERT INTO deliveries (account, event, at) VALUES ($1, $2, $3)
    ON CONFLICT (account, event) DO UPDATE SET at = $3";

pub(super) const PUT_SESSION: &str = "
    INSERT INTO sessions (id, account, ticket_id, status, doc) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (id) DO UPDATE SET status = $4, doc = $5";

pub(super) const PUT_ENTRY: &str = "
    INSERT INTO entries (session_id, key, awaiting, doc) VALUES ($1, $2, $3, $4)
    ON CONFLICT (session_id, key) DO NOTHING";

pub(super) const PUT_TURN: &str = "
    INSERT INTO turns (id, account, ticket_id, doc) VALUES ($1, $2, $3, $4)
    ON CONFLICT (id) DO UPDATE SET doc = $4";

pub(super) const PUT_ACCOUNT: &str = "
    INSERT INTO accounts (domain, doc) VALUES ($1, $2)
    ON CONFLICT (domain) DO UPDATE SET doc = $2";

pub(super) const PUT_PROBLEM: &str = "
    INSERT INTO problems (account, kind, ticket_id, since, message) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (account, kind, ticket_id) DO UPDATE SET message = $5";

/// Implements [`Store`](super::Store) for a struct with a `pool`, a `seal` and
/// what it has `remembered`, which can accept durably and make a connection wait
/// for the disk. `$begin` starts a transaction that may write, `$claim` is the statement that
/// takes jobs, `$reclaim` whether a start frees what was held, `$poll` how often
/// to look for what other processes put into the queue.
macro_rules! sql_store {
    ($store:ty, begin: |$connection:ident| $begin:expr, claim: $claim:expr, reclaim: $reclaim:expr, poll: $poll:expr) => {
        #[async_trait::async_trait]
        impl $crate::store::Store for $store {
            async fn ping(&self) -> Result<(), StoreError> {
                sqlx::query("SELECT 1").execute(&self.pool).await?;
                Ok(())
            }

            async fn connection(&self) -> Result<Option<Connection>, StoreError> {
                if let Some(connection) = self.remembered.get() {
                    return Ok(connection);
                }
                let connection = sqlx::query("SELECT doc FROM connection WHERE id = 1")
                    .fetch_optional(&self.pool)
                    .await?
                    .map(|row| sql::read_connection(row.try_get("doc")?, &self.seal))
                    .transpose()?;
                Ok(connection)
            }

            async fn save_connection(&self, connection: &Connection) -> Result<(), StoreError> {
                sqlx::query(
                    "INSERT INTO connection (id, doc) VALUES (1, $1)
                     ON CONFLICT (id) DO UPDATE SET doc = $1",
                )
                .bind(sql::connection_doc(connection, &self.seal)?)
                .execute(&self.pool)
                .await?;
                self.remembered.set(Some(connection.clone()));
                Ok(())
            }

            async fn remove_connection(&self) -> Result<(), StoreError> {
                sqlx::query("DELETE FROM connection")
                    .execute(&self.pool)
                    .await?;
                self.remembered.set(None);
                Ok(())
            }

            async fn account(&self, domain: &str) -> Result<Option<Account>, StoreError> {
                sqlx::query("SELECT doc FROM accounts WHERE domain = $1")
                    .bind(domain)
                    .fetch_optional(&self.pool)
                    .await?
                    .map(|row| sql::read_doc(row.try_get("doc")?))
                    .transpose()
            }

            async fn accept(
                &self,
                account: &str,
                ticket_id: i64,
                event: Option<EventKind>,
                now: Timestamp,
            ) -> Result<(), StoreError> {
                self.accept_durably(Arrival {
                    account: account.to_owned(),
                    ticket_id,
                    event,
                    now,
                })
                .await
            }

            async fn deliveries(&self, account: &str) -> Result<Deliveries, StoreError> {
                let rows = sqlx::query("SELECT event, at FROM deliveries WHERE account = $1")
                    .bind(account)
                    .fetch_all(&self.pool)
                    .await?;
                let mut deliveries = Deliveries::default();
                for row in rows {
                    let at = Some(sql::timestamp(row.try_get("at")?));
                    match row.try_get("event")? {
                        "ticket_created" => deliveries.created = at,
                        "ticket_updated" => deliveries.updated = at,
                        _ => deliveries.swept_to = at,
                    }
                }
                Ok(deliveries)
            }

            async fn claim(
                &self,
                owner: &str,
                now: Timestamp,
                lease_until: Timestamp,
                limit: usize,
            ) -> Result<Vec<Job>, StoreError> {
                let rows = sqlx::query($claim)
                    .bind(owner)
                    .bind(sql::micros(lease_until))
                    .bind(sql::micros(now))
                    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
                    .fetch_all(&self.pool)
                    .await?;
                let mut jobs = Vec::with_capacity(rows.len());
                for row in rows {
                    let order: (i64, i64) = (row.try_get("due_at")?, row.try_get("arrival")?);
                    let job = Job {
                        account: row.try_get("account")?,
                        ticket_id: row.try_get("ticket_id")?,
                        generation: row.try_get("generation")?,
                        attempts: u32::try_from(row.try_get::<i64, _>("attempts")?)
                            .unwrap_or(u32::MAX),
                    };
                    jobs.push((order, job));
                }
                jobs.sort_by_key(|(order, job)| (*order, job.ticket_id));
                Ok(jobs.into_iter().map(|(_, job)| job).collect())
            }

            async fn renew(&self, owner: &str, lease_until: Timestamp) -> Result<(), StoreError> {
                sqlx::query("UPDATE queue SET lease_until = $2 WHERE lease_owner = $1")
                    .bind(owner)
                    .bind(sql::micros(lease_until))
                    .execute(&self.pool)
                    .await?;
                Ok(())
            }

            async fn generation(
                &self,
                account: &str,
                ticket_id: i64,
            ) -> Result<Option<i64>, StoreError> {
                Ok(sqlx::query_scalar(
                    "SELECT generation FROM queue WHERE account = $1 AND ticket_id = $2",
                )
                .bind(account)
                .bind(ticket_id)
                .fetch_optional(&self.pool)
                .await?)
            }

            async fn finish(&self, job: &Job) -> Result<(), StoreError> {
                let mut connection = self.pool.acquire().await?;
                let $connection = &mut connection;
                let mut transaction = $begin;
                let deleted = sqlx::query(
                    "DELETE FROM queue WHERE account = $1 AND ticket_id = $2 AND generation = $3",
                )
                .bind(&job.account)
                .bind(job.ticket_id)
                .bind(job.generation)
                .execute(&mut *transaction)
                .await?
                .rows_affected();
                if deleted == 0 {
                    sqlx::query(
                        "UPDATE queue SET lease_owner = NULL, lease_until = NULL, attempts = 0,
                             rest_until = NULL
                         WHERE account = $1 AND ticket_id = $2",
                    )
                    .bind(&job.account)
                    .bind(job.ticket_id)
                    .execute(&mut *transaction)
                    .await?;
                }
                transaction.commit().await?;
                Ok(())
            }

            async fn postpone(
                &self,
                job: &Job,
                until: Timestamp,
                rest: bool,
            ) -> Result<(), StoreError> {
                let until = sql::micros(until);
                sqlx::query(
                    "UPDATE queue SET lease_owner = NULL, lease_until = NULL, attempts = $3,
                         rest_until = $4,
                         due_at = CASE WHEN $4 IS NOT NULL OR generation = $5 THEN $6 ELSE due_at END
                     WHERE account = $1 AND ticket_id = $2",
                )
                .bind(&job.account)
                .bind(job.ticket_id)
                .bind(i64::from(job.attempts) + 1)
                .bind(rest.then_some(until))
                .bind(job.generation)
                .bind(until)
                .execute(&self.pool)
                .await?;
                Ok(())
            }

            async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
                let next: Option<i64> = sqlx::query_scalar(
                    "SELECT MIN(CASE WHEN lease_until > due_at THEN lease_until ELSE due_at END)
                     FROM queue",
                )
                .fetch_one(&self.pool)
                .await?;
                Ok(next.map(sql::timestamp))
            }

            async fn reclaim(&self) -> Result<(), StoreError> {
                if $reclaim {
                    sqlx::query("UPDATE queue SET lease_owner = NULL, lease_until = NULL")
                        .execute(&self.pool)
                        .await?;
                }
                Ok(())
            }

            fn poll_interval(&self) -> Option<std::time::Duration> {
                $poll
            }

            async fn queue_depth(&self) -> Result<u64, StoreError> {
                let depth: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM queue")
                    .fetch_one(&self.pool)
                    .await?;
                Ok(u64::try_from(depth).unwrap_or_default())
            }

            async fn record(&self, writes: Vec<Write>) -> Result<(), StoreError> {
                let durable = writes.iter().any(sql::must_outlive_the_power);
                let mut connection = self.pool.acquire().await?;
                if durable {
                    Self::wait_for_disk(&mut connection, true).await?;
                }
                let $connection = &mut connection;
                let mut transaction = $begin;
                for write in &writes {
                    match write {
                        Write::Session(session) => {
                            sqlx::query(sql::PUT_SESSION)
                                .bind(&session.id)
                                .bind(&session.account)
                                .bind(session.ticket_id)
                                .bind(sql::doc(&session.status)?)
                                .bind(sql::doc(session)?)
                                .execute(&mut *transaction)
                                .await?;
                        }
                        Write::Entry(entry) => {
                            sqlx::query(sql::PUT_ENTRY)
                                .bind(&entry.session_id)
                                .bind(&entry.key)
                                .bind(i64::from(entry.awaiting))
                                .bind(sql::doc(entry)?)
                                .execute(&mut *transaction)
                                .await?;
                        }
                        Write::Settle { session_id, keys } => {
                            for key in keys {
                                sqlx::query(
                                    "UPDATE entries SET awaiting = 0
                                     WHERE session_id = $1 AND key = $2",
                                )
                                .bind(session_id)
                                .bind(key)
                                .execute(&mut *transaction)
                                .await?;
                            }
                        }
                        Write::Turn(turn) => {
                            sqlx::query(sql::PUT_TURN)
                                .bind(&turn.id)
                                .bind(&turn.account)
                                .bind(turn.ticket_id)
                                .bind(sql::doc(turn)?)
                                .execute(&mut *transaction)
                                .await?;
                        }
                        Write::Account(account) => {
                            sqlx::query(sql::PUT_ACCOUNT)
                                .bind(&account.domain)
                                .bind(sql::doc(account)?)
                                .execute(&mut *transaction)
                                .await?;
                        }
                        Write::Swept { account, to } => {
                            sqlx::query(sql::DELIVERED)
                                .bind(account)
                                .bind("swept")
                                .bind(sql::micros(*to))
                                .execute(&mut *transaction)
                                .await?;
                        }
                        Write::Problem(problem) => {
                            sqlx::query(sql::PUT_PROBLEM)
                                .bind(&problem.account)
                                .bind(&problem.kind)
                                .bind(problem.ticket_id.unwrap_or_default())
                                .bind(sql::micros(problem.since))
                                .bind(&problem.message)
                                .execute(&mut *transaction)
                                .await?;
                        }
                        Write::ProblemGone {
                            account,
                            kind,
                            ticket_id,
                        } => {
                            sqlx::query(
                                "DELETE FROM problems
                                 WHERE account = $1 AND kind = $2 AND ticket_id = $3",
                            )
                            .bind(account)
                            .bind(kind)
                            .bind(ticket_id.unwrap_or_default())
                            .execute(&mut *transaction)
                            .await?;
                        }
                    }
                }
                transaction.commit().await?;
                if durable {
                    Self::wait_for_disk(&mut connection, false).await?;
                }
                Ok(())
            }

            async fn session(&self, id: &str) -> Result<Option<Session>, StoreError> {
                sqlx::query("SELECT doc FROM sessions WHERE id = $1")
                    .bind(id)
                    .fetch_optional(&self.pool)
                    .await?
                    .map(|row| sql::read_doc(row.try_get("doc")?))
                    .transpose()
            }

            async fn session_of_ticket(
                &self,
                account: &str,
                ticket_id: i64,
            ) -> Result<Option<Session>, StoreError> {
                sqlx::query("SELECT doc FROM sessions WHERE account = $1 AND ticket_id = $2")
                    .bind(account)
                    .bind(ticket_id)
                    .fetch_optional(&self.pool)
                    .await?
                    .map(|row| sql::read_doc(row.try_get("doc")?))
                    .transpose()
            }

            async fn sessions(&self, filter: &SessionFilter) -> Result<SessionPage, StoreError> {
                let limit = filter.limit;
                let status = filter.status.as_ref().map(sql::doc).transpose()?;
                let rows = sqlx::query(
                    "SELECT position, doc FROM sessions
                     WHERE position > $1
                         AND ($2 = 0 OR ticket_id = $2)
                         AND ($3 = '' OR status = $3)
                     ORDER BY position LIMIT $4",
                )
                .bind(filter.after.unwrap_or_default())
                .bind(filter.ticket_id.unwrap_or_default())
                .bind(status.unwrap_or_default())
                .bind(i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1))
                .fetch_all(&self.pool)
                .await?;
                let mut next = None;
                if rows.len() > limit && let Some(last) = rows.get(limit.saturating_sub(1)) {
                    next = Some(last.try_get("position")?);
                }
                let items = rows
                    .iter()
                    .take(limit)
                    .map(|row| sql::read_doc(row.try_get("doc")?))
                    .collect::<Result<_, _>>()?;
                Ok(SessionPage { items, next })
            }

            async fn entries(&self, session_id: &str) -> Result<Vec<Entry>, StoreError> {
                sqlx::query(
                    "SELECT awaiting, doc FROM entries WHERE session_id = $1 ORDER BY position",
                )
                .bind(session_id)
                .fetch_all(&self.pool)
                .await?
                .iter()
                .map(|row| {
                    let mut entry: Entry = sql::read_doc(row.try_get("doc")?)?;
                    entry.awaiting = row.try_get::<i64, _>("awaiting")? != 0;
                    Ok(entry)
                })
                .collect()
            }

            async fn turns(&self, account: &str, ticket_id: i64) -> Result<Vec<Turn>, StoreError> {
                sqlx::query(
                    "SELECT doc FROM turns WHERE account = $1 AND ticket_id = $2 ORDER BY position",
                )
                .bind(account)
                .bind(ticket_id)
                .fetch_all(&self.pool)
                .await?
                .iter()
                .map(|row| sql::read_doc(row.try_get("doc")?))
                .collect()
            }

            async fn problems(&self) -> Result<Vec<Problem>, StoreError> {
                sqlx::query(
                    "SELECT account, kind, ticket_id, since, message FROM problems
                     ORDER BY position",
                )
                .fetch_all(&self.pool)
                .await?
                .iter()
                .map(|row| {
                    Ok(Problem {
                        account: row.try_get("account")?,
                        kind: row.try_get("kind")?,
                        ticket_id: Some(row.try_get("ticket_id")?).filter(|id| *id != 0),
                        since: sql::timestamp(row.try_get("since")?),
                        message: row.try_get("message")?,
                    })
                })
                .collect()
            }
        }
    };
}
pub(super) use sql_store;
