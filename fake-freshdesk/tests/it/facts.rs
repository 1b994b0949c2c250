//! Single facts of the reference and of recordings that belong to no larger story.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};

use crate::world::{DOMAIN, World, basic, wait};

fn told(answer: &Value) -> (Value, Value) {
    let error = &answer["errors"][0];
    (error["field"].clone(), error["code"].clone())
}

fn ticket(more: Value) -> Value {
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
async fn beyond_the_seats_no_agent_is_made() {
    let world = World::new("growth").await;
    world
        .act("PATCH", "", json!({"settings": {"agent_limit": 2}}))
        .await;
    let new = |name: &str, more: Value| {
        let mut agent = json!({"email": format!("{name}@example.com"), "ticket_scope": 1});
        agent
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        agent
    };
    let bob = world.ok("POST", "/agents", new("bob", json!({}))).await;
    let refused = world.call("POST", "/agents", new("cid", json!({}))).await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (403, &json!("max_agents_reached"))
    );
    // Who needs no seat is let in, and who has one keeps it.
    world
        .ok("POST", "/agents", new("dan", json!({"occasional": true})))
        .await;
    world
        .ok("POST", "/agents", new("eve", json!({"agent_type": 3})))
        .await;
    let bob = format!("/agents/{}", bob["id"]);
    world.ok("PUT", &bob, json!({"signature": "Bob"})).await;
    let contact = world
        .ok(
            "POST",
            "/contacts",
            json!({"name": "F", "email": "f@example.com"}),
        )
        .await;
    let promote = format!("/contacts/{}/make_agent", contact["id"]);
    assert_eq!(world.call("PUT", &promote, json!({})).await.status, 403);
    world.ok("PUT", &bob, json!({"occasional": true})).await;
    world.ok("PUT", &promote, json!({})).await;
    assert_eq!(
        world
            .call("PUT", &bob, json!({"occasional": false}))
            .await
            .status,
        403
    );
}

#[tokio::test(start_paused = true)]
async fn an_agents_type_is_a_number_in_and_a_word_out() {
    let world = World::new("growth").await;
    let mut types = Vec::new();
    for kind in [1, 2, 3] {
        let new =
            json!({"email": format!("a{kind}@example.com"), "ticket_scope": 1, "agent_type": kind});
        types.push(world.ok("POST", "/agents", new).await["type"].clone());
    }
    assert_eq!(types, ["support_agent", "field_agent", "collaborator"]);
    let account = world.get("/account").await.json();
    assert_eq!(
        account["total_agents"],
        json!({"full_time": 2, "occasional": 0, "field_service": 1, "collaborators": 1})
    );
    let promoted = async |kind: Value, name: &str| {
        let new = json!({"name": name, "email": format!("{name}@example.com")});
        let contact = world.ok("POST", "/contacts", new).await;
        let path = format!("/contacts/{}/make_agent", contact["id"]);
        world
            .call("PUT", &path, json!({"type": kind, "signature": "Best"}))
            .await
            .json()
    };
    let agent = promoted(json!("collaborator"), "x").await["agent"].clone();
    assert_eq!(
        (&agent["type"], &agent["signature"]),
        (&json!("collaborator"), &json!("Best"))
    );
    assert_eq!(
        promoted(json!(2), "y").await["agent"]["type"],
        "field_agent"
    );
    assert_eq!(
        told(&promoted(json!("boss"), "z").await),
        (json!("type"), json!("invalid_value"))
    );
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
async fn roles_come_in_pages() {
    let world = World::new("growth").await;
    let page = world.get("/roles?per_page=3").await;
    assert_eq!(page.json().as_array().unwrap().len(), 3);
    assert!(page.header("link").unwrap().contains("page=2"));
    let last = world.get("/roles?per_page=3&page=2").await;
    assert_eq!(
        (last.json().as_array().unwrap().len(), last.header("link")),
        (1, None)
    );
}

#[tokio::test(start_paused = true)]
async fn a_company_gathers_contacts_by_their_mail() {
    let world = World::new("growth").await;
    let other = world
        .ok("POST", "/companies", json!({"name": "Other"}))
        .await;
    let contact = async |name: &str, company: &Value| {
        let new =
            json!({"name": name, "email": format!("{name}@acme.example"), "company_id": company});
        world.ok("POST", "/contacts", new).await["id"].clone()
    };
    let free = contact("free", &Value::Null).await;
    let taken = contact("taken", &other["id"]).await;
    let acme = world
        .ok("POST", "/companies", json!({"name": "Acme"}))
        .await["id"]
        .clone();
    let of =
        async |id: &Value| world.get(&format!("/contacts/{id}")).await.json()["company_id"].clone();
    assert_eq!(of(&free).await, Value::Null);
    let place = format!("/companies/{acme}");
    world
        .ok("PUT", &place, json!({"domains": ["ACME.example"]}))
        .await;
    assert_eq!(
        (of(&free).await, of(&taken).await),
        (acme, other["id"].clone())
    );
}

#[tokio::test(start_paused = true)]
async fn a_contact_shows_how_satisfied_it_was_last() {
    let world = World::new("growth").await;
    let id = world.customer_ticket().await;
    let contact = world.get(&format!("/tickets/{id}")).await.json()["requester_id"].clone();
    let place = format!("/contacts/{contact}");
    assert_eq!(world.get(&place).await.json()["csat_rating"], Value::Null);
    for rating in [103, -102] {
        let rating = json!({"ratings": {"default_question": rating}});
        let ratings = format!("/tickets/{id}/satisfaction_ratings");
        world.ok("POST", &ratings, rating).await;
    }
    let shown = world.get(&place).await.json();
    assert_eq!(
        (
            &shown["csat_rating"],
            &shown["contact_type"],
            &shown["preferred_source"]
        ),
        (&json!(-102), &json!("contact"), &json!("email"))
    );
    assert_eq!(
        world.get("/contacts?contact_type=contact").await.json()[0]["id"],
        contact
    );
    assert_eq!(
        world.get("/contacts?contact_type=visitor").await.json(),
        json!([])
    );
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
async fn what_contains_something_is_asked_for_with_a_list() {
    let world = World::new("growth").await;
    let rule = |value: Value| {
        json!({
            "name": "r", "actions": [{"field_name": "priority", "value": 3}],
            "conditions": [{"match_type": "all", "properties": [
                {"resource_type": "ticket", "field_name": "subject", "operator": "contains", "value": value},
            ]}],
        })
    };
    let refused = world
        .call("POST", "/automations/1/rules", rule(json!("x")))
        .await;
    assert_eq!(
        told(&refused.json()),
        (json!("conditions[value]"), json!("datatype_mismatch"))
    );
    world
        .ok("POST", "/automations/1/rules", rule(json!(["x"])))
        .await;
    let bare = world.get("/automations/1/rules").await.json();
    assert_eq!(bare.as_array().unwrap().len(), 1);
    world
        .act(
            "PATCH",
            "",
            json!({"settings": {"rule_list_wrapped": true}}),
        )
        .await;
    let wrapped = world.get("/automations/1/rules").await.json();
    assert_eq!(
        (&wrapped["rules"], &wrapped["meta"]),
        (&bare, &json!({"count": 1, "cascading_rules": false}))
    );
}

#[tokio::test(start_paused = true)]
async fn webhooks_can_name_the_product_and_the_survey() {
    let world = World::new("pro").await;
    let product = json!({"name": "Shoes", "description": "For feet"});
    let product = world.ok("POST", "/products", product).await["id"].clone();
    let action = json!({
        "field_name": "trigger_webhook", "request_type": "POST", "url": "http://127.0.0.1:9/hook", "content_type": "JSON", "content_layout": "2",
        "content": "{{ticket.product_description}} {{ticket.satisfaction_survey}}",
    });
    world
        .act(
            "POST",
            "/rules/1",
            json!({"name": "new", "actions": [action]}),
        )
        .await;
    world
        .ok("POST", "/tickets", ticket(json!({"product_id": product})))
        .await;
    wait(2.0).await;
    let hooks = world.hooks();
    assert_eq!(
        hooks[0].body,
        format!("For feet https://{DOMAIN}/support/custom_surveys/1/new")
    );
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

#[tokio::test(start_paused = true)]
async fn simple_content_says_ticket_once_where_it_names_the_type() {
    let world = World::new("pro").await;
    let action = json!({
        "field_name": "trigger_webhook", "request_type": "POST", "url": "http://127.0.0.1:9/hook", "content_type": "JSON", "content_layout": "1",
        "content": ["ticket.id", "ticket.ticket_type", "ticket.requester.email"],
    });
    world
        .act(
            "POST",
            "/rules/1",
            json!({"name": "new", "actions": [action]}),
        )
        .await;
    world
        .ok("POST", "/tickets", ticket(json!({"type": "Refund"})))
        .await;
    wait(2.0).await;
    let body: Value = serde_json::from_str(&world.hooks()[0].body).unwrap();
    assert_eq!(
        body["freshdesk_webhook"],
        json!({"ticket_id": 1, "ticket_type": "Refund", "ticket_requester_email": "c@example.com"})
    );
}

#[tokio::test(start_paused = true)]
async fn a_rule_hears_of_a_due_date_that_changes() {
    let world = World::new("pro").await;
    let id = world.customer_ticket().await;
    let rule = json!({
        "name": "later", "performer": {"type": 1}, "events": [{"field_name": "due_by"}],
        "actions": [{"field_name": "priority", "value": 4}],
    });
    world.act("POST", "/rules/4", rule).await;
    let place = format!("/tickets/{id}");
    let priority = async || {
        wait(2.0).await;
        world.get(&place).await.json()["priority"].clone()
    };
    world.ok("PUT", &place, json!({"subject": "s"})).await;
    assert_eq!(priority().await, 1);
    world
        .ok("PUT", &place, json!({"due_by": "2026-03-01T00:00:00Z"}))
        .await;
    assert_eq!(priority().await, 4);
    // The same date again is no change.
    world
        .ok(
            "PUT",
            &place,
            json!({"due_by": "2026-03-01T00:00:00Z", "priority": 1}),
        )
        .await;
    assert_eq!(priority().await, 1);
}

#[tokio::test(start_paused = true)]
async fn an_accounts_own_sources_count_from_101() {
    let world = World::new("pro").await;
    let fields = world.get("/admin/ticket_fields").await.json();
    let mut fields = fields.as_array().unwrap().iter();
    let source = fields.find(|field| field["name"] == "source").unwrap();
    let place = format!("/admin/ticket_fields/{}", source["id"]);
    let refused = world
        .call("POST", "/tickets", ticket(json!({"source": 101})))
        .await;
    assert_eq!(
        told(&refused.json()),
        (json!("source"), json!("invalid_value"))
    );
    for (name, wanted) in [("Kiosk", 101), ("Letter", 102)] {
        let changed = world
            .ok("PUT", &place, json!({"choices": [{"value": name}]}))
            .await;
        let last = changed["choices"].as_array().unwrap().last().unwrap();
        assert_eq!(
            (&last["id"], &last["value"]),
            (&json!(wanted), &json!(name))
        );
    }
    let refused = world.call("PUT", &place, json!({"choices": [{}]})).await;
    assert_eq!(
        told(&refused.json()),
        (json!("choices[value]"), json!("missing_field"))
    );
    let seen = world.get("/ticket_fields?type=default_source").await.json();
    assert_eq!(
        (&seen[0]["choices"]["Kiosk"], &seen[0]["choices"]["Email"]),
        (&json!(101), &json!(1))
    );
    let action = json!({
        "field_name": "trigger_webhook", "request_type": "POST", "url": "http://127.0.0.1:9/hook", "content_type": "JSON", "content_layout": "2",
        "content": "{{ticket.source}}",
    });
    world
        .act(
            "POST",
            "/rules/1",
            json!({"name": "new", "actions": [action]}),
        )
        .await;
    let made = world
        .ok("POST", "/tickets", ticket(json!({"source": 102})))
        .await;
    assert_eq!(made["source"], 102);
    wait(2.0).await;
    assert_eq!(world.hooks()[0].body, "Letter");
}
