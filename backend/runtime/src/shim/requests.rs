//! Answering clients.

use rustix::{
    fd::AsFd as _,
    process::{Signal, pidfd_send_signal},
};

use super::serve::Shim;
use crate::{
    Time, record,
    runtime::{Runtime as _, RuntimeFailure, RuntimeProblem},
    sys,
    wire::{Reply, Request},
};

impl Shim {
    /// Does what one client asks; the number is its place in the list.
    pub(super) fn answer(&mut self, client: usize, request: Request) {
        let reply = match request {
            Request::Launch(_) => {
                self.clients[client].gone = true;
                return;
            }
            Request::Input(bytes) => return self.streams.input(&bytes),
            Request::CloseInput => {
                if self.clients[client].attached.is_some_and(|streams| streams.stdin) {
                    self.streams.end_of_client();
                }
                return;
            }
            Request::Attach(streams) => {
                self.held = false;
                self.clients[client].attached = Some(streams);
                self.clients[client].watches = true;
                Reply::Done
            }
            Request::Watch => {
                self.clients[client].watches = true;
                Reply::Launched(Box::new(self.launched.clone()))
            }
            Request::Start => self.start(),
            Request::Resize(size) => {
                done("resize", self.streams.resize(size).map_err(|error| error.to_string()))
            }
            Request::Signal(number) => done("kill", self.signal(number)),
        };
        self.clients[client].send(&reply);
    }

    /// What a client's end means for the process.
    pub(super) fn client_left(&mut self, client: usize) {
        let left = self.clients.swap_remove(client);
        if left.attached.is_some_and(|streams| streams.stdin) {
            self.streams.end_of_client();
        }
    }

    fn start(&mut self) -> Reply {
        // Before, not after: a program may be done by then.
        let now = Time::now();
        if let Err(failure) = self.launch.runtime.start(self.launch.container(), self.pidfd.as_fd()) {
            return Reply::Failed(failure);
        }
        self.launched.started_at = Some(now);
        if let Err(error) = record::write(".".as_ref(), record::PROCESS, &self.launched) {
            eprintln!("shim: cannot record the start: {error}");
        }
        Reply::Done
    }

    fn signal(&self, number: i32) -> Result<(), String> {
        let signal: Signal = sys::signal(number).ok_or_else(|| format!("there is no signal {number}"))?;
        if self.ended.is_some() {
            return Err("container not running".to_owned());
        }
        pidfd_send_signal(&self.pidfd, signal).map_err(|error| match error {
            rustix::io::Errno::SRCH => "container not running".to_owned(),
            other => other.to_string(),
        })
    }
}

fn done(operation: &str, result: Result<(), String>) -> Reply {
    match result {
        Ok(()) => Reply::Done,
        Err(message) => {
            let mut failure = RuntimeFailure::new(operation, &message);
            if operation == "resize" {
                failure.problem = RuntimeProblem::WrongState;
            }
            Reply::Failed(failure)
        }
    }
}
