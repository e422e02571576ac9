//! Restart policies: whether an ended container is started again, and when.

use std::time::Duration;

use strata_api::engine::RestartPolicy;

/// Between the first end and the first new start.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest pause.
const LAST_PAUSE: Duration = Duration::from_secs(60);
/// Who ran this long starts over with the first pause.
const STABLE: Duration = Duration::from_secs(10);

/// How a container ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ended {
    /// Its exit code.
    pub code: i32,
    /// How long it ran.
    pub ran: Duration,
    /// Whether a client stopped it.
    pub stopped: bool,
    /// Restarts so far.
    pub restarts: u64,
}

/// Decides for one container; remembers the pause.
#[derive(Clone, Debug, Default)]
pub(crate) struct Backoff {
    pause: Option<Duration>,
}

impl Backoff {
    /// How long to wait before it is started again; `None` if it isn't.
    pub(crate) fn next(&mut self, policy: &RestartPolicy, ended: Ended) -> Option<Duration> {
        if ended.stopped || !wants(policy, ended) {
            return None;
        }
        let pause = match self.pause {
            Some(last) if ended.ran < STABLE => (last * 2).min(LAST_PAUSE),
            _ => FIRST_PAUSE,
        };
        self.pause = Some(pause);
        Some(pause)
    }
}

fn wants(policy: &RestartPolicy, ended: Ended) -> bool {
    match policy.name.as_str() {
        "always" | "unless-stopped" => true,
        "on-failure" => {
            let most = u64::try_from(policy.maximum_retry_count).unwrap_or(0);
            ended.code != 0 && (most == 0 || ended.restarts < most)
        }
        _ => false,
    }
}

/// Whether a container that is not running is started when the server starts.
///
/// `was_up` says that it ran when the server last looked, `stopped` that a client had stopped it; `code` is how it ended.
pub(crate) fn at_server_start(policy: &RestartPolicy, was_up: bool, stopped: bool, code: i32) -> bool {
    match policy.name.as_str() {
        "always" => true,
        "unless-stopped" => !stopped,
        "on-failure" => was_up && !stopped && code != 0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(name: &str, most: i64) -> RestartPolicy {
        RestartPolicy { name: name.into(), maximum_retry_count: most }
    }

    fn ended(code: i32) -> Ended {
        Ended { code, ran: Duration::ZERO, stopped: false, restarts: 0 }
    }

    #[test]
    fn each_policy_restarts_what_it_says() {
        let again = |policy: &RestartPolicy, ended| Backoff::default().next(policy, ended).is_some();
        assert!(!again(&policy("", 0), ended(1)));
        assert!(!again(&policy("no", 0), ended(1)));
        assert!(again(&policy("always", 0), ended(0)));
        assert!(again(&policy("unless-stopped", 0), ended(0)));
        assert!(!again(&policy("always", 0), Ended { stopped: true, ..ended(0) }));
        assert!(!again(&policy("on-failure", 0), ended(0)));
        assert!(again(&policy("on-failure", 0), Ended { restarts: 99, ..ended(1) }));
        assert!(again(&policy("on-failure", 3), Ended { restarts: 2, ..ended(1) }));
        assert!(!again(&policy("on-failure", 3), Ended { restarts: 3, ..ended(1) }));
    }

    #[test]
    fn the_pause_doubles_up_to_a_minute_and_starts_over() {
        let mut backoff = Backoff::default();
        let always = policy("always", 0);
        let pauses: Vec<u128> =
            (0..12).filter_map(|_| backoff.next(&always, ended(1))).map(|pause| pause.as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000]);
        let stable = Ended { ran: Duration::from_secs(10), ..ended(1) };
        assert_eq!(backoff.next(&always, stable), Some(FIRST_PAUSE));
    }

    #[test]
    fn a_new_server_starts_what_should_run() {
        assert!(at_server_start(&policy("always", 0), false, true, 0));
        assert!(at_server_start(&policy("unless-stopped", 0), false, false, 0));
        assert!(!at_server_start(&policy("unless-stopped", 0), true, true, 1));
        assert!(at_server_start(&policy("on-failure", 5), true, false, 255));
        assert!(!at_server_start(&policy("on-failure", 5), true, false, 0));
        assert!(!at_server_start(&policy("on-failure", 5), false, false, 1));
        assert!(!at_server_start(&policy("no", 0), true, false, 1));
    }
}
