//! What the bot and its git child say to each other: one order as JSON on the child's standard
//! input, lines of JSON on its standard output, the last of them the answer. Secrets travel here
//! and nowhere else.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::url::RemoteUrl;
use crate::ports::Fault;
use crate::pull::ids::ObjectId;
use crate::pull::tag::{Candidate, ConflictFile, Pinned};

/// One order.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    /// What the child may use.
    pub(crate) limits: Limits,
    /// What to do.
    pub(crate) task: Task,
}

/// What one child may use.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Limits {
    /// Milliseconds until it gives up by itself; shortly after, it is killed.
    pub(crate) deadline_ms: u64,
    /// Bytes that may come in.
    pub(crate) bytes: u64,
    /// Bytes of memory (`RLIMIT_DATA`).
    pub(crate) memory: u64,
}

/// The other side of a connection, and how to speak to it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Peer {
    /// Where it is.
    pub(crate) url: RemoteUrl,
    /// Whose word it is that we may connect there.
    pub(crate) access: Access,
    /// The token to authenticate with, for a configured peer only.
    pub(crate) token: Option<Token>,
    /// A file of CA certificates (PEM) to believe instead of the system's.
    pub(crate) ca_file: Option<PathBuf>,
}

/// Whose word an URL is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Access {
    /// The operator's: any address.
    Configured,
    /// A mail's: public addresses, and these.
    Stranger {
        /// Exceptions from the rule.
        allow_addresses: Vec<IpAddr>,
    },
}

/// A token on its way to the child. Prints as `***`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Token(pub(crate) String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What a child does.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Task {
    /// Brings one branch of a mirror up to date.
    Update {
        /// The project's own repository.
        peer: Peer,
        /// The mirror.
        mirror: PathBuf,
        /// The branch, without `refs/heads/`.
        branch: String,
    },
    /// Fetches a ref into a quarantine.
    Fetch {
        /// The author's repository.
        peer: Peer,
        /// The quarantine, made and empty.
        into: PathBuf,
        /// The mirror it borrows from.
        mirror: PathBuf,
        /// The full refs to look for, in order.
        references: Vec<String>,
        /// A commit the other side has, by the mail's word.
        base: Option<ObjectId>,
        /// No object may be larger than this.
        largest_object: u64,
    },
    /// Makes a merge.
    Merge(MergeTask),
    /// Pushes a commit to a branch.
    Push {
        /// The CI project.
        peer: Peer,
        /// Where the commit is.
        from: PathBuf,
        /// The commit.
        commit: ObjectId,
        /// The full ref.
        reference: String,
        /// What may be replaced.
        replaces: Vec<ObjectId>,
    },
    /// Deletes a branch if it is that commit.
    Delete {
        /// The CI project.
        peer: Peer,
        /// Any repository of ours.
        from: PathBuf,
        /// The commit.
        commit: ObjectId,
        /// The full ref.
        reference: String,
    },
    /// Says where a ref of the other side is.
    Look {
        /// The other side.
        peer: Peer,
        /// Any repository of ours.
        from: PathBuf,
        /// The full ref.
        reference: String,
    },
}

impl Task {
    /// The task in a word, for the log.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Update { .. } => "update",
            Self::Fetch { .. } => "fetch",
            Self::Merge(_) => "merge",
            Self::Push { .. } => "push",
            Self::Delete { .. } => "delete",
            Self::Look { .. } => "look",
        }
    }

    /// The other side, where there is one.
    pub(crate) fn peer(&self) -> Option<&Peer> {
        match self {
            Self::Update { peer, .. }
            | Self::Fetch { peer, .. }
            | Self::Push { peer, .. }
            | Self::Delete { peer, .. }
            | Self::Look { peer, .. } => Some(peer),
            Self::Merge(_) => None,
        }
    }
}

/// Everything a merge commit is made of.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MergeTask {
    /// The quarantine.
    pub(crate) repository: PathBuf,
    /// The target's tip.
    pub(crate) base: ObjectId,
    /// The request's tip.
    pub(crate) tip: ObjectId,
    /// Author and committer: name and address.
    pub(crate) who: (String, String),
    /// Their time, in seconds since 1970, UTC.
    pub(crate) at: i64,
    /// The message.
    pub(crate) message: String,
}

/// A line of the child's answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Line {
    /// How far it is.
    Progress(Progress),
    /// The end: what came of it.
    Done(Reply),
}

/// How far a transfer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// Objects moved.
    pub(crate) objects: u64,
    /// Objects to move, as far as known.
    pub(crate) total: u64,
    /// Bytes moved.
    pub(crate) bytes: u64,
}

/// What came of an order.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reply {
    /// The ref is there, or is there now.
    At(ObjectId),
    /// The other side has no such ref (now).
    Absent,
    /// A ref was fetched.
    Pinned(Box<Pinned>),
    /// The ref is no commit.
    NotACommit,
    /// A merge was made.
    Candidate(Candidate),
    /// A merge conflicts.
    Conflict {
        /// Twenty files at most.
        files: Vec<ConflictFile>,
        /// How many in all.
        total: u32,
    },
    /// There was nothing to merge.
    AlreadyMerged,
    /// Somebody else's commit is on the branch.
    Occupied(ObjectId),
    /// The address policy forbids it.
    NotAllowed(String),
    /// Something else.
    Fault(Fault),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_does_not_print() {
        let token = Token("glpat-canary".into());
        assert_eq!(format!("{token:?}"), "***");
    }
}
