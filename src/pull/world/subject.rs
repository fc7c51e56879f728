//! What work is about.

use crate::pull::aside::RecordKey;
use crate::pull::ids::{MessageId, PullNumber, RunId};

/// Which chore, and about what: of each there is one in flight at a time.
pub(crate) type ChoreKey = (&'static str, String);

/// What work is about; one piece of it at a time for each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    Pull(PullNumber),
    /// A notice to the release managers about a request: it must not wait for what keeps failing.
    Notice(PullNumber),
    Run(RunId),
    Letter(MessageId),
    Mail(MessageId),
    Chore(ChoreKey),
}

impl Subject {
    /// The record that it is.
    pub(crate) fn record(&self) -> Option<RecordKey> {
        match self {
            Self::Pull(number) | Self::Notice(number) => Some(RecordKey::Pull(*number)),
            Self::Run(id) => Some(RecordKey::Run(*id)),
            Self::Letter(id) => Some(RecordKey::Letter(id.clone())),
            Self::Mail(id) => Some(RecordKey::Mail(id.clone())),
            Self::Chore(_) => None,
        }
    }
}
