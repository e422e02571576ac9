//! Running a program to its end.

use std::{
    env, fmt,
    io::Read,
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How long a program may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(180);

/// What a program did.
#[derive(Clone, Debug)]
pub struct Run {
    /// The command, for messages.
    pub line: String,
    /// Its exit code; 128 + signal if it was killed, as a shell has it.
    pub code: i32,
    /// Its output; bytes that aren't UTF-8 are replaced.
    pub stdout: String,
    /// Its messages.
    pub stderr: String,
    /// How long it took.
    pub took: Duration,
}

impl Run {
    /// Itself; panics unless the program succeeded.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert!(self.code == 0, "failed: {self}");
        self
    }

    /// Itself; panics if the program succeeded.
    #[track_caller]
    pub fn fails(self) -> Self {
        assert!(self.code != 0, "succeeded: {self}");
        self
    }

    /// Its output as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("not JSON ({e}): {self}"))
    }

    /// Its output without the newline at the end.
    pub fn text(&self) -> &str {
        self.stdout.trim_end()
    }

    /// The lines of its output.
    pub fn lines(&self) -> Vec<&str> {
        self.stdout.lines().collect()
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\nexit code {}\nstdout: {}\nstderr: {}", self.line, self.code, self.stdout, self.stderr)
    }
}

/// Runs `command` with an empty stdin; panics if it can't start or takes longer than three minutes.
#[track_caller]
pub fn run(command: &mut Command) -> Run {
    let line = line(command);
    let begun = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("cannot run {line}: {e}"));
    let stdout = collect(child.stdout.take().expect("stdout is piped"));
    let stderr = collect(child.stderr.take().expect("stderr is piped"));
    let mut pause = Duration::from_micros(500);
    let status = loop {
        if let Some(status) = child.try_wait().expect("the child is ours") {
            break status;
        }
        if begun.elapsed() > PATIENCE {
            child.kill().expect("the child is ours");
            panic!("still running after {PATIENCE:?}: {line}");
        }
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(10));
    };
    let took = begun.elapsed();
    let text = |reader: thread::JoinHandle<Vec<u8>>| {
        String::from_utf8_lossy(&reader.join().expect("the reader doesn't panic")).into_owned()
    };
    let code = status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0));
    Run { line, code, stdout: text(stdout), stderr: text(stderr), took }
}

/// The command as one would type it.
pub fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Where `program` is: itself if it is a path, else by `PATH` and the directories for root.
pub fn which(program: &str) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(PathBuf::from(program)).filter(|p| p.is_file());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let mut dirs: Vec<PathBuf> = env::split_paths(&path).collect();
    dirs.extend(["/usr/sbin".into(), "/sbin".into()]);
    dirs.into_iter().map(|dir| dir.join(program)).find(|p| p.is_file())
}

fn collect(mut from: impl Read + Send + 'static) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // A read fails only when the child is gone; what came before counts.
        let _ = from.read_to_end(&mut bytes);
        bytes
    })
}
