//! Resources that are kept and shown but change nothing else: products,
//! mailboxes, business hours, SLA policies, canned responses, surveys,
//! solutions, discussions, ….
//!
//! What each takes is data: one row of [`SHELVES`].

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::call::{Answer, Call, Result};
use super::errors::{Failure, FieldError, code};
use super::shelf_table::{Kind, SHELVES, Shelf};
use super::ticket_list::one_page;
use super::time_entries::accepted_ratings;
use crate::core::html::Markup;
use crate::core::time::seconds;

/// The resource that the call's path names: of `solutions/folders/7/articles`
/// it is `solutions/articles`.
fn shelf(call: &Call<'_, '_>) -> Result<&'static Shelf> {
    let words = call.path.iter().filter(|segment| {
        **segment != "admin" && !segment.bytes().all(|byte| byte.is_ascii_digit())
    });
    let words: Vec<&str> = words.copied().collect();
    let path = match words.as_slice() {
        [first, .., last] => format!("{first}/{last}"),
        other => other.concat(),
    };
    let shelf = SHELVES.iter().find(|shelf| shelf.path == path);
    let shelf = shelf.ok_or(Failure::NOT_FOUND)?;
    let plan = call.account().plan.row();
    match shelf.path {
        // Skills are for the largest plan only. [D that it is so; the answer I]
        "skills" if !plan.skills => Err(Failure::missing_feature("Skill Based Round Robin")),
        "collaboration/threads" if !plan.threads => Err(Failure::missing_feature("Threads")),
        _ => Ok(shelf),
    }
}

/// What holds the items of a list: the key, and the id in the path, which must exist.
fn holder(call: &Call<'_, '_>, shelf: &Shelf) -> Result<Option<(&'static str, i64)>> {
    let Some((above, key)) = shelf.above else {
        return Ok(None);
    };
    let id = call.id(0)?;
    if call.account().is_on_shelf(above, id) {
        Ok(Some((key, id)))
    } else {
        Err(Failure::NOT_FOUND)
    }
}

fn items<'c>(call: &'c Call<'_, '_>, path: &str) -> Option<&'c BTreeMap<i64, Value>> {
    call.account().shelves.get(path)
}

/// A resource as it is shown: products do not tell which is the default one. [O pyfreshdesk]
fn shown(call: &Call<'_, '_>, shelf: &Shelf, item: &Value) -> Value {
    let mut item = item.clone();
    if shelf.path == "solutions/folders" {
        let inside = items(call, "solutions/articles").into_iter().flatten();
        let inside = inside.filter(|(_, article)| article["folder_id"] == item["id"]);
        item["articles_count"] = json!(inside.count());
    }
    if shelf.path == "canned_response_folders" {
        let inside = items(call, "canned_responses").into_iter().flatten();
        let inside = inside.filter(|(_, response)| response["folder_id"] == item["id"]);
        item["responses_count"] = json!(inside.count());
    }
    if shelf.path == "surveys" {
        let questions = item["questions"].as_array_mut().into_iter().flatten();
        for question in questions.filter_map(Value::as_object_mut) {
            let accepted = accepted_ratings(&call.account().settings);
            question.insert("accepted_ratings".to_owned(), json!(accepted));
        }
    }
    if let (true, Value::Object(map)) = (shelf.path == "products", &mut item) {
        map.shift_remove("default");
    }
    item
}

fn paged<'v>(
    call: &Call<'_, '_>,
    all: impl Iterator<Item = &'v Value>,
    show: impl Fn(&Value) -> Value,
) -> Result {
    let page = call.query.page()?;
    let (list, more) = one_page(all, page);
    let list: Vec<Value> = list.into_iter().map(show).collect();
    let mut answer = Answer::ok(&list);
    if more {
        answer.link = Some(call.next_link(page));
    }
    Ok(answer)
}

pub(super) fn list(call: &mut Call<'_, '_>) -> Result {
    let shelf = shelf(call)?;
    let holder = holder(call, shelf)?;
    let all = items(call, shelf.path)
        .into_iter()
        .flat_map(BTreeMap::values)
        .filter(|item| holder.is_none_or(|(key, id)| item[key] == json!(id)));
    paged(call, all, |item| shown(call, shelf, item))
}

pub(super) fn view(call: &mut Call<'_, '_>) -> Result {
    let (shelf, id) = (shelf(call)?, call.id(0)?);
    let item = items(call, shelf.path)
        .and_then(|items| items.get(&id))
        .ok_or(Failure::NOT_FOUND)?;
    Ok(Answer::ok(&shown(call, shelf, item)))
}

/// Reads the body over a resource.
fn read(call: &mut Call<'_, '_>, shelf: &Shelf, item: &mut Value) -> Result<()> {
    let keys: Vec<&str> = shelf.keys.iter().map(|(key, _)| *key).collect();
    call.input.allow(&keys);
    for (key, kind) in shelf.keys {
        let input = &mut call.input;
        let value = match kind {
            Kind::Text => input.text(key).map(|text| json!(text)),
            Kind::Number => input.integer(key).map(|number| json!(number)),
            Kind::Flag => input.flag(key).map(|flag| json!(flag)),
            Kind::Numbers => input.integers(key).map(|list| json!(list)),
            Kind::Texts => input.texts(key).map(|list| json!(list)),
            Kind::Object => input.object(key).map(|map| json!(map)),
            Kind::Time => input.time(key).map(|at| json!(at.map(seconds))),
            Kind::Word(words) => input.text(key).map(|word| {
                if word.as_deref().is_some_and(|word| !words.contains(&word)) {
                    input.refuse(FieldError::choice(key, words.join(",")));
                }
                json!(word)
            }),
            Kind::OneOf(values) => input.number_of(key, values).map(|number| json!(number)),
        };
        if let Some(value) = value {
            item[*key] = value;
        }
    }
    for key in shelf.required {
        if call.input.map.get(*key).is_some_and(Value::is_null) {
            call.input.refuse(FieldError::blank(key));
        }
    }
    if shelf.path == "canned_responses" {
        let folder = item["folder_id"].as_i64().unwrap_or_default();
        let known = items(call, "canned_response_folders")
            .is_some_and(|folders| folders.contains_key(&folder));
        if call.input.has("folder_id") && !known {
            call.input
                .refuse(FieldError::nothing_matches("folder_id", "folder"));
        }
    }
    if shelf.path == "collaboration/threads" && call.input.has("parent") {
        check_parent(call);
    }
    call.checked()?;
    if let Some(key) = shelf.unique {
        let taken = items(call, shelf.path)
            .into_iter()
            .flat_map(BTreeMap::values)
            .any(|each| each["id"] != item["id"] && each[key] == item[key]);
        if taken {
            return Err(Failure::conflict(FieldError::new(
                key,
                "It should be a unique value",
                code::DUPLICATE_VALUE,
            )));
        }
    }
    Ok(())
}

/// A thread is about a ticket: `{"type": "ticket", "id": …}`. [I]
fn check_parent(call: &mut Call<'_, '_>) {
    let parent = &call.input.map["parent"];
    let id = match &parent["id"] {
        Value::String(id) => id.parse().ok(),
        id => id.as_i64(),
    };
    let ticket = id.and_then(|id| call.desk.account.tickets.get(id));
    if parent["type"] != json!("ticket") {
        call.input
            .refuse(FieldError::choice("parent[type]", "ticket"));
    } else if ticket.is_none() {
        call.input
            .refuse(FieldError::nothing_matches("parent[id]", "ticket"));
    }
}

fn put(call: &mut Call<'_, '_>, path: &str, id: i64, item: Value) {
    call.desk
        .account
        .shelves
        .entry(path.to_owned())
        .or_default()
        .insert(id, item);
}

/// What a new item takes from its holder and from whoever makes it. [D]
fn inherit(call: &Call<'_, '_>, shelf: &Shelf, holder: Option<i64>, item: &mut Value) {
    let above = |path: &str| items(call, path).and_then(|items| items.get(&holder?));
    match shelf.path {
        "solutions/articles" => {
            item["agent_id"] = json!(call.agent);
            item["category_id"] = above("solutions/folders")
                .map_or(Value::Null, |folder| folder["category_id"].clone());
        }
        "collaboration/threads" => item["created_by"] = json!(call.agent),
        "discussions/topics" => item["user_id"] = json!(call.agent),
        "discussions/comments" => {
            item["user_id"] = json!(call.agent);
            item["forum_id"] =
                above("discussions/topics").map_or(Value::Null, |topic| topic["forum_id"].clone());
        }
        _ => {}
    }
}

/// HTML is cleaned like a ticket's, and shown as plain text beside. [D; the cleaning I]
fn derive(shelf: &Shelf, item: &mut Value) {
    let (html, text) = match shelf.path {
        "canned_responses" => {
            let text = item["content_html"]
                .as_str()
                .map(crate::core::html::text_of);
            item["content"] = json!(text);
            return;
        }
        "solutions/articles" => ("description", "description_text"),
        "discussions/comments" => ("body", "body_text"),
        _ => return,
    };
    if let Some(markup) = item[html].as_str().map(Markup::from_client) {
        item[html] = json!(markup.html);
        item[text] = json!(markup.text);
    }
}

pub(super) fn create(call: &mut Call<'_, '_>) -> Result {
    let shelf = shelf(call)?;
    let holder = holder(call, shelf)?;
    for key in shelf.required {
        call.input.require(key);
    }
    let mut item = json!({"id": null});
    for (key, _) in shelf.keys {
        item[*key] = Value::Null;
    }
    // A test reads each of them.
    let fresh = serde_json::from_str(shelf.fresh).unwrap_or(Value::Null);
    for (key, value) in fresh.as_object().into_iter().flatten() {
        item[key] = value.clone();
    }
    if let Some((key, id)) = holder {
        item[key] = json!(id);
    }
    inherit(call, shelf, holder.map(|(_, id)| id), &mut item);
    read(call, shelf, &mut item)?;
    let id = call.desk.account.ids.next();
    item["id"] = json!(id);
    item["created_at"] = json!(seconds(call.desk.now));
    item["updated_at"] = json!(seconds(call.desk.now));
    if shelf.path == "canned_responses" {
        item["attachments"] = json!([]);
    }
    derive(shelf, &mut item);
    put(call, shelf.path, id, item.clone());
    Ok(Answer::created(
        &format!("{}/{id}", shelf.path),
        &shown(call, shelf, &item),
    ))
}

pub(super) fn update(call: &mut Call<'_, '_>) -> Result {
    let (shelf, id) = (shelf(call)?, call.id(0)?);
    let mut item = items(call, shelf.path)
        .and_then(|items| items.get(&id))
        .cloned()
        .ok_or(Failure::NOT_FOUND)?;
    // The default SLA policy cannot be changed over the API. [O FDM]
    if shelf.path == "sla_policies" && item["is_default"] == json!(true) {
        return Err(Failure::Request {
            status: 400,
            code: "cannot_update_default_sla",
            message: "The default SLA policy cannot be updated".to_owned(),
        });
    }
    read(call, shelf, &mut item)?;
    item["updated_at"] = json!(seconds(call.desk.now));
    derive(shelf, &mut item);
    put(call, shelf.path, id, item.clone());
    Ok(Answer::ok(&shown(call, shelf, &item)))
}

/// An item goes with all that it holds.
pub(super) fn delete(call: &mut Call<'_, '_>) -> Result {
    let (shelf, id) = (shelf(call)?, call.id(0)?);
    if !call.account().is_on_shelf(shelf.path, id) {
        return Err(Failure::NOT_FOUND);
    }
    take_off(&mut call.desk.account.shelves, shelf.path, id);
    Ok(Answer::nothing())
}

fn take_off(shelves: &mut BTreeMap<String, BTreeMap<i64, Value>>, path: &str, id: i64) {
    if let Some(items) = shelves.get_mut(path) {
        items.remove(&id);
    }
    for below in &SHELVES {
        let Some((_, key)) = below.above.filter(|(above, _)| *above == path) else {
            continue;
        };
        let held: Vec<i64> = shelves
            .get(below.path)
            .into_iter()
            .flatten()
            .filter(|(_, item)| item[key] == json!(id))
            .map(|(id, _)| *id)
            .collect();
        for id in held {
            take_off(shelves, below.path, id);
        }
    }
}

/// Articles whose title or text has the term in it. [D that there is a search; what matches I]
pub(super) fn search_articles(call: &mut Call<'_, '_>) -> Result {
    let term = call.query.get("term").unwrap_or_default().to_lowercase();
    if term.is_empty() {
        return Err(Failure::field(FieldError::missing("term")));
    }
    let has = |item: &Value, key: &str| {
        item[key]
            .as_str()
            .is_some_and(|text| text.to_lowercase().contains(&term))
    };
    let found = items(call, "solutions/articles")
        .into_iter()
        .flat_map(BTreeMap::values)
        .filter(|item| has(item, "title") || has(item, "description_text"));
    paged(call, found, Value::clone)
}

/// A folder with its responses' titles, and the responses themselves. [D]
pub(super) fn folder(call: &mut Call<'_, '_>) -> Result {
    let id = call.id(0)?;
    let folder = items(call, "canned_response_folders")
        .and_then(|items| items.get(&id))
        .ok_or(Failure::NOT_FOUND)?;
    let inside: Vec<Value> = items(call, "canned_responses")
        .into_iter()
        .flat_map(BTreeMap::values)
        .filter(|response| response["folder_id"] == json!(id))
        .map(|response| json!({"id": response["id"], "title": response["title"]}))
        .collect();
    let mut shown = folder.clone();
    shown["responses_count"] = json!(inside.len());
    shown["canned_responses"] = json!(inside);
    Ok(Answer::ok(&shown))
}

pub(super) fn folder_responses(call: &mut Call<'_, '_>) -> Result {
    let id = call.id(0)?;
    if !items(call, "canned_response_folders").is_some_and(|items| items.contains_key(&id)) {
        return Err(Failure::NOT_FOUND);
    }
    let inside = items(call, "canned_responses")
        .into_iter()
        .flat_map(BTreeMap::values)
        .filter(|response| response["folder_id"] == json!(id));
    paged(call, inside, Value::clone)
}
