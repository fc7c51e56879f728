//! What is set aside, and what the step that is under way works on, as values.

use std::collections::{BTreeMap, BTreeSet};

use crate::pull::aside::{Aside, RecordKey};
use crate::pull::ids::MessageId;

/// What a step worked on when it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cause {
    /// A mail that came: its place among the arrivals.
    Arrival(usize),
    /// A command on the control socket.
    Command,
    /// The commands of a mail.
    Orders(MessageId),
    /// A record.
    Record(RecordKey),
}

impl Cause {
    /// Whether it is to blame for whatever it changed, and not the record that was changed.
    pub(super) fn answers_for_all(&self) -> bool {
        match self {
            Self::Arrival(_) | Self::Command | Self::Orders(_) => true,
            Self::Record(_) => false,
        }
    }
}

/// What is set aside, and what the step that is under way works on.
#[derive(Debug, Default)]
pub(super) struct Asides {
    pub(super) marks: BTreeMap<RecordKey, Aside>,
    pub(super) changed: BTreeSet<RecordKey>,
    /// Set aside for the sake of this very step: nothing in it lifts that.
    pub(super) now: BTreeSet<RecordKey>,
    pub(super) at_work: Option<Cause>,
    /// What changed each record first.
    pub(super) causes: BTreeMap<RecordKey, Cause>,
    /// Digests that this step was the first to see.
    pub(super) fresh_digests: Vec<String>,
}

impl Asides {
    pub(super) fn of(marks: Vec<(RecordKey, Aside)>) -> Self {
        Self { marks: marks.into_iter().collect(), ..Self::default() }
    }

    /// Begins a step. What was noted of the last one was needed until it was durable.
    pub(super) fn begin(&mut self) {
        self.at_work = None;
        self.causes.clear();
        self.fresh_digests.clear();
    }

    /// Ends a step: what it changed.
    pub(super) fn take_changed(&mut self) -> Vec<(RecordKey, Option<Aside>)> {
        self.now.clear();
        let changed = std::mem::take(&mut self.changed);
        changed.into_iter().map(|key| (key.clone(), self.marks.get(&key).cloned())).collect()
    }
}
