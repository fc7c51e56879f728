//! One connection's bounds and its trouble, shared by the transports and the task that uses them.
//!
//! libgit2 hands errors of a transport on as text only. So what went wrong is put down here, and
//! read here when libgit2 comes back with its own words for it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use git2::ErrorClass;

use super::address;
use super::order::{Access, Limits, Peer, Reply};
use super::url::RemoteUrl;
use crate::ports::{Fault, FaultKind};
use crate::pull::clean;

/// Bytes in which a stranger's server must have listed its refs: libgit2 keeps them in memory.
const LISTING: u64 = 32 << 20;

/// What all parts of one operation share.
#[derive(Debug)]
pub(crate) struct Session {
    /// The other side.
    pub(crate) peer: Peer,
    deadline: Instant,
    bytes_left: AtomicU64,
    /// What may come once the refs are listed.
    bytes_later: AtomicU64,
    bytes_allowed: u64,
    trouble: Mutex<Option<Reply>>,
}

impl Session {
    /// Starts the clock.
    pub(crate) fn new(peer: Peer, limits: Limits) -> Self {
        let listing = match peer.access {
            Access::Stranger { .. } => limits.bytes.min(LISTING),
            Access::Configured => limits.bytes,
        };
        Self {
            peer,
            deadline: Instant::now() + Duration::from_millis(limits.deadline_ms),
            bytes_left: AtomicU64::new(listing),
            bytes_later: AtomicU64::new(limits.bytes - listing),
            bytes_allowed: limits.bytes,
            trouble: Mutex::new(None),
        }
    }

    /// The other side's address.
    pub(crate) fn url(&self) -> &RemoteUrl {
        &self.peer.url
    }

    /// How long there is left.
    ///
    /// # Errors
    /// The time is up; the trouble is put down.
    pub(crate) fn time_left(&self) -> io::Result<Duration> {
        match self.deadline.checked_duration_since(Instant::now()) {
            Some(left) if !left.is_zero() => Ok(left),
            _ => Err(self.note_late()),
        }
    }

    /// Whether the time is up; the trouble is put down then.
    pub(crate) fn is_late(&self) -> bool {
        self.time_left().is_err()
    }

    /// The refs are listed: objects may come now.
    pub(crate) fn is_listed(&self) {
        let later = self.bytes_later.swap(0, Ordering::Relaxed);
        self.bytes_left.fetch_add(later, Ordering::Relaxed);
    }

    /// Whether the other side is a mail's word, and held to more bounds.
    pub(crate) fn is_strangers(&self) -> bool {
        matches!(self.peer.access, Access::Stranger { .. })
    }

    /// Counts bytes that came in.
    ///
    /// # Errors
    /// There were too many; the trouble is put down.
    pub(crate) fn count(&self, bytes: usize) -> io::Result<()> {
        let taken = self.bytes_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            left.checked_sub(bytes as u64)
        });
        taken.map(|_| ()).map_err(|_| {
            if self.bytes_later.load(Ordering::Relaxed) > 0 {
                let sentence = format!("The repository lists more than {} of refs.", size(LISTING));
                return self.note(self.blame(FaultKind::Permanent, sentence));
            }
            let allowed = size(self.bytes_allowed);
            self.note(self.blame(
                FaultKind::Permanent,
                format!("The repository sent more than the {allowed} allowed."),
            ))
        })
    }

    /// Checks every address that a host resolved to.
    ///
    /// # Errors
    /// One of them is inside the operator's network, or there is none; the trouble is put down.
    pub(crate) fn check_addresses(&self, addresses: &[SocketAddr]) -> io::Result<()> {
        let Access::Stranger { allow_addresses } = &self.peer.access else { return Ok(()) };
        for one in addresses {
            if let Err(what) = refused(one.ip(), allow_addresses) {
                let host = &self.peer.url.host;
                let why = format!("The host {host} has {what}, which is not fetched from here.");
                return Err(self.put_down(Reply::NotAllowed(why)));
            }
        }
        Ok(())
    }

    /// A fault of the other side: told to the author if it is theirs, to the administrator if it
    /// is the operator's own.
    pub(crate) fn blame(&self, kind: FaultKind, sentence: impl Into<String>) -> Fault {
        let sentence = sentence.into();
        let detail = format!("{}: {sentence}", self.peer.url.text());
        match (&self.peer.access, kind) {
            (Access::Stranger { .. }, FaultKind::Temporary) => {
                Fault::temporary(detail).saying(sentence)
            }
            (Access::Stranger { .. }, FaultKind::Bug) => Fault::bug(detail),
            (Access::Stranger { .. }, FaultKind::Permanent | FaultKind::Misconfigured) => {
                Fault::permanent(detail).saying(sentence)
            }
            (Access::Configured, FaultKind::Temporary) => Fault::temporary(detail),
            (Access::Configured, FaultKind::Bug) => Fault::bug(detail),
            (Access::Configured, FaultKind::Permanent | FaultKind::Misconfigured) => {
                Fault::misconfigured(detail)
            }
        }
    }

    /// Puts trouble down, unless some is down already: the first is the cause. The returned error
    /// has a fixed text, for libgit2 aborts on some.
    pub(crate) fn note(&self, fault: Fault) -> io::Error {
        self.put_down(Reply::Fault(fault))
    }

    /// Puts down that the other side broke off or could not be reached.
    pub(crate) fn note_io(&self, error: &io::Error) -> io::Error {
        match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => self.note_late(),
            kind => {
                let sentence = format!("The repository's server could not be read: {kind}.");
                self.note(self.blame(FaultKind::Temporary, sentence))
            }
        }
    }

    fn note_late(&self) -> io::Error {
        self.note(self.blame(
            FaultKind::Temporary,
            "The repository's server did not finish in the time allowed.",
        ))
    }

    fn put_down(&self, reply: Reply) -> io::Error {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.get_or_insert(reply);
        io::Error::other("the transport failed")
    }

    /// What went wrong, given libgit2's own words: the trouble put down, if any.
    pub(crate) fn explain(&self, error: &git2::Error) -> Reply {
        let noted = self.trouble.lock().unwrap_or_else(PoisonError::into_inner).take();
        noted.unwrap_or_else(|| Reply::Fault(self.translate(error)))
    }

    fn translate(&self, error: &git2::Error) -> Fault {
        let words = printable(error.message().as_bytes(), 200);
        match error.class() {
            ErrorClass::NoMemory => out_of_memory(&words),
            ErrorClass::Os => Fault::temporary(format!("{}: {words}", self.peer.url.text())),
            ErrorClass::Net => {
                let mut fault = self.blame(
                    FaultKind::Temporary,
                    "The repository's server broke off, or does not speak git's protocol.",
                );
                fault.detail = format!("{} ({words})", fault.detail);
                fault
            }
            _ => {
                let mut fault = self
                    .blame(FaultKind::Temporary, "What the repository's server sent is not sound.");
                fault.detail = format!("{} ({words})", fault.detail);
                fault
            }
        }
    }
}

fn refused(address: IpAddr, allowed: &[IpAddr]) -> Result<(), &'static str> {
    address::check(address, allowed)
}

/// The fault for objects that do not fit into the child's memory.
pub(crate) fn out_of_memory(words: &str) -> Fault {
    Fault::permanent(format!("the git child ran out of the memory it is allowed: {words}"))
        .saying("The repository's objects need more memory than is allowed here.")
}

/// A number of bytes in words.
pub(crate) fn size(bytes: u64) -> String {
    const MIB: u64 = 1 << 20;
    if bytes >= MIB { format!("{} MiB", bytes / MIB) } else { format!("{bytes} bytes") }
}

/// Foreign text on one line, without control characters, cut.
pub(crate) fn printable(text: &[u8], longest: usize) -> String {
    let line = clean::words(&String::from_utf8_lossy(text));
    line.chars().take(longest).collect()
}
