//! Reading what a chat endpoint answers: completions as they are documented, as
//! proxies and local servers send them, and refusals.

use http::{HeaderMap, StatusCode, header};
use serde_json::Value;

use super::super::{Decision, http::Answered};
use crate::{brain::BrainError, session::Sentiment};

/// What an endpoint that answers 4xx would not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Objection {
    /// The conversation is longer than the model's context.
    TooLong,
    /// `response_format` is not known, or not for this model.
    ResponseFormat,
    /// `temperature` may not be chosen.
    Temperature,
}

impl Objection {
    /// What the answer objects to, if it is something that can be left out.
    pub(super) fn of(answer: &Answered) -> Option<Self> {
        let refused = matches!(answer.status.as_u16(), 400 | 413 | 422);
        if !refused {
            return None;
        }
        let body = String::from_utf8_lossy(&answer.body).to_lowercase();
        let any = |words: &[&str]| words.iter().any(|word| body.contains(word));
        if any(&["response_format", "json_object", "json mode"]) {
            Some(Self::ResponseFormat)
        } else if body.contains("temperature") {
            Some(Self::Temperature)
        } else if answer.status == StatusCode::PAYLOAD_TOO_LARGE
            || any(&[
                "context_length",
                "context length",
                "context window",
                "too long",
                "too many tokens",
            ])
        {
            Some(Self::TooLong)
        } else {
            None
        }
    }
}

/// The decision in a completion.
pub(super) fn decision(answer: &Answered) -> Result<Decision, BrainError> {
    let message = if is_stream(&answer.headers, &answer.body) {
        streamed(&String::from_utf8_lossy(&answer.body))?
    } else {
        whole(&answer.body)?
    };
    let mut decision: Value = serde_json::from_str(object_in(&message))
        .map_err(|error| BrainError::new(format!("its message is no decision: {error}")))?;
    if let Some(fields) = decision.as_object_mut() {
        // A mood in other words is none; files cannot come from a chat.
        let mood = fields.get("sentiment").cloned().unwrap_or_default();
        if serde_json::from_value::<Sentiment>(mood).is_err() {
            fields.remove("sentiment");
        }
        fields.remove("attachments");
    }
    serde_json::from_value(decision)
        .map_err(|error| BrainError::new(format!("its message is no decision: {error}")))
}

/// Some proxies stream although they were not asked to.
fn is_stream(headers: &HeaderMap, body: &[u8]) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/event-stream"))
        || body.trim_ascii_start().starts_with(b"data:")
}

fn streamed(body: &str) -> Result<String, BrainError> {
    let mut message = String::new();
    let events = body
        .lines()
        .filter_map(|line| line.strip_prefix("data:"))
        .map(str::trim)
        .filter(|event| !event.is_empty() && *event != "[DONE]");
    for event in events {
        let event: Value = serde_json::from_str(event)
            .map_err(|error| BrainError::new(format!("its stream is no JSON: {error}")))?;
        if event.get("error").is_some() {
            return Err(BrainError::new("its stream ended with an error"));
        }
        let Some(choice) = event.pointer("/choices/0") else {
            continue;
        };
        check_finish(choice)?;
        let part = choice.get("delta").or_else(|| choice.get("message"));
        if let Some(text) = part.and_then(|part| part.get("content")).and_then(text_of) {
            message += &text;
        }
    }
    if message.is_empty() {
        return Err(BrainError::new("its stream has no message"));
    }
    Ok(message)
}

fn whole(body: &[u8]) -> Result<String, BrainError> {
    let answer: Value = serde_json::from_slice(body)
        .map_err(|error| BrainError::new(format!("its answer is no JSON: {error}")))?;
    let choice = answer
        .pointer("/choices/0")
        .ok_or_else(|| BrainError::new("its answer has no message"))?;
    check_finish(choice)?;
    let message = choice.get("message").unwrap_or(&Value::Null);
    let content = message.get("content").and_then(text_of);
    content.filter(|text| !text.is_empty()).ok_or_else(|| {
        let has = |key: &str| message.get(key).is_some_and(|value| !value.is_null());
        BrainError::new(if has("tool_calls") || has("function_call") {
            "it wants to call a tool, and was offered none"
        } else if has("refusal") {
            "it refused to answer"
        } else {
            "its answer has no message"
        })
    })
}

fn check_finish(choice: &Value) -> Result<(), BrainError> {
    match choice.get("finish_reason").and_then(Value::as_str) {
        Some("length") => Err(BrainError::new(
            "its answer was cut off at the length limit",
        )),
        Some("content_filter") => Err(BrainError::new("its answer was filtered out")),
        _ => Ok(()),
    }
}

/// A content is a text, or a list of parts of which some are.
fn text_of(content: &Value) -> Option<String> {
    match content {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => Some(
            parts
                .iter()
                .filter_map(|part| part.get("text")?.as_str())
                .collect(),
        ),
        _ => None,
    }
}

/// The JSON object in a message: models think aloud before it, put it into a fenced
/// block, or say something kind around it.
fn object_in(message: &str) -> &str {
    let said = message.rsplit("</think>").next().unwrap_or(message).trim();
    match (said.find('{'), said.rfind('}')) {
        (Some(start), Some(end)) if start < end => &said[start..=end],
        _ => said,
    }
}
