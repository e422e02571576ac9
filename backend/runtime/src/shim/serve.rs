//! The loop.

use std::{
    io,
    os::unix::net::{UnixListener, UnixStream},
    time::{Duration, Instant},
};

use bytes::BytesMut;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fd::{AsFd as _, OwnedFd},
    process::{WaitOptions, WaitStatus, wait},
};

use super::{
    client::{Client, STALLED},
    streams::{Piece, Streams},
};
use crate::{
    Time,
    cgroup::{LOOK_AGAIN, OomWatch},
    log::{LogWriter, Stream},
    record::Lock,
    wire::{Launch, Launched, PIECE, Reply},
};

/// How long output may be silent after the process's end before those who still hold its pipes are not waited for.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// How often to look for orphans that were left to us. Only a container in the host's pid namespace has any.
const ORPHANS: Duration = Duration::from_secs(10);

/// A process that is served.
pub(super) struct Shim {
    pub launch: Launch,
    pub launched: Launched,
    pub lock: Option<Lock>,
    pub listener: Option<UnixListener>,
    pub log: Option<LogWriter>,
    /// The last write to it failed.
    pub log_has_gap: bool,
    pub streams: Streams,
    pub pidfd: OwnedFd,
    pub oom: Option<OomWatch>,
    pub clients: Vec<Client>,
    /// Output isn't read yet: nobody has attached.
    pub held: bool,
    /// How and when the process ended, and when something was last heard of it.
    pub ended: Option<(Option<WaitStatus>, Time, Instant)>,
    /// The exit has been recorded and told.
    pub told: bool,
}

/// Which descriptors were ready.
struct Ready {
    process: bool,
    oom: bool,
    listener: bool,
    input: bool,
    sources: Vec<bool>,
    clients: Vec<PollFlags>,
}

impl Shim {
    /// Serves until the process has ended and everybody knows.
    pub fn serve(mut self, control: UnixStream, received: BytesMut) -> io::Result<()> {
        let mut control = Client::new(control, received)?;
        control.watches = true;
        control.send(&Reply::Launched(Box::new(self.launched.clone())));
        self.clients.push(control);
        let mut buffer = Box::new([0; PIECE]);
        while !self.is_over() {
            let held_back = self.is_held_back();
            let ready = self.wait(held_back)?;
            self.reap(ready.process);
            self.out_of_memory(ready.oom);
            if ready.listener {
                self.accept();
            }
            if ready.input {
                self.streams.write();
            }
            self.read_output(&ready.sources, &mut buffer);
            self.hear_clients(&ready.clients);
            self.cut_off_the_stalled();
            if held_back && let Some((.., heard)) = &mut self.ended {
                *heard = Instant::now(); // nobody listened
            }
            if !self.told && self.has_said_everything() {
                self.tell_exit();
            }
        }
        Ok(())
    }

    /// Waits for anything to happen.
    fn wait(&self, held_back: bool) -> io::Result<Ready> {
        let mut set = Vec::with_capacity(8 + self.clients.len());
        let add = |set: &mut Vec<_>, descriptor, flags| {
            set.push(PollFd::from_borrowed_fd(descriptor, flags));
            set.len() - 1
        };
        let process = self.ended.is_none().then(|| add(&mut set, self.pidfd.as_fd(), PollFlags::IN));
        let oom = self.oom.as_ref().filter(|_| self.ended.is_none());
        let oom = oom.map(|oom| add(&mut set, oom.descriptor().as_fd(), oom.flags));
        let listener = self.listener.as_ref().map(|socket| add(&mut set, socket.as_fd(), PollFlags::IN));
        let input = self.streams.wants_to_write().map(|pipe| add(&mut set, pipe, PollFlags::OUT));
        let sources: Vec<_> = (self.streams.sources.iter())
            .map(|source| {
                source.polled().filter(|_| !held_back).map(|pipe| add(&mut set, pipe, PollFlags::IN))
            })
            .collect();
        let hears = self.streams.takes_input();
        let clients: Vec<_> = (self.clients.iter())
            .map(|client| {
                let mut flags =
                    if hears || client.attached.is_none() { PollFlags::IN } else { PollFlags::empty() };
                flags.set(PollFlags::OUT, client.wants_to_write());
                add(&mut set, client.connection.as_fd(), flags)
            })
            .collect();
        match poll(&mut set, self.patience(held_back).as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => (),
            Err(error) => return Err(error.into()),
        }
        let happened = |place: Option<usize>| place.is_some_and(|place| !set[place].revents().is_empty());
        Ok(Ready {
            process: happened(process),
            oom: happened(oom),
            listener: happened(listener),
            input: happened(input),
            sources: sources.into_iter().map(happened).collect(),
            clients: clients.into_iter().map(|place| set[place].revents()).collect(),
        })
    }

    /// How long nothing needs to be done by itself.
    fn patience(&self, held_back: bool) -> Option<Timespec> {
        let rest = self.streams.sources.iter().filter_map(super::streams::Source::rests_for).min();
        let awaited = !self.told && !held_back;
        let last_words =
            self.ended.filter(|_| awaited).map(|(.., heard)| LAST_WORDS.saturating_sub(heard.elapsed()));
        let oom =
            self.oom.as_ref().filter(|oom| self.ended.is_none() && oom.is_expectant()).map(|_| LOOK_AGAIN);
        let stall = (held_back && self.launch.key.exec.is_none()).then(|| {
            let behind = self.clients.iter().filter(|client| client.is_behind(false));
            behind.map(|client| STALLED.saturating_sub(client.stalled())).min().unwrap_or(STALLED)
        });
        let orphans = (!self.told).then_some(ORPHANS);
        let shortest = [rest, last_words, oom, stall, orphans].into_iter().flatten().min()?;
        // A millisecond more, so that what we wait for is then surely past.
        Timespec::try_from(shortest + Duration::from_millis(1)).ok()
    }

    /// Whether what the process writes isn't read at present: nobody has attached yet, or somebody has to catch up.
    fn is_held_back(&self) -> bool {
        let of_exec = self.launch.key.exec.is_some();
        self.held || self.clients.iter().any(|client| client.is_behind(of_exec))
    }

    /// An exec belongs to its client and waits for it. A container only waits for clients that read at all.
    fn cut_off_the_stalled(&mut self) {
        if self.launch.key.exec.is_none() {
            let stalled = |client: &&mut Client| client.is_behind(false) && client.stalled() >= STALLED;
            self.clients.iter_mut().filter(stalled).for_each(Client::cut_off);
        }
    }

    /// Takes those who ended: the process, and orphans that became our children.
    fn reap(&mut self, process_is_ready: bool) {
        while let Ok(Some((pid, status))) = wait(WaitOptions::NOHANG) {
            if pid.as_raw_pid() == self.launched.process.pid && self.ended.is_none() {
                self.end_of_process(Some(status));
            }
        }
        if process_is_ready && self.ended.is_none() {
            // It has ended and isn't our child: how, nobody will ever know.
            self.end_of_process(None);
        }
    }

    fn end_of_process(&mut self, status: Option<WaitStatus>) {
        self.ended = Some((status, Time::now(), Instant::now()));
        self.streams.drop_input();
    }

    fn out_of_memory(&mut self, ready: bool) {
        let cgroups = &self.launched.cgroups;
        if self.oom.as_mut().is_some_and(|oom| oom.killed(ready, cgroups)) {
            let watching = self.clients.iter_mut().filter(|client| client.watches);
            watching.for_each(|client| client.send(&Reply::OutOfMemory));
        }
    }

    fn accept(&mut self) {
        while let Some(Ok((connection, _))) = self.listener.as_ref().map(UnixListener::accept) {
            self.clients.extend(Client::new(connection, BytesMut::new()));
        }
    }

    /// Log first, then those who are attached: what a client saw is never missing in the log.
    fn read_output(&mut self, ready: &[bool], buffer: &mut [u8; PIECE]) {
        let mut finished = Vec::new();
        for (place, source) in self.streams.sources.iter_mut().enumerate() {
            if !ready[place] {
                continue;
            }
            match source.read(buffer) {
                Piece::Nothing => (),
                Piece::End if self.streams.tty && self.ended.is_none() => source.rest(),
                Piece::End => finished.push(place),
                Piece::Bytes(bytes) => {
                    let stream = source.stream;
                    if let Some((.., heard)) = &mut self.ended {
                        *heard = Instant::now();
                    }
                    let logged = self.log.as_mut().map_or(Ok(()), |log| log.write(stream, &bytes));
                    if let Err(error) = &logged
                        && !self.log_has_gap
                    {
                        eprintln!("shim: from here on output is missing in the log: {error}");
                    }
                    self.log_has_gap = logged.is_err();
                    let reply = match stream {
                        Stream::Stdout => Reply::Stdout(bytes),
                        Stream::Stderr => Reply::Stderr(bytes),
                    };
                    self.clients.iter_mut().for_each(|client| client.send_output(stream, &reply));
                }
            }
        }
        finished.into_iter().rev().for_each(|place| drop(self.streams.sources.remove(place)));
    }

    fn hear_clients(&mut self, ready: &[PollFlags]) {
        for (place, flags) in ready.iter().enumerate() {
            if flags.contains(PollFlags::OUT) {
                self.clients[place].flush();
            }
            if flags.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) {
                self.clients[place].receive();
            }
            while let Some(request) = self.clients[place].next_request() {
                self.answer(place, request);
            }
        }
        for place in (0..self.clients.len()).rev() {
            if self.clients[place].gone {
                self.client_left(place);
            }
        }
        // The server that would have attached is no more.
        self.held &= !self.clients.is_empty();
    }

    /// Whether the process ended and its output was read to the end, or as far as is worth waiting for.
    fn has_said_everything(&self) -> bool {
        let all_read = self.streams.sources.is_empty();
        self.ended
            .is_some_and(|(.., heard)| all_read || (!self.is_held_back() && heard.elapsed() >= LAST_WORDS))
    }

    /// Whether there is nothing left to do: all were told and have what they were sent, and nobody writes any more.
    fn is_over(&self) -> bool {
        let delivered = !self.clients.iter().any(Client::wants_to_write);
        // What an exec left behind may still write; it would be killed by the broken pipe.
        let silent = self.streams.sources.is_empty() || self.launch.key.exec.is_none();
        self.told && delivered && silent
    }
}
