//! The workshop: contexts on the server, builds of them, and surgery on what was built.

mod builds;
mod contexts;
mod forecast;
mod hostile;
mod scene;
mod surgery;
