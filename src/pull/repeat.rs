//! Says which request stands for a signed tag that several mails ask for. Pure: it reads the open
//! requests. It must not say what follows from that: `decide` does.
//!
//! Anybody can mail a maintainer's signed tag again, or a copy of it that differs only in bytes no
//! signature covers. So the request that was verified first stands for the tag, and the others are
//! its repeats: they get no test and no letter.
//!
//! What a repeat may not do is keep the first mail's mistakes in force. A base that does not fit
//! was named by a mail, not by the tag; a request that is stopped by nothing else stands for the tag
//! only until another mail of it gets further.

use super::checks::{Check, Problem};
use super::hold::HoldReason;
use super::request::{Pull, Stage};
use super::verdict::{Refusal, Verdict};

/// The request of which this one is a repeat.
pub(crate) fn holder<'a>(pull: &Pull, open: impl Iterator<Item = &'a Pull>) -> Option<&'a Pull> {
    if !may_repeat(pull) {
        return None;
    }
    open.filter(|other| stands_before(other, pull)).min_by_key(|other| other.number)
}

/// Whether a request still has to learn if it is a repeat: before its commits are looked at, and
/// where a mistake of its own mail stopped it.
fn may_repeat(pull: &Pull) -> bool {
    match &pull.stage {
        Stage::Verified { .. } => true,
        Stage::Held { .. } | Stage::Concluded { written: false, .. } => rests_on_its_mail(pull),
        Stage::Received { .. }
        | Stage::Fetched { .. }
        | Stage::Queued { .. }
        | Stage::Running { .. }
        | Stage::Concluded { written: true, .. }
        | Stage::Answered { .. }
        | Stage::Closed { .. } => false,
    }
}

fn stands_before(other: &Pull, pull: &Pull) -> bool {
    if other.number == pull.number || !is_same(other, pull) || !counts(other) {
        return false;
    }
    let earlier = other.number < pull.number;
    let examined = !matches!(other.stage, Stage::Verified { .. });
    match (rests_on_its_mail(other), rests_on_its_mail(pull)) {
        (true, false) => false,
        (true, true) => earlier,
        (false, true) => examined,
        (false, false) => earlier || examined,
    }
}

/// Whether two requests ask for the same signed tag, for the same target. Of a record made before
/// payloads were noted only the tag object is known.
fn is_same(one: &Pull, two: &Pull) -> bool {
    let tag = |pull: &Pull| pull.stage.trusted()?.pinned.tag.clone();
    one.target == two.target
        && match (&one.signed, &two.signed) {
            (Some(one), Some(two)) => one == two,
            (None, _) | (_, None) => {
                tag(one).zip(tag(two)).is_some_and(|(one, two)| one.id == two.id)
            }
        }
}

/// Whether what became of a request is the tag's matter, and so its repeats' as well. A cancelled
/// one may be mailed again; so may one that was refused for its key or its sender, which can be
/// mended without a new tag.
fn counts(pull: &Pull) -> bool {
    let verified = match &pull.stage {
        Stage::Received { .. } | Stage::Fetched { .. } => false,
        Stage::Held { trusted, .. } => trusted.is_some(),
        Stage::Verified { .. }
        | Stage::Queued { .. }
        | Stage::Running { .. }
        | Stage::Concluded { .. }
        | Stage::Answered { .. }
        | Stage::Closed { .. } => true,
    };
    verified
        && match pull.stage.verdict() {
            None => true,
            Some(Verdict::Refused { why, .. }) => match why {
                Refusal::Checks(_) | Refusal::Person { .. } => true,
                Refusal::Signature(_)
                | Refusal::Signer(_)
                | Refusal::NoTag { .. }
                | Refusal::UrlNotAllowed { .. }
                | Refusal::RefMissing
                | Refusal::TipMismatch { .. }
                | Refusal::Unfetchable { .. } => false,
            },
            Some(
                Verdict::Tested { .. }
                | Verdict::Landed
                | Verdict::Ignored { .. }
                | Verdict::Superseded { .. },
            ) => true,
            Some(Verdict::Cancelled { .. } | Verdict::Repeated { .. }) => false,
        }
}

/// Whether a request is stopped by something that its mail says, and another mail of the same tag
/// may say otherwise.
fn rests_on_its_mail(pull: &Pull) -> bool {
    let named = |problems: &[Problem]| {
        problems.iter().any(|p| matches!(p.check, Check::BaseUnknown | Check::BaseNotAncestor))
    };
    match (&pull.stage, pull.stage.verdict()) {
        (Stage::Held { reason: HoldReason::Checks { problems }, .. }, _) => named(problems),
        (_, Some(Verdict::Refused { why: Refusal::Checks(problems), .. })) => named(problems),
        _ => false,
    }
}

impl Pull {
    /// Whether a person decided that its tag is not wanted.
    pub(crate) fn is_unwanted(&self) -> bool {
        matches!(
            self.stage.verdict(),
            Some(Verdict::Ignored { .. } | Verdict::Refused { why: Refusal::Person { .. }, .. })
        )
    }
}
