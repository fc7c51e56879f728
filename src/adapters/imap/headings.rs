//! Headers in batches, and one at a time when a batch fails, so that the mail at fault can be
//! named and left out.

use std::collections::BTreeMap;

use imap::types::Fetches;
use jiff::Timestamp;

use super::folder::ImapFolder;
use super::trouble::Trouble;
use crate::ports::{Fault, Heading};

/// Mails in one command.
const BATCH: usize = 200;
/// A header is cut at this many bytes.
const HEADER_CAP: u64 = crate::mail::bounds::HEADER as u64;
/// What all headers of a batch may take a mail, on average.
const USUAL_HEADER: u64 = 64 * 1024;
/// What stands around them in the answer.
const AROUND: u64 = 256 * 1024;
/// What a list of UIDs may take: a million of them.
const UID_LIST: u64 = 12 * 1024 * 1024;
/// A mail that the server breaks off at is tried in this many calls, between which the caller
/// waits: the server may have been at fault.
const CALLS_FOR_A_SUSPECT: u32 = 3;

/// What became of mails that were asked for one at a time.
#[derive(Default)]
struct Singles {
    found: Vec<Heading>,
    left_out: usize,
}

impl ImapFolder {
    pub(super) fn read_headings(&mut self, from: u32, limit: usize) -> Result<Vec<Heading>, Fault> {
        let uids = self.uids_from(from)?;
        let mut found = Vec::new();
        let mut left_out = 0;
        let mut rest = uids.as_slice();
        while found.len() < limit && !rest.is_empty() {
            let (batch, later) = rest.split_at(rest.len().min(BATCH).min(limit - found.len()));
            rest = later;
            match self.batch(batch) {
                Ok(headings) => found.extend(headings),
                Err(_) => {
                    let singles = self.singles(batch)?;
                    found.extend(singles.found);
                    left_out += singles.left_out;
                }
            }
        }
        // One mail may be at fault; if no mail at all can be read, it is the server.
        if found.is_empty() && left_out > 1 {
            return Err(Fault::temporary(format!(
                "account {}: folder {}: none of {left_out} mails can be read",
                self.account.name, self.folder
            )));
        }
        Ok(found)
    }

    /// The UIDs of at least `from`, ascending. They are asked for once after each `open`.
    fn uids_from(&mut self, from: u32) -> Result<Vec<u32>, Fault> {
        let from = from.max(1);
        let known = self.listed.as_ref().filter(|(first, _)| *first <= from);
        if known.is_none() {
            let found = self
                .run(UID_LIST, |session| session.uid_search(format!("UID {from}:*")))
                .map_err(|trouble| trouble.fault(&self.account, self.about()))?;
            let mut uids = Vec::from_iter(found);
            uids.sort_unstable();
            self.listed = Some((from, uids));
        }
        let uids = self.listed.as_ref().map(|(_, uids)| uids.as_slice()).unwrap_or_default();
        // `n:*` beyond the end is the last mail (RFC 3501, section 6.4.8).
        let start = uids.partition_point(|uid| *uid < from);
        Ok(uids.get(start..).unwrap_or_default().to_vec())
    }

    fn batch(&mut self, uids: &[u32]) -> Result<Vec<Heading>, Trouble> {
        let bytes = match uids.len() {
            1 => HEADER_CAP + AROUND,
            more => USUAL_HEADER * more as u64 + AROUND,
        };
        let (Some(first), Some(last)) = (uids.first(), uids.last()) else {
            return Ok(Vec::new());
        };
        let set = if first == last { first.to_string() } else { format!("{first}:{last}") };
        let query = format!("(UID RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER]<0.{HEADER_CAP}>)");
        let fetched = self.run(bytes, |session| session.uid_fetch(set, query))?;
        Ok(headings(&fetched, *first, *last))
    }

    fn singles(&mut self, uids: &[u32]) -> Result<Singles, Fault> {
        let mut singles = Singles::default();
        for uid in uids {
            match self.alone(*uid)? {
                Ok(heading) => singles.found.extend(heading),
                Err(trouble) => {
                    singles.left_out += 1;
                    tracing::warn!(
                        account.name = %self.account.name,
                        folder.name = %self.folder,
                        mail.uid = *uid,
                        "Left out a mail that the server can't give: {trouble}."
                    );
                }
            }
        }
        Ok(singles)
    }

    /// One mail's heading; `None` if it is gone, or why it must be left out.
    ///
    /// # Errors
    /// The server can't be reached, or may be at fault rather than the mail.
    fn alone(&mut self, uid: u32) -> Result<Result<Option<Heading>, Trouble>, Fault> {
        let trouble = match self.twice(uid)? {
            Ok(found) => {
                self.suspects.remove(&uid);
                return Ok(Ok(found.into_iter().next()));
            }
            Err(trouble) => trouble,
        };
        let calls = self.suspects.entry(uid).or_default();
        *calls += 1;
        let is_clear = matches!(trouble, Trouble::Garbled(_));
        if is_clear || *calls >= CALLS_FOR_A_SUSPECT {
            return Ok(Err(trouble));
        }
        let doing = format!("folder {}: mail with UID {uid}", self.folder);
        Err(trouble.fault(&self.account, doing))
    }

    /// The second time on a connection of its own: the first one may have been out of step.
    fn twice(&mut self, uid: u32) -> Result<Result<Vec<Heading>, Trouble>, Fault> {
        self.connected()?;
        if let Ok(found) = self.batch(&[uid]) {
            return Ok(Ok(found));
        }
        self.connected()?;
        Ok(self.batch(&[uid]))
    }
}

/// The headings in an answer. What the server tells of other mails meanwhile is not among them.
fn headings(fetched: &Fetches, first: u32, last: u32) -> Vec<Heading> {
    let mut found = BTreeMap::new();
    for mail in fetched.iter() {
        let Some(uid) = mail.uid.filter(|uid| (first..=last).contains(uid)) else { continue };
        let Some(header) = mail.header() else { continue };
        // A date that can't be read makes the mail an old one, which is held and not lost.
        let received_at = mail
            .internal_date()
            .and_then(|date| Timestamp::from_second(date.timestamp()).ok())
            .unwrap_or(Timestamp::UNIX_EPOCH);
        let size = mail.size.map_or(header.len() as u64, u64::from);
        found.insert(uid, Heading { uid, size, received_at, header: header.to_vec() });
    }
    found.into_values().collect()
}
