//! The command line.

use std::net::SocketAddr;

use clap::Parser;
use fake_freshdesk::Plan;

const EXAMPLES: &str = "\
Examples:
  fake-freshdesk
      starts with a ready account, yourcompany.freshdesk.com, and prints its API key

  fake-freshdesk --account acme.freshdesk.com:growth --listen 127.0.0.1:0 --control-listen 127.0.0.1:0
      takes free ports and prints them: `listening api http://127.0.0.1:PORT`

  fake-freshdesk --tls --tls-listen 127.0.0.1:8443
      prints `tls ca PATH`; then
      curl --cacert PATH --connect-to yourcompany.freshdesk.com:443:127.0.0.1:8443 \\
           -u API_KEY:X https://yourcompany.freshdesk.com/api/v2/agents/me

  curl -u API_KEY:X -H 'Host: acme.freshdesk.com' http://127.0.0.1:8080/api/v2/tickets
      asks one account by its Host; with only one account, no Host is needed

Exit codes: 0 ended, 2 wrong usage or a port that is taken.";

/// A Freshdesk you can hold in your hand: REST API v2, automation rules and
/// webhooks, in memory.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Where the v2 API listens; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(crate) listen: SocketAddr,

    /// Where the control API listens; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8081")]
    pub(crate) control_listen: SocketAddr,

    /// The bearer token of the control API; made up and printed if absent
    #[arg(
        long,
        value_name = "TOKEN",
        env = "FAKE_FRESHDESK_CONTROL_TOKEN",
        hide_env_values = true
    )]
    pub(crate) control_token: Option<String>,

    /// A host besides loopback that webhooks may call (repeatable)
    #[arg(long, value_name = "HOST")]
    pub(crate) allow_webhook_host: Vec<String>,

    /// Time runs so many times faster
    #[arg(long, value_name = "N", value_parser = scale)]
    pub(crate) time_scale: Option<f64>,

    /// How many entries the journal keeps
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    pub(crate) journal_capacity: usize,

    /// A world to begin with: accounts, agents, rules, tickets (YAML or JSON)
    #[arg(long, value_name = "FILE", conflicts_with = "account")]
    pub(crate) seed_file: Option<std::path::PathBuf>,

    /// Calls and webhooks meet faults drawn from this seed
    #[arg(long, value_name = "SEED")]
    pub(crate) chaos: Option<u64>,

    /// Also listen with TLS, under a certificate of a CA made for this run
    #[arg(long)]
    pub(crate) tls: bool,

    /// Where TLS listens; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8443")]
    pub(crate) tls_listen: SocketAddr,

    /// Where the CA's certificate is written; a temporary file if absent
    #[arg(long, value_name = "FILE")]
    pub(crate) tls_ca: Option<std::path::PathBuf>,

    /// An account and its plan: free, growth, pro, enterprise or trial (repeatable)
    #[arg(long, value_name = "DOMAIN:PLAN", value_parser = account)]
    pub(crate) account: Vec<(String, Plan)>,
}

fn scale(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(scale) if scale > 0.0 && scale.is_finite() => Ok(scale),
        _ => Err(format!("`{text}` is no factor above 0, such as 60")),
    }
}

fn account(text: &str) -> Result<(String, Plan), String> {
    let (domain, plan) = text
        .split_once(':')
        .ok_or_else(|| format!("write DOMAIN:PLAN, such as `{text}:growth`"))?;
    Ok((domain.to_owned(), plan.parse()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_arguments_say_what_is_right() {
        let error = |text: &[&str]| {
            let args = std::iter::once("fake-freshdesk").chain(text.iter().copied());
            Args::try_parse_from(args)
                .map(|_| ())
                .map_err(|error| error.to_string())
                .unwrap_err()
        };
        assert!(error(&["--account", "acme.freshdesk.com"]).contains("acme.freshdesk.com:growth"));
        assert!(error(&["--account", "a.freshdesk.com:gold"]).contains("growth, pro, enterprise"));
        assert!(error(&["--time-scale", "0"]).contains("above 0"));
        assert!(error(&["--listen", "8080"]).contains("invalid socket address"));
    }
}
