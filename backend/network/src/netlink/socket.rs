//! The socket itself.

use std::{
    io,
    os::fd::{AsFd, OwnedFd},
};

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::RouteNetlinkMessage;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, netlink, recv, send, socket_with,
};

use super::Change;
use crate::NetworkError;

/// Large enough for what the kernel sends at once.
const BUFFER: usize = 64 * 1024;

/// A connection to the kernel's routing tables.
pub struct Netlink {
    socket: OwnedFd,
    sequence: u32,
}

impl Netlink {
    /// Connects to the tables of this thread's network namespace.
    ///
    /// # Errors
    /// The kernel's refusal.
    pub fn open() -> Result<Self, NetworkError> {
        let open = || -> io::Result<OwnedFd> {
            // The protocol for links and routes is the first one, which is what none means.
            let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
            bind(&socket, &netlink::SocketAddrNetlink::new(0, 0))?;
            Ok(socket)
        };
        open()
            .map(|socket| Self { socket, sequence: 0 })
            .map_err(|source| refused("open a netlink socket", source))
    }

    /// Makes several changes with one system call; a later one is made even if an earlier one failed.
    ///
    /// # Errors
    /// The first refusal.
    pub fn apply(&mut self, changes: Vec<Change>) -> Result<(), NetworkError> {
        let mut bytes = Vec::new();
        let first = self.sequence + 1;
        let mut actions = Vec::with_capacity(changes.len());
        for change in changes {
            actions.push(change.action);
            self.encode(change.message, NLM_F_REQUEST | NLM_F_ACK | change.flags, &mut bytes);
        }
        let fail = |source: io::Error| refused(&actions.join(", "), source);
        send(&self.socket, &bytes, SendFlags::empty()).map_err(|errno| fail(errno.into()))?;
        let mut failed = None;
        let mut open = actions.len();
        while open > 0 {
            for message in self.receive().map_err(fail)? {
                let number = message.header.sequence_number;
                if let NetlinkPayload::Error(answer) = message.payload
                    && number >= first
                {
                    open -= 1;
                    if answer.code.is_some() && failed.is_none() {
                        let action = actions.get((number - first) as usize);
                        failed = action.map(|action| refused(action, answer.to_io()));
                    }
                }
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// Everything of a kind.
    ///
    /// # Errors
    /// The kernel's refusal.
    pub fn dump(&mut self, what: RouteNetlinkMessage) -> io::Result<Vec<RouteNetlinkMessage>> {
        self.ask(what, NLM_F_REQUEST | NLM_F_DUMP)
    }

    /// One thing.
    ///
    /// # Errors
    /// The kernel's refusal, if there is no such thing among others.
    pub fn get(&mut self, what: RouteNetlinkMessage) -> io::Result<Vec<RouteNetlinkMessage>> {
        self.ask(what, NLM_F_REQUEST | NLM_F_ACK)
    }

    fn ask(&mut self, what: RouteNetlinkMessage, flags: u16) -> io::Result<Vec<RouteNetlinkMessage>> {
        let mut bytes = Vec::new();
        self.encode(what, flags, &mut bytes);
        send(&self.socket, &bytes, SendFlags::empty())?;
        let mut found = Vec::new();
        loop {
            for message in self.receive()? {
                if message.header.sequence_number != self.sequence {
                    continue;
                }
                match message.payload {
                    NetlinkPayload::InnerMessage(inner) => found.push(inner),
                    NetlinkPayload::Done(_) => return Ok(found),
                    NetlinkPayload::Error(answer) if answer.code.is_some() => return Err(answer.to_io()),
                    NetlinkPayload::Error(_) => return Ok(found),
                    _ => {}
                }
            }
        }
    }

    fn encode(&mut self, message: RouteNetlinkMessage, flags: u16, bytes: &mut Vec<u8>) {
        self.sequence += 1;
        let mut header = NetlinkHeader::default();
        header.flags = flags;
        header.sequence_number = self.sequence;
        let mut message = NetlinkMessage::new(header, NetlinkPayload::InnerMessage(message));
        message.finalize();
        let start = bytes.len();
        bytes.resize(start + message.buffer_len().next_multiple_of(4), 0);
        message.serialize(&mut bytes[start..start + message.buffer_len()]);
    }

    /// The messages of one datagram. What this program has no words for is passed over.
    fn receive(&self) -> io::Result<Vec<NetlinkMessage<RouteNetlinkMessage>>> {
        let mut buffer = vec![0; BUFFER];
        let (length, _) = loop {
            match recv(self.socket.as_fd(), &mut buffer[..], RecvFlags::empty()) {
                Err(rustix::io::Errno::INTR) => {}
                other => break other?,
            }
        };
        let mut rest = &buffer[..length];
        let mut messages = Vec::new();
        while let Some(length) = rest.first_chunk::<4>().map(|head| u32::from_ne_bytes(*head) as usize) {
            let Some(bytes) = rest.get(..length).filter(|bytes| bytes.len() >= 16) else { break };
            if let Ok(message) = NetlinkMessage::deserialize(bytes) {
                messages.push(message);
            }
            rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        }
        Ok(messages)
    }
}

fn refused(action: &str, source: io::Error) -> NetworkError {
    NetworkError::Netlink { action: action.to_owned(), source }
}
