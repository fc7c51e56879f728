//! The folder as the [`Mailbox`] port sees it: when to connect, and what one command may take.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use imap::Session;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};

use super::lines::Lines;
use super::session::{self, Live, SMALL_ANSWER};
use super::trouble::{Trouble, guarded};
use super::{Limits, Waker};
use crate::adapters::connection::Bell;
use crate::config::model::Account;
use crate::ports::{Fault, FolderState, Heading, Mailbox, News};

/// What a list of UIDs may take: a million of them.
const UID_LIST: u64 = 12 * 1024 * 1024;
/// A slow line still brings this much in a second.
const BYTES_PER_SECOND: u64 = 256 * 1024;
/// What stands around a body in the answer.
const AROUND: u64 = 64 * 1024;

/// One folder of an account.
pub(crate) struct ImapFolder {
    pub(super) account: Account,
    pub(super) folder: String,
    pub(super) limits: Limits,
    pub(super) live: Option<Live>,
    /// What `open` told last: UIDs that the caller has are of this UIDVALIDITY.
    pub(super) told: Option<FolderState>,
    /// The UIDs from some UID on, as of the last `open`.
    pub(super) listed: Option<(u32, Vec<u32>)>,
    /// Mails that could not be had alone, and how often.
    pub(super) suspects: BTreeMap<u32, u32>,
    pub(super) bell: Arc<Bell>,
    /// The server offers IDLE, and refused it.
    pub(super) is_idle_refused: bool,
    waker: Waker,
}

impl ImapFolder {
    /// A folder by its decoded name. Nothing is connected yet.
    ///
    /// # Errors
    /// Temporary: the process has no file descriptors left.
    pub(crate) fn new(
        account: &Account,
        folder: impl Into<String>,
        limits: Limits,
    ) -> Result<Self, Fault> {
        let (bell, waker) = Bell::new()
            .map_err(|error| Fault::temporary(format!("account {}: {error}", account.name)))?;
        Ok(Self {
            account: account.clone(),
            folder: folder.into(),
            limits,
            live: None,
            told: None,
            listed: None,
            suspects: BTreeMap::new(),
            bell: Arc::new(bell),
            is_idle_refused: false,
            waker,
        })
    }

    /// What ends a [`wait`](Mailbox::wait) from another thread within milliseconds.
    pub(crate) fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Has a session with the folder open, whose UIDs mean what the caller was told.
    ///
    /// # Errors
    /// As `open`; temporary if they mean other mails now.
    pub(super) fn connected(&mut self) -> Result<(), Fault> {
        let state = match &self.live {
            Some(live) => live.state,
            None => self.reconnect()?,
        };
        let told = self.told.get_or_insert(state);
        if told.uid_validity == state.uid_validity {
            return Ok(());
        }
        Err(Fault::temporary(format!(
            "account {}: folder {} was made anew since it was opened (UIDVALIDITY {} is {} now)",
            self.account.name, self.folder, told.uid_validity, state.uid_validity
        )))
    }

    /// Looks at the folder anew, on the session there is or on a new one.
    pub(super) fn look(&mut self) -> Result<FolderState, Fault> {
        if let Some(live) = &mut self.live {
            live.control.command(self.limits.command, SMALL_ANSWER);
            match session::examine(&self.account, live, &self.folder) {
                Ok(state) => return Ok(state),
                Err(Trouble::Lost(_) | Trouble::Garbled(_)) => self.live = None,
                Err(refused @ Trouble::Refused(_)) => {
                    self.live = None;
                    return Err(refused.refusal(&self.account, self.about()));
                }
            }
        }
        self.reconnect()
    }

    fn reconnect(&mut self) -> Result<FolderState, Fault> {
        self.live = None;
        let mut live = session::connect(&self.account, &self.limits)?;
        live.control.command(self.limits.command, SMALL_ANSWER);
        let state = session::examine(&self.account, &mut live, &self.folder)
            .map_err(|trouble| trouble.refusal(&self.account, self.about()))?;
        self.live = Some(live);
        Ok(state)
    }

    /// Runs one command on the session there is. Any failure ends the session.
    pub(super) fn run<T>(
        &mut self,
        bytes: u64,
        command: impl FnOnce(&mut Session<Lines>) -> imap::Result<T>,
    ) -> Result<T, Trouble> {
        self.run_for(self.limits.command, bytes, command)
    }

    fn run_for<T>(
        &mut self,
        time: Duration,
        bytes: u64,
        command: impl FnOnce(&mut Session<Lines>) -> imap::Result<T>,
    ) -> Result<T, Trouble> {
        let Some(live) = &mut self.live else {
            return Err(Trouble::Lost("there is none".into()));
        };
        live.control.command(time, bytes);
        let result = guarded(&self.account, || command(&mut live.session));
        if result.is_err() {
            self.live = None;
        }
        result
    }

    pub(super) fn about(&self) -> String {
        format!("folder {}", self.folder)
    }

    fn body(&mut self, uid: u32, cap: u32) -> Result<Option<Vec<u8>>, Trouble> {
        let query = format!("(UID RFC822.SIZE BODY.PEEK[]<0.{cap}>)");
        let bytes = u64::from(cap) + AROUND;
        let time = self.limits.command + Duration::from_secs(bytes / BYTES_PER_SECOND);
        let fetched =
            self.run_for(time, bytes, |session| session.uid_fetch(uid.to_string(), query))?;
        let found = fetched.iter().find(|mail| mail.uid == Some(uid));
        let body = found.and_then(|mail| mail.body());
        let cap = usize::try_from(cap).unwrap_or(usize::MAX);
        Ok(body.map(|bytes| bytes.get(..cap).unwrap_or(bytes).to_vec()))
    }
}

impl Mailbox for ImapFolder {
    fn open(&mut self) -> Result<FolderState, Fault> {
        let state = self.look()?;
        if self.told.is_some_and(|told| told.uid_validity != state.uid_validity) {
            self.suspects.clear();
        }
        self.told = Some(state);
        self.listed = None;
        Ok(state)
    }

    /// As of the last [`open`](Self::open). Fewer than `limit` does not mean that there are no
    /// more: only an empty answer does. A mail whose header the library can't read alone is left
    /// out; one that the server refuses or breaks off at is left out at the third call.
    fn headings(&mut self, from: u32, limit: usize) -> Result<Vec<Heading>, Fault> {
        self.connected()?;
        self.read_headings(from, limit)
    }

    /// From the day before on: the server compares its own local date, in a time zone that it
    /// does not tell (RFC 3501, section 6.4.4). Each heading has the exact time.
    fn received_since(&mut self, day: Timestamp) -> Result<Vec<u32>, Fault> {
        self.connected()?;
        let query = format!("SINCE {}", day_before(day));
        let found = self
            .run(UID_LIST, |session| session.uid_search(query))
            .map_err(|trouble| trouble.fault(&self.account, self.about()))?;
        let mut uids = Vec::from_iter(found);
        uids.sort_unstable();
        Ok(uids)
    }

    /// A body that can't be read on two connections is a permanent fault of that mail.
    fn message(&mut self, uid: u32, cap: u64) -> Result<Option<Vec<u8>>, Fault> {
        let cap = u32::try_from(cap).unwrap_or(u32::MAX).max(1);
        self.connected()?;
        let first = self.body(uid, cap);
        // A server may refuse a mail that vanished while the folder was open; a new session knows.
        let result = match first {
            Ok(body) => return Ok(body),
            Err(_) => {
                self.connected()?;
                self.body(uid, cap)
            }
        };
        result.map_err(|trouble| {
            let doing = format!("folder {}: mail with UID {uid}", self.folder);
            match trouble {
                Trouble::Garbled(_) => Fault::permanent(trouble.fault(&self.account, doing).detail),
                Trouble::Lost(_) | Trouble::Refused(_) => trouble.fault(&self.account, doing),
            }
        })
    }

    fn wait(&mut self, at_most: SignedDuration) -> Result<News, Fault> {
        self.wait_for_news(Duration::try_from(at_most).unwrap_or_default())
    }
}

impl Drop for ImapFolder {
    /// Says goodbye, if the server listens.
    fn drop(&mut self) {
        if let Some(live) = &mut self.live {
            live.control.command(Duration::from_millis(200), SMALL_ANSWER);
            let _gone = guarded(&self.account, || live.session.logout());
        }
    }
}

/// IMAP's date (RFC 3501, section 9: `date`), always in English.
fn day_before(day: Timestamp) -> String {
    let utc: Zoned = day.to_zoned(jiff::tz::TimeZone::UTC);
    let before = utc.checked_sub(1.day()).unwrap_or(utc);
    before.strftime("%-d-%b-%Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::day_before;

    #[test]
    fn a_search_begins_the_day_before() {
        for (day, text) in [
            ("2026-03-01T00:00:00Z", "28-Feb-2026"),
            ("2026-01-01T23:59:59Z", "31-Dec-2025"),
            ("2026-11-10T12:00:00Z", "9-Nov-2026"),
        ] {
            assert_eq!(day_before(day.parse().unwrap()), text);
        }
    }
}
