//! The bridge's binary as a process, with its SQLite file in a temporary folder.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

const TOKEN: &str = "token-of-the-bench";

/// A running, connected bridge; killed when dropped.
pub(crate) struct Bridge {
    child: Child,
    _folder: tempfile::TempDir,
    client: reqwest::Client,
    url: String,
    /// Where webhooks go.
    pub(crate) webhook_url: String,
    payload: String,
}

impl Bridge {
    /// Starts it and connects `acme.freshdesk.com`, which is at `world`.
    pub(crate) async fn connected(world: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = format!("sqlite:{}", folder.path().join("b.sqlite").display());
        let mut command = command(&store);
        command.args(["--freshdesk-endpoint", world, "--brain-url", world]);
        let (child, url) = listening(command);
        let mut bridge = Self {
            child,
            _folder: folder,
            client: reqwest::Client::new(),
            url,
            webhook_url: String::new(),
            payload: String::new(),
        };
        let settings = json!({
            "domain": "acme.freshdesk.com", "api_key": "bench-key", "auto_handle_all": true
        });
        let settings = bridge
            .call("PUT", "/v1/integrations/freshdesk", Some(settings))
            .await;
        let text = |field: &str| settings["webhook"][field].as_str().unwrap().to_owned();
        bridge.webhook_url = text("url");
        bridge.payload = text("ticket_created_payload");
        bridge
    }

    /// What Rule 1 sends for a ticket.
    pub(crate) fn payload(&self, ticket: usize) -> String {
        self.payload.replace("{{ticket.id}}", &ticket.to_string())
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let mut request = self
            .client
            .request(method.parse().unwrap(), format!("{}{path}", self.url))
            .bearer_auth(TOKEN);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        assert!(response.status().is_success(), "{method} {path}");
        response.json().await.unwrap()
    }

    /// A figure of `/metrics`.
    pub(crate) async fn metric(&self, name: &str) -> f64 {
        let request = self.client.get(format!("{}/metrics", self.url));
        let response = request.bearer_auth(TOKEN).send().await.unwrap();
        let text = response.text().await.unwrap();
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
            .unwrap()
            .parse()
            .unwrap()
    }

    /// Resident memory now and at its highest, in MiB; Linux tells.
    pub(crate) fn memory(&self) -> Option<(f64, f64)> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).ok()?;
        let kib = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name))?;
            line.split_whitespace().nth(1)?.parse::<f64>().ok()
        };
        Some((kib("VmRSS:")? / 1024.0, kib("VmHWM:")? / 1024.0))
    }
}

/// The bridge over a store.
pub(crate) fn command(store: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reference-bridge"));
    command
        .args(["--listen", "127.0.0.1:0", "--log", "error"])
        .args(["--testing-clock", "--store", store])
        .env("BRIDGE_TOKEN", TOKEN)
        .env_remove("SSL_CERT_FILE")
        .stdout(Stdio::piped());
    command
}

/// Starts it, and gives its address once it listens.
pub(crate) fn listening(mut command: Command) -> (Child, String) {
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let url = line.trim_end().strip_prefix("listening ").unwrap();
    (child, url.to_owned())
}

impl Drop for Bridge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
