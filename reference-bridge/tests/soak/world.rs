//! The processes: a helpdesk with faults, the bridge, a brain.

use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};

use crate::{
    fake::{Fake, rule},
    mind,
};

pub(crate) const DOMAIN: &str = "acme.freshdesk.com";
const TOKEN: &str = "token-of-the-soak";
const KEY: &str = "SOAKKEY12345";

/// A webhook is tried again after these many seconds, a sixtieth of the real ones.
const WEBHOOK_RETRIES: [u64; 3] = [5, 30, 60];

pub(crate) struct World {
    pub(crate) fake: Fake,
    pub(crate) restarts: u32,
    /// The OpenCX agent.
    pub(crate) ai: i64,
    pub(crate) reps: Vec<i64>,
    /// Where handed-off tickets go.
    pub(crate) group: i64,
    bridge: Child,
    folder: tempfile::TempDir,
    client: reqwest::Client,
    brain: String,
    listen: String,
}

impl World {
    pub(crate) async fn start(seed: u64) -> Self {
        let fake = Fake::start().await;
        let account = json!({
            "domain": DOMAIN, "plan": "enterprise",
            "admin": {"name": "Ada Admin", "email": "ada@acme.example"},
            "quota": {"total": 6000},
            "settings": {
                "webhook_retry_after_seconds": WEBHOOK_RETRIES,
                "webhook_hourly_cap": 1_000_000,
                "reopen_rule_covers_closed": true,
            },
        });
        fake.control("POST", "/accounts", Some(account)).await;
        let of_account = |path: &str| format!("/accounts/{DOMAIN}{path}");
        let agent = |name: &str, role: &str, key: Option<&str>| {
            let first = name.split(' ').next().unwrap().to_lowercase();
            let mut agent =
                json!({"name": name, "email": format!("{first}@acme.example"), "role": role});
            if let Some(key) = key {
                agent["api_key"] = json!(key);
            }
            agent
        };
        let made = |agent| fake.control("POST", "/accounts/acme.freshdesk.com/agents", Some(agent));
        let ai = made(agent("OpenCX AI", "Administrator", Some(KEY))).await["id"].clone();
        let mut reps = Vec::new();
        for name in ["Rita Rep", "Ralf Rep", "Ruth Rep"] {
            reps.push(
                made(agent(name, "Agent", None)).await["id"]
                    .as_i64()
                    .unwrap(),
            );
        }
        let group = json!({"name": "Second line", "agent_ids": reps});
        let group = fake
            .control("POST", &of_account("/groups"), Some(group))
            .await;
        let field = json!({"name": "cf_opencx_handed_off", "label": "OpenCX handed off", "type": "custom_checkbox"});
        fake.control("POST", &of_account("/ticket_fields"), Some(field))
            .await;
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let listen = free.local_addr().unwrap().to_string();
        drop(free);
        let brain = mind::listen().await;
        let folder = tempfile::tempdir().unwrap();
        let bridge = spawn(&listen, &fake.api, &brain, &folder);
        let group = group["id"].as_i64().unwrap();
        let world = Self {
            fake,
            restarts: 0,
            ai: ai.as_i64().unwrap(),
            reps,
            group,
            bridge,
            folder,
            client: reqwest::Client::new(),
            brain,
            listen,
        };
        let settings = json!({
            "domain": DOMAIN, "api_key": KEY, "auto_handle_all": true, "handoff_group_id": group,
        });
        let settings = world
            .bridge("PUT", "/v1/integrations/freshdesk", Some(settings))
            .await;
        for (kind, updates) in [(1, false), (4, true)] {
            let path = of_account(&format!("/rules/{kind}"));
            let made = Some(rule(&settings, updates));
            world.fake.control("POST", &path, made).await;
        }
        let chaos = json!({"settings": {"chaos_seed": seed}});
        let path = of_account("");
        world.fake.control("PATCH", &path, Some(chaos)).await;
        // And now and then one is lost without a word.
        for number in (9..4000).step_by(23) {
            let lost = json!({"on": "webhook", "calls": number.to_string(), "webhook": "lost"});
            world.control("POST", "/faults", lost).await;
        }
        world
    }

    /// A call of the control API below the account.
    pub(crate) async fn control(&self, method: &str, path: &str, body: Value) -> Value {
        let path = format!("/accounts/{DOMAIN}{path}");
        let body = (!body.is_null()).then_some(body);
        self.fake.control(method, &path, body).await
    }

    /// A call of the bridge, which must succeed.
    pub(crate) async fn bridge(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let (status, answer) = self.try_bridge(method, path, body).await.unwrap();
        assert!((200..300).contains(&status), "{method} {path}: {answer}");
        answer
    }

    async fn try_bridge(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Option<(u16, Value)> {
        let url = format!("http://{}{path}", self.listen);
        let request = self
            .client
            .request(method.parse().unwrap(), url)
            .bearer_auth(TOKEN);
        let request = match body {
            Some(body) => request.json(&body),
            None => request,
        };
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        Some((status, response.json().await.unwrap_or_default()))
    }

    async fn metric(&self, name: &str) -> f64 {
        let request = self.client.get(format!("http://{}/metrics", self.listen));
        let response = request.bearer_auth(TOKEN).send().await.unwrap();
        let text = response.text().await.unwrap();
        let value = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok();
        text.lines().find_map(value).unwrap()
    }

    /// Ends the bridge, by turns with kill -9 and by asking, and starts it again
    /// on its file; webhooks that come meanwhile find nobody.
    pub(crate) async fn restart(&mut self) {
        self.restarts += 1;
        if self.restarts.is_multiple_of(3) {
            let asked = Command::new("kill")
                .args(["-TERM", &self.bridge.id().to_string()])
                .status()
                .unwrap();
            assert!(asked.success());
            assert!(self.bridge.wait().unwrap().success(), "it stops when asked");
        } else {
            self.bridge.kill().unwrap();
            self.bridge.wait().unwrap();
        }
        let pause = u64::from(self.restarts % 4) * 300;
        tokio::time::sleep(Duration::from_millis(pause)).await;
        self.bridge = spawn(&self.listen, &self.fake.api, &self.brain, &self.folder);
    }

    /// Ends the faults and moves both clocks on, until the last webhook has been
    /// tried, what rests has been done and the sweep has found what was lost.
    pub(crate) async fn settle(&self) {
        let calm = json!({"settings": {"chaos_seed": null}});
        self.control("PATCH", "", calm).await;
        // What is under way ends in its own time.
        for _ in 0..120 {
            tokio::time::sleep(Duration::from_millis(250)).await;
            if self.metric("bridge_queue_depth").await <= 1.0 {
                break;
            }
        }
        const STEPS: u32 = 150;
        for step in 1..=STEPS {
            let minute = json!({"seconds": 60});
            self.fake
                .control("POST", "/time/advance", Some(minute.clone()))
                .await;
            self.bridge("POST", "/v1/testing/clock/advance", Some(minute))
                .await;
            tokio::time::sleep(Duration::from_millis(40)).await;
            if step % 50 == 0 {
                eprintln!("soak: settling, {step} of {STEPS} minutes");
            }
        }
        for _ in 0..240 {
            // The sweep's own line stays.
            if self.metric("bridge_queue_depth").await <= 1.0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        panic!("the queue does not empty");
    }

    /// What the faults did, for the report.
    pub(crate) async fn faults(&self) -> String {
        let journal = self
            .fake
            .control("GET", "/journal?kind=fault&limit=100000", None)
            .await;
        let struck = journal["items"].as_array().map_or(0, Vec::len);
        format!("at least {struck} faults")
    }

    /// Keeps the bridge's files for whoever looks into a failure.
    pub(crate) fn keep(&mut self) -> PathBuf {
        self.folder.disable_cleanup(true);
        self.folder.path().to_owned()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.bridge.kill();
        let _ = self.bridge.wait();
    }
}

fn spawn(listen: &str, freshdesk: &str, brain: &str, folder: &tempfile::TempDir) -> Child {
    let log = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.path().join("bridge.log"))
        .unwrap();
    let store = format!("sqlite:{}", folder.path().join("bridge.sqlite").display());
    let mut bridge = Command::new(env!("CARGO_BIN_EXE_reference-bridge"))
        .args(["--listen", listen, "--store", &store, "--testing-clock"])
        .args(["--freshdesk-endpoint", freshdesk, "--brain-url", brain])
        .args(["--log", "info,reference_bridge=debug"])
        .env("BRIDGE_TOKEN", TOKEN)
        .env_remove("SSL_CERT_FILE")
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(bridge.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    assert!(line.starts_with("listening "), "{line:?}");
    bridge
}
