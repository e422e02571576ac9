//! Ports of `EXPOSE`.

use super::EvaluateError;

/// `80`, `80/udp`, `8000-8010/tcp`; of `host:port`, what dockerd also reads, the port.
pub fn exposed(word: &str) -> Result<Vec<String>, EvaluateError> {
    let (ports, protocol) = word.split_once('/').unwrap_or((word, "tcp"));
    let ports = ports.rsplit(':').next().unwrap_or(ports);
    let protocol = protocol.to_ascii_lowercase();
    let wrong = || EvaluateError::Port(format!("Invalid containerPort: {ports}"));
    if ports.is_empty() {
        return Err(EvaluateError::Port(format!("No port specified: {word}<empty>")));
    }
    let (low, high) = ports.split_once('-').unwrap_or((ports, ports));
    let (low, high): (u16, u16) = (low.parse().map_err(|_| wrong())?, high.parse().map_err(|_| wrong())?);
    if low > high {
        return Err(wrong());
    }
    if !["tcp", "udp", "sctp"].contains(&protocol.as_str()) {
        return Err(EvaluateError::Port(format!("Invalid proto: {protocol}")));
    }
    Ok((low..=high).map(|port| format!("{port}/{protocol}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_ranges() {
        let all = |word| exposed(word).expect(word).join(" ");
        assert_eq!(all("80"), "80/tcp");
        assert_eq!(all("80/UDP"), "80/udp");
        assert_eq!(all("90-92"), "90/tcp 91/tcp 92/tcp");
        assert_eq!(all("8080:80"), "80/tcp");
        for (word, message) in [
            ("x", "Invalid containerPort: x"),
            ("9-3", "Invalid containerPort: 9-3"),
            ("70000", "Invalid containerPort: 70000"),
            ("1/icmp", "Invalid proto: icmp"),
            ("/tcp", "No port specified: /tcp<empty>"),
        ] {
            assert_eq!(exposed(word).expect_err(word).to_string(), message);
        }
    }
}
