//! Why a request is held for a person's approval.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::checks::{Check, Problem};
use super::ci_change::CiDifference;
use super::ids::{ObjectId, RunId};

/// Why a request is held for a person's approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HoldReason {
    /// It was mailed before the bot began to watch (`--since`).
    Backlog,
    /// It was more than seven days old when the bot saw it.
    LateArrival,
    /// Its tag was made more than fourteen days before.
    OldTag {
        /// When the tag says it was made.
        tagged_at: Timestamp,
    },
    /// The key that signed its tag is not in the keyring: a first-time signer.
    UnknownKey {
        /// The key, as the signature gives it.
        key: String,
        /// Whether the signature is proved to be that key's.
        proved: bool,
        /// The tag object.
        tag: ObjectId,
    },
    /// Its tag is another object than the one that was fetched first.
    Moved {
        /// The tag object that was fetched first.
        was: ObjectId,
        /// The tag object now.
        is: ObjectId,
    },
    /// CI would run something else than for the target.
    CiChanged {
        /// The run that found it out.
        run: RunId,
        /// What differs.
        difference: CiDifference,
    },
    /// Its commits have problems that a person has to look at.
    Checks {
        /// Which.
        problems: Vec<Problem>,
    },
}

impl HoldReason {
    /// Whether nothing but a freeze of its target holds it.
    pub(crate) fn is_freeze(&self) -> bool {
        let Self::Checks { problems } = self else { return false };
        problems.iter().all(|problem| problem.check == Check::Frozen)
    }
}
