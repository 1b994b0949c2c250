//! Tickets over the v2 API.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::world::{DOMAIN, World, wait};

#[tokio::test(start_paused = true)]
async fn the_201_and_the_view_have_the_recorded_shapes() {
    let world = World::new("pro").await;
    let body = json!({
        "email": "ann@example.com", "subject": "Hi", "description": "plain", "status": 2, "priority": 3,
        "tags": ["a", "A", "b"], "cc_emails": ["c@example.com"], "type": "Question",
    });
    let made = world.call("POST", "/tickets", body).await;
    assert_eq!(made.status, 201);
    assert_eq!(
        made.header("location"),
        Some("https://yourcompany.freshdesk.com/api/v2/tickets/1")
    );
    assert_json_snapshot!("ticket created", made.json());
    wait(10.0).await;
    assert_json_snapshot!(
        "ticket viewed",
        world
            .get("/tickets/1?include=requester,stats,company,conversations")
            .await
            .json()
    );
    assert_json_snapshot!(
        "ticket listed",
        world.get("/tickets?include=description").await.json()
    );
}

#[tokio::test(start_paused = true)]
async fn headers_of_a_plain_answer() {
    let world = World::new("trial").await;
    let answer = world.get("/agents/me").await;
    let shown: Vec<String> = answer
        .headers
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    assert_json_snapshot!("headers on a trial", shown, {".**" => insta::dynamic_redaction(|value, _| {
        let text = value.as_str().unwrap_or_default().to_owned();
        if text.starts_with("x-request-id") { "x-request-id: [uuid]".into() } else { insta::internals::Content::from(text) }
    })});
}

#[tokio::test(start_paused = true)]
async fn tags_replace_and_a_responder_outside_the_group_is_dropped() {
    let world = World::new("pro").await;
    let ticket = world.customer_ticket().await;
    let path = format!("/tickets/{ticket}");
    let (inside, _) = world.agent("Ina", "Agent").await;
    let (outside, _) = world.agent("Otto", "Agent").await;
    let group = world
        .act(
            "POST",
            "/groups",
            json!({"name": "Billing", "agent_ids": [inside]}),
        )
        .await["id"]
        .clone();
    world
        .ok("PUT", &path, json!({"tags": ["one", "two"]}))
        .await;
    assert_eq!(
        world.ok("PUT", &path, json!({"tags": ["three"]})).await["tags"],
        json!(["three"])
    );
    let dropped = world
        .ok(
            "PUT",
            &path,
            json!({"group_id": group, "responder_id": outside}),
        )
        .await;
    assert_eq!(
        (&dropped["group_id"], &dropped["responder_id"]),
        (&group, &Value::Null)
    );
    let kept = world
        .ok("PUT", &path, json!({"responder_id": inside}))
        .await;
    assert_eq!(kept["responder_id"], json!(inside));
    assert_eq!(
        world
            .ok("PATCH", &path, json!({"responder_id": null}))
            .await["responder_id"],
        Value::Null
    );
}

#[tokio::test(start_paused = true)]
async fn lists_page_by_link_until_there_is_no_more() {
    let world = World::new("enterprise").await;
    for _ in 0..5 {
        world.customer_ticket().await;
        wait(1.0).await;
    }
    let mut path = "/tickets?page=1&per_page=2&order_type=asc".to_owned();
    let mut seen = Vec::new();
    loop {
        let answer = world.get(&path).await;
        seen.extend(
            answer
                .json()
                .as_array()
                .unwrap()
                .iter()
                .map(|ticket| ticket["id"].as_i64().unwrap()),
        );
        let Some(link) = answer.header("link") else {
            break;
        };
        let url = link.split(['<', '>']).nth(1).unwrap();
        assert!(
            link.ends_with(";rel=\"next\"") && url.contains("?page="),
            "{link}"
        );
        path = url
            .strip_prefix(&format!("https://{DOMAIN}/api/v2"))
            .unwrap()
            .to_owned();
    }
    assert_eq!(seen, [1, 2, 3, 4, 5]);
}

#[tokio::test(start_paused = true)]
async fn the_default_window_is_thirty_days_and_updated_since_looks_further() {
    let world = World::new("enterprise").await;
    let old = json!({"from": {"email": "old@example.com"}, "subject": "old", "text": "x", "created_at": "2025-11-01T00:00:00Z"});
    world.act("POST", "/tickets", old).await;
    world.customer_ticket().await;
    let ids = async |path: &str| -> Vec<i64> {
        world
            .get(path)
            .await
            .json()
            .as_array()
            .unwrap()
            .iter()
            .map(|ticket| ticket["id"].as_i64().unwrap())
            .collect()
    };
    assert_eq!(ids("/tickets").await, [2]);
    assert_eq!(ids("/tickets?updated_since=2025-01-01").await, [2, 1]);
    assert_eq!(
        ids("/tickets?email=old@example.com&updated_since=2025-11-01T00:00:00Z").await,
        [1],
        "inclusive"
    );
    world.ok("DELETE", "/tickets/2", Value::Null).await;
    assert_eq!(ids("/tickets").await, Vec::<i64>::new());
    assert_eq!(ids("/tickets?filter=deleted").await, [2]);
    world.ok("PUT", "/tickets/2/restore", Value::Null).await;
    assert_eq!(ids("/tickets").await, [2]);
    assert_eq!(
        world
            .call("PUT", "/tickets/2/restore", Value::Null)
            .await
            .status,
        404,
        "it is not deleted"
    );
}

#[tokio::test(start_paused = true)]
async fn every_order_is_an_order() {
    let world = World::new("enterprise").await;
    for status in [3, 2, 4] {
        let id = world.customer_ticket().await;
        world
            .ok(
                "PUT",
                &format!("/tickets/{id}"),
                json!({"status": status, "priority": status}),
            )
            .await;
        wait(5.0).await;
    }
    world
        .ok("PUT", "/tickets/1", json!({"subject": "touched last"}))
        .await;
    let ids = async |order: &str| -> Vec<i64> {
        let list = world
            .get(&format!("/tickets?order_by={order}&order_type=asc"))
            .await
            .json();
        list.as_array()
            .unwrap()
            .iter()
            .map(|ticket| ticket["id"].as_i64().unwrap())
            .collect()
    };
    assert_eq!(ids("created_at").await, [1, 2, 3]);
    assert_eq!(ids("updated_at").await, [2, 3, 1]);
    assert_eq!(ids("status").await, [2, 1, 3]);
}

#[tokio::test(start_paused = true)]
async fn custom_fields_are_typed() {
    let world = World::new("pro").await;
    let field = world.ok("POST", "/admin/ticket_fields", json!({"label": "OpenCX handed off", "label_for_customers": "Handed off", "type": "custom_checkbox"})).await;
    assert_eq!(field["name"], "cf_opencx_handed_off");
    let ticket = world
        .ok(
            "POST",
            "/tickets",
            json!({"email": "a@example.com", "custom_fields": {"cf_opencx_handed_off": true}}),
        )
        .await;
    assert_eq!(
        ticket["custom_fields"],
        json!({"cf_opencx_handed_off": true})
    );
    let refused = world
        .call(
            "PUT",
            "/tickets/1",
            json!({"custom_fields": {"cf_opencx_handed_off": "yes"}}),
        )
        .await;
    assert_eq!(
        (refused.status, &refused.json()["errors"][0]["code"]),
        (400, &json!("datatype_mismatch"))
    );
    world
        .ok(
            "DELETE",
            &format!("/admin/ticket_fields/{}", field["id"]),
            Value::Null,
        )
        .await;
    assert_eq!(
        world.get("/tickets/1").await.json()["custom_fields"],
        json!({})
    );
}

#[tokio::test(start_paused = true)]
async fn scope_decides_which_tickets_an_agent_sees() {
    let world = World::new("pro").await;
    let (rita, key) = world.agent("Rita", "Agent").await;
    world
        .act(
            "PATCH",
            &format!("/agents/{rita}"),
            json!({"ticket_scope": 3}),
        )
        .await;
    world.customer_ticket().await;
    assert_eq!(
        world
            .as_key(&key, "GET", "/tickets/1", Value::Null)
            .await
            .status,
        403
    );
    assert_eq!(
        world
            .as_key(&key, "GET", "/tickets", Value::Null)
            .await
            .json(),
        json!([])
    );
    world
        .ok("PUT", "/tickets/1", json!({"responder_id": rita}))
        .await;
    assert_eq!(
        world
            .as_key(&key, "GET", "/tickets/1", Value::Null)
            .await
            .status,
        200
    );
}

#[tokio::test(start_paused = true)]
async fn merge_and_bulk_jobs() {
    let world = World::new("pro").await;
    for _ in 0..3 {
        world.customer_ticket().await;
    }
    world
        .ok(
            "PUT",
            "/tickets/merge",
            json!({"primary_id": 1, "ticket_ids": [2]}),
        )
        .await;
    assert_eq!(world.get("/tickets/2").await.json()["status"], 5);
    let job = world
        .call(
            "POST",
            "/tickets/bulk_update",
            json!({"bulk_action": {"ids": [1, 3], "properties": {"priority": 4}}}),
        )
        .await;
    assert_eq!(job.status, 202);
    let path = format!("/jobs/{}", job.json()["job_id"].as_str().unwrap());
    assert_eq!(world.get(&path).await.json()["status"], "IN PROGRESS");
    wait(3.0).await;
    assert_eq!(world.get(&path).await.json()["status"], "COMPLETED");
    assert_eq!(world.get("/tickets/3").await.json()["priority"], 4);
}

#[tokio::test(start_paused = true)]
async fn search_finds_what_its_index_has_seen() {
    let world = World::new("enterprise").await;
    for priority in [1, 4, 4] {
        let id = world.customer_ticket().await;
        world
            .ok(
                "PUT",
                &format!("/tickets/{id}"),
                json!({"priority": priority, "tags": [format!("p{priority}")]}),
            )
            .await;
    }
    let search = async |query: &str| {
        world
            .get(&format!("/search/tickets?query=%22{query}%22"))
            .await
    };
    assert_eq!(
        search("priority:4").await.json()["total"],
        0,
        "the index lags"
    );
    wait(200.0).await;
    let found = search("priority:4+AND+tag:%27p4%27").await.json();
    assert_eq!(
        (&found["total"], &found["results"][0]["id"]),
        (&json!(2), &json!(3))
    );
    assert_eq!(search("agent_id:null").await.json()["total"], 3);
    assert_eq!(
        search("created_at:%3E%272026-01-06%27").await.json()["total"],
        0
    );
    assert_json_snapshot!(
        "search for an unknown field",
        search("subject:%27x%27").await.shown()
    );
    assert_json_snapshot!(
        "search that is no query",
        search("priority:4+priority:1").await.shown()
    );
    assert_json_snapshot!(
        "search with a wrong type",
        search("status:%27open%27").await.shown()
    );
    assert_json_snapshot!(
        "search beyond page ten",
        world
            .get("/search/tickets?page=11&query=%22status:2%22")
            .await
            .shown()
    );
    assert_eq!(
        world
            .get("/search/contacts?query=%22email:%27ann@example.com%27%22")
            .await
            .json()["total"],
        1
    );
}

#[tokio::test(start_paused = true)]
async fn children_know_their_parent() {
    let world = World::new("pro").await;
    world.customer_ticket().await;
    world
        .ok(
            "POST",
            "/tickets",
            json!({"email": "a@example.com", "parent_id": 1}),
        )
        .await;
    assert_eq!(
        world.get("/tickets/1/associated_tickets").await.json()[0]["id"],
        2
    );
    assert_eq!(
        world.get("/tickets/2/prime_association").await.json()["id"],
        1
    );
    let forward = json!({"body": "please look", "to_emails": ["carrier@example.com"]});
    world.ok("POST", "/tickets/1/forward", forward).await;
    assert_eq!(
        world.get("/tickets/1/conversations").await.json()[0]["source"],
        8
    );
}
