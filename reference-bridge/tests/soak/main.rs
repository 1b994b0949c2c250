//! Two processes, a SQLite file, heavy traffic, faults and restarts; in the end
//! every session equals its ticket.
//!
//! ```text
//! .ci/soak                 75 seconds
//! .ci/soak 600             ten minutes
//! SOAK_SEED=7 .ci/soak     another course of events
//! ```
//!
//! Time is real. The helpdesk strikes one API call in ten (500, 503 with HTML,
//! 429, resets before and after the effect, truncated bodies, delays) and one
//! webhook in eight (twice, late, refused on the way), loses some without a word,
//! and the bridge is killed or stopped every few seconds. Afterwards the faults
//! end, both clocks are moved on until nothing is due any more, and everything is
//! compared.
//!
//! * `world`: the processes, and the time they share
//! * `people`: what customers and reps do
//! * `mind`: what the brain says, so that every answer tells what it answers
//! * `verdict`: sessions against tickets
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "these are tests: a surprise should stop them, and time is real here"
)]

#[path = "../common/fake.rs"]
mod fake;
mod mind;
mod people;
mod verdict;
mod world;

use std::time::{Duration, Instant};

use people::People;
use world::World;

/// Long enough for a few restarts, for every `cargo test`.
const USUAL_SECONDS: u64 = 20;

fn from_environment(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{name} must be a whole number, and is {text:?}"))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn after_faults_and_restarts_every_session_equals_its_ticket() {
    let seconds = from_environment("SOAK_SECONDS", USUAL_SECONDS);
    let seed = from_environment("SOAK_SEED", 1);
    let mut world = World::start(seed).await;
    let mut people = People::new(seed, &world);
    let start = Instant::now();
    let mut restart_at = Duration::from_secs(4);
    let mut report_at = Duration::from_secs(10);
    while start.elapsed() < Duration::from_secs(seconds) {
        people.act(&world).await;
        if start.elapsed() > restart_at {
            world.restart().await;
            restart_at = start.elapsed() + Duration::from_millis(5000 + people.below(7000));
        }
        if start.elapsed() > report_at {
            report_at += Duration::from_secs(10);
            eprintln!(
                "soak: {} of {seconds} s, {}, {} restarts",
                start.elapsed().as_secs(),
                people.summary(),
                world.restarts
            );
        }
        tokio::time::sleep(Duration::from_millis(60 + people.below(120))).await;
    }
    world.settle().await;
    let verdict = verdict::compare(&world, &people).await;
    eprintln!(
        "soak: {}, {} restarts, {}; {}",
        people.summary(),
        world.restarts,
        world.faults().await,
        verdict.summary()
    );
    if !verdict.differences.is_empty() {
        let folder = world.keep();
        panic!(
            "{} differences (seed {seed}); the bridge's file and log are in {}\n{}",
            verdict.differences.len(),
            folder.display(),
            verdict.differences.join("\n")
        );
    }
    verdict.assert_it_was_tried(world.restarts);
}
