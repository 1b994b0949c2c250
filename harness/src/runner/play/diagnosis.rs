//! The diagnosis in a scenario: what it must name while something is broken,
//! and must no longer name after the fix.

use serde_json::Value;

use super::Player;
use crate::diagnosis;
use crate::plan::Phase;
use crate::runner::act::note_answer;
use crate::runner::judge::Seen;
use crate::scenario::document::ExpectedDiagnosis;
use crate::trace::line::plain;
use crate::trace::list;
use crate::world::WorldError;

impl Player<'_> {
    /// The diagnosis must name the expected cause first.
    pub(super) async fn diagnosis(&mut self) -> Result<bool, WorldError> {
        let Some(expected) = &self.plan.document.diagnosis else {
            return Ok(true);
        };
        self.begin(Phase::Diagnosis).await?;
        let findings = self.findings().await?;
        let named = findings.first();
        self.bridges_own_diagnosis(expected).await?;
        let fits = named.is_some_and(|finding| {
            finding.clause == expected.row.value
                && finding.cause == expected.cause.value
                && expected
                    .value
                    .place
                    .as_ref()
                    .is_none_or(|place| finding.place.contains(place.as_str()))
        });
        if fits {
            return Ok(self.failures.is_empty());
        }
        let seen = match named {
            None => "the diagnosis finds nothing".to_owned(),
            Some(finding) => format!("{}: {} ({})", finding.clause, finding.cause, finding.place),
        };
        let mut wanted = format!(
            "the diagnosis names {}: {}",
            expected.row.value, expected.cause.value
        );
        if let Some(place) = &expected.value.place {
            wanted.push_str(&format!(" ({place})"));
        }
        self.fail_diagnosis(
            Phase::Diagnosis,
            Some(expected.row.place.line),
            wanted,
            seen,
        )
        .await?;
        Ok(false)
    }

    /// After the fix the diagnosis must no longer name the cause.
    pub(super) async fn diagnosis_after_fix(&mut self) -> Result<(), WorldError> {
        let Some(expected) = &self.plan.document.diagnosis else {
            return Ok(());
        };
        let findings = self.findings().await?;
        let still = findings.iter().find(|finding| {
            finding.clause == expected.row.value && finding.cause == expected.cause.value
        });
        if let Some(still) = still {
            let wanted = format!(
                "after the fix the diagnosis no longer names {}: {}",
                still.clause, still.cause
            );
            let seen = format!("it still does: {}", still.evidence.join("; "));
            self.fail_diagnosis(Phase::Gone, Some(expected.row.place.line), wanted, seen)
                .await?;
        }
        Ok(())
    }

    /// A bridge that declares `diagnosis` must name the row and the place too.
    async fn bridges_own_diagnosis(
        &mut self,
        expected: &ExpectedDiagnosis,
    ) -> Result<(), WorldError> {
        if !self.world.bridge_declares("diagnosis").await? {
            return Ok(());
        }
        let query = match &expected.ticket {
            Some(ticket) => format!("?ticket_id={}", self.cast.ticket(ticket)?),
            None => String::new(),
        };
        let path = format!("/v1/diagnosis{query}");
        let answer = self.world.bridge.get(&path).await?;
        note_answer(self.world, "diagnosis_call", "GET", &path, &answer).await?;
        let findings = list(&answer.body, "/findings");
        let text = |finding: &Value, field: &str| finding.get(field).map(plain).unwrap_or_default();
        let fits = findings.iter().any(|finding| {
            text(finding, "clause") == expected.row.value
                && expected
                    .place
                    .as_ref()
                    .is_none_or(|place| text(finding, "place").contains(place.as_str()))
        });
        if fits {
            return Ok(());
        }
        let mut wanted = format!("the bridge's own diagnosis names {}", expected.row.value);
        if let Some(place) = &expected.place {
            wanted.push_str(&format!(" and the place “{place}”"));
        }
        let named: Vec<String> = findings
            .iter()
            .map(|finding| {
                format!(
                    "{}: {} ({})",
                    text(finding, "clause"),
                    text(finding, "cause"),
                    text(finding, "place")
                )
            })
            .collect();
        let seen = if named.is_empty() {
            format!("it answers {} and finds nothing", answer.status)
        } else {
            named.join(" · ")
        };
        self.fail_diagnosis(
            Phase::Diagnosis,
            Some(expected.row.place.line),
            wanted,
            seen,
        )
        .await
    }

    async fn findings(&self) -> Result<Vec<diagnosis::Finding>, WorldError> {
        let ticket = self
            .plan
            .document
            .diagnosis
            .as_ref()
            .and_then(|expected| expected.ticket.as_ref())
            .map(|name| self.cast.ticket(name))
            .transpose()?;
        diagnosis::observe::observe(self.world, ticket).await?;
        Ok(self
            .world
            .recorder
            .with(|trace| diagnosis::diagnose(trace, self.catalogue))
            .await)
    }

    async fn fail_diagnosis(
        &mut self,
        phase: Phase,
        line: Option<usize>,
        expected: String,
        seen: String,
    ) -> Result<(), WorldError> {
        let clause = self.first_clause();
        let at = self.world.time.now().await?;
        let entries = self
            .world
            .recorder
            .with(|trace| {
                trace
                    .last("observed", |_| true)
                    .map(|entry| entry.n)
                    .into_iter()
                    .collect()
            })
            .await;
        let seen = Seen {
            what: seen,
            entries,
        };
        self.fail(phase, &clause, line, at, expected, seen);
        Ok(())
    }
}
