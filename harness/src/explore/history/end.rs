//! The end of a walk: everything is put right, and becomes quiet; and what must be
//! seen then.

use std::time::Duration;

use super::{History, note};
use crate::explore::walk::Wish;
use crate::scenario::at::At;
use crate::scenario::count::Count;
use crate::scenario::expectation::{AllSessions, Existence, Expectation};
use crate::scenario::step::{Step, Via, WebhookProbe};

/// How long everything is given to become quiet after the faults ended: every
/// rest after a 429 lies within, and a webhook that is still retried then brings
/// nothing that the last events do not.
const QUIET: Duration = Duration::from_secs(4000);
/// How long the last events are given.
const LAST_EVENTS: Duration = Duration::from_secs(1800);
impl History<'_> {
    /// Everything is put right; each ticket has one more event, so that what
    /// its rules kept from the bridge meanwhile comes in; then it is quiet.
    pub(super) fn end(&mut self) {
        self.step(Step::FaultsEnd);
        self.save();
        self.paste_rules();
        self.wait(QUIET.as_secs());
        let names: Vec<(At<String>, bool)> = self
            .tickets
            .iter()
            .map(|ticket| (ticket.name.clone(), ticket.deleted))
            .collect();
        for (name, deleted) in &names {
            if *deleted {
                self.step(Step::SomebodyCallsWebhook(WebhookProbe {
                    ticket: Some(name.clone()),
                    ..WebhookProbe::default()
                }));
            } else {
                self.step(note(name, format!("A last look at {}.", name.value)));
            }
        }
        self.wait(LAST_EVENTS.as_secs());
        self.expectations();
    }

    fn expectations(&mut self) {
        self.expect(Expectation {
            saved_settings: Some(Existence::Exist),
            connection: Some("connected".to_owned()),
            clause: clause("VER-8"),
            ..Expectation::default()
        });
        self.expect(Expectation {
            sessions: Some(AllSessions::All),
            equal_their_tickets: Some(true),
            clause: clause("WHK-6"),
            ..Expectation::default()
        });
        for kind in ["rate_limited", "freshdesk_unavailable"] {
            self.expect(Expectation {
                problem: Some(kind.to_owned()),
                exists: Some(false),
                clause: clause("LIM-2"),
                ..Expectation::default()
            });
        }
        let mut expected = Vec::new();
        for ticket in self.tickets.iter().filter(|ticket| !ticket.deleted) {
            let session = |exists, id| Expectation {
                session_for: Some(ticket.name.clone()),
                exists: Some(exists),
                clause: clause(id),
                ..Expectation::default()
            };
            if self.auto {
                expected.push(session(true, "INT-1"));
            } else if !self.ever_on && !ticket.was_ais {
                expected.push(session(false, "INT-2"));
            }
            let drafts = self.walk.assist_on_web && matches!(ticket.via, Via::Portal | Via::Chat);
            let answered = ticket.plain && !self.ever_off && ticket.last_wish == Wish::Answer;
            if answered && drafts {
                expected.push(Expectation {
                    ticket: Some(ticket.name.clone()),
                    ai_replies: Some(Count {
                        least: 0,
                        most: Some(0),
                    }),
                    ai_notes: Some(Count {
                        least: 1,
                        most: None,
                    }),
                    clause: clause("FLW-5"),
                    ..Expectation::default()
                });
            } else if answered {
                expected.push(Expectation {
                    ticket: Some(ticket.name.clone()),
                    last_word: Some("ai".to_owned()),
                    tags: vec!["opencx".to_owned(), "opencx_autopilot".to_owned()],
                    clause: clause("WHK-10"),
                    ..Expectation::default()
                });
            }
        }
        for expectation in expected {
            self.expect(expectation);
        }
    }
}

fn clause(id: &str) -> Option<At<String>> {
    Some(At::nowhere(id.to_owned()))
}
