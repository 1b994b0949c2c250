//! The world a plan is played in: a Freshdesk, a bridge and a brain.
//!
//! | file | holds |
//! |---|---|
//! | [`simulated`] | everything in this thread, under tokio's paused clock |
//! | [`live`] | the two real binaries as processes, over sockets |
//! | [`programs`] | where those binaries are, and how they are built |
//! | [`http`] | one client for both: a router in memory or a socket |
//! | [`time`], [`live_clock`] | how time is read and how it passes |
//! | [`brain`] | the scripted brain that the bridge asks |
//! | [`disk`] | what outlives a bridge that is killed |
//! | `logs` | what live programs say on their outputs |
//! | [`cast`] | who plays: agents, groups, tickets by name |
//! | [`setup`] | an account, its people, its rules, and a connected bridge |

pub mod brain;
pub mod cast;
pub mod disk;
pub mod http;
pub mod live;
pub mod live_clock;
mod logs;
pub mod programs;
pub mod setup;
pub mod simulated;
pub mod time;

use serde::Serialize;

use crate::trace::recorder::Recorder;
use brain::Brain;
use http::Http;
use time::Time;

/// Which world plans are played in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum WorldKind {
    /// One process, virtual time: a day of helpdesk in milliseconds.
    #[default]
    Sim,
    /// The two real binaries as processes on loopback, over sockets.
    Live,
}

impl std::fmt::Display for WorldKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Sim => "simulated",
            Self::Live => "live",
        })
    }
}

/// A Freshdesk, a bridge and a brain that are up and can reach each other.
pub struct World {
    /// The fake's control API.
    pub(crate) control: Http,
    /// Freshdesk's own API, for programs other than the bridge.
    pub(crate) api: Http,
    /// The bridge's contract.
    pub(crate) bridge: Http,
    /// What the bridge asks.
    pub(crate) brain: Brain,
    /// The clock of the helpdesk.
    pub(crate) time: Time,
    /// The record of what happens.
    pub(crate) recorder: Recorder,
    /// Where the bridge runs, and how it is started again.
    pub(crate) host: BridgeHost,
    /// What live programs said; empty in the simulated world.
    pub(crate) logs: logs::Logs,
    /// What keeps the world up; dropped last.
    pub(crate) keeps: Box<dyn std::any::Any + Send>,
}

/// Where the bridge under test runs.
pub(crate) enum BridgeHost {
    /// In this thread.
    Simulated(simulated::SimulatedBridge),
    /// As a process.
    Live(Box<live::LiveBridge>),
}

impl World {
    /// Kills the bridge wherever it is and starts it again with what it kept.
    pub(crate) async fn restart_bridge(&self) -> Result<(), WorldError> {
        match &self.host {
            BridgeHost::Simulated(bridge) => bridge.restart().await,
            BridgeHost::Live(bridge) => bridge.restart().await,
        }
    }

    /// Whether the bridge declares a capability.
    pub(crate) async fn bridge_declares(&self, capability: &str) -> Result<bool, WorldError> {
        let health = self.bridge.get("/v1/health").await?;
        Ok(health.status == 200 && declares(&health.body, capability))
    }
}

/// Whether a bridge that answers `health` declares a capability.
fn declares(health: &serde_json::Value, capability: &str) -> bool {
    health
        .get("capabilities")
        .and_then(serde_json::Value::as_array)
        .is_some_and(|all| all.iter().any(|one| one == capability))
}

/// The world itself is broken: our fault, not the bridge's.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// A call of one of our own surfaces could not be made.
    #[error("{method} {url}: {reason}")]
    Unreachable {
        /// The method.
        method: String,
        /// The URL.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// A call was answered in a way that the harness can't go on with.
    #[error("{method} {url} answered {status}, wanted {wanted}: {body}")]
    Refused {
        /// The method.
        method: String,
        /// The URL.
        url: String,
        /// The status it answered with.
        status: u16,
        /// The status that was wanted.
        wanted: u16,
        /// The start of the body.
        body: String,
    },
    /// Something answered with a shape that is not in its contract.
    #[error("{0}")]
    Unexpected(String),
    /// The bridge did not do what a scenario can't begin without: its fault.
    #[error("{clause}: expected {expected}; seen: {seen}")]
    BridgeAtFault {
        /// The clause it breaks.
        clause: &'static str,
        /// What it should have done.
        expected: String,
        /// What it did.
        seen: String,
    },
    /// The journal's ring was too small for the run.
    #[error(
        "the fake's journal dropped {dropped} entries before they were read: raise --journal-capacity"
    )]
    JournalOverrun {
        /// How many are lost.
        dropped: u64,
    },
    /// A program can't be started.
    #[error("{program} does not start: {reason}")]
    Program {
        /// Which one.
        program: String,
        /// Why, with the next thing to do.
        reason: String,
    },
}

impl WorldError {
    pub(crate) fn unexpected(what: impl Into<String>) -> Self {
        Self::Unexpected(what.into())
    }
}
