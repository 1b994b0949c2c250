//! Replies and notes.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::world::World;

#[tokio::test(start_paused = true)]
async fn replies_and_notes_have_the_recorded_shapes() {
    let world = World::new("pro").await;
    let ticket = world.customer_ticket().await;
    let reply = world
        .call(
            "POST",
            &format!("/tickets/{ticket}/reply"),
            json!({"body": "<p>Soon</p><script>x</script>"}),
        )
        .await;
    assert_eq!(reply.status, 201);
    assert!(
        reply
            .header("location")
            .is_some_and(|location| location.contains("/api/v2/conversations/"))
    );
    assert_json_snapshot!("reply created", reply.json());
    assert_json_snapshot!(
        "note created",
        world
            .ok(
                "POST",
                &format!("/tickets/{ticket}/notes"),
                json!({"body": "hm"})
            )
            .await
    );
    world
        .act(
            "POST",
            &format!("/tickets/{ticket}/customer_replies"),
            json!({"text": "And now?"}),
        )
        .await;
    assert_json_snapshot!(
        "conversations listed",
        world
            .get(&format!("/tickets/{ticket}/conversations"))
            .await
            .json()
    );
    let mails = world.act("GET", "/mails", Value::Null).await;
    let replies = mails["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|mail| mail["kind"] == "reply")
        .count();
    assert_eq!(
        replies, 1,
        "a reply is mailed to the customer, a note is not"
    );
}

#[tokio::test(start_paused = true)]
async fn embedded_conversations_are_cut_at_ten_and_the_list_is_paged() {
    let world = World::new("enterprise").await;
    let ticket = world.customer_ticket().await;
    for number in 0..35 {
        world
            .ok(
                "POST",
                &format!("/tickets/{ticket}/notes"),
                json!({"body": format!("note {number}")}),
            )
            .await;
    }
    let embedded = world
        .get(&format!("/tickets/{ticket}?include=conversations"))
        .await
        .json();
    assert_eq!(embedded["conversations"].as_array().map(Vec::len), Some(10));
    assert_eq!(
        embedded["conversations"][0]["body_text"], "note 0",
        "oldest first"
    );
    let first = world.get(&format!("/tickets/{ticket}/conversations")).await;
    assert_eq!(first.json().as_array().map(Vec::len), Some(30));
    assert!(
        first
            .header("link")
            .is_some_and(|link| link.contains("page=2"))
    );
    let all = world
        .get(&format!("/tickets/{ticket}/conversations?per_page=100"))
        .await;
    assert_eq!(
        (all.json().as_array().map(Vec::len), all.header("link")),
        (Some(35), None)
    );
}

#[tokio::test(start_paused = true)]
async fn notes_can_be_rewritten_and_removed_replies_cannot_be_rewritten() {
    let world = World::new("pro").await;
    let ticket = world.customer_ticket().await;
    let reply = world
        .ok(
            "POST",
            &format!("/tickets/{ticket}/reply"),
            json!({"body": "x"}),
        )
        .await;
    let note = world
        .ok(
            "POST",
            &format!("/tickets/{ticket}/notes"),
            json!({"body": "x"}),
        )
        .await;
    assert_eq!(
        world
            .call(
                "PUT",
                &format!("/conversations/{}", reply["id"]),
                json!({"body": "y"})
            )
            .await
            .status,
        405
    );
    let edited = world
        .ok(
            "PUT",
            &format!("/conversations/{}", note["id"]),
            json!({"body": "y"}),
        )
        .await;
    assert_eq!(edited["body_text"], "y");
    world
        .ok(
            "DELETE",
            &format!("/conversations/{}", note["id"]),
            Value::Null,
        )
        .await;
    assert_eq!(
        world
            .get(&format!("/tickets/{ticket}/conversations"))
            .await
            .json()
            .as_array()
            .map(Vec::len),
        Some(1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_structured_body_stands_in_for_a_body() {
    let world = World::new("pro").await;
    let ticket = world.customer_ticket().await;
    let path = format!("/tickets/{ticket}/reply");
    let text = |content: &str| json!({"type": "text", "data": {"content": content}});
    let body = json!({"structured_body": {"body_contents": [text("Hello"), text("<b>Bye</b>")]}});
    let made = world.ok("POST", &path, body).await;
    assert_eq!(made["body"], "<p>Hello</p><p><b>Bye</b></p>");
    assert_eq!(made["body_text"], "Hello\n\nBye");
    for wrong in [
        json!({}),
        json!({"body_contents": []}),
        json!({"body_contents": [{"type": "image"}]}),
    ] {
        let refused = world
            .call("POST", &path, json!({"structured_body": wrong}))
            .await;
        assert_eq!(refused.json()["errors"][0]["field"], "structured_body");
    }
}
