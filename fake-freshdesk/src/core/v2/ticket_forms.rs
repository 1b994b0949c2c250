//! Ticket forms: every account has the one that its tickets name as `form_id`. [D; the shape I]

use serde_json::{Value, json};

use super::call::{Answer, Call, Result};
use super::errors::Failure;
use super::field_view::{FieldShape, field_json};
use super::ticket_list::one_page;
use crate::core::account::Account;
use crate::core::time::seconds;

/// The form's id is that of its first field: a form of its own would be one
/// more thing to keep that nobody can change.
fn default_form(account: &Account) -> Option<Value> {
    let first = account.fields.first()?;
    Some(json!({
        "id": first.id,
        "name": "default_ticket_form",
        "title": "Default Ticket Form",
        "description": "Default Ticket Form",
        "default": true,
        "portals": [],
        "last_updated_by": account.admin_id,
        "created_at": seconds(first.created_at),
        "updated_at": seconds(first.updated_at),
    }))
}

pub(super) fn list(call: &mut Call<'_, '_>) -> Result {
    let page = call.query.page()?;
    let forms = default_form(call.account()).into_iter();
    let (forms, _) = one_page(forms, page);
    Ok(Answer::ok(&forms))
}

/// The form with its fields.
pub(super) fn view(call: &mut Call<'_, '_>) -> Result {
    let id = call.id(0)?;
    let account = call.account();
    let form = default_form(account).filter(|form| form["id"] == json!(id));
    let mut form = form.ok_or(Failure::NOT_FOUND)?;
    let fields = account.fields.iter().filter(|field| field.nested.is_none());
    let fields = fields.map(|field| field_json(account, field, FieldShape::Admin));
    form["fields"] = fields.collect();
    Ok(Answer::ok(&form))
}
