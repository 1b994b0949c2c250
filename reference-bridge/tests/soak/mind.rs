//! The brain: a customer message says what it wants of it, and every answer says
//! which message it answers.

use std::time::Duration;

use axum::{
    Json, Router,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};

/// In every text that no customer may see.
pub(crate) const PRIVATE: &str = "for-reps-only";

/// What a customer message wants, by its second word.
pub(crate) const KINDS: [&str; 7] = [
    "question", "human", "solved", "silent", "slow", "broken", "nonsense",
];

/// Serves it; gives its URL.
pub(crate) async fn listen() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/v1/decisions", post(decide));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

/// The id and the kind of a customer message, such as `m12 question: …`.
pub(crate) fn read(text: &str) -> Option<(&str, &str)> {
    let mut words = text.split([' ', ':', '\n']);
    Some((words.next()?, words.next()?))
}

async fn decide(Json(question): Json<Value>) -> Response {
    let last = question["messages"]
        .as_array()
        .into_iter()
        .flatten()
        .rev()
        .filter(|message| message["role"] == "customer")
        .filter_map(|message| read(message["text"].as_str()?))
        .find(|(_, kind)| *kind != "automatic");
    let Some((id, kind)) = last else {
        return Json(json!({"action": "stay_silent"})).into_response();
    };
    let reply = json!({"action": "reply", "text": format!("re {id}")});
    match kind {
        "human" => Json(json!({
            "action": "handoff", "summary": format!("{PRIVATE} {id} wants a person"),
            "sentiment": "angry", "reason": "asked for a person"
        }))
        .into_response(),
        "solved" => Json(json!({
            "action": "resolve", "text": format!("re {id}, goodbye"),
            "summary": format!("{PRIVATE} {id} is solved"), "sentiment": "happy"
        }))
        .into_response(),
        "silent" => Json(json!({"action": "stay_silent"})).into_response(),
        "slow" => {
            tokio::time::sleep(Duration::from_millis(2500)).await;
            Json(reply).into_response()
        }
        "broken" => (StatusCode::INTERNAL_SERVER_ERROR, "out of mind").into_response(),
        "nonsense" => (StatusCode::OK, "<html>Sure!</html>").into_response(),
        _ => Json(reply).into_response(),
    }
}
