//! Connections: one thread each.

use std::{
    collections::HashMap,
    io::{self, BufReader, BufWriter, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::{
    Fault, Recorded, State, lock,
    response::{Ending, Response},
    routes,
};

/// Listens until dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    listener: Arc<TcpListener>,
    open: Arc<Open>,
    thread: Option<JoinHandle<()>>,
}

/// The open connections, to be shut when it is time.
#[derive(Default)]
struct Open {
    ending: AtomicBool,
    streams: Mutex<HashMap<usize, TcpStream>>,
}

impl Server {
    pub(crate) fn start(listener: TcpListener, state: Arc<State>, tls: Option<Arc<ServerConfig>>) -> Self {
        let address = listener.local_addr().expect("a listener has an address");
        let open = Arc::new(Open::default());
        let shared = open.clone();
        let listener = Arc::new(listener);
        let door = listener.clone();
        let thread = thread::spawn(move || {
            for (connection, stream) in door.incoming().enumerate() {
                if shared.ending.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let (state, tls, open) = (state.clone(), tls.clone(), shared.clone());
                thread::spawn(move || {
                    // What a client does to the connection is its own business.
                    let _ = serve(connection, &stream, &state, tls, &open);
                    lock(&open.streams).remove(&connection);
                });
            }
        });
        Self { address, listener, open, thread: Some(thread) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.open.ending.store(true, Ordering::SeqCst);
        // Wakes the listener, whichever network it and we are in.
        let _ = rustix::net::shutdown(&*self.listener, rustix::net::Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        for (_, stream) in lock(&self.open.streams).drain() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn serve(
    connection: usize,
    stream: &TcpStream,
    state: &State,
    tls: Option<Arc<ServerConfig>>,
    open: &Open,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    lock(&open.streams).insert(connection, stream.try_clone()?);
    if open.ending.load(Ordering::SeqCst) {
        return Ok(());
    }
    let ending = match tls {
        None => {
            let mut writer = BufWriter::new(stream);
            talk(
                connection,
                &mut BufReader::new(stream),
                |response, head| response.send(head, &mut writer),
                state,
            )?
        }
        Some(config) => {
            let session = ServerConnection::new(config).map_err(io::Error::other)?;
            let stream = Mutex::new(StreamOwned::new(session, stream));
            let mut reader = BufReader::new(Locked(&stream));
            talk(connection, &mut reader, |response, head| response.send(head, &mut Locked(&stream)), state)?
        }
    };
    if ending == Ending::Reset {
        // A close that discards what is unsent and tells the peer so; what was sent gets time to arrive.
        thread::sleep(Duration::from_millis(20));
        rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO))?;
    } else {
        stream.shutdown(Shutdown::Both)?;
    }
    Ok(())
}

/// Answers the requests of a connection, in turn.
fn talk(
    connection: usize,
    reader: &mut impl io::BufRead,
    mut send: impl FnMut(&Response, bool) -> io::Result<Ending>,
    state: &State,
) -> io::Result<Ending> {
    while let Some(request) = Recorded::read(connection, reader)? {
        lock(&state.requests).push(request.clone());
        let faults = faults(state, &request);
        let whole = faults.iter().any(|fault| matches!(fault, Fault::IgnoreRange));
        let mut response = routes::answer(state, &request, whole);
        faults.iter().for_each(|fault| response.bend(fault));
        let ending = send(&response, request.method == "HEAD")?;
        let last = request.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        if ending != Ending::Keep || last {
            return Ok(ending);
        }
    }
    Ok(Ending::Close)
}

fn faults(state: &State, request: &Recorded) -> Vec<Fault> {
    let mut faults = lock(&state.faults);
    let fitting = faults
        .iter_mut()
        .filter_map(|(when, fault)| when.fits(&request.method, &request.path).then_some(fault));
    fitting.map(|fault| fault.clone()).collect()
}

/// One stream for reading and writing; a connection does one thing at a time.
struct Locked<'a, T>(&'a Mutex<T>);

impl<T: Read> Read for Locked<'_, T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        lock(self.0).read(buffer)
    }
}

impl<T: Write> Write for Locked<'_, T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(self.0).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        lock(self.0).flush()
    }
}
