//! Tasks that belong to something.

use tokio::{runtime::Handle, task::JoinHandle};

/// A running task. It is aborted when it is dropped, and gone a moment later.
#[derive(Debug)]
pub struct Task(Option<JoinHandle<()>>);

impl Task {
    /// Starts one. Needs a tokio runtime around it.
    pub fn spawn(work: impl Future<Output = ()> + Send + 'static) -> Self {
        Self(Some(tokio::spawn(work)))
    }

    /// Aborts it and waits until its sockets are closed. Blocks: for threads of the runtime that may.
    pub fn end(mut self) {
        if let Some(task) = self.0.take() {
            task.abort();
            // That it was aborted is the only thing it can say.
            let _ = Handle::current().block_on(task);
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}
