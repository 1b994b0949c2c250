//! The one budget that all work of an account shares (LIM-1, LIM-9).
//!
//! Freshdesk counts calls per account in fixed windows of a minute and says in
//! every answer how many are left. The budget follows those figures, keeps a
//! reserve for people and other apps, and makes everybody wait out a 429.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use http::{HeaderMap, Method};
use jiff::Timestamp;
use tokio::sync::Notify;

use super::tolerant;
use crate::clock::{Clock, later};

/// Freshdesk's window [O: every `Retry-After` seen fits a fixed minute].
const WINDOW: Duration = Duration::from_secs(60);

/// Who waits for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Urgency {
    /// A customer.
    Customer,
    /// Nobody: imports and sweeps leave half of the quota alone.
    Background,
}

/// The endpoint classes that have a bucket of their own (facts 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    TicketCreate,
    TicketUpdate,
    TicketsList,
    ContactsList,
    Other,
}

impl Class {
    pub(super) fn of(method: &Method, path: &str) -> Self {
        let path = path.split('?').next().unwrap_or_default();
        let segments: Vec<_> = path.trim_matches('/').split('/').collect();
        match (method.as_str(), segments.as_slice()) {
            ("POST", ["tickets"]) => Self::TicketCreate,
            ("PUT", ["tickets", _]) => Self::TicketUpdate,
            ("GET", ["tickets"]) => Self::TicketsList,
            ("GET", ["contacts"]) => Self::ContactsList,
            _ => Self::Other,
        }
    }
}

/// What is known of the account's quota.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct QuotaState {
    /// Calls per minute.
    pub(crate) total: Option<i64>,
    /// Calls left in this minute.
    pub(crate) remaining: Option<i64>,
    /// How many answers were 429.
    pub(crate) refusals: u64,
}

/// The budget of one account.
#[derive(Debug)]
pub(crate) struct Quota {
    reserve: f64,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    known: QuotaState,
    in_flight: i64,
    window_ends: Option<Timestamp>,
    paused: BTreeMap<Class, Timestamp>,
    paused_all: Option<Timestamp>,
}

/// The right to send one call; gives its cost back when it ends.
pub(super) struct Permit<'a> {
    quota: &'a Quota,
    cost: i64,
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.quota.state().in_flight -= self.cost;
        self.quota.changed.notify_waiters();
    }
}

impl Quota {
    /// A budget that leaves `reserve` (0.0 to 1.0) of the quota to others.
    pub(crate) fn new(reserve: f64) -> Self {
        Self {
            reserve,
            state: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// What is known now.
    pub(crate) fn known(&self) -> QuotaState {
        self.state().known
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until a call may be sent.
    pub(super) async fn admit(
        &self,
        class: Class,
        cost: u32,
        urgency: Urgency,
        clock: &Clock,
    ) -> Permit<'_> {
        let cost = i64::from(cost);
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let wait = self
                .state()
                .wait(class, cost, self.reserve(urgency), clock.now());
            match wait {
                Wait::None => {
                    return Permit { quota: self, cost };
                }
                Wait::Until(at) => {
                    tokio::select! {
                        biased;
                        () = &mut changed => {}
                        () = clock.sleep_until(at) => {}
                    }
                }
                Wait::ForAnswer => changed.await,
            }
        }
    }

    fn reserve(&self, urgency: Urgency) -> f64 {
        match urgency {
            Urgency::Customer => self.reserve,
            Urgency::Background => self.reserve.max(0.5),
        }
    }

    /// Learns from an answer's headers.
    pub(super) fn learn(&self, headers: &HeaderMap, cost: u32, now: Timestamp) {
        let number = |name: &str| {
            headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .and_then(tolerant::parse_integer)
        };
        let (Some(total), Some(remaining)) =
            (number("x-ratelimit-total"), number("x-ratelimit-remaining"))
        else {
            return;
        };
        let mut state = self.state();
        let rolled_over = state
            .known
            .remaining
            .is_some_and(|known| remaining > known + state.in_flight + i64::from(cost));
        if rolled_over || state.window_ends.is_none() {
            state.window_ends = Some(later(now, WINDOW));
            state.known.remaining = Some(remaining);
        } else {
            let known = state.known.remaining.unwrap_or(remaining);
            state.known.remaining = Some(known.min(remaining));
        }
        state.known.total = Some(total);
    }

    /// Makes everybody who would meet the same bucket wait until `until`.
    pub(super) fn refuse(&self, class: Class, until: Timestamp) {
        let mut state = self.state();
        state.known.refusals += 1;
        let quota_left = state.known.remaining.is_some_and(|left| left > 1);
        if quota_left && class != Class::Other {
            state.paused.insert(class, until);
        } else {
            state.paused_all = state.paused_all.max(Some(until));
            if !quota_left {
                state.known.remaining = Some(0);
                state.window_ends = Some(until);
            }
        }
    }
}

enum Wait {
    None,
    Until(Timestamp),
    ForAnswer,
}

impl State {
    fn wait(&mut self, class: Class, cost: i64, reserve: f64, now: Timestamp) -> Wait {
        let pause = self.paused.get(&class).copied().max(self.paused_all);
        if let Some(until) = pause.filter(|until| *until > now) {
            return Wait::Until(until);
        }
        if self.window_ends.is_some_and(|end| end <= now) {
            self.window_ends = None;
            self.known.remaining = self.known.total;
        }
        if let (Some(total), Some(remaining)) = (self.known.total, self.known.remaining) {
            let reserve = (total as f64 * reserve) as i64;
            let enough = remaining - self.in_flight >= reserve + cost;
            let untouched = self.in_flight == 0 && remaining >= total;
            if !enough && !untouched {
                return match self.window_ends {
                    Some(end) => Wait::Until(end),
                    None if self.in_flight > 0 => Wait::ForAnswer,
                    None => {
                        self.in_flight += cost;
                        return Wait::None;
                    }
                };
            }
        }
        self.in_flight += cost;
        Wait::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(total: &str, remaining: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("X-RateLimit-Total", total.parse().unwrap());
        headers.insert("X-RateLimit-Remaining", remaining.parse().unwrap());
        headers
    }

    fn clock() -> Clock {
        Clock::starting_at("2026-01-01T00:00:00Z".parse().unwrap())
    }

    async fn call(quota: &Quota, clock: &Clock, left: &str) {
        let permit = quota.admit(Class::Other, 1, Urgency::Customer, clock).await;
        quota.learn(&headers("50.0", left), 1, clock.now());
        drop(permit);
    }

    #[tokio::test(start_paused = true)]
    async fn the_reserve_is_left_and_the_wait_ends_with_the_window() {
        let (quota, clock) = (Quota::new(0.1), clock());
        call(&quota, &clock, "6.0").await;
        call(&quota, &clock, "5.0").await;
        assert_eq!(clock.now().to_string(), "2026-01-01T00:00:00Z");
        call(&quota, &clock, "49.0").await;
        assert_eq!(clock.now().to_string(), "2026-01-01T00:01:00Z");
    }

    #[tokio::test(start_paused = true)]
    async fn a_429_makes_everybody_wait_it_out() {
        let (quota, clock) = (Quota::new(0.1), clock());
        quota.refuse(Class::Other, later(clock.now(), Duration::from_secs(34)));
        call(&quota, &clock, "49.0").await;
        assert_eq!(clock.now().to_string(), "2026-01-01T00:00:34Z");
    }

    #[tokio::test(start_paused = true)]
    async fn a_spent_class_does_not_stop_the_others() {
        let (quota, clock) = (Quota::new(0.1), clock());
        call(&quota, &clock, "40.0").await;
        quota.refuse(
            Class::TicketUpdate,
            later(clock.now(), Duration::from_secs(34)),
        );
        call(&quota, &clock, "39.0").await;
        assert_eq!(clock.now().to_string(), "2026-01-01T00:00:00Z");
        drop(
            quota
                .admit(Class::TicketUpdate, 1, Urgency::Customer, &clock)
                .await,
        );
        assert_eq!(clock.now().to_string(), "2026-01-01T00:00:34Z");
    }

    #[tokio::test(start_paused = true)]
    async fn a_tiny_quota_still_lets_calls_through() {
        let (quota, clock) = (Quota::new(0.5), clock());
        for _ in 0..3 {
            let permit = quota
                .admit(Class::Other, 3, Urgency::Background, &clock)
                .await;
            quota.learn(&headers("2", "0"), 3, clock.now());
            drop(permit);
        }
        assert_eq!(clock.now().to_string(), "2026-01-01T00:02:00Z");
    }
}
