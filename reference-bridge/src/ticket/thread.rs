//! Reading the live thread, and what in it the session does not have yet
//! (FLW-2, FLW-6, oq 21 to 24). The webhook is never trusted for any of it.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Look, LookError, markup};
use crate::{
    desk::{Desk, Person},
    freshdesk::{Conversation, Freshdesk, FreshdeskError, Ticket},
    policies::{AfterAmbiguousPost, MessageFacts, ThreadPages},
    session::{Attachment, Author, Entry, EntryKind},
    turn::{Progress, Step},
};

/// How many conversations `include=conversations` gives at most, silently.
const EMBEDDED: usize = 10;

/// A ticket and its thread, oldest first, as read at one moment.
pub(super) struct Snapshot {
    pub(super) ticket: Ticket,
    pub(super) conversations: Vec<Conversation>,
    pub(super) read_at: Timestamp,
    /// Whether the thread was read too: on a new ticket it may not be worth a call.
    pub(super) has_thread: bool,
}

impl Snapshot {
    /// The newest conversation's id, 0 for an untouched ticket.
    pub(super) fn newest(&self) -> i64 {
        self.conversations
            .iter()
            .map(|conversation| conversation.id)
            .max()
            .unwrap_or_default()
    }

    /// Whether anything can have been said on it since it was opened.
    pub(super) fn is_touched(&self) -> bool {
        self.ticket.updated_at.is_none() || self.ticket.updated_at != self.ticket.created_at
    }

    /// Reads the thread of a new ticket: one call per hundred conversations.
    pub(super) async fn add_thread(
        &mut self,
        desk: &Desk,
        freshdesk: &Freshdesk,
    ) -> Result<(), FreshdeskError> {
        self.conversations = conversations(desk, freshdesk, self.ticket.id).await?;
        self.has_thread = true;
        Ok(())
    }
}

/// Reads a ticket without a session and who wrote it: one call. `None` when
/// there is no such ticket.
pub(super) async fn read_new(
    freshdesk: &Freshdesk,
    ticket_id: i64,
) -> Result<Option<Snapshot>, FreshdeskError> {
    Ok(ticket(freshdesk, ticket_id, &["requester"])
        .await?
        .map(|(ticket, read_at)| Snapshot {
            ticket,
            conversations: Vec::new(),
            read_at,
            has_thread: false,
        }))
}

/// Reads a ticket and its thread: one call for a short thread, one more per
/// hundred conversations for a long one. `None` when there is no such ticket.
pub(super) async fn read(
    desk: &Desk,
    freshdesk: &Freshdesk,
    ticket_id: i64,
    known_entries: usize,
) -> Result<Option<Snapshot>, FreshdeskError> {
    let include: &[_] = if known_entries < EMBEDDED {
        &["conversations"]
    } else {
        &[]
    };
    let Some((mut ticket, read_at)) = ticket(freshdesk, ticket_id, include).await? else {
        return Ok(None);
    };
    let embedded = ticket
        .conversations
        .take()
        .filter(|conversations| conversations.listed < EMBEDDED);
    let conversations = match embedded {
        Some(conversations) => in_order(conversations.readable),
        None => conversations(desk, freshdesk, ticket_id).await?,
    };
    Ok(Some(Snapshot {
        ticket,
        conversations,
        read_at,
        has_thread: true,
    }))
}

async fn ticket(
    freshdesk: &Freshdesk,
    id: i64,
    include: &[&str],
) -> Result<Option<(Ticket, Timestamp)>, FreshdeskError> {
    match freshdesk.ticket_as_of(id, include).await {
        Ok(read) => Ok(Some(read)),
        Err(FreshdeskError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn conversations(
    desk: &Desk,
    freshdesk: &Freshdesk,
    ticket_id: i64,
) -> Result<Vec<Conversation>, FreshdeskError> {
    let all = desk.policies.thread_pages == ThreadPages::All;
    match freshdesk.conversations(ticket_id, all).await {
        Ok(conversations) => Ok(in_order(conversations)),
        // Freshdesk still shows a deleted ticket, but not always its thread.
        Err(FreshdeskError::NotFound(_)) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn in_order(mut conversations: Vec<Conversation>) -> Vec<Conversation> {
    conversations.retain(|conversation| !conversation.deleted);
    conversations.sort_by_key(|conversation| (conversation.created_at, conversation.id));
    conversations.dedup_by_key(|conversation| conversation.id);
    conversations
}

/// Who wrote a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Who {
    /// The bridge.
    Own,
    /// The requester or another contact.
    Customer,
    /// An agent, by name.
    Rep(Option<String>),
    /// A rule, or nobody that Freshdesk names.
    System,
}

impl Look<'_> {
    /// Looks for a post that was begun, but whose outcome was never learnt
    /// (FLW-8). Gives the time to wait for while it may still be on its way.
    pub(super) fn reconcile(&mut self) -> Option<Timestamp> {
        let mut turn = self.open_turn()?;
        if self.is_gone() {
            // Its thread is not shown; should it come back, that will tell.
            return None;
        }
        let logged = self.sent_log();
        let index = turn.steps.iter().position(|(step, progress)| {
            step.is_post() && matches!(progress, Progress::Begun { .. })
        })?;
        let (step, progress) = &mut turn.steps[index];
        let Progress::Begun {
            after_conversation,
            at,
        } = *progress
        else {
            return None;
        };
        if self.desk.policies.after_ambiguous_post == AfterAmbiguousPost::Resend {
            *progress = Progress::Todo;
            self.write_turn(turn);
            return None;
        }
        let private = matches!(step, Step::Note { .. });
        let found = self.snapshot.conversations.iter().find(|conversation| {
            conversation.id > after_conversation
                && conversation.private == private
                && conversation.user_id == Some(self.connection.agent.id)
                && !logged.contains(&conversation.id)
        });
        match found {
            Some(conversation) => {
                let (id, at) = (conversation.id, conversation.created_at);
                self.note_post(&mut turn, index, id, at);
            }
            None => {
                let over = crate::clock::later(at, self.desk.policies.ambiguity_grace);
                if self.desk.clock.now() < over {
                    return Some(over);
                }
                *progress = Progress::Todo;
                self.write_turn(turn);
            }
        }
        None
    }

    /// The conversations that the bridge knows to have made.
    fn sent_log(&self) -> BTreeSet<i64> {
        self.turns
            .iter()
            .flat_map(|turn| turn.conversations())
            .collect()
    }

    /// Takes in what the session does not have yet.
    pub(super) async fn ingest(&mut self) -> Result<(), LookError> {
        let mut known: BTreeSet<_> = self.entries.iter().map(|entry| entry.key.clone()).collect();
        let logged = self.sent_log();
        let mut fresh = Vec::new();
        if known.insert(Entry::DESCRIPTION.to_owned()) {
            fresh.push(self.description().await?);
        }
        for conversation in self.snapshot.conversations.clone() {
            let key = Entry::conversation_key(conversation.id);
            if !known.insert(key.clone()) {
                continue;
            }
            let in_sent_log = logged.contains(&conversation.id);
            let who = self.author(&conversation, in_sent_log).await?;
            let entry = self.entry(&conversation, key, &who);
            let by_person = matches!(who, Who::Rep(_));
            // A person's public answer, or an own one that no turn knows of,
            // answers what came before it.
            if !conversation.private && (by_person || (who == Who::Own && !in_sent_log)) {
                for earlier in &mut fresh {
                    let earlier: &mut Entry = earlier;
                    earlier.awaiting = false;
                }
                self.settle_all();
            }
            if by_person && !conversation.private {
                self.note_takeover(&entry);
            }
            fresh.push(entry);
        }
        for entry in fresh {
            self.tell_merged(&entry).await?;
            self.add(entry);
        }
        Ok(())
    }

    /// A rep who answers on a ticket that nobody owns has taken it over (oq 13).
    fn note_takeover(&mut self, reply: &Entry) {
        if self.snapshot.ticket.responder_id.is_some()
            || self.session.handed_off
            || self.session.backfilled
        {
            return;
        }
        self.session.handed_off = true;
        self.touch();
        let name = reply.author.name.as_deref().unwrap_or("A rep");
        self.add_event(
            "agent_took_session_from_ai",
            &format!("{name} answered while the ticket was unassigned."),
        );
    }

    /// Message 0.
    async fn description(&self) -> Result<Entry, LookError> {
        let ticket = &self.snapshot.ticket;
        let text = markup::text(
            ticket.description_text.as_deref(),
            ticket.description.as_deref(),
        );
        let text = match (&ticket.subject, text) {
            (Some(subject), text) if text.trim().is_empty() => subject.clone(),
            (_, text) => text,
        };
        // An outbound e-mail is what a rep wrote to the customer.
        let outbound = ticket.source == Some(10);
        Ok(Entry {
            session_id: self.session.id.clone(),
            key: Entry::DESCRIPTION.to_owned(),
            at: ticket.created_at.unwrap_or(self.snapshot.read_at),
            kind: if outbound {
                EntryKind::AgentMessage
            } else {
                EntryKind::Message
            },
            freshdesk_conversation_id: None,
            author: if outbound {
                Author::default()
            } else {
                self.customer(ticket.requester_id, None)
            },
            text,
            attachments: files(&ticket.attachments),
            event: None,
            awaiting: !outbound && !self.session.backfilled,
        })
    }

    async fn author(
        &self,
        conversation: &Conversation,
        in_sent_log: bool,
    ) -> Result<Who, LookError> {
        let own = self.desk.policies.recognition.is_own(&MessageFacts {
            conversation_id: conversation.id,
            user_id: conversation.user_id,
            ai_agent_id: self.connection.agent.id,
            in_sent_log,
        });
        if own {
            return Ok(Who::Own);
        }
        if conversation.automation_id.is_some() {
            return Ok(Who::System);
        }
        let Some(user_id) = conversation.user_id else {
            return Ok(if conversation.incoming {
                Who::Customer
            } else {
                Who::System
            });
        };
        // An agent who raised the ticket is its customer (FLW-9).
        if Some(user_id) == self.snapshot.ticket.requester_id {
            return Ok(Who::Customer);
        }
        let person = self
            .desk
            .person(&self.job.account, self.freshdesk, user_id)
            .await?;
        Ok(match person {
            Person::Agent(name) => Who::Rep(name),
            Person::Contact => Who::Customer,
        })
    }

    fn entry(&self, conversation: &Conversation, key: String, who: &Who) -> Entry {
        let author = match who {
            Who::Own => Author {
                id: Some(self.connection.agent.id),
                name: Some(self.connection.agent.name.clone()),
            },
            Who::Customer => {
                self.customer(conversation.user_id, conversation.from_email.as_deref())
            }
            Who::Rep(name) => Author {
                id: conversation.user_id,
                name: name.clone(),
            },
            Who::System => Author {
                id: conversation.user_id,
                name: None,
            },
        };
        let kind = match who {
            Who::Customer => EntryKind::Message,
            Who::Own if !conversation.private => EntryKind::AiMessage,
            Who::Own => self.kind_of_own_note(conversation.id),
            Who::Rep(_) | Who::System if conversation.private => EntryKind::AgentComment,
            Who::Rep(_) | Who::System => EntryKind::AgentMessage,
        };
        let automatic = conversation.auto_response && !self.desk.policies.answer_automatic_mail;
        // 6 is a satisfaction survey's answer.
        let survey = conversation.source == Some(6);
        Entry {
            session_id: self.session.id.clone(),
            key,
            at: conversation.created_at.unwrap_or(self.snapshot.read_at),
            kind,
            freshdesk_conversation_id: Some(conversation.id),
            author,
            text: markup::text(
                conversation.body_text.as_deref(),
                conversation.body.as_deref(),
            ),
            attachments: files(&conversation.attachments),
            event: None,
            awaiting: *who == Who::Customer && !automatic && !survey,
        }
    }

    fn kind_of_own_note(&self, conversation_id: i64) -> EntryKind {
        self.turns
            .iter()
            .flat_map(|turn| &turn.steps)
            .find_map(|(step, progress)| match (step, progress) {
                (
                    Step::Note { entry, .. },
                    Progress::Done {
                        conversation_id: Some(id),
                    },
                ) if *id == conversation_id => Some(*entry),
                _ => None,
            })
            .unwrap_or(EntryKind::AgentComment)
    }

    fn customer(&self, id: Option<i64>, from_email: Option<&str>) -> Author {
        let requester = id == self.snapshot.ticket.requester_id;
        let contact = &self.session.contact;
        Author {
            id,
            name: if requester {
                contact.name.clone().or(contact.email.clone())
            } else {
                from_email.map(ToOwned::to_owned)
            },
        }
    }
}

fn files(files: &[crate::freshdesk::FileInfo]) -> Vec<Attachment> {
    files
        .iter()
        .map(|file| Attachment {
            name: file.name.clone().unwrap_or_default(),
            size: file
                .size
                .and_then(|size| u64::try_from(size).ok())
                .unwrap_or_default(),
        })
        .collect()
}
