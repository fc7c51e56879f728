//! One folder of a mailbox over IMAP, read-only: `EXAMINE`, headers, bodies with `BODY.PEEK[]`,
//! and IDLE. It must not change anything on the server, and must not block longer than its limits.
//!
//! The `imap` crate speaks the protocol. Any error or panic in it drops the session; the next call
//! connects anew. Races, and the choice made for each:
//!
//! * The folder is deleted and made again between two calls: a call that had to reconnect and
//!   finds another UIDVALIDITY than [`open`](crate::ports::Mailbox::open) told fails, because its
//!   UIDs mean other mails now; `open` then tells the new one.
//! * A mail arrives between `open` and `wait`, or while an IDLE is being ended: `wait` begins with
//!   an `EXAMINE` and compares it with what `open` told last.
//! * A mail vanishes between its header and its body: there is no body, and no fault.

use std::time::Duration;

use crate::config::model::Account;
use crate::ports::{Fault, FolderState};

pub(crate) use crate::adapters::connection::Waker;
pub(crate) use folder::ImapFolder;

mod folder;
mod headings;
mod lines;
mod session;
mod trouble;
mod utf7;
mod wait;

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

/// What an account's server says of itself and of some folders.
#[derive(Debug, Clone)]
pub(crate) struct Probe {
    /// Whether the connection is encrypted.
    pub(crate) is_encrypted: bool,
    /// Whether it announces news by itself (IDLE).
    pub(crate) can_idle: bool,
    /// Each folder, and where it stands or why it can't be opened.
    pub(crate) folders: Vec<(String, Result<FolderState, Fault>)>,
}

/// Logs in and opens each folder: what `gatepost check` tells. Safe to repeat.
///
/// # Errors
/// Temporary: the server is away. Misconfigured: login refused, certificate not trusted.
pub(crate) fn probe(
    account: &Account,
    folders: &[String],
    limits: &Limits,
) -> Result<Probe, Fault> {
    let mut live = session::connect(account, limits)?;
    let mut states = Vec::new();
    for folder in folders {
        live.control.command(limits.command, session::SMALL_ANSWER);
        let state = session::examine(account, &mut live, folder)
            .map_err(|trouble| trouble.refusal(account, format_args!("folder {folder}")));
        states.push((folder.clone(), state));
    }
    Ok(Probe { is_encrypted: live.is_encrypted, can_idle: live.can_idle, folders: states })
}
