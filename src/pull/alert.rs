//! What the administrator has to know of the bot.

use super::fault::{Fault, FaultKind};

/// Something the administrator has to know: at once, then daily while it lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alert {
    /// What it is about; the same subject is told once a day.
    pub(crate) subject: String,
    /// What to do about it.
    pub(crate) detail: String,
}

impl Alert {
    pub(crate) fn new(subject: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { subject: subject.into(), detail: detail.into() }
    }

    /// An alert for what the administrator has to mend; `None` for what goes away, or is
    /// somebody else's.
    pub(crate) fn of(subject: &str, fault: &Fault) -> Option<Self> {
        match fault.kind {
            FaultKind::Misconfigured | FaultKind::Bug => {
                Some(Self::new(subject, fault.shortened().detail))
            }
            FaultKind::Temporary | FaultKind::Permanent => None,
        }
    }
}
