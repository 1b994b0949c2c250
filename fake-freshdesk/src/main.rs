//! `fake-freshdesk`: the helpdesk as a process. `--help` teaches.
//!
//! | file | holds |
//! |---|---|
//! | `binary/args.rs` | the command line |
//! | `binary/listen.rs` | the two listeners |
//! | `binary/forgiving.rs` | raw quotes in request lines |
//! | `binary/tls.rs` | TLS with a CA made for the run |
//! | `binary/seed.rs` | reads a seed file |
//! | `binary/outbound.rs` | the HTTP client that carries webhook calls out |

mod binary {
    pub(crate) mod args;
    pub(crate) mod forgiving;
    pub(crate) mod listen;
    pub(crate) mod outbound;
    pub(crate) mod seed;
    pub(crate) mod tls;
}

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use fake_freshdesk::{Clock, NewAccount, OverTls, Plan, Server, ServerOptions, TimeMode};
use tracing_subscriber::filter::{LevelFilter, Targets};

use binary::args::Args;
use binary::{listen, outbound, seed, tls};

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

/// Logs to stderr what `RUST_LOG` asks for, errors without it. Targets and levels
/// are all one needs here; filters by field would bring regular expressions in.
fn log() {
    use tracing_subscriber::layer::SubscriberExt as _;
    use tracing_subscriber::util::SubscriberInitExt as _;
    let wanted = std::env::var("RUST_LOG").unwrap_or_default();
    let targets = match wanted.parse::<Targets>() {
        Ok(targets) if !wanted.is_empty() => targets,
        _ => Targets::new().with_default(LevelFilter::ERROR),
    };
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    tracing_subscriber::registry()
        .with(lines)
        .with(targets)
        .init();
}

#[tokio::main]
async fn main() -> ExitCode {
    log();
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
    let world = args.seed_file.as_deref().map(seed::read).transpose()?;
    let api = listen::bind("--listen", args.listen).await?;
    let control = listen::bind("--control-listen", args.control_listen).await?;
    let secure = match args.tls {
        true => Some(listen::bind("--tls-listen", args.tls_listen).await?),
        false => None,
    };
    let clock = Clock::starting_at(start_of_time());
    if let Some(scale) = args.time_scale {
        clock.set_mode(TimeMode::Scaled, scale);
    }
    let mut options = ServerOptions::new(clock, token.clone(), outbound::client());
    options.allowed_webhook_hosts = args.allow_webhook_host;
    options.journal_capacity = args.journal_capacity;
    options.chaos = args.chaos;
    let server = Server::start(options);
    let made = match world {
        Some(world) => sown(&server, &world)?,
        None => created(&server, args.account)?,
    };
    let api_url = format!("http://{}", api.address);
    let control_url = format!("http://{}", control.address);
    say(&format!("listening api {api_url}"));
    say(&format!("listening control {control_url}"));
    if let Some(secure) = secure {
        let ca = args.tls_ca.unwrap_or_else(|| {
            std::env::temp_dir().join(format!("fake-freshdesk-ca-{}.pem", std::process::id()))
        });
        let domains: Vec<String> = made.iter().map(|(domain, _)| domain.clone()).collect();
        let acceptor = tls::acceptor(&domains, &ca)?;
        say(&format!("listening tls https://{}", secure.address));
        say(&format!("tls ca {}", ca.display()));
        tokio::spawn(tls::serve(
            secure.listener,
            acceptor,
            server.api().layer(axum::Extension(OverTls)),
        ));
    }
    say(&format!("control token {token}"));
    for (domain, key) in &made {
        say(&format!("account {domain} api-key {key}"));
    }
    say("");
    say("Try:");
    if let Some((domain, key)) = made.first() {
        say(&format!(
            "  curl -u {key}:X -H 'Host: {domain}' {api_url}/api/v2/agents/me"
        ));
    }
    say(&format!(
        "  curl -H 'Authorization: Bearer {token}' {control_url}/control/v1/accounts"
    ));
    listen::serve(api, server.api(), control, server.control()).await
}

/// Accounts from the command line, or the one that is always there.
fn created(
    server: &Server,
    accounts: Vec<(String, Plan)>,
) -> Result<Vec<(String, String)>, String> {
    let accounts = match accounts.is_empty() {
        true => vec![("yourcompany.freshdesk.com".to_owned(), Plan::Enterprise)],
        false => accounts,
    };
    let make = |(domain, plan): (String, Plan)| match server
        .create_account(NewAccount::new(&domain, plan))
    {
        Ok(key) => Ok((domain, key)),
        Err(error) => Err(format!("--account: {error}")),
    };
    accounts.into_iter().map(make).collect()
}

/// Accounts from a seed file.
fn sown(server: &Server, world: &serde_json::Value) -> Result<Vec<(String, String)>, String> {
    let made = server
        .seed(world)
        .map_err(|bad| format!("--seed-file: {}: {}", bad.path, bad.message))?;
    Ok(made
        .into_iter()
        .map(|seeded| (seeded.domain, seeded.api_key))
        .collect())
}
