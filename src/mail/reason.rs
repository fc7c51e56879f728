//! Why a mail is not taken for a request, with the words for each.

use std::fmt;

/// Why a mail is not acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Reason {
    /// Nothing of it can be read.
    Unreadable,
    /// It has no Message-ID that an answer could name.
    NoMessageId,
    /// It has no address to answer to.
    NoAuthor,
    /// A machine sent it, or the bot itself.
    Automatic,
    /// A list's software or a mail system sent it.
    ListMachinery,
    /// An answer or a forward.
    Answer,
    /// The subject does not ask for a pull.
    NoMarker,
    /// A patch of a series.
    Patch,
    /// A patch series that names where it can be fetched.
    PatchSeries,
    /// It asks somebody else: `SUBSYSTEM`, or "not for master".
    Elsewhere,
    /// The subject asks, but the text names no repository.
    NoRequest,
    /// The subject's marker asks, and the text holds no request block: it was forgotten.
    NoBlock,
    /// What would be a request is quoted from another mail.
    Quoted,
}

impl Reason {
    /// The reason as a clause, for lists and logs.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Unreadable => "it can't be read as a mail",
            Self::NoMessageId => "it has no usable Message-ID",
            Self::NoAuthor => "it has no usable sender address",
            Self::Automatic => "a machine sent it",
            Self::ListMachinery => "a list's or mail system's own address sent it",
            Self::Answer => "it is an answer or a forward",
            Self::NoMarker => "its subject does not ask for a pull",
            Self::Patch => "it is a patch of a series",
            Self::PatchSeries => "it is a patch series that says where to fetch it",
            Self::Elsewhere => "it asks somebody else: SUBSYSTEM, or not for master",
            Self::NoRequest => "its text names no repository to pull from",
            Self::NoBlock => "it asks for a pull and does not say of what",
            Self::Quoted => "it quotes a request of another mail",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}
