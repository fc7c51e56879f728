//! Who gives a command, and what proves that. It must not know requests: what somebody may do with
//! one is decided where they are.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Who gives a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sender {
    /// The proved address, in lower case; for the control socket, who says to be there.
    pub(crate) address: String,
    /// What proves it.
    pub(crate) how: How,
}

/// What proves who gives a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum How {
    /// It came over the control socket, which only the bot's own user may open.
    Socket,
    /// An OpenPGP signature.
    OpenPgp {
        /// By which key of the keyring.
        key: String,
    },
    /// A DKIM signature.
    Dkim {
        /// Of which domain.
        domain: String,
    },
    /// Nothing: it was refused.
    Nothing,
}

/// How strong a proof has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Proof {
    /// There is none.
    None,
    /// A mail server says that the mail is from its domain.
    Domain,
    /// The person's own key, or a login on the bot's machine.
    Person,
}

impl How {
    /// How strong it is.
    pub(crate) fn proof(&self) -> Proof {
        match self {
            Self::Socket | Self::OpenPgp { .. } => Proof::Person,
            Self::Dkim { .. } => Proof::Domain,
            Self::Nothing => Proof::None,
        }
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket => f.write_str("on this machine"),
            Self::OpenPgp { key } => write!(f, "OpenPGP key {key}"),
            Self::Dkim { domain } => write!(f, "DKIM of {domain}"),
            Self::Nothing => f.write_str("not proved"),
        }
    }
}
