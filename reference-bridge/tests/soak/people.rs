//! What customers and reps do, drawn from a seed, and what each ticket has been
//! through, for the verdict.

use std::collections::BTreeMap;

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

use crate::{mind::KINDS, world::World};

/// Customers write so often on one ticket at most, well below the robot cap.
const MESSAGES_PER_TICKET: usize = 10;
/// The ticket that people act on is one of the newest so many.
const ATTENTION: usize = 60;

/// What one ticket has been through.
#[derive(Debug, Default)]
pub(crate) struct Story {
    /// What the customers wrote, as id and kind, oldest first.
    pub(crate) said: Vec<(String, &'static str)>,
    /// Whether anybody but customers touched it.
    pub(crate) touched: bool,
    /// Whether it left the helpdesk's lists: deleted, spam or merged.
    pub(crate) gone: bool,
}

pub(crate) struct People {
    random: ChaCha8Rng,
    reps: Vec<i64>,
    ai: i64,
    messages: usize,
    /// Every ticket by its number.
    pub(crate) stories: BTreeMap<i64, Story>,
}

impl People {
    pub(crate) fn new(seed: u64, world: &World) -> Self {
        Self {
            random: ChaCha8Rng::seed_from_u64(seed),
            reps: world.reps.clone(),
            ai: world.ai,
            messages: 0,
            stories: BTreeMap::new(),
        }
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.random.random_range(0..limit)
    }

    pub(crate) fn summary(&self) -> String {
        format!(
            "{} tickets, {} customer messages",
            self.stories.len(),
            self.messages
        )
    }

    /// One thing that somebody does.
    pub(crate) async fn act(&mut self, world: &World) {
        let choice = self.below(100);
        let Some(ticket) = self.ticket().filter(|_| choice >= 22) else {
            return self.open(world).await;
        };
        if choice < 68 {
            return self.write(world, ticket).await;
        }
        let which = self.below(self.reps.len() as u64) as usize;
        let rep = self.reps[which];
        let by = |mut change: Value| {
            change["agent_id"] = json!(rep);
            change
        };
        let (what, body) = match choice {
            68..72 => ("/replies", json!({"text": "A rep answers."})),
            72..77 => ("/notes", json!({"text": "A rep notes."})),
            77..81 => ("", json!({"responder_id": rep})),
            81..86 => ("", json!({"responder_id": self.ai})),
            86..88 => ("", json!({"responder_id": null})),
            88..92 => ("", json!({"status": 4})),
            92..93 => ("", json!({"status": 5})),
            93..95 => ("", json!({"status": if choice == 93 { 2 } else { 3 }})),
            95..97 => ("/merge", json!({"into": self.ticket()})),
            97 => ("/delete", json!({})),
            98 => ("/spam", json!({})),
            _ => ("/restore", json!({})),
        };
        if body["into"] == ticket {
            return;
        }
        let story = self.stories.entry(ticket).or_default();
        story.touched = true;
        if matches!(what, "/merge" | "/delete" | "/spam") {
            story.gone = true;
        }
        if let Some(into) = body["into"].as_i64() {
            self.stories.entry(into).or_default().touched = true;
        }
        let method = if what.is_empty() { "PATCH" } else { "POST" };
        let path = format!("/accounts/{}/tickets/{ticket}{what}", crate::world::DOMAIN);
        // What cannot be done to a ticket any more is refused, and nobody minds.
        world.fake.try_control(method, &path, Some(by(body))).await;
    }

    /// A ticket that people still care for.
    fn ticket(&mut self) -> Option<i64> {
        let recent: Vec<_> = self
            .stories
            .iter()
            .rev()
            .filter(|(_, story)| !story.gone)
            .take(ATTENTION)
            .map(|(ticket, _)| *ticket)
            .collect();
        if recent.is_empty() {
            return None;
        }
        let index = self.below(recent.len() as u64) as usize;
        Some(recent[index])
    }

    fn message(&mut self) -> (String, &'static str, String) {
        self.messages += 1;
        let id = format!("m{}", self.messages);
        let kind = match self.below(100) {
            0..70 => KINDS[0],
            70..78 => KINDS[1],
            78..86 => KINDS[2],
            86..91 => KINDS[3],
            91..95 => KINDS[4],
            95..96 => KINDS[5],
            96..97 => KINDS[6],
            _ => "automatic",
        };
        let text = format!("{id} {kind}: where is order {}?", self.messages);
        (id, kind, text)
    }

    async fn open(&mut self, world: &World) {
        let (id, kind, text) = self.message();
        let customer = self.below(40);
        let via = ["email", "portal", "chat", "phone", "feedback_widget"][self.below(5) as usize];
        let ticket = json!({
            "from": {"name": format!("Customer {customer}"), "email": format!("customer{customer}@mail.example")},
            "via": via, "subject": "Where is my order?", "text": text, "tags": ["vip"],
            "auto_generated": kind == "automatic",
        });
        let made = world.control("POST", "/tickets", ticket).await;
        let story = self
            .stories
            .entry(made["id"].as_i64().unwrap())
            .or_default();
        story.said.push((id, kind));
    }

    async fn write(&mut self, world: &World, ticket: i64) {
        if self.stories[&ticket].said.len() >= MESSAGES_PER_TICKET {
            return;
        }
        let (id, kind, text) = self.message();
        let body = json!({"text": text, "auto_generated": kind == "automatic"});
        let path = format!("/tickets/{ticket}/customer_replies");
        world.control("POST", &path, body).await;
        let story = self.stories.entry(ticket).or_default();
        story.said.push((id, kind));
    }
}
