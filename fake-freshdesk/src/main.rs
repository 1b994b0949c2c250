//! `fake-freshdesk`: the helpdesk as a process. `--help` teaches.
//!
//! | file | holds |
//! |---|---|
//! | `binary/args.rs` | the command line |
//! | `binary/listen.rs` | the two listeners |
//! | `binary/outbound.rs` | the HTTP client that carries webhook calls out |

mod binary {
    pub(crate) mod args;
    pub(crate) mod listen;
    pub(crate) mod outbound;
}

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use fake_freshdesk::{Clock, NewAccount, Plan, Server, ServerOptions, TimeMode};

use binary::args::Args;
use binary::{listen, outbound};

/// Writes to stdout and flushes; a parent that closed the pipe wants no more.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn complain(error: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "error: {error}");
    ExitCode::from(2)
}

/// A token nobody can guess, from the operating system.
fn random_token() -> Result<String, String> {
    let mut bytes = [0_u8; 24];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut source| std::io::Read::read_exact(&mut source, &mut bytes))
        .map_err(|error| {
            format!("no randomness for a control token ({error}): give one with --control-token")
        })?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one read of the system clock: where the fake's own clock begins"
)]
fn start_of_time() -> jiff::Timestamp {
    jiff::Timestamp::now()
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&error),
    }
}

async fn run(args: Args) -> Result<(), String> {
    let token = match args.control_token {
        Some(token) if token.is_empty() => {
            return Err("--control-token must not be empty".to_owned());
        }
        Some(token) => token,
        None => random_token()?,
    };
    let api = listen::bind("--listen", args.listen).await?;
    let control = listen::bind("--control-listen", args.control_listen).await?;
    let clock = Clock::starting_at(start_of_time());
    if let Some(scale) = args.time_scale {
        clock.set_mode(TimeMode::Scaled, scale);
    }
    let mut options = ServerOptions::new(clock, token.clone(), outbound::client()?);
    options.allowed_webhook_hosts = args.allow_webhook_host;
    options.journal_capacity = args.journal_capacity;
    let server = Server::start(options);
    let mut accounts = args.account;
    if accounts.is_empty() {
        accounts.push(("yourcompany.freshdesk.com".to_owned(), Plan::Enterprise));
    }
    let mut made = Vec::new();
    for (domain, plan) in accounts {
        let key = server
            .create_account(NewAccount::new(&domain, plan))
            .map_err(|error| format!("--account: {error}"))?;
        made.push((domain, key));
    }
    let api_url = format!("http://{}", api.address);
    let control_url = format!("http://{}", control.address);
    say(&format!("listening api {api_url}"));
    say(&format!("listening control {control_url}"));
    say(&format!("control token {token}"));
    for (domain, key) in &made {
        say(&format!("account {domain} api-key {key}"));
    }
    say("");
    let (domain, key) = &made[0];
    say("Try:");
    say(&format!(
        "  curl -u {key}:X -H 'Host: {domain}' {api_url}/api/v2/agents/me"
    ));
    say(&format!(
        "  curl -H 'Authorization: Bearer {token}' {control_url}/control/v1/accounts"
    ));
    listen::serve(api, server.api(), control, server.control()).await
}
