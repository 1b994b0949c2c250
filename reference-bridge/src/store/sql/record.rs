//! Writing the changes of one [`record`](crate::store::Store::record) down.

use crate::{store::Write, turn::TurnState};

/// Whether a write decides something that the thread could not tell again after
/// a power cut: that the AI is about to speak, or has handed over.
pub(in crate::store) fn must_outlive_the_power(write: &Write) -> bool {
    matches!(write, Write::Turn(turn) if turn.state == TurnState::Open && turn.is_untouched())
}

pub(in crate::store) const PUT_SESSION: &str = "
    INSERT INTO sessions (id, account, ticket_id, status, doc) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (id) DO UPDATE SET status = $4, doc = $5";

pub(in crate::store) const PUT_ENTRY: &str = "
    INSERT INTO entries (session_id, key, awaiting, doc) VALUES ($1, $2, $3, $4)
    ON CONFLICT (session_id, key) DO NOTHING";

pub(in crate::store) const PUT_TURN: &str = "
    INSERT INTO turns (id, account, ticket_id, doc) VALUES ($1, $2, $3, $4)
    ON CONFLICT (id) DO UPDATE SET doc = $4";

pub(in crate::store) const PUT_PIECE: &str = "
    INSERT INTO pieces (turn_id, file, piece, content) VALUES ($1, $2, $3, $4)
    ON CONFLICT (turn_id, file, piece) DO UPDATE SET content = $4";

pub(in crate::store) const PUT_ACCOUNT: &str = "
    INSERT INTO accounts (domain, doc) VALUES ($1, $2)
    ON CONFLICT (domain) DO UPDATE SET doc = $2";

pub(in crate::store) const PUT_PROBLEM: &str = "
    INSERT INTO problems (account, kind, ticket_id, since, message) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (account, kind, ticket_id) DO UPDATE SET message = $5";

/// Writes one change in a transaction.
macro_rules! put {
    ($write:expr, $transaction:expr) => {
        match $write {
            Write::IfHeld(job) => {
                // An update, for it locks the line until the change is down.
                let held = sqlx::query(
                    "UPDATE queue SET lease_owner = lease_owner
                     WHERE account = $1 AND ticket_id = $2 AND lease_owner = $3",
                )
                .bind(&job.account)
                .bind(job.ticket_id)
                .bind(&job.owner)
                .execute($transaction)
                .await?;
                if held.rows_affected() == 0 {
                    return Err(StoreError::no_longer_held(job));
                }
            }
            Write::Session(session) => {
                sqlx::query(sql::PUT_SESSION)
                    .bind(&session.id)
                    .bind(&session.account)
                    .bind(session.ticket_id)
                    .bind(sql::doc(&session.status)?)
                    .bind(sql::doc(session)?)
                    .execute($transaction)
                    .await?;
            }
            Write::Entry(entry) => {
                sqlx::query(sql::PUT_ENTRY)
                    .bind(&entry.session_id)
                    .bind(&entry.key)
                    .bind(i64::from(entry.awaiting))
                    .bind(sql::doc(entry)?)
                    .execute($transaction)
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
                    .execute($transaction)
                    .await?;
                }
            }
            Write::Turn(turn) => {
                sqlx::query(sql::PUT_TURN)
                    .bind(&turn.id)
                    .bind(&turn.account)
                    .bind(turn.ticket_id)
                    .bind(sql::doc(turn)?)
                    .execute($transaction)
                    .await?;
            }
            Write::File {
                turn_id,
                number,
                content,
            } => {
                for (piece, content) in content.pieces().enumerate() {
                    sqlx::query(sql::PUT_PIECE)
                        .bind(turn_id)
                        .bind(sql::index(*number))
                        .bind(sql::index(piece))
                        .bind(content?)
                        .execute($transaction)
                        .await?;
                }
            }
            Write::FilesGone { turn_id } => {
                sqlx::query("DELETE FROM pieces WHERE turn_id = $1")
                    .bind(turn_id)
                    .execute($transaction)
                    .await?;
            }
            Write::Account(account) => {
                sqlx::query(sql::PUT_ACCOUNT)
                    .bind(&account.domain)
                    .bind(sql::doc(account)?)
                    .execute($transaction)
                    .await?;
            }
            Write::Swept { account, to } => {
                sqlx::query(sql::DELIVERED)
                    .bind(account)
                    .bind("swept")
                    .bind(sql::micros(*to))
                    .execute($transaction)
                    .await?;
            }
            Write::Problem(problem) => {
                sqlx::query(sql::PUT_PROBLEM)
                    .bind(&problem.account)
                    .bind(&problem.kind)
                    .bind(problem.ticket_id.unwrap_or_default())
                    .bind(sql::micros(problem.since))
                    .bind(&problem.message)
                    .execute($transaction)
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
                .execute($transaction)
                .await?;
            }
        }
    };
}
pub(in crate::store) use put;
