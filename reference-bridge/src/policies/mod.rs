//! What the bridge does where it could have done otherwise, as values: a bridge
//! that is wrong on purpose is this bridge with one of them replaced.
//!
//! * [`mod@self`]: [`Policies`], all of them with their defaults
//! * `gate`: which new tickets the AI takes
//! * `silence`: when it stays silent on a ticket it has
//! * `retry`: when a call to Freshdesk is sent again
//! * `recognition`: which messages are its own
//!
//! docs/behaviour.md lists each with its reason.

mod gate;
mod recognition;
mod retry;
mod silence;

use std::{sync::Arc, time::Duration};

pub use self::{
    gate::{GateFacts, GuideGate, IntakeGate},
    recognition::{AuthorOrLog, MessageFacts, Recognition},
    retry::{HonourRetryAfter, Retry},
    silence::{OwnerOrFlag, Silence, SilenceFacts},
};

/// How much of a thread is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadPages {
    /// All pages (FLW-2).
    All,
    /// The first page only: a known defect.
    First,
}

/// How tags are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagWriting {
    /// The ticket's own tags and ours (FLW-4).
    Union,
    /// Ours in place of the ticket's: a known defect.
    Replace,
}

/// What is done after a post whose outcome is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterAmbiguousPost {
    /// The thread is read again before anything is sent again (FLW-8).
    Reread,
    /// It is sent again: a known defect.
    Resend,
}

/// How several unanswered customer messages are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answering {
    /// One answer for all of them.
    OneForAll,
    /// One for each: a known defect.
    OneForEach,
}

/// What is looked at just before posting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recheck {
    /// Owner, flag and thread tail, if what is known is older than this or a
    /// webhook came meanwhile (FLW-7).
    WhenOlderThan(Duration),
    /// Nothing: a known defect.
    Never,
}

/// Which private text may become public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Privacy {
    /// None: notes, summaries and drafts stay private (SEC-5).
    NotesStayPrivate,
    /// Private notes are posted as public replies: a known defect.
    NotesGoPublic,
}

/// What becomes of customer messages that came while people owned a ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftToPeople {
    /// They stay context for ever (RSM-2).
    StaysContext,
    /// They await an answer as soon as the AI is on again: a known defect.
    AwaitsTheAi,
}

/// In which order a handoff is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandoffOrder {
    /// The note, then the routing (HND-1).
    NoteThenRoute,
    /// The routing, then the note: a known defect.
    RouteThenNote,
}

/// What becomes of the conversation on a ticket that was merged into another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergedTickets {
    /// Its session is closed and the other ticket is looked at (FLW-10, oq 38).
    FollowTarget,
    /// Its session is closed, and that is all.
    CloseSource,
}

/// What a sweep may do about a change that no webhook told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SweepScope {
    /// It heals lost deliveries: changes that the account's own rules would
    /// have reported, had every call arrived. What no rule reports is left for
    /// the operator to see and mend (rows SYM-1, SYM-2 and SYM-5 of the guide).
    LostDeliveries,
    /// It acts on every change, rules or not.
    Everything,
}

/// Everything the bridge could have done otherwise.
#[derive(Clone)]
pub struct Policies {
    /// Which new tickets the AI takes.
    pub gate: Arc<dyn IntakeGate>,
    /// When it stays silent on a ticket it has.
    pub silence: Arc<dyn Silence>,
    /// When a call to Freshdesk is sent again.
    pub retry: Arc<dyn Retry>,
    /// Which messages are its own.
    pub recognition: Arc<dyn Recognition>,
    /// How much of a thread is read.
    pub thread_pages: ThreadPages,
    /// How tags are written.
    pub tag_writing: TagWriting,
    /// What is done after a post whose outcome is not known.
    pub after_ambiguous_post: AfterAmbiguousPost,
    /// How several unanswered messages are answered.
    pub answering: Answering,
    /// What is looked at just before posting.
    pub recheck: Recheck,
    /// Which private text may become public.
    pub privacy: Privacy,
    /// What becomes of messages that came while people owned a ticket.
    pub left_to_people: LeftToPeople,
    /// In which order a handoff is written.
    pub handoff_order: HandoffOrder,
    /// What becomes of the conversation on a merged ticket.
    pub merged_tickets: MergedTickets,
    /// Whether a message that Freshdesk marks as automatic is answered (FLW-11: no).
    pub answer_automatic_mail: bool,
    /// AI posts per ticket and hour, at most (FLW-11).
    pub posts_per_hour: usize,
    /// Bytes of attachments on one reply or note, at most (LIM-4).
    pub attachment_bytes: usize,
    /// Tickets worked on at the same time.
    pub tickets_at_once: usize,
    /// How long a ticket stays with a worker that gives no sign of life.
    pub job_lease: Duration,
    /// How long a call to Freshdesk may take.
    pub call_timeout: Duration,
    /// Bytes a second that a line is expected to carry at least: a call with files
    /// may take longer by as long as they need.
    pub upload_rate: u64,
    /// How long the brain may think.
    pub brain_timeout: Duration,
    /// How often a failing brain is asked for one answer before people get the ticket.
    pub brain_attempts: u32,
    /// How long a post that timed out may still be on its way.
    pub ambiguity_grace: Duration,
    /// The part of the quota that is left for people and other apps (LIM-9).
    pub quota_reserve: f64,
    /// How long an operation rests that was refused four times with 429: times
    /// the attempt's number, up to six times (LIM-2).
    pub rest_after_rate_limit: Duration,
    /// How often the sweep looks for lost webhooks; `None` never (WHK-10).
    pub sweep_interval: Option<Duration>,
    /// How often sweeps read the lists of deleted and of spam tickets too.
    pub gone_interval: Duration,
    /// What the sweep may do.
    pub sweep_scope: SweepScope,
    /// How far back the one import reaches (LIM-6).
    pub backfill_window: Duration,
    /// Statuses of the tickets that the one import takes (LIM-6).
    pub backfill_statuses: Vec<i64>,
}

impl Policies {
    /// How long sending so many bytes may take.
    pub(crate) fn upload_time(&self, bytes: u64) -> Duration {
        Duration::from_secs(bytes / self.upload_rate.max(1))
    }
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            gate: Arc::new(GuideGate),
            silence: Arc::new(OwnerOrFlag),
            retry: Arc::new(HonourRetryAfter::default()),
            recognition: Arc::new(AuthorOrLog),
            thread_pages: ThreadPages::All,
            tag_writing: TagWriting::Union,
            after_ambiguous_post: AfterAmbiguousPost::Reread,
            answering: Answering::OneForAll,
            recheck: Recheck::WhenOlderThan(Duration::from_secs(2)),
            privacy: Privacy::NotesStayPrivate,
            left_to_people: LeftToPeople::StaysContext,
            handoff_order: HandoffOrder::NoteThenRoute,
            merged_tickets: MergedTickets::FollowTarget,
            answer_automatic_mail: false,
            posts_per_hour: 20,
            attachment_bytes: 20 * 1024 * 1024,
            tickets_at_once: 16,
            job_lease: Duration::from_secs(120),
            call_timeout: Duration::from_secs(30),
            upload_rate: 256 * 1024,
            brain_timeout: Duration::from_secs(60),
            brain_attempts: 3,
            ambiguity_grace: Duration::from_secs(10),
            quota_reserve: 0.1,
            rest_after_rate_limit: Duration::from_secs(300),
            sweep_interval: Some(Duration::from_secs(300)),
            gone_interval: Duration::from_secs(600),
            sweep_scope: SweepScope::LostDeliveries,
            backfill_window: Duration::from_secs(180 * 24 * 3600),
            backfill_statuses: vec![2, 3],
        }
    }
}
