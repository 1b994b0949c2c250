//! A call's query, read strictly, and paging.

use std::cell::Cell;

use percent_encoding::percent_decode_str;

use super::base::Base;
use super::errors::{Failure, FieldError, code};
use crate::core::time::{Ms, parse};

/// Query parameters in the order they came; of repeated ones the last counts. [I]
#[derive(Debug, Default)]
pub(crate) struct Query {
    pairs: Vec<Pair>,
}

#[derive(Debug)]
struct Pair {
    name: String,
    value: String,
    /// Somebody asked for it.
    seen: Cell<bool>,
}

/// Which page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) number: usize,
    pub(crate) size: usize,
}

impl Page {
    pub(crate) fn skip(self) -> usize {
        (self.number - 1) * self.size
    }
}

impl Query {
    pub(crate) fn new(query: Option<&str>) -> Query {
        let pairs = url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
            .map(|(name, value)| Pair {
                name: name.into_owned(),
                value: value.into_owned(),
                seen: Cell::new(false),
            })
            .collect();
        Query { pairs }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&str> {
        self.pairs
            .iter()
            .rev()
            .find(|pair| pair.name == key)
            .map(|pair| {
                pair.seen.set(true);
                pair.value.as_str()
            })
    }

    /// Parameters that nobody asked for, as `?name`.
    pub(crate) fn unread(&self) -> impl Iterator<Item = String> {
        self.pairs
            .iter()
            .filter(|pair| !pair.seen.get())
            .map(|pair| format!("?{}", pair.name))
    }

    /// Refuses every parameter that is not in the list. [O FDM]
    pub(crate) fn allow(&self, known: &[&str]) -> Result<(), Failure> {
        let mut errors: Vec<FieldError> = Vec::new();
        for Pair { name, .. } in &self.pairs {
            if !known.contains(&name.as_str()) && !errors.iter().any(|error| error.field == *name) {
                errors.push(FieldError::unexpected(name));
            }
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(Failure::validation(errors))
        }
    }

    pub(crate) fn integer(&self, key: &str) -> Result<Option<i64>, Failure> {
        self.get(key)
            .map(|text| {
                text.trim()
                    .parse()
                    .map_err(|_| Failure::field(FieldError::mismatch(key, "Positive Integer")))
            })
            .transpose()
    }

    pub(crate) fn time(&self, key: &str) -> Result<Option<Ms>, Failure> {
        self.get(key)
            .map(|text| {
                parse(text).ok_or_else(|| {
                    Failure::field(FieldError::mismatch(
                        key,
                        "valid date in the ISO 8601 format",
                    ))
                })
            })
            .transpose()
    }

    /// One of a few words.
    pub(crate) fn word<'a>(
        &self,
        key: &str,
        known: &[&'a str],
    ) -> Result<Option<&'a str>, Failure> {
        self.get(key)
            .map(|text| {
                let found = known.iter().find(|word| **word == text).copied();
                found.ok_or_else(|| Failure::field(FieldError::choice(key, known.join(","))))
            })
            .transpose()
    }

    /// The words of a comma-separated `include`.
    pub(crate) fn includes<'a>(&self, known: &[&'a str]) -> Result<Vec<&'a str>, Failure> {
        let mut words = Vec::new();
        for word in self
            .get("include")
            .unwrap_or_default()
            .split(',')
            .map(str::trim)
            .filter(|word| !word.is_empty())
        {
            match known.iter().find(|each| **each == word) {
                Some(known) if words.contains(known) => {}
                Some(known) => words.push(*known),
                None => {
                    return Err(Failure::field(FieldError::choice(
                        "include",
                        known.join(","),
                    )));
                }
            }
        }
        Ok(words)
    }

    /// `page` from 1 and `per_page` up to 100, 30 by default. [D]
    pub(crate) fn page(&self) -> Result<Page, Failure> {
        let bad = |key: &str, message: &str| {
            Failure::field(FieldError::new(key, message, code::INVALID_VALUE))
        };
        let number = match self.get("page") {
            None => 1,
            Some(text) => text
                .parse()
                .ok()
                .filter(|page| (1..1_000_000).contains(page))
                .ok_or_else(|| bad("page", "It should be a Positive Integer"))?,
        };
        let size = match self.get("per_page") {
            None => 30,
            Some(text) => text
                .parse()
                .ok()
                .filter(|size| (1..=100).contains(size))
                .ok_or_else(|| {
                    bad(
                        "per_page",
                        "It should be a Positive Integer less than or equal to 100",
                    )
                })?,
        };
        Ok(Page { number, size })
    }

    /// The `Link` header that leads to the next page: the client's own
    /// parameters in its own order, with `page` replaced. [D, O]
    pub(crate) fn next_link(&self, base: Base<'_>, path: &str, page: Page) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let mut paged = false;
        for Pair { name, value, .. } in &self.pairs {
            if name == "page" {
                if !paged {
                    query.append_pair("page", &(page.number + 1).to_string());
                }
                paged = true;
            } else {
                query.append_pair(name, value);
            }
        }
        if !paged {
            query.append_pair("page", &(page.number + 1).to_string());
        }
        format!("<{base}/api/v2/{path}?{}>;rel=\"next\"", query.finish())
    }
}

/// A path segment with its escapes read.
pub(crate) fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_keep_the_clients_order() {
        let query = Query::new(Some(
            "page=2&per_page=10&updated_since=2026-01-01T00:00:00Z",
        ));
        let page = Page {
            number: 2,
            size: 10,
        };
        assert_eq!(
            query.next_link(Base::of("http://h:1"), "tickets", page),
            "<http://h:1/api/v2/tickets?page=3&per_page=10&updated_since=2026-01-01T00%3A00%3A00Z>;rel=\"next\""
        );
        assert_eq!(
            Query::new(None).next_link(
                Base::of("http://h"),
                "tickets",
                Page {
                    number: 1,
                    size: 30
                }
            ),
            "<http://h/api/v2/tickets?page=2>;rel=\"next\""
        );
    }

    #[test]
    fn page_bounds() {
        let page = |query| Query::new(Some(query)).page().ok();
        assert_eq!(
            page("per_page=100"),
            Some(Page {
                number: 1,
                size: 100
            })
        );
        for bad in [
            "per_page=101",
            "per_page=0",
            "page=0",
            "page=x",
            "per_page=",
        ] {
            assert_eq!(page(bad), None, "{bad}");
        }
    }
}
