//! Records what a person's command means for a request. Whether that person may give it is decided
//! before.

use crate::pull::request::event::Ordered;
use jiff::Timestamp;

use super::ending::conclude;
use super::stages::{answered, held};
use super::{Note, Pull, Stage};
use crate::pull::decision::Told;
use crate::pull::verdict::{Refusal, Verdict};

pub(super) fn apply(pull: &mut Pull, stage: Stage, ordered: Ordered, now: Timestamp) -> Told {
    match ordered {
        Ordered::Approve { by } => held::approved(pull, by, now),
        Ordered::Retest { plan, by, only_author } => match stage {
            Stage::Answered { trusted, .. } | Stage::Concluded { trusted, written: true, .. } => {
                answered::asked_for_again(pull, trusted, plan, (&by, only_author), now)
            }
            _ => None,
        },
        Ordered::Cancel { by } => {
            let what = format!("cancelled by {by}");
            end(pull, Verdict::Cancelled { by }, what, now)
        }
        Ordered::Refuse { by, reason } => refuse(pull, by, reason, now),
        Ordered::Ignore { by } => {
            let what = format!("left alone, as {by} wants it");
            end(pull, Verdict::Ignored { by }, what, now)
        }
        Ordered::Priority { priority, by } => {
            pull.priority = priority;
            Some(format!("priority {priority}, by {by}"))
        }
        Ordered::Note { text, by } => {
            let what = format!("note by {by}: {text}");
            pull.note(Note { text, by, at: now });
            Some(what)
        }
    }
}

/// Whether it is not concluded yet.
fn is_open(pull: &Pull) -> bool {
    pull.stage.verdict().is_none()
}

fn end(pull: &mut Pull, verdict: Verdict, what: String, now: Timestamp) -> Told {
    if !is_open(pull) {
        return None;
    }
    conclude(pull, verdict, now);
    Some(what)
}

/// No trust is kept, as after any refusal; but the list is told only of what a trusted key signed.
fn refuse(pull: &mut Pull, by: String, reason: String, now: Timestamp) -> Told {
    if !is_open(pull) {
        return None;
    }
    let what = format!("refused by {by}: {reason}");
    let proved = pull.stage.trusted().is_some();
    super::ending::refuse(pull, Refusal::Person { by, reason, proved }, true, now);
    Some(what)
}
