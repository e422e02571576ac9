//! Which addresses are given to whom: pure decisions.

use std::{
    collections::HashSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use crate::{NetworkError, Pool, Subnet};

/// The ranges that networks get when none was asked for, in this order: those that dockerd takes from.
fn defaults() -> impl Iterator<Item = Subnet> {
    let large = (17..=31).map(|second| (Ipv4Addr::new(172, second, 0, 0), 16));
    let small = (0..16).map(|part| (Ipv4Addr::new(192, 168, part * 16, 0), 20));
    large.chain(small).filter_map(|(first, prefix)| Subnet::around(first.into(), prefix).ok())
}

/// The first default range that meets nothing else.
pub fn choose(taken: &[Subnet]) -> Option<Subnet> {
    defaults().find(|subnet| !taken.iter().any(|other| other.overlaps(subnet)))
}

/// A private IPv6 range with these random bits.
pub fn unique_local(random: [u8; 7]) -> Option<Subnet> {
    let mut bytes = [0; 16];
    bytes[0] = 0xfd;
    bytes[1..8].copy_from_slice(&random);
    Subnet::around(Ipv6Addr::from(bytes).into(), 64).ok()
}

/// The lowest address of a pool that nobody has.
pub fn next(pool: &Pool, used: &HashSet<IpAddr>) -> Option<IpAddr> {
    let part = pool.ip_range.unwrap_or(pool.subnet);
    (0..=part.last())
        .map_while(|number| part.nth(number))
        .find(|ip| check(pool, *ip).is_ok() && !used.contains(ip) && !reserved(pool, *ip))
}

/// Whether a container may have an address of a pool, if nobody else has it.
///
/// # Errors
/// [`NetworkError::Invalid`] if the pool doesn't have it, [`NetworkError::AddressInUse`] if it is the bridge's.
pub fn check(pool: &Pool, ip: IpAddr) -> Result<(), NetworkError> {
    if !pool.subnet.contains(ip) {
        return Err(NetworkError::Invalid(format!(
            "Invalid address {ip}: It does not belong to any of this network's subnets"
        )));
    }
    let edge = pool.subnet.last() > 1
        && (ip == pool.subnet.first() || (ip.is_ipv4() && Some(ip) == pool.subnet.nth(pool.subnet.last())));
    if edge || pool.gateway() == Some(ip) {
        return Err(NetworkError::AddressInUse);
    }
    Ok(())
}

fn reserved(pool: &Pool, ip: IpAddr) -> bool {
    pool.auxiliary.values().any(|other| *other == ip)
}

/// Whether the parts of a pool fit together.
///
/// # Errors
/// [`NetworkError::Invalid`] with what doesn't fit.
pub fn validate(pool: &Pool) -> Result<(), NetworkError> {
    let subnet = pool.subnet;
    let family = if subnet.is_v4() { 4 } else { 6 };
    let invalid = |what: String| Err(NetworkError::Invalid(format!("invalid network config:\n{what}")));
    let within = |ip: IpAddr| -> Option<String> {
        if ip.is_ipv4() != subnet.is_v4() {
            return Some(format!("parent subnet is an IPv{family} block"));
        }
        (!subnet.contains(ip)).then(|| format!("parent subnet {subnet} doesn't contain this address"))
    };
    if let Some(gateway) = pool.gateway
        && let Some(why) = within(gateway)
    {
        return invalid(format!("invalid gateway {gateway}: {why}"));
    }
    if let Some(range) = pool.ip_range {
        if range.is_v4() != subnet.is_v4() {
            return invalid(format!("invalid ip-range {range}: parent subnet is an IPv{family} block"));
        }
        if range.prefix() < subnet.prefix() {
            return invalid(format!(
                "invalid ip-range {range}: CIDR block is bigger than its parent subnet {subnet}"
            ));
        }
        if !subnet.overlaps(&range) {
            return invalid(format!(
                "invalid ip-range {range}: parent subnet {subnet} doesn't contain ip-range"
            ));
        }
    }
    for (name, ip) in &pool.auxiliary {
        if let Some(why) = within(*ip) {
            return invalid(format!("invalid auxiliary address {name}: {why}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subnet(text: &str) -> Subnet {
        text.parse().unwrap()
    }

    #[test]
    fn the_first_free_range_is_chosen() {
        assert_eq!(choose(&[]), Some(subnet("172.17.0.0/16")));
        assert_eq!(
            choose(&[subnet("172.17.0.0/16"), subnet("172.18.9.0/24")]),
            Some(subnet("172.19.0.0/16"))
        );
        assert_eq!(choose(&[subnet("172.16.0.0/12")]), Some(subnet("192.168.0.0/20")));
        assert_eq!(choose(&[subnet("172.16.0.0/12"), subnet("192.168.0.0/16")]), None);
    }

    #[test]
    fn no_two_default_ranges_meet() {
        let all: Vec<Subnet> = defaults().collect();
        assert_eq!(all.len(), 31);
        for (number, one) in all.iter().enumerate() {
            assert!(!all[number + 1..].iter().any(|other| other.overlaps(one)), "{one}");
        }
    }

    #[test]
    fn addresses_are_given_from_the_lowest_and_given_again() {
        let pool = Pool::new(subnet("10.0.0.0/29"));
        let mut used = HashSet::new();
        let mut given = Vec::new();
        while let Some(ip) = next(&pool, &used) {
            used.insert(ip);
            given.push(ip.to_string());
        }
        assert_eq!(given, ["10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"]);
        used.remove(&"10.0.0.4".parse().unwrap());
        assert_eq!(next(&pool, &used), Some("10.0.0.4".parse().unwrap()));
    }

    #[test]
    fn ranges_gateways_and_auxiliary_addresses_are_heeded() {
        let mut pool = Pool::new(subnet("10.0.0.0/24"));
        pool.ip_range = Some(subnet("10.0.0.8/30"));
        pool.gateway = Some("10.0.0.8".parse().unwrap());
        pool.auxiliary.insert("router".into(), "10.0.0.9".parse().unwrap());
        assert_eq!(next(&pool, &HashSet::new()), Some("10.0.0.10".parse().unwrap()));
        assert!(validate(&pool).is_ok());
        assert!(matches!(check(&pool, "10.0.0.8".parse().unwrap()), Err(NetworkError::AddressInUse)));
        assert!(matches!(check(&pool, "10.0.1.8".parse().unwrap()), Err(NetworkError::Invalid(_))));
    }

    #[test]
    fn a_point_to_point_range_has_one_address_beside_the_bridge() {
        let pool = Pool::new(subnet("10.0.0.0/31"));
        assert_eq!(next(&pool, &HashSet::new()), Some("10.0.0.0".parse().unwrap()));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let mut pool = Pool::new(subnet("10.0.0.0/24"));
        pool.gateway = Some("10.0.1.1".parse().unwrap());
        let message = validate(&pool).unwrap_err().to_string();
        assert!(
            message.ends_with(
                "invalid gateway 10.0.1.1: parent subnet 10.0.0.0/24 doesn't contain this address"
            )
        );
        let mut pool = Pool::new(subnet("10.0.0.0/24"));
        pool.ip_range = Some(subnet("10.0.0.0/16"));
        assert!(validate(&pool).unwrap_err().to_string().contains("bigger than its parent subnet"));
    }

    #[test]
    fn private_ranges_are_random_and_private() {
        let made = unique_local([1, 2, 3, 4, 5, 6, 7]).unwrap();
        assert_eq!(made.to_string(), "fd01:203:405:607::/64");
    }
}
