//! A bell that one thread rings to end another's wait.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};

use super::bounds::poll_until;

/// The end that is waited on. A ring before the wait began is kept for it.
#[derive(Debug)]
pub(crate) struct Bell(UnixStream);

/// The end that rings. Cloned and sent wherever it is needed.
#[derive(Debug, Clone)]
pub(crate) struct Waker(Arc<UnixStream>);

impl Bell {
    /// Makes a bell and its first waker.
    ///
    /// # Errors
    /// The process has no file descriptors left.
    pub(crate) fn new() -> io::Result<(Self, Waker)> {
        let (ring, heard) = UnixStream::pair()?;
        ring.set_nonblocking(true)?;
        heard.set_nonblocking(true)?;
        Ok((Self(heard), Waker(Arc::new(ring))))
    }

    /// Waits for a ring and answers it; `false` if none came within that time.
    pub(crate) fn wait(&self, time: Duration) -> bool {
        let mut fds = [PollFd::new(&self.0, PollFlags::IN)];
        let rung = poll_until(&mut fds, Instant::now() + time).is_ok();
        if rung {
            self.answer();
        }
        rung
    }

    /// Takes back all rings so far.
    pub(crate) fn answer(&self) {
        let mut sink = [0; 64];
        while matches!((&self.0).read(&mut sink), Ok(1..)) {}
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Waker {
    /// Ends the wait that is under way, or else the next one. Safe to repeat; never blocks.
    pub(crate) fn wake(&self) {
        // A full socket means that it has been rung and not heard yet: that is enough.
        let _full = (&*self.0).write(&[1]);
    }
}
