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
                Step::Update(update) => self.update(&mut turn, index, &update).await?,
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
        let begun_at = self.begin(turn, index).await?;
        let sent = if self.may_be_in_other_hands(begun_at) {
            Err(FreshdeskError::Waited {
                sends: turn.sends,
                unheard: false,
            })
        } else {
            self.send_post(turn, index).await
        };
        let error = match sent {
            Ok(posted) => {
                self.note_post(turn, index, posted.id, posted.created_at);
                return self.save().await;
            }
            Err(error) => error,
        };
        if let FreshdeskError::Ambiguous { .. } = error {
            // Stays begun: the next look searches the thread for it.
            return Err(error.into());
        }
        turn.steps[index].1 = Progress::Todo;
        turn.sends = match error {
            FreshdeskError::Waited { sends, .. } => sends,
            _ => 0,
        };
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
            self.leave_unsaid(turn, index);
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

    /// What Freshdesk does not take is not said. People get a ticket that is handed off
    /// all the same; any other turn ends here.
    fn leave_unsaid(&mut self, turn: &mut Turn, index: usize) {
        self.settle(turn.answers.clone());
        if let Purpose::Handoff(_) = turn.purpose {
            turn.steps[index].1 = Progress::Done {
                conversation_id: None,
            };
            return;
        }
        turn.state = TurnState::Dropped;
        if turn.unmarks() {
            self.take_resuming_back(turn);
        }
    }

    /// Writes down that a step is about to be sent, and when.
    pub(super) async fn begin(
        &mut self,
        turn: &mut Turn,
        index: usize,
    ) -> Result<Timestamp, LookError> {
        let at = self.desk.clock.now();
        turn.steps[index].1 = Progress::Begun {
            after_conversation: self.snapshot.newest(),
            at,
        };
        self.write_turn(turn.clone());
        self.save().await?;
        Ok(at)
    }

    /// Whether we stood still since `held_at`, when the ticket was ours, for so long that
    /// its lease may have run out: it is renewed at half time.
    fn may_be_in_other_hands(&self, held_at: Timestamp) -> bool {
        between(held_at, self.desk.clock.now()) > self.desk.policies.job_lease / 2
    }

    async fn send_post(
        &self,
        turn: &Turn,
        index: usize,
    ) -> Result<PostedConversation, FreshdeskError> {
        let ticket_id = self.job.ticket_id;
        let step = &turn.steps[index].0;
        let files = self.uploads(&turn.id, step.files());
        match step {
            Step::Reply { text, .. } => {
                self.freshdesk
                    .reply(ticket_id, &markup::html(text), files, turn.sends)
                    .await
            }
            Step::Note { text, .. } => {
                let html = markup::html(text);
                match self.desk.policies.privacy {
                    Privacy::NotesStayPrivate => {
                        self.freshdesk
                            .private_note(ticket_id, &html, files, turn.sends)
                            .await
                    }
                    Privacy::NotesGoPublic => {
                        self.freshdesk
                            .reply(ticket_id, &html, files, turn.sends)
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
        turn.sends = 0;
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
