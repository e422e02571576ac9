//! A union of directories as the kernel makes it.

use std::{
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use crate::{Scratch, run};

/// A read-only overlay mount, unmounted on drop.
pub struct Overlay {
    scratch: Scratch,
}

/// Which extended attributes carry the overlay's own marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marks {
    /// `trusted.overlay.*`: the layers were made by root.
    Trusted,
    /// `user.overlay.*`: by an ordinary user.
    User,
}

impl Overlay {
    /// Mounts `layers`, bottom first.
    #[track_caller]
    pub fn mount(layers: &[PathBuf], marks: Marks) -> Self {
        let scratch = Scratch::new("union");
        // Two lowers at least are asked for by the kernel where there is no upper.
        scratch.dir("empty");
        let mut names = vec!["empty".to_owned()];
        // mount(2) takes 4,095 bytes of options: short relative names instead of the real ones.
        for (number, layer) in layers.iter().enumerate() {
            assert!(layer.is_dir(), "no layer at {}", layer.display());
            symlink(layer, scratch.join(number.to_string())).expect("the scratch directory is writable");
            names.push(number.to_string());
        }
        names.reverse();
        let mut options = format!("ro,lowerdir={}", names.join(":"));
        if marks == Marks::User {
            options += ",userxattr";
        }
        let at = scratch.dir("merged");
        let mut command = Command::new("mount");
        command.args(["-t", "overlay", "overlay", "-o", &options]).arg(&at).current_dir(scratch.path());
        run(&mut command).ok();
        Self { scratch }
    }

    /// Where the union is.
    pub fn path(&self) -> PathBuf {
        self.scratch.join("merged")
    }
}

/// A small file system of its own, to be filled up.
#[track_caller]
pub fn tmpfs(at: &Path, bytes: u64) {
    std::fs::create_dir_all(at).expect("the scratch directory is writable");
    run(Command::new("mount")
        .args(["-t", "tmpfs", "-o", &format!("size={bytes},mode=755"), "tmpfs"])
        .arg(at))
    .ok();
}

/// Makes the file system of [`tmpfs`] larger.
#[track_caller]
pub fn enlarge(at: &Path, bytes: u64) {
    run(Command::new("mount").args(["-o", &format!("remount,size={bytes}")]).arg(at)).ok();
}
