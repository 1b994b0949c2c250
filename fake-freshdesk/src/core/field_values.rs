//! Values of custom fields: each by itself, and nested ones by their parents.

use serde_json::{Map, Value, json};

use super::account::Account;
use super::choices::{self, Choice};
use super::fields::{Field, levels_under};

/// What is wrong with a custom field's value.
#[derive(Debug, PartialEq)]
pub(crate) enum BadValue {
    /// There is no such field.
    NoField,
    /// The wrong JSON type; the message says which is right.
    Type(&'static str),
    /// None of the choices.
    Choice(String),
    /// A level of a nested field is set, and this one, its parent, is not.
    NoParent,
}

/// Values by field name, checked; null empties a field.
pub(crate) type Values = Vec<(Box<str>, Value)>;

/// Checks the custom fields of a request against what there is, and against
/// what the ticket (or contact, or company) has now.
///
/// Levels of a nested field depend on each other: a value must be among the
/// choices under its parent's. When a parent changes and the request says
/// nothing of the levels below, those that no longer fit are emptied. [I]
///
/// # Errors
///
/// Everything that is wrong, by field name.
pub(crate) fn check<'f>(
    fields: &'f [Field],
    given: &Map<String, Value>,
    form: bool,
    current: impl Fn(&str) -> Option<&'f Value>,
) -> Result<Values, Vec<(String, BadValue)>> {
    let mut values: Values = Vec::new();
    let mut errors = Vec::new();
    for (name, value) in given {
        let field = own(fields).find(|field| field.name == *name);
        match field.map_or(Err(BadValue::NoField), |field| field.accept(value, form)) {
            Ok(value) => values.push((name.as_str().into(), value)),
            Err(bad) => errors.push((name.clone(), bad)),
        }
    }
    let roots = own(fields).filter(|field| field.kind == NESTED && field.nested.is_none());
    for root in roots {
        let mut levels = vec![root];
        levels.extend(
            levels_under(fields, root)
                .into_iter()
                .map(|(_, field)| field),
        );
        if levels.iter().any(|level| given.contains_key(&level.name)) {
            follow(&levels, &mut values, &mut errors, &current);
        }
    }
    if errors.is_empty() {
        Ok(values)
    } else {
        Err(errors)
    }
}

impl Account {
    /// The same for a ticket's custom fields; no ticket is a new one.
    ///
    /// # Errors
    ///
    /// Everything that is wrong, by field name.
    pub(crate) fn check_ticket_values(
        &self,
        ticket: Option<i64>,
        given: &Map<String, Value>,
        form: bool,
    ) -> Result<Values, Vec<(String, BadValue)>> {
        let ticket = ticket.and_then(|id| self.tickets.get(id));
        let current = |name: &str| ticket?.custom_fields.get(name);
        check(&self.fields, given, form, current)
    }
}

fn own(fields: &[Field]) -> impl Iterator<Item = &Field> {
    fields.iter().filter(|field| !field.default)
}

const NESTED: &str = "nested_field";

/// Follows the values of a nested field down its levels.
fn follow<'f>(
    levels: &[&Field],
    values: &mut Values,
    errors: &mut Vec<(String, BadValue)>,
    current: &impl Fn(&str) -> Option<&'f Value>,
) {
    let mut choices: &[Choice] = &levels[0].choices;
    let mut parent: Option<&Field> = None;
    let mut open = true;
    for level in levels {
        if errors.iter().any(|(name, _)| *name == level.name) {
            return;
        }
        let asked = values.iter().find(|(name, _)| **name == *level.name);
        let is_asked = asked.is_some();
        let value = asked.map_or_else(|| current(&level.name), |(_, value)| Some(value));
        let Some(text) = value.and_then(Value::as_str).map(str::to_owned) else {
            (open, parent) = (false, parent.or(Some(level)));
            continue;
        };
        match (open, choices::find(choices, &text)) {
            (true, Some(choice)) => choices = &choice.under,
            (true, None) if is_asked => {
                errors.push((
                    level.name.clone(),
                    BadValue::Choice(choices::joined(choices)),
                ));
                return;
            }
            (false, _) if is_asked => {
                let missing = parent.map_or_else(String::new, |field| field.name.clone());
                errors.push((missing, BadValue::NoParent));
                return;
            }
            _ => {
                values.push((level.name.as_str().into(), Value::Null));
                (open, parent) = (false, parent.or(Some(level)));
            }
        }
    }
}

impl Field {
    /// Is this a custom field's acceptable value? Numbers and booleans may
    /// come as text in a form.
    pub(crate) fn accept(&self, value: &Value, form: bool) -> Result<Value, BadValue> {
        if value.is_null() {
            return Ok(Value::Null);
        }
        let text = value.as_str();
        let known = |text: &str| choices::find(&self.choices, text).is_some();
        match self.kind.as_str() {
            "custom_checkbox" => match (value, text) {
                (Value::Bool(_), _) => Ok(value.clone()),
                (_, Some("true")) if form => Ok(json!(true)),
                (_, Some("false")) if form => Ok(json!(false)),
                _ => Err(BadValue::Type("Boolean")),
            },
            "custom_number" => match text.filter(|_| form).map(str::parse::<i64>) {
                Some(Ok(number)) => Ok(json!(number)),
                _ if value.is_i64() => Ok(value.clone()),
                _ => Err(BadValue::Type("Positive Integer")),
            },
            // Decimals come back as text. [O ZAMR]
            "custom_decimal" => match (value, text) {
                (Value::Number(number), _) => Ok(json!(number.to_string())),
                (_, Some(text)) if text.parse::<f64>().is_ok() => Ok(value.clone()),
                _ => Err(BadValue::Type("Number")),
            },
            "custom_date" => match text.and_then(|text| text.parse::<jiff::civil::Date>().ok()) {
                Some(_) => Ok(value.clone()),
                None => Err(BadValue::Type("valid date in YYYY-MM-DD format")),
            },
            "custom_dropdown" => match text {
                Some(text) if self.choices.is_empty() || known(text) => Ok(value.clone()),
                Some(_) => Err(BadValue::Choice(choices::joined(&self.choices))),
                None => Err(BadValue::Type("String")),
            },
            "custom_multi_select_dropdown" => match value.as_array() {
                Some(list) if list.iter().all(|each| each.as_str().is_some_and(known)) => {
                    Ok(value.clone())
                }
                Some(_) => Err(BadValue::Choice(choices::joined(&self.choices))),
                None => Err(BadValue::Type("Array")),
            },
            // Whether a nested value fits its parent's, `check` tells.
            _ if value.is_string() => Ok(value.clone()),
            _ => Err(BadValue::Type("String")),
        }
    }
}
