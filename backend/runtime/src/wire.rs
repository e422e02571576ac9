//! What server and shim say to each other over a unix socket.
//!
//! A frame is one byte of kind, four bytes of length (big endian), and that many bytes: a stream's bytes as they are,
//! or JSON. A shim lives longer than the server that started it, so a newer server talks to older shims: kinds
//! are added, never changed, and a shim answers one that it doesn't know by closing the connection.

use std::path::PathBuf;

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use thiserror::Error;

use crate::{
    Exit, Id, Process, ProcessKey, Stdin, Time, WindowSize,
    cgroup::Cgroups,
    log::LogOptions,
    runtime::{RuntimeFailure, RuntimeProgram},
};

/// The longest payload. Streams come in pieces of at most [`PIECE`].
const LONGEST: usize = 1 << 20;

/// How much of a stream is read, and sent, at once.
pub(crate) const PIECE: usize = 32 << 10;

/// What the shim is to do; the first frame that it gets.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Launch {
    pub key: ProcessKey,
    pub runtime: RuntimeProgram,
    pub work: Work,
    pub tty: bool,
    pub stdin: Stdin,
    pub log: Option<LogOptions>,
    /// Don't read the process's output before a client attached: nothing is lost although it starts at once.
    pub hold: bool,
    /// Whether log and exit are to outlive the machine. An exec's never do.
    pub durable: bool,
    /// Where cgroups are mounted.
    pub cgroups: crate::cgroup::Hierarchies,
}

/// What the runtime is to make.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Work {
    /// A container from a bundle.
    Create { bundle: PathBuf },
    /// A process in an existing container, from the file `process.json` in the shim's directory.
    Exec,
}

/// What a client wants from an attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Streams {
    /// To send input; the process's stdin is closed after it where it was made with [`Stdin::Once`].
    pub stdin: bool,
    /// To get what it writes to its stdout (everything, when it has a terminal).
    pub stdout: bool,
    /// To get what it writes to its stderr.
    pub stderr: bool,
}

impl Streams {
    /// All three.
    pub const ALL: Self = Self { stdin: true, stdout: true, stderr: true };
}

/// The launched process, as the shim reports and records it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Launched {
    pub process: Process,
    pub tty: bool,
    pub cgroups: Cgroups,
    pub started_at: Option<Time>,
    pub exit: Option<Exit>,
}

/// From the server to the shim.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    Launch(Box<Launch>),
    Start,
    Attach(Streams),
    Input(Bytes),
    CloseInput,
    Resize(WindowSize),
    Signal(i32),
    /// Asks for [`Reply::Launched`], and to be told of the exit.
    Watch,
}

/// From the shim to the server.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Launched(Box<Launched>),
    Failed(RuntimeFailure),
    Done,
    Stdout(Bytes),
    Stderr(Bytes),
    Exit(Exit),
    OutOfMemory,
    /// The client took nothing for too long, and gets no more output.
    Overrun,
}

/// Bytes that are no frame of ours.
#[derive(Debug, Error)]
pub(crate) enum WireError {
    #[error("a frame of {0} bytes; at most {LONGEST} are allowed")]
    TooLong(usize),
    #[error("a frame of the unknown kind {0:#04x}")]
    UnknownKind(u8),
    #[error("a frame that can't be read")]
    Json(#[from] serde_json::Error),
    #[error("a window size of {0} bytes, not of 4")]
    WindowSize(usize),
}

impl From<WireError> for std::io::Error {
    fn from(error: WireError) -> Self {
        Self::new(std::io::ErrorKind::InvalidData, error)
    }
}

impl Request {
    /// Appends the frame.
    pub fn encode(&self, out: &mut BytesMut) {
        match self {
            Self::Launch(launch) => put_json(out, b'L', launch),
            Self::Start => put(out, b'G', &[]),
            Self::Attach(streams) => put_json(out, b'A', streams),
            Self::Input(bytes) => put(out, b'I', bytes),
            Self::CloseInput => put(out, b'C', &[]),
            Self::Resize(size) => {
                let [r1, r2] = size.rows.to_be_bytes();
                let [c1, c2] = size.columns.to_be_bytes();
                put(out, b'R', &[r1, r2, c1, c2]);
            }
            Self::Signal(number) => put_json(out, b'K', number),
            Self::Watch => put(out, b'W', &[]),
        }
    }

    /// Takes the next frame off, if it is there as a whole.
    pub fn decode(from: &mut BytesMut) -> Result<Option<Self>, WireError> {
        let Some((kind, payload)) = take(from)? else { return Ok(None) };
        Ok(Some(match kind {
            b'L' => Self::Launch(json(&payload)?),
            b'G' => Self::Start,
            b'A' => Self::Attach(json(&payload)?),
            b'I' => Self::Input(payload),
            b'C' => Self::CloseInput,
            b'R' => match payload[..] {
                [r1, r2, c1, c2] => Self::Resize(WindowSize {
                    rows: u16::from_be_bytes([r1, r2]),
                    columns: u16::from_be_bytes([c1, c2]),
                }),
                _ => return Err(WireError::WindowSize(payload.len())),
            },
            b'K' => Self::Signal(json(&payload)?),
            b'W' => Self::Watch,
            unknown => return Err(WireError::UnknownKind(unknown)),
        }))
    }
}

impl Reply {
    /// Appends the frame.
    pub fn encode(&self, out: &mut BytesMut) {
        match self {
            Self::Launched(launched) => put_json(out, b'l', launched),
            Self::Failed(failure) => put_json(out, b'f', failure),
            Self::Done => put(out, b'd', &[]),
            Self::Stdout(bytes) => put(out, b'o', bytes),
            Self::Stderr(bytes) => put(out, b'e', bytes),
            Self::Exit(exit) => put_json(out, b'x', exit),
            Self::OutOfMemory => put(out, b'm', &[]),
            Self::Overrun => put(out, b'v', &[]),
        }
    }

    /// Takes the next frame off, if it is there as a whole.
    pub fn decode(from: &mut BytesMut) -> Result<Option<Self>, WireError> {
        let Some((kind, payload)) = take(from)? else { return Ok(None) };
        Ok(Some(match kind {
            b'l' => Self::Launched(json(&payload)?),
            b'f' => Self::Failed(json(&payload)?),
            b'd' => Self::Done,
            b'o' => Self::Stdout(payload),
            b'e' => Self::Stderr(payload),
            b'x' => Self::Exit(json(&payload)?),
            b'm' => Self::OutOfMemory,
            b'v' => Self::Overrun,
            unknown => return Err(WireError::UnknownKind(unknown)),
        }))
    }
}

fn put(out: &mut BytesMut, kind: u8, payload: &[u8]) {
    let length = u32::try_from(payload.len()).expect("pieces are far shorter than 4 GiB");
    out.reserve(5 + payload.len());
    out.put_u8(kind);
    out.put_u32(length);
    out.put_slice(payload);
}

fn put_json(out: &mut BytesMut, kind: u8, value: &impl Serialize) {
    put(out, kind, &serde_json::to_vec(value).expect("our own types have string keys only"));
}

fn take(from: &mut BytesMut) -> Result<Option<(u8, Bytes)>, WireError> {
    let [kind, l1, l2, l3, l4, ..] = from[..] else { return Ok(None) };
    let length = u32::from_be_bytes([l1, l2, l3, l4]) as usize;
    if length > LONGEST {
        return Err(WireError::TooLong(length));
    }
    if from.len() < 5 + length {
        return Ok(None);
    }
    from.advance(5);
    Ok(Some((kind, from.split_to(length).freeze())))
}

fn json<T: DeserializeOwned>(payload: &[u8]) -> Result<T, WireError> {
    Ok(serde_json::from_slice(payload)?)
}

impl Launch {
    /// The container that the runtime knows.
    pub fn container(&self) -> &Id {
        &self.key.container
    }
}

#[cfg(test)]
mod tests {
    use bytes::{Bytes, BytesMut};

    use super::{Reply, Request, Streams};
    use crate::WindowSize;

    #[test]
    fn frames_survive_being_cut_anywhere() {
        let requests = [
            Request::Start,
            Request::Attach(Streams::ALL),
            Request::Input(Bytes::from_static(b"ls\n")),
            Request::Resize(WindowSize { rows: 24, columns: 300 }),
            Request::Signal(15),
        ];
        let mut all = BytesMut::new();
        requests.iter().for_each(|request| request.encode(&mut all));
        let mut partial = BytesMut::new();
        let mut seen = Vec::new();
        for byte in all.freeze() {
            partial.extend_from_slice(&[byte]);
            while let Some(request) = Request::decode(&mut partial).expect("well-formed") {
                seen.push(format!("{request:?}"));
            }
        }
        assert_eq!(seen, requests.iter().map(|request| format!("{request:?}")).collect::<Vec<_>>());
    }

    #[test]
    fn refuses_what_is_no_frame() {
        let decode = |bytes: &[u8]| Reply::decode(&mut BytesMut::from(bytes));
        assert!(decode(b"o\xff\0\0\0").is_err(), "too long");
        assert!(decode(b"?\0\0\0\0").is_err(), "unknown");
        assert!(decode(b"x\0\0\0\x02{}").is_err(), "incomplete");
        assert!(matches!(decode(b"o\0\0\0\x02a"), Ok(None)));
    }
}
