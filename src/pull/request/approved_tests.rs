//! An approval is bound to a tag and a difference.

use jiff::Timestamp;

use super::apply::{PullEvent, apply};
use super::*;
use crate::pull::cover::{Cover, Person, Request};
use crate::pull::policy::Policy;
use crate::pull::tag::Tag;

fn id(digit: char) -> ObjectId {
    digit.to_string().repeat(40).parse().unwrap()
}

fn trusted(tag: char) -> Trusted {
    let tag = Tag {
        id: id(tag),
        name: "x".into(),
        tagger: "A <a@example.org>".into(),
        tagged_at: None,
        message: String::new(),
    };
    let pinned = Pinned { reference: "refs/tags/x".into(), tip: id('2'), tag: Some(tag) };
    let signer = Signer { key: "K".into(), name: "A".into(), addresses: Vec::new() };
    Trusted { pinned, signer }
}

fn held(digest: &str) -> Pull {
    let difference = CiDifference {
        digest: digest.into(),
        summary: "1 job added".into(),
        lines: vec!["job mine is added".into()],
        total: 1,
    };
    let now = Timestamp::UNIX_EPOCH;
    Pull {
        number: PullNumber(1),
        list: ListName::new("devel"),
        target: TargetName::new("master"),
        cover: Cover {
            message_id: "a@example.org".parse().unwrap(),
            subject: "[PULL] x".into(),
            prefixes: Vec::new(),
            revision: 1,
            author: Person { name: None, address: "a@example.org".into() },
            references: Vec::new(),
            date: None,
            request: Request {
                url: "https://example.org/x".into(),
                reference: "x".into(),
                base: None,
                tip: None,
            },
        },
        received_at: now,
        seen_at: now,
        priority: 0,
        attempts: 1,
        approvals: Vec::new(),
        landing_checked: None,
        told_unanswered: None,
        letters: Vec::new(),
        stage: Stage::Held {
            trusted: Some(trusted('3')),
            reason: HoldReason::CiChanged { run: RunId(1), difference },
            since: now,
            told: true,
        },
    }
}

fn policy() -> Policy {
    let day = jiff::SignedDuration::from_hours(24);
    Policy {
        unanswered_after: day,
        late_after: day,
        old_tag_after: day,
        fetch_patience: day,
        keep: day,
        letters_per_hour: 1,
        targets: Default::default(),
        lists: Default::default(),
    }
}

#[test]
fn an_approval_is_for_one_tag_and_one_difference() {
    let mut pull = held("d1");
    assert_eq!(pull.ci_approved_by("d1"), None);
    let now = Timestamp::UNIX_EPOCH;
    apply(&mut pull, PullEvent::Approved { by: "rita".into() }, &policy(), now);
    assert_eq!(pull.ci_approved_by("d1"), Some("rita"));
    assert_eq!(pull.ci_approved_by("d2"), None);
    pull.stage = Stage::Queued { trusted: trusted('4'), plan: Plan::Fresh, since: now };
    assert_eq!(pull.ci_approved_by("d1"), None, "another tag object");
}

#[test]
fn an_approval_keeps_what_binds_and_no_more() {
    let mut pull = held("d1");
    apply(&mut pull, PullEvent::Approved { by: "rita".into() }, &policy(), Timestamp::UNIX_EPOCH);
    let HoldReason::CiChanged { difference, .. } = &pull.approvals[0].reason else { panic!() };
    assert_eq!((difference.digest.as_str(), difference.lines.len()), ("d1", 0));
}

#[test]
fn another_hold_that_was_lifted_approves_no_difference() {
    let mut pull = held("d1");
    let now = Timestamp::UNIX_EPOCH;
    let (reason, tag) = (HoldReason::OldTag { tagged_at: now }, Some(id('3')));
    pull.approvals.push(Approval { reason, tag, by: "rita".into(), at: now });
    assert_eq!(pull.ci_approved_by("d1"), None);
}
