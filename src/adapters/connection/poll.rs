//! Waits for descriptors no longer than until a given time.

use std::io::{self, ErrorKind};
use std::time::Instant;

use rustix::event::{PollFd, Timespec, poll};
use rustix::io::Errno;

/// What a wait ends with that took too long.
pub(super) fn too_late() -> io::Error {
    io::Error::new(ErrorKind::TimedOut, "no answer in time")
}

/// Waits until one of the descriptors is ready.
///
/// # Errors
/// `TimedOut` at that time.
pub(super) fn poll_until(fds: &mut [PollFd<'_>], until: Instant) -> io::Result<()> {
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(too_late());
        }
        let timeout = Timespec::try_from(left).map_err(|_| ErrorKind::InvalidInput)?;
        match poll(fds, Some(&timeout)) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}
