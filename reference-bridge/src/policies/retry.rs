//! When a call to Freshdesk is sent again (LIM-1, oq 30).

use std::time::Duration;

/// When a call is sent again.
pub trait Retry: Send + Sync {
    /// How long to wait after the `sends`-th send was answered 429, or `None`
    /// to give up. `retry_after` is the header, if there was one; `jitter` is
    /// in `0.0..1.0`.
    fn after_429(&self, sends: u32, retry_after: Option<Duration>, jitter: f64)
    -> Option<Duration>;

    /// How long to wait after the `sends`-th send of a call that does no harm
    /// when repeated failed (5xx, time-out, broken connection), or `None` to
    /// give up.
    fn after_failure(&self, sends: u32, jitter: f64) -> Option<Duration>;
}

/// At most 4 sends; never before `Retry-After`; without the header waits that
/// grow fourfold from 5 s, so that three of them outlast a quota minute.
#[derive(Clone, Copy, Debug)]
pub struct HonourRetryAfter {
    /// Sends of one request, at most.
    pub sends: u32,
    /// The first wait when the header is absent.
    pub first_wait: Duration,
}

impl Default for HonourRetryAfter {
    fn default() -> Self {
        Self {
            sends: 4,
            first_wait: Duration::from_secs(5),
        }
    }
}

impl Retry for HonourRetryAfter {
    fn after_429(
        &self,
        sends: u32,
        retry_after: Option<Duration>,
        jitter: f64,
    ) -> Option<Duration> {
        if sends >= self.sends {
            return None;
        }
        Some(match retry_after {
            Some(wait) => wait,
            None => (self.first_wait * 4_u32.saturating_pow(sends - 1)).mul_f64(1.0 + jitter / 4.0),
        })
    }

    fn after_failure(&self, sends: u32, jitter: f64) -> Option<Duration> {
        (sends < self.sends)
            .then(|| Duration::from_secs(1 << sends.min(6)).mul_f64(0.5 + jitter / 4.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_429_is_retried_three_times_and_not_a_fourth() {
        let retry = HonourRetryAfter::default();
        let header = Some(Duration::from_secs(30));
        for sends in 1..=3 {
            assert_eq!(retry.after_429(sends, header, 0.9), header);
        }
        assert_eq!(retry.after_429(4, header, 0.0), None);
    }

    #[test]
    fn waits_grow_without_the_header_whatever_the_jitter() {
        let retry = HonourRetryAfter::default();
        let waits: Vec<_> = [0.99, 0.0, 0.5]
            .into_iter()
            .zip(1..)
            .filter_map(|(jitter, sends)| retry.after_429(sends, None, jitter))
            .collect();
        assert_eq!(waits.len(), 3);
        assert!(waits.is_sorted_by(|a, b| a < b), "{waits:?}");
        assert!(waits.iter().sum::<Duration>() > Duration::from_secs(60));
    }
}
