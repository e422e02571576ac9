//! The wish to end, told to everything that runs long.

use tokio_util::sync::CancellationToken;

/// Cloned into whatever must stop when the server stops.
#[derive(Clone, Debug, Default)]
pub struct Shutdown(CancellationToken);

impl Shutdown {
    /// Tells all clones.
    pub fn begin(&self) {
        self.0.cancel();
    }

    /// Returns once [`Shutdown::begin`] was called.
    pub async fn begun(&self) {
        self.0.cancelled().await;
    }

    /// As [`Shutdown::begun`], without borrowing: to end streams with.
    pub fn into_begun(self) -> impl Future<Output = ()> + Send + 'static {
        self.0.cancelled_owned()
    }

    /// Whether it was called.
    pub fn has_begun(&self) -> bool {
        self.0.is_cancelled()
    }
}
