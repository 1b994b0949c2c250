//! Exports of the account and of people, and imports of people.

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};

use crate::form::Form;
use crate::world::{Answer, DOMAIN, World, wait};

async fn fetch(world: &World, url: &Value) -> Answer {
    let request = Request::get(url.as_str().unwrap());
    world.raw(request.body(Body::empty()).unwrap()).await
}

/// Which field is in which column.
type Fields<'f> = &'f [(&'f str, &'f str)];

async fn import(world: &World, who: &str, fields: Fields<'_>, file: Option<&str>) -> Answer {
    let mut form = Form::default();
    for (name, column) in fields {
        form = form.field(&format!("fields[{name}]"), column);
    }
    if let Some(file) = file {
        form = form.file("file", ("p.csv", "text/csv"), file.as_bytes());
    }
    form.post(world, &format!("/{who}/imports")).await
}

#[tokio::test(start_paused = true)]
async fn the_account_is_exported_for_account_administrators_only() {
    let world = World::new("growth").await;
    let ticket = world.customer_ticket().await;
    let note = format!("/tickets/{ticket}/notes");
    world.ok("POST", &note, json!({"body": "hm"})).await;
    for role in ["Agent", "Administrator"] {
        let (_, key) = world.agent(role, role).await;
        let refused = world
            .as_key(&key, "GET", "/account/export", Value::Null)
            .await;
        assert_eq!(
            (refused.status, &refused.json()["code"]),
            (403, &json!("access_denied")),
            "{role}"
        );
    }
    let begun = world.get("/account/export").await;
    assert_eq!(begun.status, 202);
    let begun = begun.json();
    let job = format!("/jobs/{}", begun["job_id"].as_str().unwrap());
    assert_eq!(
        begun["href"],
        json!(format!("https://{DOMAIN}/api/v2{job}"))
    );
    let running = world.get(&job).await.json();
    assert_eq!(
        (&running["status"], &running["name"], &running["progress"]),
        (&json!("IN PROGRESS"), &json!("account_export"), &json!(0))
    );
    assert_eq!(running.get("download_url"), None);
    wait(2.0).await;
    let done = world.get(&job).await.json();
    assert_eq!(
        (&done["status"], &done["progress"]),
        (&json!("COMPLETED"), &json!(100))
    );
    let file = fetch(&world, &done["download_url"]).await;
    assert_eq!(
        (file.status, file.header("content-type")),
        (200, Some("application/json"))
    );
    let all = file.json();
    assert_eq!(all["tickets"][0]["id"], json!(ticket));
    assert_eq!(all["tickets"][0]["conversations"][0]["body_text"], "hm");
    assert_eq!(all["contacts"][0]["email"], "ann@example.com");
    assert_eq!(all["agents"].as_array().map(Vec::len), Some(3));
    assert_eq!(
        (&all["companies"], &all["groups"]),
        (&json!([]), &json!([]))
    );
    wait(301.0).await;
    assert_eq!(fetch(&world, &done["download_url"]).await.status, 403);
    let again = world.get(&job).await.json();
    assert_eq!(fetch(&world, &again["download_url"]).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn an_export_of_contacts_is_a_table_of_the_fields_asked_for() {
    let world = World::new("growth").await;
    let field =
        json!({"label": "Shoe size", "label_for_customers": "Size", "type": "custom_number"});
    world.ok("POST", "/contact_fields", field).await;
    let acme = world
        .ok("POST", "/companies", json!({"name": "Acme, Inc."}))
        .await;
    let zoe = json!({"name": "Zoe \"Z\"", "email": "zoe@example.com", "company_id": acme["id"], "tags": ["a", "b"], "custom_fields": {"shoe_size": 42}});
    world.ok("POST", "/contacts", zoe).await;
    let gone = json!({"name": "Gone", "email": "gone@example.com"});
    let gone = world.ok("POST", "/contacts", gone).await;
    world
        .ok("DELETE", &format!("/contacts/{}", gone["id"]), Value::Null)
        .await;
    let wanted = json!({"fields": {"default_fields": ["name", "email", "phone", "company_name", "tag_names"], "custom_fields": ["shoe_size"]}});
    let begun = world.call("POST", "/contacts/export", wanted).await;
    assert_eq!(begun.status, 202);
    let place = format!("/contacts/export/{}", begun.json()["id"].as_str().unwrap());
    assert_eq!(world.get(&place).await.json()["status"], "in_progress");
    wait(2.0).await;
    let done = world.get(&place).await.json();
    assert_eq!(done["status"], "completed");
    let file = fetch(&world, &done["download_url"]).await;
    assert_eq!(
        String::from_utf8(file.bytes).unwrap(),
        "Full name,Email,Work phone,Company,Tags,Shoe size\r\n\"Zoe \"\"Z\"\"\",zoe@example.com,,\"Acme, Inc.\",\"a,b\",42\r\n"
    );
    // It is no export of companies, and no job.
    let id = begun.json()["id"].as_str().unwrap().to_owned();
    for other in [format!("/companies/export/{id}"), format!("/jobs/{id}")] {
        assert_eq!(world.get(&other).await.status, 404, "{other}");
    }
}

#[tokio::test(start_paused = true)]
async fn companies_are_exported_too() {
    let world = World::new("growth").await;
    let acme = json!({"name": "Acme", "domains": ["acme.example", "acme.test"]});
    world.ok("POST", "/companies", acme).await;
    let wanted = json!({"fields": {"default_fields": ["name", "domains"]}});
    let begun = world.ok("POST", "/companies/export", wanted).await;
    wait(2.0).await;
    let place = format!("/companies/export/{}", begun["id"].as_str().unwrap());
    let done = world.get(&place).await.json();
    let file = fetch(&world, &done["download_url"]).await;
    assert_eq!(
        String::from_utf8(file.bytes).unwrap(),
        "Company Name,Domains for this company\r\nAcme,\"acme.example,acme.test\"\r\n"
    );
}

#[tokio::test(start_paused = true)]
async fn an_export_of_unknown_fields_is_refused() {
    let world = World::new("growth").await;
    for (body, told) in [
        (json!({}), "fields: Mandatory attribute missing"),
        (
            json!({"fields": {}}),
            "fields: It should not be blank as this is a mandatory field",
        ),
        (
            json!({"fields": {"default_fields": ["nosuch"]}}),
            "default_fields: It should be one of these values: 'name,job_title,email,phone,mobile,twitter_id,company_name,address,time_zone,language,tag_names,description,unique_external_id'",
        ),
        (
            json!({"fields": {"custom_fields": ["name"]}}),
            "custom_fields: It should be one of these values: ''",
        ),
    ] {
        let refused = world.call("POST", "/contacts/export", body).await;
        let error = &refused.json()["errors"][0];
        let said = format!(
            "{}: {}",
            error["field"].as_str().unwrap(),
            error["message"].as_str().unwrap()
        );
        assert_eq!((refused.status, said.as_str()), (400, told));
    }
    assert_eq!(world.get("/contacts/export/nosuch").await.status, 404);
}

#[tokio::test(start_paused = true)]
async fn an_import_makes_and_changes_contacts_and_reports_what_failed() {
    let world = World::new("growth").await;
    let field =
        json!({"label": "Shoe size", "label_for_customers": "Size", "type": "custom_number"});
    world.ok("POST", "/contact_fields", field).await;
    let ann = json!({"name": "Ann", "email": "ann@example.com", "job_title": "Boss"});
    let ann = world.ok("POST", "/contacts", ann).await;
    let file = "Mail,Who,Firm,Size,Tags\nann@example.com,Ann Lee,Acme,38,\"a,b\"\nben@example.com,Ben,acme,,\nno mail,Cid,,,\ndan@example.com,Dan,,big,\n,Eve,,,\nfay@example.com,,,,\n";
    let columns = [
        ("email", "0"),
        ("name", "1"),
        ("company_name", "2"),
        ("shoe_size", "3"),
        ("tag_names", "4"),
    ];
    let begun = import(&world, "contacts", &columns, Some(file)).await;
    assert_eq!(begun.status, 201, "{}", begun.json());
    let id = begun.json()["id"].clone();
    let place = format!("/contacts/imports/{id}");
    assert!(begun.header("location").unwrap().ends_with(&place));
    assert_eq!(begun.json()["status"], "in_progress");
    assert_eq!(
        world
            .get("/contacts")
            .await
            .json()
            .as_array()
            .unwrap()
            .len(),
        1
    );
    wait(2.0).await;
    let done = world.get(&place).await.json();
    assert_eq!(
        (
            &done["status"],
            &done["total_records"],
            &done["completed_records"],
            &done["failures"]["count"]
        ),
        (&json!("completed"), &json!(6), &json!(2), &json!(4))
    );
    let report = fetch(&world, &done["failures"]["report"]).await;
    assert_eq!(
        String::from_utf8(report.bytes).unwrap(),
        "no mail,Cid,,,,no mail is no e-mail address\r\ndan@example.com,Dan,,big,,big is no value of shoe_size\r\n,Eve,,,,\"email, phone, mobile, twitter_id or unique_external_id is missing\"\r\nfay@example.com,,,,,name is missing\r\n"
    );
    let changed = world.get(&format!("/contacts/{}", ann["id"])).await.json();
    assert_eq!(
        (
            &changed["name"],
            &changed["job_title"],
            &changed["tags"],
            &changed["custom_fields"]
        ),
        (
            &json!("Ann Lee"),
            &json!("Boss"),
            &json!(["a", "b"]),
            &json!({"shoe_size": 38})
        )
    );
    let companies = world.get("/companies").await.json();
    assert_eq!(companies.as_array().unwrap().len(), 1);
    let ben = world.get("/contacts?email=ben@example.com").await.json();
    assert_eq!(ben[0]["company_id"], companies[0]["id"]);
    let listed = world.get("/contacts/imports?status=completed").await.json();
    assert_eq!(listed, json!([world.get(&place).await.json()]));
    assert_eq!(
        world.get("/contacts/imports?status=cancelled").await.json(),
        json!([])
    );
    assert_eq!(world.get("/companies/imports").await.json(), json!([]));
    assert_eq!(
        world.get(&format!("/companies/imports/{id}")).await.status,
        404
    );
}

#[tokio::test(start_paused = true)]
async fn an_import_that_is_cancelled_takes_nothing_over() {
    let world = World::new("growth").await;
    let file = "Name\nAcme\n";
    let begun = import(&world, "companies", &[("name", "0")], Some(file)).await;
    let place = format!("/companies/imports/{}", begun.json()["id"]);
    let cancelled = world
        .call("PUT", &format!("{place}/cancel"), Value::Null)
        .await;
    assert_eq!(cancelled.status, 204);
    wait(3.0).await;
    assert_eq!(world.get(&place).await.json()["status"], "cancelled");
    assert_eq!(world.get("/companies").await.json(), json!([]));
    let again = world
        .call("PUT", &format!("{place}/cancel"), Value::Null)
        .await;
    assert_eq!(
        (again.status, &again.json()["errors"][0]["code"]),
        (409, &json!("inconsistent_state"))
    );
}

#[tokio::test(start_paused = true)]
async fn companies_are_imported_by_name() {
    let world = World::new("growth").await;
    let acme = world
        .ok("POST", "/companies", json!({"name": "Acme", "note": "old"}))
        .await;
    let file =
        "a,b,c\r\nACME,\"acme.example, acme.test\",2027-01-02\r\nInitech,,soon\r\nHooli,,\r\n";
    let columns = [("name", "0"), ("domains", "1"), ("renewal_date", "2")];
    let begun = import(&world, "companies", &columns, Some(file)).await;
    wait(2.0).await;
    let done = world
        .get(&format!("/companies/imports/{}", begun.json()["id"]))
        .await
        .json();
    assert_eq!(
        (&done["completed_records"], &done["failures"]["count"]),
        (&json!(2), &json!(1))
    );
    let acme = world
        .get(&format!("/companies/{}", acme["id"]))
        .await
        .json();
    assert_eq!(
        (
            &acme["name"],
            &acme["note"],
            &acme["domains"],
            &acme["renewal_date"]
        ),
        (
            &json!("ACME"),
            &json!("old"),
            &json!(["acme.example", "acme.test"]),
            &json!("2027-01-02T00:00:00Z")
        )
    );
}

#[tokio::test(start_paused = true)]
async fn an_import_without_file_or_columns_is_refused() {
    let world = World::new("growth").await;
    let good = Some("Name\nAnn\n");
    let cases: [(Fields<'_>, Option<&str>, &str); 6] = [
        (&[("name", "0")], None, "file: Mandatory attribute missing"),
        (&[], good, "fields: Mandatory attribute missing"),
        (
            &[("email", "0")],
            good,
            "fields[name]: Mandatory attribute missing",
        ),
        (
            &[("name", "0"), ("nosuch", "1")],
            good,
            "nosuch: Unexpected/invalid field in request",
        ),
        (
            &[("name", "first")],
            good,
            "name: It should be a/an Positive Integer",
        ),
        (
            &[("name", "0")],
            Some("Name\n"),
            "file: It should be a CSV file with a header and at least one record",
        ),
    ];
    for (fields, file, told) in cases {
        let refused = import(&world, "contacts", fields, file).await;
        let errors = refused.json()["errors"].clone();
        let said: Vec<String> = errors
            .as_array()
            .unwrap()
            .iter()
            .map(|error| {
                format!(
                    "{}: {}",
                    error["field"].as_str().unwrap(),
                    error["message"].as_str().unwrap()
                )
            })
            .collect();
        assert!(
            said.iter().any(|each| each == told),
            "{told} is not in {said:?}"
        );
        assert_eq!(refused.status, 400);
    }
    assert_eq!(world.get("/contacts/imports").await.json(), json!([]));
}

#[tokio::test(start_paused = true)]
async fn exports_and_imports_under_way_survive_a_snapshot() {
    let world = World::new("growth").await;
    let wanted = json!({"fields": {"default_fields": ["name"]}});
    let export = world.ok("POST", "/companies/export", wanted).await;
    import(&world, "companies", &[("name", "0")], Some("Name\nAcme\n")).await;
    let kept = world.control("GET", "/snapshot", Value::Null).await.json();
    wait(10.0).await;
    let restored = world.control("POST", "/restore", kept).await;
    assert!(restored.status < 300, "{}", restored.json());
    let place = format!("/companies/export/{}", export["id"].as_str().unwrap());
    assert_eq!(world.get(&place).await.json()["status"], "in_progress");
    wait(3.0).await;
    assert_eq!(world.get(&place).await.json()["status"], "completed");
    assert_eq!(world.get("/companies").await.json()[0]["name"], "Acme");
}

#[tokio::test(start_paused = true)]
async fn an_import_takes_nothing_from_others_and_wakes_nobody_up() {
    let world = World::new("growth").await;
    let person = async |name: &str, id: &str| {
        let new =
            json!({"name": name, "email": format!("{name}@example.com"), "unique_external_id": id});
        world.ok("POST", "/contacts", new).await["id"].clone()
    };
    person("ann", "A").await;
    person("ben", "B").await;
    let gone = person("gone", "G").await;
    world
        .ok("DELETE", &format!("/contacts/{gone}"), Value::Null)
        .await;
    let file =
        "Name,Mail,Id\nAnn,ann@example.com,B\nGone,gone@example.com,\nAda,admin@example.com,\n";
    let columns = [("name", "0"), ("email", "1"), ("unique_external_id", "2")];
    let begun = import(&world, "contacts", &columns, Some(file)).await;
    wait(2.0).await;
    let place = format!("/contacts/imports/{}", begun.json()["id"]);
    let done = world.get(&place).await.json();
    assert_eq!(done["completed_records"], 0);
    let report = fetch(&world, &done["failures"]["report"]).await;
    assert_eq!(
        String::from_utf8(report.bytes).unwrap(),
        "Ann,ann@example.com,B,unique_external_id is somebody else's\r\nGone,gone@example.com,,This contact is deleted or blocked\r\nAda,admin@example.com,,This is an agent\r\n"
    );
    assert_eq!(
        world.get(&format!("/contacts/{gone}")).await.json()["name"],
        "gone"
    );
}
