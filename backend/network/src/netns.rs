//! Work inside another network namespace.

use std::{fs::File, os::fd::AsFd, path::Path, thread};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use crate::NetworkError;

/// Opens the file of a network namespace; while it is open, the namespace lives.
///
/// # Errors
/// [`NetworkError::Namespace`] if it isn't there.
pub fn open(path: &Path) -> Result<File, NetworkError> {
    File::open(path).map_err(|source| NetworkError::Namespace { path: path.to_owned(), source })
}

/// Runs something inside, on a thread made for it: a thread that has been inside must never serve anything else.
/// Sockets that it opens belong there for good, wherever they are used later.
///
/// # Errors
/// [`NetworkError::Namespace`] if it can't be entered, and what the work fails with.
pub fn inside<T: Send>(
    path: &Path,
    namespace: &File,
    work: impl FnOnce() -> Result<T, NetworkError> + Send,
) -> Result<T, NetworkError> {
    thread::scope(|scope| {
        let thread = scope.spawn(|| {
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
                .map_err(|errno| NetworkError::Namespace { path: path.to_owned(), source: errno.into() })?;
            work()
        });
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
