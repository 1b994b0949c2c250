//! Mails, journal, faults.

use serde_json::{Value, json};

use super::call::{ControlReply, ControlRequest, Refusal, Result, read};
use super::routes::Control;
use crate::core::Helpdesk;
use crate::core::faults::{Fault, FaultRequest};
use crate::core::journal::{Filter, KINDS};
use crate::core::mail::Mail;
use crate::core::words;

/// Entries a journal read returns at most, unless it asks for another number.
const DEFAULT_LIMIT: usize = 1_000;

pub(super) fn mails(call: &Control<'_, '_>) -> ControlReply {
    let items: Vec<Value> = call.desk.account.mails.iter().map(Mail::json).collect();
    ControlReply::ok(&json!({"items": items}))
}

/// What a journal query asks for.
fn filter(query: Option<&str>) -> Result<Filter> {
    let mut filter = Filter {
        limit: DEFAULT_LIMIT,
        ..Filter::default()
    };
    for (key, value) in url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        let number = || {
            value
                .parse::<u64>()
                .map_err(|_| Refusal::invalid(&key, format!("`{value}` is no number")))
        };
        match key.as_ref() {
            "after" => filter.after = number()?,
            "limit" => filter.limit = usize::try_from(number()?).unwrap_or(usize::MAX),
            "account" => filter.account = Some(value.to_ascii_lowercase()),
            "kind" => {
                for kind in value
                    .split(',')
                    .map(str::trim)
                    .filter(|kind| !kind.is_empty())
                {
                    if !KINDS.contains(&kind) {
                        return Err(Refusal::invalid(
                            "kind",
                            words::unknown("kind", kind, KINDS),
                        ));
                    }
                    filter.kinds.push(kind.to_owned());
                }
            }
            other => {
                let known = ["after", "account", "kind", "limit"];
                return Err(Refusal::unknown_field(
                    other,
                    words::unknown("parameter", other, known),
                ));
            }
        }
    }
    Ok(filter)
}

pub(super) fn journal(helpdesk: &Helpdesk, request: &ControlRequest<'_>) -> Result {
    let page = helpdesk.journal.read(&filter(request.query)?);
    Ok(ControlReply::written(200, &page))
}

pub(super) fn faults(call: &Control<'_, '_>) -> ControlReply {
    let items: Vec<Value> = call.desk.account.faults.iter().map(Fault::json).collect();
    ControlReply::ok(&json!({"items": items}))
}

pub(super) fn add_fault(call: &mut Control<'_, '_>) -> Result {
    let request: FaultRequest = read(&call.request.body)?;
    let id = call.desk.account.fault_count + 1;
    let fault =
        Fault::new(id, request).map_err(|(field, message)| Refusal::invalid(field, message))?;
    call.desk.account.fault_count = id;
    call.desk.account.faults.push(fault);
    Ok(ControlReply::created(&json!({"id": id})))
}

pub(super) fn remove_fault(call: &mut Control<'_, '_>, id: i64) -> Result {
    let faults = &mut call.desk.account.faults;
    let before = faults.len();
    faults.retain(|fault| i64::try_from(fault.id) != Ok(id));
    if faults.len() == before {
        return Err(Refusal::not_found(format!("fault {id}")));
    }
    Ok(ControlReply::nothing())
}
