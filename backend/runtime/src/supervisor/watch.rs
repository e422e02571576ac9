//! One task for each process: it knows when it ends.

use std::process::Child;

use tokio::{sync::watch, task};

use super::{Supervisor, connection::Connection, settle};
use crate::{
    Exit, ProcessKey,
    wire::{Launched, Reply},
};

/// A process whose shim we are connected to, or were.
pub(super) struct Entry {
    pub launched: Launched,
    pub exit: watch::Receiver<Option<Exit>>,
}

/// Something that happened to a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProcessEvent {
    /// It ended.
    Exited(Exit),
    /// The kernel killed a process of the container because its memory limit was reached; not necessarily the first one.
    OutOfMemory,
}

impl Supervisor {
    /// Begins to watch a process through an open connection. `shim` is our child, if we started it.
    pub(super) fn watch(
        &self,
        key: ProcessKey,
        launched: Launched,
        connection: Connection,
        shim: Option<Child>,
    ) {
        let (tell, exit) = watch::channel(launched.exit.clone());
        let entry = Entry { launched: launched.clone(), exit };
        self.0.entries().insert(key.clone(), entry);
        tokio::spawn(self.clone().follow(key, launched, connection, shim, tell));
    }

    async fn follow(
        self,
        key: ProcessKey,
        launched: Launched,
        mut connection: Connection,
        shim: Option<Child>,
        tell: watch::Sender<Option<Exit>>,
    ) {
        let announce = |exit: Exit| {
            if tell.send_replace(Some(exit.clone())).is_none() {
                // Nobody may listen.
                let _ = self.0.events.send((key.clone(), ProcessEvent::Exited(exit)));
            }
        };
        loop {
            match connection.next().await {
                Ok(Some(Reply::Exit(exit))) => announce(exit),
                Ok(Some(Reply::OutOfMemory)) => {
                    let _ = self.0.events.send((key.clone(), ProcessEvent::OutOfMemory));
                }
                Ok(Some(_)) => (),
                Ok(None) => break,
                Err(error) => {
                    tracing::warn!(%key, %error, "the shim's connection broke");
                    break;
                }
            }
        }
        if tell.borrow().is_none() {
            let inner = std::sync::Arc::clone(&self.0);
            let of = key.clone();
            let lost = task::spawn_blocking(move || settle::lost(&inner, &of, &launched)).await;
            match lost {
                Ok(exit) => announce(exit),
                Err(error) => tracing::error!(%key, %error, "cannot settle a lost shim"),
            }
        }
        if let Some(mut shim) = shim {
            // It ends right after it closed the connection; an exec's may stay for what the exec left behind.
            let _ = task::spawn_blocking(move || shim.wait()).await;
        }
    }
}
