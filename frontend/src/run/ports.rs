//! `docker run -p`: `[[address:]outside:]inside[/protocol]`, where both may be ranges of the same length.

use std::net::IpAddr;

use crate::words::Word;

/// A published port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// `80/tcp`
    pub inside: String,
    /// The address; empty for all.
    pub address: String,
    /// The port on the engine's machine; empty for one that the engine chooses.
    pub outside: String,
}

/// As many ports as one line may publish: more is a mistake in typing.
const MOST: usize = 1024;

type Wrong = (Word, String);

/// Reads a line.
pub fn read(line: &str) -> Result<Vec<Published>, Wrong> {
    let (ports, protocol) = line.split_once('/').unwrap_or((line, "tcp"));
    let protocol = protocol.to_ascii_lowercase();
    if !matches!(protocol.as_str(), "tcp" | "udp" | "sctp") {
        return Err((Word::WrongProtocol, protocol));
    }
    let (rest, inside) = ports.rsplit_once(':').unwrap_or(("", ports));
    let (address, outside) = match rest.rsplit_once(':') {
        // An IPv6 address has colons itself, so it stands in brackets: `[::1]:8080:80`.
        Some((address, outside)) => (address, outside),
        None => ("", rest),
    };
    let bare = address.strip_prefix('[').and_then(|address| address.strip_suffix(']')).unwrap_or(address);
    if !bare.is_empty() && bare.parse::<IpAddr>().is_err() {
        return Err((Word::WrongAddress, address.to_owned()));
    }
    let inside = range(inside)?;
    let outside = match outside {
        "" => vec![String::new(); inside.len()],
        // One port inside may be published at any of a range; the engine chooses.
        text if inside.len() == 1 && text.contains('-') => {
            range(text)?;
            vec![text.to_owned()]
        }
        text => range(text)?.into_iter().map(|port| port.to_string()).collect(),
    };
    if inside.len() != outside.len() {
        return Err((Word::WrongRange, line.to_owned()));
    }
    let one = |(inside, outside): (u16, String)| Published {
        inside: format!("{inside}/{protocol}"),
        address: bare.to_owned(),
        outside,
    };
    Ok(inside.into_iter().zip(outside).map(one).collect())
}

fn range(text: &str) -> Result<Vec<u16>, Wrong> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (port(first)?, port(last)?);
    let all: Vec<u16> = (first..=last).take(MOST + 1).collect();
    if all.is_empty() || all.len() > MOST {
        return Err((Word::WrongRange, text.to_owned()));
    }
    Ok(all)
}

fn port(text: &str) -> Result<u16, Wrong> {
    match text.parse::<u16>() {
        Ok(port) if port > 0 && text.bytes().all(|byte| byte.is_ascii_digit()) => Ok(port),
        _ => Err((Word::WrongPort, text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(line: &str) -> Vec<String> {
        let show = |p: Published| format!("{}|{}|{}", p.address, p.outside, p.inside);
        read(line).unwrap_or_else(|wrong| panic!("{line}: {wrong:?}")).into_iter().map(show).collect()
    }

    #[test]
    fn reads_every_form() {
        let cases: [(&str, &[&str]); 9] = [
            ("80", &["||80/tcp"]),
            ("8080:80", &["|8080|80/tcp"]),
            (":80", &["||80/tcp"]),
            ("127.0.0.1:8080:80", &["127.0.0.1|8080|80/tcp"]),
            ("127.0.0.1::80/UDP", &["127.0.0.1||80/udp"]),
            ("[::1]:8080:80", &["::1|8080|80/tcp"]),
            ("8000-8001:90-91/sctp", &["|8000|90/sctp", "|8001|91/sctp"]),
            ("8000-8010:80", &["|8000-8010|80/tcp"]),
            ("90-91", &["||90/tcp", "||91/tcp"]),
        ];
        for (line, ports) in cases {
            assert_eq!(told(line), ports, "{line}");
        }
    }

    #[test]
    fn names_the_part_that_is_wrong() {
        let cases = [
            ("", Word::WrongPort, ""),
            ("80:http", Word::WrongPort, "http"),
            ("0", Word::WrongPort, "0"),
            ("+80", Word::WrongPort, "+80"),
            ("65536:80", Word::WrongPort, "65536"),
            ("80/icmp", Word::WrongProtocol, "icmp"),
            ("host:80:80", Word::WrongAddress, "host"),
            ("80-90:1-2", Word::WrongRange, "80-90:1-2"),
            ("90-80", Word::WrongRange, "90-80"),
            ("1-65535", Word::WrongRange, "1-65535"),
        ];
        for (line, word, part) in cases {
            assert_eq!(read(line), Err((word, part.to_owned())), "{line}");
        }
    }
}
