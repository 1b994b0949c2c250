//! Many plans, on several threads, reported as they end.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use super::play::play;
use super::verdict::{Outcome, Verdict};
use crate::clauses::Catalogue;
use crate::plan::Plan;
use crate::trace::Trace;
use crate::world::programs::Programs;
use crate::world::simulated::{self, BridgeBuilder, reference_bridge};
use crate::world::{WorldError, WorldKind, live};

/// How plans are played.
#[derive(Clone)]
pub struct Suite {
    /// In which world.
    pub world: WorldKind,
    /// The seed of every run.
    pub seed: u64,
    /// On how many threads.
    pub jobs: usize,
    /// The bridge of the simulated world.
    pub bridge: BridgeBuilder,
}

/// As many threads as there are cores.
pub fn usual_jobs() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

impl Default for Suite {
    fn default() -> Self {
        Self {
            world: WorldKind::Sim,
            seed: 0,
            jobs: usual_jobs(),
            bridge: reference_bridge(),
        }
    }
}

/// Something that happened while plans are played.
#[derive(Debug)]
pub enum Event<'a> {
    /// A plan was begun.
    Started(&'a Plan),
    /// A plan ended.
    Ended(&'a Outcome),
}

impl Suite {
    /// Plays all plans; the outcomes come back in the plans' order.
    pub fn play_all(&self, plans: &[Plan], catalogue: &Catalogue) -> Vec<Outcome> {
        self.play_each(plans, catalogue, |_, _| {}, |_| {})
    }

    /// Plays all plans. Each outcome is first given to `ended`, with its plan's
    /// place, on the thread it was played on; then it is told to `report`, on
    /// this thread, in the order in which plans end.
    pub fn play_each(
        &self,
        plans: &[Plan],
        catalogue: &Catalogue,
        ended: impl Fn(usize, &mut Outcome) + Sync,
        mut report: impl FnMut(Event<'_>),
    ) -> Vec<Outcome> {
        enum News {
            Started(usize),
            Ended(usize, Box<Outcome>),
        }
        let next = AtomicUsize::new(0);
        let (news, incoming) = mpsc::channel();
        let mut outcomes: Vec<Option<Outcome>> = plans.iter().map(|_| None).collect();
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.clamp(1, plans.len().max(1)) {
                let (news, next, ended) = (news.clone(), &next, &ended);
                scope.spawn(move || {
                    loop {
                        let i = next.fetch_add(1, Ordering::Relaxed);
                        let Some(plan) = plans.get(i) else { return };
                        // A closed channel means that nobody listens any more.
                        if news.send(News::Started(i)).is_err() {
                            return;
                        }
                        let mut outcome = self.play_one(plan, catalogue);
                        ended(i, &mut outcome);
                        if news.send(News::Ended(i, Box::new(outcome))).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(news);
            for item in incoming {
                match item {
                    News::Started(i) => report(Event::Started(&plans[i])),
                    News::Ended(i, outcome) => {
                        report(Event::Ended(&outcome));
                        outcomes[i] = Some(*outcome);
                    }
                }
            }
        });
        outcomes.into_iter().flatten().collect()
    }

    /// Plays one plan in a world of its own.
    pub fn play_one(&self, plan: &Plan, catalogue: &Catalogue) -> Outcome {
        let started = tokio::time::Instant::now();
        let result = match self.world {
            WorldKind::Sim => self.play_simulated(plan, catalogue),
            WorldKind::Live => play_live(plan, catalogue),
        };
        let (verdict, phases, helpdesk_time, trace) = match result {
            Ok((played, mut trace)) => {
                played.secrets.hide_in(&mut trace);
                (played.verdict, played.phases, played.helpdesk_time, trace)
            }
            Err(error) => (
                Verdict::HarnessError {
                    message: error.to_string(),
                },
                Vec::new(),
                Duration::ZERO,
                Trace::default(),
            ),
        };
        Outcome {
            name: plan.name.clone(),
            address: plan.address.clone(),
            title: plan.title().to_owned(),
            clauses: plan.clauses().map(str::to_owned).collect(),
            cause: plan
                .document
                .cause
                .as_ref()
                .map(|cause| cause.value.clone()),
            file: plan.file.clone(),
            verdict,
            trace,
            phases,
            helpdesk_time,
            real_time: started.elapsed(),
        }
    }

    fn play_simulated(
        &self,
        plan: &Plan,
        catalogue: &Catalogue,
    ) -> Result<(super::play::Played, Trace), WorldError> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .map_err(|error| WorldError::unexpected(format!("no runtime: {error}")))?;
        runtime.block_on(async {
            let world = simulated::start(self.seed, &self.bridge).await?;
            let played = play(plan, &world, catalogue).await;
            let trace = world.recorder.finish().await;
            drop(world.keeps);
            Ok((played, trace))
        })
    }
}

fn play_live(
    plan: &Plan,
    catalogue: &Catalogue,
) -> Result<(super::play::Played, Trace), WorldError> {
    let programs = Programs::find()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| WorldError::unexpected(format!("no runtime: {error}")))?;
    runtime.block_on(async {
        let world = live::start(&programs).await?;
        let played = play(plan, &world, catalogue).await;
        let trace = world.recorder.finish().await;
        drop(world.keeps);
        Ok((played, trace))
    })
}
