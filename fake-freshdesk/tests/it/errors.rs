//! Bad input: each gets its documented body, and nothing half done.

use axum::body::Body;
use http::Request;
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::world::{DOMAIN, World, basic, webhook_action};

async fn raw_body(
    world: &World,
    method: &str,
    path: &str,
    content_type: &str,
    body: &str,
) -> Value {
    let request = Request::builder()
        .method(method)
        .uri(format!("https://{DOMAIN}/api/v2{path}"))
        .header("authorization", basic(&world.key))
        .header("content-type", content_type)
        .body(Body::from(body.to_owned()))
        .unwrap();
    world.raw(request).await.shown()
}

#[tokio::test(start_paused = true)]
async fn bodies_that_cannot_be_read() {
    let world = World::new("growth").await;
    assert_json_snapshot!(
        "broken json",
        raw_body(
            &world,
            "POST",
            "/tickets",
            "application/json",
            "{\"subject\": "
        )
        .await
    );
    assert_json_snapshot!(
        "json that is no object",
        raw_body(&world, "POST", "/tickets", "application/json", "[1]").await
    );
    assert_json_snapshot!(
        "wrong content type",
        raw_body(&world, "POST", "/tickets", "text/plain", "hi").await
    );
    assert_json_snapshot!(
        "form where only json is taken",
        raw_body(
            &world,
            "POST",
            "/groups",
            "multipart/form-data; boundary=x",
            "--x--\r\n"
        )
        .await
    );
    assert_json_snapshot!(
        "form that breaks off",
        raw_body(
            &world,
            "POST",
            "/tickets",
            "multipart/form-data; boundary=x",
            "--x\r\nContent-Dis"
        )
        .await
    );
    assert_json_snapshot!(
        "body where none is taken",
        raw_body(
            &world,
            "PUT",
            "/tickets/1/restore",
            "application/json",
            "{\"a\":1}"
        )
        .await
    );
    assert_eq!(world.get("/tickets").await.json(), json!([]));
}

#[tokio::test(start_paused = true)]
async fn fields_that_are_wrong() {
    let world = World::new("growth").await;
    let shown = async |body: Value| world.call("POST", "/tickets", body).await.shown();
    assert_json_snapshot!(
        "unknown field",
        shown(json!({"email": "a@example.com", "colour": "red"})).await
    );
    assert_json_snapshot!("missing requester", shown(json!({"subject": "x"})).await);
    assert_json_snapshot!(
        "wrong types",
        shown(json!({"email": 7, "subject": 1, "status": "2", "tags": "a", "custom_fields": []}))
            .await
    );
    assert_json_snapshot!(
        "values out of range",
        shown(json!({"email": "a@example", "status": 99, "priority": 0, "type": "Nonsense", "source": 4})).await
    );
    assert_json_snapshot!(
        "unknown custom field",
        shown(json!({"email": "a@example.com", "custom_fields": {"cf_nosuch": 1}})).await
    );
    assert_json_snapshot!(
        "references to nothing",
        shown(json!({"email": "a@example.com", "responder_id": 1, "group_id": 2, "company_id": 3}))
            .await
    );
    assert_json_snapshot!(
        "created_at cannot be set",
        shown(json!({"email": "a@example.com", "created_at": "2026-01-01"})).await
    );
    assert_eq!(
        world.get("/tickets").await.json(),
        json!([]),
        "nothing half done"
    );
    assert_eq!(
        world.get("/contacts").await.json(),
        json!([]),
        "nobody was added on the way"
    );
}

#[tokio::test(start_paused = true)]
async fn queries_that_are_wrong() {
    let world = World::new("growth").await;
    world.customer_ticket().await;
    let shown = async |path: &str| world.get(path).await.shown();
    assert_json_snapshot!("unknown parameter", shown("/tickets?colour=red").await);
    assert_json_snapshot!(
        "per_page on a detail endpoint",
        shown("/tickets/1?per_page=5").await
    );
    assert_json_snapshot!("per_page over 100", shown("/tickets?per_page=101").await);
    assert_json_snapshot!(
        "unknown e-mail",
        shown("/tickets?email=nobody@example.com").await
    );
    assert_json_snapshot!("unknown include", shown("/tickets/1?include=weather").await);
    assert_json_snapshot!("bad date", shown("/tickets?updated_since=yesterday").await);
    assert_json_snapshot!("page beyond 300", shown("/tickets?page=301").await);
}

#[tokio::test(start_paused = true)]
async fn places_and_verbs_that_are_wrong() {
    let world = World::new("growth").await;
    let shown = async |method: &str, path: &str| world.call(method, path, Value::Null).await;
    assert_json_snapshot!("unknown id", shown("GET", "/tickets/4711").await.shown());
    assert_json_snapshot!("unknown path", shown("GET", "/nosuch").await.shown());
    let verb = shown("PUT", "/tickets").await;
    assert_eq!(verb.header("allow"), Some("GET, POST"));
    assert_json_snapshot!("wrong verb", verb.shown());
    let request = Request::get("https://nobody.freshdesk.com/api/v2/tickets")
        .body(Body::empty())
        .unwrap();
    let unknown = world.raw(request).await;
    assert_eq!(
        (unknown.status, unknown.header("content-type")),
        (404, Some("text/html; charset=utf-8"))
    );
    assert!(String::from_utf8_lossy(&unknown.bytes).contains("There is no helpdesk here"));
    let request = Request::get(format!("https://{DOMAIN}/api/v2/tickets"))
        .header("authorization", basic(&world.key))
        .header("accept", "application/xml")
        .body(Body::empty())
        .unwrap();
    assert_json_snapshot!("accept of xml", world.raw(request).await.shown());
}

#[tokio::test(start_paused = true)]
async fn callers_that_may_not() {
    let world = World::new("growth").await;
    let (_, rep) = world.agent("Rita", "Agent").await;
    let (other, _) = world.agent("Otto", "Agent").await;
    let ticket = world.customer_ticket().await;
    let none = Request::get(format!("https://{DOMAIN}/api/v2/contacts"))
        .body(Body::empty())
        .unwrap();
    let none = world.raw(none).await;
    assert_eq!(
        none.header("x-freshdesk-api-version"),
        Some("latest=v2; requested=v2")
    );
    assert_json_snapshot!("no credentials", none.shown());
    assert_json_snapshot!(
        "wrong key",
        world
            .as_key("nope", "GET", "/tickets", Value::Null)
            .await
            .shown()
    );
    assert_json_snapshot!(
        "agent on an admin endpoint",
        world
            .as_key(&rep, "GET", "/roles", Value::Null)
            .await
            .shown()
    );
    let note = json!({"body": "as somebody else", "user_id": other});
    assert_json_snapshot!(
        "acting as another agent",
        world
            .call("POST", &format!("/tickets/{ticket}/notes"), note)
            .await
            .shown()
    );
    assert_json_snapshot!(
        "archive on growth",
        world.get("/tickets/archived/1").await.shown()
    );
    world.act("PATCH", "", json!({"suspended": true})).await;
    assert_json_snapshot!("suspended account", world.get("/tickets").await.shown());
    world
        .act("PATCH", "", json!({"suspended": false, "plan": "free"}))
        .await;
    assert_json_snapshot!("free plan", world.get("/agents/me").await.shown());
}

#[tokio::test(start_paused = true)]
async fn state_that_does_not_allow_it() {
    let world = World::new("growth").await;
    let ticket = world.customer_ticket().await;
    let contact = json!({"name": "Ann", "email": "ANN@example.com"});
    assert_json_snapshot!("duplicate contact", world.call("POST", "/contacts", contact).await.shown(), {".**.user_id" => "[id]"});
    assert_json_snapshot!(
        "cc_emails on update",
        world
            .call(
                "PUT",
                &format!("/tickets/{ticket}"),
                json!({"cc_emails": ["b@example.com"]})
            )
            .await
            .shown()
    );
    let due = json!({"due_by": "2020-01-01T00:00:00Z", "fr_due_by": "2020-01-01T00:00:00Z"});
    assert_json_snapshot!(
        "due in the past",
        world
            .call("PUT", &format!("/tickets/{ticket}"), due)
            .await
            .shown()
    );
    world
        .ok("DELETE", &format!("/tickets/{ticket}"), Value::Null)
        .await;
    assert_json_snapshot!(
        "update of a deleted ticket",
        world
            .call("PUT", &format!("/tickets/{ticket}"), json!({"status": 2}))
            .await
            .shown()
    );
    assert_eq!(
        world.get(&format!("/tickets/{ticket}")).await.json()["deleted"],
        json!(true),
        "still viewable"
    );
}

#[tokio::test(start_paused = true)]
async fn rules_that_cannot_be_saved() {
    let world = World::new("growth").await;
    let shown = async |kind: u8, body: Value| {
        world
            .call("POST", &format!("/automations/{kind}/rules"), body)
            .await
            .shown()
    };
    let with_url = |url: &str| {
        let mut action = webhook_action();
        action["url"] = json!(url);
        json!({"name": "r", "actions": [action]})
    };
    assert_json_snapshot!(
        "webhook beyond loopback",
        shown(1, with_url("https://hooks.example.com/x")).await
    );
    assert_json_snapshot!("webhook to no URL", shown(1, with_url("not a url")).await);
    assert_json_snapshot!(
        "webhook host from a placeholder",
        shown(1, with_url("http://{{ticket.subject}}/x")).await
    );
    assert_json_snapshot!("empty rule", shown(4, json!({})).await);
    assert_json_snapshot!(
        "performer on a creation rule",
        shown(
            1,
            json!({"name": "r", "performer": {"type": 1}, "actions": [webhook_action()]})
        )
        .await
    );
    assert_json_snapshot!(
        "unknown words",
        shown(4, json!({"name": "r", "colour": 1, "performer": {"type": 9}, "events": [{"field_name": "reply_send"}], "actions": [{"field_name": "dance"}]})).await
    );
    let property = json!({"field_name": "subject", "operator": "contains", "value": ["x"]});
    let conditions =
        json!([{"name": "condition_set_1", "match_type": "all", "properties": [property]}]);
    assert_json_snapshot!(
        "condition without resource_type",
        shown(
            1,
            json!({"name": "r", "conditions": conditions, "actions": [webhook_action()]})
        )
        .await
    );
    assert_json_snapshot!(
        "webhook action without its keys",
        shown(
            1,
            json!({"name": "r", "actions": [{"field_name": "trigger_webhook"}]})
        )
        .await
    );
    assert_eq!(
        world.get("/automations/1/rules").await.json(),
        json!([]),
        "nothing half done"
    );
    for allowed in [
        "http://127.0.0.1:9/x?{{ticket.id}}",
        "http://[::1]:9/x",
        "http://x.localhost/x",
        "https://bridge.example.com/x",
    ] {
        let saved = world
            .call("POST", "/automations/1/rules", with_url(allowed))
            .await;
        assert_eq!(saved.status, 201, "{allowed}: {}", saved.json());
    }
    world.act("PATCH", "", json!({"plan": "free"})).await;
    let on_free = world
        .control(
            "POST",
            &format!("/accounts/{DOMAIN}/rules/1"),
            with_url("http://127.0.0.1:9/x"),
        )
        .await;
    assert_json_snapshot!("webhook rule on free", on_free.shown());
}

#[tokio::test(start_paused = true)]
async fn browsers_may_call_from_any_origin() {
    let world = World::new("growth").await;
    let request = |method: &str| {
        Request::builder()
            .method(method)
            .uri(format!("https://{DOMAIN}/api/v2/agents/me"))
            .header("origin", "https://dashboard.example.com")
            .header("authorization", basic(&world.key))
            .body(Body::empty())
            .unwrap()
    };
    let preflight = world.raw(request("OPTIONS")).await;
    assert_eq!(
        (
            preflight.status,
            preflight.header("access-control-allow-origin")
        ),
        (204, Some("*"))
    );
    assert!(
        preflight
            .header("access-control-allow-headers")
            .is_some_and(|names| names.contains("authorization"))
    );
    let answer = world.raw(request("GET")).await;
    assert_eq!(
        (answer.status, answer.header("access-control-allow-origin")),
        (200, Some("*"))
    );
    let plain = world.get("/agents/me").await;
    assert_eq!(plain.header("access-control-allow-origin"), None);
}
