//! How long it takes to play every scenario in the simulated world.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    missing_docs,
    reason = "a test that cannot go on has failed"
)]

use std::hint::black_box;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use harness::clauses::Catalogue;
use harness::plan::load;
use harness::runner::suite::Suite;

fn every_scenario(criterion: &mut Criterion) {
    let catalogue = Catalogue::built_in().unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios");
    let plans = load(&[folder.display().to_string()], &catalogue).unwrap();
    let suite = Suite {
        jobs: 1,
        ..Suite::default()
    };
    criterion.bench_function("every scenario, simulated, one thread", |bencher| {
        bencher.iter(|| black_box(suite.play_all(&plans, &catalogue)));
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = every_scenario
}
criterion_main!(benches);
