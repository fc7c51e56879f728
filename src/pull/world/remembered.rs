//! What the world remembers of this life of the program only. A step that failed is taken back to
//! it and to what is durable. It must not hold what the store has.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::tally::Tally;
use super::{Subject, World};
use crate::pull::aside::RecordKey;
use crate::pull::folder::Folder;
use crate::pull::ids::{ObjectId, PullNumber, TargetName};
use crate::pull::records::Records;
use crate::pull::retry::Retry;

/// What is remembered at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Remembered {
    in_flight: BTreeSet<Subject>,
    outdated: BTreeSet<PullNumber>,
    backoff: BTreeMap<Subject, Retry>,
    read_at: BTreeMap<Folder, Timestamp>,
    heads: BTreeMap<TargetName, (Option<ObjectId>, Timestamp)>,
    tally: Tally,
    commanded: BTreeMap<String, Vec<Timestamp>>,
    keys_read_at: Option<Timestamp>,
    expired_at: Option<Timestamp>,
    bugs: BTreeMap<Subject, u32>,
    careful: BTreeSet<RecordKey>,
}

impl World {
    /// What it remembers now.
    pub(crate) fn remembered(&self) -> Remembered {
        Remembered {
            in_flight: self.in_flight.clone(),
            outdated: self.outdated.clone(),
            backoff: self.backoff.clone(),
            read_at: self.read_at.clone(),
            heads: self.heads.clone(),
            tally: self.tally.clone(),
            commanded: self.commanded.clone(),
            keys_read_at: self.keys_read_at,
            expired_at: self.expired_at,
            bugs: self.aside.bugs.clone(),
            careful: self.aside.careful.clone(),
        }
    }

    /// Takes a step back that failed, whatever it left behind: to what is durable, and to what was
    /// remembered before it.
    pub(crate) fn take_back(&mut self, records: Records, before: Remembered) {
        let mut world = Self::new(self.policy.clone(), records);
        world.in_flight = before.in_flight;
        world.outdated = before.outdated;
        world.backoff = before.backoff;
        world.read_at = before.read_at;
        world.heads = before.heads;
        world.tally = before.tally;
        world.commanded = before.commanded;
        world.seen = std::mem::take(&mut self.seen);
        for digest in &self.aside.fresh_digests {
            world.seen.remove(digest);
        }
        world.keys_read_at = before.keys_read_at;
        world.expired_at = before.expired_at;
        world.aside.bugs = before.bugs;
        world.aside.careful = before.careful;
        *self = world;
    }
}
