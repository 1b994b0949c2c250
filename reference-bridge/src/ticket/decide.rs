//! Who speaks next: people, nobody, or the AI, and then what it says.

use super::{Look, LookError, admits, plan, thread};
use crate::{
    brain::{Action, BrainError, BrainMessage, Decision, Question, Role},
    clock::{between, later},
    metrics::Metrics,
    policies::{Answering, LeftToPeople, Recheck, SilenceFacts},
    session::EntryKind,
    settings::Mode,
    turn::Turn,
};

/// How far back the robot cap looks.
const HOUR: std::time::Duration = std::time::Duration::from_secs(3600);

/// What comes next on a ticket.
pub(super) enum Next {
    /// Nothing is left to do.
    Nothing,
    /// The thread moved: look again.
    LookAgain,
    /// The AI acts.
    Turn(Box<Turn>),
}

impl Look<'_> {
    pub(super) fn mode(&self) -> Mode {
        self.connection.settings.channels.mode(self.session.channel)
    }

    /// Whether customer messages are left to people now. Drafts disturb nobody:
    /// assist mode does not ask who owns the ticket (oq 33).
    pub(super) fn must_stay_silent(&self) -> bool {
        let ticket = &self.snapshot.ticket;
        if self.is_gone() || self.merged_into().is_some() {
            return true;
        }
        match self.mode() {
            Mode::Off => true,
            Mode::Assist => false,
            Mode::Autopilot => self.desk.policies.silence.is_silent(&SilenceFacts {
                handed_off: self.session.handed_off,
                responder_id: ticket.responder_id,
                ai_agent_id: self.connection.agent.id,
                auto_handle_all: self.connection.settings.auto_handle_all,
                opening: self.session.opening,
            }),
        }
    }

    /// Whether the ticket is deleted or spam: Freshdesk takes nothing for it.
    pub(super) fn is_gone(&self) -> bool {
        self.snapshot.ticket.deleted || self.snapshot.ticket.spam
    }

    /// Whether another agent than the OpenCX agent owns the ticket.
    pub(super) fn is_a_reps(&self) -> bool {
        self.snapshot
            .ticket
            .responder_id
            .is_some_and(|owner| owner != self.connection.agent.id)
    }

    /// Decides what to do about unanswered customer messages.
    pub(super) async fn decide(&mut self) -> Result<Next, LookError> {
        let mut awaiting = self.awaiting();
        if awaiting.is_empty() {
            return Ok(Next::Nothing);
        }
        if self.session.backfilled {
            // An import is no way round the gate (LIM-7).
            if !admits(self.desk, self.connection, &self.snapshot) {
                self.settle_all();
                return Ok(Next::Nothing);
            }
            self.session.backfilled = false;
            self.touch();
        }
        if self.must_stay_silent() {
            self.leave_to_people();
            return Ok(Next::Nothing);
        }
        if self.is_talking_to_a_robot() {
            return Ok(Next::Nothing);
        }
        if self.desk.policies.answering == Answering::OneForEach {
            awaiting.truncate(1);
        }
        let decision = self.ask(&awaiting).await?;
        if self.is_stale().await? {
            self.refresh().await?;
            let moved = match self.desk.policies.answering {
                Answering::OneForAll => self.awaiting() != awaiting,
                Answering::OneForEach => !self.awaiting().starts_with(&awaiting),
            };
            if moved || self.must_stay_silent() {
                self.add_event("ai_response_cancelled", "The thread moved on.");
                self.save().await?;
                return Ok(Next::LookAgain);
            }
        }
        self.session.opening = false;
        self.touch();
        let handoff = self.session.handoff.clone();
        let resumed = self.resume();
        match plan::turn(self, decision, awaiting.clone(), resumed) {
            Some(mut turn) => {
                turn.handoff_before = handoff.filter(|_| resumed);
                Ok(Next::Turn(Box::new(turn)))
            }
            None => {
                self.settle(awaiting);
                self.add_event("ai_decided_to_not_reply", "");
                Ok(Next::Nothing)
            }
        }
    }

    /// What was said while people owned the ticket stays context for ever
    /// (RSM-2): the AI answers the next message, not these.
    fn leave_to_people(&mut self) {
        match self.desk.policies.left_to_people {
            LeftToPeople::StaysContext => self.settle_all(),
            LeftToPeople::AwaitsTheAi => {}
        }
        if self.session.opening {
            self.session.opening = false;
            self.touch();
        }
    }

    /// Whether the AI has posted so much within the hour that nobody human can
    /// be at the other end (FLW-11).
    fn is_talking_to_a_robot(&mut self) -> bool {
        let now = self.desk.clock.now();
        let before = self.session.posts.len();
        self.session.posts.retain(|at| later(*at, HOUR) > now);
        if before != self.session.posts.len() {
            self.touch();
        }
        if self.session.posts.len() < self.desk.policies.posts_per_hour {
            return false;
        }
        self.leave_to_people();
        let posts = self.session.posts.len();
        self.add_event(
            "ai_decided_to_not_reply",
            &format!("The AI posted {posts} times within the hour; this looks like two robots."),
        );
        self.report(
            "robot_loop",
            format!(
                "The AI posted {posts} times on this ticket within an hour and now leaves it to people. \
                 Look whether an autoresponder is answering it."
            ),
        );
        true
    }

    /// Whether a ticket that was handed off is the OpenCX agent's again.
    fn is_given_back(&self) -> bool {
        self.session.handed_off
            && self.snapshot.ticket.responder_id == Some(self.connection.agent.id)
    }

    /// The ticket was given back to the OpenCX agent, the customer wrote, and there is
    /// an answer: the AI is on again (RSM-2, RSM-3). Says whether that was news. It goes
    /// down with the turn that takes the marker off, so that neither is without the
    /// other.
    fn resume(&mut self) -> bool {
        if !self.is_given_back() {
            return false;
        }
        self.session.handed_off = false;
        self.session.handoff = None;
        self.touch();
        self.add_event(
            "ai_resumed_by_system",
            "The ticket was given back to the OpenCX agent.",
        );
        true
    }

    /// Asks the brain; one that keeps failing means people (issue 4, Brain).
    async fn ask(&mut self, awaiting: &[String]) -> Result<Decision, LookError> {
        let mut session = self.session.clone();
        if self.is_given_back() {
            session.handed_off = false;
            session.handoff = None;
        }
        let question = Question {
            session: crate::api::session_json(&session),
            messages: self.public_messages(awaiting),
        };
        let policies = self.desk.policies.clone();
        let mut attempt = 1;
        loop {
            let asked =
                tokio::time::timeout(policies.brain_timeout, self.desk.brain.decide(&question))
                    .await
                    .unwrap_or_else(|_| Err(BrainError::new("it did not answer in time")));
            if asked.is_err() {
                Metrics::add(&self.desk.metrics.brain_failures);
            }
            match asked {
                Ok(decision) => return Ok(decision),
                Err(error) if attempt >= policies.brain_attempts => {
                    tracing::warn!(ticket = self.job.ticket_id, %error, "no decision");
                    self.report(
                        "brain_failed",
                        format!("{error}, {attempt} times; the ticket goes to people."),
                    );
                    return Ok(Decision {
                        action: Action::Handoff,
                        text: None,
                        summary: Some(
                            "The AI could not come to a decision about this ticket.".to_owned(),
                        ),
                        sentiment: None,
                        reason: Some(error.to_string()),
                        attachments: Vec::new(),
                    });
                }
                Err(error) => {
                    tracing::info!(ticket = self.job.ticket_id, %error, attempt, "asking again");
                    // As long as it asks for, but no longer than it may think: the
                    // customer waits too.
                    let asked_for = error.retry_after.unwrap_or_default();
                    let wait = std::time::Duration::from_secs(1 << attempt.min(6))
                        .max(asked_for.min(policies.brain_timeout));
                    self.desk.clock.sleep(wait).await;
                    attempt += 1;
                }
            }
        }
    }

    /// What was said in public, oldest first; private text is not told (SEC-5).
    /// Unanswered messages that are not up yet are held back.
    fn public_messages(&self, awaiting: &[String]) -> Vec<BrainMessage> {
        let mut said: Vec<_> = self
            .entries
            .iter()
            .filter(|entry| !entry.awaiting || awaiting.contains(&entry.key))
            .filter_map(|entry| {
                let role = match entry.kind {
                    EntryKind::Message => Role::Customer,
                    EntryKind::AgentMessage => Role::Rep,
                    EntryKind::AiMessage => Role::Ai,
                    EntryKind::AgentComment | EntryKind::AiDraft | EntryKind::Event => return None,
                };
                Some(BrainMessage {
                    role,
                    text: entry.text.clone(),
                    at: entry.at,
                })
            })
            .collect();
        said.sort_by_key(|message| message.at);
        said
    }

    /// Whether what is known of the ticket is too old to post on (FLW-7).
    async fn is_stale(&self) -> Result<bool, LookError> {
        match self.desk.policies.recheck {
            Recheck::Never => Ok(false),
            Recheck::WhenOlderThan(age) => {
                if between(self.snapshot.read_at, self.desk.clock.now()) > age {
                    return Ok(true);
                }
                let generation = self
                    .desk
                    .store
                    .generation(&self.job.account, self.job.ticket_id)
                    .await?;
                Ok(generation.is_some_and(|generation| generation != self.job.generation))
            }
        }
    }

    /// Reads the thread again and takes in what is new.
    pub(super) async fn refresh(&mut self) -> Result<(), LookError> {
        let generation = self
            .desk
            .store
            .generation(&self.job.account, self.job.ticket_id)
            .await?;
        let snapshot = thread::read(
            self.desk,
            self.freshdesk,
            self.job.ticket_id,
            self.entries.len(),
        )
        .await?;
        match snapshot {
            Some(snapshot) => self.snapshot = snapshot,
            None => self.snapshot.ticket.deleted = true,
        }
        if let Some(generation) = generation {
            self.job.generation = generation;
        }
        self.ingest().await?;
        self.sync_status().await?;
        self.save().await
    }
}
