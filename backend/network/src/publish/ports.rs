//! Who gets which port of the host.

use std::{
    collections::HashSet,
    fs, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    ops::RangeInclusive,
    sync::atomic::{AtomicU16, Ordering},
    thread,
    time::Duration,
};

use rustix::io::Errno;

use super::{Reserved, Socket};
use crate::{HostPort, NetworkError, Port, Protocol, Publish, PublishedPort};

/// What is used where the kernel doesn't say.
const EPHEMERAL: RangeInclusive<u16> = 32768..=60999;

/// Whose turn it is among the ports that are chosen freely.
#[derive(Debug, Default)]
pub struct Ports {
    next: AtomicU16,
}

/// A port that was just given back may for a moment still be open in a process that some thread is starting, and has
/// not got to its program yet.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(5);

/// For whom ports are taken: the words of errors name it.
#[derive(Debug, Clone, Copy)]
pub struct For<'a> {
    /// The container's name.
    pub name: &'a str,
    /// The endpoint's identifier.
    pub id: &'a str,
}

/// Takes all ports that were asked for, or none.
///
/// `default` is the address where none was asked for, or all of them; `ours` are the ports that containers of this
/// server have.
///
/// # Errors
/// In docker's words, which depend on who has the port.
pub fn reserve(
    ports: &Ports,
    requests: &[Publish],
    default: Option<IpAddr>,
    ours: &HashSet<(Protocol, IpAddr, u16)>,
    whom: For<'_>,
) -> Result<Vec<Reserved>, NetworkError> {
    let mut reserved = Vec::new();
    for request in requests {
        let addresses = match request.host_ip.or(default) {
            None => vec![Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()],
            Some(ip) => vec![ip],
        };
        reserved.extend(one(ports, request, &addresses, ours, whom)?);
    }
    Ok(reserved)
}

fn one(
    ports: &Ports,
    request: &Publish,
    addresses: &[IpAddr],
    ours: &HashSet<(Protocol, IpAddr, u16)>,
    whom: For<'_>,
) -> Result<Vec<Reserved>, NetworkError> {
    let (candidates, chosen): (Box<dyn Iterator<Item = u16>>, bool) = match &request.host_port {
        HostPort::OneOf(range) => (Box::new(range.clone()), range.start() != range.end()),
        HostPort::Any => (Box::new(ports.candidates()), true),
    };
    for number in candidates {
        let mut result = take(request.port, addresses, number);
        let mut tries =
            if chosen || held(request.port.protocol, addresses, number, ours) { 0 } else { TRIES };
        while tries > 0 && result.as_ref().is_err_and(|(_, error)| taken(error)) {
            thread::sleep(PAUSE);
            result = take(request.port, addresses, number);
            tries -= 1;
        }
        match result {
            Ok(reserved) => {
                if request.host_port == HostPort::Any {
                    ports.next.store(number.wrapping_add(1), Ordering::Relaxed);
                }
                return Ok(reserved);
            }
            Err((_, error)) if chosen && taken(&error) => {}
            Err((address, error)) => return Err(refusal(request.port.protocol, address, &error, ours, whom)),
        }
    }
    Err(NetworkError::NoPort { name: whom.name.to_owned(), id: whom.id.to_owned() })
}

impl Ports {
    /// All ports that may be chosen freely, each once, going on from the last one given.
    fn candidates(&self) -> impl Iterator<Item = u16> {
        let range = ephemeral();
        let next = Some(self.next.load(Ordering::Relaxed)).filter(|next| range.contains(next));
        let next = next.unwrap_or(*range.start());
        (next..=*range.end()).chain(*range.start()..next)
    }
}

fn ephemeral() -> RangeInclusive<u16> {
    let text = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let mut numbers = text.split_whitespace().filter_map(|number| number.parse().ok());
    match (numbers.next(), numbers.next()) {
        (Some(first), Some(last)) if first <= last && first > 0 => first..=last,
        _ => EPHEMERAL,
    }
}

/// Takes a port on all of some addresses, or on none.
fn take(port: Port, addresses: &[IpAddr], number: u16) -> Result<Vec<Reserved>, (SocketAddr, io::Error)> {
    let mut reserved = Vec::new();
    for &host_ip in addresses {
        let address = SocketAddr::new(host_ip, number);
        match Socket::bind(port.protocol, address) {
            Ok(socket) => {
                let port = PublishedPort { port, host_ip, host_port: number };
                reserved.push(Reserved { port, socket });
            }
            // A host without IPv6 publishes to the rest of the world.
            Err(error) if absent(&error) && !reserved.is_empty() => {}
            Err(error) => return Err((address, error)),
        }
    }
    Ok(reserved)
}

/// Whether one of our containers has a port on one of some addresses.
fn held(
    protocol: Protocol,
    addresses: &[IpAddr],
    number: u16,
    ours: &HashSet<(Protocol, IpAddr, u16)>,
) -> bool {
    let meets = |one: IpAddr, other: IpAddr| {
        one == other || (one.is_ipv4() == other.is_ipv4() && (one.is_unspecified() || other.is_unspecified()))
    };
    ours.iter().any(|&(own, ip, port)| {
        own == protocol && port == number && addresses.iter().any(|address| meets(ip, *address))
    })
}

fn absent(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    errno == Some(Errno::AFNOSUPPORT) || errno == Some(Errno::ADDRNOTAVAIL)
}

fn taken(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrInUse
}

fn refusal(
    protocol: Protocol,
    address: SocketAddr,
    error: &io::Error,
    ours: &HashSet<(Protocol, IpAddr, u16)>,
    whom: For<'_>,
) -> NetworkError {
    let (name, id) = (whom.name.to_owned(), whom.id.to_owned());
    let meets = |ip: IpAddr| {
        ip == address.ip()
            || (ip.is_ipv4() == address.is_ipv4() && (ip.is_unspecified() || address.ip().is_unspecified()))
    };
    if taken(error) && ours.iter().any(|&(p, ip, port)| p == protocol && port == address.port() && meets(ip))
    {
        let address = format!("{}:{}", address.ip(), address.port());
        return NetworkError::PortAllocated { name, id, address };
    }
    let network = format!("{protocol}{}", if address.is_ipv4() { 4 } else { 6 });
    NetworkError::Bind { name, id, network, address: address.to_string(), reason: words(error) }
}

/// The system's words without Rust's additions, as Go has them.
fn words(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOM: For<'static> = For { name: "web", id: "1234" };

    fn publish(host: &str, port: HostPort) -> Publish {
        Publish {
            port: Port { number: 80, protocol: Protocol::Tcp },
            host_ip: Some(host.parse().unwrap()),
            host_port: port,
        }
    }

    fn fails(request: Publish, ours: &HashSet<(Protocol, IpAddr, u16)>) -> String {
        reserve(&Ports::default(), &[request], None, ours, WHOM).unwrap_err().to_string()
    }

    #[test]
    fn errors_are_docker_s_and_name_the_other() {
        let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = other.local_addr().unwrap().port();
        let request = publish("127.0.0.1", HostPort::OneOf(port..=port));
        let start = "driver failed programming external connectivity on endpoint web (1234): ";
        assert_eq!(
            fails(request.clone(), &HashSet::new()),
            format!(
                "{start}Error starting userland proxy: listen tcp4 127.0.0.1:{port}: bind: address already in use"
            )
        );
        let ours = HashSet::from([(Protocol::Tcp, IpAddr::from([0, 0, 0, 0]), port)]);
        assert_eq!(
            fails(request, &ours),
            format!("{start}Bind for 127.0.0.1:{port} failed: port is already allocated")
        );
        let elsewhere = publish("198.51.100.7", HostPort::OneOf(8080..=8080));
        assert!(fails(elsewhere, &HashSet::new()).ends_with("bind: cannot assign requested address"));
    }

    #[test]
    fn free_ports_are_chosen_in_turn_and_ranges_exhausted() {
        let ports = Ports::default();
        let any = publish("127.0.0.1", HostPort::Any);
        let reserved = reserve(&ports, &[any.clone(), any], None, &HashSet::new(), WHOM).unwrap();
        let numbers: Vec<u16> = reserved.iter().map(|reserved| reserved.port.host_port).collect();
        assert!(numbers[0] != numbers[1] && ephemeral().contains(&numbers[0]));
        let held = numbers[0]..=numbers[0];
        let low = *held.start();
        let two = publish("127.0.0.1", HostPort::OneOf(low..=low.saturating_add(200)));
        let got = reserve(&ports, &[two], None, &HashSet::new(), WHOM).unwrap();
        assert!(got[0].port.host_port > low);
    }

    #[test]
    fn a_port_is_taken_in_both_families() {
        let mut request = publish("127.0.0.1", HostPort::Any);
        request.host_ip = None;
        let reserved = reserve(&Ports::default(), &[request], None, &HashSet::new(), WHOM).unwrap();
        assert_eq!(reserved[0].port.host_ip, IpAddr::from([0, 0, 0, 0]));
        assert!(reserved.iter().all(|other| other.port.host_port == reserved[0].port.host_port));
    }
}
