//! Resources that are kept and shown but change nothing else: products,
//! mailboxes, business hours, SLA policies, canned responses, surveys, ….
//!
//! What each takes is data: one row of [`SHELVES`].

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::call::{Answer, Call, Result};
use super::errors::{Failure, FieldError, code};
use super::ticket_list::one_page;
use crate::core::account::Account;
use crate::core::time::{Ms, seconds};

/// What a key takes.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Number,
    Flag,
    List,
    Object,
    Time,
}

/// One kind of resource.
struct Shelf {
    /// Its path under `/api/v2`.
    path: &'static str,
    keys: &'static [(&'static str, Kind)],
    required: &'static [&'static str],
    /// A key that no two may share: 409. [D]
    unique: Option<&'static str>,
}

/// The resources, with the keys that a write may carry. [D]
const SHELVES: [Shelf; 9] = [
    Shelf {
        path: "products",
        keys: &[
            ("name", Kind::Text),
            ("description", Kind::Text),
            ("default", Kind::Flag),
            ("primary_email", Kind::Text),
        ],
        required: &["name"],
        unique: Some("name"),
    },
    Shelf {
        path: "email_configs",
        keys: &[],
        required: &[],
        unique: None,
    },
    Shelf {
        path: "email/mailboxes",
        keys: &[],
        required: &[],
        unique: None,
    },
    Shelf {
        path: "business_hours",
        keys: &[],
        required: &[],
        unique: None,
    },
    Shelf {
        path: "sla_policies",
        keys: &[
            ("name", Kind::Text),
            ("description", Kind::Text),
            ("active", Kind::Flag),
            ("applicable_to", Kind::Object),
            ("sla_target", Kind::Object),
            ("escalation", Kind::Object),
        ],
        required: &["name", "applicable_to", "sla_target"],
        unique: Some("name"),
    },
    Shelf {
        path: "canned_response_folders",
        keys: &[("name", Kind::Text)],
        required: &["name"],
        unique: Some("name"),
    },
    Shelf {
        path: "canned_responses",
        keys: &[
            ("title", Kind::Text),
            ("content_html", Kind::Text),
            ("folder_id", Kind::Number),
            ("visibility", Kind::Number),
            ("group_ids", Kind::List),
        ],
        required: &["title", "content_html", "folder_id", "visibility"],
        unique: None,
    },
    Shelf {
        path: "scenario_automations",
        keys: &[],
        required: &[],
        unique: None,
    },
    Shelf {
        path: "surveys",
        keys: &[
            ("title", Kind::Text),
            ("active", Kind::Flag),
            ("from", Kind::Time),
        ],
        required: &[],
        unique: None,
    },
];

/// What a fresh account has on its shelves. [D/O FDM]
pub(crate) fn stock(account: &mut Account, now: Ms) {
    let stamps = |mut value: Value| {
        value["created_at"] = json!(seconds(now));
        value["updated_at"] = json!(seconds(now));
        value
    };
    let name = account.name().to_owned();
    let support = account.support_email();
    let days = ["monday", "tuesday", "wednesday", "thursday", "friday"];
    let hours: Map<String, Value> = days
        .into_iter()
        .map(|day| {
            (
                day.to_owned(),
                json!({"start_time": "8:00 am", "end_time": "5:00 pm"}),
            )
        })
        .collect();
    let target = |respond: u32, resolve: u32| json!({"respond_within": respond, "resolve_within": resolve, "business_hours": false, "escalation_enabled": true});
    let stocked = [
        (
            "email_configs",
            json!({
                "name": name, "product_id": null, "to_email": support, "reply_email": support, "group_id": null,
                "primary_role": true, "active": true,
            }),
        ),
        (
            "email/mailboxes",
            json!({
                "name": name, "support_email": support, "product_id": null, "group_id": null, "default_reply_email": true,
                "active": true, "mailbox_type": "freshdesk_mailbox", "freshdesk_mailbox": {"forward_email": support},
            }),
        ),
        (
            "business_hours",
            json!({
                "name": "Default", "description": "Default Business Calendar", "is_default": true, "time_zone": "Chennai",
                "business_hours": hours, "list_of_holidays": [],
            }),
        ),
        (
            "sla_policies",
            json!({
                "name": "Default SLA Policy", "description": "default policy", "active": true, "is_default": true, "position": 1,
                "sla_target": {
                    "priority_4": target(14_400, 43_200), "priority_3": target(28_800, 86_400),
                    "priority_2": target(43_200, 172_800), "priority_1": target(86_400, 259_200),
                },
                "applicable_to": {},
                "escalation": {"response": null, "resolution": null},
            }),
        ),
        (
            "canned_response_folders",
            json!({"name": "General", "personal": false, "responses_count": 0}),
        ),
        (
            "canned_response_folders",
            json!({"name": "Personal", "personal": true, "responses_count": 0}),
        ),
        (
            "surveys",
            json!({
                "title": "Default Survey", "active": true,
                "questions": [{"id": "default_question", "label": "How would you rate your overall satisfaction?",
                               "accepted_ratings": [103, 102, 101, 100, -101, -102, -103], "default": true}],
            }),
        ),
    ];
    for (path, value) in stocked {
        let id = account.ids.next();
        let mut value = stamps(value);
        value["id"] = json!(id);
        account
            .shelves
            .entry(path.to_owned())
            .or_default()
            .insert(id, value);
    }
    account.shelves.entry("products".to_owned()).or_default();
}

/// The resource that the call's path names.
fn shelf(call: &Call<'_, '_>) -> Result<&'static Shelf> {
    let path = call.path();
    let path = path.trim_start_matches("admin/");
    let fits = |shelf: &&Shelf| {
        path.strip_prefix(shelf.path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    SHELVES.iter().find(fits).ok_or(Failure::NOT_FOUND)
}

fn items<'c>(call: &'c Call<'_, '_>, path: &str) -> Option<&'c BTreeMap<i64, Value>> {
    call.account().shelves.get(path)
}

/// A resource as it is shown: products do not tell which is the default one. [O pyfreshdesk]
fn shown(shelf: &Shelf, item: &Value) -> Value {
    let mut item = item.clone();
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
    let all = items(call, shelf.path)
        .into_iter()
        .flat_map(BTreeMap::values);
    paged(call, all, |item| shown(shelf, item))
}

pub(super) fn view(call: &mut Call<'_, '_>) -> Result {
    let (shelf, id) = (shelf(call)?, call.id(0)?);
    let item = items(call, shelf.path)
        .and_then(|items| items.get(&id))
        .ok_or(Failure::NOT_FOUND)?;
    Ok(Answer::ok(&shown(shelf, item)))
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
            Kind::List => input.integers(key).map(|list| json!(list)),
            Kind::Object => input.object(key).map(|map| json!(map)),
            Kind::Time => input.time(key).map(|at| json!(at.map(seconds))),
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
        if call.input.has("visibility") && !matches!(item["visibility"].as_i64(), Some(0..=2)) {
            call.input.refuse(FieldError::choice("visibility", "0,1,2"));
        }
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

fn put(call: &mut Call<'_, '_>, path: &str, id: i64, item: Value) {
    call.desk
        .account
        .shelves
        .entry(path.to_owned())
        .or_default()
        .insert(id, item);
}

pub(super) fn create(call: &mut Call<'_, '_>) -> Result {
    let shelf = shelf(call)?;
    for key in shelf.required {
        call.input.require(key);
    }
    let mut item = json!({"id": null});
    for (key, _) in shelf.keys {
        item[*key] = Value::Null;
    }
    read(call, shelf, &mut item)?;
    let id = call.desk.account.ids.next();
    item["id"] = json!(id);
    item["created_at"] = json!(seconds(call.desk.now));
    item["updated_at"] = json!(seconds(call.desk.now));
    if let Some(html) = item["content_html"].as_str() {
        item["content"] = json!(crate::core::html::text_of(html));
        item["attachments"] = json!([]);
    }
    put(call, shelf.path, id, item.clone());
    Ok(Answer::created(
        &format!("{}/{id}", shelf.path),
        &shown(shelf, &item),
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
    put(call, shelf.path, id, item.clone());
    Ok(Answer::ok(&shown(shelf, &item)))
}

pub(super) fn delete(call: &mut Call<'_, '_>) -> Result {
    let (shelf, id) = (shelf(call)?, call.id(0)?);
    match call
        .desk
        .account
        .shelves
        .get_mut(shelf.path)
        .and_then(|items| items.remove(&id))
    {
        Some(_) => Ok(Answer::nothing()),
        None => Err(Failure::NOT_FOUND),
    }
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
