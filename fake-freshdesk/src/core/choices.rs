//! The values of dropdowns, and of nested fields, where each choice has the
//! choices of the next level under it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// How deep a nested field goes: its own level and two dependent ones. [D]
pub(crate) const LEVELS: u8 = 3;

/// One value that a field may have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Choice {
    pub(crate) id: i64,
    pub(crate) value: String,
    /// What the next level may be when this is chosen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) under: Vec<Choice>,
}

impl Choice {
    pub(crate) fn named(id: i64, value: &str) -> Choice {
        Choice {
            id,
            value: value.to_owned(),
            under: Vec::new(),
        }
    }
}

/// The choice of this name.
pub(crate) fn find<'c>(choices: &'c [Choice], value: &str) -> Option<&'c Choice> {
    choices.iter().find(|choice| choice.value == value)
}

/// All values, as the API's messages list them.
pub(crate) fn joined(choices: &[Choice]) -> String {
    let values: Vec<&str> = choices.iter().map(|each| each.value.as_str()).collect();
    values.join(",")
}

/// What is wrong with a list of choices in a request.
#[derive(Debug, PartialEq)]
pub(crate) enum BadChoice {
    /// A new choice without a value.
    NoValue,
    /// Choices below the last level there is.
    TooDeep,
    /// Neither an object nor a text.
    NoObject,
}

/// Lays a request's list over choices: new ones are added without listing the
/// old ones [O CMP]; an `id` renames; `deleted` removes. [D]
pub(crate) fn overlay(
    choices: &mut Vec<Choice>,
    given: &[Value],
    levels: u8,
    next_id: &mut impl FnMut() -> i64,
) -> Result<(), BadChoice> {
    if levels == 0 && !given.is_empty() {
        return Err(BadChoice::TooDeep);
    }
    for each in given {
        let (each, text) = match each {
            Value::Object(map) => (map, map.get("value").and_then(Value::as_str)),
            Value::String(text) => (&Map::new(), Some(text.as_str())),
            _ => return Err(BadChoice::NoObject),
        };
        let id = each.get("id").and_then(Value::as_i64);
        let known = choices
            .iter()
            .position(|choice| Some(choice.id) == id)
            .or_else(|| {
                choices
                    .iter()
                    .position(|choice| Some(&*choice.value) == text)
            });
        let at = match (known, text) {
            (Some(at), _) if each.get("deleted") == Some(&json!(true)) => {
                choices.remove(at);
                continue;
            }
            (Some(at), text) => {
                if let Some(text) = text {
                    text.clone_into(&mut choices[at].value);
                }
                at
            }
            (None, Some(text)) if !text.trim().is_empty() => {
                choices.push(Choice::named(next_id(), text));
                choices.len() - 1
            }
            (None, _) => return Err(BadChoice::NoValue),
        };
        if let Some(Value::Array(under)) = each.get("choices") {
            overlay(&mut choices[at].under, under, levels - 1, next_id)?;
        }
    }
    Ok(())
}

/// How many levels are in use, 0 for no choices at all.
pub(crate) fn depth(choices: &[Choice]) -> u8 {
    choices
        .iter()
        .map(|choice| 1 + depth(&choice.under))
        .max()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_laid_over_what_is_there() {
        let mut ids = 0;
        let mut next = || {
            ids += 1;
            ids
        };
        let mut choices = Vec::new();
        let given =
            json!([{"value": "India", "choices": [{"value": "Kerala"}]}, {"value": "Peru"}]);
        assert_eq!(
            overlay(&mut choices, given.as_array().unwrap(), 2, &mut next),
            Ok(())
        );
        let more = json!([
            {"value": "India", "choices": [{"value": "Goa"}]},
            {"id": 3, "value": "Perú"},
            "Chile",
        ]);
        assert_eq!(
            overlay(&mut choices, more.as_array().unwrap(), 2, &mut next),
            Ok(())
        );
        assert_eq!(joined(&choices), "India,Perú,Chile");
        assert_eq!(joined(&choices[0].under), "Kerala,Goa");
        assert_eq!(depth(&choices), 2);
        let gone = json!([{"value": "India", "deleted": true}]);
        assert_eq!(
            overlay(&mut choices, gone.as_array().unwrap(), 2, &mut next),
            Ok(())
        );
        assert_eq!(joined(&choices), "Perú,Chile");
    }

    #[test]
    fn what_cannot_be_a_choice_is_named() {
        let mut next = || 1;
        let mut lay = |given: Value, levels| {
            overlay(
                &mut Vec::new(),
                given.as_array().unwrap(),
                levels,
                &mut next,
            )
        };
        assert_eq!(lay(json!([{}]), 1), Err(BadChoice::NoValue));
        assert_eq!(lay(json!([7]), 1), Err(BadChoice::NoObject));
        let deep = json!([{"value": "a", "choices": [{"value": "b"}]}]);
        assert_eq!(lay(deep, 1), Err(BadChoice::TooDeep));
    }
}
