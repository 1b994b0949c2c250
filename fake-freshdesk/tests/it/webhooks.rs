//! Delivery, retries, failure mails, faults.

use serde_json::{Value, json};

use crate::world::{DOMAIN, Receiver, World, wait, webhook_action};

async fn one_rule(world: &World, action: Value) -> Value {
    world
        .act(
            "POST",
            "/rules/1",
            json!({"name": "new", "actions": [action]}),
        )
        .await
}

/// When calls arrived, in whole seconds since the start.
fn arrivals(world: &World) -> Vec<u64> {
    world
        .hooks()
        .iter()
        .map(|hook| hook.after.as_secs())
        .collect()
}

async fn mails(world: &World) -> usize {
    let mails = world.act("GET", "/mails", Value::Null).await;
    mails["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|mail| mail["kind"] == "webhook_failure")
        .count()
}

#[tokio::test(start_paused = true)]
async fn a_failing_receiver_is_tried_again_after_5_30_and_60_minutes_and_then_the_admins_hear_of_it()
 {
    for (failure, plan) in [
        (Receiver::Status(503), "growth"),
        (Receiver::Refuses, "pro"),
        (Receiver::Status(404), "trial"),
    ] {
        let world = World::new(plan).await;
        world.receiver(&[failure; 4]);
        let rule = one_rule(&world, webhook_action()).await;
        world.customer_ticket().await;
        wait(94.0 * 60.0).await;
        assert_eq!(mails(&world).await, 0);
        wait(24.0 * 3_600.0).await;
        assert_eq!(arrivals(&world), [1, 301, 2_101, 5_701]);
        assert_eq!(mails(&world).await, 1);
        let log = world
            .act(
                "GET",
                &format!("/rules/1/{}/activity", rule["id"]),
                Value::Null,
            )
            .await;
        let webhook = &log["items"][0]["webhooks"][0];
        assert_eq!(
            (
                &webhook["state"],
                webhook["attempts"].as_array().map(Vec::len)
            ),
            (&json!("failed"), Some(4))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_hangs_has_failed_after_ten_seconds_and_the_wait_counts_from_the_try() {
    let world = World::new("growth").await;
    world.receiver(&[Receiver::Hangs]);
    let rule = one_rule(&world, webhook_action()).await;
    world.customer_ticket().await;
    wait(1_000.0).await;
    assert_eq!(arrivals(&world), [1, 301]);
    let log = world
        .act(
            "GET",
            &format!("/rules/1/{}/activity", rule["id"]),
            Value::Null,
        )
        .await;
    let webhook = &log["items"][0]["webhooks"][0];
    assert_eq!(webhook["state"], "delivered");
    assert_eq!(webhook["attempts"][0]["error"], "no answer within 10 s");
    assert_eq!(
        webhook["attempts"][0]["finished_at"],
        "2026-01-05T09:00:11.000Z"
    );
}

#[tokio::test(start_paused = true)]
async fn the_body_is_rendered_when_the_rule_runs_and_sent_again_unchanged() {
    let world = World::new("growth").await;
    world.receiver(&[Receiver::Status(500)]);
    one_rule(&world, webhook_action()).await;
    let ticket = world.customer_ticket().await;
    world
        .ok(
            "PUT",
            &format!("/tickets/{ticket}"),
            json!({"subject": "changed before the rule ran"}),
        )
        .await;
    wait(2.0).await;
    world
        .ok(
            "PUT",
            &format!("/tickets/{ticket}"),
            json!({"subject": "changed after it"}),
        )
        .await;
    wait(600.0).await;
    let bodies: Vec<String> = world.hooks().into_iter().map(|hook| hook.body).collect();
    assert_eq!(
        bodies,
        [r#"{"id": 1, "subject": "changed before the rule ran"}"#; 2]
    );
}

#[tokio::test(start_paused = true)]
async fn credentials_headers_and_encodings() {
    let world = World::with(json!({"domain": DOMAIN, "plan": "pro", "creation_rules": "all_matches", "reopen_rule": false})).await;
    let mut secured = webhook_action();
    secured["auth_header"] = json!({"username": "me", "password": "secret"});
    secured["custom_headers"] = json!({"X-Ticket": "{{ticket.id}}"});
    let shown = one_rule(&world, secured).await;
    assert_eq!(shown["actions"][0]["auth_header"]["password"], "********");
    let simple = json!({
        "field_name": "trigger_webhook", "request_type": "PUT", "url": "http://127.0.0.1:9/simple?s={{ticket.subject}}",
        "content_type": "JSON", "content_layout": "1", "content": ["ticket.id", "ticket.status", "ticket.agent.name"], "api_key": "K",
    });
    one_rule(&world, simple).await;
    let form = json!({
        "field_name": "trigger_webhook", "request_type": "POST", "url": "http://127.0.0.1:9/form",
        "content_type": "URL encoded", "content_layout": "2", "content": {"q": "{{ticket.subject}}"},
    });
    one_rule(&world, form).await;
    let plain = json!({"field_name": "trigger_webhook", "request_type": "GET", "url": "http://127.0.0.1:9/get/{{ticket.id}}"});
    one_rule(&world, plain).await;
    world.customer_ticket().await;
    wait(2.0).await;
    let hooks = world.hooks();
    let header = |at: usize, name: &str| {
        hooks[at]
            .headers
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(
        header(0, "authorization").as_deref(),
        Some("Basic bWU6c2VjcmV0")
    );
    assert_eq!(header(0, "x-ticket").as_deref(), Some("1"));
    assert_eq!(
        header(0, "content-type").as_deref(),
        Some("application/json; charset=utf-8")
    );
    assert_eq!(
        hooks[1].uri,
        "http://127.0.0.1:9/simple?s=Where+is+%22it%22%3F"
    );
    assert_eq!(
        hooks[1].body,
        r#"{"freshdesk_webhook":{"ticket_id":1,"ticket_status":"Open","ticket_agent_name":null}}"#
    );
    assert_eq!(header(1, "authorization").as_deref(), Some("Basic SzpY"));
    assert_eq!(hooks[2].body, "q=Where+is+%22it%22%3F");
    assert_eq!(
        (hooks[3].method.as_str(), hooks[3].body.as_str()),
        ("GET", "")
    );
    assert_eq!(hooks[3].uri, "http://127.0.0.1:9/get/1");
}

#[tokio::test(start_paused = true)]
async fn the_latest_comment_is_said_as_html_and_as_text_wherever_it_is_named() {
    let world = World::with(json!({"domain": DOMAIN, "plan": "pro", "creation_rules": "all_matches", "reopen_rule": false})).await;
    let mut said = webhook_action();
    said["content"] = json!(
        r#"{"html": "{{ticket.latest_public_comment}}", "text": "{{ticket.latest_public_comment_text}}"}"#
    );
    one_rule(&world, said).await;
    let mut simple = webhook_action();
    simple["content_layout"] = json!("1");
    simple["content"] = json!(["ticket.latest_private_comment_text"]);
    one_rule(&world, simple).await;
    let ticket = world.customer_ticket().await;
    for (path, body) in [
        ("reply", json!({"body": "<p>Look <b>here</b>.</p>"})),
        (
            "notes",
            json!({"body": "<p>A <i>secret</i></p>", "private": true}),
        ),
    ] {
        let path = format!("/tickets/{ticket}/{path}");
        world.ok("POST", &path, body).await;
    }
    wait(2.0).await;
    let bodies: Vec<String> = world.hooks().into_iter().map(|hook| hook.body).collect();
    insta::assert_snapshot!(bodies.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn beyond_the_hourly_cap_calls_are_put_off_and_dropped_after_a_day() {
    let settings = json!({"webhook_hourly_cap": 1});
    let world = World::with(
        json!({"domain": DOMAIN, "plan": "pro", "settings": settings, "reopen_rule": false}),
    )
    .await;
    let rule = one_rule(&world, webhook_action()).await;
    for _ in 0..30 {
        world.customer_ticket().await;
    }
    wait(2.0).await;
    assert_eq!(arrivals(&world), [1]);
    let log = world
        .act(
            "GET",
            &format!("/rules/1/{}/activity", rule["id"]),
            Value::Null,
        )
        .await;
    assert_eq!(log["items"][1]["webhooks"][0]["state"], "postponed");
    assert_eq!(
        log["items"][1]["webhooks"][0]["next_attempt_at"],
        "2026-01-05T10:00:00.000Z"
    );
    wait(30.0 * 3_600.0).await;
    assert_eq!(arrivals(&world)[..3], [1, 3_600, 7_200]);
    assert_eq!(
        world.hooks().len(),
        25,
        "one now and one in each of the next 24 hours"
    );
    assert_eq!(mails(&world).await, 5);
}

#[tokio::test(start_paused = true)]
async fn webhooks_get_lost_come_twice_and_come_late() {
    let world = World::with(json!({"domain": DOMAIN, "plan": "pro", "reopen_rule": false})).await;
    let rule = one_rule(&world, webhook_action()).await;
    for (calls, webhook) in [
        ("1", json!("lost")),
        ("2", json!("duplicated")),
        ("3", json!({"delayed_seconds": 30})),
    ] {
        world
            .act(
                "POST",
                "/faults",
                json!({"on": "webhook", "calls": calls, "webhook": webhook}),
            )
            .await;
    }
    for _ in 0..4 {
        world.customer_ticket().await;
    }
    wait(60.0).await;
    let ids: Vec<(u64, String)> = world
        .hooks()
        .into_iter()
        .map(|hook| (hook.after.as_secs(), hook.body[..8].to_owned()))
        .collect();
    let seen = |at: u64, id: u8| (at, format!("{{\"id\": {id}"));
    assert_eq!(ids, [seen(1, 2), seen(1, 2), seen(1, 4), seen(31, 3)]);
    let log = world
        .act(
            "GET",
            &format!("/rules/1/{}/activity", rule["id"]),
            Value::Null,
        )
        .await;
    assert!(
        log["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|item| item["webhooks"][0]["state"] == "delivered")
    );
}

#[tokio::test(start_paused = true)]
async fn something_on_the_way_can_answer_a_webhook() {
    let world = World::new("pro").await;
    let rule = one_rule(&world, webhook_action()).await;
    world
        .act(
            "POST",
            "/faults",
            json!({"on": "webhook", "calls": "1", "webhook": {"answered": 503}}),
        )
        .await;
    world.customer_ticket().await;
    wait(2.0).await;
    assert_eq!(world.hooks().len(), 0);
    wait(300.0).await;
    assert_eq!(arrivals(&world), [301]);
    let log = world
        .act(
            "GET",
            &format!("/rules/1/{}/activity", rule["id"]),
            Value::Null,
        )
        .await;
    assert_eq!(log["items"][0]["webhooks"][0]["attempts"][0]["status"], 503);
}

#[tokio::test(start_paused = true)]
async fn the_nth_call_can_be_broken() {
    let world = World::new("pro").await;
    let ticket = world.customer_ticket().await;
    let fault = async |body: Value| world.act("POST", "/faults", body).await;
    fault(json!({"on": "POST /tickets/*/reply", "calls": "1", "answer": {"status": 429, "retry_after_seconds": 30}})).await;
    fault(
        json!({"on": "POST /tickets/*/reply", "calls": "2", "connection": "reset_before_effect"}),
    )
    .await;
    fault(json!({"on": "POST /tickets/*/reply", "calls": "3", "connection": "reset_after_effect"}))
        .await;
    fault(json!({"on": "POST /tickets/*/reply", "calls": "4", "delay_seconds": 7.5})).await;
    fault(
        json!({"on": "GET **", "calls": "1", "answer": {"status": 503, "body": "<html>no</html>"}}),
    )
    .await;
    let path = format!("/tickets/{ticket}/reply");
    let reply = async || world.call("POST", &path, json!({"body": "x"})).await;
    let count = async || {
        world
            .act("GET", &format!("/tickets/{ticket}"), Value::Null)
            .await["conversations"]
            .as_array()
            .map(Vec::len)
    };
    let limited = reply().await;
    assert_eq!(
        (limited.status, limited.header("retry-after"), count().await),
        (429, Some("30"), Some(0))
    );
    assert!(reply().await.reset);
    assert_eq!(count().await, Some(0));
    assert!(reply().await.reset);
    assert_eq!(count().await, Some(1));
    let before = tokio::time::Instant::now();
    assert_eq!(reply().await.status, 201);
    assert_eq!(before.elapsed().as_millis(), 7_500);
    let broken = world.get("/tickets").await;
    assert_eq!(
        (broken.status, broken.header("content-type")),
        (503, Some("text/html; charset=utf-8"))
    );
    let faults = world.act("GET", "/faults", Value::Null).await;
    assert_eq!(
        faults["items"][0],
        json!({"id": 1, "on": "POST /tickets/*/reply", "calls": "1", "seen": 4, "struck": 1})
    );
}

#[tokio::test(start_paused = true)]
async fn answers_can_break_off_and_carry_a_wrong_date() {
    let settings = json!({"date_header_skew_seconds": -90});
    let world = World::with(json!({"domain": DOMAIN, "plan": "pro", "settings": settings})).await;
    world
        .act(
            "POST",
            "/faults",
            json!({"on": "GET /agents/me", "calls": "1", "connection": "truncated_body"}),
        )
        .await;
    let broken = world.get("/agents/me").await;
    assert_eq!((broken.status, broken.reset), (200, true));
    let whole = world.get("/agents/me").await;
    assert_eq!(whole.header("date"), Some("Mon, 05 Jan 2026 08:58:30 GMT"));
}
