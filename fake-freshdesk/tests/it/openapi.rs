//! The OpenAPI document says what the code does.

use std::collections::BTreeSet;

use axum::body::Body;
use http::Request;
use serde_json::{Map, Value, json};

use crate::world::{DOMAIN, World};

async fn document(world: &World) -> Value {
    let request = Request::get(format!("https://{DOMAIN}/openapi.json"))
        .body(Body::empty())
        .unwrap();
    let answer = world.raw(request).await;
    assert_eq!(answer.status, 200);
    answer.json()
}

/// A world in which ids 1 of tickets, and the first of all else, exist.
async fn furnished() -> (World, Value) {
    let account = json!({"domain": DOMAIN, "plan": "enterprise", "quota": {"total": 1_000_000, "ticket_create": 1_000_000, "ticket_update": 1_000_000, "tickets_list": 1_000_000, "contacts_list": 1_000_000}});
    let world = World::with(account).await;
    world.customer_ticket().await;
    let document = document(&world).await;
    (world, document)
}

/// Every operation: verb, path, operation.
fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, verbs)| {
        verbs
            .as_object()
            .unwrap()
            .iter()
            .map(|(verb, operation)| (verb.to_uppercase(), path.clone(), operation.clone()))
    });
    all.collect()
}

fn unexpected(answer: &Value) -> BTreeSet<String> {
    let errors = answer["errors"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let told = errors
        .iter()
        .filter(|error| error["message"] == "Unexpected/invalid field in request");
    told.map(|error| error["field"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn documented_parameters_are_taken_and_others_refused() {
    let (world, document) = furnished().await;
    for (verb, path, operation) in operations(&document) {
        let path = path
            .trim_start_matches("/api/v2")
            .replace("{type}", "1")
            .replace("{id}", "1")
            .replace("{section}", "1");
        let names: Vec<&str> = operation["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|parameter| parameter["in"] == "query")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        let query: Vec<String> = names.iter().map(|name| format!("{name}=1")).collect();
        let known = world
            .call(&verb, &format!("{path}?{}", query.join("&")), Value::Null)
            .await;
        assert_eq!(unexpected(&known.json()), BTreeSet::new(), "{verb} {path}");
        let other = world
            .call(&verb, &format!("{path}?nosuch=1"), Value::Null)
            .await;
        assert!(
            unexpected(&other.json()).contains("nosuch"),
            "{verb} {path}: {}",
            other.json()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn documented_bodies_are_taken_and_other_keys_refused() {
    let (world, document) = furnished().await;
    let thing = world
        .ok("POST", "/tickets/1/notes", json!({"body": "x"}))
        .await;
    let entry = world.ok("POST", "/tickets/1/time_entries", json!({})).await;
    let contact = world
        .ok(
            "POST",
            "/contacts",
            json!({"name": "C", "email": "c@example.com"}),
        )
        .await;
    let company = world.ok("POST", "/companies", json!({"name": "C"})).await;
    let group = world.ok("POST", "/groups", json!({"name": "G"})).await;
    let product = world.ok("POST", "/products", json!({"name": "P"})).await;
    let sla = json!({"name": "S", "applicable_to": {}, "sla_target": {}});
    let sla = world.ok("POST", "/sla_policies", sla).await;
    let field = world
        .ok(
            "POST",
            "/admin/ticket_fields",
            json!({"label": "F", "label_for_customers": "F", "type": "custom_dropdown", "choices": [{"value": "v"}]}),
        )
        .await;
    let text = json!({"label": "F", "label_for_customers": "F", "type": "custom_text"});
    let contact_field = world.ok("POST", "/contact_fields", text).await;
    let text = json!({"label": "F", "type": "custom_text"});
    let company_field = world.ok("POST", "/company_fields", text).await;
    let rule = world.ok("POST", "/automations/4/rules", json!({
        "name": "r", "performer": {"type": 1}, "events": [{"field_name": "reply_sent"}], "actions": [{"field_name": "status", "value": 2}],
    })).await;
    let folder = world.get("/canned_response_folders").await.json()[0].clone();
    let response =
        json!({"title": "t", "content_html": "c", "folder_id": folder["id"], "visibility": 0});
    let response = world.ok("POST", "/canned_responses", response).await;
    let under =
        async |place: String, body: Value| world.ok("POST", &place, body).await["id"].clone();
    let help = under("/solutions/categories".into(), json!({"name": "H"})).await;
    let shelf = json!({"name": "F", "visibility": 1});
    let shelf = under(format!("/solutions/categories/{help}/folders"), shelf).await;
    let article = json!({"title": "t", "description": "d", "status": 1});
    let article = under(format!("/solutions/folders/{shelf}/articles"), article).await;
    let talk = under("/discussions/categories".into(), json!({"name": "T"})).await;
    let forum = json!({"name": "F", "forum_type": 1, "forum_visibility": 1});
    let forum = under(format!("/discussions/categories/{talk}/forums"), forum).await;
    let topic = json!({"title": "t", "message": "m"});
    let topic = under(format!("/discussions/forums/{forum}/topics"), topic).await;
    let comment = format!("/discussions/topics/{topic}/comments");
    let comment = under(comment, json!({"body": "b"})).await;
    let skill = under("/admin/skills".into(), json!({"name": "S"})).await;
    let thread = json!({"type": "discussion", "parent": {"type": "ticket", "id": 1}});
    let thread = under("/collaboration/threads".into(), thread).await;
    let section = json!({"label": "S", "choice_ids": [field["choices"][0]["id"]]});
    let section = under(
        format!("/admin/ticket_fields/{}/sections", field["id"]),
        section,
    )
    .await;
    let mut checked = 0;
    for (verb, path, operation) in operations(&document) {
        let Some(schema) = operation.pointer("/requestBody/content/application~1json/schema")
        else {
            continue;
        };
        let short = path.trim_start_matches("/api/v2/");
        let id = match short.split('/').next().unwrap() {
            "tickets" => json!(1),
            "conversations" => thing["id"].clone(),
            "time_entries" => entry["id"].clone(),
            "contacts" => contact["id"].clone(),
            "companies" => company["id"].clone(),
            "agents" => json!(world.admin),
            "groups" => group["id"].clone(),
            "products" => product["id"].clone(),
            "sla_policies" => sla["id"].clone(),
            "automations" => rule["id"].clone(),
            "canned_response_folders" => folder["id"].clone(),
            "canned_responses" => response["id"].clone(),
            "contact_fields" => contact_field["id"].clone(),
            "company_fields" => company_field["id"].clone(),
            "admin" if short.contains("groups") => group["id"].clone(),
            "admin" if short.contains("skills") => skill.clone(),
            "solutions" if short.contains("categories") => help.clone(),
            "solutions" if short.contains("folders/") => shelf.clone(),
            "solutions" => article.clone(),
            "discussions" if short.contains("categories") => talk.clone(),
            "discussions" if short.contains("forums/") => forum.clone(),
            "discussions" if short.contains("topics/") => topic.clone(),
            "discussions" => comment.clone(),
            "admin" => field["id"].clone(),
            "collaboration" => thread.clone(),
            other => panic!("where would {other} come from?"),
        };
        let place = format!("/{short}")
            .replace("{type}", "4")
            .replace("{id}", &id.to_string())
            .replace("{section}", &section.to_string());
        let names = schema["properties"].as_object().unwrap().keys();
        // A value of no type that anything takes, so that nothing is done.
        let all: Map<String, Value> = names.map(|name| (name.clone(), json!([[{}]]))).collect();
        let taken = world.call(&verb, &place, Value::Object(all.clone())).await;
        assert_eq!(
            unexpected(&taken.json()),
            BTreeSet::new(),
            "{verb} {path}: a documented key is refused"
        );
        if all.is_empty() {
            continue;
        }
        let mut with_other = all;
        with_other.insert("nosuch".to_owned(), json!(1));
        let refused = world.call(&verb, &place, Value::Object(with_other)).await;
        assert_eq!(
            unexpected(&refused.json()),
            BTreeSet::from(["nosuch".to_owned()]),
            "{verb} {path}: {}",
            refused.json()
        );
        checked += 1;
    }
    assert!(checked > 30, "only {checked} bodies were looked at");
}

/// The other way round: what the code serves is in the document. The `405` of a
/// verb that nothing takes names the ones that are served there.
#[tokio::test(start_paused = true)]
async fn every_verb_that_is_served_is_documented_and_the_other_way_round() {
    let (world, document) = furnished().await;
    let all = operations(&document);
    let places: BTreeSet<&String> = all.iter().map(|(_, path, _)| path).collect();
    for path in places {
        let place = path
            .trim_start_matches("/api/v2")
            .replace("{type}", "1")
            .replace("{id}", "1")
            .replace("{section}", "1");
        let answer = world.call("TRACE", &place, Value::Null).await;
        assert_eq!(answer.status, 405, "{path}");
        let served: BTreeSet<&str> = answer.header("allow").unwrap().split(", ").collect();
        let documented = all.iter().filter(|(_, other, _)| other == path);
        let documented: BTreeSet<&str> = documented.map(|(verb, _, _)| verb.as_str()).collect();
        assert_eq!(served, documented, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_written_document_is_the_served_one() {
    let (_, document) = furnished().await;
    let written = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    let text = format!("{}\n", serde_json::to_string_pretty(&document).unwrap());
    if std::env::var_os("UPDATE_OPENAPI").is_some() {
        std::fs::write(written, &text).unwrap();
    }
    let kept = std::fs::read_to_string(written).unwrap_or_default();
    assert!(
        kept == text,
        "fake-freshdesk/openapi.json is not what is served; run the test with UPDATE_OPENAPI=1"
    );
}
