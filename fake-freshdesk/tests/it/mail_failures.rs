//! Mail of replies that could not be delivered, as a test says it.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use crate::world::{World, wait, webhook_action};

impl World {
    async fn rule_on(&self, event: &str) -> Value {
        let mut action = webhook_action();
        action["content"] = json!("{{triggered_event}}");
        let rule = json!({"name": event, "performer": {"type": 4}, "events": [{"field_name": event}], "actions": [action]});
        self.act("POST", "/rules/4", rule).await
    }

    async fn mail_failed(&self, conversation: &Value, to: &str) -> Value {
        let failed = json!({"conversation_id": conversation, "to": to});
        self.act("POST", "/tickets/1/mail_failures", failed).await
    }
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_came_back_is_counted_on_the_reply_and_told_to_rules() {
    let world = World::new("pro").await;
    let requester = world.rule_on("mail_del_failed_requester").await;
    let others = world.rule_on("mail_del_failed_others").await;
    world.customer_ticket().await;
    let reply = json!({"body": "On its way", "cc_emails": ["c@example.com"], "bcc_emails": ["b@example.com"]});
    let reply = world.ok("POST", "/tickets/1/reply", reply).await["id"].clone();
    wait(5.0).await;
    let shown = world.mail_failed(&reply, "requester").await;
    assert_eq!(shown["email_failure_count"], 1);
    wait(1.0).await;
    world.mail_failed(&reply, "others").await;
    wait(5.0).await;
    let listed = world.get("/tickets/1/conversations").await.json()[0].clone();
    assert_json_snapshot!(
        "mail that came back",
        json!([listed["email_failure_count"], listed["outgoing_failures"]])
    );
    let bodies: Vec<String> = world.hooks().into_iter().map(|hook| hook.body).collect();
    assert_eq!(
        bodies,
        [
            "{mail_del_failed_requester:{from:,to:true}}",
            "{mail_del_failed_others:{from:,to:true}}"
        ]
    );
    assert_eq!(
        world.log(4, &requester).await,
        ["skipped:performer", "executed:matched", "skipped:event"]
    );
    assert_eq!(
        world.log(4, &others).await,
        ["skipped:performer", "skipped:event", "executed:matched"]
    );
    let journal = world
        .control("GET", "/journal?kind=action,ticket_event", Value::Null)
        .await
        .json();
    let last: Vec<&Value> = journal["items"]
        .as_array()
        .unwrap()
        .iter()
        .rev()
        .take(2)
        .collect();
    assert_eq!(last[0]["cause"], last[1]["seq"]);
    assert_eq!(
        (&last[1]["what"], &last[1]["detail"]),
        (
            &json!("mail_failed"),
            &json!({"conversation_id": reply, "to": "others"})
        )
    );
    assert_eq!(last[0]["conversation_id"], reply);
}

#[tokio::test(start_paused = true)]
async fn only_mail_that_was_sent_can_come_back() {
    let world = World::new("pro").await;
    world.customer_ticket().await;
    let says = json!({"agent_id": world.admin, "text": "x"});
    let said = async |what: &str, body: &Value| {
        let path = format!("/tickets/1/{what}");
        world.act("POST", &path, body.clone()).await["id"].clone()
    };
    let note = said("notes", &says).await;
    let reply = said("replies", &says).await;
    let customers = said("customer_replies", &json!({"text": "x"})).await;
    let by_phone =
        json!({"from": {"phone": "+4912345"}, "via": "phone", "subject": "s", "text": "t"});
    world.act("POST", "/tickets", by_phone).await;
    let unmailed = world.act("POST", "/tickets/2/replies", says).await["id"].clone();
    let fails = async |ticket: i64, body: Value| {
        let path = format!(
            "/accounts/{}/tickets/{ticket}/mail_failures",
            crate::world::DOMAIN
        );
        let answer = world.control("POST", &path, body).await;
        let error = answer.json()["error"].clone();
        let message = error["message"].as_str().unwrap();
        // The numbers say nothing.
        let known = [&note, &reply, &customers, &unmailed];
        let message = known.iter().fold(message.to_owned(), |text, id| {
            text.replace(&id.to_string(), "ID")
        });
        json!([answer.status, error["code"], error["path"], message])
    };
    let of = |conversation: &Value, to: &str| json!({"conversation_id": conversation, "to": to});
    let refused = [
        fails(9, of(&reply, "requester")).await,
        fails(1, of(&json!(17), "requester")).await,
        fails(2, of(&reply, "requester")).await,
        fails(1, of(&note, "requester")).await,
        fails(1, of(&customers, "requester")).await,
        fails(1, of(&reply, "others")).await,
        fails(2, of(&unmailed, "requester")).await,
        fails(1, of(&reply, "requestor")).await,
        fails(1, json!({"to": "requester"})).await,
        fails(
            1,
            json!({"conversation_id": reply, "to": "others", "why": 1}),
        )
        .await,
    ];
    assert_json_snapshot!("mail that cannot come back", refused);
    let listed = world.get("/tickets/1/conversations").await.json();
    for each in listed.as_array().unwrap() {
        assert_eq!(each["email_failure_count"], Value::Null);
    }
}

#[tokio::test(start_paused = true)]
async fn mail_that_came_back_is_in_a_snapshot() {
    let world = World::new("pro").await;
    world.customer_ticket().await;
    let says = json!({"agent_id": world.admin, "text": "x"});
    let reply = world.act("POST", "/tickets/1/replies", says).await["id"].clone();
    world.mail_failed(&reply, "requester").await;
    let shown = world.get("/tickets/1/conversations").await.json();
    let kept = world.control("GET", "/snapshot", Value::Null).await.json();
    world.mail_failed(&reply, "requester").await;
    world.control("POST", "/restore", kept.clone()).await;
    assert_eq!(world.get("/tickets/1/conversations").await.json(), shown);
}
