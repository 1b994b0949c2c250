//! The live world: the two real binaries as processes on loopback.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, Command};

use super::brain::Brain;
use super::http::{Http, over_sockets};
use super::live_clock::LiveClock;
use super::logs::Logs;
use super::programs::Programs;
use super::time::Time;
use super::{BridgeHost, World, WorldError, declares};
use crate::trace::recorder::Recorder;

const CONTROL_TOKEN: &str = "control-of-the-live-world";
const BRIDGE_TOKEN: &str = "token-of-the-live-world";
/// How long a program may take to say where it listens.
const START_LIMIT: Duration = Duration::from_secs(20);

/// How many lines of a program that ended are shown.
const MOST_COMPLAINTS: usize = 20;

/// What a live world keeps up; processes are killed when it is dropped.
struct Processes {
    _fake: Child,
    _brain: AbortOnDrop,
}

/// The bridge's process, and all that is needed to start it again.
pub(crate) struct LiveBridge {
    programs: Programs,
    state: tempfile::TempDir,
    brain_url: String,
    freshdesk_url: String,
    /// The port it got at its first start; a restarted bridge listens there again.
    listen: std::sync::OnceLock<String>,
    process: tokio::sync::Mutex<Option<Child>>,
    clock: LiveClock,
    logs: Logs,
}

impl LiveBridge {
    /// Starts the process and gives its address.
    async fn start(&self) -> Result<String, WorldError> {
        let listen = self.listen.get().map_or("127.0.0.1:0", String::as_str);
        let mut bridge = spawn(
            "reference-bridge",
            Command::new(&self.programs.reference_bridge)
                .current_dir(self.state.path())
                .arg("--store")
                .arg(format!(
                    "sqlite:{}",
                    self.state.path().join("bridge.sqlite").display()
                ))
                .env("BRIDGE_LISTEN", listen)
                .env("BRIDGE_TOKEN", BRIDGE_TOKEN)
                .env("BRIDGE_TESTING_CLOCK", "true")
                .env("BRAIN_URL", &self.brain_url)
                .env("FRESHDESK_ENDPOINT", &self.freshdesk_url),
        )?;
        let addresses =
            first_lines("reference-bridge", &mut bridge, &["listening "], &self.logs).await?;
        let Some(url) = addresses.into_iter().next() else {
            return Err(WorldError::unexpected(
                "reference-bridge did not name its listener",
            ));
        };
        let authority = url.trim_start_matches("http://").trim_end_matches('/');
        // Set at the first start; later ones listen at the same address.
        let _ = self.listen.set(authority.to_owned());
        *self.process.lock().await = Some(bridge);
        Ok(url)
    }

    /// Kills the process (as `kill -9` does) and starts it again on the same state.
    pub(crate) async fn restart(&self) -> Result<(), WorldError> {
        if let Some(mut process) = self.process.lock().await.take() {
            process
                .kill()
                .await
                .map_err(|error| WorldError::unexpected(format!("kill -9: {error}")))?;
        }
        self.start().await?;
        self.clock.catch_up().await
    }
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
    let logs = Logs::default();
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
        &logs,
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
    let brain = Brain::new(recorder.clone(), time.clone());
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

    let bridge = LiveBridge {
        programs: programs.clone(),
        state,
        brain_url,
        freshdesk_url: api_url.clone(),
        listen: std::sync::OnceLock::new(),
        process: tokio::sync::Mutex::new(None),
        clock: clock.clone(),
        logs: logs.clone(),
    };
    let bridge_url = bridge.start().await?;
    let bridge_http = Http::new(over_sockets(), bridge_url, Some(BRIDGE_TOKEN.to_owned()));
    let health = bridge_http.get("/v1/health").await?.expect(200)?;
    if declares(&health.body, "clock") {
        clock.move_along(bridge_http.clone());
    }
    Ok(World {
        control,
        api: Http::new(over_sockets(), api_url.clone(), None),
        bridge: bridge_http,
        brain,
        time,
        recorder,
        host: BridgeHost::Live(Box::new(bridge)),
        logs,
        keeps: Box::new(Processes {
            _fake: fake,
            _brain: serving,
        }),
    })
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

/// Keeps what a program says, to its end.
async fn keep(mut lines: Lines<impl AsyncBufRead + Unpin>, program: &'static str, logs: Logs) {
    while let Ok(Some(line)) = lines.next_line().await {
        logs.add(program, line);
    }
}

/// Reads what a program says until it has named its listeners, then keeps
/// reading so that it never blocks on a full pipe.
async fn first_lines(
    program: &'static str,
    child: &mut Child,
    prefixes: &[&str],
    logs: &Logs,
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
    let complaint = tokio::spawn(keep(BufReader::new(stderr).lines(), program, logs.clone()));
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
            tokio::spawn(keep(lines, program, logs.clone()));
            Ok(found)
        }
        Ok(false) => {
            // It ended, so its error output ends too; what it says there is why.
            let _ = complaint.await;
            let why = logs.beginning(program, MOST_COMPLAINTS);
            Err(failed(format!("it ended:\n{why}")))
        }
        Err(_) => Err(failed(format!(
            "it did not listen within {} s",
            START_LIMIT.as_secs()
        ))),
    }
}
