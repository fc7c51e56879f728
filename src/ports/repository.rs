//! The port to git: what is fetched, merged and pushed, and for whom.

use std::fmt;

use crate::pull::run::work::Merged;
use jiff::Timestamp;

use super::Fault;
use crate::pull::checks::Series;
use crate::pull::ci_change::ChangedFile;
use crate::pull::ids::{CommitName, ObjectId, PullNumber, RunId, TargetName};
use crate::pull::tag::{Candidate, Drift, Facts, Pinned};

/// The bare repository that one request's or run's objects live in, apart from the mirror.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Quarantine {
    /// A request's.
    Pull(PullNumber),
    /// A run's that somebody asked for.
    Run(RunId),
}

impl fmt::Display for Quarantine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pull(number) => write!(f, "pull-{number}"),
            Self::Run(id) => write!(f, "run-{id}"),
        }
    }
}

/// What to fetch, and into which quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FetchOrder {
    /// Where the objects go.
    pub(crate) into: Quarantine,
    /// Whose mirror it borrows from.
    pub(crate) target: TargetName,
    /// The URL as the mail gives it; the adapter applies the URL policy.
    pub(crate) url: String,
    /// The ref as the mail gives it.
    pub(crate) reference: String,
    /// A commit that the other side has, by the mail's own word.
    pub(crate) base: Option<ObjectId>,
}

/// Why nothing was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FetchRefused {
    /// The policy forbids the URL; one sentence fit for the author.
    NotAllowed {
        /// The sentence.
        why: String,
    },
    /// The repository answered, and has no such ref.
    RefMissing,
    /// The ref leads to something that can't be merged (a tree, a blob, a tag of a tag).
    NotACommit,
    /// Too big, too slow, or not a repository; `public` is fit for the author.
    Fault(Fault),
}

impl From<Fault> for FetchRefused {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// How to make a merge. The same order gives the same commit, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MergeOrder {
    /// Where the tag is.
    pub(crate) from: Quarantine,
    /// Whose mirror has the base.
    pub(crate) target: TargetName,
    /// The target's tip to merge onto.
    pub(crate) base: ObjectId,
    /// The pinned tag.
    pub(crate) pinned: Pinned,
    /// The URL as the mail gives it: it stands in the message.
    pub(crate) url: String,
    /// The committer's and author's time.
    pub(crate) at: Timestamp,
}

/// Files that a request changes outside what its signer may submit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OtherFiles {
    /// The first ten by path, made printable.
    pub(crate) files: Vec<String>,
    /// How many there are in all.
    pub(crate) total: u32,
}

/// What to push, and over what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PushOrder {
    /// Where the candidate is.
    pub(crate) from: Quarantine,
    /// Whose CI project.
    pub(crate) target: TargetName,
    /// The candidate.
    pub(crate) commit: ObjectId,
    /// The branch, without `refs/heads/`.
    pub(crate) ci_ref: String,
    /// What may stand there now and be replaced, besides nothing and the commit itself: earlier
    /// candidates of ours. Anything else is somebody's push and stays.
    pub(crate) replaces: Vec<ObjectId>,
}

/// What came of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// The ref is the commit now (or was already).
    Done,
    /// Somebody else's commit is there; nothing was changed.
    Occupied {
        /// The commit that is there.
        by: ObjectId,
    },
}

/// Git: the mirror, the quarantines, the merge and the push.
pub(crate) trait Repository: Send + Sync {
    /// Fetches a ref into a quarantine and pins it. Safe to repeat; a repetition replaces what the
    /// quarantine held, and a failed one leaves the mirror as it was.
    ///
    /// # Errors
    /// See [`FetchRefused`].
    fn fetch(&self, order: &FetchOrder) -> Result<Pinned, FetchRefused>;

    /// The raw bytes of a fetched tag object. Safe to repeat.
    ///
    /// # Errors
    /// Permanent: it is not there.
    fn tag_bytes(&self, from: Quarantine, id: ObjectId) -> Result<Vec<u8>, Fault>;

    /// A fetched commit as a candidate: its tree, and its first parent as base if the target has
    /// that. Safe to repeat.
    ///
    /// # Errors
    /// Permanent: it is not there.
    fn as_candidate(
        &self,
        from: Quarantine,
        target: &TargetName,
        commit: ObjectId,
    ) -> Result<Candidate, Fault>;

    /// Brings the mirror up to date and says where the target is. Safe to repeat.
    ///
    /// # Errors
    /// Temporary, or misconfigured (no such branch).
    fn target_head(&self, target: &TargetName) -> Result<ObjectId, Fault>;

    /// Facts about a fetched tip against the mirror as it is. Safe to repeat.
    ///
    /// # Errors
    /// Permanent: the tip is not there.
    fn facts(&self, from: Quarantine, target: &TargetName, tip: ObjectId) -> Result<Facts, Fault>;

    /// Which of some commits a fetched tip would bring: those in its own history, itself counted,
    /// that the target does not have. Another quarantine's objects are not looked at; an id that is
    /// not there is not brought. Safe to repeat.
    ///
    /// # Errors
    /// Permanent: the tip is not there.
    fn brings(
        &self,
        from: Quarantine,
        target: &TargetName,
        tip: ObjectId,
        asked: &[ObjectId],
    ) -> Result<Vec<ObjectId>, Fault>;

    /// What the commits are like that a fetched tip would bring, `most` of them one by one, and how
    /// the base that the mail names stands to them. Safe to repeat.
    ///
    /// # Errors
    /// Permanent: the tip is not there.
    fn series(
        &self,
        from: Quarantine,
        target: &TargetName,
        tip: ObjectId,
        base: Option<&CommitName>,
        most: u32,
    ) -> Result<Series, Fault>;

    /// Which files a fetched tip changes that none of these patterns matches (globs: `*` stays
    /// within a folder, `**` does not). Safe to repeat.
    ///
    /// # Errors
    /// Permanent: the tip is not there, or a pattern is none.
    fn outside(
        &self,
        from: Quarantine,
        target: &TargetName,
        tip: ObjectId,
        patterns: &[String],
    ) -> Result<OtherFiles, Fault>;

    /// For each of several sets of patterns, whether one of it matches a file that a fetched tip
    /// changes (globs and files as for [`outside`](Self::outside)). Safe to repeat.
    ///
    /// # Errors
    /// As [`outside`](Self::outside).
    fn touched(
        &self,
        from: Quarantine,
        target: &TargetName,
        tip: ObjectId,
        sets: &[Vec<String>],
    ) -> Result<Vec<bool>, Fault>;

    /// Makes the merge in memory and writes its commit. Safe to repeat: the same order gives the
    /// same commit.
    ///
    /// # Errors
    /// Permanent: an object is not there.
    fn merge(&self, order: &MergeOrder) -> Result<Merged, Fault>;

    /// Pushes a candidate with `ci.skip`. Safe to repeat.
    ///
    /// # Errors
    /// Temporary, or misconfigured (refused by GitLab; its words are in `detail`).
    fn push(&self, order: &PushOrder) -> Result<Pushed, Fault>;

    /// Deletes a branch of the CI project if it is still that commit. Safe to repeat.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    fn delete_ref(&self, target: &TargetName, ci_ref: &str, commit: ObjectId) -> Result<(), Fault>;

    /// How far the target has moved since a candidate's base. Safe to repeat.
    ///
    /// # Errors
    /// Temporary.
    fn drift(
        &self,
        from: Quarantine,
        target: &TargetName,
        candidate: &Candidate,
    ) -> Result<Drift, Fault>;

    /// Files that differ between two commits and match one of the globs, by path. Safe to repeat.
    ///
    /// # Errors
    /// Permanent: a commit is not there, or a glob is none.
    fn changed_files(
        &self,
        from: Quarantine,
        before: ObjectId,
        after: ObjectId,
        globs: &[String],
    ) -> Result<Vec<ChangedFile>, Fault>;

    /// Removes a quarantine. Safe to repeat.
    ///
    /// # Errors
    /// Temporary: the disk.
    fn forget(&self, quarantine: Quarantine) -> Result<(), Fault>;
}
