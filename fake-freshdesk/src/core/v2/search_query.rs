//! The search grammar: a query is read, checked and held against values.

use serde_json::{Value, json};

use super::errors::FieldError;

/// The most characters of a query. [D]
const LONGEST: usize = 512;

/// `field:value`, `field:>value`, `field:<value`.
#[derive(Debug, PartialEq)]
pub(super) struct Term {
    pub(super) field: String,
    relation: Relation,
    value: Literal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    Equal,
    /// Inclusive, as the reference says. [D]
    AtLeast,
    AtMost,
}

#[derive(Debug, PartialEq)]
enum Literal {
    Text(String),
    Number(i64),
    Word(String),
    Null,
}

#[derive(Debug, PartialEq)]
pub(super) enum Query {
    Term(Term),
    All(Vec<Query>),
    Any(Vec<Query>),
}

/// What is wrong with a query.
type Wrong = String;

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn take(&mut self, token: &str) -> bool {
        self.skip_blanks();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// A word such as AND, not as the beginning of a longer one.
    fn keyword(&mut self, word: &str) -> bool {
        self.skip_blanks();
        let Some(rest) = self.rest.strip_prefix(word) else {
            return false;
        };
        let ends = rest
            .chars()
            .next()
            .is_none_or(|next| next.is_whitespace() || next == '(');
        if ends {
            self.rest = rest;
        }
        ends
    }

    fn any(&mut self, depth: usize) -> std::result::Result<Query, Wrong> {
        let mut parts = vec![self.all(depth)?];
        while self.keyword("OR") {
            parts.push(self.all(depth)?);
        }
        Ok(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Query::Any(parts)
        })
    }

    fn all(&mut self, depth: usize) -> std::result::Result<Query, Wrong> {
        let mut parts = vec![self.one(depth)?];
        while self.keyword("AND") {
            parts.push(self.one(depth)?);
        }
        Ok(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Query::All(parts)
        })
    }

    fn one(&mut self, depth: usize) -> std::result::Result<Query, Wrong> {
        if self.take("(") {
            if depth > 20 {
                return Err("too many parentheses".to_owned());
            }
            let inner = self.any(depth + 1)?;
            return if self.take(")") {
                Ok(inner)
            } else {
                Err("a ')' is missing".to_owned())
            };
        }
        self.term().map(Query::Term)
    }

    fn word(&mut self) -> &'a str {
        self.skip_blanks();
        let end = self
            .rest
            .find(|letter: char| {
                !(letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.' | '@' | '+'))
            })
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn term(&mut self) -> std::result::Result<Term, Wrong> {
        let field = self.word().to_owned();
        if field.is_empty() || !self.take(":") {
            return Err(format!(
                "'field:value' expected at '{}'",
                self.rest.chars().take(20).collect::<String>()
            ));
        }
        let relation = if self.take(">") {
            Relation::AtLeast
        } else if self.take("<") {
            Relation::AtMost
        } else {
            Relation::Equal
        };
        self.skip_blanks();
        if self.take("'") {
            let Some((text, rest)) = self.rest.split_once('\'') else {
                return Err("a closing ' is missing".to_owned());
            };
            self.rest = rest;
            return Ok(Term {
                field,
                relation,
                value: Literal::Text(text.to_owned()),
            });
        }
        let word = self.word();
        let value = match (word, word.parse::<i64>()) {
            ("", _) => return Err(format!("'{field}:' has no value")),
            ("null", _) => Literal::Null,
            (_, Ok(number)) => Literal::Number(number),
            (word, Err(_)) => Literal::Word(word.to_owned()),
        };
        Ok(Term {
            field,
            relation,
            value,
        })
    }
}

/// Reads a query, with or without the double quotes around it.
pub(super) fn read(text: &str) -> std::result::Result<Query, Wrong> {
    let text = text.trim();
    let inner = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    let inner = inner.ok_or_else(|| "the query must be in double quotes".to_owned())?;
    if inner.chars().count() > LONGEST {
        return Err(format!(
            "the query must not be longer than {LONGEST} characters"
        ));
    }
    let mut reader = Reader { rest: inner };
    let query = reader.any(0)?;
    reader.skip_blanks();
    if reader.rest.is_empty() {
        Ok(query)
    } else {
        Err(format!(
            "unexpected '{}'",
            reader.rest.chars().take(20).collect::<String>()
        ))
    }
}

/// What a field may be compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    Number,
    Text,
    Date,
    Flag,
}

impl Term {
    /// Is the value of the sort that the field wants?
    pub(super) fn check(&self, sort: Sort) -> std::result::Result<(), FieldError> {
        let fits = match (&self.value, sort) {
            (Literal::Null, _) => self.relation == Relation::Equal,
            (Literal::Number(_), Sort::Number) => true,
            (Literal::Text(text), Sort::Date) => text.parse::<jiff::civil::Date>().is_ok(),
            (Literal::Text(_), Sort::Text) => self.relation == Relation::Equal,
            (Literal::Word(word), Sort::Flag) => matches!(word.as_str(), "true" | "false"),
            _ => false,
        };
        let expected = match sort {
            Sort::Number => "Positive Integer",
            Sort::Text => "String in single quotes",
            Sort::Date => "valid date in the 'YYYY-MM-DD' format",
            Sort::Flag => "Boolean",
        };
        if fits {
            Ok(())
        } else {
            Err(FieldError::mismatch(&self.field, expected))
        }
    }

    fn holds(&self, actual: &Value) -> bool {
        if let Value::Array(list) = actual {
            return match self.value {
                Literal::Null => list.is_empty(),
                _ => list.iter().any(|actual| self.holds(actual)),
            };
        }
        let order = match (&self.value, actual) {
            (Literal::Null, actual) => return actual.is_null() || *actual == json!(""),
            (_, Value::Null) => return false,
            (Literal::Number(wanted), actual) => actual.as_i64().map(|actual| actual.cmp(wanted)),
            (Literal::Text(wanted), actual) => actual
                .as_str()
                .map(|actual| actual.to_lowercase().cmp(&wanted.to_lowercase())),
            (Literal::Word(wanted), actual) => actual
                .as_bool()
                .map(|actual| actual.cmp(&(wanted == "true"))),
        };
        order.is_some_and(|order| match self.relation {
            Relation::Equal => order.is_eq(),
            Relation::AtLeast => order.is_ge(),
            Relation::AtMost => order.is_le(),
        })
    }
}

impl Query {
    pub(super) fn terms<'q>(&'q self, into: &mut Vec<&'q Term>) {
        match self {
            Query::Term(term) => into.push(term),
            Query::All(parts) | Query::Any(parts) => parts.iter().for_each(|part| part.terms(into)),
        }
    }

    pub(super) fn holds(&self, value: &impl Fn(&str) -> Value) -> bool {
        match self {
            Query::Term(term) => term.holds(&value(&term.field)),
            Query::All(parts) => parts.iter().all(|part| part.holds(value)),
            Query::Any(parts) => parts.iter().any(|part| part.holds(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(query: &str) -> bool {
        let value = |field: &str| match field {
            "priority" => json!(4),
            "tag" => json!(["vip", "de"]),
            "created_at" => json!("2026-01-05"),
            "done" => json!(true),
            _ => Value::Null,
        };
        read(&format!("\"{query}\"")).unwrap().holds(&value)
    }

    #[test]
    fn the_grammar_binds_and_before_or() {
        for (query, expected) in [
            ("priority:4", true),
            ("priority:>5", false),
            ("priority:>4", true),
            ("priority:<4 AND tag:'VIP'", true),
            ("priority:1 AND tag:'vip' OR done:true", true),
            ("priority:1 AND (tag:'vip' OR done:true)", false),
            (
                "created_at:>'2026-01-05' AND created_at:<'2026-01-05'",
                true,
            ),
            ("type:null", true),
            ("tag:null", false),
            ("(((priority:4)))", true),
        ] {
            assert_eq!(holds(query), expected, "{query}");
        }
    }

    #[test]
    fn what_is_no_query_is_refused() {
        for bad in [
            "priority:4",
            "\"\"",
            "\"priority\"",
            "\"priority:\"",
            "\"(a:1\"",
            "\"a:1 b:2\"",
            "\"a:'x\"",
            "\"AND\"",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(read(&format!("\"a:'{}'\"", "x".repeat(600))).is_err());
        assert!(read(&format!("\"{}a:1{}\"", "(".repeat(40), ")".repeat(40))).is_err());
    }
}
