//! Passing on connections.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::copy_bidirectional_with_sizes,
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::sleep,
};

const BUFFER: usize = 64 * 1024;
/// After a failed accept, as for want of file descriptors, it is no use to try again at once.
const PAUSE: Duration = Duration::from_millis(50);

/// Accepts until it is aborted; the connections end with it.
pub async fn serve(listener: TcpListener, target: SocketAddr) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((client, _)) => {
                    connections.spawn(pass(client, target));
                }
                Err(error) => {
                    tracing::warn!(%error, %target, "a published port can't accept");
                    sleep(PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn pass(mut client: TcpStream, target: SocketAddr) {
    let Ok(mut container) = TcpStream::connect(target).await else { return };
    let _ = client.set_nodelay(true);
    let _ = container.set_nodelay(true);
    // An end that breaks off is the other's to notice.
    let _ = copy_bidirectional_with_sizes(&mut client, &mut container, BUFFER, BUFFER).await;
}
