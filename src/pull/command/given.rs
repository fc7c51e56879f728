//! What comes with a command: who gives it, and what it may need besides its own words. It must not
//! say what the command is.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::sender::Sender;
use crate::pull::ids::{MessageId, PullNumber, RunId};

/// By whom a command is given, and what comes with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Given {
    /// Who gives it.
    pub(crate) by: Sender,
    /// Whether the keyring knows them.
    pub(crate) maintainer: bool,
    /// Whether it came by a list.
    pub(crate) on_list: bool,
    /// What the answered mail is about, where it is about something.
    pub(crate) thread: Option<Item>,
    /// Keys that came with it; or why one can't be used.
    pub(crate) keys: Vec<Result<Offer, String>>,
    /// Where an answer that comes later goes.
    pub(crate) reply_to: Option<String>,
    /// The mail it stood in.
    pub(crate) mail: Option<MessageId>,
}

/// A request or a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Item {
    /// A request.
    Pull(PullNumber),
    /// A run.
    Run(RunId),
}

impl fmt::Display for Item {
    /// As a command names it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pull(number) => write!(f, "{number}"),
            Self::Run(id) => write!(f, "run-{id}"),
        }
    }
}

/// A key that came with a command; its certificate is kept as a file already, if whoever gives the
/// command may add one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    /// The primary key's fingerprint.
    pub(crate) fingerprint: String,
    /// Its owner by the certificate. Untrusted.
    pub(crate) owner: String,
    /// The addresses of its user IDs, in lower case. Untrusted.
    pub(crate) addresses: Vec<String>,
    /// Why a signature with it would not be trusted; `None`: it would.
    pub(crate) trouble: Option<String>,
}
