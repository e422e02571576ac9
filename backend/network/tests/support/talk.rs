//! Servers and clients, wherever the thread is.

use std::{
    io::{self, Read, Write},
    net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    thread,
    time::Duration,
};

const PATIENCE: Duration = Duration::from_secs(2);

/// Tells each client its address, until the test ends. The socket is where the thread is.
pub fn serve_tcp(address: &str) {
    let listener = TcpListener::bind(address).unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let peer = stream.peer_addr().unwrap().ip();
            let _ = stream.write_all(peer.to_string().as_bytes());
        }
    });
}

/// What a server says that tells clients their address.
pub fn connect(address: &str) -> io::Result<String> {
    let address: SocketAddr = address.parse().unwrap();
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_millis(700))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    if text.is_empty() { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(text) }
}

/// Sends datagrams back with the client's address behind.
pub fn serve_udp(address: &str) {
    let socket = UdpSocket::bind(address).unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 2048];
        while let Ok((length, client)) = socket.recv_from(&mut buffer) {
            let mut answer = buffer[..length].to_vec();
            answer.extend_from_slice(client.ip().to_string().as_bytes());
            let _ = socket.send_to(&answer, client);
        }
    });
}

/// Asks such a server.
pub fn udp(address: &str, text: &str) -> io::Result<String> {
    let address: SocketAddr = address.parse().unwrap();
    let socket = UdpSocket::bind(if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" })?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.connect(address)?;
    socket.send(text.as_bytes())?;
    let mut buffer = [0; 2048];
    let length = socket.recv(&mut buffer)?;
    Ok(String::from_utf8_lossy(&buffer[..length]).into_owned())
}

fn question(name: &str, kind: u8) -> Vec<u8> {
    let mut message = vec![7, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in name.split('.') {
        message.push(label.len() as u8);
        message.extend_from_slice(label.as_bytes());
    }
    message.extend_from_slice(&[0, 0, kind, 0, 1]);
    message
}

/// The code of the answer of the container's name server, and its addresses.
pub fn query(name: &str, kind: u8, tcp: bool) -> (u8, Vec<IpAddr>) {
    let question = question(name, kind);
    let answer = if tcp {
        let mut stream = TcpStream::connect("127.0.0.11:53").unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(&(question.len() as u16).to_be_bytes()).unwrap();
        stream.write_all(&question).unwrap();
        let mut length = [0; 2];
        stream.read_exact(&mut length).unwrap();
        let mut answer = vec![0; u16::from_be_bytes(length).into()];
        stream.read_exact(&mut answer).unwrap();
        answer
    } else {
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.send_to(&question, "127.0.0.11:53").unwrap();
        let mut answer = vec![0; 4096];
        let (length, from) = socket.recv_from(&mut answer).unwrap();
        assert_eq!(from.to_string(), "127.0.0.11:53");
        answer.truncate(length);
        answer
    };
    let mut found = Vec::new();
    let mut rest = &answer[question.len()..];
    while rest.len() >= 12 {
        let length = usize::from(u16::from_be_bytes([rest[10], rest[11]]));
        let bytes = &rest[12..12 + length];
        found.push(match length {
            4 => IpAddr::from(<[u8; 4]>::try_from(bytes).unwrap()),
            16 => IpAddr::from(<[u8; 16]>::try_from(bytes).unwrap()),
            _ => panic!("a record of {length} bytes"),
        });
        rest = &rest[12 + length..];
    }
    (answer[3] & 0x0f, found)
}

/// A name server that knows one address for every name, which is too long for a datagram if the name begins with `big`.
pub fn serve_names(address: &str, ip: [u8; 4]) {
    let socket = UdpSocket::bind(address).unwrap();
    thread::spawn(move || {
        let mut buffer = [0; 512];
        while let Ok((length, client)) = socket.recv_from(&mut buffer) {
            let mut answer = buffer[..length].to_vec();
            if &answer[13..16] == b"big" {
                (answer[2], answer[3]) = (0x83, 0x80);
            } else {
                (answer[2], answer[3], answer[7]) = (0x81, 0x80, 1);
                answer.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4]);
                answer.extend_from_slice(&ip);
            }
            let _ = socket.send_to(&answer, client);
        }
    });
}
