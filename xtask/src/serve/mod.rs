//! `cargo xtask serve`: from a fresh checkout to an address that shows an image.
//!
//! This process becomes the server (exec), so that Ctrl-C and signals reach it without anything in between. What has
//! to happen beside the running server is done by a child, `cargo xtask greet`, that reads the server's standard
//! output: it pulls the demo images through the engine and then prints the server's one line.

mod engine;

use std::{
    env,
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};

use crate::{
    build, demo, place,
    setup::{self, For},
    shell::{is_root, run, step},
};

/// Sets up, builds, fills the embedded registry and becomes the server.
pub fn serve(flags: &[String]) -> Result<()> {
    setup::setup(For::Build)?;
    let strata = build::build()?;
    let images = demo::write(&place::target().join("demo"))?;
    let data = value(flags, "--data");
    step("filling the embedded registry");
    for (name, layout) in &images {
        let mut seed = Command::new(&strata);
        seed.arg("seed")
            .args(data.iter().flat_map(|dir| ["--data", dir]))
            .arg(layout)
            .arg(format!("{name}:latest"));
        run(seed.stdout(Stdio::null()))
            .context("cannot fill the registry; does a server run on this data directory?")?;
    }
    step("starting");
    let mut greeter = Command::new(env::current_exe()?)
        .arg("greet")
        .arg(socket(flags))
        .args(images.iter().map(|(name, _)| name))
        .stdin(Stdio::piped())
        // Ctrl-C is for the server; the greeter ends when the server's output does.
        .process_group(0)
        .spawn()
        .context("cannot start the greeter")?;
    let output = greeter.stdin.take().expect("was piped");
    let error = Command::new(&strata).arg("serve").args(flags).stdin(Stdio::null()).stdout(output).exec();
    Err(error).with_context(|| format!("cannot run {}", strata.display()))
}

/// Passes on the server's output, after the demo images are pulled through the engine at `socket`.
pub fn greet(arguments: &[String]) -> Result<()> {
    let Some((socket, images)) = arguments.split_first() else { bail!("usage: greet SOCKET IMAGE…") };
    for line in BufReader::new(std::io::stdin().lock()).lines() {
        let line = line?;
        if let Some(authority) = authority(&line)
            && let Err(error) = pull_missing(&PathBuf::from(socket), authority, images)
        {
            eprintln!("warning: the demo images are not there: {error:#}");
        }
        println!("{line}");
    }
    Ok(())
}

fn pull_missing(socket: &std::path::Path, authority: &str, images: &[String]) -> Result<()> {
    let port = authority.rsplit_once(':').map_or("80", |(_, port)| port);
    engine::wait_until_ready(authority, Duration::from_secs(20))?;
    for image in images {
        let name = format!("127.0.0.1:{port}/{image}:latest");
        // Asked for each time: an unchanged image costs nothing, a changed one is brought up to date.
        engine::pull(socket, &name).with_context(|| format!("cannot pull {name}"))?;
    }
    Ok(())
}

/// The `host:port` of the first address in a line.
fn authority(line: &str) -> Option<&str> {
    let rest = &line[line.find("http://")? + 7..];
    let end = rest.find(['/', '?', ' ']).unwrap_or(rest.len());
    Some(&rest[..end])
}

/// The value of `--flag VALUE` or `--flag=VALUE`.
fn value<'a>(flags: &'a [String], flag: &str) -> Option<&'a str> {
    let mut rest = flags.iter();
    while let Some(word) = rest.next() {
        match word.strip_prefix(flag) {
            Some("") => return rest.next().map(String::as_str),
            Some(value) if value.starts_with('=') => return Some(&value[1..]),
            _ => {}
        }
    }
    None
}

/// Where the engine's socket will be, by flag, variable or the server's default.
fn socket(flags: &[String]) -> PathBuf {
    let variable = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    value(flags, "--socket").map(PathBuf::from).or_else(|| variable("STRATA_SOCKET")).unwrap_or_else(|| {
        if is_root() {
            return PathBuf::from("/run/strata.sock");
        }
        variable("XDG_RUNTIME_DIR").unwrap_or_else(|| PathBuf::from("/tmp")).join("strata.sock")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_and_addresses_are_found() {
        let flags = ["--listen", "127.0.0.1:0", "--data=/d", "--dataset", "x"].map(str::to_owned);
        assert_eq!(value(&flags, "--data"), Some("/d"));
        assert_eq!(value(&flags, "--listen"), Some("127.0.0.1:0"));
        assert_eq!(value(&flags, "--socket"), None);
        assert_eq!(authority("Strata: http://127.0.0.1:7878/?token=abc"), Some("127.0.0.1:7878"));
        assert_eq!(authority("http://127.0.0.1:1"), Some("127.0.0.1:1"));
        assert_eq!(authority("no address"), None);
    }
}
