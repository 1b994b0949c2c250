//! The clocks of a live world: the fake's, and the bridge's where it declares
//! the capability `clock`. Both are moved by the same amount. Meanwhile the
//! fake holds the bridge's calls: none falls between the two jumps, where a
//! wait that began before one and ended after the other would look too short.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::WorldError;
use super::http::Http;

/// How long nothing must happen before a live world counts as quiet.
const QUIET: Duration = Duration::from_millis(120);
/// How long a live world is given to become quiet.
const QUIET_LIMIT: Duration = Duration::from_secs(20);
/// How long a program gets to show that a step of its clock woke it.
const GLANCE: Duration = Duration::from_millis(12);
/// The step of time after something happened: a bridge's timers are not known
/// from the outside, so they are approached with care …
const FIRST_STEP: Duration = Duration::from_secs(1);
/// … and with longer and longer steps while nothing happens.
const LONGEST_STEP: Duration = Duration::from_secs(120);

/// Moves the clocks of real programs.
#[derive(Clone)]
pub struct LiveClock {
    control: Http,
    /// The bridge, if its clock can be moved.
    bridge: Arc<OnceLock<Http>>,
}

impl LiveClock {
    pub(crate) fn new(control: Http) -> Self {
        Self {
            control,
            bridge: Arc::default(),
        }
    }

    /// From now on the bridge's clock is moved along.
    pub(crate) fn move_along(&self, bridge: Http) {
        // There is one bridge in a world; a second call changes nothing.
        let _ = self.bridge.set(bridge);
    }

    pub(crate) async fn now(&self) -> Result<Timestamp, WorldError> {
        let path = "/control/v1/time?after_hold=true";
        timestamp(&self.control.get(path).await?.expect(200)?.body, "now")
    }

    pub(crate) async fn pass(&self, duration: Duration) -> Result<(), WorldError> {
        let duration = SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX);
        let until = self.now().await? + duration;
        self.settle().await?;
        let mut step = FIRST_STEP;
        loop {
            let time = self.time().await?;
            let now = timestamp(&time, "now")?;
            if now >= until {
                return Ok(());
            }
            let due = timestamp(&time, "next_due").ok();
            let mut next = due.filter(|due| *due < until).unwrap_or(until);
            if self.bridge.get().is_some() {
                let careful = SignedDuration::try_from(step).unwrap_or(SignedDuration::MAX);
                next = next.min(now + careful);
            }
            let before = activity(&time)?;
            self.advance(next.duration_since(now)).await?;
            if due == Some(next) || self.stirs(before).await? {
                self.settle().await?;
                step = FIRST_STEP;
            } else {
                step = (step * 2).min(LONGEST_STEP);
            }
        }
    }

    /// Waits until neither side does anything for a moment.
    pub(crate) async fn settle(&self) -> Result<(), WorldError> {
        let started = Instant::now();
        let mut last = activity(&self.time().await?)?;
        let mut quiet_since = Instant::now();
        while quiet_since.elapsed() < QUIET && started.elapsed() < QUIET_LIMIT {
            tokio::time::sleep(GLANCE).await;
            let now = activity(&self.time().await?)?;
            if now != last || now.webhooks_under_way > 0 {
                last = now;
                quiet_since = Instant::now();
            }
        }
        Ok(())
    }

    /// A bridge that was started again begins at the real time: moves its clock
    /// to the helpdesk's, as if it had been down for no time at all.
    pub(crate) async fn catch_up(&self) -> Result<(), WorldError> {
        let Some(bridge) = self.bridge.get() else {
            return Ok(());
        };
        let path = "/v1/testing/clock/advance";
        let nothing = json!({ "seconds": 0.001 });
        let theirs = timestamp(&bridge.post(path, &nothing).await?.expect(200)?.body, "now")?;
        let behind = self.now().await?.duration_since(theirs);
        if behind.is_positive() {
            bridge
                .post(path, &json!({ "seconds": behind.as_secs_f64() }))
                .await?
                .expect(200)?;
        }
        Ok(())
    }

    /// Moves both clocks by the same amount.
    async fn advance(&self, by: SignedDuration) -> Result<(), WorldError> {
        let seconds = by.as_secs_f64().max(0.001);
        let body = json!({ "seconds": seconds });
        if let Some(bridge) = self.bridge.get() {
            let hold = "/control/v1/time/hold";
            self.control.post(hold, &Value::Null).await?.expect(200)?;
            let answer = bridge.post("/v1/testing/clock/advance", &body).await?;
            if !(200..300).contains(&answer.status) {
                return Err(WorldError::unexpected(format!(
                    "the bridge declares `clock` but answers {} to an advance: {}",
                    answer.status, answer.body
                )));
            }
        }
        // Its first jump lets the held calls in.
        self.control
            .post("/control/v1/time/advance", &body)
            .await?
            .expect(200)?;
        Ok(())
    }

    /// Whether a step of the clocks woke somebody.
    async fn stirs(&self, before: Activity) -> Result<bool, WorldError> {
        if self.bridge.get().is_some() {
            tokio::time::sleep(GLANCE).await;
        }
        Ok(activity(&self.time().await?)? != before)
    }

    async fn time(&self) -> Result<Value, WorldError> {
        Ok(self
            .control
            .get("/control/v1/time")
            .await?
            .expect(200)?
            .body)
    }
}

/// Numbers that change, or are not zero, while something happens in the fake.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Activity {
    journal: u64,
    webhooks_under_way: u64,
}

fn activity(time: &Value) -> Result<Activity, WorldError> {
    let number = |field: &str| {
        time.get(field).and_then(Value::as_u64).ok_or_else(|| {
            WorldError::unexpected(format!("the fake's time has no `{field}`: {time}"))
        })
    };
    Ok(Activity {
        journal: number("journal")?,
        webhooks_under_way: number("webhooks_under_way")?,
    })
}

fn timestamp(time: &Value, field: &str) -> Result<Timestamp, WorldError> {
    time.get(field)
        .and_then(Value::as_str)
        .and_then(|text| text.parse().ok())
        .ok_or_else(|| WorldError::unexpected(format!("the fake's time has no `{field}`: {time}")))
}
