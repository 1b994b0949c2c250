//! The operators of conditions: `is`, `contains`, `greater_than` and the others.

use serde_json::{Value, json};

use super::matching::same;

/// Operators that the fake knows, as the automations API spells them. [D/I]
pub(crate) const OPERATORS: [&str; 26] = [
    "is",
    "is_not",
    "in",
    "not_in",
    "is_any_of",
    "is_none_of",
    "contains",
    "does_not_contain",
    "contains_any_of",
    "contains_none_of",
    "starts_with",
    "ends_with",
    "not_starts_with",
    "not_ends_with",
    "greater_than",
    "less_than",
    "greater_than_or_equal",
    "less_than_or_equal",
    "is_empty",
    "is_not_empty",
    "selected",
    "not_selected",
    "before",
    "after",
    "between",
    "matches_any",
];

pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_lowercase(),
        Value::Null => String::new(),
        Value::Array(list) => list.iter().map(text).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

fn list(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(list) => list.clone(),
        Value::Null => Vec::new(),
        other => vec![other.clone()],
    }
}

fn number(value: &Value) -> Option<f64> {
    value
        .as_f64()
        .or_else(|| value.as_str()?.trim().parse().ok())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

/// `"--"` is any value, `""` or -1 none, as in the UI's drop-downs. [O/I]
fn equal(wanted: &Value, actual: &Value) -> bool {
    match wanted {
        Value::String(any) if any == "--" => true,
        Value::String(none) if none.is_empty() => is_empty(actual),
        Value::Null => is_empty(actual),
        Value::Number(none) if none.as_i64() == Some(-1) => is_empty(actual),
        wanted => list(actual).iter().any(|actual| same(wanted, actual)),
    }
}

/// Applies an operator to a property's value and the rule's.
pub(super) fn holds(operator: &str, actual: &Value, wanted: &Value) -> bool {
    let any = |test: &dyn Fn(&Value) -> bool| list(wanted).iter().any(test);
    let compare = |test: fn(f64, f64) -> bool| match (number(actual), number(wanted)) {
        (Some(actual), Some(wanted)) => test(actual, wanted),
        _ => false,
    };
    let contains = || any(&|wanted| text(actual).contains(&text(wanted)));
    match operator {
        "is" | "in" | "is_any_of" | "matches_any" => match wanted {
            Value::Array(list) if !list.is_empty() => {
                list.iter().any(|wanted| equal(wanted, actual))
            }
            Value::Array(_) => is_empty(actual),
            wanted => equal(wanted, actual),
        },
        "is_not" | "not_in" | "is_none_of" => !holds("in", actual, wanted),
        "contains" | "contains_any_of" => contains(),
        "does_not_contain" | "contains_none_of" => !contains(),
        "starts_with" => any(&|wanted| text(actual).starts_with(&text(wanted))),
        "ends_with" => any(&|wanted| text(actual).ends_with(&text(wanted))),
        "not_starts_with" => !holds("starts_with", actual, wanted),
        "not_ends_with" => !holds("ends_with", actual, wanted),
        "greater_than" | "after" => compare(|actual, wanted| actual > wanted),
        "less_than" | "before" => compare(|actual, wanted| actual < wanted),
        "greater_than_or_equal" => compare(|actual, wanted| actual >= wanted),
        "less_than_or_equal" => compare(|actual, wanted| actual <= wanted),
        "between" => match (number(actual), list(wanted).as_slice()) {
            (Some(actual), [low, high]) => {
                number(low).is_some_and(|low| low <= actual)
                    && number(high).is_some_and(|high| actual <= high)
            }
            _ => false,
        },
        "is_empty" => is_empty(actual),
        "is_not_empty" => !is_empty(actual),
        "selected" => actual == &json!(true),
        "not_selected" => actual != &json!(true),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_do_what_they_say() {
        let open = json!(2);
        for (operator, actual, wanted, expected) in [
            ("is", &open, json!(2), true),
            ("is", &open, json!("2"), true),
            ("is_not", &open, json!(2), false),
            ("in", &open, json!([3, 2]), true),
            ("not_in", &open, json!([3, 4]), true),
            ("is", &Value::Null, json!(""), true),
            (
                "contains",
                &json!("Lost Order"),
                json!(["order", "x"]),
                true,
            ),
            (
                "does_not_contain",
                &json!("Lost Order"),
                json!(["order"]),
                false,
            ),
            ("starts_with", &json!("Lost Order"), json!("lost"), true),
            ("ends_with", &json!("Lost Order"), json!(["lost"]), false),
            ("greater_than", &json!(5), json!("4"), true),
            ("less_than", &json!(5), json!(5), false),
            ("is_any_of", &json!(["vip", "de"]), json!(["vip"]), true),
            ("is_empty", &json!([]), Value::Null, true),
            ("selected", &json!(true), Value::Null, true),
            ("between", &json!(3), json!([1, 3]), true),
        ] {
            assert_eq!(
                holds(operator, actual, &wanted),
                expected,
                "{actual} {operator} {wanted}"
            );
        }
    }
}
