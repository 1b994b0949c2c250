//! JUnit XML, as CI servers read it.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::RunInfo;
use super::failure::explain;
use crate::runner::verdict::{Outcome, Verdict};

/// The report as XML text.
///
/// # Errors
/// If the XML can't be written, with the reason.
pub fn report(outcomes: &[Outcome], info: &RunInfo) -> Result<String, String> {
    let mut report = Report::new("harness");
    let mut suite = TestSuite::new(format!("scenarios ({} world)", info.world));
    for outcome in outcomes {
        let mut status = match &outcome.verdict {
            Verdict::Passed => TestCaseStatus::success(),
            Verdict::Failed { .. } => TestCaseStatus::non_success(NonSuccessKind::Failure),
            Verdict::HarnessError { .. } => TestCaseStatus::non_success(NonSuccessKind::Error),
            Verdict::KnownFailure { .. } | Verdict::NotTested { .. } => TestCaseStatus::skipped(),
        };
        match &outcome.verdict {
            Verdict::Passed => {}
            Verdict::Failed { failures } => {
                if let Some(first) = failures.first() {
                    status.set_type(first.clause.clone());
                    status.set_message(format!("expected {}; seen {}", first.expected, first.seen));
                }
                status.set_description(explain(outcome, info));
            }
            Verdict::HarnessError { message } => {
                status.set_message(message.clone());
            }
            Verdict::KnownFailure { reason, .. } | Verdict::NotTested { reason } => {
                status.set_message(reason.clone());
            }
        }
        let mut case = TestCase::new(outcome.name.clone(), status);
        case.set_classname(outcome.clauses.first().cloned().unwrap_or_default());
        case.set_time(outcome.real_time);
        suite.add_test_case(case);
    }
    report.add_test_suite(suite);
    report.to_string().map_err(|error| error.to_string())
}
