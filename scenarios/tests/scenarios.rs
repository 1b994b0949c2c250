//! One test per scenario, in the simulated world.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    missing_docs,
    reason = "a test that cannot go on has failed"
)]

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use harness::clauses::Catalogue;
use harness::plan::load;
use harness::report::RunInfo;
use harness::report::failure::explain;
use harness::runner::suite::Suite;
use harness::runner::verdict::Verdict;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let catalogue = Arc::new(Catalogue::built_in().unwrap());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let plans = match load(&[folder.display().to_string()], &catalogue) {
        Ok(plans) => plans,
        Err(error) => {
            eprintln!("{error}; run `cargo run --bin harness -- lint`");
            return ExitCode::from(2);
        }
    };
    let trials = plans
        .into_iter()
        .map(|plan| {
            let catalogue = catalogue.clone();
            let name = format!("scenarios::{}", plan.name.replace('/', "::"));
            Trial::test(name, move || {
                let outcome = Suite::default().play_one(&plan, &catalogue);
                if outcome.verdict == Verdict::Passed {
                    return Ok(());
                }
                let info = RunInfo {
                    world: "simulated".into(),
                    seed: 0,
                    seconds: 0.0,
                };
                Err(Failed::from(explain(&outcome, &info)))
            })
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}
