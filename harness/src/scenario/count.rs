//! How often something must be seen: `1`, `at least 2`, `at most 3`, `2..4`.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An expected number of things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// The fewest that will do.
    pub least: u64,
    /// The most that will do, if there is a most.
    pub most: Option<u64>,
}

impl Count {
    /// Whether `n` is as expected.
    pub fn admits(self, n: u64) -> bool {
        n >= self.least && self.most.is_none_or(|most| n <= most)
    }

    /// Reads a count.
    ///
    /// # Errors
    /// Says how counts are written.
    pub fn parse(text: &str) -> Result<Self, String> {
        let number = |digits: &str| digits.trim().parse::<u64>().ok();
        let read = || {
            if let Some(n) = number(text) {
                return Some(Self {
                    least: n,
                    most: Some(n),
                });
            }
            if let Some(rest) = text.strip_prefix("at least ") {
                return Some(Self {
                    least: number(rest)?,
                    most: None,
                });
            }
            if let Some(rest) = text.strip_prefix("at most ") {
                return Some(Self {
                    least: 0,
                    most: Some(number(rest)?),
                });
            }
            let (least, most) = text.split_once("..")?;
            let (least, most) = (number(least)?, number(most)?);
            (least <= most).then_some(Self {
                least,
                most: Some(most),
            })
        };
        read().ok_or_else(|| {
            format!("`{text}` is no count: write `2`, `at least 2`, `at most 2` or `2..4`")
        })
    }
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.least, self.most) {
            (least, Some(most)) if least == most => write!(f, "{least}"),
            (0, Some(most)) => write!(f, "at most {most}"),
            (least, Some(most)) => write!(f, "{least}..{most}"),
            (least, None) => write!(f, "at least {least}"),
        }
    }
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Count;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a count such as `2`, `at least 2`, `at most 2` or `2..4`")
            }
            fn visit_u64<E: de::Error>(self, n: u64) -> Result<Count, E> {
                Ok(Count {
                    least: n,
                    most: Some(n),
                })
            }
            fn visit_i64<E: de::Error>(self, n: i64) -> Result<Count, E> {
                u64::try_from(n)
                    .map_err(|_| E::custom(format!("a count cannot be negative: {n}")))
                    .and_then(|n| self.visit_u64(n))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Count, E> {
                Count::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.most {
            Some(most) if most == self.least => serializer.serialize_u64(most),
            _ => serializer.collect_str(self),
        }
    }
}

impl schemars::JsonSchema for Count {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Count".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "How often: `2`, `at least 2`, `at most 2` or `2..4`.",
            "oneOf": [{"type": "integer", "minimum": 0}, {"type": "string"}]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_admit_what_they_say() {
        let admits = |text: &str, n| Count::parse(text).unwrap().admits(n);
        assert!(admits("2", 2) && !admits("2", 1) && !admits("2", 3));
        assert!(admits("at least 2", 9) && !admits("at least 2", 1));
        assert!(admits("at most 2", 0) && !admits("at most 2", 3));
        assert!(admits("2..4", 4) && !admits("2..4", 5));
    }

    #[test]
    fn a_bad_count_says_how_counts_are_written() {
        insta::assert_snapshot!(
            Count::parse("some").unwrap_err(),
            @"`some` is no count: write `2`, `at least 2`, `at most 2` or `2..4`"
        );
        assert!(Count::parse("4..2").is_err());
        assert!(Count::parse("-1").is_err());
    }
}
