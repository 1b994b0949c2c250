//! The clock: wall-clock time as epoch plus what tokio's clock has elapsed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::core::Ms;

/// How time passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeMode {
    /// As tokio's clock does, which a test runtime can pause.
    Real,
    /// So many times faster.
    Scaled,
    /// Only by `advance`.
    Manual,
}

#[derive(Clone, Copy, Debug)]
struct Run {
    mode: TimeMode,
    scale: f64,
    /// Wall-clock time, in microseconds since the epoch, at `since`.
    base: i64,
    since: Instant,
}

/// Wall-clock time for everything in a server. Clones share one time.
///
/// It runs on tokio's clock, so that a paused runtime makes it virtual.
#[derive(Clone, Debug)]
pub struct Clock {
    run: Arc<Mutex<Run>>,
    changed: Arc<Notify>,
}

impl Run {
    fn now(&self) -> i64 {
        let elapsed = self.since.elapsed().as_micros() as i64;
        match self.mode {
            TimeMode::Real => self.base + elapsed,
            TimeMode::Scaled => self.base + (elapsed as f64 * self.scale) as i64,
            TimeMode::Manual => self.base,
        }
    }

    /// The instant at which the wall clock shows `due`; never in manual mode.
    fn instant_of(&self, due: Ms) -> Option<Instant> {
        let wait = (due * 1_000 - self.base).max(0) as f64;
        let wait = match self.mode {
            TimeMode::Real => wait,
            TimeMode::Scaled => (wait / self.scale).ceil(),
            TimeMode::Manual => return None,
        };
        Some(self.since + Duration::from_micros(wait as u64))
    }
}

impl Clock {
    /// A clock that shows `start` now and runs as tokio's clock does.
    #[must_use]
    pub fn starting_at(start: jiff::Timestamp) -> Clock {
        let run = Run {
            mode: TimeMode::Real,
            scale: 1.0,
            base: start.as_microsecond(),
            since: Instant::now(),
        };
        Clock {
            run: Arc::new(Mutex::new(run)),
            changed: Arc::new(Notify::new()),
        }
    }

    fn run(&self) -> std::sync::MutexGuard<'_, Run> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The time now, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn now_ms(&self) -> Ms {
        self.run().now().div_euclid(1_000)
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.run().now()).unwrap_or_default()
    }

    /// How time passes, and how many times faster.
    #[must_use]
    pub fn mode(&self) -> (TimeMode, f64) {
        let run = self.run();
        (
            run.mode,
            if run.mode == TimeMode::Scaled {
                run.scale
            } else {
                1.0
            },
        )
    }

    /// From now on, time passes in another way. `scale` counts only in
    /// [`TimeMode::Scaled`]; it must be positive.
    pub fn set_mode(&self, mode: TimeMode, scale: f64) {
        let mut run = self.run();
        *run = Run {
            mode,
            scale,
            base: run.now(),
            since: Instant::now(),
        };
        drop(run);
        self.wake_sleepers();
    }

    /// Whoever sleeps, or is about to, looks at the clock again.
    fn wake_sleepers(&self) {
        self.changed.notify_waiters();
        self.changed.notify_one();
    }

    /// How many microseconds there are until `due`; 0 if it has been.
    pub(crate) fn micros_until(&self, due: Ms) -> i64 {
        (due * 1_000 - self.run().now()).max(0)
    }

    /// Jumps ahead by so many microseconds.
    pub(crate) fn jump_by(&self, micros: i64) {
        self.run().base += micros;
        self.wake_sleepers();
    }

    /// Shows another time from now on, also an earlier one.
    pub(crate) fn set(&self, at: Ms) {
        let mut run = self.run();
        *run = Run {
            base: at * 1_000,
            since: Instant::now(),
            ..*run
        };
        drop(run);
        self.wake_sleepers();
    }

    /// Waits until the clock shows `due`, or until it was changed in between.
    pub(crate) async fn sleep_until(&self, due: Option<Ms>) {
        let changed = self.changed.notified();
        let instant = due.and_then(|due| self.run().instant_of(due));
        match instant {
            Some(instant) => {
                tokio::select! {
                    biased;
                    () = changed => {}
                    () = tokio::time::sleep_until(instant) => {}
                }
            }
            None => changed.await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock() -> Clock {
        Clock::starting_at("2026-01-05T09:00:00Z".parse().expect("a stamp"))
    }

    #[tokio::test(start_paused = true)]
    async fn real_time_is_tokios_time() {
        let clock = clock();
        let start = clock.now_ms();
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        assert_eq!(clock.now_ms() - start, 1_500);
        clock.sleep_until(Some(start + 60_000)).await;
        assert_eq!(clock.now_ms() - start, 60_000);
    }

    #[tokio::test(start_paused = true)]
    async fn scaled_time_runs_faster_and_goes_on_from_where_it_was() {
        let clock = clock();
        let start = clock.now_ms();
        clock.set_mode(TimeMode::Scaled, 60.0);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(clock.now_ms() - start, 60_000);
        clock.set_mode(TimeMode::Real, 1.0);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(clock.now_ms() - start, 61_000);
    }

    #[tokio::test(start_paused = true)]
    async fn manual_time_stands_still_until_it_is_advanced() {
        let clock = clock();
        let start = clock.now_ms();
        clock.set_mode(TimeMode::Manual, 1.0);
        tokio::time::sleep(Duration::from_secs(10)).await;
        assert_eq!(clock.now_ms(), start);
        clock.jump_by(5_000_000);
        assert_eq!(clock.now_ms() - start, 5_000);
        assert_eq!(clock.micros_until(start), 0);
        assert_eq!(clock.micros_until(start + 5_001), 1_000);
    }
}
