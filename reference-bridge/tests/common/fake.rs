//! The helpdesk of this project as a process. The bridge shares no code with it:
//! it is built by name, like the harness does it, and spoken to over HTTP.
#![allow(dead_code, reason = "each test target uses a part of it")]
#![allow(unreachable_pub, reason = "shared by test targets")]

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
};

use serde_json::Value;

const CONTROL_TOKEN: &str = "control-of-the-bridges-tests";

/// A running fake-freshdesk; killed when dropped.
pub struct Fake {
    child: Child,
    client: reqwest::Client,
    /// Where the v2 API is.
    pub api: String,
    control: String,
}

/// `fake-freshdesk`, built with the profile that this test was built with.
fn binary() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let folder = Path::new(env!("CARGO_BIN_EXE_reference-bridge"))
            .parent()
            .unwrap();
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .args(["build", "--quiet", "--bin", "fake-freshdesk"])
            .arg("--manifest-path")
            .arg(workspace)
            .arg("--target-dir")
            .arg(folder.parent().unwrap());
        if folder.ends_with("release") {
            cargo.arg("--release");
        }
        assert!(cargo.status().unwrap().success(), "fake-freshdesk is built");
        folder.join(format!("fake-freshdesk{}", std::env::consts::EXE_SUFFIX))
    })
}

impl Fake {
    /// Starts it without accounts.
    pub async fn start() -> Self {
        let mut child = Command::new(binary())
            .args(["--listen", "127.0.0.1:0", "--control-listen", "127.0.0.1:0"])
            .env("FAKE_FRESHDESK_CONTROL_TOKEN", CONTROL_TOKEN)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut api, mut control) = (None, None);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while api.is_none() || control.is_none() {
            let line = lines.next().expect("it names its listeners").unwrap();
            if let Some(url) = line.strip_prefix("listening api ") {
                api = Some(url.to_owned());
            } else if let Some(url) = line.strip_prefix("listening control ") {
                control = Some(url.to_owned());
            }
        }
        // It must never block on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let fake = Self {
            child,
            client: reqwest::Client::new(),
            api: api.unwrap(),
            control: control.unwrap(),
        };
        // It starts with an account to try out.
        fake.control("POST", "/reset", None).await;
        fake
    }

    /// A call of the control API, below `/control/v1`.
    pub async fn control(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let (status, answer) = self.try_control(method, path, body).await;
        assert!((200..300).contains(&status), "{method} {path}: {answer}");
        answer
    }

    /// The same, where a refusal is no surprise.
    pub async fn try_control(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}/control/v1{path}", self.control);
        let mut request = self
            .client
            .request(method.parse().unwrap(), url)
            .bearer_auth(CONTROL_TOKEN);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_default())
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One of the two rules as the settings' payload and URL make it.
pub fn rule(settings: &Value, updates: bool) -> Value {
    let webhook = &settings["webhook"];
    let payload = if updates {
        &webhook["ticket_updated_payload"]
    } else {
        &webhook["ticket_created_payload"]
    };
    let mut rule = serde_json::json!({
        "name": if updates { "OpenCX: ticket updates" } else { "OpenCX: ticket creation" },
        "active": true,
        "conditions": [],
        "actions": [{
            "field_name": "trigger_webhook", "request_type": "POST", "url": webhook["url"],
            "content_type": "JSON", "content_layout": "2", "content": payload,
        }],
    });
    if updates {
        rule["performer"] = serde_json::json!({"type": 3});
        rule["events"] = serde_json::json!([
            {"field_name": "reply_sent"},
            {"field_name": "note_type", "value": "any"},
            {"field_name": "status", "from": "--", "to": "--"},
        ]);
    }
    rule
}
