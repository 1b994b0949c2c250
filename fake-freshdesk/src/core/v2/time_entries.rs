//! Time entries and satisfaction ratings: what is counted on a ticket.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::call::{Answer, Call, Result};
use super::errors::{Failure, FieldError, code};
use super::ticket_list::one_page;
use crate::core::account::SATISFACTION_RATINGS;
use crate::core::events::{Performer, TicketEvent};
use crate::core::settings::Settings;
use crate::core::time::{Ms, seconds};

const ENTRIES: &str = "time_entries";
const RATINGS: &str = SATISFACTION_RATINGS;

fn all<'c>(call: &'c Call<'_, '_>, shelf: &str) -> impl DoubleEndedIterator<Item = &'c Value> {
    call.account()
        .shelves
        .get(shelf)
        .into_iter()
        .flat_map(BTreeMap::values)
}

fn put(call: &mut Call<'_, '_>, shelf: &str, id: i64, item: &Value) {
    call.desk
        .account
        .shelves
        .entry(shelf.to_owned())
        .or_default()
        .insert(id, item.clone());
}

fn paged<'v>(call: &Call<'_, '_>, items: impl Iterator<Item = &'v Value>) -> Result {
    let page = call.query.page()?;
    let (shown, more) = one_page(items, page);
    let mut answer = Answer::ok(&shown);
    if more {
        answer.link = Some(call.next_link(page));
    }
    Ok(answer)
}

/// `hh:mm` in seconds.
fn spent(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
    ((0..1_000).contains(&hours) && (0..60).contains(&minutes))
        .then_some(hours * 3_600 + minutes * 60)
}

fn spelled(seconds: i64) -> String {
    format!("{:02}:{:02}", seconds / 3_600, seconds / 60 % 60)
}

/// Reads the body over an entry.
fn read(call: &mut Call<'_, '_>, entry: &mut Value) -> Result<()> {
    call.input.allow(&[
        "agent_id",
        "billable",
        "executed_at",
        "note",
        "start_time",
        "time_spent",
        "timer_running",
    ]);
    let input = &mut call.input;
    if let Some(Some(billable)) = input.flag("billable") {
        entry["billable"] = json!(billable);
    }
    if let Some(note) = input.text("note") {
        entry["note"] = json!(note);
    }
    if let Some(Some(running)) = input.flag("timer_running") {
        entry["timer_running"] = json!(running);
    }
    for key in ["executed_at", "start_time"] {
        if let Some(Some(at)) = input.time(key) {
            entry[key] = json!(seconds(at));
        }
    }
    if let Some(Some(text)) = input.text("time_spent") {
        match spent(&text) {
            Some(spent) => {
                entry["time_spent"] = json!(spelled(spent));
                entry["time_spent_in_seconds"] = json!(spent);
            }
            None => input.refuse(FieldError::new(
                "time_spent",
                "It should be in the 'hh:mm' format",
                code::INVALID_VALUE,
            )),
        }
    }
    if let Some(Some(agent)) = input.integer("agent_id") {
        if call.account().people.agent(agent).is_none() {
            call.input
                .refuse(FieldError::nothing_matches("agent_id", "agent"));
        }
        entry["agent_id"] = json!(agent);
    }
    call.checked()
}

pub(super) fn create(call: &mut Call<'_, '_>) -> Result {
    let (ticket, company) = call
        .live_ticket()
        .map(|ticket| (ticket.id, ticket.company_id))?;
    let now = call.desk.now;
    let at = seconds(now);
    // Without a time, the timer runs. [D]
    let running = !call.input.has("time_spent");
    let mut entry = json!({
        "billable": true, "note": null, "id": null, "timer_running": running, "agent_id": call.agent,
        "ticket_id": ticket, "company_id": company, "time_spent": "00:00", "time_spent_in_seconds": 0,
        "executed_at": at, "start_time": at, "created_at": at, "updated_at": at,
    });
    read(call, &mut entry)?;
    let id = call.desk.account.ids.next();
    entry["id"] = json!(id);
    put(call, ENTRIES, id, &entry);
    let event = TicketEvent::new(ticket, Performer::Agent(call.agent));
    call.desk
        .raise_named(event, "time_sheet_action", json!("added"));
    Ok(Answer::created(&format!("time_entries/{id}"), &entry))
}

pub(super) fn of_ticket(call: &mut Call<'_, '_>) -> Result {
    let ticket = call.ticket_with_parts()?.id;
    paged(
        call,
        all(call, ENTRIES).filter(|entry| entry["ticket_id"] == json!(ticket)),
    )
}

pub(super) fn list(call: &mut Call<'_, '_>) -> Result {
    let query = &call.query;
    let ids = [
        ("company_id", query.integer("company_id")?),
        ("agent_id", query.integer("agent_id")?),
    ];
    let after = query.time("executed_after")?.map(seconds);
    let before = query.time("executed_before")?.map(seconds);
    let billable = query
        .word("billable", &["true", "false"])?
        .map(|word| json!(word == "true"));
    let fits = |entry: &&Value| {
        let at = entry["executed_at"].as_str().unwrap_or_default();
        ids.iter()
            .all(|(key, id)| id.is_none_or(|id| entry[*key] == json!(id)))
            && after.as_deref().is_none_or(|after| at >= after)
            && before.as_deref().is_none_or(|before| at <= before)
            && billable
                .as_ref()
                .is_none_or(|billable| entry["billable"] == *billable)
    };
    paged(call, all(call, ENTRIES).filter(fits))
}

fn entry(call: &Call<'_, '_>) -> Result<(i64, Value)> {
    let id = call.id(0)?;
    let entry = call
        .account()
        .shelves
        .get(ENTRIES)
        .and_then(|entries| entries.get(&id));
    entry
        .map(|entry| (id, entry.clone()))
        .ok_or(Failure::NOT_FOUND)
}

pub(super) fn update(call: &mut Call<'_, '_>) -> Result {
    let (id, mut entry) = entry(call)?;
    read(call, &mut entry)?;
    entry["updated_at"] = json!(seconds(call.desk.now));
    put(call, ENTRIES, id, &entry);
    let ticket = entry["ticket_id"].as_i64().unwrap_or_default();
    let event = TicketEvent::new(ticket, Performer::Agent(call.agent));
    call.desk
        .raise_named(event, "time_sheet_action", json!("updated"));
    Ok(Answer::ok(&entry))
}

/// Stops the timer and counts what it ran, or starts it. [D]
pub(super) fn toggle(call: &mut Call<'_, '_>) -> Result {
    let (id, mut entry) = entry(call)?;
    call.input.allow(&[]);
    call.checked()?;
    let now: Ms = call.desk.now;
    if entry["timer_running"] == json!(true) {
        let since = entry["start_time"]
            .as_str()
            .and_then(crate::core::time::parse)
            .unwrap_or(now);
        let total = entry["time_spent_in_seconds"].as_i64().unwrap_or_default()
            + (now - since).max(0) / 1_000;
        entry["time_spent_in_seconds"] = json!(total);
        entry["time_spent"] = json!(spelled(total));
        entry["timer_running"] = json!(false);
    } else {
        entry["start_time"] = json!(seconds(now));
        entry["timer_running"] = json!(true);
    }
    entry["updated_at"] = json!(seconds(now));
    put(call, ENTRIES, id, &entry);
    Ok(Answer::ok(&entry))
}

pub(super) fn delete(call: &mut Call<'_, '_>) -> Result {
    let (id, _) = entry(call)?;
    if let Some(entries) = call.desk.account.shelves.get_mut(ENTRIES) {
        entries.remove(&id);
    }
    Ok(Answer::nothing())
}

/// Ratings of the default survey, and those of the classic one. [D]
const RATING_VALUES: [i64; 7] = [103, 102, 101, 100, -101, -102, -103];
const CLASSIC_RATING_VALUES: [i64; 3] = [1, 2, 3];

/// The ratings that can be given.
pub(super) fn accepted_ratings(settings: &Settings) -> &'static [i64] {
    if settings.classic_satisfaction_ratings {
        &CLASSIC_RATING_VALUES
    } else {
        &RATING_VALUES
    }
}

pub(super) fn rate(call: &mut Call<'_, '_>) -> Result {
    let ticket = call.live_ticket()?;
    let (ticket_id, user_id, agent_id, group_id) = (
        ticket.id,
        ticket.requester_id,
        ticket.responder_id,
        ticket.group_id,
    );
    call.input.allow(&["feedback", "ratings"]);
    call.input.require("ratings");
    let feedback = call.input.text("feedback").flatten();
    let ratings = call.input.object("ratings").flatten().unwrap_or_default();
    let accepted = accepted_ratings(&call.desk.account.settings);
    let fits = |value: &Value| {
        value
            .as_i64()
            .is_some_and(|value| accepted.contains(&value))
    };
    if call.input.errors.is_empty()
        && (!ratings.contains_key("default_question") || !ratings.values().all(fits))
    {
        let values: Vec<String> = accepted.iter().map(i64::to_string).collect();
        call.input
            .refuse(FieldError::choice("ratings", values.join(",")));
    }
    call.checked()?;
    let survey = all(call, "surveys")
        .next()
        .map(|survey| survey["id"].clone());
    let at = seconds(call.desk.now);
    let id = call.desk.account.ids.next();
    let rating = json!({
        "id": id, "survey_id": survey, "user_id": user_id, "agent_id": agent_id, "feedback": feedback,
        "group_id": group_id, "ticket_id": ticket_id, "created_at": at, "updated_at": at, "ratings": ratings,
    });
    put(call, RATINGS, id, &rating);
    let value = rating["ratings"]["default_question"].clone();
    let event = TicketEvent::new(ticket_id, Performer::Requester(user_id));
    call.desk.raise_named(event, "customer_feedback", value);
    Ok(Answer::json(201, &rating))
}

pub(super) fn ratings_of_ticket(call: &mut Call<'_, '_>) -> Result {
    let ticket = call.ticket_with_parts()?.id;
    paged(
        call,
        all(call, RATINGS).filter(|rating| rating["ticket_id"] == json!(ticket)),
    )
}

pub(super) fn ratings(call: &mut Call<'_, '_>) -> Result {
    let since = call.query.time("created_since")?.map(seconds);
    let user = call.query.integer("user_id")?;
    let fits = |rating: &&Value| {
        since
            .as_deref()
            .is_none_or(|since| rating["created_at"].as_str().unwrap_or_default() >= since)
            && user.is_none_or(|user| rating["user_id"] == json!(user))
    };
    paged(call, all(call, RATINGS).filter(fits))
}
