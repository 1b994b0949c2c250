//! The real binary as a process.
#![allow(dead_code, reason = "each test target uses a part of it")]
#![allow(unreachable_pub, reason = "shared by test targets")]

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use serde_json::Value;

pub const TOKEN: &str = "process-token";

pub fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_reference-bridge"));
    for variable in [
        "BRIDGE_LISTEN",
        "BRIDGE_PUBLIC_URL",
        "BRIDGE_TOKEN",
        "BRAIN_URL",
        "FRESHDESK_ENDPOINT",
        "SSL_CERT_FILE",
        "BRIDGE_STORE",
        "BRIDGE_STORE_CHECK",
        "BRIDGE_CONFIG",
        "BRIDGE_ENCRYPTION_KEY",
        "BRIDGE_KEY_FILE",
        "BRIDGE_BRAIN_TIMEOUT",
        "BRIDGE_JOB_LEASE",
    ] {
        command.env_remove(variable);
    }
    command.env("BRIDGE_TOKEN", TOKEN);
    command
}

/// The same by way of another command, such as a shell that sets a limit and then
/// becomes the bridge.
pub fn command_through(through: &[&str]) -> Command {
    let bridge = command();
    let mut outer = Command::new(through[0]);
    outer.args(&through[1..]).arg(bridge.get_program());
    for (name, value) in bridge.get_envs() {
        match value {
            Some(value) => outer.env(name, value),
            None => outer.env_remove(name),
        };
    }
    outer
}

/// A running bridge; killed when dropped.
pub struct Process {
    pub child: Child,
    pub url: String,
}

impl Process {
    pub fn start(freshdesk: &str, brain: &str, store: &str) -> Self {
        Self::spawn(command(), freshdesk, brain, store)
    }

    /// The same by way of another command.
    pub fn start_through(through: &[&str], freshdesk: &str, brain: &str, store: &str) -> Self {
        Self::spawn(command_through(through), freshdesk, brain, store)
    }

    /// One with these options on top; in memory, if they name no store.
    pub fn start_with(freshdesk: &str, options: &[&str]) -> Self {
        let mut command = command();
        if !options.contains(&"--store") {
            command.args(["--store", "memory"]);
        }
        command.args(options);
        command.env("FRESHDESK_ENDPOINT", freshdesk);
        Self::listening(command)
    }

    fn spawn(mut command: Command, freshdesk: &str, brain: &str, store: &str) -> Self {
        command.args(["--store", store]);
        command
            .env("FRESHDESK_ENDPOINT", freshdesk)
            .env("BRAIN_URL", brain);
        Self::listening(command)
    }

    pub fn listening(mut command: Command) -> Self {
        let mut child = command
            .args(["--listen", "127.0.0.1:0", "--log", "error"])
            .arg("--testing-clock")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line
            .trim_end()
            .strip_prefix("listening ")
            .unwrap_or_else(|| panic!("{line:?}"))
            .to_owned();
        Self { child, url }
    }

    /// Sends it a signal, such as `STOP`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args(["-s", name, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success(), "kill -s {name}");
    }

    pub async fn call(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let mut request = reqwest::Client::new()
            .request(method.parse().unwrap(), format!("{}{path}", self.url))
            .bearer_auth(TOKEN);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_default())
    }

    /// The history of a ticket's session, of which there must be one.
    pub async fn history_of(&self, ticket: impl std::fmt::Display) -> Vec<Value> {
        let path = format!("/v1/sessions?ticket_id={ticket}");
        let (_, sessions) = self.call("GET", &path, None).await;
        let sessions = sessions["items"].as_array().unwrap();
        assert_eq!(sessions.len(), 1, "ticket {ticket} has one session");
        let path = format!(
            "/v1/sessions/{}/history",
            sessions[0]["id"].as_str().unwrap()
        );
        let (_, history) = self.call("GET", &path, None).await;
        history["items"].as_array().unwrap().clone()
    }

    /// What a path answers, as text.
    pub async fn text(&self, path: &str) -> String {
        reqwest::Client::new()
            .get(format!("{}{path}", self.url))
            .bearer_auth(TOKEN)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    }

    /// A call that a dead process may leave unanswered.
    pub async fn try_call(&self, method: &str, path: &str, body: Option<Value>) -> Option<u16> {
        let mut request = reqwest::Client::new()
            .request(method.parse().unwrap(), format!("{}{path}", self.url))
            .bearer_auth(TOKEN);
        if let Some(body) = body {
            request = request.json(&body);
        }
        Some(request.send().await.ok()?.status().as_u16())
    }

    pub async fn webhook(&self, settings: &Value, ticket: i64) -> u16 {
        self.try_webhook(settings, ticket).await.unwrap()
    }

    pub async fn try_webhook(&self, settings: &Value, ticket: i64) -> Option<u16> {
        let body = settings["webhook"]["ticket_created_payload"]
            .as_str()
            .unwrap()
            .replace("{{ticket.id}}", &ticket.to_string());
        let response = reqwest::Client::new()
            .post(format!("{}{}", self.url, webhook_path(settings)))
            .header("content-type", "application/json; charset=utf-8")
            .body(body)
            .send()
            .await;
        Some(response.ok()?.status().as_u16())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn webhook_path(settings: &Value) -> String {
    let url = settings["webhook"]["url"].as_str().unwrap();
    url[url.find("/webhooks/").unwrap()..].to_owned()
}
