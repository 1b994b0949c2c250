//! Sessions against tickets: every message once on both sides, the same status,
//! marker and flag, nothing answered twice, nothing private in public.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{
    mind::PRIVATE,
    people::{People, Story},
    world::World,
};

pub(crate) struct Verdict {
    pub(crate) differences: Vec<String>,
    compared: usize,
    answers: usize,
    handed_off: usize,
    resolved: usize,
}

impl Verdict {
    pub(crate) fn summary(&self) -> String {
        format!(
            "{} sessions compared: {} answers, {} handed off, {} closed",
            self.compared, self.answers, self.handed_off, self.resolved
        )
    }

    /// A soak in which nothing happened proves nothing.
    pub(crate) fn assert_it_was_tried(&self, restarts: u32) {
        assert!(restarts >= 2, "only {restarts} restarts");
        assert!(self.answers > 20, "only {} answers", self.answers);
        assert!(self.handed_off > 0, "nothing was handed off");
        assert!(self.resolved > 0, "nothing was resolved");
    }
}

pub(crate) async fn compare(world: &World, people: &People) -> Verdict {
    let mut verdict = Verdict {
        differences: Vec::new(),
        compared: 0,
        answers: 0,
        handed_off: 0,
        resolved: 0,
    };
    let tickets = world.control("GET", "/tickets", Value::Null).await;
    let mut sessions = all_sessions(world).await;
    for ticket in tickets["items"].as_array().unwrap() {
        let id = ticket["id"].as_i64().unwrap();
        let mine = sessions.remove(&id).unwrap_or_default();
        let story = &people.stories[&id];
        let mut wrong = Vec::new();
        match mine.as_slice() {
            [] => {
                if !is_over(ticket) {
                    wrong.push("it has no session".to_owned());
                }
            }
            [session] => {
                verdict.compared += 1;
                verdict.answers += public_answers(ticket, world.ai).len();
                verdict.handed_off += usize::from(session["handed_off"] == true);
                verdict.resolved += usize::from(session["status"] != "open");
                let path = format!("/v1/sessions/{}/history", session["id"].as_str().unwrap());
                let history = world.bridge("GET", &path, None).await;
                let history = history["items"].as_array().unwrap().clone();
                wrong.extend(messages(ticket, &history));
                wrong.extend(state(ticket, session));
                wrong.extend(answers(world, ticket, session, story));
                if !wrong.is_empty() {
                    wrong.push(told(ticket, session, &history));
                }
            }
            more => wrong.push(format!("it has {} sessions", more.len())),
        }
        if !wrong.is_empty() {
            let wrong = wrong.join("\n    ");
            verdict
                .differences
                .push(format!("ticket {id} {story:?}:\n    {wrong}"));
        }
    }
    for (ticket, _) in sessions {
        verdict.differences.push(format!(
            "there is a session for ticket {ticket}, which is none"
        ));
    }
    verdict
}

async fn all_sessions(world: &World) -> BTreeMap<i64, Vec<Value>> {
    let mut all: BTreeMap<i64, Vec<Value>> = BTreeMap::new();
    let mut path = "/v1/sessions".to_owned();
    loop {
        let page = world.bridge("GET", &path, None).await;
        for session in page["items"].as_array().unwrap() {
            let ticket = session["ticket_id"].as_i64().unwrap();
            all.entry(ticket).or_default().push(session.clone());
        }
        match page["next"].as_str() {
            Some(next) => path = format!("/v1/sessions?cursor={next}"),
            None => return all,
        }
    }
}

/// Whether nobody expects anything of a ticket any more.
fn is_over(ticket: &Value) -> bool {
    is_gone(ticket) || matches!(ticket["status"].as_i64(), Some(4 | 5))
}

fn is_gone(ticket: &Value) -> bool {
    ticket["deleted"] == true || ticket["spam"] == true
}

fn conversations(ticket: &Value) -> &[Value] {
    ticket["conversations"]
        .as_array()
        .map_or(&[], Vec::as_slice)
}

fn public_answers(ticket: &Value, ai: i64) -> Vec<&str> {
    conversations(ticket)
        .iter()
        .filter(|one| one["user_id"] == ai && one["private"] == false)
        .filter_map(|one| one["body_text"].as_str())
        .collect()
}

/// Whitespace is not what the two are compared by.
fn plain(text: &Value) -> String {
    let words: Vec<_> = text
        .as_str()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    words.join(" ")
}

/// Every message of the ticket is in the history, once, and nothing else is.
fn messages(ticket: &Value, history: &[Value]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut mirrored: BTreeMap<i64, &Value> = BTreeMap::new();
    let mut descriptions = 0;
    for entry in history.iter().filter(|entry| entry["event"].is_null()) {
        match entry["freshdesk_conversation_id"].as_i64() {
            None => {
                descriptions += 1;
                if plain(&entry["text"]) != plain(&ticket["description_text"]) {
                    wrong.push("the description differs".to_owned());
                }
            }
            Some(id) => {
                if mirrored.insert(id, entry).is_some() {
                    wrong.push(format!("conversation {id} is mirrored twice"));
                }
            }
        }
    }
    if descriptions != 1 {
        wrong.push(format!("the description is mirrored {descriptions} times"));
    }
    for conversation in conversations(ticket) {
        let id = conversation["id"].as_i64().unwrap();
        match mirrored.remove(&id) {
            // Freshdesk does not always show a deleted ticket's thread.
            None if is_gone(ticket) => {}
            None => wrong.push(format!("conversation {id} is missing in the session")),
            Some(entry) => {
                if plain(&entry["text"]) != plain(&conversation["body_text"]) {
                    wrong.push(format!("conversation {id} has another text in the session"));
                }
            }
        }
    }
    for id in mirrored.keys() {
        wrong.push(format!("conversation {id} is not on the ticket"));
    }
    wrong
}

/// Status, flag and marker.
fn state(ticket: &Value, session: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let open = session["status"] == "open";
    if open == is_over(ticket) {
        wrong.push(format!(
            "the session is {} and the ticket's status is {}",
            session["status"], ticket["status"]
        ));
    }
    let marked = ticket["custom_fields"]["cf_opencx_handed_off"] == true;
    let handed_off = session["handed_off"] == true;
    if marked && !handed_off {
        wrong.push("the ticket is marked, and the session is not handed off".to_owned());
    }
    if handed_off && session["handoff"].is_object() && !marked {
        wrong.push("the session was handed off by the AI, and the ticket is not marked".to_owned());
    }
    wrong
}

/// Nothing is answered twice, no question of an untouched ticket goes
/// unanswered, and nothing private is public.
fn answers(world: &World, ticket: &Value, session: &Value, story: &Story) -> Vec<String> {
    let mut wrong = Vec::new();
    let answers = public_answers(ticket, world.ai);
    let mut seen = BTreeSet::new();
    for answer in &answers {
        if !seen.insert(answer) {
            wrong.push(format!("{answer:?} was said twice"));
        }
        if answer.contains(PRIVATE) {
            wrong.push(format!("{answer:?} is private"));
        }
    }
    let notes: Vec<_> = conversations(ticket)
        .iter()
        .filter(|one| one["user_id"] == world.ai && one["private"] == true)
        .map(|one| plain(&one["body_text"]))
        .filter(|text| text.contains(PRIVATE))
        .collect();
    let distinct: BTreeSet<_> = notes.iter().collect();
    if distinct.len() != notes.len() {
        wrong.push(format!("a note was written twice: {notes:?}"));
    }
    // A ticket that was deleted between the answer and its tags takes none.
    if !answers.is_empty() && !is_gone(ticket) {
        for tag in ["vip", "opencx", "opencx_autopilot"] {
            if !ticket["tags"].as_array().unwrap().iter().any(|t| t == tag) {
                wrong.push(format!("the tag {tag} is missing"));
            }
        }
    }
    if story.touched {
        return wrong;
    }
    let Some((id, kind)) = story
        .said
        .iter()
        .rev()
        .find(|(_, kind)| *kind != "automatic")
    else {
        return wrong;
    };
    let answered = answers
        .iter()
        .any(|answer| answer.split([' ', ',']).nth(1) == Some(id));
    let handed_off = session["handed_off"] == true;
    match *kind {
        "question" | "slow" if !answered && !handed_off => {
            wrong.push(format!("{id} was never answered"));
        }
        "human" | "broken" | "nonsense" if !handed_off => {
            wrong.push(format!("{id} was not handed off"));
        }
        "human" if ticket["group_id"] != world.group => {
            wrong.push(format!("{id} was not routed to the group"));
        }
        _ => {}
    }
    wrong
}

/// Both sides, for whoever looks into it.
fn told(ticket: &Value, session: &Value, history: &[Value]) -> String {
    let mut lines = vec![format!(
        "session {} {} handed_off={}; ticket status={} responder={} marker={}",
        session["id"],
        session["status"],
        session["handed_off"],
        ticket["status"],
        ticket["responder_id"],
        ticket["custom_fields"]["cf_opencx_handed_off"]
    )];
    for one in conversations(ticket) {
        lines.push(format!(
            "  ticket  {} {} by {} private={} {}",
            one["created_at"], one["id"], one["user_id"], one["private"], one["body_text"]
        ));
    }
    for entry in history {
        lines.push(format!(
            "  session {} {} {} {} {}",
            entry["at"],
            entry["freshdesk_conversation_id"],
            entry["kind"],
            entry["event"],
            entry["text"]
        ));
    }
    lines.join("\n    ")
}
