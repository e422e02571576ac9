//! Who a process is.

use std::{fs, io};

use serde::{Deserialize, Serialize};

/// A process that can't be mistaken for a later one with the same pid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Process {
    /// Its pid in our pid namespace. Its namespaces are `/proc/<pid>/ns/…` as long as [`Process::is_alive`].
    pub pid: i32,
    /// When it was started, in clock ticks since the machine was (field 22 of `/proc/<pid>/stat`).
    pub start_time: u64,
}

impl Process {
    /// Looks the start time of a process up.
    ///
    /// # Errors
    /// When there is no such process.
    pub fn identify(pid: i32) -> io::Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let (_, start_time) = parse(&stat).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))?;
        Ok(Self { pid, start_time })
    }

    /// Whether this very process has not ended. One that nobody has reaped yet has.
    pub fn is_alive(&self) -> bool {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap_or_default();
        parse(&stat)
            .is_some_and(|(state, start_time)| start_time == self.start_time && !matches!(state, "Z" | "X"))
    }
}

/// Fields 3 and 22, state and start time. The second is a name in parentheses that may contain anything, so we count after
/// the last one.
fn parse(stat: &str) -> Option<(&str, u64)> {
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    Some((fields.next()?, fields.nth(18)?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::{Process, parse};

    #[test]
    fn finds_the_field_behind_any_name() {
        let stat = |name: &str| format!("7 ({name}) S 1 7 7 0 -1 4 1 2 3 4 5 6 7 8 20 0 1 0 4711 1 2");
        for name in ["sh", "a b", "x) S 1 (", ")"] {
            assert_eq!(parse(&stat(name)), Some(("S", 4711)), "{name}");
        }
        assert_eq!(parse("7 (sh"), None);
    }

    #[test]
    fn knows_itself() {
        let pid = i32::try_from(std::process::id()).expect("pids fit");
        let me = Process::identify(pid).expect("we exist");
        assert!(me.is_alive());
        assert!(!Process { start_time: me.start_time + 1, ..me }.is_alive());
    }
}
