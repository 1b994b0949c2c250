//! A fake-freshdesk process, and what can be asked of it.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use super::Result;
use super::load::Connection;

pub(super) const DOMAIN: &str = "yourcompany.freshdesk.com";
const TOKEN: &str = "side-by-side";
/// `BENCHKEY01:X`
pub(super) const CREDENTIALS: &str = "Basic QkVOQ0hLRVkwMTpY";

/// The process; it ends with this value.
pub(super) struct Fake {
    process: Child,
    /// Keeps the pipe open: whoever writes into a closed one may end.
    _said: BufReader<ChildStdout>,
    pub(super) api: SocketAddr,
    pub(super) control: SocketAddr,
}

impl Drop for Fake {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn address(line: &str) -> Result<SocketAddr> {
    let url = line.rsplit("http://").next().unwrap_or_default();
    Ok(url.trim().parse()?)
}

impl Fake {
    /// Starts the binary, with its default settings but for the ports.
    pub(super) fn start(binary: &Path) -> Result<Fake> {
        let mut process = Command::new(binary)
            .args(["--listen", "127.0.0.1:0", "--control-listen", "127.0.0.1:0"])
            .args(["--control-token", TOKEN])
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{}: {error}", binary.display()))?;
        let out = process.stdout.take().ok_or("no stdout")?;
        let mut said = BufReader::new(out);
        let mut line = || {
            let mut line = String::new();
            said.read_line(&mut line).map(|_| line)
        };
        let (api, control) = (address(&line()?)?, address(&line()?)?);
        Ok(Fake {
            process,
            _said: said,
            api,
            control,
        })
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// A call of the control API; its status.
    pub(super) async fn control(&self, method: &str, path: &str, body: &Value) -> Result<u16> {
        let mut connection = Connection::open(self.control, "localhost").await?;
        let bearer = format!("Bearer {TOKEN}");
        let body = body.to_string();
        let answer = connection
            .call(method, &format!("/control/v1{path}"), &bearer, Some(body))
            .await?;
        Ok(answer.status)
    }

    /// An account that no quota stops, in place of the one it starts with.
    pub(super) async fn account(&self) -> Result<()> {
        self.control("POST", "/reset", &Value::Null).await?;
        let most = u32::MAX;
        let account = json!({
            "domain": DOMAIN, "plan": "enterprise",
            "admin": {"name": "Ada", "email": "ada@example.com", "api_key": "BENCHKEY01"},
            "quota": {"total": most, "ticket_create": most, "ticket_update": most, "tickets_list": most, "contacts_list": most},
        });
        match self.control("POST", "/accounts", &account).await? {
            201 => Ok(()),
            status => Err(format!("no account could be made: {status}").into()),
        }
    }

    /// Memory in use (`VmRSS`) or its peak (`VmHWM`), in bytes; Linux tells.
    pub(super) fn memory(&self, which: &str) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(which))?;
        let number: String = line.chars().filter(char::is_ascii_digit).collect();
        number.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
    }
}
