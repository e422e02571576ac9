//! What is on its way here, each thing fetched once however many want it.

use std::{
    collections::HashMap,
    future::Future,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use strata_oci::Digest;
use tokio::{
    sync::{Semaphore, watch},
    task::AbortHandle,
};

use crate::Error;

/// What is being fetched, by digest.
pub(crate) struct Transfers<T> {
    active: Mutex<HashMap<Digest, Weak<Transfer<T>>>>,
    permits: Arc<Semaphore>,
}

/// One of them. When the last who wants it lets go, it is cancelled.
pub(crate) struct Transfer<T> {
    state: watch::Receiver<State<T>>,
    task: AbortHandle,
}

/// How far a transfer is.
pub(crate) enum State<T> {
    /// Others are before it.
    Waiting,
    /// It has bytes: how many of how many.
    Running(Progress),
    /// It is here.
    Done(Arc<T>),
    /// It failed, for everybody who waited.
    Failed(Arc<Error>),
}

/// How far a running transfer is, in bytes of the blob.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Received.
    pub(crate) received: u64,
    /// Decompressed and applied.
    pub(crate) applied: u64,
}

impl<T> Clone for State<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Waiting => Self::Waiting,
            Self::Running(progress) => Self::Running(*progress),
            Self::Done(staged) => Self::Done(Arc::clone(staged)),
            Self::Failed(error) => Self::Failed(Arc::clone(error)),
        }
    }
}

/// Where a transfer's work says how far it is.
pub(crate) struct Meter<T>(watch::Sender<State<T>>);

impl<T> Meter<T> {
    /// Changes the figures.
    pub(crate) fn update(&self, change: impl FnOnce(&mut Progress)) {
        self.0.send_modify(|state| {
            let mut progress = match state {
                State::Running(progress) => *progress,
                _ => Progress::default(),
            };
            change(&mut progress);
            *state = State::Running(progress);
        });
    }
}

impl<T: Send + Sync + 'static> Transfers<T> {
    /// No transfers; at most `concurrency` will run at once.
    pub(crate) fn new(concurrency: usize) -> Self {
        Self { active: Mutex::default(), permits: Arc::new(Semaphore::new(concurrency.max(1))) }
    }

    /// Joins the transfer of `digest`, or starts `work` as a new one if there is none that may still succeed; says whether there was
    /// one.
    pub(crate) fn join<F, W>(&self, digest: &Digest, work: W) -> (Arc<Transfer<T>>, bool)
    where
        W: FnOnce(Arc<Meter<T>>) -> F + Send + 'static,
        F: Future<Output = Result<T, Error>> + Send,
    {
        let mut active = self.active.lock().unwrap_or_else(PoisonError::into_inner);
        active.retain(|_, transfer| transfer.strong_count() > 0);
        if let Some(running) = active.get(digest).and_then(Weak::upgrade)
            && !matches!(*running.state.borrow(), State::Failed(_))
        {
            return (running, true);
        }
        // Taken here and not in the task, so that the layers that are asked for first run first.
        let permit = Arc::clone(&self.permits).try_acquire_owned().ok();
        let start = if permit.is_some() { State::Running(Progress::default()) } else { State::Waiting };
        let (sender, state) = watch::channel(start);
        let permits = Arc::clone(&self.permits);
        let task = tokio::spawn(async move {
            let _permit = match permit {
                Some(permit) => Ok(permit),
                None => permits.acquire_owned().await,
            };
            let meter = Arc::new(Meter(sender));
            let end = match work(Arc::clone(&meter)).await {
                Ok(staged) => State::Done(Arc::new(staged)),
                Err(error) => State::Failed(Arc::new(error)),
            };
            meter.0.send_replace(end);
        });
        let transfer = Arc::new(Transfer { state, task: task.abort_handle() });
        active.insert(digest.clone(), Arc::downgrade(&transfer));
        (transfer, false)
    }
}

impl<T> Transfer<T> {
    /// Follows the transfer from where it is now.
    pub(crate) fn follow(&self) -> Following<T> {
        Following { states: self.state.clone(), first: true }
    }
}

/// The states of a transfer, one after the other. States in between may be skipped, the last one is not.
pub(crate) struct Following<T> {
    states: watch::Receiver<State<T>>,
    first: bool,
}

impl<T> Following<T> {
    /// The next state, the present one at first. Not to be asked again after [`State::end`].
    pub(crate) async fn next(&mut self) -> State<T> {
        // Only an abort drops the sender without an end, and only the last follower aborts.
        if !std::mem::take(&mut self.first) && self.states.changed().await.is_err() {
            let error = Error::new(crate::Kind::Internal, "the transfer of a layer ended without a result");
            return State::Failed(Arc::new(error));
        }
        self.states.borrow_and_update().clone()
    }
}

impl<T> State<T> {
    /// How it ended, if it did.
    pub(crate) fn end(&self) -> Option<Result<Arc<T>, Error>> {
        match self {
            Self::Waiting | Self::Running(_) => None,
            Self::Done(staged) => Some(Ok(Arc::clone(staged))),
            Self::Failed(error) => Some(Err(Error { kind: error.kind, message: error.message.clone() })),
        }
    }
}

impl<T> Drop for Transfer<T> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tokio::sync::oneshot;

    fn digest() -> Digest {
        Digest::of(b"layer")
    }

    async fn end(transfer: &Transfer<u32>) -> Result<u32, Error> {
        let mut following = transfer.follow();
        loop {
            if let Some(end) = following.next().await.end() {
                return end.map(|staged| *staged);
            }
        }
    }

    #[tokio::test]
    async fn two_who_want_the_same_share_one_transfer() {
        let transfers = Transfers::<u32>::new(1);
        let runs = Arc::new(AtomicUsize::new(0));
        let (go, wait) = oneshot::channel::<()>();
        let counter = Arc::clone(&runs);
        let (first, _) = transfers.join(&digest(), move |meter| async move {
            counter.fetch_add(1, Ordering::SeqCst);
            meter.update(|progress| progress.received = 5);
            let _ = wait.await;
            Ok(7)
        });
        let counter = Arc::clone(&runs);
        let (second, _) = transfers.join(&digest(), move |_| async move {
            counter.fetch_add(1, Ordering::SeqCst);
            Ok(8)
        });
        go.send(()).expect("it waits");
        let one = end(&first).await.expect("done");
        let two = end(&second).await.expect("done");
        assert_eq!((one, two, runs.load(Ordering::SeqCst)), (7, 7, 1));
    }

    #[tokio::test]
    async fn the_last_one_to_leave_cancels_and_a_failure_is_not_inherited() {
        struct Alive(Arc<AtomicUsize>);
        impl Drop for Alive {
            fn drop(&mut self) {
                self.0.fetch_add(1, Ordering::SeqCst);
            }
        }
        let transfers = Transfers::<u32>::new(2);
        let dropped = Arc::new(AtomicUsize::new(0));
        let alive = Alive(Arc::clone(&dropped));
        let (first, _) = transfers.join(&digest(), move |_| async move {
            let _alive = alive;
            std::future::pending().await
        });
        let (second, _) = transfers.join(&digest(), |_| async { Ok(1) });
        tokio::task::yield_now().await;
        drop(first);
        tokio::task::yield_now().await;
        assert_eq!(dropped.load(Ordering::SeqCst), 0);
        drop(second);
        while dropped.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        let (failed, _) =
            transfers.join(&digest(), |_| async { Err(Error::new(crate::Kind::Internal, "no")) });
        assert_eq!(end(&failed).await.expect_err("fails").message, "no");
        let (again, _) = transfers.join(&digest(), |_| async { Ok(2) });
        assert_eq!(end(&again).await.expect("done"), 2);
    }
}
