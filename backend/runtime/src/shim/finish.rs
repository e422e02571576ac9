//! After the process's end.

use std::path::Path;

use rustix::process::WaitStatus;

use super::serve::Shim;
use crate::{Exit, cgroup, record, runtime::Runtime as _, wire::Reply};

impl Shim {
    /// Records how the process ended, tells everybody, and removes what the runtime has of it. From then on the directory
    /// is free for the next shim; this one only still delivers what clients haven't taken.
    pub(super) fn tell_exit(&mut self) {
        let Some((status, finished_at, _)) = self.ended else { return };
        self.told = true;
        let here = Path::new(".");
        let is_container = self.launch.key.exec.is_none();
        note("log the last line", self.log.as_mut().map_or(Ok(()), crate::log::LogWriter::finish));
        let exit = Exit {
            code: status.map_or(u8::MAX, code),
            signal: status.and_then(WaitStatus::terminating_signal),
            oom_killed: is_container && cgroup::kills(&self.launched.cgroups) > 0,
            started_at: self.launched.started_at,
            finished_at,
            lost: status.is_none(),
        };
        note("record the exit", record::write(here, record::EXIT, &exit));
        self.launched.exit = Some(exit.clone());
        let watched = self.clients.iter().any(|client| client.watches);
        let watching = self.clients.iter_mut().filter(|client| client.watches);
        watching.for_each(|client| client.send(&Reply::Exit(exit.clone())));
        self.listener = None;
        note("remove the socket", record::discard(here, record::SOCKET));
        if is_container {
            let log = self.log.take();
            if self.launch.durable {
                // Only now: nobody should have to wait for the disk to hear of an exit that a crash of ours can't lose.
                note("sync the log", log.map_or(Ok(()), |log| log.sync()));
                note("sync the exit", record::sync(here, record::EXIT));
            }
            let container = self.launch.container();
            let cgroups = self.launched.cgroups.of_container(container);
            if let Err(failure) = self.launch.runtime.delete_ended(container, &cgroups) {
                eprintln!("shim: cannot delete the container: {failure}");
            }
            if !watched {
                remove_parents(&cgroups);
            }
            self.streams.sources.clear();
        }
        self.lock = None;
    }
}

/// Removes the cgroup that a server's containers are in, with its last one: the server, which does so otherwise, is gone.
fn remove_parents(cgroups: &[&Path]) {
    let ours = |path: &&Path| {
        path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with("strata-"))
    };
    for parent in cgroups.iter().filter_map(|path| path.parent()).filter(ours) {
        // As long as others are in it this fails.
        let _ = std::fs::remove_dir(parent);
    }
}

fn code(status: WaitStatus) -> u8 {
    let code = status.exit_status().or_else(|| status.terminating_signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

fn note(what: &str, result: std::io::Result<()>) {
    if let Err(error) = result {
        eprintln!("shim: cannot {what}: {error}");
    }
}
