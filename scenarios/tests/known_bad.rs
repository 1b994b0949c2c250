//! One test per known-bad bridge: the scenarios catch it by the clause it breaks.

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
use harness::known_bad::{all, catch::try_all};
use harness::plan::load;
use libtest_mimic::{Arguments, Failed, Trial};

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let catalogue = Arc::new(Catalogue::built_in().unwrap());
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let plans = match load(&[folder.display().to_string()], &catalogue) {
        Ok(plans) => Arc::new(plans),
        Err(error) => {
            eprintln!("{error}; run `cargo run --bin harness -- lint`");
            return ExitCode::from(2);
        }
    };
    let trials = all()
        .into_iter()
        .map(|bad| {
            let (catalogue, plans) = (catalogue.clone(), plans.clone());
            let name = format!("known_bad::{}::{}", bad.clause, bad.name);
            Trial::test(name, move || {
                let fates = try_all(&[bad], &plans, &catalogue, 1, false, |_| {});
                let fate = &fates[0];
                if fate.caught.is_some() {
                    return Ok(());
                }
                Err(Failed::from(format!(
                    "a bridge that {} survives {} scenarios of {}\nbystanders: {:?}\nharness errors: {:?}\n\
                     run `cargo run --release --bin harness -- known-bad '{}'`",
                    bad.name, fate.played, bad.clause, fate.bystanders, fate.harness_errors, bad.name
                )))
            })
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}
