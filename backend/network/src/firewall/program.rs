//! Running the programs that change the packet filter.

use std::{
    io::{self, Write},
    process::{Command, Stdio},
};

use crate::NetworkError;

/// What is said where a program is absent.
const ABSENT: &str = "not found: install the package iptables or nftables";

/// Whether a failure is that of a program that isn't there.
pub fn is_absent(error: &NetworkError) -> bool {
    matches!(error, NetworkError::Firewall { message, .. } if message == ABSENT)
}

/// Runs a program with an input, and waits for its output.
pub fn run(program: &'static str, arguments: &[&str], input: &str) -> Result<String, NetworkError> {
    let failed = |message: String| NetworkError::Firewall { program, message };
    let start = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => failed(ABSENT.to_owned()),
        _ => failed(error.to_string()),
    };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(start)?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ended early says why itself.
        let _ = stdin.write_all(input.as_bytes());
    }
    let output = child.wait_with_output().map_err(|error| failed(error.to_string()))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
