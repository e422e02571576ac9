//! Sockets bound so that both address families can have a port at once.

use std::{
    io,
    net::{SocketAddr, TcpListener, UdpSocket},
    os::fd::OwnedFd,
};

use rustix::net::{
    AddressFamily, SocketFlags, SocketType, bind, listen, socket_with,
    sockopt::{set_ipv6_v6only, set_socket_reuseaddr},
};

use crate::Protocol;

const BACKLOG: i32 = 1024;

/// A bound socket that doesn't block.
#[derive(Debug)]
pub enum Socket {
    /// Listens.
    Tcp(TcpListener),
    /// Waits for datagrams.
    Udp(UdpSocket),
}

impl Socket {
    /// Takes a port of the host; an IPv6 socket leaves IPv4 alone.
    pub fn bind(protocol: Protocol, address: SocketAddr) -> io::Result<Self> {
        let kind = match protocol {
            Protocol::Tcp => SocketType::STREAM,
            Protocol::Udp => SocketType::DGRAM,
        };
        let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let socket: OwnedFd = socket_with(family, kind, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
        if address.is_ipv6() {
            set_ipv6_v6only(&socket, true)?;
        }
        if protocol == Protocol::Tcp {
            // Connections of a former container that are still dying out don't hold the port.
            set_socket_reuseaddr(&socket, true)?;
        }
        bind(&socket, &address)?;
        Ok(match protocol {
            Protocol::Tcp => {
                listen(&socket, BACKLOG)?;
                Self::Tcp(socket.into())
            }
            Protocol::Udp => Self::Udp(socket.into()),
        })
    }
}
