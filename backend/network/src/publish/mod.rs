//! Ports of the host that lead to a container.
//!
//! Publishing is in two steps. [`reserve`] binds sockets, which is what decides who has a port; [`Reserved::serve`]
//! starts to pass on what arrives there, once the container has its address.

mod ports;
mod socket;
mod tcp;
mod udp;

pub use ports::{For, Ports, reserve};
pub use socket::Socket;

use std::net::{IpAddr, SocketAddr};

use crate::{PublishedPort, task::Task};

/// A bound socket of the host and what it is for.
#[derive(Debug)]
pub struct Reserved {
    /// What was got.
    pub port: PublishedPort,
    socket: Socket,
}

/// A running proxy. It ends, with its connections, when it is dropped.
pub type Proxy = Task;

impl Reserved {
    /// Passes on to the container with this address. Needs a tokio runtime around it.
    pub fn serve(self, container: IpAddr) -> std::io::Result<Proxy> {
        let target = SocketAddr::new(container, self.port.port.number);
        Ok(match self.socket {
            Socket::Tcp(listener) => {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                Task::spawn(tcp::serve(listener, target))
            }
            Socket::Udp(socket) => {
                let socket = tokio::net::UdpSocket::from_std(socket)?;
                Task::spawn(udp::serve(socket, target))
            }
        })
    }
}
