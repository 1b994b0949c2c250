//! Bodies in structured form, as answers have them since 2025: one element of
//! text. [D the shape; that all bodies are one text I]

use super::json::{Json, Object, put};

/// A structured body, to be written; null if there is no text.
pub(super) struct Structured<'a> {
    key: &'static str,
    text: &'a str,
}

impl<'a> Structured<'a> {
    pub(super) fn of_description(text: &'a str) -> Structured<'a> {
        let key = "description_contents";
        Structured { key, text }
    }

    pub(super) fn of_body(text: &'a str) -> Structured<'a> {
        let key = "body_contents";
        Structured { key, text }
    }
}

impl Json for Structured<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        if self.text.is_empty() {
            return ().write(out);
        }
        let mut map = Object::begin(out);
        map.named(self.key, &[Element(self.text)]);
        map.end();
    }
}

struct Element<'a>(&'a str);

impl Json for Element<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let mut map = Object::begin(out);
        put!(map, "type", "text");
        put!(map, "data", &Data(self.0));
        map.end();
    }
}

struct Data<'a>(&'a str);

impl Json for Data<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let mut map = Object::begin(out);
        put!(map, "content", self.0);
        map.end();
    }
}
