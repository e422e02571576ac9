//! Ranges of addresses, and addresses inside them.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use serde::{Deserialize, Serialize};

use crate::NetworkError;

/// A range of addresses, written `172.17.0.0/16`. No bit is set behind the prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Subnet {
    first: IpAddr,
    prefix: u8,
}

impl Subnet {
    /// The range that `ip` is in.
    ///
    /// # Errors
    /// [`NetworkError::Invalid`] if the prefix is longer than an address.
    pub fn around(ip: IpAddr, prefix: u8) -> Result<Self, NetworkError> {
        if prefix > bits(ip) {
            return Err(NetworkError::Invalid(format!("invalid CIDR address: {ip}/{prefix}")));
        }
        let first = match ip {
            IpAddr::V4(ip) => Ipv4Addr::from_bits(ip.to_bits() & !low(prefix, 32) as u32).into(),
            IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & !low(prefix, 128)).into(),
        };
        Ok(Self { first, prefix })
    }

    /// The address with all bits behind the prefix zero.
    pub fn first(&self) -> IpAddr {
        self.first
    }

    /// How many leading bits all addresses of the range share.
    pub fn prefix(&self) -> u8 {
        self.prefix
    }

    /// Whether it is a range of IPv4 addresses.
    pub fn is_v4(&self) -> bool {
        self.first.is_ipv4()
    }

    /// The number of the last address, counted from [`Subnet::first`].
    pub(crate) fn last(&self) -> u128 {
        low(self.prefix, bits(self.first))
    }

    /// The address with this number, counted from [`Subnet::first`].
    pub(crate) fn nth(&self, number: u128) -> Option<IpAddr> {
        (number <= self.last()).then(|| match self.first {
            IpAddr::V4(ip) => Ipv4Addr::from_bits(ip.to_bits() | number as u32).into(),
            IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() | number).into(),
        })
    }

    /// Whether an address is in the range.
    pub fn contains(&self, ip: IpAddr) -> bool {
        ip.is_ipv4() == self.is_v4() && Self::around(ip, self.prefix).is_ok_and(|around| around == *self)
    }

    /// Whether some address is in both.
    pub fn overlaps(&self, other: &Self) -> bool {
        self.contains(other.first) || other.contains(self.first)
    }
}

fn bits(ip: IpAddr) -> u8 {
    if ip.is_ipv4() { 32 } else { 128 }
}

/// As many low bits as an address has behind the prefix.
fn low(prefix: u8, bits: u8) -> u128 {
    match bits - prefix {
        128 => u128::MAX,
        free => (1 << free) - 1,
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

impl FromStr for Subnet {
    type Err = NetworkError;

    /// `ADDRESS/PREFIX`, with no bit set behind the prefix.
    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let Address { ip, prefix } = text.parse()?;
        let subnet = Self::around(ip, prefix)?;
        if subnet.first != ip {
            return Err(NetworkError::Invalid(format!("invalid subnet {text}: it should be {subnet}")));
        }
        Ok(subnet)
    }
}

impl TryFrom<String> for Subnet {
    type Error = NetworkError;

    fn try_from(text: String) -> Result<Self, NetworkError> {
        text.parse()
    }
}

impl From<Subnet> for String {
    fn from(subnet: Subnet) -> Self {
        subnet.to_string()
    }
}

/// An address of an interface with the length of its network's prefix, written `172.17.0.2/16`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Address {
    /// The address.
    pub ip: IpAddr,
    /// How many leading bits its neighbours share.
    pub prefix: u8,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.ip, self.prefix)
    }
}

impl FromStr for Address {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let wrong = || NetworkError::Invalid(format!("invalid CIDR address: {text}"));
        let (ip, prefix) = text.split_once('/').ok_or_else(wrong)?;
        let ip: IpAddr = ip.parse().map_err(|_| wrong())?;
        let prefix = prefix.parse().ok().filter(|prefix| *prefix <= bits(ip)).ok_or_else(wrong)?;
        Ok(Self { ip, prefix })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnet(text: &str) -> Subnet {
        text.parse().unwrap()
    }

    #[test]
    fn reads_what_it_writes() {
        for text in ["172.17.0.0/16", "10.0.0.0/8", "0.0.0.0/0", "10.1.2.3/32", "fd00::/64", "::/0"] {
            assert_eq!(subnet(text).to_string(), text);
        }
    }

    #[test]
    fn says_what_is_wrong() {
        let message = |text: &str| text.parse::<Subnet>().unwrap_err().to_string();
        assert_eq!(message("172.17.0.9/16"), "invalid subnet 172.17.0.9/16: it should be 172.17.0.0/16");
        for wrong in ["172.17.0.0", "172.17.0.0/33", "fd00::/129", "x/8", "1.2.3/8", "1.2.3.4/"] {
            assert_eq!(message(wrong), format!("invalid CIDR address: {wrong}"));
        }
    }

    #[test]
    fn knows_what_is_inside() {
        let net = subnet("172.17.0.0/16");
        assert!(net.contains("172.17.255.255".parse().unwrap()));
        assert!(!net.contains("172.18.0.0".parse().unwrap()));
        assert!(!net.contains("::".parse().unwrap()));
        assert!(net.overlaps(&subnet("172.16.0.0/12")) && subnet("172.16.0.0/12").overlaps(&net));
        assert!(net.overlaps(&subnet("172.17.3.0/24")));
        assert!(!net.overlaps(&subnet("172.18.0.0/16")));
        assert!(subnet("::/0").overlaps(&subnet("fd00::/64")));
    }

    #[test]
    fn counts_addresses() {
        assert_eq!(subnet("10.0.0.0/30").last(), 3);
        assert_eq!(subnet("10.0.0.0/30").nth(2), Some("10.0.0.2".parse().unwrap()));
        assert_eq!(subnet("10.0.0.0/30").nth(4), None);
        assert_eq!(subnet("::/0").last(), u128::MAX);
    }
}
