//! Carrying out a turn: each step once, each intent recorded before it is sent
//! (FLW-8, LIM-2, oq 12 and 20).

use jiff::Timestamp;

use super::{Look, LookError, markup, status::RESOLVED_BY_AI};
use crate::{
    clock::between,
    freshdesk::{FreshdeskError, PostedConversation},
    policies::Privacy,
    session::{Author, Entry, EntryKind, Status},
    store::Write,
    turn::{OutgoingFile, Progress, Purpose, Step, Turn, TurnState},
};

impl Look<'_> {
    /// Does what is left of a turn.
    pub(super) async fn carry_out(&mut self, mut turn: Turn) -> Result<(), LookError> {
        for index in 0..turn.steps.len() {
            let (step, progress) = turn.steps[index].clone();
            if matches!(progress, Progress::Done { .. }) {
                continue;
            }
            match step {
                Step::Reply { .. } | Step::Note { .. } => self.post(&mut turn, index).await?,
                Step::Update(update) => {
                    let held = Write::IfHeld(self.line.clone());
                    self.desk.store.record(vec![held]).await?;
                    self.update(&mut turn, index, &update).await?;
                }
            }
            if turn.state == TurnState::Dropped {
                return Ok(());
            }
        }
        turn.state = TurnState::Done;
        self.desk.metrics.turn(&turn.purpose);
        self.finish(&turn);
        self.write_turn(turn);
        self.save().await
    }

    /// Sends one post and records what became of it.
    async fn post(&mut self, turn: &mut Turn, index: usize) -> Result<(), LookError> {
        if self.lacks_a_file(turn, index).await?
            && let Some(without_files) = without_files(&turn.steps[index].0)
        {
            turn.steps[index].0 = without_files;
        }
        let mut sends = 0;
        let error = loop {
            match self.send_begun(turn, index, sends).await? {
                Ok(posted) => {
                    self.note_post(turn, index, posted.id, posted.created_at);
                    return self.save().await;
                }
                // Refused, and too old to be sent again unseen (FLW-7).
                Err(FreshdeskError::Waited { sends: refused }) if refused > sends => {
                    sends = refused;
                    turn.steps[index].1 = Progress::Todo;
                    self.write_turn(turn.clone());
                    self.refresh().await?;
                    if self.is_overtaken(turn) {
                        break FreshdeskError::Waited { sends };
                    }
                }
                Err(error) => break error,
            }
        };
        if let FreshdeskError::Ambiguous { .. } = error {
            // Stays begun: the next look searches the thread for it.
            return Err(error.into());
        }
        turn.steps[index].1 = Progress::Todo;
        let refused = matches!(
            error,
            FreshdeskError::Refused { .. } | FreshdeskError::NotFound(_)
        );
        if refused && let Some(without_files) = without_files(&turn.steps[index].0) {
            // Losing a file is better than losing the answer (LIM-5).
            turn.steps[index].0 = without_files;
            self.write_turn(turn.clone());
            self.save().await?;
            return Box::pin(self.post(turn, index)).await;
        }
        if refused {
            turn.state = TurnState::Dropped;
            self.settle(turn.answers.clone());
            self.report(
                "refused",
                format!("Freshdesk refused a post for good: {error}"),
            );
            self.write_turn(turn.clone());
            return self.save().await;
        }
        self.write_turn(turn.clone());
        self.save().await?;
        Err(error.into())
    }

    /// Sends one post, which is written down as begun before it goes out.
    async fn send_begun(
        &mut self,
        turn: &mut Turn,
        index: usize,
        sends_before: u32,
    ) -> Result<Result<PostedConversation, FreshdeskError>, LookError> {
        let begun_at = self.desk.clock.now();
        turn.steps[index].1 = Progress::Begun {
            after_conversation: self.snapshot.newest(),
            at: begun_at,
        };
        self.write_turn(turn.clone());
        self.save().await?;
        if self.may_be_in_other_hands(begun_at) {
            return Ok(Err(FreshdeskError::Waited {
                sends: sends_before,
            }));
        }
        Ok(self
            .send_post(&turn.id, &turn.steps[index].0, sends_before)
            .await)
    }

    /// Whether we stood still since `held_at`, when the ticket was ours, for so long that
    /// its lease may have run out: it is renewed at half time.
    fn may_be_in_other_hands(&self, held_at: Timestamp) -> bool {
        between(held_at, self.desk.clock.now()) > self.desk.policies.job_lease / 2
    }

    async fn send_post(
        &self,
        turn_id: &str,
        step: &Step,
        sends_before: u32,
    ) -> Result<PostedConversation, FreshdeskError> {
        let ticket_id = self.job.ticket_id;
        let files = self.uploads(turn_id, step.files());
        match step {
            Step::Reply { text, .. } => {
                self.freshdesk
                    .reply(ticket_id, &markup::html(text), files, sends_before)
                    .await
            }
            Step::Note { text, .. } => {
                let html = markup::html(text);
                match self.desk.policies.privacy {
                    Privacy::NotesStayPrivate => {
                        self.freshdesk
                            .private_note(ticket_id, &html, files, sends_before)
                            .await
                    }
                    Privacy::NotesGoPublic => {
                        self.freshdesk
                            .reply(ticket_id, &html, files, sends_before)
                            .await
                    }
                }
            }
            Step::Update(_) => Err(FreshdeskError::Nonsense("an update is no post".to_owned())),
        }
    }

    /// Records a post that is known to be in the thread.
    pub(super) fn note_post(
        &mut self,
        turn: &mut Turn,
        index: usize,
        conversation_id: i64,
        at: Option<Timestamp>,
    ) {
        let now = self.desk.clock.now();
        let (step, progress) = &mut turn.steps[index];
        *progress = Progress::Done {
            conversation_id: Some(conversation_id),
        };
        let (text, kind, files) = match step {
            Step::Reply { text, files } => (text.clone(), EntryKind::AiMessage, files.clone()),
            Step::Note { text, entry, files } => (text.clone(), *entry, files.clone()),
            Step::Update(_) => return,
        };
        self.add(Entry {
            session_id: self.session.id.clone(),
            key: Entry::conversation_key(conversation_id),
            at: at.unwrap_or(now),
            kind,
            freshdesk_conversation_id: Some(conversation_id),
            author: Author {
                id: Some(self.connection.agent.id),
                name: Some(self.connection.agent.name.clone()),
            },
            text,
            attachments: files.iter().map(mirrored).collect(),
            event: None,
            awaiting: false,
        });
        self.settle(turn.answers.clone());
        self.session.posts.push(now);
        self.touch();
        self.write_turn(turn.clone());
    }

    /// What a finished turn means for the session.
    fn finish(&mut self, turn: &Turn) {
        match &turn.purpose {
            Purpose::Resolve { closure, .. } => {
                if self.session.status == Status::Open {
                    self.session.ai_closure_type = Some(*closure);
                    self.session.seen_status = 4;
                    self.close(Status::ClosedResolved, RESOLVED_BY_AI);
                }
            }
            Purpose::Resume => {
                self.settle(turn.answers.clone());
                self.add_event("ai_decided_to_not_reply", "");
            }
            Purpose::Reply | Purpose::Draft | Purpose::Handoff(_) => {}
        }
        for kind in ["rate_limited", "freshdesk_unavailable"] {
            self.writes.push(Write::ProblemGone {
                account: self.job.account.clone(),
                kind: kind.to_owned(),
                ticket_id: Some(self.job.ticket_id),
            });
        }
    }
}

/// The same post without its files, if it has any.
fn without_files(step: &Step) -> Option<Step> {
    let named = |files: &[OutgoingFile]| {
        files
            .iter()
            .map(|file| file.name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    };
    match step {
        Step::Reply { text, files } if !files.is_empty() => Some(Step::Reply {
            text: format!("{text}\n\nNot attached: {}", named(files)),
            files: Vec::new(),
        }),
        Step::Note { text, entry, files } if !files.is_empty() => Some(Step::Note {
            text: format!("{text}\n\nNot attached: {}", named(files)),
            entry: *entry,
            files: Vec::new(),
        }),
        _ => None,
    }
}

fn mirrored(file: &OutgoingFile) -> crate::session::Attachment {
    crate::session::Attachment {
        name: file.name.clone(),
        size: file.size,
    }
}
