//! Durations as people write them: `30s`, `2h`, `1h 30m`, `3d`.

use std::time::Duration;

use jiff::{Span, SpanRelativeTo};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A length of time, written `30s`, `1m 30s`, `2h` or `180d`; a day has 24 hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct HumanDuration(pub Duration);

impl HumanDuration {
    /// Reads a duration.
    ///
    /// # Errors
    /// Says what is wrong with `text`: no unit, an unknown unit, or below zero.
    pub fn parse(text: &str) -> Result<Self, String> {
        let span: Span = text.parse().map_err(|_| {
            format!("`{text}` is no duration: write a number and a unit, such as `250ms`, `30s`, `5m`, `2h` or `180d`")
        })?;
        let exact = span
            .to_duration(SpanRelativeTo::days_are_24_hours())
            .map_err(|_| {
                format!("`{text}` is no exact duration: months and years differ in length; use days (`d`) or less")
            })?;
        let exact = Duration::try_from(exact)
            .map_err(|_| format!("`{text}` is negative: time only goes forward here"))?;
        Ok(Self(exact))
    }
}

/// As scenario files have it: `2h 5m`, `1.25s`, `0s`.
impl std::fmt::Display for HumanDuration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let total_ms = self.0.as_millis();
        if total_ms == 0 {
            return f.write_str("0s");
        }
        let (days, rest) = (total_ms / 86_400_000, (total_ms % 86_400_000) as u32);
        let (hours, minutes, ms) = (rest / 3_600_000, rest / 60_000 % 60, rest % 60_000);
        let mut gap = "";
        if days > 0 {
            write!(f, "{days}d")?;
            gap = " ";
        }
        for (n, unit) in [(hours, 'h'), (minutes, 'm')] {
            if n > 0 {
                write!(f, "{gap}{n}{unit}")?;
                gap = " ";
            }
        }
        if ms == 0 {
            return Ok(());
        }
        if total_ms < 1000 {
            return write!(f, "{gap}{ms}ms");
        }
        write!(f, "{gap}{}", ms / 1000)?;
        match ms % 1000 {
            0 => {}
            part if part % 100 == 0 => write!(f, ".{}", part / 100)?,
            part if part % 10 == 0 => write!(f, ".{:02}", part / 10)?,
            part => write!(f, ".{part:03}")?,
        }
        f.write_str("s")
    }
}

/// Spells a duration the way scenario files do.
pub fn spell(duration: Duration) -> String {
    HumanDuration(duration).to_string()
}

impl<'de> Deserialize<'de> for HumanDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = HumanDuration;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a duration such as `30s`, `5m` or `2h`")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<HumanDuration, E> {
                HumanDuration::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

impl Serialize for HumanDuration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl schemars::JsonSchema for HumanDuration {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "A length of time: `250ms`, `30s`, `1m 30s`, `2h`, `180d`. A day has 24 hours.",
            "examples": ["30s", "1m 30s", "2h", "180d"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_as_people_write_them() {
        for (text, ms) in [
            ("30s", 30_000),
            ("1m 30s", 90_000),
            ("2h", 7_200_000),
            ("250ms", 250),
            ("180d", 15_552_000_000),
            ("0s", 0),
        ] {
            assert_eq!(
                HumanDuration::parse(text).map(|d| d.0.as_millis()),
                Ok(ms),
                "{text}"
            );
        }
    }

    #[test]
    fn a_bad_duration_says_what_is_wrong() {
        let problems =
            ["-5m", "5", "soon", "1 month", ""].map(|text| HumanDuration::parse(text).unwrap_err());
        insta::assert_snapshot!(problems.join("\n"));
    }

    #[test]
    fn spelling_a_duration_gives_what_is_read_back() {
        for ms in [
            0,
            1,
            999,
            1000,
            1250,
            1300,
            2007,
            60_000,
            61_001,
            7_200_000,
            86_400_000 + 5,
        ] {
            let spelled = spell(Duration::from_millis(ms));
            assert_eq!(
                HumanDuration::parse(&spelled).unwrap().0,
                Duration::from_millis(ms),
                "{spelled}"
            );
        }
    }
}
