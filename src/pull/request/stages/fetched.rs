//! Fetched: the tag is pinned, and its signature is to be checked.

use jiff::Timestamp;

use crate::pull::decision::{Decision, Told};
use crate::pull::fault::Fault;
use crate::pull::request::situation::PullDecision;
use crate::pull::request::work::Verify;
use crate::pull::request::{Pull, Stage};
use crate::pull::retry::Retry;
use crate::pull::tag::Pinned;

pub(in crate::pull::request) fn next(verify: &Retry, now: Timestamp) -> PullDecision {
    Decision::due(verify, Verify, "its signature is to be checked", now)
}

pub(in crate::pull::request) fn failed(
    pull: &mut Pull,
    pinned: Pinned,
    verify: &Retry,
    Fault { detail, retry_after, .. }: Fault,
    now: Timestamp,
) -> Told {
    let verify = verify.after_failure(now, detail.clone(), retry_after);
    pull.stage = Stage::Fetched { pinned, verify };
    Some(detail)
}
