//! `custom_fields` of a request: unknown names and wrong values are refused.

use serde_json::{Map, Value};

use super::call::Call;
use super::errors::FieldError;
use crate::core::field_values::{BadValue, Values, check};
use crate::core::fields::Form;

/// Of a request on a ticket; `id` is the ticket that is changed.
pub(super) fn custom_fields(call: &mut Call<'_, '_>, id: Option<i64>) -> Values {
    let Some(Some(given)) = call.input.object("custom_fields") else {
        return Values::new();
    };
    let in_form = call.input.form;
    let checked = call.account().check_ticket_values(id, &given, in_form);
    kept(call, checked)
}

/// Of a request on a contact or a company, laid over what it has.
pub(super) fn person_fields(
    call: &mut Call<'_, '_>,
    form: Form,
    kept_now: &mut Map<String, Value>,
) {
    let Some(Some(given)) = call.input.object("custom_fields") else {
        return;
    };
    let values = if call.account().settings.check_person_custom_fields {
        let form = call.desk.account.form(form);
        let checked = check(form, &given, call.input.form, |_| None);
        kept(call, checked)
    } else {
        let all = given.into_iter();
        all.map(|(name, value)| (name.into_boxed_str(), value))
            .collect()
    };
    for (name, value) in values {
        kept_now.insert(name.into(), value);
    }
}

/// Unknown names are `invalid_field` with `cf_x` as field. [I]
fn kept(call: &mut Call<'_, '_>, checked: Result<Values, Vec<(String, BadValue)>>) -> Values {
    let errors = match checked {
        Ok(values) => return values,
        Err(errors) => errors,
    };
    for (name, bad) in errors {
        call.input.refuse(match bad {
            BadValue::NoField => FieldError::unexpected(&name),
            BadValue::Type(expected) => FieldError::mismatch(&name, expected),
            BadValue::Choice(choices) => FieldError::choice(&name, choices),
            BadValue::NoParent => FieldError::missing(&name),
        });
    }
    Values::new()
}
