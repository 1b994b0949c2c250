//! The `harness` command.
//!
//! | file | command |
//! |---|---|
//! | `run` | `harness run`: plays scenarios |
//! | `lint` | `harness lint`: checks scenario files |
//! | `clauses` | `harness clauses`: the clause catalogue |
//! | `explore` | `harness explore`, `harness merge`: random walks |
//! | `known_bad` | `harness known-bad`: wrong bridges, and who catches them |
//!
//! Exit codes: 0 passed, 1 failed, 2 usage (bad arguments, faulty scenario
//! files), 3 harness error.

mod clauses;
mod explore;
mod known_bad;
mod lint;
mod run;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

/// Plays scenarios against a Freshdesk bridge and judges what it saw.
#[derive(Debug, Parser)]
#[command(name = "harness", version, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  harness run                          every scenario, in virtual time
  harness run SYM-1                    every scenario that asserts clause SYM-1
  harness run sym_1b --world live      one scenario, with real processes over sockets
  harness lint scenarios/symptoms/*    is what I wrote right?
  harness schema > schema.json         the scenario grammar for your editor
  harness explore --for 60s            a minute of random walks
  harness known-bad WHK-6              do the scenarios catch bridges that break WHK-6?

Exit codes: 0 passed, 1 failed, 2 usage or faulty scenario file, 3 harness error.";

#[derive(Debug, Subcommand)]
enum Command {
    /// Play scenarios and write reports.
    Run(run::Run),
    /// Check scenario files without playing them.
    Lint(lint::Lint),
    /// Print the JSON Schema of scenario files.
    Schema,
    /// List the clauses that scenarios assert.
    Clauses(clauses::Clauses),
    /// Play random walks that nobody wrote, and shrink what fails.
    Explore(explore::Explore),
    /// Join the reports of several shards of walks.
    Merge(explore::Merge),
    /// Play the scenarios with bridges that are wrong on purpose.
    KnownBad(known_bad::KnownBadBridges),
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Human,
    /// For machines.
    Json,
}

/// The exit codes of every command.
const FAILED: u8 = 1;
const USAGE: u8 = 2;
const HARNESS_ERROR: u8 = 3;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let catalogue = match crate::clauses::Catalogue::built_in() {
        Ok(catalogue) => catalogue,
        Err(error) => return complain(&error.to_string(), HARNESS_ERROR),
    };
    match arguments.command {
        Command::Run(run) => run.execute(&catalogue),
        Command::Lint(lint) => lint.execute(&catalogue),
        Command::Schema => print_json(&crate::scenario::schema()),
        Command::Clauses(clauses) => clauses.execute(&catalogue),
        Command::Explore(explore) => explore.execute(&catalogue),
        Command::Merge(merge) => merge.execute(),
        Command::KnownBad(known_bad) => known_bad.execute(&catalogue),
    }
}

fn print_json(value: &serde_json::Value) -> ExitCode {
    // A JSON value always serializes.
    anstream::println!(
        "{}",
        serde_json::to_string_pretty(value).unwrap_or_default()
    );
    ExitCode::SUCCESS
}

fn complain(message: &str, code: u8) -> ExitCode {
    anstream::eprintln!("harness: {message}");
    ExitCode::from(code)
}

/// Whether a person with a colour terminal reads the error output.
fn colour_on_stderr() -> bool {
    anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never
}
