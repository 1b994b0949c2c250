//! Points in time inside the core: milliseconds since the Unix epoch, and the
//! two spellings the HTTP surfaces use for them.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Ms = i64;

/// One second in [`Ms`].
pub(crate) const SECOND: Ms = 1_000;
/// One minute in [`Ms`].
pub(crate) const MINUTE: Ms = 60 * SECOND;
/// One hour in [`Ms`].
pub(crate) const HOUR: Ms = 60 * MINUTE;
/// One day in [`Ms`].
pub(crate) const DAY: Ms = 24 * HOUR;

/// The calendar day of a count of days since 1970-01-01 (proleptic Gregorian).
/// By hand for the reason [`stamp`] is; a test holds it to jiff's.
fn day_of(days: i64) -> (i64, u32, u32) {
    // Counted from 0000-03-01, leap days come last in their cycle of 400 years.
    let days = days + 719_468;
    let cycle = days.div_euclid(146_097);
    let of_cycle = days.rem_euclid(146_097);
    let year_of_cycle =
        (of_cycle - of_cycle / 1_460 + of_cycle / 36_524 - of_cycle / 146_096) / 365;
    let of_year = of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = year_of_cycle + cycle * 400 + i64::from(month <= 2);
    (year, month as u32, day as u32)
}

fn civil(at: Ms) -> DateTime {
    let stamp = jiff::Timestamp::from_millisecond(at).unwrap_or_default();
    Offset::UTC.to_datetime(stamp)
}

fn digits(into: &mut [u8], mut value: u32) {
    for slot in into.iter_mut().rev() {
        *slot = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// Writes `YYYY-MM-DDTHH:MM:SS.mmmZ` by hand: a ticket has half a dozen
/// stamps, and a formatter would be most of what it costs to serve one.
fn stamp(at: Ms) -> [u8; 24] {
    let (year, month, day) = day_of(at.div_euclid(DAY));
    let of_day = at.rem_euclid(DAY) as u32;
    let mut out = *b"0000-00-00T00:00:00.000Z";
    digits(&mut out[0..4], year.unsigned_abs() as u32);
    digits(&mut out[5..7], month);
    digits(&mut out[8..10], day);
    digits(&mut out[11..13], of_day / 3_600_000);
    digits(&mut out[14..16], of_day / 60_000 % 60);
    digits(&mut out[17..19], of_day / 1_000 % 60);
    digits(&mut out[20..23], of_day % 1_000);
    out
}

fn ascii(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// The v2 API's spelling: `YYYY-MM-DDTHH:MM:SSZ`, no fraction. [D]
pub(crate) fn seconds(at: Ms) -> String {
    let mut out = stamp(at);
    out[19] = b'Z';
    ascii(&out[..20]).to_owned()
}

/// The same, appended to what is being written.
pub(crate) fn seconds_into(at: Ms, out: &mut Vec<u8>) {
    let mut stamp = stamp(at);
    stamp[19] = b'Z';
    out.extend_from_slice(&stamp[..20]);
}

/// The control API's spelling: RFC 3339 UTC with milliseconds.
pub(crate) fn millis(at: Ms) -> String {
    ascii(&stamp(at)).to_owned()
}

/// The same, appended to what is being written.
pub(crate) fn millis_into(at: Ms, out: &mut Vec<u8>) {
    out.extend_from_slice(&stamp(at));
}

/// `YYYY-MM-DD` of a point in time, UTC.
pub(crate) fn date(at: Ms) -> String {
    ascii(&stamp(at)[..10]).to_owned()
}

/// `20260102T030405Z`, as pre-signed URLs spell it.
pub(crate) fn compact(at: Ms) -> String {
    civil(at).strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// "March 23 2016 at 10:06 AM", as the due-time placeholder spells it. [O]
pub(crate) fn prose(at: Ms) -> String {
    civil(at).strftime("%B %d %Y at %I:%M %p").to_string()
}

/// Reads every form the reference lists: a date, with or without hours,
/// minutes, seconds, `Z`, `+hh:mm`, `+hh`, `+hhmm`; no zone means UTC. [D]
///
/// A blank where the `+` of the zone was (an unescaped query) is taken as `+`.
pub(crate) fn parse(text: &str) -> Option<Ms> {
    let text = text.trim();
    let mended;
    let text = match text.rfind(' ') {
        Some(at) if at > 10 && text[at..].len() >= 3 => {
            mended = format!("{}+{}", &text[..at], &text[at + 1..]);
            mended.as_str()
        }
        _ => text,
    };
    if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
        return Some(stamp.as_millisecond());
    }
    let civil: DateTime = text.parse().ok()?;
    let zoned = civil.to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documented_date_forms_are_read() {
        let noon = parse("2026-01-19T09:30:00Z");
        for form in [
            "2026-01-19T09:30",
            "2026-01-19T09:30:00",
            "2026-01-19T09:30Z",
            "2026-01-19T15:00:00+05:30",
            "2026-01-19T15:00+0530",
            "2026-01-19T15:00:00 05:30",
            "2026-01-19T10:30:00+01",
        ] {
            assert_eq!(parse(form), noon, "{form}");
        }
        assert_eq!(parse("2026-01-19").map(date).as_deref(), Some("2026-01-19"));
        assert_eq!(parse("yesterday"), None);
    }

    proptest::proptest! {
        /// Years 0 to 9999, of which every one is spelled with four digits.
        #[test]
        fn stamps_are_jiffs(at in -62_167_219_200_000_i64..253_402_207_200_000) {
            let stamp = jiff::Timestamp::from_millisecond(at).unwrap();
            proptest::prop_assert_eq!(millis(at), stamp.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string());
        }
    }

    #[test]
    fn both_spellings() {
        let at = 1_768_815_000_042;
        assert_eq!(seconds(at), "2026-01-19T09:30:00Z");
        assert_eq!(millis(at), "2026-01-19T09:30:00.042Z");
        assert_eq!(prose(at), "January 19 2026 at 09:30 AM");
    }
}
