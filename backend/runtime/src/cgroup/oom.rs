//! Whether the kernel killed something because a memory limit was reached.

use std::{fs, io, os::fd::OwnedFd, path::Path, time::Duration};

use rustix::event::{EventfdFlags, PollFlags, eventfd};

use super::Cgroups;

/// How often the kernel killed a process of the group for its memory limit.
pub(crate) fn kills(cgroups: &Cgroups) -> u64 {
    let (file, _) = match events_file(cgroups) {
        Some(found) => found,
        None => return 0,
    };
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines()
        .find_map(|line| line.strip_prefix("oom_kill "))
        .and_then(|count| count.trim().parse().ok())
        .unwrap_or(0)
}

/// The file that counts, and whether it is version 1's.
fn events_file(cgroups: &Cgroups) -> Option<(std::path::PathBuf, bool)> {
    if let Some(directory) = cgroups.v1("memory") {
        return Some((directory.join("memory.oom_control"), true));
    }
    Some((cgroups.unified()?.join("memory.events"), false))
}

/// A descriptor that becomes ready when the kernel may have killed something.
pub(crate) struct OomWatch {
    ready: OwnedFd,
    /// What to poll for.
    pub flags: PollFlags,
    seen: u64,
    /// How often to look again: version 1 tells before it kills.
    looks: u8,
}

/// How often, with [`LOOK_AGAIN`] in between, to look for a kill that was announced.
const LOOKS: u8 = 50;

/// How long a kill may take that was announced.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_millis(10);

impl OomWatch {
    /// Subscribes.
    pub fn new(cgroups: &Cgroups) -> io::Result<Self> {
        let (file, v1) = events_file(cgroups).ok_or(io::ErrorKind::NotFound)?;
        let (ready, flags) =
            if v1 { (subscribe_v1(&file)?, PollFlags::IN) } else { (open(&file)?, PollFlags::PRI) };
        let watch = Self { ready, flags, seen: kills(cgroups), looks: 0 };
        watch.acknowledge();
        Ok(watch)
    }

    /// To be polled for [`OomWatch::flags`].
    pub fn descriptor(&self) -> &OwnedFd {
        &self.ready
    }

    /// Whether there may be a kill to find without further notice, if one looks again in [`LOOK_AGAIN`].
    pub fn is_expectant(&self) -> bool {
        self.looks > 0
    }

    /// Whether something was killed since the last call. `ready` says whether the descriptor was.
    pub fn killed(&mut self, ready: bool, cgroups: &Cgroups) -> bool {
        if ready {
            self.acknowledge();
            self.looks = LOOKS;
        }
        if self.looks == 0 {
            return false;
        }
        let now = kills(cgroups);
        let killed = std::mem::replace(&mut self.seen, now) < now;
        self.looks = if killed { 0 } else { self.looks - 1 };
        killed
    }

    /// Reads, which is what ends the readiness.
    fn acknowledge(&self) {
        let mut buffer = [0; 256];
        if self.flags == PollFlags::PRI {
            let _ = rustix::io::pread(&self.ready, &mut buffer, 0);
        } else {
            let _ = rustix::io::read(&self.ready, &mut buffer[..8]);
        }
    }
}

fn open(file: &Path) -> io::Result<OwnedFd> {
    Ok(fs::File::open(file)?.into())
}

fn subscribe_v1(oom_control: &Path) -> io::Result<OwnedFd> {
    use std::os::fd::AsRawFd as _;
    let ready = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
    let control = open(oom_control)?;
    let line = format!("{} {}", ready.as_raw_fd(), control.as_raw_fd());
    fs::write(oom_control.with_file_name("cgroup.event_control"), line)?;
    Ok(ready)
}
