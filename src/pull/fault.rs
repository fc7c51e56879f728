//! What goes wrong: at a port, in a step of the work, in the git child. One type for all of them.

use std::fmt;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::clean;
use super::room::within;

/// Bytes of what a server said that a record keeps.
pub(crate) const LONGEST: usize = 600;

/// What kind of trouble it is: it decides whether to try again, and whom to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FaultKind {
    /// It may go away by itself: try again.
    Temporary,
    /// Trying the same again gives the same.
    Permanent,
    /// The administrator has to change something: a token, a URL, a right. Tried again slowly.
    Misconfigured,
    /// The bot itself is wrong.
    Bug,
}

/// What went wrong outside the rules. What may be said in public is kept apart from what the administrator needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Which kind.
    pub(crate) kind: FaultKind,
    /// One sentence without hosts, paths or tokens of the inside, where one may be said to an
    /// author or a list.
    pub(crate) public: Option<String>,
    /// One sentence for the administrator and the log. Never a secret.
    pub(crate) detail: String,
    /// How long the other side asked us to wait.
    pub(crate) retry_after: Option<SignedDuration>,
}

impl Fault {
    /// Fault that may go away.
    pub(crate) fn temporary(detail: impl Into<String>) -> Self {
        Self::new(FaultKind::Temporary, detail)
    }

    /// Fault that stays.
    pub(crate) fn permanent(detail: impl Into<String>) -> Self {
        Self::new(FaultKind::Permanent, detail)
    }

    /// Fault that the administrator has to mend.
    pub(crate) fn misconfigured(detail: impl Into<String>) -> Self {
        Self::new(FaultKind::Misconfigured, detail)
    }

    /// The bot's own mistake.
    pub(crate) fn bug(detail: impl Into<String>) -> Self {
        Self::new(FaultKind::Bug, detail)
    }

    /// Adds what may be said in public.
    #[must_use]
    pub(crate) fn saying(mut self, public: impl Into<String>) -> Self {
        self.public = Some(clean::words(&public.into()));
        self
    }

    /// Adds how long to wait.
    #[must_use]
    pub(crate) fn retry_after(mut self, wait: SignedDuration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// What a record keeps of it: few words, however much a server said.
    pub(crate) fn shortened(&self) -> Self {
        Self {
            detail: within(&self.detail, LONGEST),
            public: self.public.as_deref().map(|text| within(text, LONGEST)),
            ..self.clone()
        }
    }

    fn new(kind: FaultKind, detail: impl Into<String>) -> Self {
        // Much of it is a server's word: it must not make lines of a log or a letter of its own.
        Self { kind, public: None, detail: clean::words(&detail.into()), retry_after: None }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for Fault {}
