//! The world misbehaves.

use serde_json::{Value, json};

use crate::scenario::step::{FreshdeskFault, Reset, WebhookFault, WebhookMishap};
use crate::world::setup::account_path;
use crate::world::{World, WorldError};

/// How late a delayed webhook comes if its scenario does not say.
const USUAL_DELAY_SECONDS: f64 = 60.0;

pub(super) async fn add(world: &World, fault: &Value) -> Result<(), WorldError> {
    world
        .control
        .post(&account_path("/faults"), fault)
        .await?
        .expect(201)?;
    Ok(())
}

/// Takes back every fault that is in place.
pub(super) async fn end(world: &World) -> Result<(), WorldError> {
    let path = account_path("/faults");
    let faults = world.control.get(&path).await?.expect(200)?.body;
    for fault in faults
        .get("items")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let id = fault.get("id").and_then(Value::as_u64).unwrap_or(0);
        world
            .control
            .delete(&format!("{path}/{id}"))
            .await?
            .expect(204)?;
    }
    Ok(())
}

pub(super) fn of_freshdesk(fault: &FreshdeskFault) -> Value {
    let mut body = json!({ "on": fault.on, "calls": fault.calls.value });
    if let Some(status) = fault.status {
        body["answer"] = json!({ "status": status });
        if let Some(wait) = fault.retry_after {
            body["answer"]["retry_after_seconds"] = wait.0.as_secs().into();
        }
        if let Some(text) = &fault.body {
            body["answer"]["body"] = text.clone().into();
        }
        if let Some(location) = &fault.redirects_to {
            body["answer"]["location"] = location.clone().into();
        }
    }
    if let Some(delay) = fault.delay {
        body["delay_seconds"] = delay.0.as_secs_f64().into();
    }
    if let Some(reset) = fault.reset {
        body["connection"] = match reset {
            Reset::BeforeEffect => "reset_before_effect",
            Reset::AfterEffect => "reset_after_effect",
            Reset::InTheAnswer => "truncated_body",
        }
        .into();
    }
    body
}

pub(super) fn of_webhooks(fault: &WebhookFault) -> Value {
    let mut body = json!({ "on": "webhook", "calls": fault.calls.value });
    match fault.are {
        WebhookMishap::Lost => body["webhook"] = "lost".into(),
        WebhookMishap::Duplicated => body["webhook"] = "duplicated".into(),
        WebhookMishap::Refused => body["webhook"] = json!({ "answered": 503 }),
        WebhookMishap::Delayed => {
            let by = fault
                .by
                .map_or(USUAL_DELAY_SECONDS, |by| by.0.as_secs_f64());
            body["webhook"] = json!({ "delayed_seconds": by });
        }
    }
    body
}
