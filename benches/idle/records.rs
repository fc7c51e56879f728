//! Records as a bot has them after years: requests with their runs, letters and histories.

use crate::ports::{Batch, HistoryEntry};
use crate::pull::cover::{Cover, Person, Request};
use crate::pull::hold::HoldReason;
use crate::pull::ids::{ListName, MessageId, ObjectId, PipelineId, PullNumber, RunId, TargetName};
use crate::pull::letter::{About, Letter, LetterState};
use crate::pull::lineage::Lineage;
use crate::pull::request::{Pull, Stage, Trusted};
use crate::pull::run::Plan;
use crate::pull::run::{CiCheck, Run, RunStage, Why};
use crate::pull::signer::Scope;
use crate::pull::tag::{Candidate, Pinned, Signer, Tag};
use crate::pull::verdict::{
    Audience, Evidence, FailedJob, NoResult, Outcome, PipelineLink, Verdict,
};
use jiff::{SignedDuration, Timestamp};

/// How many requests are put at a time.
const AT_ONCE: u64 = 200;

/// A request comes every hour, the newest an hour ago.
const APART: SignedDuration = SignedDuration::from_hours(1);

/// That many requests, the last `open` of which are not over; `head` is where the target is.
pub(crate) fn batches(
    requests: u64,
    open: u64,
    head: ObjectId,
    now: Timestamp,
) -> impl Iterator<Item = Batch> {
    let starts = (1..=requests).step_by(usize::try_from(AT_ONCE).unwrap_or(1));
    starts.map(move |first| {
        let mut batch = Batch::default();
        for number in first..(first + AT_ONCE).min(requests + 1) {
            let back = i32::try_from(requests + 1 - number).unwrap_or_default();
            let is_over = number + open <= requests;
            add(&mut batch, number, is_over, head, now - APART * back);
        }
        batch
    })
}

fn add(batch: &mut Batch, number: u64, is_over: bool, head: ObjectId, at: Timestamp) {
    let outcome = outcome(number);
    let verdict = Verdict::Tested { run: RunId(number), outcome: outcome.clone() };
    let trusted = trusted(number, at);
    let is_held = !is_over && number.is_multiple_of(8);
    let stage = if is_over {
        Stage::Closed { verdict, at }
    } else if is_held {
        let reason = HoldReason::OldTag { tagged_at: at };
        Stage::Held { trusted: Some(trusted), unproved: None, reason, since: at, told: true }
    } else {
        Stage::Answered { trusted: Some(trusted), verdict, at }
    };
    let letter = letter(number, at);
    batch.pulls.push(pull(number, head, at, stage, letter.id.clone()));
    batch.letters.push(letter);
    if !is_held {
        batch.runs.push(run(number, is_over, outcome, at));
    }
    for line in 0..10 {
        let what = format!("run {number}: something happened, said in a sentence, line {line}");
        let entry = HistoryEntry { at, stage: "running".to_owned(), what };
        batch.history.push((PullNumber(number), entry));
    }
}

fn pull(number: u64, head: ObjectId, at: Timestamp, stage: Stage, letter: MessageId) -> Pull {
    Pull {
        number: PullNumber(number),
        list: ListName::new("devel"),
        target: TargetName::new("master"),
        cover: Cover {
            message_id: id(number, "maintainers.example"),
            subject: format!("[PULL 00/12] Patches of the subsystem for the release {number}"),
            prefixes: vec!["PULL 00/12".to_owned()],
            revision: 1,
            author: person(),
            references: Vec::new(),
            date: Some(at),
            request: Request {
                url: "https://git.example.org/people/ann/project.git".to_owned(),
                reference: format!("tags/pull-subsystem-{number}"),
                base: None,
                tip: None,
            },
        },
        received_at: at,
        seen_at: at,
        priority: 0,
        attempts: 1,
        approvals: Vec::new(),
        landing_checked: Some(head),
        pinned_tag: None,
        pinned_payload: None,
        signed: None,
        proof: None,
        adopted: None,
        touches: Vec::new(),
        told_unanswered: None,
        lineage: Lineage::default(),
        retraction: None,
        retested_by_author: false,
        notes: Vec::new(),
        letters: vec![letter],
        stage,
    }
}

fn run(number: u64, is_over: bool, outcome: Outcome, at: Timestamp) -> Run {
    let commit = object(number, 3);
    let stage = if is_over {
        RunStage::Closed { outcome, at }
    } else {
        RunStage::Ended {
            had: None,
            sought: None,
            candidate: Some(Candidate { base: Some(object(number, 4)), commit, tree: commit }),
            merged_at: Some(at),
            cancel: None,
            outcome,
            at,
            written: true,
        }
    };
    Run {
        id: RunId(number),
        target: TargetName::new("master"),
        why: Why::Attempt { pull: PullNumber(number), attempt: 1, plan: Plan::Fresh },
        ci_ref: format!("staging-gatepost-{number}-1"),
        created_at: at,
        ci: CiCheck::Same,
        stage,
    }
}

/// Every third has failed, with the ends of two logs.
fn outcome(number: u64) -> Outcome {
    let pipeline = PipelineLink {
        id: PipelineId(number),
        url: format!("https://gitlab.example.org/project/ci/-/pipelines/{number}"),
    };
    let failed: Vec<_> = if number.is_multiple_of(3) { (0..2).map(job).collect() } else { vec![] };
    let failed_total = u32::try_from(failed.len()).unwrap_or_default();
    let evidence = Evidence {
        pipeline,
        jobs: 120,
        allowed_failures: Vec::new(),
        failed,
        failed_total,
        broken: Vec::new(),
        no_result: NoResult::default(),
    };
    if failed_total > 0 { Outcome::Failed(evidence) } else { Outcome::Passed(evidence) }
}

fn job(number: u64) -> FailedJob {
    FailedJob {
        name: format!("build-system-{number}"),
        url: format!("https://gitlab.example.org/project/ci/-/jobs/{number}"),
        architecture: None,
        reason: Some("script_failure".to_owned()),
        log: (0..15).map(|line| format!("line {line} of the end of a log of a build")).collect(),
    }
}

fn trusted(number: u64, at: Timestamp) -> Trusted {
    let tag = Tag {
        id: object(number, 1),
        payload: None,
        name: format!("pull-subsystem-{number}"),
        tagger: format!("Ann <{}>", person().address),
        tagged_at: Some(at),
        message: "Patches of the subsystem\n\n- what they do, in a line\n".repeat(8),
    };
    let reference = format!("refs/tags/pull-subsystem-{number}");
    let signer = Signer {
        key: "0123456789ABCDEF0123456789ABCDEF01234567".to_owned(),
        name: "Ann".to_owned(),
        addresses: vec![person().address],
        scope: Scope::default(),
    };
    let pinned = Pinned { reference, tip: object(number, 2), tag: Some(tag) };
    Trusted { pinned, signer, proved_at: Some(at) }
}

fn letter(number: u64, at: Timestamp) -> Letter {
    Letter {
        id: id(number, "bot.example.org"),
        about: About::Pull(PullNumber(number)),
        audience: Audience::Thread,
        list: Some(ListName::new("devel")),
        recipients: vec!["devel@lists.example".to_owned(), person().address],
        blind: None,
        later: None,
        unproved: false,
        subject: format!("Re: [PULL 00/12] Patches of the subsystem for the release {number}"),
        written_at: at,
        state: LetterState::Sent { at },
    }
}

fn person() -> Person {
    Person { name: Some("Ann".to_owned()), address: "ann@maintainers.example".to_owned() }
}

#[expect(clippy::expect_used, reason = "the text is ours")]
fn id(number: u64, host: &str) -> MessageId {
    format!("20260101120000.{number}-1@{host}").parse().expect("a Message-ID")
}

fn object(number: u64, kind: u8) -> ObjectId {
    let mut bytes = [kind; 20];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    ObjectId::from_bytes(bytes)
}
