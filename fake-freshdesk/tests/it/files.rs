//! Attachments and inline images.

use axum::body::Body;
use http::Request;
use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::form::Form;
use crate::world::{Answer, World, basic, wait};

async fn upload(world: &World, path: &str, sizes: &[usize]) -> Answer {
    let mut form = Form::default().field("body", "see there");
    for (at, size) in sizes.iter().enumerate() {
        let name = format!("ü {at}.png");
        form = form.file("attachments[]", (&name, "image/png"), &vec![b'x'; *size]);
    }
    form.post(world, path).await
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

#[tokio::test(start_paused = true)]
async fn names_may_be_unicode_and_come_twice() {
    let world = World::new("pro").await;
    let ticket = world.customer_ticket().await;
    let names = ["снимок 日本.txt", "a.txt", "a.txt", "50% & <b>.txt"];
    let mut form = Form::default().field("body", "x");
    for name in names {
        let content = format!("of {name}");
        form = form.file("attachments[]", (name, ""), content.as_bytes());
    }
    let made = form.post(&world, &format!("/tickets/{ticket}/notes")).await;
    assert_eq!(made.status, 201, "{}", made.json());
    let files = made.json()["attachments"].as_array().unwrap().clone();
    let shown: Vec<&str> = files
        .iter()
        .map(|file| file["name"].as_str().unwrap())
        .collect();
    assert_eq!(shown, names);
    for (file, name) in files.iter().zip(names) {
        let url = file["attachment_url"].as_str().unwrap();
        let fetched = world
            .raw(Request::get(url).body(Body::empty()).unwrap())
            .await;
        assert_eq!(
            String::from_utf8(fetched.bytes).unwrap(),
            format!("of {name}")
        );
        assert!(file.get("thumb_url").is_none(), "only images have one");
    }
}

#[tokio::test(start_paused = true)]
async fn a_thumbnail_is_there_and_expires_too() {
    let world = World::new("pro").await;
    let ticket = world.customer_ticket().await;
    let made = upload(&world, &format!("/tickets/{ticket}/notes"), &[3])
        .await
        .json();
    let url = made["attachments"][0]["thumb_url"].as_str().unwrap();
    let fetch = async || {
        world
            .raw(Request::get(url).body(Body::empty()).unwrap())
            .await
    };
    let fetched = fetch().await;
    assert_eq!(
        (fetched.status, fetched.header("content-type")),
        (200, Some("image/png"))
    );
    wait(302.0).await;
    assert_eq!(fetch().await.status, 403);
}

/// The `src` of the only image in a body.
fn source(html: &Value) -> String {
    let html = html.as_str().unwrap();
    let rest = html.split_once("<img src=\"").unwrap().1;
    rest.split_once('"').unwrap().0.to_owned()
}

#[tokio::test(start_paused = true)]
async fn an_inline_image_stands_in_the_body_and_needs_no_login() {
    let world = World::new("pro").await;
    let image = json!({"name": "shot.png", "content_type": "image/png", "bytes_base64": "cG5n", "inline": true});
    let file = json!({"name": "log.txt", "content_type": "text/plain", "bytes_base64": "bG9n"});
    let mail = json!({
        "from": {"email": "ann@example.com"}, "subject": "Look", "text": "Here: [cid:shot.png]\nSee?",
        "attachments": [image, file],
    });
    let opened = world.act("POST", "/tickets", mail).await["id"].clone();
    let path = format!("/tickets/{opened}");
    let ticket = world.get(&path).await.json();
    let names: Vec<&Value> = ticket["attachments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| &file["name"])
        .collect();
    assert_eq!(names, ["log.txt"]);
    assert_eq!(ticket["description_text"], "Here: \nSee?");
    let url = source(&ticket["description"]);
    assert!(
        url.starts_with("https://attachment.freshdesk.com/inline/attachment?token=eyJ"),
        "{url}"
    );
    wait(86_400.0).await;
    let fetch = async |url: &str| {
        world
            .raw(Request::get(url).body(Body::empty()).unwrap())
            .await
    };
    let fetched = fetch(&url).await;
    assert_eq!(
        (fetched.status, fetched.bytes.as_slice()),
        (200, b"png".as_slice())
    );
    assert_eq!(fetched.header("content-type"), Some("image/png"));
    let forged = format!("{}AAAA", &url[..url.len() - 4]);
    assert_eq!(fetch(&forged).await.status, 404);
    // Without a place in the text it stands at its end.
    let reply = json!({"text": "And here", "attachments": [image]});
    let reply = world
        .act("POST", &format!("{path}/customer_replies"), reply)
        .await;
    assert_eq!(reply["attachments"], json!([]));
    assert!(
        reply["body"]
            .as_str()
            .unwrap()
            .starts_with("<div>And here</div><div><img src=")
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_can_quote_an_inline_image_but_not_make_one() {
    let world = World::new("pro").await;
    let image = json!({"name": "shot.png", "content_type": "image/png", "size": 9, "inline": true});
    let mail = json!({"from": {"email": "ann@example.com"}, "subject": "Look", "text": "x", "attachments": [image]});
    let id = world.act("POST", "/tickets", mail).await["id"].clone();
    let ticket = world.get(&format!("/tickets/{id}")).await.json();
    let body = format!(
        "You sent {} and <img alt=\"mine\" src=\"data:image/png;base64,AAAA\">",
        ticket["description"].as_str().unwrap()
    );
    let reply = world
        .ok(
            "POST",
            &format!("/tickets/{id}/reply"),
            json!({"body": body}),
        )
        .await;
    assert_eq!(source(&reply["body"]), source(&ticket["description"]));
    let html = reply["body"].as_str().unwrap();
    assert!(!html.contains("data:") && !html.contains("mine"), "{html}");
}
