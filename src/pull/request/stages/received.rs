//! Received: the tag is to be fetched. What comes of that is a pin, trouble that is waited out, or a
//! refusal.

use crate::pull::request::event::FetchTrouble;
use jiff::Timestamp;

use crate::pull::decision::{Decision, Told};
use crate::pull::fault::FaultKind;
use crate::pull::policy::Policy;
use crate::pull::request::ending::refuse;
use crate::pull::request::situation::PullDecision;
use crate::pull::request::work::Fetch;
use crate::pull::request::{Pull, Stage};
use crate::pull::retry::Retry;
use crate::pull::tag::Pinned;
use crate::pull::verdict::Refusal;

pub(in crate::pull::request) fn next(fetch: &Retry, now: Timestamp) -> PullDecision {
    Decision::due(fetch, Fetch, "its tag is to be fetched", now)
}

pub(in crate::pull::request) fn fetched(
    pull: &mut Pull,
    fetch: &Retry,
    pinned: Pinned,
    sender_known: bool,
    policy: &Policy,
    now: Timestamp,
) -> Told {
    let mismatch = pull.mail().request.tip.clone().filter(|tip| !tip.names(&pinned.tip));
    let Some(asked) = mismatch else {
        let what = match &pinned.tag {
            Some(tag) => format!("pinned {} as tag object {}", pinned.reference, tag.id),
            None => format!("pinned {}, which is no annotated tag", pinned.reference),
        };
        // What a person judged before is this object, and no other that bears its name since.
        pull.pinned_tag = pull.pinned_tag.or(pinned.tag.as_ref().map(|tag| tag.id));
        // Whose files it touches is found out anew: it may be another tag.
        pull.touches.clear();
        pull.stage = Stage::Fetched { pinned, verify: Retry::now(now) };
        return Some(what);
    };
    let what = format!("{} leads to {}, not to {asked}", pinned.reference, pinned.tip);
    if fetch.failing_for(now, policy.fetch_patience) {
        refuse(pull, Refusal::TipMismatch { asked, found: pinned.tip }, sender_known, now);
    } else {
        let fetch = fetch.after_failure(now, what.clone(), None);
        pull.stage = Stage::Received { fetch };
    }
    Some(what)
}

pub(in crate::pull::request) fn not_fetched(
    pull: &mut Pull,
    fetch: &Retry,
    why: FetchTrouble,
    sender_known: bool,
    policy: &Policy,
    now: Timestamp,
) -> Told {
    let patient = !fetch.failing_for(now, policy.fetch_patience);
    let (what, refusal, asked) = match why {
        FetchTrouble::NotAllowed { why } => {
            (why.clone(), Some(Refusal::UrlNotAllowed { why }), None)
        }
        FetchTrouble::NotACommit => {
            let why = "The ref does not lead to a commit.".to_owned();
            (why.clone(), Some(Refusal::Unfetchable { why }), None)
        }
        FetchTrouble::RefMissing => {
            let what = format!("{} is not there", pull.mail().request.reference);
            (what, (!patient).then_some(Refusal::RefMissing), None)
        }
        FetchTrouble::Fault(trouble) => {
            let why = trouble.public.unwrap_or_else(|| "It could not be fetched.".into());
            let over = match trouble.kind {
                FaultKind::Temporary => !patient,
                FaultKind::Permanent => true,
                FaultKind::Misconfigured | FaultKind::Bug => false,
            };
            (trouble.detail, over.then_some(Refusal::Unfetchable { why }), trouble.retry_after)
        }
    };
    match refusal {
        Some(refusal) => refuse(pull, refusal, sender_known, now),
        None => {
            pull.stage = Stage::Received { fetch: fetch.after_failure(now, what.clone(), asked) };
        }
    }
    Some(format!("could not be fetched: {what}"))
}
