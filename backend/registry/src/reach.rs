//! How far into private networks an address lies, and who may send us there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where an address lies. A registry may send us no further in than it is itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Reach {
    /// Anybody's.
    Public,
    /// A private network.
    Private,
    /// This machine.
    Loopback,
    /// This link, and the metadata services of clouds; also what is no address of a server.
    Link,
}

impl Reach {
    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::of_v4(address),
            IpAddr::V6(address) => Self::of_v6(address),
        }
    }

    fn of_v4(address: Ipv4Addr) -> Self {
        match address.octets() {
            [127, ..] | [0, ..] => Self::Loopback,
            [169, 254, ..] | [100, 100, 100, 200] | [224..=255, ..] => Self::Link,
            [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Self::Private,
            [100, 64..=127, ..] | [192, 0, 0, _] | [198, 18..=19, ..] => Self::Private,
            _ => Self::Public,
        }
    }

    fn of_v6(address: Ipv6Addr) -> Self {
        let embedded = |high: u16, low: u16| {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            Self::of_v4(Ipv4Addr::new(a, b, c, d))
        };
        match address.segments() {
            [0, 0, 0, 0, 0, 0, 0, 0 | 1] => Self::Loopback,
            [0xfd00, 0xec2, ..] | [0xfe80..=0xfebf, ..] | [0xff00..=0xffff, ..] => Self::Link,
            // Addresses that carry an IPv4 address: compatible, NAT64, 6to4.
            [0, 0, 0, 0, 0, 0, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
            [0x2002, high, low, ..] => embedded(high, low),
            [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => Self::Private,
            _ => Self::Public,
        }
    }

    /// Whether a server at `self` may send us to `target`.
    pub(crate) fn may_send_to(self, target: Self) -> bool {
        target <= self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_classed() {
        let cases = [
            ("93.184.216.34", Reach::Public),
            ("2606:2800:220:1::1", Reach::Public),
            ("10.1.2.3", Reach::Private),
            ("172.31.0.1", Reach::Private),
            ("172.32.0.1", Reach::Public),
            ("192.168.0.1", Reach::Private),
            ("100.64.0.1", Reach::Private),
            ("fd12::1", Reach::Private),
            ("127.0.0.1", Reach::Loopback),
            ("0.0.0.0", Reach::Loopback),
            ("::1", Reach::Loopback),
            ("::", Reach::Loopback),
            ("::ffff:127.0.0.1", Reach::Loopback),
            ("::127.0.0.1", Reach::Loopback),
            ("64:ff9b::a00:1", Reach::Private),
            ("2002:7f00:1::", Reach::Loopback),
            ("169.254.169.254", Reach::Link),
            ("fd00:ec2::254", Reach::Link),
            ("100.100.100.200", Reach::Link),
            ("fe80::1", Reach::Link),
            ("224.0.0.1", Reach::Link),
            ("255.255.255.255", Reach::Link),
            ("ff02::1", Reach::Link),
        ];
        for (address, reach) in cases {
            assert_eq!(Reach::of(address.parse().expect(address)), reach, "{address}");
        }
    }

    #[test]
    fn nobody_is_sent_further_in() {
        assert!(Reach::Public.may_send_to(Reach::Public));
        assert!(!Reach::Public.may_send_to(Reach::Private));
        assert!(!Reach::Public.may_send_to(Reach::Loopback));
        assert!(!Reach::Private.may_send_to(Reach::Loopback));
        assert!(Reach::Loopback.may_send_to(Reach::Public));
        assert!(!Reach::Loopback.may_send_to(Reach::Link));
    }
}
