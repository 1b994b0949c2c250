//! What the bridge costs, measured on the real binary over real sockets:
//!
//! ```text
//! cargo bench -p reference-bridge                      everything, 2 minutes
//! cargo bench -p reference-bridge -- acceptance        webhooks, how quickly accepted
//! cargo bench -p reference-bridge -- footprint         10,000 tickets: memory, and idle sweeps
//! cargo bench -p reference-bridge -- footprint         10,000 tickets: memory, and idle sweeps
//! ```
//!
//! Each part prints what it measured beside its target, and the exit code is 1
//! if one was missed.
//!
//! * `bridge`: the binary as a process
//! * `stand_in`: a Freshdesk and a brain that cost next to nothing
//! * `acceptance`: 500 webhooks a second while they are worked off
//! * `footprint`: resident memory, and calls of an idle bridge
//! * `start`: starting over a file with many sessions
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    missing_docs,
    reason = "a bench measures real time, and a surprise should stop it"
)]

mod acceptance;
mod bridge;
mod footprint;
mod stand_in;
mod start;

use std::process::ExitCode;

/// One figure and what it must not exceed.
struct Figure {
    what: String,
    measured: f64,
    at_most: f64,
    unit: &'static str,
}

impl Figure {
    fn held(&self) -> bool {
        self.measured <= self.at_most
    }

    fn print(&self) {
        println!(
            "  {:<58} {:>9.2} {:<12} at most {:>7.2}  {}",
            self.what,
            self.measured,
            self.unit,
            self.at_most,
            if self.held() { "held" } else { "MISSED" }
        );
    }
}

fn main() -> ExitCode {
    let chosen: Vec<_> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let parts = ["acceptance", "footprint", "start"];
    if let Some(unknown) = chosen.iter().find(|name| !parts.contains(&name.as_str())) {
        eprintln!(
            "error: there is no part {unknown:?}; the parts are {}",
            parts.join(", ")
        );
        return ExitCode::from(2);
    }
    let wanted = |part: &str| chosen.is_empty() || chosen.iter().any(|name| name == part);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut held = true;
    let mut show = |title: &str, figures: Vec<Figure>| {
        println!("{title}");
        for figure in figures {
            figure.print();
            held &= figure.held();
        }
    };
    if wanted("acceptance") {
        for load in acceptance::LOADS {
            show(load.title, runtime.block_on(acceptance::measure(load)));
        }
    }
    if wanted("footprint") {
        show(footprint::TITLE, runtime.block_on(footprint::measure()));
    }
    if wanted("start") {
        show(start::TITLE, runtime.block_on(start::measure()));
    }
    ExitCode::from(u8::from(!held))
}
