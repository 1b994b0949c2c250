//! A walk as a scenario: its moves as steps, then an end where everything is
//! put right and becomes quiet, and what must be seen there. What must be seen
//! comes from a small model of each ticket.
//!
//! | file | holds |
//! |---|---|
//! | `mod.rs` | the world, the moves, and the model that follows them |
//! | `end` | the end, and what must be seen there |

mod end;

use std::time::Duration;

use indexmap::IndexMap;

use super::walk::{CALLS, Move, Owner, Trouble, Walk, Wish};
use crate::scenario::at::At;
use crate::scenario::check::{DEFAULT_REPS, OPENCX_AGENT};
use crate::scenario::document::{
    BrainAction, BrainAnswer, BrainDecision, Channel, ChannelMode, Document, FreshdeskSetup,
    SettingsChange, WorldSetup,
};
use crate::scenario::duration::HumanDuration;
use crate::scenario::expectation::Expectation;
use crate::scenario::step::{
    CustomerReply, EditTicket, FreshdeskFault, OpenTicket, RepNote, RepReply, RuleName,
    SaveSettings, Step, Via, WebhookFault, WebhookMishap,
};

/// AI posts per ticket and hour are capped, so no ticket gets more messages.
const MOST_MESSAGES: u32 = 10;

/// The scenario of a walk.
pub(super) fn scenario(seed: u64, case: u64, walk: &Walk) -> Document {
    let mut history = History::of(walk);
    for one in &walk.moves {
        history.take(one);
    }
    history.end();
    let mut document = Document::new(format!("Random walk {case} of seed {seed}"), &["WHK-6"]);
    document.world = world(walk);
    document.play = history.steps;
    document
}

fn world(walk: &Walk) -> WorldSetup {
    let after = (walk.thinks > 0).then(|| HumanDuration(Duration::from_secs(walk.thinks.into())));
    let answer = |action| {
        BrainAnswer::Full(Box::new(BrainDecision {
            action,
            after,
            ..BrainDecision::default()
        }))
    };
    WorldSetup {
        freshdesk: FreshdeskSetup {
            plan: walk.plan,
            marker_field: walk.marker_field,
            ..FreshdeskSetup::default()
        },
        bridge: settings(walk, walk.auto_handle_all),
        brain: [
            (word(Wish::Person), BrainAction::Handoff),
            (word(Wish::Thanks), BrainAction::Resolve),
            (word(Wish::Nothing), BrainAction::StaySilent),
            ("*", BrainAction::Reply),
        ]
        .into_iter()
        .map(|(pattern, action)| (pattern.to_owned(), answer(action)))
        .collect(),
        ..WorldSetup::default()
    }
}

/// The bridge's settings in a walk, with auto-handle as it is now.
fn settings(walk: &Walk, auto_handle_all: bool) -> SettingsChange {
    let mut channels = IndexMap::new();
    if walk.assist_on_web {
        channels.insert(Channel::Web, ChannelMode::Assist);
    }
    SettingsChange {
        auto_handle_all: Some(auto_handle_all),
        handoff_agent: walk.handoff_agent.then(|| DEFAULT_REPS[1].to_owned()),
        channels,
        ..SettingsChange::default()
    }
}

/// The word by which the scripted brain knows a wish.
fn word(wish: Wish) -> &'static str {
    match wish {
        Wish::Answer => "where is it",
        Wish::Person => "a person",
        Wish::Thanks => "thanks",
        Wish::Nothing => "never mind",
    }
}

/// What the model knows of a ticket.
struct Ticket {
    name: At<String>,
    via: Via,
    messages: u32,
    last_wish: Wish,
    /// Only customers wrote on it, nothing else was ever done with it, and no
    /// message asked for a person: it is the AI's alone.
    plain: bool,
    deleted: bool,
    /// It was once assigned to the AI.
    was_ais: bool,
}

struct History<'a> {
    walk: &'a Walk,
    steps: Vec<At<Step>>,
    tickets: Vec<Ticket>,
    auto: bool,
    /// Auto-handle was on at some time, or off at some time.
    ever_on: bool,
    ever_off: bool,
    said: u32,
}

impl<'a> History<'a> {
    fn of(walk: &'a Walk) -> Self {
        Self {
            walk,
            steps: Vec::new(),
            tickets: Vec::new(),
            auto: walk.auto_handle_all,
            ever_on: walk.auto_handle_all,
            ever_off: !walk.auto_handle_all,
            said: 0,
        }
    }

    fn step(&mut self, step: Step) {
        self.steps.push(At::nowhere(step));
    }

    fn expect(&mut self, expectation: Expectation) {
        self.step(Step::Expect(Box::new(expectation)));
    }

    fn wait(&mut self, seconds: u64) {
        self.step(Step::Wait(HumanDuration(Duration::from_secs(seconds))));
    }

    /// A text that says what is wished, once only.
    fn text(&mut self, wish: Wish) -> String {
        self.said += 1;
        format!("Message {}: {}", self.said, word(wish))
    }

    /// The ticket that a number means, if there is one that can be worked on.
    fn ticket(&mut self, number: u8) -> Option<&mut Ticket> {
        let count = self.tickets.len();
        if count == 0 {
            return None;
        }
        let ticket = &mut self.tickets[usize::from(number) % count];
        (!ticket.deleted).then_some(ticket)
    }

    fn take(&mut self, one: &Move) {
        match one {
            Move::Open(wish, via, owner) => self.open(*wish, *via, *owner),
            Move::Write(number, wish) => self.write(*number, *wish),
            Move::RepReplies(number) => {
                let text = self.text(Wish::Answer).replace("Message", "Rep's word");
                if let Some(ticket) = self.ticket(*number) {
                    ticket.plain = false;
                    let reply = RepReply {
                        ticket: ticket.name.clone(),
                        rep: None,
                        text,
                    };
                    self.step(Step::RepReplies(reply));
                }
            }
            Move::RepNotes(number) => {
                let text = self.text(Wish::Answer).replace("Message", "Secret");
                if let Some(ticket) = self.ticket(*number) {
                    let note = note(&ticket.name, text);
                    self.step(note);
                }
            }
            Move::Assign(number, owner) => {
                if let Some(ticket) = self.ticket(*number) {
                    ticket.plain = false;
                    ticket.was_ais |= *owner == Owner::Ai;
                    let edit = edited(&ticket.name, Some(*owner), None);
                    self.step(edit);
                }
            }
            Move::Status(number, status) => {
                if let Some(ticket) = self.ticket(*number) {
                    ticket.plain = false;
                    let edit = edited(&ticket.name, None, Some(*status));
                    self.step(edit);
                }
            }
            Move::Delete(number) => {
                if let Some(ticket) = self.ticket(*number) {
                    ticket.deleted = true;
                    let name = ticket.name.clone();
                    self.step(Step::RepDeletesTicket(name));
                }
            }
            Move::RuleOff(rule) => self.step(Step::AdminDeactivatesRule(*rule)),
            Move::RulePasted(rule) => self.step(Step::AdminPastesRule(*rule)),
            Move::AutoHandle(on) => {
                self.auto = *on;
                self.ever_on |= *on;
                self.ever_off |= !*on;
                self.save();
            }
            Move::Reconnect => {
                self.step(Step::OperatorDisconnects);
                self.wait(20);
                self.save();
                self.paste_rules();
            }
            Move::Restart => self.step(Step::BridgeRestarts),
            Move::Trouble(on, calls, trouble) => self.trouble(*on, *calls, *trouble),
            Move::Webhooks(calls, are) => self.step(Step::WebhooksFail(WebhookFault {
                calls: At::nowhere(format!("1..{calls}")),
                are: *are,
                by: (*are == WebhookMishap::Delayed)
                    .then(|| HumanDuration(Duration::from_secs(200))),
            })),
            Move::Wait(seconds) => self.wait(u64::from(*seconds)),
        }
    }

    fn open(&mut self, wish: Wish, via: Via, owner: Owner) {
        let text = self.text(wish);
        let name = At::nowhere(format!("ticket {}", self.tickets.len() + 1));
        self.tickets.push(Ticket {
            name: name.clone(),
            via,
            messages: 1,
            last_wish: wish,
            plain: owner == Owner::Nobody && wish != Wish::Person,
            deleted: false,
            was_ais: owner == Owner::Ai,
        });
        self.step(Step::CustomerOpensTicket(OpenTicket {
            name,
            from: None,
            from_agent: None,
            cc: Vec::new(),
            via: Some(via),
            subject: None,
            text,
            assignee: (owner != Owner::Nobody).then(|| named(owner)),
            group: None,
            tags: Vec::new(),
            auto_generated: None,
        }));
    }

    fn write(&mut self, number: u8, wish: Wish) {
        let text = self.text(wish);
        let Some(ticket) = self.ticket(number) else {
            return;
        };
        if ticket.messages >= MOST_MESSAGES {
            return;
        }
        ticket.messages += 1;
        ticket.last_wish = wish;
        ticket.plain &= wish != Wish::Person;
        let reply = CustomerReply {
            ticket: ticket.name.clone(),
            from: None,
            text,
            auto_generated: None,
        };
        self.step(Step::CustomerReplies(reply));
    }

    fn trouble(&mut self, on: usize, calls: u8, trouble: Trouble) {
        let mut fault = FreshdeskFault {
            on: CALLS[on % CALLS.len()].to_owned(),
            calls: At::nowhere(format!("1..{calls}")),
            status: None,
            retry_after: None,
            body: None,
            redirects_to: None,
            delay: None,
            reset: None,
        };
        match trouble {
            Trouble::Status(status) => {
                fault.status = Some(status);
                fault.retry_after = (status == 429).then(|| HumanDuration(Duration::from_secs(20)));
            }
            Trouble::Reset(reset) => fault.reset = Some(reset),
            Trouble::Late(seconds) => {
                fault.delay = Some(HumanDuration(Duration::from_secs(seconds.into())));
            }
        }
        self.step(Step::FreshdeskFails(fault));
    }

    fn save(&mut self) {
        self.step(Step::OperatorSavesSettings(SaveSettings {
            settings: settings(self.walk, self.auto),
            ..SaveSettings::default()
        }));
    }

    fn paste_rules(&mut self) {
        for rule in [RuleName::TicketCreation, RuleName::TicketUpdates] {
            self.step(Step::AdminPastesRule(rule));
        }
    }
}

fn named(owner: Owner) -> At<String> {
    At::nowhere(
        match owner {
            Owner::Nobody => "nobody",
            Owner::Rep => DEFAULT_REPS[0],
            Owner::Ai => OPENCX_AGENT,
        }
        .to_owned(),
    )
}

fn note(ticket: &At<String>, text: String) -> Step {
    Step::RepAddsNote(RepNote {
        ticket: ticket.clone(),
        rep: None,
        text,
        private: None,
    })
}

fn edited(ticket: &At<String>, owner: Option<Owner>, status: Option<u16>) -> Step {
    Step::RepEditsTicket(EditTicket {
        ticket: ticket.clone(),
        rep: None,
        status,
        priority: None,
        assignee: owner.map(named),
        group: None,
        tags: None,
    })
}
