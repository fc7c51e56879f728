//! A request's place among its revisions, as its record has it. `revision` says which that is.

use serde::{Deserialize, Serialize};

use super::ids::{ObjectId, PullNumber};

/// A request's place among its revisions.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lineage {
    /// Older requests whose tips its own tip contains. `None` until its commits were looked at and
    /// found not to be in the target: before that it supersedes nothing.
    pub(crate) contains: Option<Vec<PullNumber>>,
    /// Whether an attempt of it merged, and CI runs for it what may run: from then on it stands in
    /// the place of those that it supersedes.
    #[serde(default)]
    pub(crate) stands: bool,
    /// The newer request that supersedes it.
    pub(crate) superseded_by: Option<PullNumber>,
    /// The requests that it supersedes, the last ones.
    pub(crate) replaces: Vec<Replaced>,
}

/// A request that a newer one supersedes, as letters name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Replaced {
    /// Its number.
    pub(crate) number: PullNumber,
    /// Its revision.
    pub(crate) revision: u32,
}

/// How many superseded requests a record names.
const REPLACED: usize = 5;

impl Lineage {
    /// Notes that it supersedes another.
    pub(crate) fn note(&mut self, replaced: Replaced) {
        if !self.replaces.contains(&replaced) {
            self.replaces.push(replaced);
            self.replaces.sort_by_key(|replaced| replaced.number);
            let over = self.replaces.len().saturating_sub(REPLACED);
            self.replaces.drain(..over);
        }
    }
}

/// An older request's tip, about which an examination is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OlderTip {
    /// The request.
    pub(crate) number: PullNumber,
    /// Its tip: as pinned, or as its mail says while it is not.
    pub(crate) tip: ObjectId,
}
