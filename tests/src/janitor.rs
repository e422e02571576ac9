//! A process that outlives the tests by a moment and takes down what they left.
//!
//! It reads lines from a pipe whose only other end is in the test process. When that ends (return, panic in a static,
//! `kill -9`), the pipe closes and the janitor ends the processes it was told of, then unmounts and removes the
//! directories.

use std::{
    io::Write,
    os::unix::process::CommandExt,
    path::Path,
    process::{ChildStdin, Command, Stdio},
    sync::{Mutex, OnceLock, PoisonError},
};

const SCRIPT: &str = r#"
pids= dirs=
while read -r what it; do
  case $what in
    pid) pids="$pids $it" ;;
    ended) left=; for p in $pids; do [ "$p" = "$it" ] || left="$left $p"; done; pids=$left ;;
    dir) dirs="$dirs $it" ;;
    gone) left=; for d in $dirs; do [ "$d" = "$it" ] || left="$left $d"; done; dirs=$left ;;
  esac
done
[ -z "$pids" ] || kill -TERM $pids 2>/dev/null
for turn in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40; do
  alive=; for p in $pids; do kill -0 $p 2>/dev/null && alive=1; done
  [ -n "$alive" ] || break
  sleep 0.25
done
[ -z "$pids" ] || kill -KILL $pids 2>/dev/null
for d in $dirs; do
  while read -r _ at _; do case $at in "$d"/*) echo "$at" ;; esac; done < /proc/self/mounts | sort -r |
    while read -r at; do umount -l "$at"; done
  rm -rf "$d"
done
"#;

#[expect(clippy::zombie_processes, reason = "it ends after us")]
fn pipe() -> &'static Mutex<ChildStdin> {
    static PIPE: OnceLock<Mutex<ChildStdin>> = OnceLock::new();
    PIPE.get_or_init(|| {
        // A group of its own: Ctrl-C ends the tests, not who cleans up after them.
        let mut child = Command::new("sh")
            .args(["-c", SCRIPT])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("there is a shell");
        Mutex::new(child.stdin.take().expect("stdin is piped"))
    })
}

fn tell(line: &str) {
    let mut pipe = pipe().lock().unwrap_or_else(PoisonError::into_inner);
    writeln!(pipe, "{line}").expect("the janitor reads as long as we live");
}

/// `pid` is a child of ours that has to end with us.
pub fn process(pid: u32) {
    tell(&format!("pid {pid}"));
}

/// `pid` has been waited for; the number may be reused.
pub fn ended(pid: u32) {
    tell(&format!("ended {pid}"));
}

/// `dir` and what is mounted below it has to go with us. The path must not have spaces.
pub fn directory(dir: &Path) {
    tell(&format!("dir {}", dir.display()));
}

/// `dir` has been removed.
pub fn removed(dir: &Path) {
    tell(&format!("gone {}", dir.display()));
}
