//! One container's name server.

use std::{
    fs::File,
    io,
    net::{IpAddr, SocketAddr, TcpListener, UdpSocket},
    path::Path,
    sync::Arc,
    time::Duration,
};

use rustix::net::{
    AddressFamily, SocketFlags, SocketType, bind, listen, socket_with, sockopt::set_socket_reuseaddr,
};
use tokio::{net::TcpStream, sync::Semaphore, task::JoinSet, time::timeout};

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
        let udp = tokio::net::UdpSocket::from_std(udp).map_err(failed)?;
        let tcp = tokio::net::TcpListener::from_std(tcp).map_err(failed)?;
        let server = Server { upstreams, lookup };
        Ok(Self(Task::spawn(serve(Arc::new(udp), tcp, Arc::new(server)))))
    }

    /// Ends it; when this returns, the container's network namespace is free. Blocks.
    pub fn end(self) {
        self.0.end();
    }
}

fn sockets() -> io::Result<(UdpSocket, TcpListener)> {
    let address: SocketAddr = (RESOLVER, 53).into();
    let open = |kind| -> io::Result<_> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::INET, kind, flags, None)?;
        set_socket_reuseaddr(&socket, true)?;
        bind(&socket, &address)?;
        Ok(socket)
    };
    let (udp, tcp) = (open(SocketType::DGRAM)?, open(SocketType::STREAM)?);
    listen(&tcp, 64)?;
    Ok((udp.into(), tcp.into()))
}

struct Server {
    upstreams: Vec<IpAddr>,
    lookup: Lookup,
}

async fn serve(udp: Arc<tokio::net::UdpSocket>, tcp: tokio::net::TcpListener, server: Arc<Server>) {
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
                        let _ = udp.send_to(&answer, client).await;
                    }
                    drop(permit);
                });
            }
            accepted = tcp.accept() => {
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

async fn converse(mut stream: TcpStream, server: &Server) -> io::Result<()> {
    loop {
        let query = timeout(IDLE, forward::read(&mut stream)).await??;
        let Some(answer) = server.answer(&query, true).await else { return Ok(()) };
        forward::write(&mut stream, &answer).await?;
    }
}

impl Server {
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
