//! One plan from set-up to verdict.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::act::{act, note_answer};
use super::invariants;
use super::judge::{Ground, judge, spell_expectation};
use super::meetings;
use super::observe::observe;
use super::verdict::{Failure, Verdict};
use crate::clauses::Catalogue;
use crate::diagnosis;
use crate::plan::{Phase, Plan};
use crate::scenario::at::{At, Place};
use crate::scenario::document::ExpectedDiagnosis;
use crate::scenario::expectation::Expectation;
use crate::scenario::step::Step;
use crate::trace::Source;
use crate::trace::line::plain;
use crate::trace::list;
use crate::trace::secrets::Secrets;
use crate::world::cast::Cast;
use crate::world::setup::set_up;
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

/// A played plan.
pub(crate) struct Played {
    pub(crate) verdict: Verdict,
    /// What must be taken out of its trace before anybody reads it.
    pub(crate) secrets: Secrets,
    pub(crate) phases: Vec<(Phase, usize)>,
    pub(crate) helpdesk_time: Duration,
}

/// Plays a plan in a world that is up.
pub(crate) async fn play(plan: &Plan, world: &World, catalogue: &Catalogue) -> Played {
    let mut player = Player {
        plan,
        world,
        catalogue,
        cast: Cast::default(),
        phases: Vec::new(),
        phase_began: Timestamp::UNIX_EPOCH,
        failures: Vec::new(),
    };
    let started = world.time.now().await.ok();
    let mut verdict = match player.all().await {
        Ok(Some(reason)) => Verdict::NotTested { reason },
        Ok(None) if player.failures.is_empty() => Verdict::Passed,
        Ok(None) => Verdict::Failed {
            failures: player.failures,
        },
        Err(WorldError::BridgeAtFault {
            clause,
            expected,
            seen,
        }) => player.fault_of_bridge(clause, expected, seen).await,
        Err(error) => Verdict::HarnessError {
            message: error.to_string(),
        },
    };
    let ended = world.time.now().await.ok();
    let helpdesk_time = match (started, ended) {
        (Some(from), Some(to)) => Duration::try_from(to.duration_since(from)).unwrap_or_default(),
        _ => Duration::ZERO,
    };
    let secrets = Secrets::of(&player.cast);
    match &mut verdict {
        Verdict::Failed { failures } => {
            for failure in failures {
                secrets.hide_in_text(&mut failure.expected);
                secrets.hide_in_text(&mut failure.seen);
            }
        }
        Verdict::HarnessError { message } => secrets.hide_in_text(message),
        _ => {}
    }
    Played {
        verdict,
        secrets,
        phases: player.phases,
        helpdesk_time,
    }
}

struct Player<'a> {
    plan: &'a Plan,
    world: &'a World,
    catalogue: &'a Catalogue,
    cast: Cast,
    phases: Vec<(Phase, usize)>,
    phase_began: Timestamp,
    failures: Vec<Failure>,
}

impl Player<'_> {
    /// Plays everything; gives the reason if nothing can be tested.
    async fn all(&mut self) -> Result<Option<String>, WorldError> {
        self.begin(Phase::World).await?;
        if let Some(reason) = self.untestable().await? {
            return Ok(Some(reason));
        }
        self.cast = set_up(self.world, &self.plan.document.world).await?;
        let mut going = true;
        for (phase, steps) in self.plan.before_diagnosis() {
            going = going && self.phase(phase, steps).await?;
        }
        going = going && self.diagnosis().await?;
        for (phase, steps) in self.plan.after_diagnosis() {
            going = going && self.phase(phase, steps).await?;
        }
        if going {
            self.diagnosis_after_fix().await?;
        }
        self.begin(Phase::Invariants).await?;
        self.world.time.settle().await?;
        self.invariants().await?;
        if self.failures.is_empty() {
            self.meetings().await?;
        }
        Ok(None)
    }

    /// What this world or this bridge lacks to test the plan.
    async fn untestable(&self) -> Result<Option<String>, WorldError> {
        let document = &self.plan.document;
        if self.world.time.is_live()
            && let Some(because) = &document.simulated_only
        {
            return Ok(Some(format!("only in the simulated world: {because}")));
        }
        for capability in &document.needs {
            if !self.world.bridge_declares(capability.word()).await? {
                return Ok(Some(format!(
                    "the bridge does not declare the capability `{}`",
                    capability.word()
                )));
            }
        }
        Ok(None)
    }

    /// The bridge did not even do what every scenario begins with.
    async fn fault_of_bridge(&mut self, clause: &str, expected: String, seen: String) -> Verdict {
        let at = self.world.time.now().await.unwrap_or(self.phase_began);
        let entries = self
            .world
            .recorder
            .with(|trace| {
                let calls = trace.entries().iter().rev().filter(|entry| entry.is_call());
                let mut last: Vec<usize> = calls.take(3).map(|entry| entry.n).collect();
                last.reverse();
                last
            })
            .await;
        self.failures.push(Failure {
            title: self.title_of(clause),
            clause: clause.to_owned(),
            phase: self.phases.last().map_or(Phase::World, |(phase, _)| *phase),
            line: None,
            expected,
            seen,
            at,
            entries,
        });
        Verdict::Failed {
            failures: std::mem::take(&mut self.failures),
        }
    }

    async fn begin(&mut self, phase: Phase) -> Result<(), WorldError> {
        self.world.recorder.catch_up().await?;
        self.phases.push((phase, self.world.recorder.len().await));
        self.phase_began = self.world.time.now().await?;
        Ok(())
    }

    /// Plays a phase; false if it failed, since what follows would only fail with it.
    async fn phase(&mut self, phase: Phase, steps: &[At<Step>]) -> Result<bool, WorldError> {
        if steps.is_empty() {
            return Ok(true);
        }
        self.begin(phase).await?;
        self.steps(phase, steps).await
    }

    /// Plays steps; false as soon as an expectation fails.
    fn steps<'s>(
        &'s mut self,
        phase: Phase,
        steps: &'s [At<Step>],
    ) -> Pin<Box<dyn Future<Output = Result<bool, WorldError>> + 's>> {
        Box::pin(async move {
            for step in steps {
                match &step.value {
                    Step::Expect(expectation) => {
                        if !self.expect(phase, step.place, expectation).await? {
                            return Ok(false);
                        }
                    }
                    Step::Repeat(repeat) => {
                        for _ in 0..repeat.times {
                            if !self.steps(phase, &repeat.steps).await? {
                                return Ok(false);
                            }
                        }
                    }
                    other => self.step(step.place, other).await?,
                }
            }
            Ok(true)
        })
    }

    async fn step(&mut self, place: Place, step: &Step) -> Result<(), WorldError> {
        self.world
            .recorder
            .note(
                Source::Scenario,
                "step",
                None,
                json!({ "step": spell_step(step), "line": place.line }),
            )
            .await?;
        match step {
            Step::Wait(duration) => self.world.time.pass(duration.0).await,
            _ => act(self.world, &mut self.cast, step).await,
        }
    }

    /// Looks until an expectation holds or its time is up; then, for `for`,
    /// until it has held long enough.
    async fn expect(
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
        let mut last: Option<(usize, super::judge::Seen)> = None;
        loop {
            world.recorder.catch_up().await?;
            let entries = world.recorder.len().await;
            let seen = match last.take() {
                // Freshdesk changes nothing without an entry: there is nothing new to see.
                Some((seen_up_to, seen))
                    if seen_up_to == entries && expectation.is_about_freshdesk() =>
                {
                    seen
                }
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
                return self.fail(phase, place, expectation, seen).await;
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
            let entries = world.recorder.len().await;
            if entries == seen_up_to && expectation.is_about_freshdesk() {
                // Freshdesk changes nothing without an entry: there is nothing new to see.
                continue;
            }
            seen_up_to = entries;
            if let Err(seen) = self.look(expectation).await? {
                return self.fail(phase, place, expectation, seen).await;
            }
        }
    }

    async fn look(
        &self,
        expectation: &Expectation,
    ) -> Result<Result<(), super::judge::Seen>, WorldError> {
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

    async fn fail(
        &mut self,
        phase: Phase,
        place: Place,
        expectation: &Expectation,
        seen: super::judge::Seen,
    ) -> Result<bool, WorldError> {
        let clause = expectation
            .clause
            .as_ref()
            .map(|clause| clause.value.clone())
            .unwrap_or_else(|| self.first_clause());
        let at = self.world.time.now().await?;
        self.failures.push(Failure {
            title: self.title_of(&clause),
            clause,
            phase,
            line: (place.line > 0).then_some(place.line),
            expected: spell_expectation(expectation),
            seen: seen.what,
            at,
            entries: seen.entries,
        });
        Ok(false)
    }

    /// The diagnosis must name the expected cause first.
    async fn diagnosis(&mut self) -> Result<bool, WorldError> {
        let Some(expected) = &self.plan.document.diagnosis else {
            return Ok(true);
        };
        self.begin(Phase::Diagnosis).await?;
        let findings = self.findings().await?;
        let named = findings.first();
        self.bridges_own_diagnosis(expected).await?;
        let fits = named.is_some_and(|finding| {
            finding.clause == expected.row.value
                && finding.cause == expected.cause.value
                && expected
                    .value
                    .place
                    .as_ref()
                    .is_none_or(|place| finding.place.contains(place.as_str()))
        });
        if fits {
            return Ok(self.failures.is_empty());
        }
        let seen = match named {
            None => "the diagnosis finds nothing".to_owned(),
            Some(finding) => format!("{}: {} ({})", finding.clause, finding.cause, finding.place),
        };
        let mut wanted = format!(
            "the diagnosis names {}: {}",
            expected.row.value, expected.cause.value
        );
        if let Some(place) = &expected.value.place {
            wanted.push_str(&format!(" ({place})"));
        }
        self.fail_diagnosis(
            Phase::Diagnosis,
            Some(expected.row.place.line),
            wanted,
            seen,
        )
        .await?;
        Ok(false)
    }

    /// After the fix the diagnosis must no longer name the cause.
    async fn diagnosis_after_fix(&mut self) -> Result<(), WorldError> {
        let Some(expected) = &self.plan.document.diagnosis else {
            return Ok(());
        };
        let findings = self.findings().await?;
        let still = findings.iter().find(|finding| {
            finding.clause == expected.row.value && finding.cause == expected.cause.value
        });
        if let Some(still) = still {
            let wanted = format!(
                "after the fix the diagnosis no longer names {}: {}",
                still.clause, still.cause
            );
            let seen = format!("it still does: {}", still.evidence.join("; "));
            self.fail_diagnosis(Phase::Gone, Some(expected.row.place.line), wanted, seen)
                .await?;
        }
        Ok(())
    }

    /// A bridge that declares `diagnosis` must name the row and the place too.
    async fn bridges_own_diagnosis(
        &mut self,
        expected: &ExpectedDiagnosis,
    ) -> Result<(), WorldError> {
        if !self.world.bridge_declares("diagnosis").await? {
            return Ok(());
        }
        let query = match &expected.ticket {
            Some(ticket) => format!("?ticket_id={}", self.cast.ticket(ticket)?),
            None => String::new(),
        };
        let path = format!("/v1/diagnosis{query}");
        let answer = self.world.bridge.get(&path).await?;
        note_answer(self.world, "diagnosis_call", "GET", &path, &answer).await?;
        let findings = list(&answer.body, "/findings");
        let text = |finding: &Value, field: &str| finding.get(field).map(plain).unwrap_or_default();
        let fits = findings.iter().any(|finding| {
            text(finding, "clause") == expected.row.value
                && expected
                    .place
                    .as_ref()
                    .is_none_or(|place| text(finding, "place").contains(place.as_str()))
        });
        if fits {
            return Ok(());
        }
        let mut wanted = format!("the bridge's own diagnosis names {}", expected.row.value);
        if let Some(place) = &expected.place {
            wanted.push_str(&format!(" and the place “{place}”"));
        }
        let named: Vec<String> = findings
            .iter()
            .map(|finding| {
                format!(
                    "{}: {} ({})",
                    text(finding, "clause"),
                    text(finding, "cause"),
                    text(finding, "place")
                )
            })
            .collect();
        let seen = if named.is_empty() {
            format!("it answers {} and finds nothing", answer.status)
        } else {
            named.join(" · ")
        };
        self.fail_diagnosis(
            Phase::Diagnosis,
            Some(expected.row.place.line),
            wanted,
            seen,
        )
        .await
    }

    async fn findings(&self) -> Result<Vec<diagnosis::Finding>, WorldError> {
        let ticket = self
            .plan
            .document
            .diagnosis
            .as_ref()
            .and_then(|expected| expected.ticket.as_ref())
            .map(|name| self.cast.ticket(name))
            .transpose()?;
        diagnosis::observe::observe(self.world, ticket).await?;
        Ok(self
            .world
            .recorder
            .with(|trace| diagnosis::diagnose(trace, self.catalogue))
            .await)
    }

    async fn fail_diagnosis(
        &mut self,
        phase: Phase,
        line: Option<usize>,
        expected: String,
        seen: String,
    ) -> Result<(), WorldError> {
        let clause = self.first_clause();
        let at = self.world.time.now().await?;
        let entries = self
            .world
            .recorder
            .with(|trace| {
                trace
                    .last("observed", |_| true)
                    .map(|entry| entry.n)
                    .into_iter()
                    .collect()
            })
            .await;
        self.failures.push(Failure {
            title: self.title_of(&clause),
            clause,
            phase,
            line,
            expected,
            seen,
            at,
            entries,
        });
        Ok(())
    }

    /// Lines of the bridge's output that hold a key become entries, since
    /// verdicts read nothing but the trace. (The fake says the key of the account
    /// it starts with, for whoever wants to try it.)
    async fn read_logs(&self) -> Result<(), WorldError> {
        let keys: Vec<&str> = self.cast.keys().collect();
        for line in self.world.logs.holding("reference-bridge", &keys) {
            let data = json!({ "program": line.program, "text": line.text });
            self.world
                .recorder
                .note(Source::Bridge, "log_line", None, data)
                .await?;
        }
        Ok(())
    }

    async fn invariants(&mut self) -> Result<(), WorldError> {
        self.read_logs().await?;
        self.world.recorder.catch_up().await?;
        let breaches = self
            .world
            .recorder
            .with(|trace| invariants::breaches(trace, &self.cast))
            .await;
        let now = self.world.time.now().await?;
        let tolerated = |clause: &str| {
            let tolerates = &self.plan.document.tolerates;
            tolerates.iter().any(|known| known.value == clause)
        };
        for breach in breaches {
            if tolerated(breach.clause) {
                continue;
            }
            let at = self
                .world
                .recorder
                .with(|trace| {
                    breach
                        .entries
                        .last()
                        .and_then(|n| trace.get(*n))
                        .map(|entry| entry.at)
                })
                .await
                .unwrap_or(now);
            self.failures.push(Failure {
                clause: breach.clause.to_owned(),
                title: self.title_of(breach.clause),
                phase: Phase::Invariants,
                line: None,
                expected: breach.invariant.to_owned(),
                seen: breach.seen,
                at,
                entries: breach.entries,
            });
        }
        Ok(())
    }

    async fn meetings(&mut self) -> Result<(), WorldError> {
        let at = self.world.time.now().await?;
        for meeting in &self.plan.document.meets {
            if !self
                .world
                .recorder
                .with(|trace| meetings::met(trace, *meeting))
                .await
            {
                let clause = self.first_clause();
                self.failures.push(Failure {
                    title: self.title_of(&clause),
                    clause,
                    phase: Phase::Play,
                    line: None,
                    expected: format!("the run meets {}", meetings::words(*meeting)),
                    seen: "it never did, so nothing was tested".to_owned(),
                    at,
                    entries: Vec::new(),
                });
            }
        }
        Ok(())
    }

    fn first_clause(&self) -> String {
        self.plan.clauses().next().unwrap_or("?").to_owned()
    }

    fn title_of(&self, clause: &str) -> String {
        self.catalogue
            .get(clause)
            .map(|clause| clause.title.clone())
            .unwrap_or_default()
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

/// A step in the words it was written in.
fn spell_step(step: &Step) -> String {
    let written = serde_json::to_value(step).unwrap_or_default();
    if let Value::String(alone) = written {
        return alone;
    }
    let Some((verb, what)) = written.as_object().and_then(|map| map.iter().next()) else {
        return String::new();
    };
    let what = match what {
        serde_json::Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| format!("{key}: {}", plain(value)))
            .collect::<Vec<_>>()
            .join(", "),
        other => plain(other),
    };
    format!("{verb}: {what}")
}
