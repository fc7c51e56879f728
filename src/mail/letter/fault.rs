//! Why a letter can't be written.

/// Why a letter can't be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LetterFault {
    /// An address that no mail server would take.
    #[error("{address:?} is not a mail address")]
    Address {
        /// The address, cut to 80 characters.
        address: String,
    },
    /// The message could not be put together.
    #[error("the letter could not be put together: {why}")]
    Build {
        /// What the message builder said.
        why: String,
    },
}
