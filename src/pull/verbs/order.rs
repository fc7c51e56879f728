//! A command that somebody gives, as it was read.

use super::Command;
use crate::pull::command::Given;

/// A command, with whoever gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    /// As it was written.
    pub(crate) line: String,
    /// The command, or what to write instead.
    pub(crate) command: Result<Command, String>,
    /// Who gives it, and what comes with it.
    pub(crate) given: Given,
}
