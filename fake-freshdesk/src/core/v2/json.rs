//! JSON written by hand, for the few shapes that make up nearly all traffic:
//! tickets, conversations, and lists of them.
//!
//! Their keys are known when the program is built, so they are written as they
//! are, where a general serializer looks at each letter of each key again. That
//! is half of what a call costs. Everything else goes through serde.

use serde_json::Value;

use crate::core::time::{Ms, seconds_into};

/// Something that can be written as JSON.
pub(crate) trait Json {
    /// Appends it.
    fn write(&self, out: &mut Vec<u8>);
}

/// An object that is being written.
pub(crate) struct Object<'o> {
    out: &'o mut Vec<u8>,
    empty: bool,
}

impl<'o> Object<'o> {
    /// Opens an object.
    pub(crate) fn begin(out: &'o mut Vec<u8>) -> Object<'o> {
        out.push(b'{');
        Object { out, empty: true }
    }

    /// Adds an entry whose key is already quoted and has its colon; the macro
    /// [`put!`] makes it so.
    pub(crate) fn quoted(&mut self, key: &'static str, value: &(impl Json + ?Sized)) {
        self.comma();
        self.out.extend_from_slice(key.as_bytes());
        value.write(self.out);
    }

    /// Adds an entry whose key is an account's own.
    pub(crate) fn named(&mut self, key: &str, value: &(impl Json + ?Sized)) {
        self.comma();
        key.write(self.out);
        self.out.push(b':');
        value.write(self.out);
    }

    /// Adds the entries of an object that is already written.
    pub(crate) fn entries_of(&mut self, object: &str) {
        let inner = object.trim();
        let inner = inner
            .strip_prefix('{')
            .and_then(|rest| rest.strip_suffix('}'));
        if let Some(entries) = inner.filter(|entries| !entries.trim().is_empty()) {
            self.comma();
            self.out.extend_from_slice(entries.as_bytes());
        }
    }

    fn comma(&mut self) {
        if !std::mem::replace(&mut self.empty, false) {
            self.out.push(b',');
        }
    }

    /// Closes it.
    pub(crate) fn end(self) {
        self.out.push(b'}');
    }
}

/// Adds an entry to an [`Object`]: `put!(object, "id", &ticket.id)`.
macro_rules! put {
    ($object:expr, $key:literal, $value:expr) => {
        $object.quoted(concat!("\"", $key, "\":"), $value)
    };
}
pub(crate) use put;

/// Writes the elements as a list.
pub(crate) fn list<T: Json>(out: &mut Vec<u8>, items: impl IntoIterator<Item = T>) {
    out.push(b'[');
    for (at, item) in items.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        item.write(out);
    }
    out.push(b']');
}

/// A value as JSON of its own.
pub(crate) fn to_vec(value: &impl Json) -> Vec<u8> {
    // Most answers are about this long; growing step by step would copy them.
    let mut out = Vec::with_capacity(1_536);
    value.write(&mut out);
    out
}

impl Json for str {
    fn write(&self, out: &mut Vec<u8>) {
        let plain = |byte: &u8| *byte >= 0x20 && *byte != b'"' && *byte != b'\\';
        out.reserve(self.len() + 2);
        if self.as_bytes().iter().all(plain) {
            out.push(b'"');
            out.extend_from_slice(self.as_bytes());
            out.push(b'"');
        } else {
            // Writing to memory cannot fail.
            let _ = serde_json::to_writer(out, self);
        }
    }
}

impl Json for String {
    fn write(&self, out: &mut Vec<u8>) {
        self.as_str().write(out);
    }
}

impl Json for bool {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if *self { b"true" } else { b"false" });
    }
}

/// JSON's `null`.
impl Json for () {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"null");
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(impl Json for $number {
            fn write(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(itoa::Buffer::new().format(*self).as_bytes());
            }
        })*
    };
}
numbers!(u8, u16, u32, i64, u64);

impl<T: Json + ?Sized> Json for &T {
    fn write(&self, out: &mut Vec<u8>) {
        (**self).write(out);
    }
}

impl<T: Json + ?Sized> Json for Box<T> {
    fn write(&self, out: &mut Vec<u8>) {
        (**self).write(out);
    }
}

impl<T: Json> Json for Option<T> {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Some(value) => value.write(out),
            None => ().write(out),
        }
    }
}

impl<T: Json> Json for [T] {
    fn write(&self, out: &mut Vec<u8>) {
        list(out, self);
    }
}

impl<T: Json> Json for Vec<T> {
    fn write(&self, out: &mut Vec<u8>) {
        list(out, self);
    }
}

impl<T: Json, const N: usize> Json for [T; N] {
    fn write(&self, out: &mut Vec<u8>) {
        list(out, self);
    }
}

impl Json for Value {
    fn write(&self, out: &mut Vec<u8>) {
        // Writing to memory cannot fail, and a value has text keys only.
        let _ = serde_json::to_writer(out, self);
    }
}

/// A point in time as the v2 API spells it.
pub(crate) struct At(pub(crate) Ms);

impl Json for At {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        seconds_into(self.0, out);
        out.push(b'"');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_object_reads_back_as_what_was_put_in() {
        let mut out = Vec::new();
        let mut object = Object::begin(&mut out);
        put!(object, "id", &17_i64);
        put!(object, "none", &None::<i64>);
        put!(object, "tags", &["a".to_owned(), "b".to_owned()]);
        put!(object, "at", &At(1_768_815_000_042));
        object.named("cf_\"odd\"", &true);
        object.entries_of(r#"{"more":[1],"and":"}"}"#);
        object.entries_of("{}");
        object.end();
        let read: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(
            read,
            json!({"id": 17, "none": null, "tags": ["a", "b"], "at": "2026-01-19T09:30:00Z", "cf_\"odd\"": true, "more": [1], "and": "}"})
        );
    }

    proptest! {
        #[test]
        fn any_text_is_written_as_serde_writes_it(text in any::<String>()) {
            prop_assert_eq!(to_vec(&text), serde_json::to_vec(&text).unwrap());
        }
    }
}
