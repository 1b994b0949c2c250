//! One plan from set-up to verdict.
//!
//! | file | holds |
//! |---|---|
//! | `mod.rs` | the plan's phases and steps |
//! | `expect` | looking until an expectation holds or its time is up |
//! | `diagnosis` | what the diagnosis must name, and no longer name |
//! | `end` | invariants, and what the run was meant to meet |

mod diagnosis;
mod end;
mod expect;

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::act::act;
use super::judge::Seen;
use super::verdict::{Failure, Verdict};
use crate::clauses::Catalogue;
use crate::plan::{Phase, Plan};
use crate::scenario::at::{At, Place};
use crate::scenario::step::Step;
use crate::trace::Source;
use crate::trace::line::plain;
use crate::trace::secrets::Secrets;
use crate::world::cast::Cast;
use crate::world::setup::set_up;
use crate::world::{World, WorldError};

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
        let phase = self.phases.last().map_or(Phase::World, |(phase, _)| *phase);
        let seen = Seen {
            what: seen,
            entries,
        };
        self.fail(phase, clause, None, at, expected, seen);
        Verdict::Failed {
            failures: std::mem::take(&mut self.failures),
        }
    }

    /// Notes that something is not as it must be: which clause that breaks, where the
    /// scenario file asks for it, when it was clear, and what was seen instead.
    fn fail(
        &mut self,
        phase: Phase,
        clause: &str,
        line: Option<usize>,
        at: Timestamp,
        expected: String,
        seen: Seen,
    ) {
        let title = self.catalogue.get(clause).map(|known| known.title.clone());
        self.failures.push(Failure {
            clause: clause.to_owned(),
            title: title.unwrap_or_default(),
            phase,
            line,
            expected,
            seen: seen.what,
            at,
            entries: seen.entries,
        });
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

    fn first_clause(&self) -> String {
        self.plan.clauses().next().unwrap_or("?").to_owned()
    }
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
