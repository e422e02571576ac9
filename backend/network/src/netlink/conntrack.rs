//! Forgetting flows of datagrams.
//!
//! The kernel remembers where it sends the datagrams of a client for as long as they keep coming: to a container that
//! has gone too, though a rule now leads elsewhere. (A connection ends with its container by itself.)

use std::{
    io,
    net::IpAddr,
    os::fd::{AsFd, OwnedFd},
};

use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, bind, netlink, recv, send, socket_with,
};

const GET: u16 = 0x0101;
const DELETE: u16 = 0x0102;
const ERROR: u16 = 2;
const DONE: u16 = 3;
const REQUEST: u16 = 1;
const DUMP: u16 = 0x300;
/// Attributes of a flow: its direction out and its direction back.
const ORIGINAL: u16 = 1;
const REPLY: u16 = 2;
/// Attributes of a direction, and of its addresses and protocol.
const ADDRESSES: u16 = 1;
const TRANSPORT: u16 = 2;
const V4_SOURCE: u16 = 1;
const V6_SOURCE: u16 = 3;
const NUMBER: u16 = 1;
const UDP: u8 = 17;
/// A message's header, and the family's behind it.
const HEADER: usize = 16;
const FAMILY: usize = 4;

/// Forgets the flows of datagrams that go to this address.
///
/// # Errors
/// The kernel's refusal; one that doesn't follow flows has none.
pub fn forget(address: IpAddr) -> io::Result<()> {
    let socket =
        socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, Some(netlink::NETFILTER))?;
    bind(&socket, &netlink::SocketAddrNetlink::new(0, 0))?;
    let family = if address.is_ipv4() { 2 } else { 10 };
    send(&socket, &message(GET, REQUEST | DUMP, family, &[]), SendFlags::empty())?;
    for flow in flows(&socket, address)? {
        // One that has ended by itself meanwhile is as good.
        send(&socket, &message(DELETE, REQUEST, family, &flow), SendFlags::empty())?;
    }
    Ok(())
}

/// The directions out of all such flows, as attributes that name them.
fn flows(socket: &OwnedFd, address: IpAddr) -> io::Result<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let (length, _) = recv(socket.as_fd(), &mut buffer[..], RecvFlags::empty())?;
        let mut rest = &buffer[..length];
        while let Some(size) = rest.first_chunk::<4>().map(|size| u32::from_ne_bytes(*size) as usize) {
            let Some(bytes) = rest.get(..size).filter(|bytes| bytes.len() >= HEADER) else { break };
            match u16::from_ne_bytes([bytes[4], bytes[5]]) {
                DONE => return Ok(found),
                ERROR => {
                    let code =
                        bytes.get(16..20).and_then(|code| code.try_into().ok()).map(i32::from_ne_bytes);
                    return Err(io::Error::from_raw_os_error(-code.unwrap_or_default()));
                }
                _ => found.extend(flow(bytes.get(HEADER + FAMILY..).unwrap_or_default(), address)),
            }
            rest = rest.get(size.next_multiple_of(4)..).unwrap_or_default();
        }
    }
}

/// The direction out of a flow of datagrams that the address answers.
fn flow(bytes: &[u8], address: IpAddr) -> Option<Vec<u8>> {
    let reply = value(bytes, REPLY)?;
    let source = match address {
        IpAddr::V4(ip) => value(value(reply, ADDRESSES)?, V4_SOURCE)? == ip.octets(),
        IpAddr::V6(ip) => value(value(reply, ADDRESSES)?, V6_SOURCE)? == ip.octets(),
    };
    let datagrams = value(value(reply, TRANSPORT)?, NUMBER)? == [UDP];
    if !(source && datagrams) {
        return None;
    }
    let original = value(bytes, ORIGINAL)?;
    let mut attribute = ((original.len() + 4) as u16).to_ne_bytes().to_vec();
    attribute.extend_from_slice(&(ORIGINAL | 0x8000).to_ne_bytes());
    attribute.extend_from_slice(original);
    Some(attribute)
}

/// The value of the first attribute of a kind.
fn value(mut bytes: &[u8], kind: u16) -> Option<&[u8]> {
    loop {
        let head = bytes.first_chunk::<4>()?;
        let length = usize::from(u16::from_ne_bytes([head[0], head[1]]));
        // The high bits say how to read it, which is known.
        if u16::from_ne_bytes([head[2], head[3]]) & 0x3fff == kind {
            return bytes.get(4..length);
        }
        bytes = bytes.get(length.next_multiple_of(4).max(4)..)?;
    }
}

fn message(kind: u16, flags: u16, family: u8, attributes: &[u8]) -> Vec<u8> {
    let mut bytes = ((HEADER + FAMILY + attributes.len()) as u32).to_ne_bytes().to_vec();
    bytes.extend_from_slice(&kind.to_ne_bytes());
    bytes.extend_from_slice(&flags.to_ne_bytes());
    bytes.extend_from_slice(&[0; 8]);
    bytes.extend_from_slice(&[family, 0, 0, 0]);
    bytes.extend_from_slice(attributes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let mut bytes = ((value.len() + 4) as u16).to_ne_bytes().to_vec();
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(value);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    }

    fn direction(source: [u8; 4], protocol: u8) -> Vec<u8> {
        [
            attribute(ADDRESSES, &attribute(V4_SOURCE, &source)),
            attribute(TRANSPORT, &attribute(NUMBER, &[protocol])),
        ]
        .concat()
    }

    #[test]
    fn only_datagrams_to_the_address_are_meant() {
        let out = direction([192, 0, 2, 1], UDP);
        let entry = |protocol| {
            [attribute(ORIGINAL, &out), attribute(REPLY, &direction([10, 0, 0, 2], protocol))].concat()
        };
        let named = attribute(ORIGINAL | 0x8000, &out);
        assert_eq!(flow(&entry(UDP), [10, 0, 0, 2].into()), Some(named));
        assert_eq!(flow(&entry(UDP), [10, 0, 0, 3].into()), None);
        assert_eq!(flow(&entry(6), [10, 0, 0, 2].into()), None);
        assert_eq!(flow(&entry(UDP)[..9], [10, 0, 0, 2].into()), None);
    }
}
