//! How entries get into the trace.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Mutex;

use super::journal::{Item, Page};
use super::{Source, Trace};
use crate::world::WorldError;
use crate::world::http::Http;
use crate::world::time::Time;

/// Records a run. Before anything of the harness's own is written, the journal
/// of the fake is read up to now, so that the trace keeps the order in which
/// things happened.
#[derive(Clone)]
pub struct Recorder {
    control: Http,
    time: Time,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    trace: Trace,
    /// Journal entries up to this sequence number are in the trace.
    journal_read: u64,
    /// Journal sequence number → trace number.
    by_sequence: BTreeMap<u64, usize>,
    /// The entry of what was last seen under a key, to record only changes.
    seen: BTreeMap<String, usize>,
}

impl Recorder {
    pub(crate) fn new(control: Http, time: Time) -> Self {
        Self {
            control,
            time,
            state: Arc::new(Mutex::new(State::default())),
        }
    }

    /// Brings the trace up to date with the fake's journal.
    pub(crate) async fn catch_up(&self) -> Result<(), WorldError> {
        let mut state = self.state.lock().await;
        self.read_journal(&mut state).await
    }

    /// Records something of the harness's own.
    pub(crate) async fn note(
        &self,
        source: Source,
        kind: &str,
        ticket: Option<u64>,
        data: Value,
    ) -> Result<usize, WorldError> {
        let mut state = self.state.lock().await;
        self.read_journal(&mut state).await?;
        let at = self.time.now().await?;
        Ok(state.trace.push(at, source, kind, ticket, None, data))
    }

    /// Records what was seen under `key`, if it is not what was seen there last.
    pub(crate) async fn saw(
        &self,
        key: &str,
        kind: &str,
        source: Source,
        ticket: Option<u64>,
        data: Value,
    ) -> Result<(), WorldError> {
        let mut state = self.state.lock().await;
        self.read_journal(&mut state).await?;
        let last = state.seen.get(key).and_then(|n| state.trace.get(*n));
        if last.is_some_and(|entry| entry.data == data) {
            return Ok(());
        }
        let at = self.time.now().await?;
        let n = state.trace.push(at, source, kind, ticket, None, data);
        state.seen.insert(key.to_owned(), n);
        Ok(())
    }

    /// Reads from the trace.
    pub(crate) async fn with<T>(&self, read: impl FnOnce(&Trace) -> T) -> T {
        read(&self.state.lock().await.trace)
    }

    /// How many entries there are.
    pub(crate) async fn len(&self) -> usize {
        self.state.lock().await.trace.entries().len()
    }

    /// The whole trace.
    pub(crate) async fn finish(&self) -> Trace {
        std::mem::take(&mut self.state.lock().await.trace)
    }

    async fn read_journal(&self, state: &mut State) -> Result<(), WorldError> {
        loop {
            let path = format!(
                "/control/v1/journal?after={}&limit=1000",
                state.journal_read
            );
            let page = self.control.get_text(&path).await?;
            let page: Page<'_> = serde_json::from_slice(&page)
                .map_err(|error| WorldError::unexpected(format!("the journal: {error}")))?;
            if page.dropped > 0 {
                return Err(WorldError::JournalOverrun {
                    dropped: page.dropped,
                });
            }
            let read = page.items.len();
            for item in &page.items {
                state.append(item);
            }
            if read < 1000 {
                return Ok(());
            }
        }
    }
}

impl State {
    fn append(&mut self, item: &Item<'_>) {
        let cause = item
            .cause
            .and_then(|cause| self.by_sequence.get(&cause).copied());
        let ticket = item
            .ticket_id
            .or_else(|| item.path.as_deref().and_then(ticket_in_path));
        let data = item.rest();
        let n = self
            .trace
            .push(item.at, Source::Freshdesk, &item.kind, ticket, cause, data);
        self.by_sequence.insert(item.seq, n);
        self.journal_read = item.seq;
    }
}

fn ticket_in_path(path: &str) -> Option<u64> {
    let (_, rest) = path.split_once("/tickets/")?;
    rest.split('/').next()?.parse().ok()
}
