//! Replies, notes and files.

use axum::body::Body;
use http::Request;
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::world::{Answer, DOMAIN, World, basic, wait};

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

async fn upload(world: &World, path: &str, sizes: &[usize]) -> Answer {
    let mut form = Vec::new();
    form.extend(b"--B\r\nContent-Disposition: form-data; name=\"body\"\r\n\r\nsee there\r\n");
    for (at, size) in sizes.iter().enumerate() {
        form.extend(format!("--B\r\nContent-Disposition: form-data; name=\"attachments[]\"; filename=\"ü {at}.png\"\r\nContent-Type: image/png\r\n\r\n").as_bytes());
        form.extend(std::iter::repeat_n(b'x', *size));
        form.extend(b"\r\n");
    }
    form.extend(b"--B--\r\n");
    let request = Request::post(format!("https://{DOMAIN}/api/v2{path}"))
        .header("authorization", basic(&world.key))
        .header("content-type", "multipart/form-data; boundary=B")
        .body(Body::from(form))
        .unwrap();
    world.raw(request).await
}

#[tokio::test(start_paused = true)]
async fn exactly_twenty_megabytes_pass_and_one_byte_more_does_not() {
    const LIMIT: usize = 20 * 1024 * 1024;
    let world = World::new("pro").await;
    let ticket = world.customer_ticket().await;
    let path = format!("/tickets/{ticket}/reply");
    assert_eq!(upload(&world, &path, &[LIMIT - 10, 10]).await.status, 201);
    assert_json_snapshot!(
        "attachments too large",
        upload(&world, &path, &[LIMIT - 10, 11]).await.shown()
    );
    let thread = world
        .get(&format!("/tickets/{ticket}/conversations"))
        .await
        .json();
    assert_eq!(
        thread.as_array().map(Vec::len),
        Some(1),
        "nothing half done"
    );
    assert_eq!(upload(&world, &path, &[65 * 1024 * 1024]).await.status, 413);
}

#[tokio::test(start_paused = true)]
async fn attachment_urls_expire_and_take_no_credentials() {
    let world = World::new("pro").await;
    let ticket = world.customer_ticket().await;
    upload(&world, &format!("/tickets/{ticket}/notes"), &[5]).await;
    let url = async || -> String {
        let thread = world
            .get(&format!("/tickets/{ticket}/conversations"))
            .await
            .json();
        let file = &thread[0]["attachments"][0];
        assert_eq!(
            (&file["size"], &file["name"]),
            (&json!(5), &json!("ü 0.png"))
        );
        assert!(file["thumb_url"].is_string());
        file["attachment_url"].as_str().unwrap().to_owned()
    };
    let fetch = async |url: &str, key: Option<&str>| {
        let mut request = Request::get(url);
        if let Some(key) = key {
            request = request.header("authorization", basic(key));
        }
        world.raw(request.body(Body::empty()).unwrap()).await
    };
    let first = url().await;
    assert!(
        first.starts_with("https://attachment.freshdesk.com/"),
        "{first}"
    );
    let fetched = fetch(&first, None).await;
    assert_eq!(
        (fetched.status, fetched.bytes.as_slice()),
        (200, b"xxxxx".as_slice())
    );
    assert_eq!(fetched.header("content-type"), Some("image/png"));
    assert_eq!(fetch(&first, Some(&world.key)).await.status, 400);
    assert_eq!(
        fetch(&first.replace("Expires=300", "Expires=9000"), None)
            .await
            .status,
        403
    );
    let thread = world
        .get(&format!("/tickets/{ticket}/conversations"))
        .await
        .json();
    let file = &thread[0]["attachments"][0];
    wait(299.0).await;
    assert_eq!(fetch(&first, None).await.status, 200);
    wait(3.0).await;
    assert_eq!(fetch(&first, None).await.status, 403);
    assert_eq!(
        fetch(&url().await, None).await.status,
        200,
        "every read signs anew"
    );
    let gone = url().await;
    world
        .ok(
            "DELETE",
            &format!("/attachments/{}", file["id"]),
            Value::Null,
        )
        .await;
    assert_eq!(fetch(&gone, None).await.status, 404);
}
