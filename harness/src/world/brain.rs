//! The scripted brain: what the bridge under test asks, in both worlds.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::scenario::document::{BrainAction, BrainAnswer, BrainDecision};
use crate::trace::Source;
use crate::trace::recorder::Recorder;
use crate::world::time::Time;

/// A brain that answers by a script and records what it was asked.
#[derive(Clone)]
pub struct Brain {
    script: Arc<Mutex<Script>>,
    recorder: Recorder,
    time: Time,
}

#[derive(Default)]
struct Script {
    /// Pattern → answer; `*` is any. Empty: it replies to everything.
    answers: IndexMap<String, BrainAnswer>,
    asked: u64,
}

impl Brain {
    pub(crate) fn new(recorder: Recorder, time: Time) -> Self {
        Self {
            script: Arc::default(),
            recorder,
            time,
        }
    }

    /// Replaces the script.
    pub(crate) fn follow(&self, answers: &IndexMap<String, BrainAnswer>) {
        self.lock().answers.clone_from(answers);
    }

    /// The brain's HTTP surface: `POST /v1/decisions`.
    pub(crate) fn router(&self) -> Router {
        Router::new()
            .route("/v1/decisions", post(decide))
            .with_state(self.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Script> {
        // Nothing panics while the script is held, and a script is always whole.
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Chooses the answer to a message: the first pattern that it contains.
    fn choose(&self, message: &str) -> (u64, BrainDecision) {
        let mut script = self.lock();
        script.asked += 1;
        let message = message.to_lowercase();
        let answer = script
            .answers
            .iter()
            .find(|(pattern, _)| *pattern != "*" && message.contains(&pattern.to_lowercase()))
            .or_else(|| script.answers.iter().find(|(pattern, _)| *pattern == "*"))
            .map_or_else(BrainAnswer::default, |(_, answer)| answer.clone());
        (script.asked, answer.decision())
    }
}

async fn decide(State(brain): State<Brain>, Json(question): Json<Value>) -> Response {
    let message = question
        .get("messages")
        .and_then(Value::as_array)
        .and_then(|messages| messages.last())
        .and_then(|message| message.get("text"))
        .and_then(Value::as_str)
        .unwrap_or("");
    let (number, answer) = brain.choose(message);
    let decision = decision(number, &answer);
    let ticket = question
        .pointer("/session/ticket_id")
        .and_then(Value::as_u64);
    if let Err(error) = brain
        .recorder
        .note(
            Source::Brain,
            "decision",
            ticket,
            record(&decision, &answer, &question, message),
        )
        .await
    {
        return (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response();
    }
    if let Some(after) = answer.after
        && let Err(error) = brain.time.wait(after.0).await
    {
        return (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response();
    }
    match answer.action {
        BrainAction::Fail => (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(json!({ "error": "the brain is out of order" })),
        )
            .into_response(),
        BrainAction::Nonsense => "<html>Bad gateway</html>".into_response(),
        _ => decided(&decision, &answer),
    }
}

/// The decision as an answer. Its files are written straight into the body:
/// they can be larger than all else that happens in a scenario.
fn decided(decision: &Value, answer: &BrainDecision) -> Response {
    let files: usize = answer.attachments.iter().map(|file| file.bytes).sum();
    let mut body = Vec::with_capacity(files / 3 * 4 + 4096);
    match write_decision(&mut body, decision, answer) {
        Ok(()) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        // A value with text keys always serializes.
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn write_decision(
    body: &mut Vec<u8>,
    decision: &Value,
    answer: &BrainDecision,
) -> Result<(), serde_json::Error> {
    serde_json::to_writer(&mut *body, decision)?;
    if answer.attachments.is_empty() {
        return Ok(());
    }
    // The files go in before the brace that ends the decision.
    body.pop();
    body.extend_from_slice(br#","attachments":["#);
    for (n, file) in answer.attachments.iter().enumerate() {
        if n > 0 {
            body.push(b',');
        }
        body.extend_from_slice(br#"{"content_type":"application/octet-stream","name":"#);
        serde_json::to_writer(&mut *body, &file.name)?;
        body.extend_from_slice(br#","bytes_base64":""#);
        write_base64_of_x(body, file.bytes);
        body.extend_from_slice(br#""}"#);
    }
    body.extend_from_slice(b"]}");
    Ok(())
}

/// The base64 of so many letters x, of which a scripted file is made.
fn write_base64_of_x(body: &mut Vec<u8>, bytes: usize) {
    const MANY: [[u8; 4]; 4096] = [*b"eHh4"; 4096];
    let threes = bytes / 3;
    for _ in 0..threes / MANY.len() {
        body.extend_from_slice(MANY.as_flattened());
    }
    body.extend_from_slice(MANY[..threes % MANY.len()].as_flattened());
    let rest: &[u8] = match bytes % 3 {
        0 => b"",
        1 => b"eA==",
        _ => b"eHg=",
    };
    body.extend_from_slice(rest);
}

/// A decision in the contract's words, but for its files.
fn decision(number: u64, answer: &BrainDecision) -> Value {
    let summary = |what: &str| {
        answer
            .summary
            .clone()
            .unwrap_or_else(|| format!("Private summary {number}: {what}"))
    };
    let sentiment = |usual: &str| answer.sentiment.clone().unwrap_or_else(|| usual.to_owned());
    let mut decision = match answer.action {
        BrainAction::Reply => json!({
            "action": "reply",
            "text": format!("Thank you for writing. This is answer {number} of the AI."),
        }),
        BrainAction::Handoff => json!({
            "action": "handoff",
            "summary": summary("the customer needs a person."),
            "sentiment": sentiment("neutral"),
            "reason": "user_requested_human_assistance",
        }),
        BrainAction::Resolve => json!({
            "action": "resolve",
            "summary": summary("the question is settled."),
            "sentiment": sentiment("happy"),
        }),
        BrainAction::StaySilent => json!({ "action": "stay_silent" }),
        BrainAction::Fail => json!({ "action": "fail" }),
        BrainAction::Nonsense => json!({ "action": "nonsense" }),
    };
    if let Some(text) = &answer.text {
        decision["text"] = text.clone().into();
    }
    decision
}

/// What the trace keeps of a decision: files by name and size.
fn record(decision: &Value, answer: &BrainDecision, question: &Value, message: &str) -> Value {
    let mut record = Map::new();
    for (key, value) in decision.as_object().into_iter().flatten() {
        record.insert(key.clone(), value.clone());
    }
    if !answer.attachments.is_empty() {
        let files: Vec<Value> = answer
            .attachments
            .iter()
            .map(|file| json!({ "name": file.name, "size": file.bytes }))
            .collect();
        record.insert("attachments".into(), files.into());
    }
    record.insert("message".into(), message.into());
    record.insert(
        "session_id".into(),
        question.pointer("/session/id").cloned().unwrap_or_default(),
    );
    record.insert(
        "handed_off".into(),
        question
            .pointer("/session/handed_off")
            .cloned()
            .unwrap_or_default(),
    );
    let told: Vec<Value> = question
        .get("messages")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|message| message.get("text").cloned())
        .collect();
    record.insert("told".into(), told.into());
    Value::Object(record)
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::scenario::document::BrainFile;

    #[test]
    fn files_stand_in_the_decision_as_the_contract_wants_them() {
        let file = |name: &str, bytes| BrainFile {
            name: name.to_owned(),
            bytes,
        };
        let answer = BrainDecision {
            attachments: vec![
                file("a \"b\".txt", 0),
                file("c", 4),
                file("d", 5),
                file("e", 6),
                file("f", 3 * 4099),
            ],
            ..BrainDecision::default()
        };
        let mut body = Vec::new();
        write_decision(&mut body, &decision(1, &answer), &answer).unwrap();
        let read: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(read["action"], "reply");
        let files: Vec<(&str, String)> = read["attachments"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| {
                let bytes = STANDARD
                    .decode(file["bytes_base64"].as_str().unwrap())
                    .unwrap();
                (
                    file["name"].as_str().unwrap(),
                    String::from_utf8(bytes).unwrap(),
                )
            })
            .collect();
        let long = "x".repeat(3 * 4099);
        let wanted = [
            ("a \"b\".txt", ""),
            ("c", "xxxx"),
            ("d", "xxxxx"),
            ("e", "xxxxxx"),
            ("f", &long),
        ];
        assert_eq!(files, wanted.map(|(name, text)| (name, text.to_owned())));
    }
}
