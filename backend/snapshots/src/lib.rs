//! Snapshots: a chain of layers as a mounted file system with a writable layer on top.
