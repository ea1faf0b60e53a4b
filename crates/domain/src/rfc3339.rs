//! Points in time as text.

use std::fmt;

use crate::Timestamp;

const MICROS_A_DAY: i64 = 86_400_000_000;
/// 0000-01-01T00:00:00Z and the last microsecond of the year 9999: the limits of a year with four digits.
const FIRST: i64 = -62_167_219_200_000_000;
const LAST: i64 = 253_402_300_799_999_999;

/// A point in time in RFC 3339, in UTC with microseconds: `2026-11-22T04:16:00.123456Z`.
///
/// Stored inline, and made without a general formatter: every resource and every line of the log has such a text.
/// Times outside the years 0000 to 9999 are shown as the first or the last time within.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Rfc3339([u8; 27]);

impl Timestamp {
    /// The point as text.
    pub fn to_rfc3339(self) -> Rfc3339 {
        let micros = self.as_micros().clamp(FIRST, LAST);
        let (year, month, day) = civil(micros.div_euclid(MICROS_A_DAY));
        let of_day = micros.rem_euclid(MICROS_A_DAY);
        let seconds = of_day / 1_000_000;
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        write(&mut text[0..4], year);
        write(&mut text[5..7], month);
        write(&mut text[8..10], day);
        write(&mut text[11..13], seconds / 3600);
        write(&mut text[14..16], seconds / 60 % 60);
        write(&mut text[17..19], seconds % 60);
        write(&mut text[20..26], of_day % 1_000_000);
        Rfc3339(text)
    }
}

impl Rfc3339 {
    /// The text.
    pub fn as_str(&self) -> &str {
        // Only ASCII is written, so the fallback is never used.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Year, month and day of a day since 1970-01-01, in the proleptic Gregorian calendar. This is `civil_from_days` of
/// H. Hinnant, "chrono-Compatible Low-Level Date Algorithms". There years begin in March, so the leap day is the
/// last.
fn civil(days_since_1970: i64) -> (i64, i64, i64) {
    const DAYS_IN_400_YEARS: i64 = 146_097;
    const DAYS_FROM_YEAR_0_TO_1970: i64 = 719_468;
    let days = days_since_1970 + DAYS_FROM_YEAR_0_TO_1970;
    let (era, day_of_era) = (days.div_euclid(DAYS_IN_400_YEARS), days.rem_euclid(DAYS_IN_400_YEARS));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// Writes a number with leading zeros.
fn write(text: &mut [u8], mut number: i64) {
    for digit in text.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, SecondsFormat};

    use super::*;

    fn text(micros: i64) -> String {
        Timestamp::from_micros(micros).to_rfc3339().to_string()
    }

    #[test]
    fn has_six_digits_and_a_z() {
        assert_eq!(text(1_763_784_960_123_456), "2025-11-22T04:16:00.123456Z");
        assert_eq!(text(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(text(-1), "1969-12-31T23:59:59.999999Z");
    }

    #[test]
    fn agrees_with_the_library() {
        let library =
            |micros| DateTime::from_timestamp_micros(micros).unwrap().to_rfc3339_opts(SecondsFormat::Micros, true);
        // A step of some nineteen hours: every day of ten thousand years, at all times of the day.
        let mut micros = FIRST;
        while micros <= LAST {
            assert_eq!(text(micros), library(micros));
            micros += 68_399_777_123_457;
        }
        assert_eq!(text(LAST), library(LAST));
    }

    #[test]
    fn stays_within_four_digits() {
        assert_eq!(text(i64::MIN), "0000-01-01T00:00:00.000000Z");
        assert_eq!(text(i64::MAX), "9999-12-31T23:59:59.999999Z");
    }
}
