//! Flags and environment. A flag wins over its variable, and both over the file
//! that `config` reads.

use std::{net::SocketAddr, path::PathBuf, str::FromStr, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use url::Url;

/// The OpenCX integration with Freshdesk, behind the bridge contract.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    args_conflicts_with_subcommands = true,
    after_long_help = "\
EXAMPLE
  Start a bridge, tell it where the brain is, and connect an account:

    export BRIDGE_TOKEN=$(openssl rand -hex 20)
    reference-bridge --listen 127.0.0.1:8090 --brain-url http://127.0.0.1:9000 \\
                     --public-url https://bridge.example.com &
    curl -X PUT http://127.0.0.1:8090/v1/integrations/freshdesk \\
         -H \"Authorization: Bearer $BRIDGE_TOKEN\" -H 'Content-Type: application/json' \\
         -d '{\"domain\":\"yourcompany.freshdesk.com\",\"api_key\":\"…\",\"auto_handle_all\":true}'

  The answer shows the webhook URL and the two payloads to paste into the
  account's automation rules.

SETTINGS FILE
  Every flag may stand in a YAML file instead, with underscores for dashes; a
  flag wins over its variable, and both win over the file:

    # bridge.yaml, used with --config bridge.yaml
    listen: 0.0.0.0:8090
    public_url: https://bridge.example.com
    brain_url: http://127.0.0.1:9000
    store: sqlite:/var/lib/bridge/bridge.sqlite
    log_json: true

EXIT CODES
  0 stopped when asked to   2 wrong use (flags, environment, a taken port)
  3 the store or the system failed"
)]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// A YAML file with settings (see below).
    #[arg(long, env = "BRIDGE_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Where to listen; port 0 takes a free one. The line `listening
    /// http://ADDRESS` on standard output says when it is ready.
    #[arg(
        long,
        env = "BRIDGE_LISTEN",
        default_value = "127.0.0.1:8090",
        value_name = "ADDRESS"
    )]
    pub(crate) listen: SocketAddr,

    /// Where Freshdesk reaches this bridge [default: http:// and the address
    /// it listens on].
    #[arg(long, env = "BRIDGE_PUBLIC_URL", value_name = "URL", value_parser = public_url)]
    pub(crate) public_url: Option<String>,

    /// The bearer token that management calls must bring.
    #[arg(
        long,
        env = "BRIDGE_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    pub(crate) token: Option<String>,

    /// Who decides what the AI says: POST {URL}/v1/decisions. Without it the
    /// bridge mirrors tickets and stays silent.
    #[arg(long, env = "BRAIN_URL", value_name = "URL", value_parser = http_url)]
    pub(crate) brain_url: Option<Url>,

    /// Let an OpenAI-compatible chat endpoint decide instead, such as
    /// https://api.openai.com/v1; the key is taken from OPENAI_API_KEY.
    #[arg(long, env = "OPENAI_BASE_URL", value_name = "URL", value_parser = http_url, conflicts_with = "brain_url", requires = "openai_model")]
    pub(crate) openai_url: Option<Url>,

    /// The model to ask there.
    #[arg(long, env = "OPENAI_MODEL", value_name = "MODEL")]
    pub(crate) openai_model: Option<String>,

    /// Its key.
    #[arg(
        long,
        env = "OPENAI_API_KEY",
        hide_env_values = true,
        value_name = "KEY"
    )]
    pub(crate) openai_key: Option<String>,

    /// How long it may think about one answer, such as 45s. After three tries
    /// that took longer, or made no sense, people get the ticket.
    #[arg(long, env = "BRIDGE_BRAIN_TIMEOUT", default_value = "60s", value_name = "DURATION", value_parser = duration)]
    pub(crate) brain_timeout: Duration,

    /// Where *.freshdesk.com is reached instead of the public internet, such as
    /// http://127.0.0.1:8080; the Host header and the TLS name stay the domain's.
    #[arg(long, env = "FRESHDESK_ENDPOINT", value_name = "URL", value_parser = http_url)]
    pub(crate) freshdesk_endpoint: Option<Url>,

    /// Certificates to trust beside the public ones (PEM).
    #[arg(long, env = "SSL_CERT_FILE", value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,

    /// Where sessions, the queue and the settings are kept: `sqlite:PATH`,
    /// `memory`, or `postgres://…` for several replicas (they need the same
    /// BRIDGE_ENCRYPTION_KEY or --key-file).
    #[arg(
        long,
        env = "BRIDGE_STORE",
        default_value = "sqlite:reference-bridge.sqlite",
        value_name = "STORE"
    )]
    pub(crate) store: StoreChoice,

    /// How long the check whether the SQLite file is whole may hold up the start. A
    /// large file is checked to its end while the bridge works; if it is found to be
    /// damaged then, the bridge stops with exit code 3.
    #[arg(long, env = "BRIDGE_STORE_CHECK", default_value = "1s", value_name = "DURATION", value_parser = any_duration)]
    pub(crate) store_check: Duration,

    /// How long a ticket stays with a replica that gives no sign of life; the
    /// replicas' clocks must agree to well within it.
    #[arg(long, env = "BRIDGE_JOB_LEASE", default_value = "120s", value_name = "DURATION", value_parser = duration)]
    pub(crate) job_lease: Duration,

    /// The secret that seals the stored API key.
    #[arg(
        long,
        env = "BRIDGE_ENCRYPTION_KEY",
        hide_env_values = true,
        value_name = "SECRET",
        conflicts_with = "key_file"
    )]
    pub(crate) encryption_key: Option<String>,

    /// A file with that secret; made with a random one if it is not there
    /// [default: the SQLite file's name and `.key`].
    #[arg(long, env = "BRIDGE_KEY_FILE", value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,

    /// What to log to standard error: error, warn, info, debug, or a filter.
    #[arg(
        long,
        env = "BRIDGE_LOG",
        default_value = "info",
        value_name = "FILTER"
    )]
    pub(crate) log: String,

    /// Log one JSON object per line.
    #[arg(long, env = "BRIDGE_LOG_JSON")]
    pub(crate) log_json: bool,

    /// Serve POST /v1/testing/clock/advance (capability `clock`). Never in production.
    #[arg(long, env = "BRIDGE_TESTING_CLOCK")]
    pub(crate) testing_clock: bool,
}

/// What else the binary does.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check a live account, read-only, and name row, cause, place and fix of
    /// what is wrong.
    #[command(after_long_help = "\
EXAMPLE
  export FRESHDESK_API_KEY=…
  reference-bridge doctor --domain yourcompany.freshdesk.com \\
      --webhook-url https://bridge.example.com/webhooks/freshdesk/… --ticket 17

EXIT CODES
  0 nothing is wrong as far as it can be read   1 something is
  2 wrong use (flags, environment)              3 Freshdesk could not be asked")]
    Doctor(Doctor),
}

/// What the doctor is told.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// The account, such as yourcompany.freshdesk.com.
    #[arg(long)]
    pub(crate) domain: String,

    /// The OpenCX agent's API key.
    #[arg(
        long,
        env = "FRESHDESK_API_KEY",
        hide_env_values = true,
        value_name = "KEY"
    )]
    pub(crate) api_key: String,

    /// The webhook URL that the settings show.
    #[arg(long, value_name = "URL")]
    pub(crate) webhook_url: String,

    /// Intake: the AI takes every new ticket.
    #[arg(long)]
    pub(crate) auto_handle_all: bool,

    /// Intake: the default group.
    #[arg(long, value_name = "ID")]
    pub(crate) default_group: Option<i64>,

    /// The handoff agent.
    #[arg(long, value_name = "ID")]
    pub(crate) handoff_agent: Option<i64>,

    /// The handoff group.
    #[arg(long, value_name = "ID")]
    pub(crate) handoff_group: Option<i64>,

    /// The marker field.
    #[arg(long, value_name = "NAME")]
    pub(crate) marker_field: Option<String>,

    /// A ticket where the problem shows.
    #[arg(long, value_name = "ID")]
    pub(crate) ticket: Option<i64>,

    /// How to print what was found.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(crate) format: Format,

    /// As for the bridge.
    #[arg(long, env = "FRESHDESK_ENDPOINT", value_name = "URL", value_parser = http_url)]
    pub(crate) freshdesk_endpoint: Option<Url>,

    /// As for the bridge.
    #[arg(long, env = "SSL_CERT_FILE", value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
}

/// How the doctor prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object.
    Json,
}

/// Where things are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoreChoice {
    /// In memory.
    Memory,
    /// In this SQLite file.
    Sqlite(PathBuf),
    /// In this PostgreSQL database.
    Postgres(String),
}

impl FromStr for StoreChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "memory" => Ok(Self::Memory),
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path))),
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(text.to_owned())),
            _ => Err("expected sqlite:PATH or memory, or postgres://…".to_owned()),
        }
    }
}

/// What is said of text that is no duration.
const NO_DURATION: &str = "expected a duration such as 45s or 2m";

fn any_duration(text: &str) -> Result<Duration, String> {
    text.parse::<jiff::SignedDuration>()
        .ok()
        .and_then(|span| Duration::try_from(span).ok())
        .ok_or_else(|| NO_DURATION.to_owned())
}

fn duration(text: &str) -> Result<Duration, String> {
    let duration = any_duration(text)?;
    if duration.is_zero() {
        return Err(NO_DURATION.to_owned());
    }
    Ok(duration)
}

fn public_url(text: &str) -> Result<String, String> {
    http_url(text)?;
    Ok(text.trim_end_matches('/').to_owned())
}

fn http_url(text: &str) -> Result<Url, String> {
    let url =
        Url::parse(text).map_err(|error| format!("{error}; expected http://… or https://…"))?;
    if matches!(url.scheme(), "http" | "https") && url.has_host() {
        Ok(url)
    } else {
        Err("expected http://… or https://…".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_options_are_well_formed() {
        Options::command().debug_assert();
    }

    #[test]
    fn a_store_is_named_as_the_help_says() {
        assert_eq!("memory".parse(), Ok(StoreChoice::Memory));
        assert_eq!(
            "sqlite:/tmp/a.db".parse(),
            Ok(StoreChoice::Sqlite(PathBuf::from("/tmp/a.db")))
        );
        for wrong in ["", "sqlite:", "sqlite", "mysql:x"] {
            assert!(wrong.parse::<StoreChoice>().is_err(), "{wrong}");
        }
    }
}
