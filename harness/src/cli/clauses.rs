//! `harness clauses`: the clause catalogue, who asserts each clause, and which
//! known-bad bridges break it.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use owo_colors::OwoColorize;
use serde_json::json;

use super::{USAGE, complain, print_json};
use crate::clauses::{Catalogue, Level};
use crate::plan;
use crate::traceability::{Row, matrix, page};

/// Arguments of `harness clauses`.
#[derive(Debug, Args)]
pub(super) struct Clauses {
    /// How the matrix is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Form,
}

/// How the matrix is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Form {
    /// For people.
    #[default]
    Human,
    /// For machines.
    Json,
    /// As the page docs/clauses.md.
    Markdown,
}

impl Clauses {
    pub(super) fn execute(&self, catalogue: &Catalogue) -> ExitCode {
        let plans = match plan::load(&[], catalogue) {
            Ok(plans) => plans,
            Err(error) => return complain(&error.to_string(), USAGE),
        };
        let rows = matrix(&plans, catalogue);
        match self.format {
            Form::Json => return print_json(&json!(rows)),
            Form::Markdown => anstream::print!("{}", page(&rows)),
            Form::Human => show(&rows, catalogue),
        }
        ExitCode::SUCCESS
    }
}

fn show(rows: &[Row], catalogue: &Catalogue) {
    for row in rows {
        let level = match row.level {
            Level::Must => "MUST",
            Level::Should => "SHOULD",
        };
        anstream::println!("{:7} {:7} {}", row.clause.bold(), level.dimmed(), row.title);
        if let Some(clause) = catalogue.get(&row.clause) {
            for (letter, cause) in &clause.causes {
                anstream::println!("                {letter}) {cause}");
            }
        }
        for name in &row.scenarios {
            anstream::println!("                {} {name}", "✓".green());
        }
        for name in &row.known_bad {
            anstream::println!("                {} {name}", "✗".red());
        }
        if row.scenarios.is_empty() || row.known_bad.is_empty() {
            let lacks = if row.scenarios.is_empty() {
                "no scenario asserts it"
            } else {
                "no known-bad bridge breaks it"
            };
            anstream::println!("                {}", lacks.yellow());
        }
    }
    let cases: usize = rows.iter().map(|row| row.cases).sum();
    anstream::println!(
        "\n  {} clauses, asserted {cases} times by cases of scenarios (✓), broken by {} known-bad bridges (✗)",
        rows.len(),
        rows.iter().map(|row| row.known_bad.len()).sum::<usize>()
    );
}
