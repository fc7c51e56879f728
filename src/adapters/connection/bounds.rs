//! How long a connection may take and how many bytes it may bring, set from outside it.

use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, Timespec, poll};
use rustix::io::Errno;

use super::Bell;

/// The bounds of one connection. Clones are the same bounds: a protocol's crate owns the
/// connection, and whoever runs a command on it sets here what that command may take.
#[derive(Debug, Clone)]
pub(crate) struct Bounds(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    until: Instant,
    bytes: u64,
    bell: Option<Arc<Bell>>,
}

impl Bounds {
    /// Bounds from now on: a time and a number of bytes to read.
    pub(crate) fn new(time: Duration, bytes: u64) -> Self {
        Self(Arc::new(Mutex::new(State { until: Instant::now() + time, bytes, bell: None })))
    }

    /// Allows anew, from now on, and no longer listens to a bell.
    pub(crate) fn allow(&self, time: Duration, bytes: u64) {
        *self.state() = State { until: Instant::now() + time, bytes, bell: None };
    }

    /// Brings the end nearer: to that time from now, if it was to be later.
    pub(crate) fn shorten(&self, time: Duration) {
        let mut state = self.state();
        state.until = state.until.min(Instant::now() + time);
    }

    /// From now on a ring ends a read, with `WouldBlock` where the end of its time is `TimedOut`.
    pub(crate) fn listen(&self, bell: Arc<Bell>) {
        self.state().bell = Some(bell);
    }

    /// When it all ends.
    pub(crate) fn until(&self) -> Instant {
        self.state().until
    }

    pub(super) fn bell(&self) -> Option<Arc<Bell>> {
        self.state().bell.clone()
    }

    pub(super) fn in_time(&self) -> io::Result<()> {
        if Instant::now() < self.until() { Ok(()) } else { Err(too_late()) }
    }

    /// How many bytes may be read at once.
    pub(super) fn most(&self, wanted: usize) -> io::Result<usize> {
        match self.state().bytes {
            0 => Err(io::Error::new(ErrorKind::InvalidData, "the answer is too long")),
            left => Ok(usize::try_from(left).unwrap_or(usize::MAX).min(wanted)),
        }
    }

    pub(super) fn took(&self, count: usize) {
        let mut state = self.state();
        state.bytes = state.bytes.saturating_sub(count as u64);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn too_late() -> io::Error {
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
