//! Fields of tickets, contacts and companies, and the values they take.

use serde_json::{Value, json};

use crate::world::{World, wait};

/// A nested field of three levels: country, state, city.
async fn with_places() -> (World, Value) {
    let world = World::new("enterprise").await;
    let field = json!({
        "label": "Country", "label_for_customers": "Your country", "type": "nested_field",
        "choices": [
            {"value": "India", "choices": [
                {"value": "Kerala", "choices": [{"value": "Kochi"}, {"value": "Munnar"}]},
                {"value": "Goa"},
            ]},
            {"value": "Peru", "choices": [{"value": "Lima"}]},
        ],
        "dependent_fields": [
            {"label": "State", "label_for_customers": "Your state", "level": 2},
            {"label": "City", "level": 3},
        ],
    });
    let made = world.ok("POST", "/admin/ticket_fields", field).await;
    (world, made)
}

#[tokio::test(start_paused = true)]
async fn a_nested_field_is_shown_to_agents_and_to_administrators() {
    let (world, made) = with_places().await;
    assert_eq!(made["name"], "cf_country");
    let id = made["id"].as_i64().unwrap();
    let admins = world
        .get(&format!("/admin/ticket_fields/{id}"))
        .await
        .json();
    assert_eq!(admins, made);
    insta::assert_json_snapshot!("nested field for administrators", made);
    let listed = world.get("/ticket_fields?type=nested_field").await.json();
    insta::assert_json_snapshot!("nested field for agents", listed);
    let all = world.get("/ticket_fields").await.json();
    let names: Vec<&str> = all
        .as_array()
        .unwrap()
        .iter()
        .map(|field| field["name"].as_str().unwrap())
        .collect();
    assert!(
        !names.contains(&"cf_state"),
        "a level is no field of the list"
    );
}

#[tokio::test(start_paused = true)]
async fn a_nested_field_may_be_asked_for_and_answered_in_a_wrapper() {
    let world = World::new("enterprise").await;
    let wrapped = json!({"settings": {"nested_field_answer_wrapped": true}});
    world.act("PATCH", "", wrapped).await;
    let field = json!({
        "label": "Country", "label_for_customers": "Country", "type": "nested_field",
        "choices": [{"value": "Peru"}], "dependent_fields": [{"label": "City", "level": 2}],
    });
    let made = world
        .ok(
            "POST",
            "/admin/ticket_fields",
            json!({"ticket_field": field}),
        )
        .await;
    let made = &made["ticket_field"];
    assert_eq!(made["name"], "cf_country");
    assert_eq!(made["dependent_fields"][0]["name"], "cf_city");
    for wrong in [
        json!({"choices": [{"value": "a"}]}),
        json!({"choices": [], "dependent_fields": [{"label": "x", "level": 3}]}),
        json!({"choices": [{"value": "a", "choices": [{"value": "b", "choices": [{"value": "c", "choices": [{"value": "d"}]}]}]}], "dependent_fields": [{"label": "x"}]}),
    ] {
        let mut field =
            json!({"label": "Other", "label_for_customers": "Other", "type": "nested_field"});
        field
            .as_object_mut()
            .unwrap()
            .extend(wrong.as_object().unwrap().clone());
        let refused = world.call("POST", "/admin/ticket_fields", field).await;
        assert_eq!(refused.status, 400, "{wrong}");
    }
}

#[tokio::test(start_paused = true)]
async fn nested_values_follow_their_parents() {
    let (world, _) = with_places().await;
    let ticket = world.customer_ticket().await;
    let set = async |fields: Value| {
        let body = json!({"custom_fields": fields});
        world.call("PUT", &format!("/tickets/{ticket}"), body).await
    };
    let all = json!({"cf_country": "India", "cf_state": "Kerala", "cf_city": "Kochi"});
    assert_eq!(set(all.clone()).await.json()["custom_fields"], all);
    insta::assert_json_snapshot!(
        "of another parent",
        set(json!({"cf_state": "Lima"})).await.shown()
    );
    insta::assert_json_snapshot!("of none", set(json!({"cf_city": "Cusco"})).await.shown());
    // A new parent empties what no longer fits under it.
    let moved = set(json!({"cf_country": "Peru"})).await.json();
    let expected = json!({"cf_country": "Peru", "cf_state": null, "cf_city": null});
    assert_eq!(moved["custom_fields"], expected);
    insta::assert_json_snapshot!("no parent", set(json!({"cf_city": "Lima"})).await.shown());
    // What still fits stays.
    set(json!({"cf_state": "Lima"})).await;
    let same = set(json!({"cf_country": "Peru"})).await.json();
    assert_eq!(same["custom_fields"]["cf_state"], "Lima");
}

#[tokio::test(start_paused = true)]
async fn a_nested_field_grows_is_relabelled_and_goes_with_its_values() {
    let (world, made) = with_places().await;
    let ticket = world.customer_ticket().await;
    let path = format!("/admin/ticket_fields/{}", made["id"]);
    let more = json!({
        "choices": [{"value": "Peru", "choices": [{"value": "Cusco"}]}],
        "dependent_fields": [{"id": made["dependent_fields"][0]["id"], "label": "Region"}],
    });
    let grown = world.ok("PUT", &path, more).await;
    assert_eq!(grown["dependent_fields"][0]["label"], "Region");
    assert_eq!(grown["dependent_fields"][0]["name"], "cf_state");
    let values = json!({"custom_fields": {"cf_country": "Peru", "cf_state": "Cusco"}});
    let set = world.ok("PUT", &format!("/tickets/{ticket}"), values).await;
    assert_eq!(set["custom_fields"]["cf_state"], "Cusco");
    assert_eq!(world.call("DELETE", &path, Value::Null).await.status, 204);
    let left = world.get(&format!("/tickets/{ticket}")).await.json();
    assert_eq!(left["custom_fields"], json!({}));
}

#[tokio::test(start_paused = true)]
async fn a_bulk_update_and_a_rule_set_nested_values_that_fit() {
    let (world, _) = with_places().await;
    let rule = json!({
        "name": "r", "performer": {"type": 1}, "events": [{"field_name": "priority", "from": "--", "to": "--"}],
        "actions": [{"field_name": "cf_country", "value": "Peru"}],
    });
    world.ok("POST", "/automations/4/rules", rule).await;
    let ticket = world.customer_ticket().await;
    let fields = json!({"cf_country": "India", "cf_state": "Goa"});
    let body = json!({"bulk_action": {"ids": [ticket], "properties": {"custom_fields": fields}}});
    let job = world.call("POST", "/tickets/bulk_update", body).await;
    assert_eq!(job.status, 202);
    wait(5.0).await;
    let path = format!("/tickets/{ticket}");
    let shown = world.get(&path).await.json()["custom_fields"].clone();
    assert_eq!(
        (&shown["cf_country"], &shown["cf_state"]),
        (&json!("India"), &json!("Goa"))
    );
    world.ok("PUT", &path, json!({"priority": 4})).await;
    wait(5.0).await;
    let shown = world.get(&path).await.json()["custom_fields"].clone();
    assert_eq!(
        (&shown["cf_country"], &shown["cf_state"]),
        (&json!("Peru"), &Value::Null)
    );
}

#[tokio::test(start_paused = true)]
async fn contacts_and_companies_have_forms_of_their_own() {
    let world = World::new("enterprise").await;
    let field = json!({
        "label": "Plan tier", "label_for_customers": "Plan", "type": "custom_dropdown",
        "choices": [{"value": "Gold"}, {"value": "Silver"}],
    });
    let made = world.ok("POST", "/contact_fields", field).await;
    assert_eq!(made["name"], "plan_tier");
    let contact =
        |fields: Value| json!({"name": "Ann", "email": "ann@example.com", "custom_fields": fields});
    for (name, fields) in [
        ("contact choice", json!({"plan_tier": "Iron"})),
        ("contact field", json!({"nosuch": 1})),
    ] {
        let refused = world.call("POST", "/contacts", contact(fields)).await;
        insta::assert_json_snapshot!(name, refused.shown());
    }
    let ann = world
        .ok("POST", "/contacts", contact(json!({"plan_tier": "Gold"})))
        .await;
    assert_eq!(ann["custom_fields"], json!({"plan_tier": "Gold"}));
    let path = format!("/contact_fields/{}", made["id"]);
    let renamed = world.ok("PUT", &path, json!({"label": "Tier"})).await;
    assert_eq!(
        (&renamed["label"], &renamed["name"]),
        (&json!("Tier"), &json!("plan_tier"))
    );
    assert_eq!(world.call("DELETE", &path, Value::Null).await.status, 204);
    let ann = world.get(&format!("/contacts/{}", ann["id"])).await.json();
    assert_eq!(ann["custom_fields"], json!({}));

    let field = json!({"label": "Seats", "type": "custom_number"});
    world.ok("POST", "/company_fields", field).await;
    let company = |seats: Value| json!({"name": "Acme", "custom_fields": {"seats": seats}});
    let refused = world
        .call("POST", "/companies", company(json!("many")))
        .await;
    assert_eq!(refused.status, 400);
    let acme = world.ok("POST", "/companies", company(json!(7))).await;
    assert_eq!(acme["custom_fields"], json!({"seats": 7}));
}

#[tokio::test(start_paused = true)]
async fn admin_groups_have_a_calendar_where_groups_have_hours() {
    let world = World::new("enterprise").await;
    let hours = world.get("/business_hours").await.json()[0]["id"].clone();
    let body = json!({"name": "Night", "business_calendar_id": hours});
    let made = world.ok("POST", "/admin/groups", body.clone()).await;
    assert_eq!(made["business_calendar_id"], hours);
    let path = made["id"].to_string();
    let plain = world.get(&format!("/groups/{path}")).await.json();
    assert_eq!(plain["business_hour_id"], hours);
    assert!(plain.get("business_calendar_id").is_none());
    for (place, key) in [
        ("/admin/groups", "business_hour_id"),
        ("/groups", "business_calendar_id"),
    ] {
        let other = json!({"name": "Day", key: hours});
        assert_eq!(
            world.call("POST", place, other).await.status,
            400,
            "{place}"
        );
    }
    assert_eq!(world.call("POST", "/admin/groups", body).await.status, 409);
}

#[tokio::test(start_paused = true)]
async fn what_the_form_wants_of_agents_must_be_there() {
    let world = World::new("pro").await;
    for (fields, made) in [
        ("/contact_fields", "Loyalty"),
        ("/company_fields", "Region"),
    ] {
        let mut field = json!({"label": made, "type": "custom_text", "required_for_agents": true});
        if fields == "/contact_fields" {
            field["label_for_customers"] = json!(made);
        }
        world.ok("POST", fields, field).await;
    }
    let missing = |field: &str| json!({"description": "Validation failed", "errors": [{"field": field, "message": "Mandatory attribute missing", "code": "missing_field"}]});
    let contact = json!({"name": "Ann", "email": "ann@example.com"});
    let refused = world.call("POST", "/contacts", contact.clone()).await;
    assert_eq!((refused.status, refused.json()), (400, missing("loyalty")));
    let refused = world
        .call("POST", "/companies", json!({"name": "Acme"}))
        .await;
    assert_eq!((refused.status, refused.json()), (400, missing("region")));
    let mut whole = contact;
    whole["custom_fields"] = json!({"loyalty": "gold"});
    let contact = world.ok("POST", "/contacts", whole).await;
    let path = format!("/contacts/{}", contact["id"]);
    world
        .ok("PUT", &path, json!({"job_title": "Captain"}))
        .await;
    let emptied = json!({"custom_fields": {"loyalty": null}});
    assert_eq!(world.call("PUT", &path, emptied).await.status, 400);
    assert_eq!(
        world.get(&path).await.json()["custom_fields"]["loyalty"],
        "gold"
    );
}

#[tokio::test(start_paused = true)]
async fn a_default_field_can_be_required_too() {
    let world = World::new("pro").await;
    let fields = world.get("/admin/ticket_fields").await.json();
    let kind = fields
        .as_array()
        .unwrap()
        .iter()
        .find(|each| each["name"] == "ticket_type")
        .unwrap();
    let path = format!("/admin/ticket_fields/{}", kind["id"]);
    world
        .ok("PUT", &path, json!({"required_for_agents": true}))
        .await;
    let mut ticket = json!({"email": "c@example.com", "subject": "s", "description": "d", "status": 2, "priority": 1});
    let refused = world.call("POST", "/tickets", ticket.clone()).await;
    assert_eq!(
        (refused.status, &refused.json()["errors"][0]["field"]),
        (400, &json!("type"))
    );
    ticket["type"] = json!("Question");
    world.ok("POST", "/tickets", ticket).await;
}

#[tokio::test(start_paused = true)]
async fn a_ticket_is_settled_only_with_what_the_form_wants_for_that() {
    let world = World::new("pro").await;
    let field = json!({"label": "Cause", "label_for_customers": "Cause", "type": "custom_text", "required_for_closure": true});
    world.ok("POST", "/admin/ticket_fields", field).await;
    let ticket = json!({"email": "c@example.com", "subject": "s", "description": "d", "status": 2, "priority": 1});
    let ticket = world.ok("POST", "/tickets", ticket).await;
    let path = format!("/tickets/{}", ticket["id"]);
    for status in [4, 5] {
        let refused = world.call("PUT", &path, json!({"status": status})).await;
        assert_eq!(refused.status, 400);
        assert_eq!(refused.json()["errors"][0]["field"], "cf_cause");
    }
    world.ok("PUT", &path, json!({"status": 3})).await;
    world
        .ok(
            "PUT",
            &path,
            json!({"status": 4, "custom_fields": {"cf_cause": "a loose wire"}}),
        )
        .await;
    // It is settled already: closing it asks for nothing again.
    world
        .ok("PUT", &path, json!({"custom_fields": {"cf_cause": null}}))
        .await;
    world.ok("PUT", &path, json!({"status": 5})).await;
}

#[tokio::test(start_paused = true)]
async fn a_field_that_was_never_set_is_null() {
    let world = World::new("pro").await;
    let contact = world
        .ok(
            "POST",
            "/contacts",
            json!({"name": "Ann", "email": "ann@example.com"}),
        )
        .await;
    let company = world
        .ok("POST", "/companies", json!({"name": "Acme"}))
        .await;
    assert_eq!(contact["custom_fields"], json!({}));
    let mut field = json!({"label": "Shoe size", "type": "custom_number"});
    world.ok("POST", "/company_fields", field.clone()).await;
    field["label_for_customers"] = json!("Shoe size");
    world.ok("POST", "/contact_fields", field).await;
    let unset = json!({"shoe_size": null});
    let contact = format!("/contacts/{}", contact["id"]);
    assert_eq!(world.get(&contact).await.json()["custom_fields"], unset);
    let company = format!("/companies/{}", company["id"]);
    assert_eq!(world.get(&company).await.json()["custom_fields"], unset);
    let set = json!({"custom_fields": {"shoe_size": 43}});
    assert_eq!(
        world.ok("PUT", &contact, set).await["custom_fields"],
        json!({"shoe_size": 43})
    );
}

#[tokio::test(start_paused = true)]
async fn the_name_of_a_field_that_is_gone_is_not_given_again() {
    let world = World::new("pro").await;
    let field = json!({"label": "Branch", "label_for_customers": "Branch", "type": "custom_text"});
    let first = world
        .ok("POST", "/admin/ticket_fields", field.clone())
        .await;
    assert_eq!(first["name"], "cf_branch");
    let path = format!("/admin/ticket_fields/{}", first["id"]);
    world.ok("DELETE", &path, Value::Null).await;
    let second = world.ok("POST", "/admin/ticket_fields", field).await;
    let name = second["name"].as_str().unwrap();
    let digits = name.strip_prefix("cf_branch").unwrap();
    assert!(
        !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()),
        "{name}"
    );
}
