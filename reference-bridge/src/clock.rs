//! The bridge's only source of time: an epoch plus what tokio's clock says has
//! passed since. Under a paused tokio runtime it is virtual, and a harness with
//! the `clock` capability can push it forward ([`Clock::advance`]).

use std::{sync::Arc, time::Duration};

use jiff::{SignedDuration, Timestamp};
use tokio::{sync::watch, time::Instant};

/// Wall-clock time as `epoch + elapsed`. Cloning gives the same clock.
#[derive(Clone, Debug)]
pub struct Clock(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    epoch: Timestamp,
    origin: Instant,
    skipped: watch::Sender<Duration>,
}

impl Clock {
    /// A clock that shows `epoch` now and runs on tokio's clock.
    #[must_use]
    pub fn starting_at(epoch: Timestamp) -> Self {
        Self(Arc::new(Inner {
            epoch,
            origin: Instant::now(),
            skipped: watch::Sender::new(Duration::ZERO),
        }))
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let elapsed = self.0.origin.elapsed() + *self.0.skipped.borrow();
        later(self.0.epoch, elapsed)
    }

    /// Sleeps for `duration` of this clock's time.
    pub async fn sleep(&self, duration: Duration) {
        self.sleep_until(later(self.now(), duration)).await;
    }

    /// Sleeps until the clock shows `at` or later.
    pub async fn sleep_until(&self, at: Timestamp) {
        let mut skipped = self.0.skipped.subscribe();
        loop {
            skipped.borrow_and_update();
            let left = between(self.now(), at);
            if left.is_zero() {
                return;
            }
            tokio::select! {
                biased;
                _ = skipped.changed() => {}
                () = tokio::time::sleep(left) => {}
            }
        }
    }

    /// Moves the clock forward at once; whoever sleeps past the new time wakes.
    pub fn advance(&self, by: Duration) {
        self.0.skipped.send_modify(|skipped| *skipped += by);
    }
}

/// `at` plus `duration`, clamped to the last representable moment.
pub(crate) fn later(at: Timestamp, duration: Duration) -> Timestamp {
    SignedDuration::try_from(duration)
        .ok()
        .and_then(|duration| at.checked_add(duration).ok())
        .unwrap_or(Timestamp::MAX)
}

/// The time from `from` to `to`, zero when `to` is not later.
pub(crate) fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn sleeping_takes_exactly_the_time_it_was_given() {
        let clock = Clock::starting_at("2026-01-01T00:00:00Z".parse().unwrap());
        clock.sleep(Duration::from_secs(90)).await;
        assert_eq!(clock.now().to_string(), "2026-01-01T00:01:30Z");
    }

    #[tokio::test(start_paused = true)]
    async fn advancing_wakes_a_sleeper_without_time_passing() {
        let clock = Clock::starting_at("2026-01-01T00:00:00Z".parse().unwrap());
        let before = Instant::now();
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(3600)).await }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(3600));
        sleeper.await.unwrap();
        assert_eq!(before.elapsed(), Duration::ZERO);
        assert_eq!(clock.now().to_string(), "2026-01-01T01:00:00Z");
    }
}
