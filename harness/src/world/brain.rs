//! The scripted brain: what the bridge under test asks, in both worlds.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use indexmap::IndexMap;
use serde_json::{Value, json};

use crate::scenario::document::BrainAnswer;
use crate::trace::Source;
use crate::trace::recorder::Recorder;

/// A brain that answers by a script and records what it was asked.
#[derive(Clone)]
pub struct Brain {
    script: Arc<Mutex<Script>>,
    recorder: Recorder,
}

#[derive(Default)]
struct Script {
    /// Pattern → answer; `*` is any. Empty: it replies to everything.
    answers: IndexMap<String, BrainAnswer>,
    asked: u64,
}

impl Brain {
    pub(crate) fn new(recorder: Recorder) -> Self {
        Self {
            script: Arc::default(),
            recorder,
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
    fn choose(&self, message: &str) -> (u64, BrainAnswer) {
        let mut script = self.lock();
        script.asked += 1;
        let message = message.to_lowercase();
        let answer = script
            .answers
            .iter()
            .find(|(pattern, _)| *pattern != "*" && message.contains(&pattern.to_lowercase()))
            .or_else(|| script.answers.iter().find(|(pattern, _)| *pattern == "*"))
            .map_or(BrainAnswer::Reply, |(_, answer)| answer.clone());
        (script.asked, answer)
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
    let decision = match answer {
        BrainAnswer::Reply => json!({
            "action": "reply",
            "text": format!("Thank you for writing. This is answer {number} of the AI."),
        }),
        BrainAnswer::Handoff => json!({
            "action": "handoff",
            "summary": format!("Private summary {number}: the customer needs a person."),
            "sentiment": "neutral",
            "reason": "user_requested_human_assistance",
        }),
        BrainAnswer::Resolve => json!({
            "action": "resolve",
            "summary": format!("Private summary {number}: the question is settled."),
            "sentiment": "happy",
        }),
        BrainAnswer::StaySilent => json!({ "action": "stay_silent" }),
        BrainAnswer::Fail => json!({ "action": "fail" }),
    };
    let ticket = question
        .pointer("/session/ticket_id")
        .and_then(Value::as_u64);
    let mut record = decision.clone();
    if let Some(fields) = record.as_object_mut() {
        fields.insert("message".into(), message.into());
        fields.insert(
            "session_id".into(),
            question.pointer("/session/id").cloned().unwrap_or_default(),
        );
    }
    if let Err(error) = brain
        .recorder
        .note(Source::Brain, "decision", ticket, record)
        .await
    {
        return (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response();
    }
    if answer == BrainAnswer::Fail {
        return (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(json!({ "error": "the brain is out of order" })),
        )
            .into_response();
    }
    Json(decision).into_response()
}
