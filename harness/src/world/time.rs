//! How time is read, and how it passes.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::WorldError;
use super::http::Http;

/// The clock of the helpdesk.
#[derive(Clone)]
pub enum Time {
    /// Tokio's paused clock: it jumps when everybody waits.
    Simulated {
        /// The wall-clock time at the start.
        epoch: Timestamp,
        /// Tokio's time at the start.
        start: tokio::time::Instant,
    },
    /// The fake's clock, which the harness moves along; the bridge under test
    /// lives in real time.
    Live {
        /// The fake's control API.
        control: Http,
    },
}

/// How long nothing must happen before a live world counts as quiet.
const LIVE_QUIET: Duration = Duration::from_millis(120);
/// How long a live world is given to become quiet.
const LIVE_QUIET_LIMIT: Duration = Duration::from_secs(20);

impl Time {
    /// The helpdesk's time.
    pub(crate) async fn now(&self) -> Result<Timestamp, WorldError> {
        match self {
            Self::Simulated { epoch, start } => {
                let elapsed = jiff::SignedDuration::try_from(start.elapsed()).unwrap_or_default();
                Ok(*epoch + elapsed)
            }
            Self::Live { control } => {
                let time = control.get("/control/v1/time").await?.expect(200)?;
                timestamp(&time.body, "now")
            }
        }
    }

    /// Lets helpdesk time pass; everything that falls due on the way happens.
    pub(crate) async fn pass(&self, duration: Duration) -> Result<(), WorldError> {
        let Self::Live { control } = self else {
            tokio::time::sleep(duration).await;
            return Ok(());
        };
        let until = self.now().await?
            + jiff::SignedDuration::try_from(duration).unwrap_or(jiff::SignedDuration::MAX);
        self.settle().await?;
        loop {
            let time = control.get("/control/v1/time").await?.expect(200)?.body;
            let now = timestamp(&time, "now")?;
            if now >= until {
                return Ok(());
            }
            let due = timestamp(&time, "next_due")
                .ok()
                .filter(|due| *due < until)
                .unwrap_or(until);
            let seconds = due.duration_since(now).as_secs_f64().max(0.001);
            control
                .post("/control/v1/time/advance", &json!({ "seconds": seconds }))
                .await?
                .expect(200)?;
            self.settle().await?;
        }
    }

    /// In the live world: waits until neither side does anything for a moment.
    pub(crate) async fn settle(&self) -> Result<(), WorldError> {
        let Self::Live { control } = self else {
            return Ok(());
        };
        let started = tokio::time::Instant::now();
        let mut last = activity(control).await?;
        let mut quiet_since = tokio::time::Instant::now();
        while quiet_since.elapsed() < LIVE_QUIET && started.elapsed() < LIVE_QUIET_LIMIT {
            tokio::time::sleep(Duration::from_millis(15)).await;
            let now = activity(control).await?;
            if now != last || now.1 > 0 {
                last = now;
                quiet_since = tokio::time::Instant::now();
            }
        }
        Ok(())
    }

    /// Whether real programs are waited on.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self, Self::Live { .. })
    }
}

/// Numbers that change, or are not zero, while something happens in the fake.
async fn activity(control: &Http) -> Result<(u64, u64), WorldError> {
    let time = control.get("/control/v1/time").await?.expect(200)?;
    Ok((time.number("journal")?, time.number("webhooks_under_way")?))
}

fn timestamp(body: &Value, field: &str) -> Result<Timestamp, WorldError> {
    body.get(field)
        .and_then(Value::as_str)
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| WorldError::unexpected(format!("the fake's time has no `{field}`: {body}")))
}
