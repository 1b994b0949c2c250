//! What people are told of a failure: clause and the guide's name for it, what
//! was expected and seen, the few trace lines that matter, and the command that
//! repeats just this case. Each message is what a known-bad bridge gets.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    missing_docs,
    reason = "a test that cannot go on has failed"
)]

use std::path::Path;

use harness::clauses::Catalogue;
use harness::known_bad;
use harness::plan::load;
use harness::report::RunInfo;
use harness::report::failure::explain;
use harness::runner::suite::Suite;
use harness::runner::verdict::Verdict;

/// Plays a file's first case with a known-bad bridge and returns what the failure says.
fn complaint(file: &str, bridge: &str) -> String {
    let catalogue = Catalogue::built_in().unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let plans = load(&[path.display().to_string()], &catalogue).unwrap();
    let suite = Suite {
        bridge: known_bad::named(bridge).unwrap().bridge(),
        ..Suite::default()
    };
    let outcome = plans
        .iter()
        .map(|plan| suite.play_one(plan, &catalogue))
        .find(|outcome| outcome.verdict != Verdict::Passed)
        .unwrap();
    assert!(
        matches!(outcome.verdict, Verdict::Failed { .. }),
        "{file}: {:?}",
        outcome.verdict
    );
    let info = RunInfo {
        world: "simulated".into(),
        seed: 0,
        seconds: 0.0,
    };
    let root = format!("{}/", env!("CARGO_MANIFEST_DIR"));
    explain(&outcome, &info).replace(&root, "scenarios/")
}

macro_rules! messages {
    ($($test:ident: $bridge:literal in $file:literal;)*) => {
        $(
            #[test]
            fn $test() {
                insta::assert_snapshot!(complaint($file, $bridge));
            }
        )*
    };
}

messages! {
    a_symptom_that_is_hidden: "hides a missing rule by polling" in "symptoms/sym_1b_creation_rule_missing.yaml";
    a_diagnosis_that_names_nothing: "names no cause at all" in "symptoms/sym_2a_updates_rule_missing.yaml";
    a_handoff_that_is_not_routed: "never sets the marker" in "symptoms/sym_4a_marker_field_missing.yaml";
    a_session_that_stays_open: "takes a resolved ticket for an open one" in "symptoms/sym_5a_updates_rule_lacks_status_event.yaml";
    a_bundle_without_history: "bundles no history" in "symptoms/sym_6_support_bundle.yaml";
    a_verify_with_the_wrong_words: "says “internal error” for a wrong key" in "verification/ver_4_wrong_key.yaml";
    a_key_that_is_shown: "shows the key" in "verification/ver_6_key_never_shown.yaml";
    a_bridge_that_can_not_be_set_up: "wants the account's owner as its agent" in "flow/flw_4_autopilot_keeps_tags.yaml";
    an_edited_payload_that_is_taken: "answers 202 to a payload it can't read" in "webhooks/whk_2_payload_edited_by_hand.yaml";
    a_webhook_that_is_answered_late: "does the work before it answers the webhook" in "webhooks/whk_7_answered_fast_never_trusted.yaml";
    a_queue_that_is_forgotten: "forgets the queue on restart" in "webhooks/whk_9_accepted_events_survive.yaml";
    a_gate_that_is_ignored: "takes every ticket" in "intake/int_2_assigned_only.yaml";
    a_second_answer: "answers twice" in "flow/flw_4_autopilot_keeps_tags.yaml";
    a_lost_page: "skips page two of the conversations" in "flow/flw_2_whole_thread.yaml";
    a_note_after_the_routing: "routes before it notes" in "handoff/hnd_1_order.yaml";
    an_answer_to_a_rep_s_ticket: "answers a ticket that a rep owns" in "flow/rsm_1_rep_owns_ticket.yaml";
    a_retry_too_early: "retries a millisecond before Retry-After" in "limits/lim_1_rate_limit_retries.yaml";
    a_burst_that_takes_too_long: "uses half of the quota" in "limits/lim_3_burst.yaml";
    an_import_of_too_much: "backfills resolved tickets" in "limits/lim_6_backfill_window.yaml";
    credentials_that_go_elsewhere: "follows redirects with its key" in "security/sec_2_credentials_go_to_freshdesk_only.yaml";
    a_summary_in_public: "posts the summary publicly" in "handoff/hnd_1_order.yaml";
}
