//! The world's fields: what is stored, what is remembered in this life of the program, and what the
//! step that is under way has changed. It must not decide anything.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::asides::Asides;
use super::subject::Subject;
use super::tally::Tally;
use crate::pull::aside::RecordKey;
use crate::pull::audit::AuditEntry;
use crate::pull::command_mail::CommandMail;
use crate::pull::folder::{Cursor, Folder};
use crate::pull::ids::{MessageId, ObjectId, PullNumber, RunId, TargetName};
use crate::pull::letter::Letter;
use crate::pull::overlay::Overlay;
use crate::pull::policy::Policy;
use crate::pull::records::{Control, HistoryEntry, Records};
use crate::pull::request::Pull;
use crate::pull::retry::Retry;
use crate::pull::run::Run;

/// How long the administrator is not told of the same subject again.
pub(super) const DAY: SignedDuration = SignedDuration::from_hours(24);

/// Everything that is open.
#[derive(Debug)]
pub(crate) struct World {
    pub(super) policy: Policy,
    pub(super) stored: Stored,
    pub(super) memory: Memory,
    pub(super) aside: Asides,
    /// Digests of signatures that were acted on in this life of the program.
    pub(super) seen: BTreeSet<String>,
    pub(super) changed: Changed,
}

/// What the store has of what is open.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) pulls: BTreeMap<PullNumber, Pull>,
    pub(super) runs: BTreeMap<RunId, Run>,
    pub(super) letters: BTreeMap<MessageId, Letter>,
    pub(super) cursors: BTreeMap<Folder, Cursor>,
    pub(super) control: Control,
    pub(super) overlay: Overlay,
    pub(super) mails: BTreeMap<MessageId, CommandMail>,
    pub(super) next_pull: u64,
    pub(super) next_run: u64,
}

/// What is remembered in this life of the program. A step that failed is taken back to it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Memory {
    pub(super) in_flight: BTreeSet<Subject>,
    /// Requests that have moved on since their work in flight was handed out: its answer is dropped.
    pub(super) outdated: BTreeSet<PullNumber>,
    /// Subjects whose last work failed.
    pub(super) backoff: BTreeMap<Subject, Retry>,
    /// When each folder was last read to its end.
    pub(super) read_at: BTreeMap<Folder, Timestamp>,
    /// Targets' tips as last read, and when.
    pub(super) heads: BTreeMap<TargetName, (Option<ObjectId>, Timestamp)>,
    /// Letters of the last hour.
    pub(super) tally: Tally,
    /// When mails to the command mailbox came from each address, in the last hour.
    pub(super) commanded: BTreeMap<String, Vec<Timestamp>>,
    /// When the keyring was last looked at.
    pub(super) keys_read_at: Option<Timestamp>,
    /// When old files were last removed.
    pub(super) expired_at: Option<Timestamp>,
    /// Failures of the bot itself in a row.
    pub(super) bugs: BTreeMap<Subject, u32>,
    /// Records to be worked on one at a time, until something has come of it.
    pub(super) careful: BTreeSet<RecordKey>,
}

/// What a step has changed so far.
#[derive(Debug, Default)]
pub(super) struct Changed {
    pub(super) pulls: BTreeSet<PullNumber>,
    pub(super) runs: BTreeSet<RunId>,
    pub(super) letters: BTreeSet<MessageId>,
    pub(super) cursors: BTreeSet<Folder>,
    pub(super) control: bool,
    pub(super) overlay: bool,
    pub(super) mails: BTreeSet<MessageId>,
    pub(super) seen: Vec<(String, MessageId)>,
    pub(super) audit: Vec<AuditEntry>,
    pub(super) history: Vec<(PullNumber, HistoryEntry)>,
    pub(super) log: Vec<(String, String)>,
}

impl Changed {
    pub(super) fn records(&self) -> BTreeSet<RecordKey> {
        let pulls = self.pulls.iter().map(|number| RecordKey::Pull(*number));
        let runs = self.runs.iter().map(|id| RecordKey::Run(*id));
        let letters = self.letters.iter().map(|id| RecordKey::Letter(id.clone()));
        let mails = self.mails.iter().map(|id| RecordKey::Mail(id.clone()));
        pulls.chain(runs).chain(letters).chain(mails).collect()
    }
}

impl World {
    /// Takes up everything that is open where it was.
    pub(crate) fn new(policy: Policy, records: Records) -> Self {
        let stored = Stored {
            pulls: records.pulls.into_iter().map(|pull| (pull.number, pull)).collect(),
            runs: records.runs.into_iter().map(|run| (run.id, run)).collect(),
            letters: records.letters.into_iter().map(|one| (one.id.clone(), one)).collect(),
            cursors: records.cursors.into_iter().collect(),
            control: records.control,
            overlay: records.overlay,
            mails: records.mails.into_iter().map(|mail| (mail.id.clone(), mail)).collect(),
            next_pull: records.next_pull.max(1),
            next_run: records.next_run.max(1),
        };
        let mut world = Self {
            policy,
            stored,
            memory: Memory::default(),
            aside: Asides::of(records.aside),
            seen: BTreeSet::new(),
            changed: Changed::default(),
        };
        world.put_in_force();
        world
    }

    /// The policy in force.
    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// How far a folder has been read.
    pub(crate) fn cursor(&self, folder: &Folder) -> Option<Cursor> {
        self.stored.cursors.get(folder).copied()
    }

    /// What it remembers now.
    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Takes a step back that failed, whatever it left behind: to what is durable, and to what was
    /// remembered before it.
    pub(crate) fn take_back(&mut self, records: Records, before: Memory) {
        let mut world = Self::new(self.policy.clone(), records);
        world.memory = before;
        world.seen = std::mem::take(&mut self.seen);
        for digest in &self.aside.fresh_digests {
            world.seen.remove(digest);
        }
        *self = world;
    }

    pub(super) fn count(&mut self, what: &str, now: Timestamp) {
        *self.stored.control.counts.entry(what.to_owned()).or_default() += 1;
        self.stored.control.counting_since.get_or_insert(now);
        self.changed.control = true;
    }
}

#[cfg(test)]
impl World {
    /// Open requests, by number.
    pub(crate) fn pulls(&self) -> &BTreeMap<PullNumber, Pull> {
        &self.stored.pulls
    }

    /// Open runs, by number.
    pub(crate) fn runs(&self) -> &BTreeMap<RunId, Run> {
        &self.stored.runs
    }

    /// Letters on their way.
    pub(crate) fn letters(&self) -> &BTreeMap<MessageId, Letter> {
        &self.stored.letters
    }

    /// What commands changed.
    pub(crate) fn overlay(&self) -> &Overlay {
        &self.stored.overlay
    }

    /// Mails to the command mailbox that are not answered yet.
    pub(crate) fn mails(&self) -> &BTreeMap<MessageId, CommandMail> {
        &self.stored.mails
    }

    /// What the bot counts.
    pub(crate) fn control(&self) -> &Control {
        &self.stored.control
    }

    /// How far every folder has been read.
    pub(crate) fn cursors(&self) -> &BTreeMap<Folder, Cursor> {
        &self.stored.cursors
    }
}
