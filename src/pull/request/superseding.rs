//! Records that a newer request stands in a request's place, and that its author takes it back.
//! What is answered stays answered: release managers may be about to take that merge.

use jiff::Timestamp;

use super::ending::conclude;
use super::{Pull, Retraction, Stage};
use crate::pull::decision::Told;
use crate::pull::ids::{MessageId, PullNumber};
use crate::pull::verdict::Verdict;

/// What a newer request means for a request as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Yields {
    /// It ends in silence.
    Ends,
    /// It was tested and answered; the newer one is noted.
    Notes,
    /// Nothing: it is over for another reason.
    Nothing,
}

impl Stage {
    /// What a newer request means for a request at this stage.
    pub(super) fn yields(&self) -> Yields {
        let verdict = match self {
            Self::Received { .. }
            | Self::Fetched { .. }
            | Self::Verified { .. }
            | Self::Held { .. }
            | Self::Queued { .. }
            | Self::Running { .. } => return Yields::Ends,
            Self::Closed { .. } => return Yields::Nothing,
            Self::Concluded { verdict, .. } | Self::Answered { verdict, .. } => verdict,
        };
        match (verdict, self) {
            (Verdict::Tested { .. }, Self::Concluded { written: false, .. }) => Yields::Ends,
            (Verdict::Tested { .. }, _) => Yields::Notes,
            (
                Verdict::Refused { .. }
                | Verdict::Landed
                | Verdict::Cancelled { .. }
                | Verdict::Ignored { .. }
                | Verdict::Repeated { .. }
                | Verdict::Superseded { .. },
                _,
            ) => Yields::Nothing,
        }
    }
}

pub(super) fn superseded(pull: &mut Pull, by: PullNumber, now: Timestamp) -> Told {
    if pull.lineage.superseded_by.is_some() {
        return None;
    }
    match pull.stage.yields() {
        Yields::Ends => conclude(pull, Verdict::Superseded { by }, now),
        Yields::Notes => {}
        Yields::Nothing => return None,
    }
    pull.lineage.superseded_by = Some(by);
    Some(format!("request {by} supersedes it"))
}

pub(super) fn retracted(pull: &mut Pull, said: String, now: Timestamp) -> Told {
    let moot = match pull.stage.verdict() {
        None | Some(Verdict::Tested { .. } | Verdict::Refused { .. }) => false,
        Some(
            Verdict::Landed
            | Verdict::Cancelled { .. }
            | Verdict::Ignored { .. }
            | Verdict::Repeated { .. }
            | Verdict::Superseded { .. },
        ) => true,
    };
    if moot || pull.retraction.is_some() {
        return None;
    }
    let what = format!("its author seems to take it back: {said}");
    pull.retraction = Some(Retraction { said, at: now, told: false });
    Some(what)
}

pub(super) fn retraction_told(pull: &mut Pull, letters: Vec<MessageId>) -> Told {
    let retraction = pull.retraction.as_mut().filter(|retraction| !retraction.told)?;
    retraction.told = true;
    pull.note_letters(letters);
    Some("the release managers were told that its author seems to take it back".into())
}
