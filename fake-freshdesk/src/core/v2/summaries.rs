//! Summaries of tickets: one each, written by agents. [D]

use serde_json::json;

use super::call::{Answer, Call, Result};
use super::errors::Failure;
use super::input::Input;
use crate::core::html::Markup;
use crate::core::time::seconds;

const SUMMARIES: &str = "ticket_summaries";

pub(super) fn summary(call: &mut Call<'_, '_>) -> Result {
    let id = call.ticket(0)?.id;
    let summary = call
        .account()
        .shelves
        .get(SUMMARIES)
        .and_then(|summaries| summaries.get(&id));
    summary.map(Answer::ok).ok_or(Failure::NOT_FOUND)
}

pub(super) fn delete_summary(call: &mut Call<'_, '_>) -> Result {
    let id = call.live_ticket()?.id;
    let summaries = call.desk.account.shelves.get_mut(SUMMARIES);
    match summaries.and_then(|summaries| summaries.remove(&id)) {
        Some(_) => Ok(Answer::nothing()),
        None => Err(Failure::NOT_FOUND),
    }
}

pub(super) fn set_summary(call: &mut Call<'_, '_>) -> Result {
    let id = call.live_ticket()?.id;
    call.input.allow(&["body", "user_id", "attachments"]);
    call.input.require("body");
    let body = call.input.text("body").flatten().unwrap_or_default();
    call.input.check("user_id", Input::integer);
    call.checked()?;
    let markup = Markup::from_client(&body);
    let now = seconds(call.desk.now);
    let summary = json!({
        "id": id, "body": markup.html, "body_text": markup.text, "user_id": call.agent, "ticket_id": id,
        "attachments": [], "created_at": now, "updated_at": now,
    });
    call.desk
        .account
        .shelves
        .entry(SUMMARIES.to_owned())
        .or_default()
        .insert(id, summary.clone());
    Ok(Answer::ok(&summary))
}
