//! What the allocator keeps of large work.
//!
//! glibc gives every few threads an arena of its own and keeps what they freed: after a pull of nine large layers that
//! was 36 MB of a server that needs ten. Even `malloc_trim` leaves the top of each arena but the first.

/// Keeps the process to two arenas. Call it before there are threads.
pub fn spare_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[allow(unsafe_code, reason = "glibc's allocator has no safe interface")]
    // SAFETY: it takes no pointers; there is nothing it could invalidate (mallopt(3)).
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 2);
    }
}

/// Gives memory that is free back to the kernel.
pub(crate) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[allow(unsafe_code, reason = "glibc's allocator has no safe interface")]
    // SAFETY: it takes no pointers, and may be called at any time from any thread (malloc_trim(3)).
    unsafe {
        libc::malloc_trim(0);
    }
}
