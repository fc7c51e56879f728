//! What the bot of the command mails knows before one comes: seven requests and three runs. The
//! makers of the fixtures (`fixtures/command/making`) count on it.
//!
//! 1 is Alice's and failed, 2 is Alice's and held, 3 is Mallory's (Bob looks after its files) and
//! queued, 4 is Dave's and failed, 5 and 6 have tags of one name, 7 is Heidi's, who had it tested
//! again before.

use crate::ports::Batch;
use crate::pull::cover::{Cover, Person, Request};
use crate::pull::hold::HoldReason;
use crate::pull::ids::{ListName, MessageId, ObjectId, PipelineId, PullNumber, RunId, TargetName};
use crate::pull::letter::{About, Letter, LetterState};
use crate::pull::lineage::Lineage;
use crate::pull::request::{Pull, Stage, Trusted};
use crate::pull::run::Plan;
use crate::pull::run::{CiCheck, Run, RunStage, Why};
use crate::pull::signer::{Scope, Signer};
use crate::pull::tag::{Candidate, Pinned, Tag};
use crate::pull::verdict::{
    Audience, Evidence, FailedJob, NoResult, Outcome, PipelineLink, Verdict,
};
use jiff::Timestamp;

use crate::scenario::outside::id_of;

/// When the fixtures are read, as their makers say.
pub(crate) fn now() -> Timestamp {
    "2026-01-05T12:00:00Z".parse().unwrap()
}

/// The letter that answered request 1.
const ANSWER: &str = "failed.1@gatepost.example.org";

/// Who asked for what.
struct Asked {
    number: u64,
    by: (&'static str, &'static str),
    message_id: &'static str,
    tag: &'static str,
    touches: &'static [&'static str],
}

const ASKED: [Asked; 7] = [
    Asked {
        number: 1,
        by: ("Alice Bäcker", "alice@example.org"),
        message_id: "20260102101500.1-1-alice@example.org",
        tag: "block-2026-01-02",
        touches: &["alice@example.org", "bob@example.org"],
    },
    Asked {
        number: 2,
        by: ("Alice Bäcker", "alice@example.org"),
        message_id: "20260103090000.1-1-alice@example.org",
        tag: "block-2026-01-03",
        touches: &["alice@example.org"],
    },
    Asked {
        number: 3,
        by: ("Grace", "grace@other.example"),
        message_id: "20260103100000.1-1-grace@other.example",
        tag: "docs-2026-01-03",
        touches: &["bob@example.org"],
    },
    Asked {
        number: 4,
        by: ("Dave", "dave@contrib.example"),
        message_id: "20260103110000.1-1-dave@contrib.example",
        tag: "net-2026-01-03",
        touches: &[],
    },
    Asked {
        number: 5,
        by: ("Heidi", "heidi@other.example"),
        message_id: "20260103120000.1-1-heidi@other.example",
        tag: "misc-2026-01-01",
        touches: &[],
    },
    Asked {
        number: 6,
        by: ("Grace", "grace@other.example"),
        message_id: "20260103130000.1-1-grace@other.example",
        tag: "misc-2026-01-01",
        touches: &[],
    },
    Asked {
        number: 7,
        by: ("Heidi", "heidi@other.example"),
        message_id: "20260103140000.1-1-heidi@other.example",
        tag: "tcg-2026-01-03",
        touches: &[],
    },
];

/// Everything, as one transaction.
pub(crate) fn records() -> Batch {
    let answered = [1, 4, 7];
    Batch {
        pulls: ASKED.iter().map(pull).collect(),
        runs: answered.into_iter().map(run).collect(),
        letters: vec![answer()],
        ..Batch::default()
    }
}

fn mail_id(text: &str) -> MessageId {
    text.parse().unwrap()
}

fn at(hours_ago: i64) -> Timestamp {
    now() - jiff::SignedDuration::from_hours(hours_ago)
}

fn pull(asked: &Asked) -> Pull {
    let (name, address) = asked.by;
    let tip = id_of(&[asked.tag, "tip"]);
    Pull {
        number: PullNumber(asked.number),
        list: ListName::new("devel"),
        target: TargetName::new("master"),
        cover: Cover {
            message_id: mail_id(asked.message_id),
            subject: "[PULL 0/3] Block patches".into(),
            prefixes: vec!["PULL 0/3".into()],
            revision: 1,
            author: Person { name: Some(name.into()), address: address.into() },
            references: Vec::new(),
            date: Some(at(50)),
            request: Request {
                url: "https://git.example.org/project.git".into(),
                reference: format!("tags/{}", asked.tag),
                base: None,
                tip: None,
            },
        },
        received_at: at(50),
        seen_at: at(1),
        priority: 0,
        attempts: 1,
        approvals: Vec::new(),
        landing_checked: None,
        pinned_tag: Some(id_of(&[asked.tag, "tag"])),
        pinned_payload: None,
        signed: None,
        proof: None,
        adopted: None,
        touches: asked.touches.iter().map(|address| (*address).to_owned()).collect(),
        told_unanswered: None,
        lineage: Lineage::default(),
        retraction: None,
        retested_by_author: asked.number == 7,
        notes: Vec::new(),
        letters: Vec::new(),
        stage: stage(asked, tip),
    }
}

fn stage(asked: &Asked, tip: ObjectId) -> Stage {
    let (name, address) = asked.by;
    let trusted = Trusted {
        pinned: Pinned {
            reference: format!("refs/tags/{}", asked.tag),
            tip,
            tag: Some(Tag {
                id: id_of(&[asked.tag, "tag"]),
                payload: None,
                name: asked.tag.into(),
                tagger: format!("{name} <{address}>"),
                tagged_at: Some(at(51)),
                message: "Patches\n".into(),
            }),
        },
        signer: Signer {
            key: format!("KEY-OF-{name}"),
            name: name.into(),
            addresses: match address {
                "alice@example.org" => vec![address.into(), "alice@work.example".into()],
                _ => vec![address.into()],
            },
            scope: Scope::default(),
        },
        proved_at: Some(at(49)),
    };
    match asked.number {
        2 => Stage::Held {
            trusted: Some(trusted),
            unproved: None,
            reason: HoldReason::LateArrival,
            since: at(40),
            told: true,
        },
        3 | 5 | 6 => Stage::Queued { trusted, plan: Plan::Fresh, since: at(1) },
        number => Stage::Answered {
            trusted: Some(trusted),
            verdict: Verdict::Tested { run: RunId(number), outcome: failed(number) },
            at: at(2),
        },
    }
}

fn run(number: u64) -> Run {
    let (base, commit) = (id_of(&["master", "0"]), id_of(&["merge", &number.to_string()]));
    Run {
        id: RunId(number),
        target: TargetName::new("master"),
        why: Why::Attempt { pull: PullNumber(number), attempt: 1, plan: Plan::Fresh },
        ci_ref: format!("staging-gatepost-{number}-1"),
        created_at: at(4),
        ci: CiCheck::TargetKnown,
        stage: RunStage::Ended {
            candidate: Some(Candidate { base: Some(base), commit, tree: id_of(&["tree"]) }),
            merged_at: Some(at(4)),
            had: Some(PipelineId(1_000 + number)),
            sought: None,
            cancel: None,
            outcome: failed(number),
            at: at(2),
            written: true,
        },
    }
}

fn failed(number: u64) -> Outcome {
    let id = PipelineId(1_000 + number);
    let url = format!("https://gitlab.example.org/project/-/pipelines/{id}");
    Outcome::Failed(Evidence {
        pipeline: PipelineLink { id, url },
        jobs: 3,
        allowed_failures: Vec::new(),
        failed: vec![FailedJob {
            name: "check-s390x".into(),
            url: "https://gitlab.example.org/project/-/jobs/3".into(),
            architecture: Some("s390x".into()),
            reason: Some("script_failure".into()),
            log: vec!["not ok 3 - reads back".into()],
        }],
        failed_total: 1,
        broken: Vec::new(),
        no_result: NoResult::default(),
    })
}

fn answer() -> Letter {
    Letter {
        id: mail_id(ANSWER),
        about: About::Pull(PullNumber(1)),
        audience: Audience::Thread,
        list: Some(ListName::new("devel")),
        recipients: vec!["devel@lists.example.org".into()],
        blind: None,
        later: None,
        unproved: false,
        subject: "Re: [PULL 0/3] Block patches".into(),
        written_at: at(2),
        state: LetterState::Sent { at: at(2) },
    }
}
