//! A program on a terminal, with somebody who types.

use std::{
    io::{Read, Write},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use crate::{Run, run};

/// How long a prompt, or the end, may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs `script ARGS`, which gives what it runs a terminal; whenever the text of the next pair appears, types the
/// other. The output has both streams, as a terminal shows them.
#[track_caller]
pub fn typed(script: &mut Command, dialogue: &[(String, String)]) -> Run {
    let line = run::line(script);
    let begun = Instant::now();
    let mut child = script
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|e| panic!("cannot run {line}: {e}"));
    let mut keyboard = child.stdin.take().expect("stdin is piped");
    let mut screen = child.stdout.take().expect("stdout is piped");
    let (seen, shown) = mpsc::channel();
    let reader = thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(n @ 1..) = screen.read(&mut buffer) {
            if seen.send(buffer[..n].to_vec()).is_err() {
                return;
            }
        }
    });
    let (mut stdout, mut read) = (String::new(), 0);
    let wait = |until: &dyn Fn(&str) -> bool, stdout: &mut String| {
        while !until(stdout) {
            match shown.recv_timeout(PATIENCE.saturating_sub(begun.elapsed())) {
                Ok(bytes) => *stdout += &String::from_utf8_lossy(&bytes),
                Err(mpsc::RecvTimeoutError::Disconnected) => return true,
                Err(mpsc::RecvTimeoutError::Timeout) => return false,
            }
        }
        true
    };
    let mut in_time = true;
    for (prompt, answer) in dialogue {
        in_time &= wait(&|text| text[read..].contains(prompt), &mut stdout);
        read = stdout.len();
        // Who has ended takes no more; what it said shows that.
        let _ = keyboard.write_all(answer.as_bytes());
    }
    in_time &= wait(&|_| false, &mut stdout);
    if !in_time {
        let _ = child.kill();
        panic!("still running after {PATIENCE:?}: {line}\n{stdout}");
    }
    let status = child.wait().expect("the child is ours");
    reader.join().expect("the reader doesn't panic");
    Run { line, code: status.code().unwrap_or(-1), stdout, stderr: String::new(), took: begun.elapsed() }
}
