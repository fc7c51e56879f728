//! Where a request stands. It must not say what comes next.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Trusted;
use crate::pull::hold::HoldReason;
use crate::pull::ids::RunId;
use crate::pull::retry::Retry;
use crate::pull::run::Plan;
use crate::pull::tag::{Pinned, Tag};
use crate::pull::verdict::Verdict;

/// Where a request stands. Each stage carries what it knows and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    /// Read; its tag is to be fetched.
    Received {
        /// When to fetch.
        fetch: Retry,
    },
    /// The tag is pinned; its signature is to be checked.
    Fetched {
        /// What was fetched.
        pinned: Pinned,
        /// When to check.
        verify: Retry,
    },
    /// The signer is trusted; its commits are to be looked at.
    Verified {
        /// The trusted tag.
        trusted: Trusted,
        /// When to look.
        check: Retry,
    },
    /// Waits for a person.
    Held {
        /// The trusted tag; `None` where it was held on arrival.
        trusted: Option<Trusted>,
        /// What was fetched, where no known key signed it.
        unproved: Option<Pinned>,
        /// Why.
        reason: HoldReason,
        /// Since when.
        since: Timestamp,
        /// Whether the letters about it are written.
        told: bool,
    },
    /// Waits for its turn.
    Queued {
        /// The trusted tag.
        trusted: Trusted,
        /// On which base.
        plan: Plan,
        /// Since when.
        since: Timestamp,
    },
    /// An attempt is under way.
    Running {
        /// The trusted tag.
        trusted: Trusted,
        /// The attempt's run.
        run: RunId,
    },
    /// Concluded; its letters are to be written and sent.
    Concluded {
        /// The trusted tag, if it came that far.
        trusted: Option<Trusted>,
        /// The conclusion.
        verdict: Verdict,
        /// When.
        at: Timestamp,
        /// Whether the letters are written (they may not be sent yet).
        written: bool,
    },
    /// Whoever had to be told has been told. A retest can still be asked for.
    Answered {
        /// The trusted tag, if it came that far.
        trusted: Option<Trusted>,
        /// The conclusion.
        verdict: Verdict,
        /// When the last letter was accepted.
        at: Timestamp,
    },
    /// Over: nothing is kept for it any more but the record.
    Closed {
        /// The last conclusion.
        verdict: Verdict,
        /// When.
        at: Timestamp,
    },
}

impl Stage {
    /// The stage in one word, for lists, logs and JSON.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Received { .. } => "received",
            Self::Fetched { .. } => "fetched",
            Self::Verified { .. } => "verified",
            Self::Held { .. } => "held",
            Self::Queued { .. } => "queued",
            Self::Running { .. } => "running",
            Self::Concluded { .. } => "concluded",
            Self::Answered { .. } => "answered",
            Self::Closed { .. } => "closed",
        }
    }

    /// The trusted tag, where the stage has one.
    pub(crate) fn trusted(&self) -> Option<&Trusted> {
        match self {
            Self::Verified { trusted, .. }
            | Self::Queued { trusted, .. }
            | Self::Running { trusted, .. } => Some(trusted),
            Self::Held { trusted, .. }
            | Self::Concluded { trusted, .. }
            | Self::Answered { trusted, .. } => trusted.as_ref(),
            Self::Received { .. } | Self::Fetched { .. } | Self::Closed { .. } => None,
        }
    }

    /// The tag that was fetched, where it is kept.
    pub(super) fn tag_mut(&mut self) -> Option<&mut Tag> {
        let pinned = match self {
            Self::Fetched { pinned, .. } | Self::Held { unproved: Some(pinned), .. } => pinned,
            Self::Verified { trusted, .. }
            | Self::Queued { trusted, .. }
            | Self::Running { trusted, .. } => &mut trusted.pinned,
            Self::Held { trusted, .. }
            | Self::Concluded { trusted, .. }
            | Self::Answered { trusted, .. } => &mut trusted.as_mut()?.pinned,
            Self::Received { .. } | Self::Closed { .. } => return None,
        };
        pinned.tag.as_mut()
    }

    /// The conclusion, where there is one.
    pub(crate) fn verdict(&self) -> Option<&Verdict> {
        match self {
            Self::Concluded { verdict, .. }
            | Self::Answered { verdict, .. }
            | Self::Closed { verdict, .. } => Some(verdict),
            Self::Received { .. }
            | Self::Fetched { .. }
            | Self::Verified { .. }
            | Self::Held { .. }
            | Self::Queued { .. }
            | Self::Running { .. } => None,
        }
    }
}
