//! PostgreSQL, for several replicas over one account: a ticket is with one of
//! them, by a lease that is taken with `FOR UPDATE SKIP LOCKED`.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use sqlx::{
    Connection as _, PgConnection, PgPool, Postgres, Row as _,
    migrate::MigrateError,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use super::{
    Deliveries, Seal, SessionFilter, SessionPage, StoreError, Write,
    arrivals::Arrival,
    remembered::Remembered,
    sql::{self, sql_store},
};
use crate::{
    session::{Entry, Session},
    settings::Connection,
    turn::Turn,
    work::{Account, EventKind, Job, Problem},
};

/// How long PostgreSQL waits for the next statement of a transaction before it ends it.
/// A replica that stands still, or whose machine is gone, in the middle of one would
/// keep its ticket's line locked for as long, and nobody could take it over. Shorter
/// than Freshdesk waits for a webhook's answer, which may need that line.
const STANDSTILL: &str = "3s";

async fn limit_standstill(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query("SELECT set_config('idle_in_transaction_session_timeout', $1, false)")
        .bind(STANDSTILL)
        .execute(connection)
        .await?;
    Ok(())
}

/// Why a PostgreSQL database was not opened.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// It cannot be reached, or does not let us in.
    #[error("PostgreSQL: {0}; check --store postgres://USER:PASSWORD@HOST/DATABASE")]
    Connect(String),
    /// A newer bridge has written it.
    #[error(
        "the database was written by a newer reference-bridge (schema {0}); start that version, or name another database"
    )]
    NewerSchema(i64),
    /// Its API key was sealed with another encryption key.
    #[error("{0}; all replicas need the same BRIDGE_ENCRYPTION_KEY")]
    WrongKey(String),
}

/// A store in a PostgreSQL database, shared by all replicas.
#[derive(Clone, Debug)]
pub struct PostgresStore {
    pool: PgPool,
    seal: Seal,
    remembered: Remembered,
}

impl PostgresStore {
    /// Connects and brings the schema up to date.
    ///
    /// # Errors
    /// When the database cannot be used; it is left as it was.
    pub async fn connect(url: &str, seal: Seal) -> Result<Self, PostgresError> {
        let options: PgConnectOptions = url
            .parse()
            .map_err(|error: sqlx::Error| PostgresError::Connect(error.to_string()))?;
        let pool = PgPoolOptions::new()
            .max_connections(16)
            .acquire_timeout(Duration::from_secs(30))
            .after_connect(|connection, _| Box::pin(limit_standstill(connection)))
            .connect_with(options)
            .await
            .map_err(|error| PostgresError::Connect(error.to_string()))?;
        sqlx::migrate!("migrations/postgres")
            .run(&pool)
            .await
            .map_err(|error| match error {
                MigrateError::VersionMissing(schema) | MigrateError::VersionTooNew(schema, _) => {
                    PostgresError::NewerSchema(schema)
                }
                other => PostgresError::Connect(other.to_string()),
            })?;
        let store = Self {
            pool,
            seal,
            // Another replica may change the connection at any time.
            remembered: Remembered::never(),
        };
        super::Store::connection(&store)
            .await
            .map_err(|error| PostgresError::WrongKey(error.to_string()))?;
        Ok(store)
    }

    /// PostgreSQL waits for the disk at every commit.
    async fn writing(&self, _wait: bool) -> Result<PoolConnection<Postgres>, StoreError> {
        Ok(self.pool.acquire().await?)
    }

    async fn accept_durably(&self, arrival: Arrival) -> Result<(), StoreError> {
        let mut transaction = self.pool.begin().await?;
        let now = sql::micros(arrival.now);
        sqlx::query(sql::ACCEPT)
            .bind(&arrival.account)
            .bind(arrival.ticket_id)
            .bind(now)
            .execute(&mut *transaction)
            .await?;
        if let Some(event) = arrival.event {
            sqlx::query(sql::DELIVERED)
                .bind(&arrival.account)
                .bind(event.as_str())
                .bind(now)
                .execute(&mut *transaction)
                .await?;
        }
        transaction.commit().await?;
        Ok(())
    }
}

sql_store!(
    PostgresStore,
    transaction: |connection| connection.begin().await?,
    claim: "UPDATE queue SET lease_owner = $1, lease_until = $2
            WHERE (account, ticket_id) IN (
                SELECT account, ticket_id FROM queue
                WHERE due_at <= $3 AND (lease_until IS NULL OR lease_until <= $3)
                ORDER BY due_at, arrival, ticket_id LIMIT $4
                FOR UPDATE SKIP LOCKED
            )
            RETURNING account, ticket_id, generation, attempts, due_at, arrival",
    // Other replicas are at work: what a crashed one held runs out by itself.
    reclaim: false,
    // Webhooks arrive at other replicas too.
    poll: Some(Duration::from_secs(2))
);
