//! Keeping containers away from the host's control ports.

use super::Networks;
use crate::NetworkError;

impl Networks {
    /// No container on a bridge reaches these TCP ports on any address of the host, from now on and in place of those
    /// given before. Containers that use the host's own network (`--network host`) can't be kept away.
    ///
    /// # Errors
    /// If the packet filter can't be changed.
    pub async fn protect(&self, ports: &[u16]) -> Result<(), NetworkError> {
        let ports = ports.iter().copied().collect();
        self.blocking(move |inner| {
            inner.state().protected = ports;
            inner.filter(false)
        })
        .await
    }
}
