//! The shim: the process that is the parent of a container's first process, or of an exec, and outlives the server.
//!
//! One thread, one `poll`. It reads what the process writes, logs it, and only then hands it on to those who are
//! attached; it takes their input, and it sees the process end. A client that reads slowly slows a container down when
//! much waits for it, or its output would have gaps; one that reads nothing can't hold a container up for long. An
//! exec belongs to its client and waits for it, as a program waits for a pipe.

mod client;
mod finish;
mod launch;
mod requests;
mod serve;
mod streams;

use std::{
    env,
    ffi::OsString,
    io::{self, Read as _, Write as _},
    os::unix::net::UnixStream,
    process::ExitCode,
};

use bytes::BytesMut;
use rustix::{
    fs::{Mode, OFlags},
    io::fcntl_dupfd_cloexec,
    process::{getpid, set_child_subreaper, setsid, umask},
};

use crate::{
    runtime::RuntimeFailure,
    sys,
    wire::{Launch, Reply, Request},
};

/// The shim's `main`. A program that has a [`crate::Supervisor`] calls this, before it does anything else, when it was started
/// with the arguments of [`crate::ShimCommand`]; `arguments` are those behind them (they are there for those who read `ps`).
///
/// The shim's standard input is its first connection, its working directory that of the process.
pub fn shim_main(_arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "shim: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> io::Result<()> {
    let mut control = detach()?;
    let mut received = BytesMut::new();
    let launch = first_request(&mut control, &mut received)?;
    match launch::launch(launch) {
        Ok(shim) => shim.serve(control, received),
        Err(failure) => {
            let mut out = BytesMut::new();
            Reply::Failed(failure).encode(&mut out);
            control.write_all(&out)
        }
    }
}

/// Leaves the server's session and takes the first connection from the standard input, so that no other program gets it.
fn detach() -> io::Result<UnixStream> {
    sys::close_inherited()?;
    setsid()?;
    set_child_subreaper(Some(getpid()))?;
    umask(Mode::from_raw_mode(0o022));
    let control = UnixStream::from(fcntl_dupfd_cloexec(io::stdin(), 3)?);
    rustix::stdio::dup2_stdin(rustix::fs::open(
        c"/dev/null",
        OFlags::RDWR | OFlags::CLOEXEC,
        Mode::empty(),
    )?)?;
    Ok(control)
}

fn first_request(control: &mut UnixStream, received: &mut BytesMut) -> io::Result<Launch> {
    loop {
        match Request::decode(received)? {
            Some(Request::Launch(launch)) => return Ok(*launch),
            Some(_) => {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the first request is no launch"));
            }
            None => (),
        }
        let mut buffer = [0; 4096];
        match control.read(&mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => received.extend_from_slice(&buffer[..read]),
        }
    }
}

/// A failure of the shim's own, in the runtime's words.
fn failure(launch: &Launch, what: &str) -> impl FnOnce(io::Error) -> RuntimeFailure {
    let operation = if launch.key.exec.is_some() { "exec" } else { "create" };
    let what = format!("{what} in {}", env::current_dir().unwrap_or_default().display());
    move |error| RuntimeFailure::unavailable(operation, &what, &error)
}
