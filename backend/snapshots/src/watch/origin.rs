//! The file of a layer that overlay copied a file from, by the note that it leaves: a file handle.
#![allow(unsafe_code)]

use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};

use rustix::fs::{FileType, OFlags, Stat, fstat};
use strata_layers::Below;

/// The longest handle of a file (`MAX_HANDLE_SZ`).
const LONGEST: usize = 128;
/// Bytes before the handle in overlay's note: version, magic, length, flags, type of the handle, a UUID.
const HEAD: usize = 5 + 16;
const MAGIC: u8 = 0xfb;

/// What the kernel takes: `struct file_handle`.
#[repr(C)]
struct Handle {
    length: u32,
    kind: i32,
    bytes: [u8; LONGEST],
}

/// What is known of the file; nothing without a note, or if only root in the first user namespace could follow it.
pub(super) fn find(below: &Below, note: &[u8]) -> Option<Stat> {
    regular(open(below, note, OFlags::PATH)?).map(|(_, stat)| stat)
}

/// Opens it for reading.
pub(super) fn read(below: &Below, note: &[u8]) -> Option<(OwnedFd, Stat)> {
    regular(open(below, note, OFlags::RDONLY | OFlags::NONBLOCK)?)
}

fn regular(file: OwnedFd) -> Option<(OwnedFd, Stat)> {
    let stat = fstat(&file).ok()?;
    (FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile).then_some((file, stat))
}

fn open(below: &Below, note: &[u8], flags: OFlags) -> Option<OwnedFd> {
    let handle = handle(note)?;
    // All layers are in one file system: that of any of them.
    let layer = below.layer(0).root();
    let flags = (flags | OFlags::CLOEXEC).bits();
    // SAFETY: the descriptor is open and the handle is one that the kernel may read, as long as it says.
    let opened =
        unsafe { libc::syscall(libc::SYS_open_by_handle_at, layer.as_raw_fd(), &raw const handle, flags) };
    let opened = i32::try_from(opened).ok().filter(|opened| *opened >= 0)?;
    // SAFETY: the kernel just made the descriptor for us, and nobody else knows it.
    Some(unsafe { OwnedFd::from_raw_fd(opened) })
}

/// Reads overlay's note (`struct ovl_fb`).
fn handle(note: &[u8]) -> Option<Handle> {
    let (head, handle) = note.split_at_checked(HEAD)?;
    let [0, MAGIC, length, _, kind, ..] = *head else { return None };
    if usize::from(length) != note.len() || handle.len() > LONGEST {
        return None;
    }
    let mut bytes = [0; LONGEST];
    bytes[..handle.len()].copy_from_slice(handle);
    Some(Handle { length: handle.len() as u32, kind: kind.into(), bytes })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_note_is_read() {
        let mut note = vec![0, MAGIC, 29, 0, 1];
        note.extend([7; 16]);
        note.extend([1, 2, 3, 4, 5, 6, 7, 8]);
        let read = handle(&note).expect("reads");
        assert_eq!((read.length, read.kind, &read.bytes[..9]), (8, 1, &[1, 2, 3, 4, 5, 6, 7, 8, 0][..]));
        assert!(handle(&note[..28]).is_none() && handle(&[]).is_none());
        let wrong = |at: usize| {
            let mut note = note.clone();
            note[at] += 1;
            handle(&note).is_none()
        };
        assert!(wrong(0) && wrong(1) && wrong(2));
        note.extend([0; 200]);
        note[2] = note.len() as u8;
        assert!(handle(&note).is_none());
    }
}
