//! The binary: options, sockets, signals.
//!
//! * [`mod@self`]: start, serve, stop, exit codes
//! * `options`: flags and environment
//! * `config`: the same from a file
//! * `key_file`: the secret that seals the stored API key
//! * `sockets`: the way to Freshdesk and to the brain over sockets

mod config;
mod key_file;
mod options;
mod sockets;

use std::{
    io::{IsTerminal as _, Write as _},
    process::ExitCode,
    sync::Arc,
};

use futures::{FutureExt as _, future::BoxFuture};
use key_file::NoSecret;
use options::{Command, Doctor, Format, Options, StoreChoice};
use reference_bridge::{
    Brain, Bridge, BridgeOptions, Clock, Entropy, HttpBrain, MemoryStore, OpenAiBrain,
    PostgresStore, ScriptedBrain, SqliteStore, StartError, Store,
    doctor::{self, Complaint, Verdict},
    store::Seal,
};
use secrecy::SecretString;
use tokio::{net::TcpListener, sync::oneshot};

/// Wrong use: flags, environment, a taken port.
const USAGE: u8 = 2;
/// The right use, but something else is wrong: the store, the network.
const INTERNAL: u8 = 3;

/// How long running looks may take when the bridge is asked to stop.
const STOP_PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);

/// Why the process ends early.
struct Failure {
    code: u8,
    message: String,
}

impl Failure {
    fn usage(message: impl Into<String>) -> Self {
        Self {
            code: USAGE,
            message: message.into(),
        }
    }

    fn internal(message: impl Into<String>) -> Self {
        Self {
            code: INTERNAL,
            message: message.into(),
        }
    }
}

impl From<NoSecret> for Failure {
    fn from(error: NoSecret) -> Self {
        match error {
            NoSecret::Usage(why) => Self::usage(why),
            NoSecret::File(why) => Self::internal(why),
        }
    }
}

fn main() -> ExitCode {
    let options = match config::options(std::env::args_os().collect()) {
        Ok(options) => options,
        Err(error) => return end(&Failure::usage(error)),
    };
    let level = options.log.clone();
    let filter = match tracing_subscriber::EnvFilter::try_new(&level) {
        Ok(filter) => filter,
        Err(error) => return end(&Failure::usage(format!("--log {level}: {error}"))),
    };
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal() && !plain)
        // Saying on a standard error that takes nothing that it takes nothing panics.
        .log_internal_errors(false)
        .with_writer(std::io::stderr);
    if options.log_json {
        logs.json().init();
    } else {
        logs.init();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return end(&Failure::internal(format!("no runtime: {error}"))),
    };
    let ended = match options.command {
        Some(Command::Doctor(doctor)) => runtime.block_on(examine(doctor)),
        None => runtime.block_on(serve(options)).map(|()| ExitCode::SUCCESS),
    };
    ended.unwrap_or_else(|failure| end(&failure))
}

fn end(failure: &Failure) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "error: {}", failure.message);
    ExitCode::from(failure.code)
}

async fn serve(options: Options) -> Result<(), Failure> {
    let entropy = Entropy::from_os();
    let token = match &options.token {
        Some(token) if token.trim().is_empty() => {
            return Err(Failure::usage(
                "the token is empty; set BRIDGE_TOKEN or --token",
            ));
        }
        Some(token) => SecretString::from(token.as_str()),
        None => {
            return Err(Failure::usage(
                "a token for the management calls is needed; set BRIDGE_TOKEN or --token, such as $(openssl rand -hex 20)",
            ));
        }
    };
    let freshdesk = sockets::freshdesk(
        options.freshdesk_endpoint.as_ref(),
        options.ca_file.as_deref(),
    )
    .map_err(Failure::usage)?;
    let brain: Arc<dyn Brain> = match (&options.brain_url, &options.openai_url) {
        (None, Some(url)) => {
            let service = sockets::plain(options.ca_file.as_deref()).map_err(Failure::usage)?;
            let model = options.openai_model.clone().unwrap_or_default();
            let key = options.openai_key.as_deref().map(SecretString::from);
            tracing::info!(%url, model, "the brain is an OpenAI-compatible chat endpoint");
            Arc::new(OpenAiBrain::new(service, url.as_str(), model, key.as_ref()))
        }
        (Some(url), _) => {
            let service = sockets::plain(options.ca_file.as_deref()).map_err(Failure::usage)?;
            tracing::info!(%url, "the brain is asked over HTTP");
            Arc::new(HttpBrain::new(service, url.as_str()))
        }
        (None, None) => {
            tracing::warn!("BRAIN_URL is not set: the scripted brain stays silent on every ticket");
            Arc::new(ScriptedBrain::silent())
        }
    };
    let listener = TcpListener::bind(&options.listen).await.map_err(|error| {
        Failure::usage(format!(
            "cannot listen on {}: {error}; choose another address with --listen or BRIDGE_LISTEN (port 0 takes a free one)",
            options.listen
        ))
    })?;
    let address = listener
        .local_addr()
        .map_err(|error| Failure::internal(error.to_string()))?;
    let (store, store_failure) = open_store(&options, &entropy).await?;
    let public_url = options
        .public_url
        .clone()
        .unwrap_or_else(|| format!("http://{address}"));
    let mut bridge =
        BridgeOptions::new(public_url, token, clock(), entropy, store, freshdesk, brain);
    bridge.policies.brain_timeout = options.brain_timeout;
    bridge.policies.job_lease = options.job_lease;
    bridge.testing_clock = options.testing_clock;
    let bridge = Bridge::start(bridge).await.map_err(|error| match error {
        StartError::Store(_) => Failure::internal(error.to_string()),
        StartError::PublicUrl(_) | StartError::EmptyToken => Failure::usage(error.to_string()),
    })?;
    let stop = stop_signal()?;
    announce(&format!("listening http://{address}"))?;
    let (tell, told) = oneshot::channel();
    axum::serve(listener, bridge.router())
        .with_graceful_shutdown(async move {
            let _ = tell.send(tokio::select! {
                () = stop => Ok(()),
                failure = store_failure => Err(failure),
            });
        })
        .await
        .map_err(|error| Failure::internal(format!("serving ended: {error}")))?;
    tracing::info!("stopping: running looks are finished first");
    if tokio::time::timeout(STOP_PATIENCE, bridge.shutdown())
        .await
        .is_err()
    {
        // Nothing is lost: every step is written down, and the next start goes on.
        tracing::warn!("some looks did not end in time");
    }
    told.await.unwrap_or(Ok(()))
}

/// The system's clock, read once.
fn clock() -> Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one read of the system's time: everything else goes by this clock"
    )]
    Clock::starting_at(jiff::Timestamp::now())
}

async fn examine(doctor: Doctor) -> Result<ExitCode, Failure> {
    let service = sockets::freshdesk(
        doctor.freshdesk_endpoint.as_ref(),
        doctor.ca_file.as_deref(),
    )
    .map_err(Failure::usage)?;
    let complaint = Complaint {
        domain: doctor.domain,
        api_key: SecretString::from(doctor.api_key.trim()),
        webhook_url: doctor.webhook_url,
        auto_handle_all: doctor.auto_handle_all,
        default_group_id: doctor.default_group,
        handoff_agent_id: doctor.handoff_agent,
        handoff_group_id: doctor.handoff_group,
        marker_field: doctor.marker_field,
        ticket_id: doctor.ticket,
    };
    let report = doctor::examine(service, clock(), Entropy::from_os(), complaint)
        .await
        .map_err(|error| Failure::internal(error.to_string()))?;
    announce(&match doctor.format {
        Format::Text => report.text(),
        Format::Json => report.json(),
    })?;
    Ok(ExitCode::from(match report.verdict {
        Verdict::Fine => 0,
        Verdict::Findings => 1,
        Verdict::CannotTell => INTERNAL,
    }))
}

/// What ends when a store turns out to be unusable while it is used.
type StoreFailure = BoxFuture<'static, Failure>;

async fn open_store(
    options: &Options,
    entropy: &Entropy,
) -> Result<(Arc<dyn Store>, StoreFailure), Failure> {
    let never = std::future::pending().boxed();
    Ok(match &options.store {
        StoreChoice::Memory => {
            tracing::warn!("the store is in memory: everything is forgotten at the end");
            (Arc::new(MemoryStore::new()), never)
        }
        StoreChoice::Sqlite(path) => {
            let secret = key_file::secret(options, Some(path), entropy)?;
            let seal = Seal::new(&secret, entropy.clone());
            let store = SqliteStore::open(path, seal, options.store_check)
                .await
                .map_err(|error| Failure::internal(error.to_string()))?;
            tracing::info!(path = %path.display(), "the store is SQLite");
            let store = Arc::new(store);
            let failure = {
                let store = store.clone();
                async move { Failure::internal(store.damage().await.to_string()) }
            };
            (store, failure.boxed())
        }
        StoreChoice::Postgres(url) => {
            let secret = key_file::secret(options, None, entropy)?;
            let seal = Seal::new(&secret, entropy.clone());
            let store = PostgresStore::connect(url, seal)
                .await
                .map_err(|error| Failure::internal(error.to_string()))?;
            tracing::info!("the store is PostgreSQL");
            (Arc::new(store), never)
        }
    })
}

/// Prints to standard output, for whoever started us.
fn announce(line: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(|error| Failure::internal(format!("standard output: {error}")))
}

/// Listens for requests to stop from now on, so that one that comes right after
/// the announcement is heard too; the future ends when one has come.
fn stop_signal() -> Result<impl Future<Output = ()>, Failure> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let listen =
            |kind| signal(kind).map_err(|error| Failure::internal(format!("signals: {error}")));
        let mut terminate = listen(SignalKind::terminate())?;
        let mut interrupt = listen(SignalKind::interrupt())?;
        Ok(async move {
            tokio::select! {
                biased;
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
