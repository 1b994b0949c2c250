//! A write that is refused has changed nothing.

use std::collections::BTreeMap;

use axum::body::Body;
use http::Request;
use serde_json::{Map, Value, json};

use crate::world::{DOMAIN, World};

/// The whole state, but for what every call moves: the count of calls, the
/// allowance, and the journal.
async fn state(world: &World) -> Value {
    let mut state = world.control("GET", "/snapshot", Value::Null).await.json();
    let top = state.as_object_mut().unwrap();
    for key in ["requests", "journal_seq"] {
        assert!(top.remove(key).is_some());
    }
    for account in top["accounts"].as_object_mut().unwrap().values_mut() {
        for key in ["usage", "calls"] {
            assert!(account.as_object_mut().unwrap().remove(key).is_some());
        }
    }
    state
}

/// Something of every kind, and the id of the first of each by its path.
async fn furnished() -> (World, BTreeMap<&'static str, Value>) {
    let quota = json!({"total": 1_000_000, "ticket_create": 1_000_000, "ticket_update": 1_000_000, "tickets_list": 1_000_000, "contacts_list": 1_000_000});
    let account = json!({"domain": DOMAIN, "plan": "enterprise", "quota": quota});
    let world = World::with(account).await;
    for _ in 0..3 {
        world.customer_ticket().await;
    }
    let sla = json!({"name": "S", "applicable_to": {}, "sla_target": {}});
    let text = json!({"label": "F", "label_for_customers": "F", "type": "custom_text"});
    let dropdown = json!({"label": "F", "label_for_customers": "F", "type": "custom_dropdown", "choices": [{"value": "v"}]});
    let company_text = json!({"label": "F", "type": "custom_text"});
    let rule = json!({
        "name": "r", "performer": {"type": 1}, "events": [{"field_name": "reply_sent"}], "actions": [{"field_name": "status", "value": 2}],
    });
    let folder = world.get("/canned_response_folders").await.json()[0]["id"].clone();
    let response = json!({"title": "t", "content_html": "c", "folder_id": folder, "visibility": 0});
    let made = [
        ("conversations", "/tickets/1/notes", json!({"body": "x"})),
        ("time_entries", "/tickets/1/time_entries", json!({})),
        (
            "contacts",
            "/contacts",
            json!({"name": "C", "email": "c@example.com"}),
        ),
        ("companies", "/companies", json!({"name": "C"})),
        ("groups", "/groups", json!({"name": "G"})),
        ("products", "/products", json!({"name": "P"})),
        ("sla_policies", "/sla_policies", sla),
        ("admin", "/admin/ticket_fields", dropdown),
        ("contact_fields", "/contact_fields", text),
        ("company_fields", "/company_fields", company_text),
        ("automations", "/automations/4/rules", rule),
        ("canned_responses", "/canned_responses", response),
    ];
    let mut ids = BTreeMap::from([
        ("tickets", json!(1)),
        ("agents", json!(world.admin)),
        ("canned_response_folders", folder),
    ]);
    for (kind, path, body) in made {
        ids.insert(kind, world.ok("POST", path, body).await["id"].clone());
    }
    let article = json!({"title": "t", "description": "d", "status": 1});
    let forum = json!({"name": "F", "forum_type": 1, "forum_visibility": 1});
    let nested = [
        ("skills", "", "/admin/skills", json!({"name": "S"})),
        (
            "solutions/categories",
            "",
            "/solutions/categories",
            json!({"name": "H"}),
        ),
        (
            "solutions/folders",
            "solutions/categories",
            "/folders",
            json!({"name": "F", "visibility": 1}),
        ),
        (
            "solutions/articles",
            "solutions/folders",
            "/articles",
            article,
        ),
        (
            "discussions/categories",
            "",
            "/discussions/categories",
            json!({"name": "T"}),
        ),
        (
            "discussions/forums",
            "discussions/categories",
            "/forums",
            forum,
        ),
        (
            "discussions/topics",
            "discussions/forums",
            "/topics",
            json!({"title": "t", "message": "m"}),
        ),
        (
            "discussions/comments",
            "discussions/topics",
            "/comments",
            json!({"body": "b"}),
        ),
    ];
    for (kind, above, path, body) in nested {
        let path = match ids.get(above) {
            Some(id) => format!("/{above}/{id}{path}"),
            None => path.to_owned(),
        };
        ids.insert(kind, world.ok("POST", &path, body).await["id"].clone());
    }
    let field = format!("/admin/ticket_fields/{}", ids["admin"]);
    let choice = world.get(&field).await.json()["choices"][0]["id"].clone();
    let section = json!({"label": "S", "choice_ids": [choice]});
    let section = world
        .ok("POST", &format!("{field}/sections"), section)
        .await;
    ids.insert("sections", section["id"].clone());
    let thread = json!({"type": "discussion", "parent": {"type": "ticket", "id": 1}});
    let thread = world.ok("POST", "/collaboration/threads", thread).await;
    ids.insert("collaboration/threads", thread["id"].clone());
    (world, ids)
}

/// A value that the key takes, as far as the document tells.
fn good(name: &str, schema: &Value, ids: &BTreeMap<&str, Value>) -> Value {
    match name {
        "group_id" => ids["groups"].clone(),
        "responder_id" | "agent_id" | "escalate_to" => ids["agents"].clone(),
        "company_id" => ids["companies"].clone(),
        "product_id" => ids["products"].clone(),
        "folder_id" => ids["canned_response_folders"].clone(),
        "requester_id" | "primary_contact_id" => ids["contacts"].clone(),
        "agent_ids" => json!([ids["agents"]]),
        "status" => json!(2),
        "type" => json!("Question"),
        "domains" => json!(["acme.example"]),
        "choices" => json!([]),
        "custom_fields" => json!({}),
        _ => match (
            schema["enum"].get(0),
            schema["format"].as_str(),
            &schema["type"],
        ) {
            (Some(first), _, _) => first.clone(),
            (_, Some("email"), _) => json!("somebody.new@example.com"),
            (_, Some("date-time"), _) => json!("2030-01-01T00:00:00Z"),
            (_, _, kind) if kind == "integer" => json!(1),
            (_, _, kind) if kind == "boolean" => json!(true),
            (_, _, kind) if kind == "array" && schema["items"]["format"] == "email" => {
                json!(["somebody.new@example.com"])
            }
            (_, _, kind) if kind == "array" && schema["items"]["type"] == "string" => json!(["x"]),
            (_, _, kind) if kind == "array" => json!([]),
            (_, _, kind) if kind == "object" => json!({}),
            _ => json!("something"),
        },
    }
}

/// Every endpoint that takes a body gets bodies in which one thing after the
/// other is wrong and all else is right.
#[tokio::test(start_paused = true)]
async fn whatever_is_wrong_with_a_body_nothing_is_changed() {
    let (world, ids) = furnished().await;
    let request = Request::get(format!("https://{DOMAIN}/openapi.json"))
        .body(Body::empty())
        .unwrap();
    let document = world.raw(request).await.json();
    let mut refused = 0;
    for (path, verbs) in document["paths"].as_object().unwrap() {
        for (verb, operation) in verbs.as_object().unwrap() {
            let schema =
                operation.pointer("/requestBody/content/application~1json/schema/properties");
            let Some(properties) = schema.and_then(Value::as_object) else {
                continue;
            };
            let short = path.trim_start_matches("/api/v2/");
            let words: Vec<&str> = short.split('/').collect();
            let (first, two) = (words[0], words[..words.len().min(2)].join("/"));
            let kind = match first {
                "admin" if short.contains("groups") => "groups",
                "admin" if short.contains("skills") => "skills",
                "solutions" | "discussions" | "collaboration" => &two,
                kind => kind,
            };
            let place = format!("/{short}")
                .replace("{type}", "4")
                .replace("{id}", &ids[kind].to_string())
                .replace("{section}", &ids["sections"].to_string());
            let all: Map<String, Value> = properties
                .iter()
                .map(|(name, schema)| (name.clone(), good(name, schema, &ids)))
                .collect();
            for wrong in properties.keys().map(String::as_str).chain(["nosuch"]) {
                // No place in a body takes a list of lists.
                let mut body = all.clone();
                body.insert(wrong.to_owned(), json!([[{}]]));
                let before = state(&world).await;
                let answer = world
                    .call(&verb.to_uppercase(), &place, Value::Object(body))
                    .await;
                if answer.status < 400 {
                    assert!(wrong != "nosuch", "{verb} {path} took an unknown key");
                    continue;
                }
                refused += 1;
                let after = state(&world).await;
                assert!(
                    before == after,
                    "{verb} {path} with a wrong {wrong} was refused ({}) and changed something",
                    answer.json()
                );
            }
        }
    }
    assert!(refused > 250, "only {refused} writes were refused");
}

/// The refusals that a body's form does not show: state, uniqueness, rights.
#[tokio::test(start_paused = true)]
async fn whatever_the_state_forbids_nothing_is_changed() {
    let (world, ids) = furnished().await;
    let (_, key) = world.agent("Rita", "Agent").await;
    world.ok("DELETE", "/tickets/3", Value::Null).await;
    world
        .ok(
            "POST",
            "/contacts",
            json!({"name": "D", "email": "d@example.com"}),
        )
        .await;
    let (other, _) = world.agent("Oscar", "Agent").await;
    let contact = format!("/contacts/{}", ids["contacts"]);
    let field = format!("/contact_fields/{}", ids["contact_fields"]);
    let status = world.get("/admin/ticket_fields").await.json();
    let all = status.as_array().unwrap().iter();
    let status = all.clone().find(|field| field["name"] == "status").unwrap()["id"].clone();
    let status = format!("/admin/ticket_fields/{status}");
    let new = "somebody.new@example.com";
    let writes: Vec<(&str, String, Value, u16)> = vec![
        (
            "PUT",
            "/tickets/1".into(),
            json!({"email": new, "cc_emails": ["a@b.co"]}),
            400,
        ),
        (
            "PUT",
            "/tickets/1".into(),
            json!({"email": new, "status": 99}),
            400,
        ),
        ("PUT", "/tickets/3".into(), json!({"email": new}), 405),
        (
            "POST",
            "/tickets".into(),
            json!({"email": new, "parent_id": 99}),
            400,
        ),
        (
            "POST",
            "/tickets".into(),
            json!({"email": new, "responder_id": 1}),
            400,
        ),
        (
            "POST",
            "/tickets/1/notes".into(),
            json!({"body": "x", "user_id": other}),
            403,
        ),
        (
            "POST",
            "/tickets/1/reply".into(),
            json!({"body": "x", "from_email": new}),
            400,
        ),
        ("POST", "/tickets/3/reply".into(), json!({"body": "x"}), 405),
        (
            "PUT",
            "/tickets/merge".into(),
            json!({"primary_id": 1, "ticket_ids": [2, 99]}),
            400,
        ),
        (
            "POST",
            "/tickets/bulk_update".into(),
            json!({"bulk_action": {"ids": [1], "properties": {"email": new, "status": 99}}}),
            400,
        ),
        (
            "POST",
            "/contacts".into(),
            json!({"name": "C", "email": "c@example.com"}),
            409,
        ),
        (
            "PUT",
            contact.clone(),
            json!({"name": "E", "email": "d@example.com"}),
            409,
        ),
        (
            "PUT",
            format!("{contact}/make_agent"),
            json!({"role_ids": [1]}),
            400,
        ),
        (
            "POST",
            "/contacts/merge".into(),
            json!({"primary_contact_id": ids["contacts"], "secondary_contact_ids": [1]}),
            400,
        ),
        ("POST", "/companies".into(), json!({"name": "c"}), 409),
        ("POST", "/groups".into(), json!({"name": "g"}), 409),
        ("POST", "/products".into(), json!({"name": "P"}), 409),
        (
            "POST",
            "/agents".into(),
            json!({"email": "oscar@example.com", "ticket_scope": 1}),
            409,
        ),
        (
            "PUT",
            field,
            json!({"label": "New", "choices": [{"value": "x"}]}),
            400,
        ),
        (
            "PUT",
            status,
            json!({"choices": [{"value": "Parked"}, {"position": 2}]}),
            400,
        ),
        (
            "POST",
            "/automations/4/rules".into(),
            json!({"name": "n", "performer": {"type": 1}, "events": [{"field_name": "reply_sent"}], "actions": [{"field_name": "nosuch"}]}),
            400,
        ),
        ("DELETE", "/tickets/3".into(), Value::Null, 405),
        ("PUT", "/tickets/1/restore".into(), Value::Null, 404),
    ];
    for (method, path, body, status) in writes {
        let before = state(&world).await;
        let answer = world.call(method, &path, body.clone()).await;
        assert_eq!(
            answer.status,
            status,
            "{method} {path} {body}: {}",
            answer.json()
        );
        assert!(
            before == state(&world).await,
            "{method} {path} {body} changed something"
        );
    }
    let before = state(&world).await;
    for path in [
        "/groups",
        "/agents",
        "/admin/ticket_fields",
        "/contact_fields",
        "/automations/1/rules",
    ] {
        let answer = world
            .as_key(&key, "POST", path, json!({"name": "n", "email": new}))
            .await;
        assert_eq!(answer.status, 403, "{path}");
    }
    let promote = format!("{contact}/make_agent");
    let answer = world.as_key(&key, "PUT", &promote, json!({})).await;
    assert_eq!(answer.status, 403);
    assert!(
        before == state(&world).await,
        "a refused agent changed something"
    );
}
