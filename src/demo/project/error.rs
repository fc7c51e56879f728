//! Why the project could not be made.

/// What goes wrong when the project is made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProjectError {
    /// libgit2 refused.
    #[error("git: {0}")]
    Git(#[from] git2::Error),
    /// A file or folder could not be made.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// A tag could not be signed.
    #[error("signing {tag}: {source}")]
    Sign {
        /// The tag's name.
        tag: String,
        /// What the signer said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The history does not fit together: a text to be replaced is not there.
    #[error("{path} has no {text:?}")]
    NoSuchText {
        /// The file.
        path: String,
        /// The text.
        text: String,
    },
}
