//! How long the server may take for what it is asked.

use std::time::Duration;

/// How long things may take. The defaults are for real servers; tests have shorter ones.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// One command, from its first byte to the last of its answer; connecting and login together
    /// count as one. A body has a second more for each 256 KiB it may have.
    pub(crate) command: Duration,
    /// One IDLE. Servers log out who is silent for 30 minutes (RFC 2177).
    pub(crate) idle: Duration,
    /// From the end of an IDLE to the server's answer to that.
    pub(crate) farewell: Duration,
    /// How often a server without IDLE is asked.
    pub(crate) ask_again: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            command: Duration::from_secs(60),
            idle: Duration::from_secs(28 * 60),
            farewell: Duration::from_secs(5),
            ask_again: Duration::from_secs(30),
        }
    }
}
