//! Single facts of the reference and of recordings that belong to no larger story.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};

use crate::world::{DOMAIN, World, basic, wait};

/// Field and code of the first error.
pub(crate) fn told(answer: &Value) -> (Value, Value) {
    let error = &answer["errors"][0];
    (error["field"].clone(), error["code"].clone())
}

/// A ticket that lacks nothing, with more.
pub(crate) fn ticket(more: Value) -> Value {
    let mut ticket = json!({"email": "c@example.com", "subject": "s", "description": "d", "status": 2, "priority": 1});
    let all = more.as_object().unwrap().clone();
    ticket.as_object_mut().unwrap().extend(all);
    ticket
}

#[tokio::test(start_paused = true)]
async fn a_vanity_host_serves_no_api() {
    let world = World::new("growth").await;
    world
        .act(
            "PATCH",
            "",
            json!({"settings": {"vanity_host": "help.acme.example"}}),
        )
        .await;
    let before = world.get("/agents/me").await;
    for path in ["/api/v2/agents/me", "/api/v2/nosuch", "/"] {
        let request = Request::get(format!("https://help.acme.example{path}"))
            .header("authorization", basic(&world.key));
        let answer = world.raw(request.body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status, answer.bytes.len()), (404, 0), "{path}");
        assert_eq!(answer.header("x-ratelimit-total"), Some("5000"));
        assert_eq!(answer.header("x-fw-ratelimiting-managed"), Some("false"));
    }
    let left = |answer: &crate::world::Answer| -> i64 {
        answer
            .header("x-ratelimit-remaining")
            .unwrap()
            .parse()
            .unwrap()
    };
    let after = world.get("/agents/me").await;
    assert_eq!(left(&after), left(&before) - 1, "nothing is used up");
}

#[tokio::test(start_paused = true)]
async fn due_times_come_together_and_need_a_running_timer() {
    let world = World::new("growth").await;
    let (due, first) = ("2026-03-01T00:00:00Z", "2026-02-01T00:00:00Z");
    for (body, field, code) in [
        (json!({"due_by": due}), "fr_due_by", "missing_field"),
        (json!({"fr_due_by": first}), "due_by", "missing_field"),
        (
            json!({"due_by": due, "fr_due_by": first, "status": 3}),
            "due_by",
            "inconsistent_state",
        ),
    ] {
        let refused = world.call("POST", "/tickets", ticket(body.clone())).await;
        assert_eq!(told(&refused.json()), (json!(field), json!(code)), "{body}");
    }
    let both = ticket(json!({"due_by": due, "fr_due_by": first}));
    let made = world.ok("POST", "/tickets", both).await;
    let place = format!("/tickets/{}", made["id"]);
    world.ok("PUT", &place, json!({"status": 3})).await;
    // What counts is the status that the ticket has then.
    let refused = world.call("PUT", &place, json!({"due_by": due})).await;
    assert_eq!(
        told(&refused.json()),
        (json!("due_by"), json!("inconsistent_state"))
    );
    world
        .ok("PUT", &place, json!({"due_by": due, "status": 2}))
        .await;
}

#[tokio::test(start_paused = true)]
async fn internal_agent_and_group_are_kept() {
    let world = World::new("pro").await;
    let group = world.ok("POST", "/groups", json!({"name": "G"})).await["id"].clone();
    let new = ticket(json!({"internal_agent_id": world.admin, "internal_group_id": group}));
    let made = world.ok("POST", "/tickets", new).await;
    assert_eq!(
        (&made["internal_agent_id"], &made["internal_group_id"]),
        (&json!(world.admin), &group)
    );
    let place = format!("/tickets/{}", made["id"]);
    let changed = world
        .ok("PUT", &place, json!({"internal_agent_id": null}))
        .await;
    assert_eq!(changed.get("internal_agent_id"), None);
    assert_eq!(world.get(&place).await.json()["internal_group_id"], group);
    let refused = world
        .call("PUT", &place, json!({"internal_group_id": 4711}))
        .await;
    assert_eq!(
        told(&refused.json()),
        (json!("internal_group_id"), json!("invalid_value"))
    );
}

#[tokio::test(start_paused = true)]
async fn bodies_have_a_structured_form_that_can_be_switched_off() {
    let world = World::new("growth").await;
    let made = world
        .ok(
            "POST",
            "/tickets",
            ticket(json!({"description": "<b>Hi</b>"})),
        )
        .await;
    let wanted = json!({"description_contents": [{"type": "text", "data": {"content": "Hi"}}]});
    assert_eq!(made["structured_description"], wanted);
    let place = format!("/tickets/{}", made["id"]);
    assert_eq!(
        world.get(&place).await.json()["structured_description"],
        wanted
    );
    let reply = world
        .ok("POST", &format!("{place}/reply"), json!({"body": "Yes?"}))
        .await;
    let wanted = json!({"body_contents": [{"type": "text", "data": {"content": "Yes?"}}]});
    assert_eq!(reply["structured_body"], wanted);
    let quoting = json!({"body": "<blockquote class=\"freshdesk_quote\">Hi</blockquote>"});
    world.ok("POST", &format!("{place}/notes"), quoting).await;
    let thread = world.get(&format!("{place}/conversations")).await.json();
    assert_eq!(thread[0]["structured_body"], wanted);
    assert_eq!(
        (&thread[0]["has_quoted_text"], &thread[1]["has_quoted_text"]),
        (&json!(false), &json!(true))
    );
    world
        .act(
            "PATCH",
            "",
            json!({"settings": {"structured_bodies": false}}),
        )
        .await;
    assert_eq!(
        world.get(&place).await.json().get("structured_description"),
        None
    );
    let thread = world.get(&format!("{place}/conversations")).await.json();
    assert_eq!(thread[0].get("structured_body"), None);
}

#[tokio::test(start_paused = true)]
async fn what_hangs_on_a_deleted_ticket_is_gone_and_comes_back_with_it() {
    let world = World::new("growth").await;
    let id = world.customer_ticket().await;
    let place = format!("/tickets/{id}");
    world
        .ok("POST", &format!("{place}/notes"), json!({"body": "x"}))
        .await;
    world.ok("DELETE", &place, Value::Null).await;
    let parts = ["conversations", "time_entries", "satisfaction_ratings"];
    let statuses = async || {
        let mut all = vec![world.get(&place).await.status];
        for part in parts {
            all.push(world.get(&format!("{place}/{part}")).await.status);
        }
        all
    };
    assert_eq!(statuses().await, [200, 404, 404, 404]);
    let shown = json!({"settings": {"deleted_ticket_parts_are_404": false}});
    world.act("PATCH", "", shown).await;
    assert_eq!(statuses().await, [200, 200, 200, 200]);
    let gone = json!({"settings": {"deleted_ticket_parts_are_404": true}});
    world.act("PATCH", "", gone).await;
    world
        .ok("PUT", &format!("{place}/restore"), Value::Null)
        .await;
    assert_eq!(statuses().await, [200, 200, 200, 200]);
}

#[tokio::test(start_paused = true)]
async fn a_ticket_that_is_long_closed_is_in_the_archive_only() {
    const DAYS: f64 = 86_400.0;
    let world = World::new("pro").await;
    let id = world.customer_ticket().await;
    let place = format!("/tickets/{id}");
    let archived = format!("/tickets/archived/{id}");
    world.ok("PUT", &place, json!({"status": 5})).await;
    let everything = "/tickets?updated_since=2020-01-01T00:00:00Z";
    let search = "/search/tickets?query=%22status:5%22";
    let seen = async || {
        (
            world.get(&place).await.status,
            world.get(&archived).await.status,
            world.get(everything).await.json().as_array().unwrap().len(),
            world.get(search).await.json()["total"].clone(),
            world
                .call("PUT", &place, json!({"priority": 2}))
                .await
                .status,
        )
    };
    wait(120.0 * DAYS - 1.0).await;
    assert_eq!(world.get(&place).await.status, 200);
    assert_eq!(world.get(&archived).await.status, 404);
    assert_eq!(world.get(search).await.json()["total"], 1);
    wait(1.0).await;
    assert_eq!(seen().await, (404, 200, 0, json!(0), 404));
    assert_eq!(world.get(&archived).await.json()["id"], json!(id));
    let later = json!({"settings": {"archive_after_days": 121}});
    world.act("PATCH", "", later).await;
    assert_eq!(seen().await, (200, 404, 1, json!(1), 200));
}

#[tokio::test(start_paused = true)]
async fn a_tweet_is_not_shown() {
    let world = World::new("growth").await;
    let new =
        json!({"from": {"name": "Ann"}, "via": "twitter", "subject": "s", "text": "rude words"});
    let id = world.act("POST", "/tickets", new).await["id"].clone();
    let view = world.get(&format!("/tickets/{id}")).await.json();
    assert_eq!(view["description_text"], "View the message on Twitter");
    assert_eq!(
        view["description"],
        "<div>View the message on Twitter</div>"
    );
    assert!(!view.to_string().contains("rude words"), "{view}");
}

#[tokio::test(start_paused = true)]
async fn a_mail_may_quote_what_it_answers() {
    let world = World::new("growth").await;
    let id = world.customer_ticket().await;
    let place = format!("/tickets/{id}");
    world
        .ok(
            "POST",
            &format!("{place}/reply"),
            json!({"body": "<b>On its way</b>"}),
        )
        .await;
    world
        .ok("POST", &format!("{place}/notes"), json!({"body": "secret"}))
        .await;
    let replies = format!("{place}/customer_replies");
    let mail = json!({"text": "Thanks", "quoted": true});
    world.act("POST", &replies, mail).await;
    let thread = world.get(&format!("{place}/conversations")).await.json();
    let last = &thread[2];
    assert_eq!(
        last["body"],
        "<div>Thanks</div><div class=\"freshdesk_quote\">----- Original message -----<blockquote class=\"freshdesk_quote\"><b>On its way</b></blockquote></div>"
    );
    assert_eq!(last["has_quoted_text"], true);
    let text = last["body_text"].as_str().unwrap();
    assert!(
        text.starts_with("Thanks\n") && text.contains("On its way"),
        "{text}"
    );
    let path = format!("/accounts/{DOMAIN}{replies}");
    let portal = json!({"text": "Thanks", "quoted": true, "via": "portal"});
    assert_eq!(world.control("POST", &path, portal).await.status, 400);
}

#[tokio::test(start_paused = true)]
async fn folders_of_canned_responses_count_what_is_in_them() {
    let world = World::new("growth").await;
    let folder = world
        .ok("POST", "/canned_response_folders", json!({"name": "F"}))
        .await;
    assert_eq!(
        (&folder["personal"], &folder["responses_count"]),
        (&json!(false), &json!(0))
    );
    let response =
        json!({"title": "t", "content_html": "c", "folder_id": folder["id"], "visibility": 0});
    world.ok("POST", "/canned_responses", response).await;
    let folders = world.get("/canned_response_folders").await.json();
    let counts: Vec<&Value> = folders
        .as_array()
        .unwrap()
        .iter()
        .map(|each| &each["responses_count"])
        .collect();
    assert_eq!(counts, [0, 0, 1]);
}
