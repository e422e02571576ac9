//! One container's name server.

use std::{
    fs::File,
    future::pending,
    io,
    net::{IpAddr, SocketAddr, UdpSocket},
    os::fd::OwnedFd,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use rustix::net::{
    AddressFamily, SocketFlags, SocketType, bind, listen, socket_with,
    sockopt::{set_socket_reuseaddr, set_socket_reuseport},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{
        Semaphore,
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    },
    task::JoinSet,
    time::timeout,
};

use super::{
    forward,
    message::{self, Code, Kind, Question},
    zone::Answer,
};
use crate::{NetworkError, files::RESOLVER, netns, task::Task};

/// Questions that are answered at once, per container.
const AT_ONCE: usize = 128;
const LARGEST: usize = 4096;
const IDLE: Duration = Duration::from_secs(10);

/// Asks the networks about a question of this container.
pub type Lookup = Arc<dyn Fn(&Wanted) -> Answer + Send + Sync>;

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Addresses of a name.
    Name(String),
    /// The name of an address.
    Address(IpAddr),
}

/// A running name server. It ends when it is dropped, and lets go of the container's network namespace.
#[derive(Debug)]
pub struct Resolver(Task);

impl Resolver {
    /// Starts to answer inside a container, whose loopback interface must be up. Needs a tokio runtime around it.
    ///
    /// # Errors
    /// [`NetworkError::Namespace`] if the container has gone, or the port is taken in it.
    pub fn start(
        path: &Path,
        namespace: &File,
        upstreams: Vec<IpAddr>,
        lookup: Lookup,
    ) -> Result<Self, NetworkError> {
        let failed = |source: io::Error| NetworkError::Netlink {
            action: format!("answer names at {RESOLVER} of the container"),
            source,
        };
        let (udp, tcp) = netns::inside(path, namespace, || sockets().map_err(failed))?;
        let udp = Arc::new(tokio::net::UdpSocket::from_std(udp).map_err(failed)?);
        let (open, opened) = unbounded_channel();
        let server = Arc::new(Server { upstreams, lookup, tcp: Mutex::new(Some(tcp)), open });
        Ok(Self(Task::spawn(serve(udp, opened, server))))
    }

    /// Ends it; when this returns, the container's network namespace is free. Blocks.
    pub fn end(self) {
        self.0.end();
    }
}

/// A bound socket for datagrams, and one for connections that has no port yet; both belong to where they are made.
/// The options let a container run a name server of its own at all its addresses.
fn sockets() -> io::Result<(UdpSocket, OwnedFd)> {
    let open = |kind| -> io::Result<OwnedFd> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::INET, kind, flags, None)?;
        set_socket_reuseaddr(&socket, true)?;
        set_socket_reuseport(&socket, true)?;
        Ok(socket)
    };
    let udp = open(SocketType::DGRAM)?;
    bind(&udp, &SocketAddr::from((RESOLVER, 53)))?;
    Ok((udp.into(), open(SocketType::STREAM)?))
}

struct Server {
    upstreams: Vec<IpAddr>,
    lookup: Lookup,
    /// Connections are accepted from when an answer was first too long for a datagram: a listening socket would stand
    /// in the way of a container's own, whatever its options.
    tcp: Mutex<Option<OwnedFd>>,
    open: UnboundedSender<TcpListener>,
}

async fn serve(
    udp: Arc<tokio::net::UdpSocket>,
    mut opened: UnboundedReceiver<TcpListener>,
    server: Arc<Server>,
) {
    let mut tcp = None;
    let limit = Arc::new(Semaphore::new(AT_ONCE));
    let mut open = JoinSet::new();
    let mut buffer = vec![0; LARGEST];
    loop {
        tokio::select! {
            received = udp.recv_from(&mut buffer) => {
                // A question too many is lost, and asked again.
                let Ok((length, client)) = received else { continue };
                let Ok(permit) = Arc::clone(&limit).try_acquire_owned() else { continue };
                let (udp, server, query) = (Arc::clone(&udp), Arc::clone(&server), buffer[..length].to_vec());
                open.spawn(async move {
                    if let Some(answer) = server.answer(&query, false).await {
                        if message::is_truncated(&answer) {
                            server.accept_connections();
                        }
                        let _ = udp.send_to(&answer, client).await;
                    }
                    drop(permit);
                });
            }
            Some(listener) = opened.recv() => tcp = Some(listener),
            accepted = accept(tcp.as_ref()) => {
                let Ok((stream, _)) = accepted else { continue };
                let Ok(permit) = Arc::clone(&limit).try_acquire_owned() else { continue };
                let server = Arc::clone(&server);
                open.spawn(async move {
                    let _ = converse(stream, &server).await;
                    drop(permit);
                });
            }
            Some(_) = open.join_next() => {}
        }
    }
}

async fn accept(tcp: Option<&TcpListener>) -> io::Result<(TcpStream, SocketAddr)> {
    match tcp {
        Some(tcp) => tcp.accept().await,
        None => pending().await,
    }
}

async fn converse(mut stream: TcpStream, server: &Server) -> io::Result<()> {
    loop {
        let query = timeout(IDLE, forward::read(&mut stream)).await??;
        let Some(answer) = server.answer(&query, true).await else { return Ok(()) };
        forward::write(&mut stream, &answer).await?;
    }
}

impl Server {
    /// Makes it possible to ask again over a connection.
    fn accept_connections(&self) {
        let Some(socket) = self.tcp.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take() else {
            return;
        };
        let listener = || -> io::Result<TcpListener> {
            bind(&socket, &SocketAddr::from((RESOLVER, 53)))?;
            listen(&socket, 64)?;
            TcpListener::from_std(socket.into())
        };
        match listener() {
            // The other end is there as long as anybody asks.
            Ok(listener) => drop(self.open.send(listener)),
            Err(error) => tracing::debug!(%error, "a container's name server takes no connections"),
        }
    }

    /// The answer to a message; nothing to what isn't a question.
    async fn answer(&self, query: &[u8], tcp: bool) -> Option<Vec<u8>> {
        let question = Question::read(query)?;
        let wanted = match question.kind {
            Kind::A | Kind::Aaaa => Some(Wanted::Name(question.name.clone())),
            Kind::Ptr => question.address().map(Wanted::Address),
            Kind::Other => None,
        };
        // What has no words here is asked of the world if there is one, just as an unknown name.
        let wanted = wanted.unwrap_or_else(|| Wanted::Name(String::new()));
        match (self.lookup)(&wanted) {
            Answer::Addresses(mut found) => {
                let turn = usize::from(query[1]) % found.len().max(1);
                found.rotate_left(turn);
                Some(message::addresses(query, &question, &found))
            }
            Answer::Name(name) => Some(message::name(query, &question, &name)),
            Answer::Elsewhere => {
                let answer = forward::ask(&self.upstreams, query, tcp).await;
                Some(answer.unwrap_or_else(|| message::nothing(query, &question, Code::Failure)))
            }
            Answer::Nowhere => Some(message::nothing(query, &question, Code::Failure)),
        }
    }
}
