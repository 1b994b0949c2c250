//! An expectation is looked at again and again until it holds or its time is up.

use std::time::Duration;

use super::Player;
use crate::plan::Phase;
use crate::runner::judge::{Ground, Seen, judge, spell_expectation};
use crate::runner::observe::observe;
use crate::scenario::at::Place;
use crate::scenario::expectation::Expectation;
use crate::trace::Entry;
use crate::world::{World, WorldError};

/// How soon an expectation is looked at again, at first.
const FIRST_LOOK: Duration = Duration::from_millis(100);
/// The same where many tickets are looked at, which costs more.
const FIRST_LOOK_AT_MANY: Duration = Duration::from_secs(2);
/// How far apart looks may grow.
const LAST_LOOK: Duration = Duration::from_secs(10);
/// A long time is looked at about so many times.
const LOOKS: u32 = 40;
/// In the live world every look waits for quiet, so a long time is looked at
/// about so many times.
const LIVE_LOOKS: u32 = 8;
/// In the live world: how long real programs are given, whatever the helpdesk's
/// clock says, before an expectation counts as failed.
const LIVE_PATIENCE: Duration = Duration::from_secs(10);

impl Player<'_> {
    /// Looks until an expectation holds or its time is up; then, for `for`,
    /// until it has held long enough.
    pub(super) async fn expect(
        &mut self,
        phase: Phase,
        place: Place,
        expectation: &Expectation,
    ) -> Result<bool, WorldError> {
        let world = self.world;
        if expectation.within.is_none() {
            world.time.settle().await?;
        }
        let begun = world.time.now().await?;
        let begun_really = tokio::time::Instant::now();
        let within = expectation.within.map_or(Duration::ZERO, |within| within.0);
        let many = expectation.each_of.is_some();
        let mut pause = if many { FIRST_LOOK_AT_MANY } else { FIRST_LOOK };
        // What was seen last, and up to which entry of the trace it is true.
        let mut last: Option<(usize, Seen)> = None;
        loop {
            world.recorder.catch_up().await?;
            let seen = match last.take() {
                Some((seen_up_to, seen)) if !self.may_differ(expectation, seen_up_to).await => seen,
                _ => match self.look(expectation).await? {
                    Ok(()) => break,
                    Err(seen) => seen,
                },
            };
            let passed = Duration::try_from(world.time.now().await?.duration_since(begun))
                .unwrap_or_default();
            let patient =
                world.time.is_live() && !within.is_zero() && begun_really.elapsed() < LIVE_PATIENCE;
            if passed >= within && !patient {
                return self.unmet(phase, place, expectation, seen).await;
            }
            let left = if passed < within {
                within - passed
            } else {
                pause
            };
            last = Some((world.recorder.len().await, seen));
            world.time.pass(pause.min(left)).await?;
            let next = if many { pause * 2 } else { pause * 3 / 2 };
            pause = next.min(last_look(world, within));
        }
        let Some(throughout) = expectation.throughout else {
            return Ok(true);
        };
        let begun = world.time.now().await?;
        let last_look = last_look(world, throughout.0);
        if world.time.is_live() {
            pause = last_look;
        }
        let mut seen_up_to = world.recorder.len().await;
        loop {
            let passed = Duration::try_from(world.time.now().await?.duration_since(begun))
                .unwrap_or_default();
            if passed >= throughout.0 {
                return Ok(true);
            }
            world.time.pass(pause.min(throughout.0 - passed)).await?;
            pause = (pause * 3 / 2).min(last_look);
            world.recorder.catch_up().await?;
            if !self.may_differ(expectation, seen_up_to).await {
                continue;
            }
            seen_up_to = world.recorder.len().await;
            if let Err(seen) = self.look(expectation).await? {
                return self.unmet(phase, place, expectation, seen).await;
            }
        }
    }

    /// Whether a new look may see something else than one before the trace's
    /// entry number `since` did.
    async fn may_differ(&self, expectation: &Expectation, since: usize) -> bool {
        // A bridge may change its mind without anybody noticing.
        if !expectation.is_about_freshdesk() {
            return true;
        }
        self.world
            .recorder
            .with(|trace| {
                let mut new = trace.entries().iter().skip(since);
                new.any(|entry| changes(expectation, entry))
            })
            .await
    }

    async fn look(&self, expectation: &Expectation) -> Result<Result<(), Seen>, WorldError> {
        observe(self.world, &self.cast, expectation).await?;
        self.world
            .recorder
            .with(|trace| {
                judge(
                    &Ground {
                        trace,
                        cast: &self.cast,
                        phase_began: self.phase_began,
                    },
                    expectation,
                )
            })
            .await
    }

    async fn unmet(
        &mut self,
        phase: Phase,
        place: Place,
        expectation: &Expectation,
        seen: Seen,
    ) -> Result<bool, WorldError> {
        let clause = expectation.clause.as_ref();
        let clause = clause.map_or_else(|| self.first_clause(), |clause| clause.value.clone());
        let at = self.world.time.now().await?;
        let line = (place.line > 0).then_some(place.line);
        let expected = spell_expectation(expectation);
        self.fail(phase, &clause, line, at, expected, seen);
        Ok(false)
    }
}

/// How far apart the looks at something that takes `time` may grow.
fn last_look(world: &World, time: Duration) -> Duration {
    let looks = if world.time.is_live() {
        LIVE_LOOKS
    } else {
        LOOKS
    };
    LAST_LOOK.max(time / looks)
}

/// Whether an entry can change what is expected of Freshdesk, where nothing
/// changes without one.
fn changes(expectation: &Expectation, entry: &Entry) -> bool {
    match entry.kind.as_str() {
        "action" | "ticket_event" | "rule_decision" => true,
        // Reading changes nothing but the number of calls.
        "api_call" => expectation.calls_of.is_some() || !entry.is_get(),
        "webhook_attempt" | "webhook_result" => expectation.rule.is_some(),
        "mail" => expectation.mails.is_some(),
        _ => false,
    }
}
