//! The states of a container and what leads from one to another.
//!
//! ```text
//!            start                exit
//! created ─────────► running ────────────► exited ──start──► running
//!    │               │  ▲  │ ▲              │
//!    │         pause │  │  │ │ next try     │ remove
//!    │               ▼  │  ▼ │              ▼
//!    │            paused   restarting    removing ──► (gone)
//!    └───────────────────remove─────────────┘   └───► dead, if something could not be removed
//! ```

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Error, Kind, elapsed};

/// Where in its life a container is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Never started.
    #[default]
    Created,
    /// Its process runs.
    Running,
    /// Its processes are frozen.
    Paused,
    /// Its process ended and its policy will start it again.
    Restarting,
    /// It is being removed.
    Removing,
    /// Its process ended.
    Exited,
    /// It could not be removed wholly.
    Dead,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Created,
        Self::Running,
        Self::Paused,
        Self::Restarting,
        Self::Removing,
        Self::Exited,
        Self::Dead,
    ];

    /// Docker's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Removing => "removing",
            Self::Exited => "exited",
            Self::Dead => "dead",
        }
    }

    /// Whether docker counts it as running: also while paused or about to be started again.
    pub fn is_up(self) -> bool {
        matches!(self, Self::Running | Self::Paused | Self::Restarting)
    }

    /// Whether there is a process.
    pub fn has_process(self) -> bool {
        matches!(self, Self::Running | Self::Paused)
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How a container is, as it is kept over restarts of the server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct State {
    /// Where in its life it is.
    pub status: Status,
    /// Its first process on the host, 0 if none.
    pub pid: i32,
    /// Of its last end.
    pub exit_code: i32,
    /// Whether its memory ran out in its last life.
    pub oom_killed: bool,
    /// Why it could not be started.
    pub error: String,
    /// When it was last started.
    pub started: Option<Timestamp>,
    /// When it last ended.
    pub finished: Option<Timestamp>,
}

impl State {
    /// Whether it may be started. A start of what runs is no error to most clients.
    pub fn check_start(&self) -> Result<(), Error> {
        match self.status {
            Status::Paused => Err(Error::conflict("cannot start a paused container, try unpause instead")),
            Status::Running => Err(Error::new(Kind::NotModified, "Container is already started")),
            Status::Removing | Status::Dead => {
                Err(Error::conflict("container is marked for removal and cannot be started"))
            }
            Status::Created | Status::Exited | Status::Restarting => Ok(()),
        }
    }

    /// Whether it may be paused.
    pub fn check_pause(&self, id: &str) -> Result<(), Error> {
        match self.status {
            Status::Running => Ok(()),
            Status::Paused => Err(Error::conflict(format!("Container {id} is already paused"))),
            Status::Restarting => Err(restarting(id)),
            _ => Err(Error::not_running(id)),
        }
    }

    /// Whether it may be resumed.
    pub fn check_unpause(&self, id: &str) -> Result<(), Error> {
        match self.status {
            Status::Paused => Ok(()),
            _ => Err(Error::new(Kind::Internal, format!("Container {id} is not paused"))),
        }
    }

    /// Whether a command may be run in it.
    pub fn check_exec(&self, id: &str, name: &str) -> Result<(), Error> {
        match self.status {
            Status::Running => Ok(()),
            Status::Paused => {
                Err(Error::conflict(format!("Container {name} is paused, unpause the container before exec")))
            }
            Status::Restarting => Err(restarting(id)),
            _ => Err(Error::conflict(format!("Container {id} is not running"))),
        }
    }

    /// Whether its processes may be listed.
    pub fn check_top(&self, id: &str) -> Result<(), Error> {
        match self.status {
            Status::Running | Status::Paused => Ok(()),
            Status::Restarting => Err(restarting(id)),
            _ => Err(Error::not_running(id)),
        }
    }

    /// Whether it may be removed. `name` is what the client called it.
    pub fn check_remove(&self, id: &str, name: &str, force: bool) -> Result<(), Error> {
        match self.status {
            Status::Removing => {
                Err(Error::conflict(format!("removal of container {name} is already in progress")))
            }
            _ if force => Ok(()),
            Status::Paused => Err(Error::conflict(format!(
                "You cannot remove a paused container {id}. Unpause and then stop the container before attempting removal or force remove"
            ))),
            Status::Running | Status::Restarting => {
                let state = if self.status == Status::Running { "running" } else { "restarting" };
                Err(Error::conflict(format!(
                    "You cannot remove a {state} container {id}. Stop the container before attempting removal or force remove"
                )))
            }
            Status::Created | Status::Exited | Status::Dead => Ok(()),
        }
    }

    /// Its process runs.
    pub fn start(&mut self, pid: i32, now: Timestamp) {
        self.status = Status::Running;
        self.pid = pid;
        self.exit_code = 0;
        self.oom_killed = false;
        self.error.clear();
        self.started = Some(now);
    }

    /// Its process ended. `again` says that its policy will start it.
    pub fn exit(&mut self, code: i32, oom: bool, at: Timestamp, again: bool) {
        if self.status != Status::Removing {
            self.status = if again { Status::Restarting } else { Status::Exited };
        }
        self.pid = 0;
        self.exit_code = code;
        self.oom_killed = oom;
        self.finished = Some(at);
    }

    /// It could not be started; it stays what it was.
    pub fn fail(&mut self, code: i32, error: &str) {
        if self.status.is_up() {
            self.status = Status::Exited;
        }
        self.pid = 0;
        self.exit_code = code;
        self.error = error.to_owned();
    }

    /// `Up 5 minutes (healthy)`: the STATUS column of `docker ps`. `health` is the word for its health, if it has one.
    pub fn in_words(&self, now: Timestamp, health: Option<&str>) -> String {
        let ago = |then: Option<Timestamp>| {
            let then = then.unwrap_or(now);
            elapsed::in_words(now.duration_since(then).unsigned_abs())
        };
        match self.status {
            Status::Created => "Created".into(),
            Status::Paused => format!("Up {} (Paused)", ago(self.started)),
            Status::Restarting => {
                format!("Restarting ({}) {} ago", self.exit_code, ago(self.finished))
            }
            Status::Running => match health {
                None => format!("Up {}", ago(self.started)),
                Some("starting") => format!("Up {} (health: starting)", ago(self.started)),
                Some(word) => format!("Up {} ({word})", ago(self.started)),
            },
            Status::Removing => "Removal In Progress".into(),
            Status::Dead => "Dead".into(),
            Status::Exited => format!("Exited ({}) {} ago", self.exit_code, ago(self.finished)),
        }
    }
}

fn restarting(id: &str) -> Error {
    Error::conflict(format!("Container {id} is restarting, wait until the container is running"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("a time")
    }

    #[test]
    fn the_column_is_worded_as_docker_words_it() {
        let mut state = State::default();
        let words = |state: &State, health| state.in_words(at(1000), health);
        assert_eq!(words(&state, None), "Created");
        state.start(7, at(700));
        assert_eq!(words(&state, None), "Up 5 minutes");
        assert_eq!(words(&state, Some("starting")), "Up 5 minutes (health: starting)");
        assert_eq!(words(&state, Some("healthy")), "Up 5 minutes (healthy)");
        state.status = Status::Paused;
        assert_eq!(words(&state, None), "Up 5 minutes (Paused)");
        state.exit(137, false, at(997), false);
        assert_eq!(words(&state, None), "Exited (137) 3 seconds ago");
        state.exit(1, false, at(999), true);
        assert_eq!(words(&state, None), "Restarting (1) 1 second ago");
    }

    #[test]
    fn what_may_be_done_in_which_state() {
        use Status::{Created, Dead, Exited, Paused, Removing, Restarting, Running};
        type Check = fn(&State) -> Result<(), Error>;
        let table: [(&str, Check, &[Status]); 6] = [
            ("start", |s| s.check_start(), &[Created, Exited, Restarting]),
            ("pause", |s| s.check_pause("i"), &[Running]),
            ("unpause", |s| s.check_unpause("i"), &[Paused]),
            ("exec", |s| s.check_exec("i", "i"), &[Running]),
            ("remove", |s| s.check_remove("i", "n", false), &[Created, Exited, Dead]),
            (
                "remove -f",
                |s| s.check_remove("i", "n", true),
                &[Created, Exited, Dead, Running, Paused, Restarting],
            ),
        ];
        for (verb, check, allowed) in table {
            for status in Status::ALL {
                let state = State { status, ..State::default() };
                assert_eq!(check(&state).is_ok(), allowed.contains(&status), "{verb} when {status:?}");
            }
        }
        let running = State { status: Running, ..State::default() };
        assert_eq!(running.check_start().expect_err("runs").kind, Kind::NotModified);
        let removing = State { status: Removing, ..State::default() };
        assert_eq!(
            removing.check_remove("i", "web", true).expect_err("removing").message,
            "removal of container web is already in progress"
        );
    }

    #[test]
    fn a_start_forgets_the_last_end() {
        let mut state = State::default();
        state.fail(127, "no such file");
        assert_eq!((state.status, state.exit_code), (Status::Created, 127));
        state.start(7, at(1));
        state.exit(3, true, at(2), false);
        assert_eq!((state.pid, state.exit_code, state.oom_killed), (0, 3, true));
        state.start(8, at(3));
        assert_eq!((state.exit_code, state.oom_killed, state.error.as_str()), (0, false, ""));
        assert_eq!(state.finished, Some(at(2)));
    }
}
