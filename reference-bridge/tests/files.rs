//! The files on an answer: what fits, what is left out, how long they are kept.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests: a surprise should stop them"
)]

mod common;

use common::{
    World, decision,
    helpdesk::{Mishap, MishapKind},
    world,
};
use reference_bridge::{ScriptedBrain, brain::Action};
use serde_json::json;

#[tokio::test(start_paused = true)]
async fn files_over_the_limit_are_left_out_in_order_and_named() {
    let file = |name: &str, size: usize| {
        use base64::Engine as _;
        reference_bridge::brain::AnswerFile {
            name: name.to_owned(),
            content_type: "application/pdf".to_owned(),
            bytes_base64: base64::engine::general_purpose::STANDARD
                .encode(vec![b'x'; size])
                .into(),
        }
    };
    const MIB: usize = 1024 * 1024;
    let mut with_files = decision(Action::Reply, Some("See files."));
    with_files.attachments = vec![
        file("a.pdf", 12 * MIB),
        file("b.pdf", 9 * MIB),
        file("c.pdf", 8 * MIB),
        file("d.pdf", 1),
    ];
    let world = world(ScriptedBrain::following([Ok(with_files)])).await;
    world.connect(json!({})).await;
    let ticket = world.helpdesk.open_ticket("Send me all", json!({}));
    world.created(ticket).await;
    let body = world
        .helpdesk
        .desk()
        .calls
        .iter()
        .find(|call| call.line.starts_with("POST"))
        .unwrap()
        .body
        .clone();
    for (name, sent) in [
        ("a.pdf", true),
        ("b.pdf", false),
        ("c.pdf", true),
        ("d.pdf", false),
    ] {
        assert_eq!(
            body.contains(&format!("filename=\"{name}\"")),
            sent,
            "{name}"
        );
    }
    assert!(body.contains("Not attached, for their size: b.pdf, d.pdf"));
}

#[tokio::test(start_paused = true)]
async fn a_refused_attachment_never_costs_the_answer() {
    let mut with_files = decision(Action::Reply, Some("See file."));
    with_files.attachments = vec![reference_bridge::brain::AnswerFile {
        name: "a.exe".to_owned(),
        content_type: "application/octet-stream".to_owned(),
        bytes_base64: "aGVsbG8=".into(),
    }];
    let world = world(ScriptedBrain::following([Ok(with_files)])).await;
    world.connect(json!({})).await;
    world.helpdesk.desk().mishaps.push_back(Mishap {
        on: "POST",
        kind: MishapKind::Answer(400, None, "{}"),
    });
    let ticket = world.helpdesk.open_ticket("Send me all", json!({}));
    world.created(ticket).await;
    assert_eq!(
        world.helpdesk.posts(ticket, false),
        ["<p>See file.</p><p>Not attached: a.exe</p>"]
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_no_base64_is_named_and_the_rest_is_sent() {
    let file = |name: &str, text: &str| reference_bridge::brain::AnswerFile {
        name: name.to_owned(),
        content_type: "text/plain".to_owned(),
        bytes_base64: text.into(),
    };
    let mut with_files = decision(Action::Reply, Some("See files."));
    with_files.attachments = vec![file("bad.txt", "no base64!"), file("good.txt", "aGVsbG8=")];
    let world = world(ScriptedBrain::following([Ok(with_files)])).await;
    world.connect(json!({})).await;
    let ticket = world.helpdesk.open_ticket("Send me all", json!({}));
    world.created(ticket).await;
    let posted = world.helpdesk.posts(ticket, false).remove(0);
    assert!(posted.contains("filename=\"good.txt\""), "{posted}");
    assert!(!posted.contains("filename=\"bad.txt\""), "{posted}");
    assert!(posted.contains("Not attached, for they cannot be read: bad.txt"));
    let entries = world.history(ticket).await;
    assert_eq!(
        entries[1]["attachments"],
        json!([{"name": "good.txt", "size": 5}])
    );
}

/// A reply with a file that met four 429s, so that it is kept for later.
async fn a_reply_with_a_file_that_waits() -> (World, i64) {
    let mut with_file = decision(Action::Reply, Some("See file."));
    with_file.attachments = vec![reference_bridge::brain::AnswerFile {
        name: "a.txt".to_owned(),
        content_type: "text/plain".to_owned(),
        bytes_base64: "aGVsbG8=".into(),
    }];
    let world = world(ScriptedBrain::following([Ok(with_file)])).await;
    world.connect(json!({})).await;
    for _ in 0..4 {
        world.helpdesk.desk().mishaps.push_back(Mishap {
            on: "POST",
            kind: MishapKind::Answer(429, Some(1), ""),
        });
    }
    let ticket = world.helpdesk.open_ticket("Send me all", json!({}));
    world.created(ticket).await;
    world.wait(10).await;
    assert_eq!(world.helpdesk.posts(ticket, false).len(), 0);
    (world, ticket)
}

#[tokio::test(start_paused = true)]
async fn a_file_is_kept_until_it_was_sent_and_no_longer() {
    let (world, ticket) = a_reply_with_a_file_that_waits().await;
    let turns = world.store.turns("acme.freshdesk.com", ticket);
    let turn = turns.await.unwrap().remove(0).id;
    let piece = world.store.piece(&turn, 0, 0).await.unwrap();
    assert_eq!(piece.as_deref(), Some(&b"hello"[..]));
    world.wait(400).await;
    let posted = world.helpdesk.posts(ticket, false).remove(0);
    assert!(posted.contains("\r\n\r\nhello\r\n"), "{posted}");
    assert_eq!(world.store.piece(&turn, 0, 0).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_file_that_was_lost_never_costs_the_answer() {
    let (world, ticket) = a_reply_with_a_file_that_waits().await;
    let turns = world.store.turns("acme.freshdesk.com", ticket);
    let turn_id = turns.await.unwrap().remove(0).id;
    let gone = reference_bridge::store::Write::FilesGone { turn_id };
    world.store.record(vec![gone]).await.unwrap();
    world.wait(400).await;
    assert_eq!(
        world.helpdesk.posts(ticket, false),
        ["<p>See file.</p><p>Not attached: a.txt</p>"]
    );
}

#[tokio::test(start_paused = true)]
async fn exactly_20_mib_goes_through_and_one_byte_more_does_not() {
    use base64::Engine as _;
    for (size, sent) in [(20 * 1024 * 1024, true), (20 * 1024 * 1024 + 1, false)] {
        let mut with_file = decision(Action::Reply, Some("See file."));
        with_file.attachments = vec![reference_bridge::brain::AnswerFile {
            name: "all.zip".to_owned(),
            content_type: "application/zip".to_owned(),
            bytes_base64: base64::engine::general_purpose::STANDARD
                .encode(vec![b'x'; size])
                .into(),
        }];
        let world = world(ScriptedBrain::following([Ok(with_file)])).await;
        world.connect(json!({})).await;
        let ticket = world.helpdesk.open_ticket("Send me all", json!({}));
        world.created(ticket).await;
        let posted = world.helpdesk.posts(ticket, false).remove(0);
        assert_eq!(posted.contains("filename=\"all.zip\""), sent, "{size}");
    }
}
