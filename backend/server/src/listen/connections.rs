//! Connections: accepted, answered by a site, and ended together.

use std::{convert::Infallible, io, pin::pin, sync::Arc, time::Duration};

use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, UnixListener},
    sync::Semaphore,
};
use tokio_util::task::TaskTracker;

use super::first_line::FirstLine;
use crate::{
    Shutdown,
    http::{Body, Site},
};

/// Connections at once, on each listener.
const CONNECTIONS: usize = 512;
/// For a request's head to arrive, or the next request on a connection.
const HEAD_PATIENCE: Duration = Duration::from_secs(60);
/// For requests under way when the server ends.
const END_PATIENCE: Duration = Duration::from_secs(5);
const HEADERS: usize = 100;
const HEAD_BYTES: usize = 64 * 1024;

/// What connections come from.
pub trait Accept {
    /// A connection.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;
    /// The next one.
    fn accept(&self) -> impl Future<Output = io::Result<Self::Stream>> + Send;
}

impl Accept for TcpListener {
    type Stream = tokio::net::TcpStream;

    async fn accept(&self) -> io::Result<Self::Stream> {
        let (stream, _) = TcpListener::accept(self).await?;
        // Progress lines are small and should be seen at once.
        stream.set_nodelay(true)?;
        Ok(stream)
    }
}

impl Accept for UnixListener {
    type Stream = tokio::net::UnixStream;

    async fn accept(&self) -> io::Result<Self::Stream> {
        UnixListener::accept(self).await.map(|(stream, _)| stream)
    }
}

/// Answers what comes in until `shutdown`, then lets requests under way finish for a moment.
pub async fn serve(listener: &impl Accept, site: Site, shutdown: Shutdown) {
    let connections = TaskTracker::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let place = Arc::clone(&places).acquire_owned().await.expect("never closed");
        let stream = tokio::select! {
            () = shutdown.begun() => break,
            accepted = listener.accept() => match accepted {
                Ok(stream) => stream,
                Err(error) => {
                    // Out of descriptors, most likely: wait for some to come back.
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
        };
        let site = site.clone();
        let answer = service_fn(move |request: http::Request<Incoming>| {
            let site = site.clone();
            async move {
                tracing::debug!(method = %request.method(), path = request.uri().path(), "request");
                Ok::<_, Infallible>(site.answer(request.map(Body::new)).await)
            }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(HEAD_PATIENCE)
            .max_headers(HEADERS)
            .max_buf_size(HEAD_BYTES);
        // A connection that a handler takes over is no longer ours, and ends when its handler does.
        let connection = http.serve_connection(TokioIo::new(FirstLine::of(stream)), answer).with_upgrades();
        let ending = shutdown.clone().into_begun();
        connections.spawn(async move {
            let mut connection = pin!(connection);
            let ended = tokio::select! {
                ended = connection.as_mut() => ended,
                () = ending => {
                    connection.as_mut().graceful_shutdown();
                    connection.await
                }
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended");
            }
            drop(place);
        });
    }
    connections.close();
    let _ = tokio::time::timeout(END_PATIENCE, connections.wait()).await;
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::stream;
    use http::Method;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::http::{Family, Group, Lines, Permission, Route};

    /// Counts what was dropped.
    #[derive(Clone, Default)]
    struct Drops(Arc<AtomicUsize>);

    struct Held(Drops);

    impl Drop for Held {
        fn drop(&mut self) {
            self.0.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    /// Answers after forever, or at once with a stream that says nothing.
    fn site(drops: &Drops) -> Site {
        let slow = Route::new(Method::GET, "/slow", Permission::Public, drops, |drops, _| async move {
            let _held = Held(drops);
            std::future::pending::<crate::http::Response>().await
        });
        let silent = Route::new(Method::GET, "/silent", Permission::Public, drops, |drops, _| async move {
            let held = Held(drops);
            Lines::UNIX.reply(stream::unfold(held, |held| async move {
                std::future::pending::<()>().await;
                Some(((), held))
            }))
        });
        Site::new(vec![Group { family: Family::Explorer, routes: vec![slow, silent] }], None)
    }

    #[tokio::test]
    async fn who_leaves_is_not_worked_for() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("sock");
        let listener = UnixListener::bind(&path).expect("bound");
        let (drops, shutdown) = (Drops::default(), Shutdown::default());
        let serving = tokio::spawn({
            let (site, shutdown) = (site(&drops), shutdown.clone());
            async move { serve(&listener, site, shutdown).await }
        });
        for (count, target) in [(1, "/slow"), (2, "/silent")] {
            let mut client = tokio::net::UnixStream::connect(&path).await.expect("listens");
            client
                .write_all(format!("GET {target} HTTP/1.1\r\nHost: d\r\n\r\n").as_bytes())
                .await
                .expect("sent");
            if target == "/silent" {
                assert!(client.read(&mut [0; 1024]).await.expect("a head at once") > 0);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            assert_eq!(drops.0.load(Ordering::SeqCst), count - 1, "{target}: still wanted");
            drop(client);
            let dropped = async {
                while drops.0.load(Ordering::SeqCst) < count {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(5), dropped).await.expect(target);
        }
        shutdown.begin();
        serving.await.expect("ends");
    }
}
