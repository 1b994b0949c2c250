//! A call's body, read strictly: every key is named by the endpoint or
//! refused, and every error is reported at once.

use serde_json::{Map, Value};

use super::errors::{FieldError, code};
use crate::core::contents::Upload;
use crate::core::time::{Ms, parse};

/// A body with the errors found so far.
#[derive(Debug, Default)]
pub(crate) struct Input {
    pub(crate) map: Map<String, Value>,
    /// It came as a form: numbers and booleans may be text.
    pub(crate) form: bool,
    pub(crate) uploads: Vec<Upload>,
    pub(crate) errors: Vec<FieldError>,
    /// Keys whose values somebody asked for.
    seen: Vec<String>,
}

/// A value that may be absent (`None`), null (`Some(None)`), or there.
pub(crate) type Given<T> = Option<Option<T>>;

impl Input {
    pub(crate) fn from_json(map: Map<String, Value>) -> Input {
        Input {
            map,
            ..Input::default()
        }
    }

    /// Builds the body from a form's fields: `a[]` are lists, `a[b]` objects.
    pub(crate) fn from_form(fields: &[(String, String)], uploads: Vec<Upload>) -> Input {
        let mut map = Map::new();
        for (name, value) in fields {
            let value = Value::String(value.clone());
            if let Some(list) = name.strip_suffix("[]") {
                if let Value::Array(list) =
                    map.entry(list).or_insert_with(|| Value::Array(Vec::new()))
                {
                    list.push(value);
                }
            } else if let Some((outer, inner)) =
                name.strip_suffix(']').and_then(|name| name.split_once('['))
            {
                if let Value::Object(object) = map
                    .entry(outer)
                    .or_insert_with(|| Value::Object(Map::new()))
                {
                    object.insert(inner.to_owned(), value);
                }
            } else {
                map.insert(name.clone(), value);
            }
        }
        Input {
            map,
            form: true,
            uploads,
            ..Input::default()
        }
    }

    /// Notes that a key's value is made use of.
    pub(crate) fn see(&mut self, key: &str) {
        if self.map.contains_key(key) && !self.seen.iter().any(|seen| seen == key) {
            self.seen.push(key.to_owned());
        }
    }

    /// Notes that all of it is made use of.
    pub(crate) fn see_all(&mut self) {
        self.seen = self.map.keys().cloned().collect();
    }

    /// Checks a value that changes nothing here: the journal lists it as unread.
    pub(crate) fn check<T>(&mut self, key: &str, read: fn(&mut Input, &str) -> Given<T>) {
        read(self, key);
        self.seen.retain(|seen| seen != key);
    }

    /// Keys whose values nobody asked for.
    pub(crate) fn unread(&self) -> impl Iterator<Item = String> {
        self.map
            .keys()
            .filter(|key| !self.seen.contains(key))
            .cloned()
    }

    /// Refuses every key that is not in the list.
    pub(crate) fn allow(&mut self, known: &[&str]) {
        let unknown = self.map.keys().filter(|key| !known.contains(&key.as_str()));
        self.errors
            .extend(unknown.map(|key| FieldError::unexpected(key)));
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.map.contains_key(key)
    }

    /// Notes an error; the same one is noted once.
    pub(crate) fn refuse(&mut self, error: FieldError) {
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }

    /// Demands that a key is there and not null.
    pub(crate) fn require(&mut self, key: &str) {
        match self.map.get(key) {
            None => self.errors.push(FieldError::missing(key)),
            Some(Value::Null) => self.errors.push(FieldError::blank(key)),
            Some(_) => {}
        }
    }

    fn read<T>(
        &mut self,
        key: &str,
        expected: &str,
        read: impl FnOnce(&Value, bool) -> Option<T>,
    ) -> Given<T> {
        self.see(key);
        match self.map.get(key) {
            None => None,
            Some(Value::Null) => Some(None),
            Some(Value::String(blank)) if self.form && blank.is_empty() => Some(None),
            Some(value) => match read(value, self.form) {
                Some(value) => Some(Some(value)),
                None => {
                    self.refuse(FieldError::mismatch(key, expected));
                    None
                }
            },
        }
    }

    pub(crate) fn text(&mut self, key: &str) -> Given<String> {
        self.read(key, "String", |value, _| value.as_str().map(str::to_owned))
    }

    pub(crate) fn integer(&mut self, key: &str) -> Given<i64> {
        self.read(key, "Positive Integer", integer)
    }

    pub(crate) fn flag(&mut self, key: &str) -> Given<bool> {
        self.read(key, "Boolean", |value, form| match value {
            Value::Bool(flag) => Some(*flag),
            Value::String(text) if form && text == "true" => Some(true),
            Value::String(text) if form && text == "false" => Some(false),
            _ => None,
        })
    }

    pub(crate) fn time(&mut self, key: &str) -> Given<Ms> {
        self.read(key, "valid date in the ISO 8601 format", |value, _| {
            value.as_str().and_then(parse)
        })
    }

    pub(crate) fn texts(&mut self, key: &str) -> Given<Vec<String>> {
        self.read(key, "Array", |value, _| {
            value
                .as_array()?
                .iter()
                .map(|each| each.as_str().map(str::to_owned))
                .collect()
        })
    }

    pub(crate) fn integers(&mut self, key: &str) -> Given<Vec<i64>> {
        self.read(key, "Array", |value, form| {
            value
                .as_array()?
                .iter()
                .map(|each| integer(each, form))
                .collect()
        })
    }

    pub(crate) fn object(&mut self, key: &str) -> Given<Map<String, Value>> {
        self.read(key, "key/value pair", |value, _| value.as_object().cloned())
    }

    pub(crate) fn list(&mut self, key: &str) -> Given<Vec<Value>> {
        self.read(key, "Array", |value, _| value.as_array().cloned())
    }

    pub(crate) fn objects(&mut self, key: &str) -> Given<Vec<Map<String, Value>>> {
        self.read(key, "Array", |value, _| {
            value
                .as_array()?
                .iter()
                .map(|each| each.as_object().cloned())
                .collect()
        })
    }

    /// A list of e-mail addresses, each of which must look like one.
    pub(crate) fn emails(&mut self, key: &str) -> Option<Vec<String>> {
        let list = self.texts(key)??;
        if list.iter().any(|email| !is_email(email)) {
            self.errors.push(FieldError::new(
                key,
                "It should contain elements of type valid email address only",
                code::INVALID_VALUE,
            ));
        }
        Some(list)
    }

    /// An e-mail address, bare or with a name around it.
    pub(crate) fn email(&mut self, key: &str) -> Given<String> {
        let email = self.text(key)?;
        if let Some(email) = &email
            && !is_email(bare_email(email))
        {
            self.errors.push(FieldError::new(
                key,
                "It should be in the 'valid email address' format",
                code::INVALID_VALUE,
            ));
        }
        Some(email)
    }

    /// One of a few numbers.
    pub(crate) fn number_of(&mut self, key: &str, values: &[i64]) -> Option<i64> {
        let number = self.integer(key)?;
        match number {
            Some(number) if values.contains(&number) => Some(number),
            _ => {
                let list: Vec<String> = values.iter().map(ToString::to_string).collect();
                self.errors.push(FieldError::choice(key, list.join(",")));
                None
            }
        }
    }
}

fn integer(value: &Value, form: bool) -> Option<i64> {
    match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) if form => text.trim().parse().ok(),
        _ => None,
    }
}

/// `a@b.c` out of `Name <a@b.c>`.
pub(crate) fn bare_email(text: &str) -> &str {
    match (text.rfind('<'), text.rfind('>')) {
        (Some(open), Some(close)) if open < close => text[open + 1..close].trim(),
        _ => text.trim(),
    }
}

/// Does it look like an e-mail address?
pub(crate) fn is_email(text: &str) -> bool {
    let Some((local, host)) = bare_email(text).rsplit_once('@') else {
        return false;
    };
    let odd = |letter: char| {
        letter.is_whitespace() || matches!(letter, '<' | '>' | '(' | ')' | ',' | ';' | '@' | '"')
    };
    !local.is_empty()
        && !local.contains(odd)
        && !host.contains(odd)
        && host.split('.').count() > 1
        && host.split('.').all(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn forms_become_lists_and_objects() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let fields = [
            pair("tags[]", "a"),
            pair("tags[]", "b"),
            pair("custom_fields[cf_x]", "1"),
            pair("status", "2"),
        ];
        let mut input = Input::from_form(&fields, Vec::new());
        assert_eq!(
            Value::Object(input.map.clone()),
            json!({"tags": ["a", "b"], "custom_fields": {"cf_x": "1"}, "status": "2"})
        );
        assert_eq!(input.integer("status"), Some(Some(2)));
    }

    #[test]
    fn addresses_are_told_from_other_text() {
        for good in ["a@b.co", "Ann <a@b.co>", "a+b@mail.example.com"] {
            assert!(is_email(good), "{good}");
        }
        for bad in ["a", "a@b", "a b@c.de", "@c.de", "a@.de", "a@b.c, d@e.f"] {
            assert!(!is_email(bad), "{bad}");
        }
    }
}
