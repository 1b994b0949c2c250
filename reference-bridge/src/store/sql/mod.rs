//! What the two SQL stores share: both databases read every statement the same
//! way.
//!
//! * [`mod@self`]: [`Store`](super::Store) for both, as a macro, since sqlx has a
//!   type of its own for each database
//! * `record`: the writes that go down together
//! * `arrival`: an accepted webhook
//! * `rows`: the rows behind the records

mod arrival;
mod record;
mod rows;

pub(super) use self::{
    arrival::{ACCEPT, ACCEPT_ALL, DELIVERED},
    record::{
        PUT_ACCOUNT, PUT_ENTRY, PUT_PIECE, PUT_PROBLEM, PUT_SESSION, PUT_TURN,
        must_outlive_the_power, put,
    },
    rows::{connection_doc, doc, index, micros, read_connection, read_doc, timestamp},
};

/// When the next job is due: one that nobody has, or one whose lease runs out.
/// Both parts go by an index, however long the queue.
pub(super) const NEXT_DUE: &str = "
    SELECT MIN(at) FROM (
        SELECT at FROM (
            SELECT due_at AS at FROM queue WHERE lease_until IS NULL ORDER BY due_at LIMIT 1
        ) AS free
        UNION ALL
        SELECT CASE WHEN lease_until > due_at THEN lease_until ELSE due_at END AS at
        FROM queue WHERE lease_until IS NOT NULL
    ) AS next";

/// Implements [`Store`](super::Store) for a struct with a `pool` to read by, a
/// `seal` and what it has `remembered`, which can accept durably and gives out
/// connections for `writing`, that wait for the disk or need not. `$begin` starts
/// a transaction that may write, `$claim` is the statement that takes jobs,
/// `$reclaim` whether a start frees what was held, `$poll` how often to look for
/// what other processes put into the queue.
macro_rules! sql_store {
    ($store:ty, transaction: |$connection:ident| $begin:expr, claim: $claim:expr, reclaim: $reclaim:expr, poll: $poll:expr) => {
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
                .execute(&mut *self.writing(false).await?)
                .await?;
                self.remembered.set(Some(connection.clone()));
                Ok(())
            }

            async fn remove_connection(&self) -> Result<(), StoreError> {
                sqlx::query("DELETE FROM connection")
                    .execute(&mut *self.writing(false).await?)
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
                    .fetch_all(&mut *self.writing(false).await?)
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
                        owner: owner.to_owned(),
                    };
                    jobs.push((order, job));
                }
                jobs.sort_by_key(|(order, job)| (*order, job.ticket_id));
                Ok(jobs.into_iter().map(|(_, job)| job).collect())
            }

            async fn renew(
                &self,
                process: &str,
                lease_until: Timestamp,
            ) -> Result<(), StoreError> {
                let of_process = format!("{process}/");
                sqlx::query(
                    "UPDATE queue SET lease_until = $2
                     WHERE substr(lease_owner, 1, length($1)) = $1",
                )
                .bind(of_process)
                .bind(sql::micros(lease_until))
                .execute(&mut *self.writing(false).await?)
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
                let mut connection = self.writing(false).await?;
                let $connection = &mut *connection;
                let mut transaction = $begin;
                let deleted = sqlx::query(
                    "DELETE FROM queue WHERE account = $1 AND ticket_id = $2 AND lease_owner = $3
                         AND generation = $4",
                )
                .bind(&job.account)
                .bind(job.ticket_id)
                .bind(&job.owner)
                .bind(job.generation)
                .execute(&mut *transaction)
                .await?
                .rows_affected();
                if deleted == 0 {
                    sqlx::query(
                        "UPDATE queue SET lease_owner = NULL, lease_until = NULL, attempts = 0,
                             rest_until = NULL
                         WHERE account = $1 AND ticket_id = $2 AND lease_owner = $3",
                    )
                    .bind(&job.account)
                    .bind(job.ticket_id)
                    .bind(&job.owner)
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
                     WHERE account = $1 AND ticket_id = $2 AND lease_owner = $7",
                )
                .bind(&job.account)
                .bind(job.ticket_id)
                .bind(i64::from(job.attempts) + 1)
                .bind(rest.then_some(until))
                .bind(job.generation)
                .bind(until)
                .bind(&job.owner)
                .execute(&mut *self.writing(false).await?)
                .await?;
                Ok(())
            }

            async fn next_due(&self) -> Result<Option<Timestamp>, StoreError> {
                let next: Option<i64> = sqlx::query_scalar(sql::NEXT_DUE)
                    .fetch_one(&self.pool)
                    .await?;
                Ok(next.map(sql::timestamp))
            }

            async fn reclaim(&self) -> Result<(), StoreError> {
                if $reclaim {
                    sqlx::query("UPDATE queue SET lease_owner = NULL, lease_until = NULL")
                        .execute(&mut *self.writing(false).await?)
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
                let mut connection = self.writing(durable).await?;
                let $connection = &mut *connection;
                let mut transaction = $begin;
                for write in &writes {
                    sql::put!(write, &mut *transaction);
                }
                transaction.commit().await?;
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

            async fn piece(
                &self,
                turn_id: &str,
                file: usize,
                number: usize,
            ) -> Result<Option<Bytes>, StoreError> {
                let content: Option<Vec<u8>> = sqlx::query_scalar(
                    "SELECT content FROM pieces WHERE turn_id = $1 AND file = $2 AND piece = $3",
                )
                .bind(turn_id)
                .bind(sql::index(file))
                .bind(sql::index(number))
                .fetch_optional(&self.pool)
                .await?;
                Ok(content.map(Bytes::from))
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
