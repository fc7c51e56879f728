//! Reads a folder on, a chunk at a time, and says what came. It must not touch the records: the
//! engine takes the chunk, and the cursor moves in the same transaction.
//!
//! Headers first; whole bodies of candidates only. A changed UIDVALIDITY is answered by a rescan
//! bounded by date, in which Message-IDs, not UIDs, say what is known. A mail that breaks the
//! reader is set aside and named, and the cursor moves past it.

use std::borrow::Cow;

use jiff::{SignedDuration, Timestamp};

use super::journal::Work;
use super::ports::Ports;
use crate::mail::rules;
use crate::mail::{self, Heading, Left, Reading, Reason, Rules, Ruling};
use crate::ports::{Cursor, Fault, FaultKind, FileName, Folder, FolderState, Mailbox};
use crate::pull::cover::Cover;
use crate::pull::near_miss::NearMiss;
use crate::pull::world::{Arrival, Arrived, Input};

use self::answer::taken_back;

mod answer;
mod command;

pub(super) use self::command::is_to_commands;

/// How many headers are read at once.
const CHUNK: usize = 200;

/// How far before the last reading a rescan goes: clocks differ, and SEARCH knows only days.
const RESCAN_MARGIN: SignedDuration = SignedDuration::from_hours(48);

/// How far behind ours a mail server's clock may be.
const SLOW_CLOCK: SignedDuration = SignedDuration::from_hours(24);

/// A request's mail larger than this is read only so far.
const BODY_CAP: u64 = mail::bounds::MOST as u64;

/// What the administrator is told the numbers of.
const NOT_SUBMITTERS: &str = "requests by others than the list's submitters";
const DENIED: &str = "mails of denied addresses";
const MISSES: &str = "marked mails without a request";
const MISSES_OF_STRANGERS: &str = "marked mails without a request by strangers";

/// One folder's reader.
#[derive(Debug, Clone)]
pub(crate) struct Intake {
    /// Which folder.
    pub(crate) folder: Folder,
    /// The rules of the lists that it holds; none for a folder of own copies.
    pub(crate) lists: Vec<Rules>,
    /// The command mailbox's address, where its mails come to this folder.
    pub(crate) commands: Option<String>,
    /// On the very first start: mails since then are listed and held.
    pub(crate) since: Option<Timestamp>,
}

impl Intake {
    /// Reads one chunk on from a cursor; `None`: nothing is new, and nothing has to be put.
    ///
    /// # Errors
    /// As the mailbox; permanent if a mail could not be kept.
    pub(crate) fn read(
        &self,
        mailbox: &mut dyn Mailbox,
        cursor: Option<Cursor>,
        ports: &Ports,
    ) -> Result<Option<Input>, Fault> {
        let now = ports.clock.now();
        let state = mailbox.open()?;
        let Some(cursor) = cursor else {
            let cursor = self.first(mailbox, state, now)?;
            return Ok(Some(self.chunk(cursor, Vec::new(), cursor.uid_next >= state.uid_next)));
        };
        if cursor.uid_validity != state.uid_validity {
            let cursor = self.renumbered(mailbox, state, cursor)?;
            return Ok(Some(self.chunk(cursor, Vec::new(), false)));
        }
        let headings = mailbox.headings(cursor.uid_next, CHUNK)?;
        let Some(last) = headings.last() else {
            // `read_at` must move on for letters that are looked for, but not at every glance.
            let cursor =
                Cursor { uid_next: cursor.uid_next.max(state.uid_next), read_at: now, ..cursor };
            return Ok(Some(self.chunk(cursor, Vec::new(), true)));
        };
        let cursor = Cursor { uid_next: last.uid.saturating_add(1), read_at: now, ..cursor };
        let (mut arrivals, mut last) = (Vec::new(), None);
        for heading in &headings {
            let work = Work::Mail {
                folder: self.folder.clone(),
                uid_validity: cursor.uid_validity,
                uid: heading.uid,
            };
            let arrival = if ports.journal.passes_over(&work) {
                let why = "the bot died of it three times in a row";
                Some(Arrival {
                    message_id: None,
                    received_at: heading.received_at,
                    what: self.set_aside(heading.uid, why),
                })
            } else {
                ports.journal.begun(work.clone());
                let arrival = self.look_at(mailbox, heading, &arrivals, ports);
                last = Some(work);
                arrival.inspect_err(|_| last.iter().for_each(|work| ports.journal.ended(work)))?
            };
            arrivals.extend(arrival);
        }
        last.iter().for_each(|work| ports.journal.ended(work));
        // Only an empty answer is the end: unreadable mails are left out of a full one.
        Ok(Some(self.chunk(cursor, arrivals, false)))
    }

    fn chunk(&self, cursor: Cursor, arrivals: Vec<Arrival>, complete: bool) -> Input {
        Input::Read { folder: self.folder.clone(), cursor, arrivals, complete }
    }

    /// Where a folder is taken up for the first time: now, or at the day that was asked for.
    fn first(
        &self,
        mailbox: &mut dyn Mailbox,
        state: FolderState,
        now: Timestamp,
    ) -> Result<Cursor, Fault> {
        let uid_next = match self.since {
            None => state.uid_next,
            Some(day) => mailbox.received_since(day)?.first().copied().unwrap_or(state.uid_next),
        };
        // Where no backlog was asked for, whatever comes is new: a server's clock that is behind
        // must not make a backlog of it. Arrival times have whole seconds (RFC 3501, 2.3.3).
        let from = if self.since.is_none() { now - SLOW_CLOCK } else { now };
        let watched_from = Timestamp::from_second(from.as_second()).unwrap_or(from);
        Ok(Cursor { uid_validity: state.uid_validity, uid_next, read_at: now, watched_from })
    }

    /// Where a folder is taken up after its UIDs changed their meaning (RFC 3501, 2.3.1.1).
    fn renumbered(
        &self,
        mailbox: &mut dyn Mailbox,
        state: FolderState,
        cursor: Cursor,
    ) -> Result<Cursor, Fault> {
        let from = cursor.read_at - RESCAN_MARGIN;
        let uid_next = mailbox.received_since(from)?.first().copied().unwrap_or(state.uid_next);
        tracing::warn!(
            folder = self.folder.folder,
            "the server has renumbered the folder: mails since {from} are looked at again"
        );
        Ok(Cursor { uid_validity: state.uid_validity, uid_next, ..cursor })
    }

    fn set_aside(&self, uid: u32, why: &str) -> Arrived {
        let Folder { account, folder } = &self.folder;
        Arrived::SetAside {
            why: format!(
                "Mail {uid} of folder {folder:?} (account {account}): {why}. It is passed over."
            ),
        }
    }

    fn look_at(
        &self,
        mailbox: &mut dyn Mailbox,
        heading: &crate::ports::Heading,
        asked_before: &[Arrival],
        ports: &Ports,
    ) -> Result<Option<Arrival>, Fault> {
        let arrival = |message_id, what| {
            Ok(Some(Arrival { message_id, received_at: heading.received_at, what }))
        };
        let set_aside = |why: &str| self.set_aside(heading.uid, why);
        let head = mail::heading(&heading.header);
        if head.broken {
            return arrival(None, set_aside("its header breaks the reader"));
        }
        let id = head.message_id.clone();
        if self.since.is_some_and(|since| heading.received_at < since) {
            return arrival(id, Arrived::Other);
        }
        if self.is_to_commands(&head, ports) {
            return arrival(id, self.commanded(mailbox, heading, &head, ports)?);
        }
        let chosen = rules::choose(&self.lists, &head);
        if head.author.as_ref().is_some_and(|author| ports.in_force.is_denied(&author.address)) {
            return arrival(id, Arrived::Counted(DENIED));
        }
        let Some(rules) = chosen.filter(|rules| rules.worth_reading(&head)) else {
            if let Some(rules) = chosen
                && let Some(what) = self.retest_asked(mailbox, heading, &head, rules, ports)?
            {
                return arrival(id, what);
            }
            let what = taken_back(mailbox, heading.uid, &head, asked_before, ports)?;
            return arrival(id, what.unwrap_or(Arrived::Other));
        };
        if let Some(id) = &id
            && ports.store.pull_by_message_id(id)?.is_some()
        {
            return Ok(None);
        }
        let bytes = match mailbox.message(heading.uid, BODY_CAP) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(None),
            Err(fault) if fault.kind == FaultKind::Permanent => {
                return arrival(id, set_aside(&fault.detail));
            }
            Err(fault) => return Err(fault),
        };
        let reading = mail::read(&bytes);
        if let Some(reason) = unanswerable(&reading) {
            return arrival(id, set_aside(reason.words()));
        }
        match admitting(rules, &head, ports).judge(&head, &reading) {
            Ruling::Leave { reason } => {
                tracing::debug!(uid = heading.uid, "not acted on: {reason}");
                let counted = reason == Left::NotSubmitter;
                arrival(id, if counted { Arrived::Counted(NOT_SUBMITTERS) } else { Arrived::Other })
            }
            Ruling::NearMiss { miss } => {
                tracing::info!(uid = heading.uid, "a near miss: {}", miss.words());
                arrival(id, near_miss(rules, head, heading.received_at, ports))
            }
            Ruling::Act { target } => {
                let Some(cover) = asked(reading) else { return arrival(id, Arrived::Other) };
                let Some(cover) = cover.bounded() else {
                    return arrival(id, set_aside("what it asks for is too long to be kept"));
                };
                ports.store.put_file(&FileName::Mail(cover.message_id.clone()), &bytes)?;
                let id = Some(cover.message_id.clone());
                let (list, cover) = (rules.list.clone(), Box::new(cover));
                arrival(id, Arrived::Request { list, target, cover })
            }
        }
    }
}

/// The list's rules, with an address among its submitters that a command allowed.
fn admitting<'a>(rules: &'a Rules, head: &Heading, ports: &Ports) -> Cow<'a, Rules> {
    match &head.author {
        Some(author) if ports.in_force.is_allowed(&author.address) => {
            Cow::Owned(Rules { submitters: Vec::new(), ..rules.clone() })
        }
        Some(_) | None => Cow::Borrowed(rules),
    }
}

/// What a mail asks for, whether or not its form is the usual one.
fn asked(reading: Reading) -> Option<Cover> {
    match reading {
        Reading::Request(cover) | Reading::Aside { cover, .. } => Some(*cover),
        Reading::Not { .. } => None,
    }
}

/// A near miss whose author may be told, or what it is counted as.
fn near_miss(rules: &Rules, head: Heading, received_at: Timestamp, ports: &Ports) -> Arrived {
    let (Some(message_id), Some(author)) = (head.message_id.clone(), head.author.clone()) else {
        return Arrived::Counted(MISSES_OF_STRANGERS);
    };
    if !rules.near_misses {
        return Arrived::Counted(MISSES);
    }
    if !ports.may_tell(&rules.list, &author.address) {
        return Arrived::Counted(MISSES_OF_STRANGERS);
    }
    Arrived::NearMiss(Box::new(NearMiss {
        message_id,
        list: rules.list.clone(),
        target: rules.goal(&head).target.clone(),
        author,
        subject: head.subject,
        references: head.references,
        received_at,
    }))
}

/// Why a mail that asks for a pull can't even be answered: then the administrator has to know.
fn unanswerable(reading: &Reading) -> Option<Reason> {
    reading.reason().filter(|reason| {
        [Reason::Unreadable, Reason::NoMessageId, Reason::NoAuthor].contains(reason)
    })
}
