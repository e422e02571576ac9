//! Whoever is told of a build, and may stop it.

use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
};

use crate::{Error, Event, Kind};

/// Whoever is told of a build. When nobody listens any more, or the build is told to stop, it ends soon.
#[derive(Clone, Debug)]
pub struct Listener {
    events: mpsc::Sender<Event>,
    stop: watch::Receiver<bool>,
    handle: Handle,
}

impl Listener {
    /// Events go to `events`; `stop` stops the build when it becomes true. Async work is done on the runtime of `handle`.
    pub fn new(events: mpsc::Sender<Event>, stop: watch::Receiver<bool>, handle: Handle) -> Self {
        Self { events, stop, handle }
    }

    /// Tells something; waits as long as the listener is busy.
    pub(crate) fn tell(&self, event: Event) {
        // Nobody who listens: the next check ends the build.
        let _ = self.events.blocking_send(event);
    }

    /// An error when the build is to end.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.events.is_closed() || *self.stop.borrow() { Err(cancelled()) } else { Ok(()) }
    }

    /// Waits for something, and gives up when the build is to end.
    pub(crate) fn wait<T, E: Into<Error>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Error> {
        let mut stop = self.stop.clone();
        self.handle.block_on(async {
            tokio::select! {
                done = work => done.map_err(Into::into),
                () = self.events.closed() => Err(cancelled()),
                () = stopped(&mut stop) => Err(cancelled()),
            }
        })
    }

    /// Waits for something to the end.
    pub(crate) fn finish<T>(&self, work: impl Future<Output = T>) -> T {
        self.handle.block_on(work)
    }

    /// Tells something from async work.
    pub(crate) async fn tell_later(&self, event: Event) {
        let _ = self.events.send(event).await;
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Without a sender nobody can stop it this way.
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

pub(crate) fn cancelled() -> Error {
    Error::new(Kind::Cancelled, "Build cancelled")
}
