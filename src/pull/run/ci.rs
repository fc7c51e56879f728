//! The comparison of what CI runs with and without the request, as far as a run remembers it. It
//! must not compare: `ci_change` does.
//!
//! The order matters: GitLab's dry run takes local includes from the tip of the branch, whichever
//! commit it is asked about. So the branch is first put to the target's tip and that is linted;
//! then the candidate is pushed over it and linted on the same branch.

use serde::{Deserialize, Serialize};

use super::{Run, RunStage};
use crate::pull::decision::Told;
use crate::pull::policy::{CiLint, TargetPolicy};
use crate::pull::room::first_within;

/// Bytes of the names of required jobs that a difference takes away.
const DROPPED: usize = 8 * 1024;

/// How far the comparison has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CiCheck {
    /// Nothing was looked at yet.
    #[default]
    Due,
    /// What CI runs for the target alone is kept, as a file beside the records.
    TargetKnown,
    /// GitLab does not tell what CI would run: only files are compared.
    FilesOnly,
    /// There is no difference.
    Same,
    /// There is one, and it is approved.
    Approved {
        /// By whom.
        by: String,
        /// Required jobs that the difference takes away: they are not demanded.
        dropped: Vec<String>,
    },
}

/// Whether what CI runs for the target alone is to be found out before the push.
pub(super) fn lints_target(run: &Run, target: &TargetPolicy) -> bool {
    run.of().is_some() && target.ci_lint != CiLint::Off && run.ci == CiCheck::Due
}

/// Whether what CI would run is to be compared once the candidate is pushed. Not for a run that
/// somebody asked for: whoever may give commands has merged it himself.
pub(super) fn compares(run: &Run, target: &TargetPolicy) -> bool {
    let is_open = match run.ci {
        CiCheck::Due | CiCheck::TargetKnown | CiCheck::FilesOnly => true,
        CiCheck::Same | CiCheck::Approved { .. } => false,
    };
    let can = target.ci_lint != CiLint::Off || !target.ci_paths.is_empty();
    run.of().is_some() && is_open && can
}

/// Records how far it has come.
pub(super) fn checked(run: &mut Run, check: CiCheck) -> Told {
    let what = match &check {
        CiCheck::Due => return None,
        CiCheck::TargetKnown => "what CI runs for the target alone is known".to_owned(),
        CiCheck::FilesOnly => "GitLab does not tell what CI would run: files are compared".into(),
        CiCheck::Same => "CI runs the same as for the target".into(),
        CiCheck::Approved { by, .. } => format!("it changes what CI runs, which {by} approved"),
    };
    run.ci = match check {
        // What does not fit is demanded all the same: a run that lacks it proves nothing.
        CiCheck::Approved { by, dropped } => {
            CiCheck::Approved { by, dropped: first_within(dropped, DROPPED) }
        }
        check @ (CiCheck::Due | CiCheck::TargetKnown | CiCheck::FilesOnly | CiCheck::Same) => check,
    };
    Some(what)
}

impl Run {
    /// Whether its merge was made, and CI runs for it what may run: nothing is left but to have its
    /// pipeline made, or it is made.
    pub(crate) fn is_cleared(&self, target: &TargetPolicy) -> bool {
        match self.stage {
            RunStage::Pushed { tried_at, .. } => tried_at.is_some() || !compares(self, target),
            _ => matches!(self.stage, RunStage::Started { .. }),
        }
    }

    /// Those of the target's required jobs that are demanded of this run.
    pub(crate) fn demanded(&self, required: &[String]) -> Vec<String> {
        let dropped = match &self.ci {
            CiCheck::Approved { dropped, .. } => dropped.as_slice(),
            CiCheck::Due | CiCheck::TargetKnown | CiCheck::FilesOnly | CiCheck::Same => &[],
        };
        required.iter().filter(|name| !dropped.contains(name)).cloned().collect()
    }
}
