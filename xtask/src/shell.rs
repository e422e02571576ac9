//! Running other programs.

use std::{
    env,
    ffi::OsStr,
    io::{self, BufRead, BufReader, IsTerminal, Write},
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::place;

/// A command that finds the cached tools, and programs of the system that ordinary users' paths leave out.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env("PATH", search_path()).current_dir(place::root());
    command
}

/// Cargo, the one that runs us.
pub fn cargo() -> Command {
    command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Where `program` is, as [`command`] finds it.
pub fn find(program: &str) -> Option<PathBuf> {
    env::split_paths(&search_path()).map(|dir| dir.join(program)).find(|path| path.is_file())
}

/// Says what happens next.
pub fn step(text: &str) {
    let (bold, plain) = if io::stderr().is_terminal() { ("\x1b[1;36m", "\x1b[0m") } else { ("", "") };
    eprintln!("{bold}── {text}{plain}");
}

/// Runs to the end; an error unless it succeeds.
pub fn run(command: &mut Command) -> Result<()> {
    let shown = show(command);
    let status = command.status().with_context(|| format!("cannot run {shown}"))?;
    if status.success() { Ok(()) } else { bail!("{shown}: {status}") }
}

/// Runs to the end and gives standard output, or `None` if it can't run or fails.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stderr(Stdio::null()).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs to the end, passing on each line of standard output and showing it to `seen`; tells whether it succeeded.
pub fn watch(command: &mut Command, mut seen: impl FnMut(&str)) -> Result<bool> {
    let shown = show(command);
    let mut child = command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot run {shown}"))?;
    let mut lines = BufReader::new(child.stdout.take().expect("was piped"));
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line)? > 0 {
        io::stdout().write_all(&line)?;
        seen(String::from_utf8_lossy(&line).trim_end());
        line.clear();
    }
    Ok(child.wait()?.success())
}

/// Whether this is root.
pub fn is_root() -> bool {
    output(command("id").arg("-u")).as_deref() == Some("0")
}

fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

fn search_path() -> std::ffi::OsString {
    let tools = place::tools();
    let first = [tools.join("bin"), place::binaryen().join("bin")];
    let path = env::var_os("PATH").unwrap_or_default();
    let last = ["/usr/local/sbin", "/usr/sbin", "/sbin"].map(PathBuf::from);
    let all = first.into_iter().chain(env::split_paths(&path)).chain(last);
    env::join_paths(all).unwrap_or(path.clone())
}
