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

use jiff::SignedDuration;

use crate::config::model::Account;
use crate::ports::{Fault, FolderState};

pub use crate::adapters::connection::Waker;
pub use folder::ImapFolder;

mod folder;
mod headings;
mod lines;
mod session;
mod trouble;
mod utf7;
mod wait;

/// How long things may take. The defaults are for real servers; tests have shorter ones.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// One command, from its first byte to the last of its answer; connecting and login together
    /// count as one. A body has a second more for each 256 KiB it may have.
    pub command: Duration,
    /// One IDLE. Servers log out who is silent for 30 minutes (RFC 2177).
    pub idle: Duration,
    /// From the end of an IDLE to the server's answer to that.
    pub farewell: Duration,
    /// How often a server without IDLE is asked.
    pub ask_again: Duration,
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
pub struct Probe {
    /// Whether the connection is encrypted.
    pub is_encrypted: bool,
    /// Whether it announces news by itself (IDLE).
    pub can_idle: bool,
    /// Each folder, and where it stands or why it can't be opened.
    pub folders: Vec<(String, Result<FolderState, Fault>)>,
}

/// Logs in and opens each folder: what `gatepost check` tells. Safe to repeat.
///
/// # Errors
/// Temporary: the server is away. Misconfigured: login refused, certificate not trusted.
pub fn probe(account: &Account, folders: &[String], limits: &Limits) -> Result<Probe, Fault> {
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

/// How long to stay away after so many failures in a row: from a second, doubled each time, to
/// five minutes; between half and all of it, by the seed, so that several do not come back at once.
pub fn backoff(failures: u32, seed: u64) -> SignedDuration {
    let full = 1000_u64.saturating_mul(1 << failures.saturating_sub(1).min(20)).min(300_000);
    // The steps of SplitMix64: a seed that counts up is as good as any other.
    let mut mixed = seed.wrapping_add(u64::from(failures)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed ^= mixed >> 31;
    let millis = full / 2 + mixed % (full / 2 + 1);
    SignedDuration::from_millis(i64::try_from(millis).unwrap_or(300_000))
}

#[cfg(test)]
mod tests {
    use super::backoff;

    #[test]
    fn backoff_grows_to_five_minutes_and_differs_by_seed() {
        for failures in 0..100 {
            for seed in 0..50 {
                let wait = backoff(failures, seed).as_millis();
                let full = (1000_i128 << failures.saturating_sub(1).min(20)).min(300_000);
                assert!((full / 2..=full).contains(&wait), "{failures} {seed}: {wait}");
            }
        }
        assert_ne!(backoff(5, 1), backoff(5, 2));
        assert_eq!(backoff(5, 1), backoff(5, 1));
    }
}
