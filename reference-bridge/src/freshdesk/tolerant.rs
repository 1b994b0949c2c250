//! Reading JSON that is not quite what the reference says: ids as decimals or
//! text, `null` for an empty list, times in any zone, booleans left out.
//!
//! Answers are read by the page, so nothing is made into a tree first: a simple
//! value is a [`Scalar`], and whatever holds others is text until it is known to
//! be readable. That text is borrowed, so answers must be read from memory.

use std::{borrow::Cow, fmt};

use jiff::Timestamp;
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// A value that holds no others.
enum Scalar<'a> {
    Integer(i64),
    /// A number that is no [`i64`].
    Number(f64),
    Text(Cow<'a, str>),
    Flag(bool),
    /// `null`, a list or an object.
    Other(&'static str),
}

impl Scalar<'_> {
    fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Number(number) => whole(*number),
            Self::Text(text) => parse_integer(text),
            Self::Flag(_) | Self::Other(_) => None,
        }
    }
}

impl fmt::Display for Scalar<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(number) => number.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Flag(flag) => flag.fmt(f),
            Self::Other(what) => f.write_str(what),
        }
    }
}

impl<'de> Deserialize<'de> for Scalar<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Anything)
    }
}

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_i64<E>(self, number: i64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Integer(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Scalar<'de>, E> {
        Ok(match i64::try_from(number) {
            Ok(number) => Scalar::Integer(number),
            Err(_) => Scalar::Number(number as f64),
        })
    }

    fn visit_f64<E>(self, number: f64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Number(number))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Flag(flag))
    }

    fn visit_str<E>(self, text: &str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Borrowed(text)))
    }

    fn visit_unit<E>(self) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Other("null"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Scalar<'de>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other("a list"))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Scalar<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Other("an object"))
    }
}

/// A whole number, written as a number, a decimal such as `50.0`, or text.
pub(super) fn integer<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    Ok(Scalar::deserialize(from)?.as_integer())
}

/// A whole number that must be there.
pub(super) fn required_integer<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
    let value = Scalar::deserialize(from)?;
    value
        .as_integer()
        .ok_or_else(|| Error::custom(format!("expected a whole number, found {value}")))
}

/// A decimal that is a whole number, and one that a decimal can tell from the next.
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() < 9.0e15).then_some(number as i64)
}

/// A whole number in text, as in `50` or `50.0`.
pub(super) fn parse_integer(text: &str) -> Option<i64> {
    let text = text.trim();
    let decimal = || text.parse().ok().and_then(whole);
    text.parse().ok().or_else(decimal)
}

/// Text; anything else is none.
pub(super) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Scalar::deserialize(from)? {
        Scalar::Text(text) => Some(text.into_owned()),
        _ => None,
    })
}

/// A truth value; anything else is false.
pub(super) fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(match Scalar::deserialize(from)? {
        Scalar::Flag(flag) => flag,
        Scalar::Text(text) => text == "true",
        _ => false,
    })
}

/// A time in any zone; anything else is none.
pub(super) fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(match Scalar::deserialize(from)? {
        Scalar::Text(text) => text.parse().ok(),
        _ => None,
    })
}

/// An object; one that cannot be read, or anything else, is none.
pub(super) fn object<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let written: &RawValue = Deserialize::deserialize(from)?;
    Ok(serde_json::from_str(written.get()).ok())
}

/// The same with nothing in it in place of none.
pub(super) fn object_or_empty<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
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
    let items: Option<Vec<Scalar<'_>>> = object(from)?;
    Ok(items.map(|items| items.iter().filter_map(Scalar::as_integer).collect()))
}

/// A list of which the readable items are kept; `null` is empty.
pub(super) fn list<'de, D, T>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
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

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Items<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let items = Vec::<&RawValue>::deserialize(from)?;
        let listed = items.len();
        let readable = items
            .into_iter()
            .filter_map(|item| {
                serde_json::from_str(item.get())
                    .inspect_err(|error| tracing::warn!(%error, "an item of a list is passed over"))
                    .ok()
            })
            .collect();
        Ok(Self { readable, listed })
    }
}
