//! Records what a second look at the signature of a trusted tag means, when its request's turn has
//! come. Keys are revoked, expire and are taken away while a request waits, is held, or stands
//! answered until somebody asks for a retest. It must not decide when to look.

use jiff::{SignedDuration, Timestamp};

use super::apply::judged;
use super::{Pull, Stage, Trusted};
use crate::pull::decision::Told;
use crate::pull::policy::Policy;
use crate::pull::retry::Retry;
use crate::pull::tag::Verification;

/// How long a check of a signature is not repeated: what is verified, looked at and begun in one go
/// is asked once.
const PROVED_FOR: SignedDuration = SignedDuration::from_mins(1);

impl Trusted {
    /// Whether its signature was held against the keyring just now.
    pub(super) fn is_proved(&self, now: Timestamp) -> bool {
        self.proved_at
            .is_some_and(|at| (SignedDuration::ZERO..=PROVED_FOR).contains(&now.duration_since(at)))
    }
}

/// What does not hold any more is refused or held as it would be at first sight. What holds keeps
/// its place in the queue; if its signer may submit other files now, those are looked at anew.
pub(super) fn again(
    pull: &mut Pull,
    verification: Verification,
    sender_known: bool,
    policy: &Policy,
    now: Timestamp,
) -> Told {
    let Stage::Queued { trusted, plan, since } = &pull.stage else { return None };
    let (before, plan, since) = (trusted.clone(), plan.clone(), *since);
    let paths = before.signer.scope.paths;
    let told = judged(pull, before.pinned, verification, sender_known, policy, now);
    match &pull.stage {
        Stage::Verified { trusted, .. } if trusted.signer.scope.paths == paths => {
            pull.stage = Stage::Queued { trusted: trusted.clone(), plan, since };
            Some("its signature still holds".into())
        }
        Stage::Received { .. }
        | Stage::Fetched { .. }
        | Stage::Verified { .. }
        | Stage::Held { .. }
        | Stage::Queued { .. }
        | Stage::Running { .. }
        | Stage::Concluded { .. }
        | Stage::Answered { .. }
        | Stage::Closed { .. } => told,
    }
}

/// The race: a retest came while its quarantine was being removed. It is fetched anew; another tag
/// than the pinned one is held then.
pub(super) fn lost(pull: &mut Pull, now: Timestamp) -> Told {
    let Stage::Queued { .. } = &pull.stage else { return None };
    // It counts as an attempt, so that its answer is a letter of its own.
    pull.attempts = pull.attempts.saturating_add(1);
    pull.stage = Stage::Received { fetch: Retry::now(now) };
    Some("its tag is not kept any more and is fetched anew".into())
}
