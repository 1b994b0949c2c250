//! What is judged when the steps are over: the invariants, and whether the run
//! met what it was meant to meet.

use serde_json::json;

use super::Player;
use crate::plan::Phase;
use crate::runner::judge::Seen;
use crate::runner::{invariants, meetings};
use crate::trace::Source;
use crate::world::WorldError;

impl Player<'_> {
    /// Lines of the bridge's output that hold a key become entries, since
    /// verdicts read nothing but the trace. (The fake says the key of the account
    /// it starts with, for whoever wants to try it.)
    async fn read_logs(&self) -> Result<(), WorldError> {
        let keys: Vec<&str> = self.cast.keys().collect();
        for line in self.world.logs.holding("reference-bridge", &keys) {
            let data = json!({ "program": line.program, "text": line.text });
            self.world
                .recorder
                .note(Source::Bridge, "log_line", None, data)
                .await?;
        }
        Ok(())
    }

    pub(super) async fn invariants(&mut self) -> Result<(), WorldError> {
        self.read_logs().await?;
        self.world.recorder.catch_up().await?;
        let breaches = self
            .world
            .recorder
            .with(|trace| invariants::breaches(trace, &self.cast))
            .await;
        let now = self.world.time.now().await?;
        let tolerated = |clause: &str| {
            let tolerates = &self.plan.document.tolerates;
            tolerates.iter().any(|known| known.value == clause)
        };
        for breach in breaches {
            if tolerated(breach.clause) {
                continue;
            }
            let at = self
                .world
                .recorder
                .with(|trace| {
                    breach
                        .entries
                        .last()
                        .and_then(|n| trace.get(*n))
                        .map(|entry| entry.at)
                })
                .await
                .unwrap_or(now);
            let seen = Seen {
                what: breach.seen,
                entries: breach.entries,
            };
            let expected = breach.invariant.to_owned();
            self.fail(Phase::Invariants, breach.clause, None, at, expected, seen);
        }
        Ok(())
    }

    pub(super) async fn meetings(&mut self) -> Result<(), WorldError> {
        let at = self.world.time.now().await?;
        for meeting in &self.plan.document.meets {
            if !self
                .world
                .recorder
                .with(|trace| meetings::met(trace, *meeting))
                .await
            {
                let clause = self.first_clause();
                let expected = format!("the run meets {}", meetings::words(*meeting));
                let seen = Seen {
                    what: "it never did, so nothing was tested".to_owned(),
                    entries: Vec::new(),
                };
                self.fail(Phase::Play, &clause, None, at, expected, seen);
            }
        }
        Ok(())
    }
}
