//! Having the runtime make the process.

use std::{
    env, fs, io,
    os::unix::{fs::PermissionsExt as _, net::UnixListener},
    path::{Path, PathBuf},
    process::Stdio,
};

use rustix::{
    fd::OwnedFd,
    net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg},
    pipe::{PipeFlags, pipe_with},
    process::{Pid, PidfdFlags, pidfd_open},
};

use super::{
    failure,
    serve::Shim,
    streams::{Source, Streams},
};
use crate::{
    Process, Stdin,
    cgroup::OomWatch,
    log::{LogWriter, Stream},
    record::{self, Lock},
    runtime::{Files, ProcessIo, Runtime as _, RuntimeFailure},
    wire::{Launch, Launched, Work},
};

/// Makes the process and all that the shim needs to serve it. If that fails nothing is left.
pub(super) fn launch(launch: Launch) -> Result<Shim, RuntimeFailure> {
    let here = Path::new(".");
    let lock = Lock::take(here)
        .and_then(|lock| lock.ok_or(io::ErrorKind::WouldBlock.into()))
        .map_err(failure(&launch, "cannot lock the directory"))?;
    for stale in [record::SOCKET, record::CONSOLE, record::EXIT, record::PROCESS] {
        record::discard(here, stale).map_err(failure(&launch, "cannot tidy"))?;
    }
    if launch.key.exec.is_none() {
        record::reserve(here, record::EXIT).map_err(failure(&launch, "cannot reserve space"))?;
    }
    let listener = listen(record::SOCKET).map_err(failure(&launch, "cannot listen"))?;
    let log = launch.log.clone().map(LogWriter::open).transpose();
    let log = log.map_err(failure(&launch, "cannot open the log"))?;
    let (streams, pid) = make(&launch)?;
    let finished = (|| {
        let pidfd = pidfd_open(Pid::from_raw(pid).ok_or(io::ErrorKind::InvalidData)?, PidfdFlags::empty())?;
        let cgroups = launch.cgroups.of(pid).unwrap_or_default();
        let launched = Launched {
            process: Process::identify(pid)?,
            tty: launch.tty,
            cgroups,
            started_at: launch.key.exec.is_some().then(crate::Time::now),
            exit: None,
        };
        record::write(here, record::PROCESS, &launched)?;
        Ok((pidfd, launched))
    })();
    let (pidfd, launched) = match finished {
        Ok(finished) => finished,
        Err(error) => {
            abandon(&launch, pid);
            return Err(failure(&launch, "cannot record the process")(error));
        }
    };
    // An exec shares its container's group, whose own shim watches.
    let oom = if launch.key.exec.is_none() { OomWatch::new(&launched.cgroups).ok() } else { None };
    Ok(Shim {
        held: launch.hold,
        launch,
        launched,
        lock: Some(lock),
        listener: Some(listener),
        log,
        log_has_gap: false,
        streams,
        pidfd,
        oom,
        clients: Vec::new(),
        ended: None,
        told: false,
    })
}

fn listen(name: &str) -> io::Result<UnixListener> {
    let listener = UnixListener::bind(name)?;
    fs::set_permissions(name, fs::Permissions::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Ends a process that can't be served.
fn abandon(launch: &Launch, pid: i32) {
    match launch.work {
        Work::Create { .. } => drop(launch.runtime.delete(launch.container())),
        Work::Exec => {
            if let Some(pid) = Pid::from_raw(pid) {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
            }
        }
    }
}

fn make(launch: &Launch) -> Result<(Streams, i32), RuntimeFailure> {
    let directory = env::current_dir().map_err(failure(launch, "cannot find the directory"))?;
    if launch.tty {
        let console =
            UnixListener::bind(record::CONSOLE).map_err(failure(launch, "cannot make the console socket"))?;
        // The runtime changes its directory, and the full path may be too long for a socket.
        let path = PathBuf::from(format!("/proc/{}/cwd/{}", std::process::id(), record::CONSOLE));
        let made =
            run(launch, &Files { directory: &directory, console_socket: Some(&path) }, ProcessIo::Terminal);
        let terminal = made.and_then(|pid| match receive_terminal(&console) {
            Ok(terminal) => Ok((terminal, pid)),
            Err(error) => {
                abandon(launch, pid);
                Err(failure(launch, "cannot take the terminal")(error))
            }
        });
        let _ = record::discard(Path::new("."), record::CONSOLE);
        let (terminal, pid) = terminal?;
        return Ok((Streams::terminal(terminal, launch.stdin), pid));
    }
    let pipe =
        || pipe_with(PipeFlags::CLOEXEC).map_err(|error| failure(launch, "cannot make a pipe")(error.into()));
    let (stdin, input) = match launch.stdin {
        Stdin::Closed => (Stdio::null(), None),
        Stdin::Open | Stdin::Once => {
            let (theirs, ours) = pipe()?;
            (theirs.into(), Some(ours))
        }
    };
    let (stdout, their_stdout) = pipe()?;
    let (stderr, their_stderr) = pipe()?;
    let io = ProcessIo::Streams(stdin, their_stdout.into(), their_stderr.into());
    let pid = run(launch, &Files { directory: &directory, console_socket: None }, io)?;
    let sources = vec![Source::new(stdout, Stream::Stdout), Source::new(stderr, Stream::Stderr)];
    let streams = Streams::pipes(input, sources, launch.stdin);
    Ok((streams, pid))
}

fn run(launch: &Launch, files: &Files<'_>, io: ProcessIo) -> Result<i32, RuntimeFailure> {
    match &launch.work {
        Work::Create { bundle } => launch.runtime.create(launch.container(), bundle, files, io),
        Work::Exec => {
            launch.runtime.exec(launch.container(), &files.directory.join(record::EXEC_SPEC), files, io)
        }
    }
}

/// The runtime has connected and sent the pty's other end by the time it is done.
fn receive_terminal(console: &UnixListener) -> io::Result<OwnedFd> {
    console.set_nonblocking(true)?;
    let (connection, _) = console.accept()?;
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut name = [0; 256];
    recvmsg(&connection, &mut [io::IoSliceMut::new(&mut name)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let received = control.drain().find_map(|message| match message {
        RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
        _ => None,
    });
    received.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the runtime sent no terminal"))
}
