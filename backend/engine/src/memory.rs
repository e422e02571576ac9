//! What the allocator keeps of large work.

/// Gives memory that is free back to the kernel.
///
/// glibc keeps what threads freed in an arena of each; after a pull of large layers that is tens of megabytes of a
/// server that needs ten.
pub(crate) fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    #[allow(unsafe_code, reason = "glibc's allocator has no safe interface")]
    // SAFETY: it takes no pointers, and may be called at any time from any thread (malloc_trim(3)).
    unsafe {
        libc::malloc_trim(0);
    }
}
