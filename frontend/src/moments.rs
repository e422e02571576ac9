//! Times: from RFC 3339 and seconds to what a list shows.

use crate::words::{Lang, Word};

/// Seconds since 1970 of an RFC 3339 time such as `2024-05-01T12:00:00.123+02:00`.
pub fn parse(text: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let rest = text.get(19..)?.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let offset = match rest.as_bytes() {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), ..] => {
            let (hours, minutes) = rest.get(1..)?.split_once(':')?;
            let seconds = hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60;
            if *sign == b'-' { -seconds } else { seconds }
        }
        _ => return None,
    };
    Some(days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset)
}

/// Days since 1970 of a date of the Gregorian calendar (H. Hinnant's `days_from_civil`).
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// `2024-05-01 12:00:00` in UTC.
pub fn stamp(seconds: i64) -> String {
    let (day, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// How long ago `then` is, in the units and by the rounding of docker's lists, but for weeks, which are told in days.
pub fn age(then: i64, now: i64, lang: Lang) -> String {
    let past = now - then;
    if past < 45 {
        return Word::JustNow.text(lang).to_owned();
    }
    let (count, word) = match past {
        ..3600 => ((past / 60).max(1), Word::MinutesAgo),
        3600..171_000 => ((past + 1800) / 3600, Word::HoursAgo),
        171_000..5_184_000 => ((past / 86_400).max(1), Word::DaysAgo),
        5_184_000..63_072_000 => (past / 2_592_000, Word::MonthsAgo),
        _ => (past / 31_536_000, Word::YearsAgo),
    };
    word.with(lang, &[&count.to_string()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_configs_have() {
        assert_eq!(parse("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse("2024-02-29T12:34:56.789Z"), Some(1_709_210_096));
        assert_eq!(parse("2024-02-29T14:34:56+02:00"), Some(1_709_210_096));
        assert_eq!(parse("0001-01-01T00:00:00Z"), Some(-62_135_596_800));
        for bad in ["", "yesterday", "2024-02-29", "2024-02-29T12:34:56", "2024-02-29T12:34:5\u{e9}Z"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn stamps_are_what_was_parsed() {
        for text in
            ["1970-01-01 00:00:00", "2024-02-29 12:34:56", "1969-12-31 23:59:59", "2100-03-01 00:00:00"]
        {
            assert_eq!(stamp(parse(&format!("{}Z", text.replace(' ', "T"))).expect(text)), text);
        }
    }

    #[test]
    fn ages_in_both_languages() {
        let day = 86_400;
        let cases = [
            (10, "just now"),
            (60, "1 min ago"),
            (3599, "59 min ago"),
            (7200, "2 h ago"),
            (47 * 3600, "47 h ago"),
            (3 * day, "3 d ago"),
            // docker: "10 months ago", not eleven, and "23 months ago", not two years.
            (325 * day, "10 mo ago"),
            (700 * day, "23 mo ago"),
            (800 * day, "2 y ago"),
        ];
        for (past, shown) in cases {
            assert_eq!(age(0, past, Lang::En), shown);
        }
        assert_eq!(age(0, 3 * day, Lang::Zh), "3 天前");
    }
}
