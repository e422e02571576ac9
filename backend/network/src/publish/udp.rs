//! Passing on datagrams, with a socket per client so that answers find their way back.

use std::{
    collections::HashMap,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use tokio::{net::UdpSocket, task::JoinSet, time::timeout};

/// The largest datagram.
const BUFFER: usize = 64 * 1024;
/// A client that nothing comes back for is forgotten after this, as docker's proxy does.
const IDLE: Duration = Duration::from_secs(90);
/// Clients beyond this wait until others were forgotten.
const CLIENTS: usize = 1024;

/// Passes on until it is aborted.
pub async fn serve(host: UdpSocket, target: SocketAddr) {
    let host = Arc::new(host);
    let mut clients: HashMap<SocketAddr, Arc<UdpSocket>> = HashMap::new();
    let mut answers = JoinSet::new();
    let mut buffer = vec![0; BUFFER];
    loop {
        tokio::select! {
            received = host.recv_from(&mut buffer) => {
                // An answer that nobody takes is reported here, and concerns nobody else.
                let Ok((length, client)) = received else { continue };
                if !clients.contains_key(&client) {
                    if clients.len() >= CLIENTS {
                        continue;
                    }
                    let Ok(socket) = connect(target).await else { continue };
                    let socket = Arc::new(socket);
                    answers.spawn(answer(Arc::clone(&host), Arc::clone(&socket), client));
                    clients.insert(client, socket);
                }
                if let Some(socket) = clients.get(&client) {
                    let _ = socket.send(&buffer[..length]).await;
                }
            }
            Some(ended) = answers.join_next() => {
                if let Ok(client) = ended {
                    clients.remove(&client);
                }
            }
        }
    }
}

async fn connect(target: SocketAddr) -> std::io::Result<UdpSocket> {
    let any: SocketAddr = match target {
        SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
        SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
    };
    let socket = UdpSocket::bind(any).await?;
    socket.connect(target).await?;
    Ok(socket)
}

/// Brings answers back until none comes for a while; says whose they were.
async fn answer(host: Arc<UdpSocket>, container: Arc<UdpSocket>, client: SocketAddr) -> SocketAddr {
    let mut buffer = vec![0; BUFFER];
    while let Ok(received) = timeout(IDLE, container.recv(&mut buffer)).await {
        // The container may refuse a datagram and take the next.
        if let Ok(length) = received {
            let _ = host.send_to(&buffer[..length], client).await;
        }
    }
    client
}
