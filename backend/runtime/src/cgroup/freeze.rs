//! Freezing and thawing a container, without the runtime, whose program needs longer to get going than this takes.

use std::{
    fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use super::Cgroups;
use crate::Id;

/// How long the processes may take to stand still: one that waits for a disk comes late.
const PATIENCE: Duration = Duration::from_millis(200);

/// Between two looks.
const LOOK: Duration = Duration::from_micros(50);

/// How a container's group is frozen.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Freezer {
    /// What is written.
    file: PathBuf,
    /// To freeze, to thaw.
    words: [&'static str; 2],
    /// What tells that all stand still: a file, and a line of it.
    sign: (PathBuf, &'static str),
}

impl Freezer {
    /// The one of the group that a container alone is in.
    pub fn of(cgroups: &Cgroups, id: &Id) -> Option<Self> {
        let own = |at: &Path| at.file_name().is_some_and(|name| name == id.as_str()).then(|| at.to_owned());
        match cgroups.v1("freezer") {
            Some(at) => {
                let file = own(at)?.join("freezer.state");
                Some(Self { file: file.clone(), words: ["FROZEN", "THAWED"], sign: (file, "FROZEN") })
            }
            None => {
                let at = own(cgroups.unified()?)?;
                let sign = (at.join("cgroup.events"), "frozen 1");
                Some(Self { file: at.join("cgroup.freeze"), words: ["1", "0"], sign })
            }
        }
    }

    /// Freezes what isn't frozen. `false` if that isn't possible this way, and then nothing is changed.
    pub fn freeze(&self) -> bool {
        if !self.is("THAWED", "0") || fs::write(&self.file, self.words[0]).is_err() {
            return false;
        }
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let text = fs::read_to_string(&self.sign.0).unwrap_or_default();
            if text.lines().any(|line| line == self.sign.1) {
                return true;
            }
            thread::sleep(LOOK);
        }
        let _ = fs::write(&self.file, self.words[1]);
        false
    }

    /// Thaws what is frozen. `false` if that isn't possible this way.
    pub fn thaw(&self) -> bool {
        self.is("FROZEN", "1") && fs::write(&self.file, self.words[1]).is_ok()
    }

    fn is(&self, v1: &str, unified: &str) -> bool {
        let text = fs::read_to_string(&self.file).unwrap_or_default();
        [v1, unified].contains(&text.trim())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files in place of the kernel: one that stands still at once, and one that never does.
    #[test]
    fn a_group_that_does_not_stand_still_is_left_as_it_was() {
        let dir = tempfile::tempdir().expect("a directory");
        let id = Id::parse("x").expect("an id");
        let group = dir.path().join("x");
        fs::create_dir(&group).expect("creates");
        let freezer = Freezer::of(&Cgroups::unified_at(&group), &id).expect("its own group");
        let state = || fs::read_to_string(group.join("cgroup.freeze")).expect("reads");
        for (events, frozen, after) in
            [("populated 1\nfrozen 1\n", true, "1"), ("populated 1\nfrozen 0\n", false, "0")]
        {
            fs::write(group.join("cgroup.freeze"), "0\n").expect("writes");
            fs::write(group.join("cgroup.events"), events).expect("writes");
            assert_eq!((freezer.freeze(), state().as_str()), (frozen, after));
            assert_eq!(freezer.thaw(), frozen, "what is frozen can be thawed, and nothing else");
        }
        assert_eq!(Freezer::of(&Cgroups::unified_at(dir.path()), &id), None, "somebody else's");
    }
}
