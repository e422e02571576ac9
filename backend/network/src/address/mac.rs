//! Hardware addresses.

use std::{fmt, net::Ipv4Addr, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::NetworkError;

/// A hardware address, written `02:42:ac:11:00:02`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Mac(pub [u8; 6]);

impl Mac {
    /// The address made of an IPv4 address: an address that is given again goes with the same hardware address, so
    /// that no neighbour remembers a wrong one.
    pub fn of(ip: Ipv4Addr) -> Self {
        let [a, b, c, d] = ip.octets();
        Self([0x02, 0x42, a, b, c, d])
    }

    /// A locally administered address of random bytes.
    pub(crate) fn random() -> Result<Self, NetworkError> {
        let mut bytes = [0x02, 0x42, 0, 0, 0, 0];
        getrandom::fill(&mut bytes[2..]).map_err(|error| NetworkError::Random(error.to_string()))?;
        Ok(Self(bytes))
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl FromStr for Mac {
    type Err = NetworkError;

    /// Six pairs of hexadecimal digits between colons or hyphens.
    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let wrong =
            || NetworkError::Invalid(format!("invalid MAC address {text}: not like 02:42:ac:11:00:02"));
        let mut bytes = [0; 6];
        let mut parts = text.split([':', '-']);
        for byte in &mut bytes {
            let part = parts.next().filter(|part| part.len() == 2).ok_or_else(wrong)?;
            *byte = u8::from_str_radix(part, 16).map_err(|_| wrong())?;
        }
        if parts.next().is_some() || bytes[0] & 1 == 1 {
            return Err(wrong());
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Mac {
    type Error = NetworkError;

    fn try_from(text: String) -> Result<Self, NetworkError> {
        text.parse()
    }
}

impl From<Mac> for String {
    fn from(mac: Mac) -> Self {
        mac.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_made_of_the_address() {
        assert_eq!(Mac::of(Ipv4Addr::new(172, 17, 0, 2)).to_string(), "02:42:ac:11:00:02");
    }

    #[test]
    fn reads_what_it_writes_and_refuses_the_rest() {
        assert_eq!("02:42:AC:11:00:0f".parse::<Mac>().unwrap().to_string(), "02:42:ac:11:00:0f");
        for wrong in ["", "02:42:ac:11:00", "02:42:ac:11:00:02:03", "02:42:ac:11:00:0g", "2:42:ac:11:00:02"] {
            assert!(wrong.parse::<Mac>().is_err(), "{wrong}");
        }
        assert!("01:00:5e:00:00:01".parse::<Mac>().is_err(), "a group address belongs to nobody");
    }
}
