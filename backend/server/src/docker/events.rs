//! `GET /events`: what happens, as it happens.

use futures_util::StreamExt;
use strata_engine::{Engine, EventsQuery};

use super::{Failure, images::filters};
use crate::{
    Shutdown,
    http::{Call, Lines, Response},
};

/// Streams events until `until`, the client's leaving or the server's end: `since`, `until`, `filters`.
pub async fn events((engine, shutdown): (Engine, Shutdown), call: Call) -> Result<Response, Failure> {
    let query = call.query();
    let moment = |key| query.text(key).map(|text| nanoseconds(&text)).transpose();
    let (since, until) = (moment("since")?, moment("until")?);
    if since.zip(until).is_some_and(|(since, until)| since > until) {
        let [since, until] = ["since", "until"].map(|key| query.text(key).unwrap_or_default());
        let message = format!("`since` time ({since}) cannot be after `until` time ({until})");
        return Err(Failure::invalid(message));
    }
    let events = engine.events(EventsQuery { since, until, filters: filters(&call)? });
    Ok(Lines::UNIX.reply(events.take_until(shutdown.into_begun())))
}

/// Unix nanoseconds of `seconds[.fraction]`, the form that clients send.
fn nanoseconds(text: &str) -> Result<i64, Failure> {
    let wrong =
        || Failure::invalid(format!("{text:?} is not a time: expected Unix seconds, such as 1700000000.5"));
    moment(text).ok_or_else(wrong)
}

/// Digits of a fraction that dockerd reads, though only nine count: clients of every language print their clocks here.
const MOST_DIGITS: usize = 19;

/// The same; `None` if it isn't one.
pub(super) fn moment(text: &str) -> Option<i64> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let seconds: i64 = seconds.parse().ok()?;
    if fraction.is_empty() || fraction.len() > MOST_DIGITS || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let fraction: i64 = format!("{fraction:0<9}")[..9].parse().ok()?;
    seconds.checked_mul(1_000_000_000)?.checked_add(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_with_a_fraction() {
        let read = |text: &str| nanoseconds(text).ok();
        assert_eq!(read("0"), Some(0));
        assert_eq!(read("1700000000"), Some(1_700_000_000_000_000_000));
        assert_eq!(read("1700000000.000000005"), Some(1_700_000_000_000_000_005));
        assert_eq!(read("1.5"), Some(1_500_000_000));
        assert_eq!(read("1.1234567890123456789"), Some(1_123_456_789));
        for wrong in ["", "x", "1.", "1.x", "1.00000000000000000001", "99999999999999999", "1h"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
