//! How time is read, and how it passes.

use std::time::Duration;

use jiff::Timestamp;

use super::WorldError;
use super::live_clock::LiveClock;

/// How often real time is spent on a look at a clock that others move.
const LOOK: Duration = Duration::from_millis(20);

/// The clock of the helpdesk.
#[derive(Clone)]
pub enum Time {
    /// Tokio's paused clock: it jumps when everybody waits.
    Simulated {
        /// The wall-clock time at the start.
        epoch: Timestamp,
        /// Tokio's time at the start.
        start: tokio::time::Instant,
    },
    /// The clocks of real programs, which the harness moves along.
    Live(LiveClock),
}

impl Time {
    /// The helpdesk's time.
    pub(crate) async fn now(&self) -> Result<Timestamp, WorldError> {
        match self {
            Self::Simulated { epoch, start } => {
                let elapsed = jiff::SignedDuration::try_from(start.elapsed()).unwrap_or_default();
                Ok(*epoch + elapsed)
            }
            Self::Live(clock) => clock.now().await,
        }
    }

    /// Lets helpdesk time pass; everything that falls due on the way happens.
    pub(crate) async fn pass(&self, duration: Duration) -> Result<(), WorldError> {
        match self {
            Self::Simulated { .. } => {
                tokio::time::sleep(duration).await;
                Ok(())
            }
            Self::Live(clock) => clock.pass(duration).await,
        }
    }

    /// Waits for helpdesk time to pass by itself, whoever moves it.
    pub(crate) async fn wait(&self, duration: Duration) -> Result<(), WorldError> {
        match self {
            Self::Simulated { .. } => {
                tokio::time::sleep(duration).await;
                Ok(())
            }
            Self::Live(clock) => {
                let until = clock.now().await?
                    + jiff::SignedDuration::try_from(duration).unwrap_or_default();
                while clock.now().await? < until {
                    tokio::time::sleep(LOOK).await;
                }
                Ok(())
            }
        }
    }

    /// In the live world: waits until neither side does anything for a moment.
    pub(crate) async fn settle(&self) -> Result<(), WorldError> {
        match self {
            Self::Simulated { .. } => Ok(()),
            Self::Live(clock) => clock.settle().await,
        }
    }

    /// Whether real programs are waited on.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self, Self::Live(_))
    }
}
