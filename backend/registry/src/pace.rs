//! When to try again, and when to give up.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, header::RETRY_AFTER};

use crate::Retry;

/// Bytes that show that a transfer is getting on, so that earlier failures no longer count.
const PROGRESS: u64 = 64 << 10;
/// Even a transfer that gets on is given up after this many times [`Retry::attempts`].
const PATIENCE: u32 = 10;

/// Counts the tries of one request or transfer.
#[derive(Debug)]
pub(crate) struct Pace {
    retry: Retry,
    in_a_row: u32,
    in_all: u32,
    asked: Duration,
    since: u64,
}

impl Pace {
    pub(crate) fn new(retry: Retry) -> Self {
        Self { retry, in_a_row: 0, in_all: 0, asked: Duration::ZERO, since: 0 }
    }

    /// For a server that there is a substitute for: one try.
    pub(crate) fn once(retry: Retry) -> Self {
        Self::new(Retry { attempts: 1, ..retry })
    }

    /// How often it failed already.
    pub(crate) fn tries(&self) -> u32 {
        self.in_all
    }

    /// Notes that `bytes` new bytes came.
    pub(crate) fn progress(&mut self, bytes: u64) {
        self.since += bytes;
        if self.since >= PROGRESS {
            self.in_a_row = 0;
            self.since = 0;
        }
    }

    /// Notes a failed try: how long to wait before the next, or `None` to give up.
    ///
    /// `asked` is the server's `Retry-After`.
    pub(crate) fn again(&mut self, asked: Option<Duration>) -> Option<Duration> {
        self.in_a_row += 1;
        self.in_all += 1;
        if self.in_a_row >= self.retry.attempts || self.in_all >= self.retry.attempts.saturating_mul(PATIENCE)
        {
            return None;
        }
        match asked {
            Some(wait) => {
                self.asked += wait;
                (self.asked <= self.retry.asked_wait).then_some(wait)
            }
            None => {
                let doubled = self.retry.first_wait.saturating_mul(1 << (self.in_a_row - 1).min(16));
                Some(jitter(doubled.min(self.retry.longest_wait)))
            }
        }
    }
}

/// Between half and the whole of `wait`, so that clients cut off together do not come back together.
fn jitter(wait: Duration) -> Duration {
    let random = getrandom::u32().unwrap_or(u32::MAX / 2);
    wait.mul_f64(0.5 + f64::from(random) / f64::from(u32::MAX) / 2.0)
}

/// Reads `Retry-After`: seconds or a date.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        // Kept small enough to be added up.
        return Some(Duration::from_secs(seconds.min(u64::from(u32::MAX))));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY: Retry = Retry {
        attempts: 4,
        first_wait: Duration::from_millis(100),
        longest_wait: Duration::from_millis(300),
        asked_wait: Duration::from_secs(10),
    };

    #[test]
    fn waits_longer_then_gives_up() {
        let mut pace = Pace::new(RETRY);
        for longest in [100, 200, 300] {
            let wait = pace.again(None).expect("a try is left").as_millis();
            assert!(wait <= longest && wait * 2 >= longest - 2, "{wait} of {longest}");
        }
        assert_eq!(pace.again(None), None);
        assert_eq!(Pace::once(RETRY).again(None), None);
    }

    #[test]
    fn progress_forgives_but_not_for_ever() {
        let mut pace = Pace::new(RETRY);
        let tries = (0..1000).take_while(|_| {
            pace.progress(PROGRESS);
            pace.again(None).is_some()
        });
        assert_eq!(tries.count(), 39);
        let mut pace = Pace::new(RETRY);
        let tries = (0..1000).take_while(|_| {
            pace.progress(1);
            pace.again(None).is_some()
        });
        assert_eq!(tries.count(), 3);
    }

    #[test]
    fn does_as_it_is_asked_within_reason() {
        let mut pace = Pace::new(RETRY);
        assert_eq!(pace.again(Some(Duration::from_secs(6))), Some(Duration::from_secs(6)));
        assert_eq!(pace.again(Some(Duration::from_secs(6))), None);
        assert_eq!(Pace::new(RETRY).again(Some(Duration::from_secs(11))), None);
    }

    #[test]
    fn reads_retry_after() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_770);
        let read = |text: &str| {
            let headers = [(RETRY_AFTER, text.parse().expect("a header value"))].into_iter().collect();
            retry_after(&headers, now).map(|wait| wait.as_secs())
        };
        assert_eq!(read("7"), Some(7));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT"), Some(7));
        assert_eq!(read("Sun, 06 Nov 1994 08:49:00 GMT"), Some(0));
        assert_eq!(read("18446744073709551615"), Some(u64::from(u32::MAX)));
        assert_eq!(read("soon"), None);
        assert_eq!(read("-1"), None);
    }
}
