//! One finding of the check: what was looked at, how it stands, and what to do about it.

use std::fmt;

use serde::Serialize;

use crate::ports::{Fault, FaultKind};
use crate::pull::clean;

/// How a thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Standing {
    /// As it should be.
    Yes,
    /// The bot cannot do its work so.
    No,
    /// It works, and somebody should know.
    Warn,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct CheckLine {
    /// How it stands.
    pub(crate) ok: Standing,
    /// What was looked at: "account lists".
    pub(crate) subject: String,
    /// What was found.
    pub(crate) finding: String,
    /// What to do about it, where there is something to do.
    pub(crate) what_to_do: Option<String>,
}

impl CheckLine {
    /// A thing as it should be.
    pub(crate) fn yes(subject: impl Into<String>, finding: impl Into<String>) -> Self {
        Self {
            ok: Standing::Yes,
            subject: subject.into(),
            finding: finding.into(),
            what_to_do: None,
        }
    }

    /// A thing that keeps the bot from its work.
    pub(crate) fn no(
        subject: impl Into<String>,
        finding: impl Into<String>,
        what_to_do: impl Into<String>,
    ) -> Self {
        Self { ok: Standing::No, ..Self::warn(subject, finding, what_to_do) }
    }

    /// A thing that somebody should know of.
    pub(crate) fn warn(
        subject: impl Into<String>,
        finding: impl Into<String>,
        what_to_do: impl Into<String>,
    ) -> Self {
        Self {
            ok: Standing::Warn,
            what_to_do: Some(what_to_do.into()),
            ..Self::yes(subject, finding)
        }
    }

    /// A thing that could not be looked at; `mend` says what to do if somebody has to do something
    /// about it.
    pub(crate) fn fault(subject: impl Into<String>, fault: &Fault, mend: &str) -> Self {
        let what_to_do = match fault.kind {
            FaultKind::Temporary => "see that it can be reached from here, and try again",
            FaultKind::Permanent | FaultKind::Misconfigured => mend,
            FaultKind::Bug => "report this: it is a bug of Gatepost",
        };
        let subject = subject.into();
        let detail = fault.detail.strip_prefix(&format!("{subject}: ")).unwrap_or(&fault.detail);
        Self::no(&subject, detail, what_to_do)
    }

    /// The line as JSON, on one line.
    pub(crate) fn json(&self) -> String {
        // Four texts in a struct: there is nothing in it that JSON could not hold.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl fmt::Display for CheckLine {
    /// One line; what servers said can't move the cursor or hide itself.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.ok {
            Standing::Yes => '✓',
            Standing::No => '✗',
            Standing::Warn => '!',
        };
        write!(f, "{mark} {}: {}", printable(&self.subject), printable(&self.finding))?;
        match &self.what_to_do {
            Some(what_to_do) => write!(f, "; {}", printable(what_to_do)),
            None => Ok(()),
        }
    }
}

/// A text on one line, without what controls a terminal, hides or turns text.
fn printable(text: &str) -> String {
    text.chars().map(|c| if clean::is_unfit(c) { '·' } else { c }).collect()
}
