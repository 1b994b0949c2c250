//! `harness clauses`: the clause catalogue.

use std::process::ExitCode;

use clap::Args;
use owo_colors::OwoColorize;
use serde_json::json;

use super::{Format, print_json};
use crate::clauses::{Catalogue, Level};

/// Arguments of `harness clauses`.
#[derive(Debug, Args)]
pub(super) struct Clauses {
    /// How the catalogue is printed.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Clauses {
    pub(super) fn execute(&self, catalogue: &Catalogue) -> ExitCode {
        if self.format == Format::Json {
            return print_json(&json!(catalogue.iter().collect::<Vec<_>>()));
        }
        for clause in catalogue.iter() {
            let level = match clause.level {
                Level::Must => "MUST",
                Level::Should => "SHOULD",
            };
            anstream::println!(
                "{:7} {:7} {}",
                clause.id.bold(),
                level.dimmed(),
                clause.title
            );
            for (letter, cause) in &clause.causes {
                anstream::println!("                {letter}) {cause}");
            }
        }
        ExitCode::SUCCESS
    }
}
