//! The little of the wire format (RFC 1035) that is needed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An IPv4 address.
    A,
    /// An IPv6 address.
    Aaaa,
    /// The name of an address.
    Ptr,
    /// Anything else.
    Other,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The name, in lower case and without the last dot.
    pub name: String,
    /// What is asked for.
    pub kind: Kind,
    /// Where the question ends in the message.
    end: usize,
}

/// How a question is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// It is.
    Fine = 0,
    /// We could not find out.
    Failure = 2,
}

/// Seconds that an answer may be remembered, as docker's.
const LIFE: u32 = 600;
const HEADER: usize = 12;
const CLASS_IN: u16 = 1;

impl Question {
    /// Reads a message that asks one thing of the internet; nothing for all others.
    pub fn read(message: &[u8]) -> Option<Self> {
        let answer = message.get(2)? & 0x80 != 0;
        let operation = message.get(2)? & 0x78;
        let questions = number(message, 4)?;
        if answer || operation != 0 || questions != 1 {
            return None;
        }
        let mut name = Vec::new();
        let mut at = HEADER;
        loop {
            let length = usize::from(*message.get(at)?);
            at += 1;
            if length == 0 {
                break;
            }
            // Two high bits would point elsewhere, where there is nothing before a question.
            let label = message.get(at..at + length).filter(|_| length < 64 && name.len() < 255)?;
            if !name.is_empty() {
                name.push(b'.');
            }
            name.extend_from_slice(label);
            at += length;
        }
        let kind = match number(message, at)? {
            1 => Kind::A,
            28 => Kind::Aaaa,
            12 => Kind::Ptr,
            _ => Kind::Other,
        };
        let kind = if number(message, at + 2)? == CLASS_IN { kind } else { Kind::Other };
        let name = String::from_utf8_lossy(&name).to_ascii_lowercase();
        Some(Self { name, kind, end: at + 4 })
    }

    /// The address that a question for a name is about.
    pub fn address(&self) -> Option<IpAddr> {
        if let Some(labels) = self.name.strip_suffix(".in-addr.arpa") {
            let mut bytes = [0u8; 4];
            let mut labels = labels.rsplit('.');
            for byte in &mut bytes {
                *byte = labels.next()?.parse().ok()?;
            }
            return labels.next().is_none().then(|| Ipv4Addr::from(bytes).into());
        }
        let labels = self.name.strip_suffix(".ip6.arpa")?;
        let mut bits = 0u128;
        let mut count = 0;
        for label in labels.rsplit('.') {
            bits = bits << 4 | u128::from(u8::from_str_radix(label, 16).ok().filter(|digit| *digit < 16)?);
            count += 1;
        }
        (count == 32).then(|| Ipv6Addr::from_bits(bits).into())
    }
}

/// An answer with addresses; those of the other family are left out.
pub fn addresses(query: &[u8], question: &Question, addresses: &[IpAddr]) -> Vec<u8> {
    let records = addresses.iter().filter_map(|address| match (question.kind, address) {
        (Kind::A, IpAddr::V4(ip)) => Some((1, ip.octets().to_vec())),
        (Kind::Aaaa, IpAddr::V6(ip)) => Some((28, ip.octets().to_vec())),
        _ => None,
    });
    reply(query, question, Code::Fine, records.collect())
}

/// An answer with a name.
pub fn name(query: &[u8], question: &Question, name: &str) -> Vec<u8> {
    let mut encoded = Vec::new();
    for label in name.split('.').filter(|label| !label.is_empty()) {
        let label = &label.as_bytes()[..label.len().min(63)];
        encoded.push(label.len() as u8);
        encoded.extend_from_slice(label);
    }
    encoded.push(0);
    reply(query, question, Code::Fine, vec![(12, encoded)])
}

/// An answer that says no more than a code.
pub fn nothing(query: &[u8], question: &Question, code: Code) -> Vec<u8> {
    reply(query, question, code, Vec::new())
}

/// Whether an answer says that it is not all, and that one should ask over a connection.
pub fn is_truncated(answer: &[u8]) -> bool {
    answer.get(2).is_some_and(|flags| flags & 0x02 != 0)
}

fn reply(query: &[u8], question: &Question, code: Code, records: Vec<(u16, Vec<u8>)>) -> Vec<u8> {
    let mut message = query[..question.end].to_vec();
    // An answer, recursion as wished and available; not authoritative, as docker's aren't.
    message[2] = 0x80 | (query[2] & 0x01);
    message[3] = 0x80 | code as u8;
    message[6..8].copy_from_slice(&(records.len() as u16).to_be_bytes());
    message[8..12].fill(0);
    for (kind, bytes) in records {
        message.extend_from_slice(&[0xc0, HEADER as u8]);
        message.extend_from_slice(&kind.to_be_bytes());
        message.extend_from_slice(&CLASS_IN.to_be_bytes());
        message.extend_from_slice(&LIFE.to_be_bytes());
        message.extend_from_slice(&(bytes.len() as u16).to_be_bytes());
        message.extend_from_slice(&bytes);
    }
    message
}

fn number(message: &[u8], at: usize) -> Option<u16> {
    message.get(at..at + 2).and_then(|bytes| bytes.try_into().ok()).map(u16::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(name: &str, kind: u8) -> Vec<u8> {
        let mut message = vec![0xab, 0xcd, 1, 0x20, 0, 1, 0, 0, 0, 0, 0, 1];
        for label in name.split('.') {
            message.push(label.len() as u8);
            message.extend_from_slice(label.as_bytes());
        }
        message.extend_from_slice(&[0, 0, kind, 0, 1]);
        // EDNS, as resolvers add it
        message.extend_from_slice(&[0, 0, 41, 16, 0, 0, 0, 0, 0, 0, 0]);
        message
    }

    #[test]
    fn questions_are_read() {
        let question = Question::read(&query("Web.Example", 28)).unwrap();
        assert_eq!((question.name.as_str(), question.kind), ("web.example", Kind::Aaaa));
        let question = Question::read(&query("2.0.17.172.in-addr.arpa", 12)).unwrap();
        assert_eq!(question.address(), Some(IpAddr::from([172, 17, 0, 2])));
    }

    #[test]
    fn no_byte_of_a_question_can_be_missing_or_wrong() {
        let whole = query("web", 1);
        for end in 0..whole.len() - 11 {
            assert_eq!(Question::read(&whole[..end]), None, "{end}");
        }
        let mut pointing = whole.clone();
        pointing[12] = 0xc0;
        assert_eq!(Question::read(&pointing), None);
        let mut answer = whole;
        answer[2] |= 0x80;
        assert_eq!(Question::read(&answer), None);
    }

    #[test]
    fn answers_repeat_the_question() {
        let query = query("web", 1);
        let question = Question::read(&query).unwrap();
        let answer = addresses(&query, &question, &[IpAddr::from([10, 0, 0, 2]), "fd00::2".parse().unwrap()]);
        assert_eq!(&answer[..12], [0xab, 0xcd, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0]);
        assert_eq!(&answer[12..21], &query[12..21]);
        assert_eq!(&answer[21..], [0xc0, 12, 0, 1, 0, 1, 0, 0, 2, 88, 0, 4, 10, 0, 0, 2]);
        assert_eq!(nothing(&query, &question, Code::Failure)[3], 0x82);
    }

    #[test]
    fn names_are_encoded() {
        let query = query("2.0.0.10.in-addr.arpa", 12);
        let question = Question::read(&query).unwrap();
        assert!(name(&query, &question, "web.net").ends_with(b"\0\x09\x03web\x03net\0"));
    }
}
