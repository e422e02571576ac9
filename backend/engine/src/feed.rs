//! A layer's bytes, from where they are through what reads them.

use std::{convert::Infallible, fs::File, io, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::StreamExt as _;
use strata_layers::{FromRead, PipeReceiver, PipeSender, Source, Watch, pipe};
use strata_oci::{Descriptor, Repository};
use strata_registry::{Blob, Client};

use crate::{Engine, Error, engine::Inner, transfer::Meter};

/// Between two looks at how far the reader is.
const TICK: Duration = Duration::from_millis(100);
/// Bytes between the network and the reader.
const PIPE: usize = 1 << 20;

/// Where a blob is.
pub(crate) enum Supply {
    /// In a repository of a registry.
    Registry {
        /// Who asks.
        client: Client,
        /// Which.
        repository: Repository,
        /// Bytes at its beginning that aren't wanted.
        from: u64,
    },
    /// In the store.
    Store(File),
}

/// What the reader is given.
pub(crate) enum Feed {
    Network(PipeReceiver),
    Store(FromRead<File>),
}

impl Source for Feed {
    fn next(&mut self) -> io::Result<Option<Bytes>> {
        match self {
            Self::Network(pipe) => pipe.next(),
            Self::Store(file) => file.next(),
        }
    }
}

/// Has `read` read a blob, on a thread where it may block; `meter` is told how far it is. Dropping the future stops both ends.
pub(crate) async fn feed<T, R: Send + 'static>(
    engine: &Engine,
    supply: Supply,
    descriptor: &Descriptor,
    meter: &Meter<T>,
    read: impl FnOnce(&Arc<Inner>, Feed, &Watch) -> Result<R, Error> + Send + 'static,
) -> Result<R, Error> {
    let watch = Arc::new(Watch::default());
    let _stop = StopOnDrop(Arc::clone(&watch));
    let reading = |feed: Feed| {
        let watch = Arc::clone(&watch);
        engine.blocking(move |inner| read(inner, feed, &watch))
    };
    let ticker = async |stored: bool| -> Infallible {
        loop {
            tokio::time::sleep(TICK).await;
            let applied = watch.received();
            meter.update(|progress| {
                progress.applied = applied;
                if stored {
                    progress.received = applied;
                }
            });
        }
    };
    match supply {
        Supply::Store(file) => tokio::select! {
            read = reading(Feed::Store(FromRead(file))) => read,
            never = ticker(true) => match never {},
        },
        Supply::Registry { client, repository, from } => {
            let (sender, receiver) = pipe(PIPE);
            let blob = client.blob_from(&repository, descriptor, from);
            let fetching = fetch(blob, sender, meter);
            let (read, fetched) = tokio::select! {
                both = async { tokio::join!(reading(Feed::Network(receiver)), fetching) } => both,
                never = ticker(false) => match never {},
            };
            // The network's error is the cause of the reader's, so it is the one to tell; who has read enough needs no more.
            read.map_err(|error| fetched.err().unwrap_or(error))
        }
    }
}

/// Sends a blob's bytes into a pipe, until the end or until nobody reads them: then the reader's result is the one that counts.
async fn fetch<T>(mut blob: Blob, sender: PipeSender, meter: &Meter<T>) -> Result<(), Error> {
    let mut received = 0;
    while let Some(chunk) = blob.next().await {
        match chunk {
            Ok(chunk) => {
                received += chunk.len() as u64;
                meter.update(|progress| progress.received = received);
                if sender.send(chunk).await.is_err() {
                    return Ok(());
                }
            }
            Err(error) => {
                let error = Error::from(error);
                let _ = sender.fail(io::Error::other(error.message.clone())).await;
                return Err(error);
            }
        }
    }
    let _ = sender.finish().await;
    Ok(())
}

/// Stops the reader's thread when nobody waits for it any more.
struct StopOnDrop(Arc<Watch>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}
