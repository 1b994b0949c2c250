//! Reading JSON that is not quite what the reference says: ids as decimals or
//! text, `null` for an empty list, times in any zone, booleans left out.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A whole number, written as a number, a decimal such as `50.0`, or text.
pub(super) fn integer<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    Ok(as_integer(&Value::deserialize(from)?))
}

/// A whole number that must be there.
pub(super) fn required_integer<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    let value = Value::deserialize(from)?;
    as_integer(&value)
        .ok_or_else(|| serde::de::Error::custom(format!("expected a whole number, found {value}")))
}

fn as_integer(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64().or_else(|| {
            number
                .as_f64()
                .filter(|number| number.fract() == 0.0 && number.abs() < 9.0e15)
                .map(|number| number as i64)
        }),
        Value::String(text) => parse_integer(text),
        _ => None,
    }
}

/// A whole number in text, as in `50` or `50.0`.
pub(super) fn parse_integer(text: &str) -> Option<i64> {
    let text = text.trim();
    text.parse().ok().or_else(|| {
        text.parse::<f64>()
            .ok()
            .filter(|number| number.fract() == 0.0 && number.abs() < 9.0e15)
            .map(|number| number as i64)
    })
}

/// Text; anything else is none.
pub(super) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(text) => Some(text),
        _ => None,
    })
}

/// A truth value; anything else is false.
pub(super) fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Bool(flag) => flag,
        Value::String(text) => text == "true",
        _ => false,
    })
}

/// A time in any zone; anything else is none.
pub(super) fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(text) => text.parse().ok(),
        _ => None,
    })
}

/// An object; one that cannot be read, or anything else, is none.
pub(super) fn object<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    Ok(serde_json::from_value(Value::deserialize(from)?).ok())
}

/// The same with nothing in it in place of none.
pub(super) fn object_or_empty<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned + Default,
{
    Ok(object(from)?.unwrap_or_default())
}

/// Whole numbers; anything else among them is passed over, `null` is empty.
pub(super) fn integers<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<i64>, D::Error> {
    Ok(some_integers(from)?.unwrap_or_default())
}

/// The same where a list is not always given.
pub(super) fn some_integers<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Vec<i64>>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::Array(items) => Some(items.iter().filter_map(as_integer).collect()),
        _ => None,
    })
}

/// A list of which the readable items are kept; `null` is empty.
pub(super) fn list<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: serde::de::DeserializeOwned,
{
    let items: Option<Items<T>> = object(from)?;
    Ok(items.map(|items| items.readable).unwrap_or_default())
}

/// A list that must be one, of which the readable items are kept: one odd ticket on
/// a page must not hide the ninety-nine others.
#[derive(Clone, Debug)]
pub(crate) struct Items<T> {
    /// The items that could be read.
    pub(crate) readable: Vec<T>,
    /// How many there were.
    pub(crate) listed: usize,
}

impl<'de, T: serde::de::DeserializeOwned> Deserialize<'de> for Items<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let items = Vec::<Value>::deserialize(from)?;
        let listed = items.len();
        let readable = items
            .into_iter()
            .filter_map(|item| {
                serde_json::from_value(item)
                    .inspect_err(|error| tracing::warn!(%error, "an item of a list is passed over"))
                    .ok()
            })
            .collect();
        Ok(Self { readable, listed })
    }
}
