//! Bridges with one policy replaced.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reference_bridge::Policies;
use reference_bridge::policies::{
    AfterAmbiguousPost, Answering, GateFacts, HandoffOrder, HonourRetryAfter, IntakeGate,
    LeftToPeople, Privacy, Recheck, Retry, Silence, SilenceFacts, SweepScope, TagWriting,
    ThreadPages,
};

use super::{Defect, KnownBad};

const fn bad(name: &'static str, clause: &'static str, replace: fn(&mut Policies)) -> KnownBad {
    KnownBad {
        name,
        clause,
        defect: Defect::Policy(replace),
    }
}

pub(super) const ALL: &[KnownBad] = &[
    bad("hides a missing rule by polling", "SYM-1", |p| {
        p.sweep_scope = SweepScope::Everything;
    }),
    bad("answers each missed follow-up by itself", "SYM-2", |p| {
        p.answering = Answering::OneForEach;
    }),
    bad("sweeps once a week", "WHK-10", |p| {
        p.sweep_interval = Some(Duration::from_secs(7 * 24 * 3600));
    }),
    bad(
        "leaves new tickets that a rep owns although auto-handle is on",
        "INT-1",
        |p| {
            p.gate = gate(|f| f.auto_handle_all && f.responder_id.is_none() || assigned_only(f));
        },
    ),
    bad("takes every ticket", "INT-2", |p| p.gate = gate(|_| true)),
    bad("reads auto-handle once", "INT-4", |p| {
        let first = OnceLock::new();
        p.gate = gate(move |f| *first.get_or_init(|| f.auto_handle_all) || assigned_only(f));
    }),
    bad(
        "takes a rep's ticket that is in the default group",
        "INT-6",
        |p| {
            p.gate = gate(|f| {
                let in_group = f.default_group_id.is_some() && f.group_id == f.default_group_id;
                f.auto_handle_all || in_group || assigned_only(f)
            });
        },
    ),
    bad(
        "takes tickets without a group as those of no default group",
        "INT-7",
        |p| {
            p.gate =
                gate(|f| f.auto_handle_all || assigned_only(f) || f.default_group_id == f.group_id);
        },
    ),
    bad("skips page two of the conversations", "FLW-2", |p| {
        p.thread_pages = ThreadPages::First;
    }),
    bad("replaces tags", "FLW-4", |p| {
        p.tag_writing = TagWriting::Replace;
    }),
    bad("never looks again before posting", "FLW-7", |p| {
        p.recheck = Recheck::Never;
    }),
    bad("sends again what may have arrived", "FLW-8", |p| {
        p.after_ambiguous_post = AfterAmbiguousPost::Resend;
    }),
    bad("answers out-of-office mail", "FLW-11", |p| {
        p.answer_automatic_mail = true;
    }),
    bad("talks to a robot for ever", "FLW-11", |p| {
        p.posts_per_hour = usize::MAX;
    }),
    bad("routes before it notes", "HND-1", |p| {
        p.handoff_order = HandoffOrder::RouteThenNote;
    }),
    bad("answers after handoff when unassigned", "HND-4", |p| {
        p.silence = silence(|f| {
            f.responder_id.is_some_and(|owner| owner != f.ai_agent_id)
                && !(f.auto_handle_all && f.opening)
        });
    }),
    bad("answers a ticket that a rep owns", "RSM-1", |p| {
        p.silence = silence(|f| f.handed_off && f.responder_id != Some(f.ai_agent_id));
    }),
    bad("resumes at once, with the earlier messages", "RSM-2", |p| {
        p.left_to_people = LeftToPeople::AwaitsTheAi;
    }),
    bad("never resumes", "RSM-2", |p| {
        let taken = std::sync::atomic::AtomicBool::new(false);
        p.silence = silence(move |f| {
            use std::sync::atomic::Ordering::Relaxed;
            if f.responder_id.is_some_and(|owner| owner != f.ai_agent_id) {
                taken.store(true, Relaxed);
            }
            taken.load(Relaxed) || f.handed_off
        });
    }),
    bad("retries a fourth time", "LIM-1", |p| {
        p.retry = Arc::new(HonourRetryAfter {
            sends: 5,
            ..HonourRetryAfter::default()
        });
    }),
    bad("retries a millisecond before Retry-After", "LIM-1", |p| {
        p.retry = Arc::new(Early);
    }),
    bad("waits the same time without Retry-After", "LIM-1", |p| {
        p.retry = Arc::new(Steady);
    }),
    bad("retries only twice", "LIM-1", |p| {
        p.retry = Arc::new(HonourRetryAfter {
            sends: 3,
            ..HonourRetryAfter::default()
        });
    }),
    bad("uses half of the quota", "LIM-3", |p| p.quota_reserve = 0.6),
    bad("attaches 15 MB at most", "LIM-4", |p| {
        p.attachment_bytes = 15 * 1024 * 1024;
    }),
    bad("sends more than 20 MB", "LIM-4", |p| {
        p.attachment_bytes = usize::MAX;
    }),
    bad("imports the last 30 days", "LIM-6", |p| {
        p.backfill_window = Duration::from_secs(30 * 24 * 3600);
    }),
    bad("imports a year", "LIM-6", |p| {
        p.backfill_window = Duration::from_secs(365 * 24 * 3600);
    }),
    bad("backfills resolved tickets", "LIM-6", |p| {
        p.backfill_statuses = vec![2, 3, 4, 5];
    }),
    bad("backfills open tickets only", "LIM-6", |p| {
        p.backfill_statuses = vec![2];
    }),
    bad("posts the summary publicly", "SEC-5", |p| {
        p.privacy = Privacy::NotesGoPublic;
    }),
];

fn assigned_only(facts: &GateFacts) -> bool {
    match facts.responder_id {
        Some(assignee) => assignee == facts.ai_agent_id,
        None => facts.default_group_id.is_some() && facts.default_group_id == facts.group_id,
    }
}

struct Gate<F>(F);

impl<F: Fn(&GateFacts) -> bool + Send + Sync> IntakeGate for Gate<F> {
    fn admits(&self, facts: &GateFacts) -> bool {
        (self.0)(facts)
    }
}

fn gate(admits: impl Fn(&GateFacts) -> bool + Send + Sync + 'static) -> Arc<dyn IntakeGate> {
    Arc::new(Gate(admits))
}

struct Quiet<F>(F);

impl<F: Fn(&SilenceFacts) -> bool + Send + Sync> Silence for Quiet<F> {
    fn is_silent(&self, facts: &SilenceFacts) -> bool {
        (self.0)(facts)
    }
}

fn silence(silent: impl Fn(&SilenceFacts) -> bool + Send + Sync + 'static) -> Arc<dyn Silence> {
    Arc::new(Quiet(silent))
}

/// Waits a millisecond less than it was told.
struct Early;

impl Retry for Early {
    fn after_429(&self, sends: u32, wait: Option<Duration>, jitter: f64) -> Option<Duration> {
        HonourRetryAfter::default()
            .after_429(sends, wait, jitter)
            .map(|wait| wait.saturating_sub(Duration::from_millis(1)))
    }

    fn after_failure(&self, sends: u32, jitter: f64) -> Option<Duration> {
        HonourRetryAfter::default().after_failure(sends, jitter)
    }
}

/// Waits the same time again and again.
struct Steady;

impl Retry for Steady {
    fn after_429(&self, sends: u32, wait: Option<Duration>, _: f64) -> Option<Duration> {
        (sends < 4).then(|| wait.unwrap_or(Duration::from_secs(20)))
    }

    fn after_failure(&self, sends: u32, jitter: f64) -> Option<Duration> {
        HonourRetryAfter::default().after_failure(sends, jitter)
    }
}
