//! The two listeners and the connections that come in.

mod connections;
mod first_line;
mod unix;

pub use connections::serve;
pub use unix::UnixSocket;
