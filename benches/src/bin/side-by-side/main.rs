//! What fake-freshdesk costs, measured on the release binary over real sockets
//! beside a bare axum server that returns the same bytes.
//!
//! `benches/side-by-side` builds both binaries and starts this one.
//!
//! | file | holds |
//! |---|---|
//! | `fake.rs` | a fake-freshdesk process |
//! | `bare.rs` | the bare axum server, a process too |
//! | `load.rs` | keep-alive connections that ask as fast as they are answered |
//! | `measure.rs` | the five measurements |

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "this program measures real time and prints what it measured"
)]

mod bare;
mod fake;
mod load;
mod measure;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;

/// Any error ends the run.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Measures a fake-freshdesk binary beside a bare axum server.
#[derive(Debug, Parser)]
#[command(after_help = "\
Examples:
  benches/side-by-side
      builds what is needed and measures everything (about five minutes)

  benches/side-by-side --quick
      leaves out what needs a million tickets or calls (about half a minute)

Exit codes: 0 every aim was met, 1 one was missed, 3 it could not be measured.")]
struct Args {
    /// The binary to measure
    #[arg(
        long,
        value_name = "FILE",
        default_value = "target/release/fake-freshdesk"
    )]
    binary: PathBuf,

    /// Leave out what needs a million tickets or calls
    #[arg(long)]
    quick: bool,

    /// How many connections ask at the same time
    #[arg(long, value_name = "N", default_value_t = 32)]
    connections: usize,

    /// How many pairs of rounds, of two seconds each
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: usize,

    /// Serve the file's bytes as the bare server does, and print the address
    #[arg(long, value_name = "FILE", hide = true)]
    bare: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let done = match &args.bare {
        Some(file) => bare::serve(file).await.map(|()| true),
        None => measure::all(&args).await,
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(3)
        }
    }
}
