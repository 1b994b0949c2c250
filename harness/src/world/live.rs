//! The live world: the two real binaries as processes on loopback.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::brain::Brain;
use super::http::{Http, over_sockets};
use super::live_clock::LiveClock;
use super::programs::Programs;
use super::time::Time;
use super::{World, WorldError};
use crate::trace::recorder::Recorder;

const CONTROL_TOKEN: &str = "control-of-the-live-world";
const BRIDGE_TOKEN: &str = "token-of-the-live-world";
/// How long a program may take to say where it listens.
const START_LIMIT: Duration = Duration::from_secs(20);

/// The processes of a live world; they are killed when it is dropped.
struct Processes {
    _fake: Child,
    _bridge: Child,
    _brain: AbortOnDrop,
    _state: tempfile::TempDir,
}

struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Starts the programs and waits until both listen.
pub(crate) async fn start(programs: &Programs) -> Result<World, WorldError> {
    let state = tempfile::tempdir()
        .map_err(|error| WorldError::unexpected(format!("no temporary folder: {error}")))?;
    let mut fake = spawn(
        "fake-freshdesk",
        Command::new(&programs.fake_freshdesk)
            .args(["--listen", "127.0.0.1:0", "--control-listen", "127.0.0.1:0"])
            .args(["--journal-capacity", "200000"])
            .env("FAKE_FRESHDESK_CONTROL_TOKEN", CONTROL_TOKEN),
    )?;
    let addresses = first_lines(
        "fake-freshdesk",
        &mut fake,
        &["listening api ", "listening control "],
    )
    .await?;
    let [api_url, control_url] = addresses.as_slice() else {
        return Err(WorldError::unexpected(
            "fake-freshdesk did not name both listeners",
        ));
    };

    let control = Http::new(over_sockets(), control_url, Some(CONTROL_TOKEN.to_owned()));
    // The program starts with an account to try out; scenarios bring their own.
    control
        .call(http::Method::POST, "/control/v1/reset", None)
        .await?
        .expect(204)?;
    let clock = LiveClock::new(control.clone());
    let time = Time::Live(clock.clone());
    let recorder = Recorder::new(control.clone(), time.clone());
    let brain = Brain::new(recorder.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .map_err(|error| WorldError::unexpected(format!("no port for the brain: {error}")))?;
    let brain_url = format!(
        "http://{}",
        listener
            .local_addr()
            .map_err(|error| WorldError::unexpected(error.to_string()))?
    );
    let router = brain.router();
    let serving = AbortOnDrop(tokio::spawn(async move {
        // Ends with the world; the bridge reports a brain that it can't reach.
        let _ = axum::serve(listener, router).await;
    }));

    let mut bridge = spawn(
        "reference-bridge",
        Command::new(&programs.reference_bridge)
            .current_dir(state.path())
            .arg("--store")
            .arg(format!(
                "sqlite:{}",
                state.path().join("bridge.sqlite").display()
            ))
            .env("BRIDGE_LISTEN", "127.0.0.1:0")
            .env("BRIDGE_TOKEN", BRIDGE_TOKEN)
            .env("BRIDGE_TESTING_CLOCK", "true")
            .env("BRAIN_URL", &brain_url)
            .env("FRESHDESK_ENDPOINT", api_url),
    )?;
    let addresses = first_lines("reference-bridge", &mut bridge, &["listening "]).await?;
    let Some(bridge_url) = addresses.first() else {
        return Err(WorldError::unexpected(
            "reference-bridge did not name its listener",
        ));
    };
    let bridge_http = Http::new(over_sockets(), bridge_url, Some(BRIDGE_TOKEN.to_owned()));
    let health = bridge_http.get("/v1/health").await?.expect(200)?;
    if declares(&health.body, "clock") {
        clock.move_along(bridge_http.clone());
    }
    Ok(World {
        control,
        bridge: bridge_http,
        brain,
        time,
        recorder,
        keeps: Box::new(Processes {
            _fake: fake,
            _bridge: bridge,
            _brain: serving,
            _state: state,
        }),
    })
}

/// Whether a bridge declares a capability.
fn declares(health: &serde_json::Value, capability: &str) -> bool {
    health
        .get("capabilities")
        .and_then(serde_json::Value::as_array)
        .is_some_and(|all| all.iter().any(|one| one == capability))
}

fn spawn(program: &str, command: &mut Command) -> Result<Child, WorldError> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| WorldError::Program {
            program: program.into(),
            reason: error.to_string(),
        })
}

/// Reads what a program says until it has named its listeners, then keeps
/// reading so that it never blocks on a full pipe.
async fn first_lines(
    program: &str,
    child: &mut Child,
    prefixes: &[&str],
) -> Result<Vec<String>, WorldError> {
    let failed = |reason: String| WorldError::Program {
        program: program.into(),
        reason,
    };
    let stdout = child
        .stdout
        .take()
        .ok_or_else(|| failed("it has no output".into()))?;
    let stderr = child
        .stderr
        .take()
        .ok_or_else(|| failed("it has no error output".into()))?;
    let complaint = tokio::spawn(async move {
        let mut kept = Vec::new();
        let mut lines = BufReader::new(stderr).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if kept.len() < 20 {
                kept.push(line);
            }
        }
        kept.join("\n")
    });
    let mut lines = BufReader::new(stdout).lines();
    let mut found = Vec::new();
    let reading = async {
        for prefix in prefixes {
            loop {
                match lines.next_line().await {
                    Ok(Some(line)) => {
                        if let Some(address) = line.strip_prefix(prefix) {
                            found.push(address.trim().to_owned());
                            break;
                        }
                    }
                    Ok(None) | Err(_) => return false,
                }
            }
        }
        true
    };
    match tokio::time::timeout(START_LIMIT, reading).await {
        Ok(true) => {
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            Ok(found)
        }
        Ok(false) => Err(failed(format!(
            "it ended:\n{}",
            complaint.await.unwrap_or_default()
        ))),
        Err(_) => Err(failed(format!(
            "it did not listen within {} s",
            START_LIMIT.as_secs()
        ))),
    }
}
