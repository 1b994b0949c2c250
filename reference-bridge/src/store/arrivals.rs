//! Webhooks on their way to the disk: those that wait at the same time are
//! written in one transaction.

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::StoreError;
use crate::work::EventKind;

/// The most that go into one transaction.
const BATCH: usize = 256;

/// One accepted webhook.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) account: String,
    pub(super) ticket_id: i64,
    pub(super) event: Option<EventKind>,
    pub(super) now: Timestamp,
}

/// One that waits to be written.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) arrival: Arrival,
    pub(super) done: oneshot::Sender<Result<(), StoreError>>,
}

/// All that wait now, at least one; `None` when no more can come.
pub(super) async fn gather(waiting: &mut mpsc::Receiver<Waiting>) -> Option<Vec<Waiting>> {
    let mut batch = Vec::new();
    (waiting.recv_many(&mut batch, BATCH).await > 0).then_some(batch)
}
