//! Solutions, discussions, skills and forms: what importers read and write
//! beside tickets.

use serde_json::{Value, json};

use crate::world::World;

fn ids(list: &Value) -> Vec<&Value> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|each| &each["id"])
        .collect()
}

#[tokio::test(start_paused = true)]
async fn an_article_stands_in_a_folder_in_a_category() {
    let world = World::new("growth").await;
    let category = world
        .ok("POST", "/solutions/categories", json!({"name": "Help"}))
        .await;
    let folders = format!("/solutions/categories/{}/folders", category["id"]);
    let folder = world
        .ok("POST", &folders, json!({"name": "Orders", "visibility": 1}))
        .await;
    assert_eq!(
        (&folder["category_id"], &folder["articles_count"]),
        (&category["id"], &json!(0))
    );
    let articles = format!("/solutions/folders/{}/articles", folder["id"]);
    let article = json!({"title": "Where is my order?", "description": "<p>On <b>its</b> way<script>x</script></p>", "status": 2, "tags": ["faq"]});
    let article = world.ok("POST", &articles, article).await;
    assert_eq!(article["description"], "<p>On <b>its</b> way</p>");
    assert_eq!(article["description_text"], "On its way");
    assert_eq!(
        (&article["category_id"], &article["agent_id"]),
        (&category["id"], &json!(world.admin))
    );
    assert_eq!(
        (&article["type"], &article["hits"], &article["tags"]),
        (&json!(1), &json!(0), &json!(["faq"]))
    );
    assert_eq!(ids(&world.get(&articles).await.json()), [&article["id"]]);
    assert_eq!(world.get(&folders).await.json()[0]["articles_count"], 1);
    let place = format!("/solutions/articles/{}", article["id"]);
    let changed = world
        .ok("PUT", &place, json!({"status": 1, "description": "Soon"}))
        .await;
    assert_eq!(
        (&changed["status"], &changed["description_text"]),
        (&json!(1), &json!("Soon"))
    );
    let found = world.get("/search/solutions?term=ORDER").await.json();
    assert_eq!(ids(&found), [&article["id"]]);
    assert_eq!(
        world.get("/search/solutions?term=refund").await.json(),
        json!([])
    );
    // What holds it takes it along.
    let category = format!("/solutions/categories/{}", category["id"]);
    world.ok("DELETE", &category, Value::Null).await;
    assert_eq!(world.get(&place).await.status, 404);
    assert_eq!(world.get(&folders).await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn what_an_article_needs_is_asked_for() {
    let world = World::new("growth").await;
    let category = world
        .ok("POST", "/solutions/categories", json!({"name": "Help"}))
        .await;
    let folders = format!("/solutions/categories/{}/folders", category["id"]);
    let refused = world
        .call("POST", &folders, json!({"name": "Orders", "visibility": 9}))
        .await;
    assert_eq!(
        refused.json()["errors"][0]["message"],
        "It should be one of these values: '1,2,3,4,5,6'"
    );
    let folder = world
        .ok("POST", &folders, json!({"name": "Orders", "visibility": 1}))
        .await;
    let articles = format!("/solutions/folders/{}/articles", folder["id"]);
    let refused = world.call("POST", &articles, json!({"title": "t"})).await;
    let told: Vec<Value> = refused.json()["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|each| each["field"].clone())
        .collect();
    assert_eq!(
        (refused.status, told),
        (400, vec![json!("description"), json!("status")])
    );
    assert_eq!(
        world
            .call("POST", "/solutions/folders/4711/articles", json!({}))
            .await
            .status,
        404
    );
    let again = world
        .call("POST", "/solutions/categories", json!({"name": "Help"}))
        .await;
    assert_eq!(again.status, 409);
}

#[tokio::test(start_paused = true)]
async fn a_discussion_has_four_levels() {
    let world = World::new("growth").await;
    let category = world
        .ok("POST", "/discussions/categories", json!({"name": "Talk"}))
        .await;
    let forums = format!("/discussions/categories/{}/forums", category["id"]);
    let forum = world
        .ok(
            "POST",
            &forums,
            json!({"name": "Ideas", "forum_type": 2, "forum_visibility": 1}),
        )
        .await;
    let topics = format!("/discussions/forums/{}/topics", forum["id"]);
    let topic = world
        .ok(
            "POST",
            &topics,
            json!({"title": "Dark mode", "message": "Please"}),
        )
        .await;
    let comments = format!("/discussions/topics/{}/comments", topic["id"]);
    let comment = world
        .ok("POST", &comments, json!({"body": "<b>Yes</b>"}))
        .await;
    assert_eq!(
        (&comment["forum_id"], &comment["body_text"]),
        (&forum["id"], &json!("Yes"))
    );
    assert_eq!(ids(&world.get(&comments).await.json()), [&comment["id"]]);
    let forum = format!("/discussions/forums/{}", forum["id"]);
    world.ok("DELETE", &forum, Value::Null).await;
    assert_eq!(world.get(&comments).await.status, 404);
    assert_eq!(world.get(&forums).await.json(), json!([]));
}

#[tokio::test(start_paused = true)]
async fn skills_are_for_the_largest_plan() {
    let world = World::new("enterprise").await;
    let skill = world
        .ok(
            "POST",
            "/admin/skills",
            json!({"name": "French", "match_type": "all"}),
        )
        .await;
    assert_eq!(ids(&world.get("/skills").await.json()), [&skill["id"]]);
    let world = World::new("pro").await;
    let refused = world.get("/skills").await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (403, &json!("require_feature"))
    );
}

#[tokio::test(start_paused = true)]
async fn the_form_that_tickets_name_can_be_read() {
    let world = World::new("growth").await;
    let ticket = json!({"email": "c@example.com", "subject": "s", "description": "d", "status": 2, "priority": 1});
    let ticket = world.ok("POST", "/tickets", ticket).await;
    assert_eq!(
        ids(&world.get("/ticket-forms").await.json()),
        [&ticket["form_id"]]
    );
    let form = world
        .get(&format!("/ticket-forms/{}", ticket["form_id"]))
        .await
        .json();
    assert_eq!(
        form["fields"],
        world.get("/admin/ticket_fields").await.json()
    );
    assert_eq!(world.get("/ticket-forms/1").await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn threads_are_for_administrators_of_larger_plans() {
    let world = World::new("pro").await;
    let ticket = world.customer_ticket().await;
    let threads = "/collaboration/threads";
    let new = json!({"type": "discussion", "title": "What now?", "parent": {"type": "ticket", "id": ticket.to_string()}});
    let made = world.call("POST", threads, new).await;
    assert_eq!(made.status, 201);
    let thread = made.json();
    let place = format!("{threads}/{}", thread["id"]);
    assert!(made.header("location").unwrap().ends_with(&place));
    assert_eq!(thread["created_by"], json!(world.admin));
    assert_eq!(ids(&world.get(threads).await.json()), [&thread["id"]]);
    let renamed = world
        .ok("PUT", &place, json!({"title": "Then what?"}))
        .await;
    assert_eq!(
        (&renamed["title"], &renamed["parent"]),
        (&json!("Then what?"), &thread["parent"])
    );
    for (body, field) in [
        (json!({"parent": {"type": "ticket", "id": ticket}}), "type"),
        (
            json!({"type": "gossip", "parent": {"type": "ticket", "id": ticket}}),
            "type",
        ),
        (json!({"type": "discussion"}), "parent"),
        (
            json!({"type": "discussion", "parent": {"type": "contact", "id": 1}}),
            "parent[type]",
        ),
        (
            json!({"type": "discussion", "parent": {"type": "ticket", "id": 4711}}),
            "parent[id]",
        ),
    ] {
        let refused = world.call("POST", threads, body.clone()).await;
        assert_eq!(
            (refused.status, &refused.json()["errors"][0]["field"]),
            (400, &json!(field)),
            "{body}"
        );
    }
    let (_, key) = world.agent("Gus", "Agent").await;
    let denied = world.as_key(&key, "GET", threads, Value::Null).await;
    assert_eq!(
        (denied.status, &denied.json()["code"]),
        (403, &json!("access_denied"))
    );
    assert_eq!(world.call("DELETE", &place, Value::Null).await.status, 204);
    assert_eq!(world.get(&place).await.status, 404);
    let world = World::new("growth").await;
    let refused = world.get(threads).await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (403, &json!("require_feature"))
    );
}
