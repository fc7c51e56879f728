//! Whatever other people write, the records can be put. Requests and runs are led through their
//! rules in any order, with the longest texts that the reading lets through, and put after each step;
//! so are the bot's own records.

use crate::adapters::store::MemoryStore;
use crate::mail::words;
use crate::ports::{Batch, Control, HistoryEntry, Records, Store};
use crate::pull::alert::Alert;
use crate::pull::checks::{Base, CheckPolicy, CommitFacts, Duty, Series};
use crate::pull::ci_change::{Change, CiDifference, What};
use crate::pull::command::{Answer, Given, Proof, Sender, SenderProof};
use crate::pull::command_mail::CommandMail;
use crate::pull::command_mail::judgement::{Bytes, Found, MailReading, Proved, ProvedBy, Said};
use crate::pull::cover::{Cover, Person, Request};
use crate::pull::decision::Told;
use crate::pull::evidence::{Deadline, Judgement, judge};
use crate::pull::expiry::ExpiringKey;
use crate::pull::fault::{Fault, FaultKind};
use crate::pull::ids::{JobId, ListName, MessageId, ObjectId, PipelineId, PullNumber, RunId};
use crate::pull::letter::rules::{self as letter_rules, LetterEvent};
use crate::pull::near_miss::NearMiss;
use crate::pull::overlay::Freeze;
use crate::pull::pipeline::{Job, JobKind, Pipeline, Status};
use crate::pull::policy::{CiLint, CommandPolicy, ListPolicy, Policy, TargetPolicy, UnknownKeys};
use crate::pull::request::apply as pull_rules;
use crate::pull::request::event::{Checked, Examined, Fetched, OutOfPaths};
use crate::pull::request::event::{FetchTrouble, Ordered, PullEvent};
use crate::pull::request::{Adopted, Pull, Stage};
use crate::pull::room::{LARGEST_RECORD, LONGEST_ADDRESS, within};
use crate::pull::run::Plan;
use crate::pull::run::apply as run_rules;
use crate::pull::run::event::RunEvent;
use crate::pull::run::event::Seen;
use crate::pull::run::{CiCheck, Run, RunStage, Why};
use crate::pull::signed_tag::PayloadDigest;
use crate::pull::signer::{Scope, Signer};
use crate::pull::tag::{
    Candidate, ConflictFile, Facts, LONGEST_REFERENCE, Pinned, Tag, Verification,
};
use crate::pull::task::Reply;
use crate::pull::verbs::{self, Order};
use crate::pull::verdict::{Outcome, Overdue};
use crate::pull::world::chores::{ChoreDone, ReadKeyring, TellAlert};
use crate::pull::world::work::MailEvent;
use crate::pull::world::{Arrival, Arrived, Done, Input, World};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::store::records;

/// Plain letters, what takes most bytes when written, and long characters.
const LETTERS: [&str; 5] = ["a", "\"", "\u{1}", "漢", "\u{1F600}"];

fn now() -> Timestamp {
    records::at(1_000)
}

/// A text of nothing but that, far longer than a record.
fn long(letter: &str) -> String {
    letter.repeat(50_000 / letter.len())
}

fn short(letter: &str, most: usize) -> String {
    within(&letter.repeat(most + 1), most)
}

fn id(seed: u64) -> ObjectId {
    let mut bytes = [7; 20];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    ObjectId::from_bytes(bytes)
}

fn policy(letter: &str) -> Policy {
    let hour = SignedDuration::from_hours(1);
    let target = TargetPolicy {
        slot: "project".into(),
        max_running: 1,
        reference: "staging-{number}-{attempt}".into(),
        start_within: hour,
        finish_within: hour,
        poll: hour,
        required_jobs: Vec::new(),
        ci_lint: CiLint::Try,
        ci_paths: Vec::new(),
        checks: CheckPolicy::all(Duty::Hold),
        freeze: Some(Freeze {
            until: None,
            reason: Some(short(letter, 1_000)),
            by: short(letter, LONGEST_ADDRESS),
            at: now(),
        }),
    };
    let own_copies = records::folder("INBOX");
    let list = ListPolicy { address: "devel@lists.example".into(), own_copies };
    Policy {
        unanswered_after: hour,
        late_after: hour * 1_000_000,
        old_tag_after: hour * 1_000_000,
        unknown_keys: UnknownKeys::Hold,
        fetch_patience: hour,
        keep: hour,
        letters_per_hour: 20,
        letters_per_hour_in_all: 200,
        commands: Some(CommandPolicy {
            address: "bot@example.org".into(),
            window: SignedDuration::from_hours(48),
            mails_per_hour: 1_000,
        }),
        administrator: "admin@example.org".into(),
        managers: vec!["rita@example.org".into()],
        targets: [("master", target)]
            .map(|(n, t)| (records::pull(1, "x@y").target, (n, t).1))
            .into(),
        lists: [(ListName::new("devel"), list)].into(),
        words: &words::Reasons,
    }
}

/// A cover letter as the mail reader hands it on.
fn cover(letter: &str) -> Cover {
    let visible = if letter == "\u{1}" { "'" } else { letter };
    let id = |n: usize| -> MessageId { format!("{n}{}@x", "\"".repeat(90)).parse().unwrap() };
    let cover = Cover {
        message_id: id(0),
        subject: long(visible),
        prefixes: vec!["PULL".into(), short(visible, 100)],
        author: Person { name: Some(short(visible, 100)), address: short(visible, 250) },
        references: (1..500).map(id).collect(),
        request: Request {
            url: format!("https://example.org/{}", "u".repeat(900)),
            reference: short(visible, 490),
            base: Some("a".repeat(40).parse().unwrap()),
            tip: None,
        },
        ..records::pull(1, "x@y").cover
    };
    cover.bounded().unwrap()
}

fn request(letter: &str) -> Pull {
    let pull = records::pull(u64::MAX, "x@y");
    Pull { cover: cover(letter), letters: Vec::new(), pinned_tag: None, ..pull }
}

/// What a fetch pins, as the adapter reads it. A tag's text has no control characters by then.
fn pinned(letter: &str, seed: u64) -> Pinned {
    let text = if letter == "\u{1}" { "\n" } else { letter };
    let tag = Tag {
        id: id(seed),
        payload: None,
        name: long(letter),
        tagger: long(letter),
        tagged_at: Some(now()),
        message: long(text),
    };
    let reference = short("r", LONGEST_REFERENCE);
    Pinned { reference, tip: id(1), tag: Some(tag.bounded()) }
}

/// A signer with as large a scope as `maintainers.toml` may give.
fn signer(letter: &str, sender: &str) -> Signer {
    let mut scope = Scope::default();
    while scope.fits() {
        scope.paths.push("directory/with/a/name/**".into());
    }
    scope.paths.pop();
    let mut addresses = vec![sender.to_owned()];
    addresses.extend((0..500).map(|n| format!("{n}{}", short(letter, 240))));
    Signer { key: long(letter), name: long(letter), addresses, scope }.bounded()
}

fn verification(kind: u64, letter: &str, sender: &str) -> Verification {
    let (key, why) = (long(letter), long(letter));
    let verification = match kind % 12 {
        0 => Verification::Bad { why },
        1 => Verification::Expired { key, why },
        2 => Verification::Revoked { key, why },
        3 => Verification::NotListed { key, owner: why },
        4 => Verification::NameMismatch { signed: key, found: why },
        5..8 => Verification::UnknownKey { key, proved: true },
        _ => Verification::Good(signer(letter, sender)),
    };
    verification.bounded()
}

/// Commits with every problem there is.
fn series(letter: &str) -> Series {
    let who = Person { name: Some(short(letter, 400)), address: short(letter, 400) };
    let commit = |number: u64| CommitFacts {
        id: id(number),
        subject: short(letter, 400),
        author: Person { address: "devel@lists.example".into(), ..who.clone() },
        is_utf8: false,
        signed_off_by: Vec::new(),
        nacked_by: vec![who.clone(); 2],
        parents: 1 + usize::try_from(number % 2).unwrap(),
        changes_submodules: true,
    };
    Series {
        commits: (0..30).map(commit).collect(),
        total: 5_000,
        base: Base::Unknown,
        is_empty: true,
        skips_ci: true,
    }
}

fn trouble(letter: &str, kind: FaultKind) -> Fault {
    let said = short(letter, 600);
    Fault { detail: said.clone(), public: Some(said), retry_after: None, kind }
}

fn difference(letter: &str, seed: u64) -> CiDifference {
    let change = |n: u64| Change {
        what: What::Property(format!("{n} {}", short(letter, 600)), short(letter, 600)),
        before: Some(short(letter, 600)),
        after: Some(seed.to_string()),
    };
    words::difference(&(0..50).map(change).collect::<Vec<_>>(), str::to_owned)
}

/// A job as the adapter hands it on.
fn job(letter: &str, number: u64, status: Status) -> Job {
    Job {
        id: JobId(number),
        name: short(letter, 1_024),
        stage: short(letter, 255),
        status,
        allow_failure: number.is_multiple_of(2),
        // Of one kind nothing is known but that it is not the code's.
        failure_reason: (!number.is_multiple_of(3)).then(|| short(letter, 255)),
        web_url: short("u", 1_000),
        architecture: Some(short(letter, 255)),
        tags: vec![short(letter, 255); 20],
        started_at: None,
        duration: None,
        kind: JobKind::Build,
    }
}

fn pipeline(letter: &str, status: Status) -> Pipeline {
    Pipeline {
        id: PipelineId(u64::MAX),
        sha: id(1),
        reference: short(letter, 255),
        source: "api".into(),
        status,
        web_url: short("u", 1_000),
        created_at: Some(now()),
        started_at: Some(now()),
        yaml_errors: Some(short(letter, 2_000)),
    }
}

fn outcome(kind: u64, letter: &str, seed: u64) -> Outcome {
    let ended = |status: Status, jobs: Status| {
        let jobs: Vec<Job> = (0..100).map(|n| job(letter, n, jobs.clone())).collect();
        let deadline = Deadline { overdue: Overdue::StillRunning, allowed: 9 };
        let required = vec![short(letter, 1_000); 50];
        match judge(&pipeline(letter, status), &jobs, &required, Some(deadline), true) {
            Judgement::Over(outcome) => outcome,
            other => panic!("{other:?}"),
        }
    };
    match kind % 10 {
        0 => {
            let mut outcome = ended(Status::Failed, Status::Failed);
            let Outcome::Failed(evidence) = &mut outcome else { panic!("{outcome:?}") };
            for job in evidence.failed.iter_mut().take(3) {
                job.log = vec![short(letter, 160); 15];
            }
            outcome
        }
        1 => ended(Status::Failed, Status::Skipped),
        2 => ended(Status::Success, Status::Success),
        3 => ended(Status::Manual, Status::Manual),
        4 => ended(
            Status::Running,
            if seed.is_multiple_of(2) { Status::Pending } else { Status::Running },
        ),
        9 => {
            let broken = (0..100).map(|n| Job {
                failure_reason: Some(short(letter, 255)),
                ..job(letter, n, Status::Failed)
            });
            let jobs: Vec<Job> = broken.collect();
            match judge(&pipeline(letter, Status::Failed), &jobs, &[], None, true) {
                Judgement::Over(outcome @ Outcome::Infrastructure(_)) => outcome,
                other => panic!("{other:?}"),
            }
        }
        5 => {
            let file = ConflictFile {
                path: short(letter, 150),
                kind: short(letter, 60),
                touched_by: vec![short(letter, 80); 3],
            };
            Outcome::Conflict { base: id(2), files: vec![file; 20], total: 1_000 }
        }
        6 => Outcome::Impossible { why: short(letter, 1_700) },
        7 => Outcome::Cancelled { by: short(letter, LONGEST_ADDRESS) },
        _ => Outcome::CiChanged(difference(letter, seed)),
    }
}

fn letters(seed: u64) -> Vec<MessageId> {
    let id = |n| format!("gatepost.{}.{seed}.{n}@{}", "0".repeat(40), "d".repeat(200));
    (0..2).map(|n| id(n).parse().unwrap()).collect()
}

/// One of the things that may happen to a request.
fn pull_event(kind: u64, seed: u64, letter: &str, sender: &str) -> PullEvent {
    let by = short(letter, LONGEST_ADDRESS);
    let sender_known = true;
    match kind {
        0 => PullEvent::Fetched(Fetched { found: Ok(pinned(letter, seed % 2)), sender_known }),
        1 => {
            let why = match seed % 3 {
                0 => FetchTrouble::NotAllowed { why: short(letter, 1_000) },
                1 => FetchTrouble::RefMissing,
                _ => FetchTrouble::Fault(trouble(letter, FaultKind::Temporary)),
            };
            PullEvent::Fetched(Fetched { found: Err(why), sender_known })
        }
        2 | 3 => {
            let verification = verification(seed, letter, sender);
            let payload = Some(PayloadDigest::of(&[seed.to_le_bytes()[0] % 2]));
            PullEvent::Checked(Checked { verification, payload, unwanted_by: None, sender_known })
        }
        4 | 5 => PullEvent::Examined(Examined {
            facts: Facts { already_merged: false, commits: 9, head: id(3) },
            contains: (0..64).map(|n| PullNumber(u64::MAX - n)).collect(),
            series: Some(Box::new(series(letter))),
            touches: (0..500).map(|n| format!("{n}{}", short(letter, 200))).collect(),
        }),
        6 => {
            let files = vec![short(letter, 1_200); 10];
            PullEvent::OutOfPaths(OutOfPaths { files, total: 4_000, sender_known })
        }
        7 => PullEvent::Failed(trouble(letter, FaultKind::Misconfigured)),
        8 => PullEvent::HoldTold(letters(seed)),
        9 => PullEvent::Began(RunId(seed)),
        10 | 11 => PullEvent::Ended(outcome(seed, letter, seed)),
        12 => PullEvent::Written(letters(seed)),
        13 => PullEvent::Sent,
        14 => PullEvent::UnansweredTold(letters(seed)),
        15 => PullEvent::Retracted { said: short(letter, 1_200) },
        16 | 17 => PullEvent::Ordered(Ordered::Approve { by }),
        18 => PullEvent::Ordered(Ordered::Note { text: short(letter, 1_000), by }),
        19 => PullEvent::Ordered(Ordered::Refuse { reason: short(letter, 1_000), by }),
        20 => {
            let by = PullNumber(u64::MAX);
            let cover = Cover { request: records::pull(1, "x@y").cover.request, ..cover(letter) };
            let cover = cover.bounded_beside().unwrap();
            let adopted = Adopted { by, list: ListName::new("devel"), cover };
            PullEvent::Adopted { adopted: Box::new(adopted), proof: Proof::Person }
        }
        _ => {
            let plan = Plan::Again { base: id(seed), at: now() };
            PullEvent::Ordered(Ordered::Retest { plan, by, only_author: false })
        }
    }
}

/// Puts a request and what was told of it.
fn put(pull: &Pull, told: Told) {
    let line = told.map(|what| HistoryEntry { at: now(), stage: "held".into(), what });
    let history = line.into_iter().map(|line| (pull.number, line)).collect();
    let batch = Batch { pulls: vec![pull.clone()], history, ..Batch::default() };
    MemoryStore::default().put(&batch).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn a_request_can_be_put_whatever_is_written_into_it(
        letter in 0..LETTERS.len(),
        events in prop::collection::vec((0_u64..22, 0_u64..1_000), 1..40),
    ) {
        let letter = LETTERS[letter];
        let (mut pull, policy) = (request(letter), policy(letter));
        let sender = pull.cover.author.address.clone();
        put(&pull, None);
        for (kind, seed) in events {
            let told = pull_rules::apply(
                &mut pull, pull_event(kind, seed, letter, &sender), &policy, now()).flatten();
            put(&pull, told);
        }
    }

    #[test]
    fn a_run_can_be_put_whatever_is_written_into_it(
        letter in 0..LETTERS.len(),
        asked in proptest::bool::ANY,
        events in prop::collection::vec((0_u64..12, 0_u64..1_000), 1..30),
    ) {
        let letter = LETTERS[letter];
        let policy = policy(letter);
        let target = policy.targets.values().next().unwrap();
        let mut run = run(letter, asked);
        for (kind, seed) in events {
            let told = run_rules::apply(&mut run, run_event(kind, seed, letter), target, now()).flatten();
            let batch = Batch { runs: vec![run.clone()], ..Batch::default() };
            MemoryStore::default().put(&batch).unwrap();
            assert!(told.is_none_or(|told| told.len() < LARGEST_RECORD / 2));
        }
    }
}

fn run(letter: &str, asked: bool) -> Run {
    let why = if asked {
        Why::Asked {
            asker: Some(short(letter, LONGEST_ADDRESS)),
            url: short(letter, 1_000),
            reference: short(letter, 400),
            sha: id(1),
        }
    } else {
        Why::Attempt { pull: PullNumber(1), attempt: 1, plan: Plan::Fresh }
    };
    Run { why, stage: RunStage::Waiting { since: now() }, ..records::run(1) }
}

/// One of the things that may happen to a run.
fn run_event(kind: u64, seed: u64, letter: &str) -> RunEvent {
    let candidate = Candidate { base: Some(id(1)), commit: id(2), tree: id(3) };
    match kind {
        0 => RunEvent::Began,
        1 => RunEvent::BaseRead(id(seed)),
        2 => RunEvent::Merged(candidate),
        3 => RunEvent::Fetched(candidate),
        4 => RunEvent::CiChecked(CiCheck::Approved {
            by: short(letter, LONGEST_ADDRESS),
            dropped: vec![short(letter, 500); 100],
        }),
        5 => RunEvent::Pushed,
        6 => RunEvent::CreateBegun,
        7 => RunEvent::Created(pipeline(letter, Status::Unknown(short(letter, 255)))),
        8 => RunEvent::Seen(Seen {
            status: Status::Unknown(short(letter, 255)),
            started: true,
            progress: Some((1, 2)),
            unsettled: true,
        }),
        9 => RunEvent::Failed(trouble(letter, FaultKind::Temporary)),
        10 => RunEvent::Stopped(outcome(seed, letter, seed)),
        _ => RunEvent::Ended(outcome(seed, letter, seed)),
    }
}

/// Takes a request with all problems from its arrival to the queue; by a signer whom the keyring
/// knows, or a first-time one.
fn queued(letter: &str, known: bool) -> (Pull, Policy) {
    let (mut pull, mut policy) = (request(letter), policy(letter));
    let sender = pull.cover.author.address.clone();
    let mut step = |kind, seed| {
        let event = pull_event(kind, seed, letter, &sender);
        let told = pull_rules::apply(&mut pull, event, &policy, now()).flatten();
        put(&pull, told);
    };
    let (unknown, good) = ([(0, 1), (2, 5), (8, 1), (16, 0), (2, 5)], [(0, 1), (15, 0), (2, 8)]);
    let signed = if known { good.as_slice() } else { unknown.as_slice() };
    for (kind, seed) in signed.iter().chain(&[(4, 0), (8, 2), (16, 0), (4, 0)]) {
        step(*kind, *seed);
    }
    policy.unknown_keys = UnknownKeys::Refuse;
    assert_eq!(pull.stage.word(), "queued", "{letter:?}");
    (pull, policy)
}

#[test]
fn approvals_that_no_record_holds_are_refused_and_none_is_forgotten() {
    for (letter, known) in LETTERS.into_iter().flat_map(|letter| [(letter, true), (letter, false)])
    {
        let (mut pull, policy) = queued(letter, known);
        let sender = pull.cover.author.address.clone();
        let before = pull.approvals.clone();
        assert_eq!(before.len(), if known { 1 } else { 2 }, "of the problems, and of the key");
        let mut taken = 0;
        for seed in 0..100 {
            // Each time CI would run something else than what was approved.
            let kind = 8 + 10 * seed;
            for event in [pull_event(9, 1, letter, &sender), pull_event(10, kind, letter, &sender)]
            {
                put(&pull, None);
                pull_rules::apply(&mut pull, event, &policy, now()).flatten();
            }
            assert_eq!(pull.stage.word(), "held");
            let by = short(letter, 60);
            let room = pull.has_room_for_approval(&by, now());
            let approve = PullEvent::Ordered(Ordered::Approve { by });
            let told = pull_rules::apply(&mut pull, approve, &policy, now()).flatten();
            put(&pull, told.clone());
            assert_eq!(told.is_some(), room);
            if !room {
                break;
            }
            taken += 1;
            let digest = difference(letter, kind).digest;
            assert!(pull.ci_approved_by(&digest).is_some());
        }
        assert!((3..20).contains(&taken), "{taken}");
        assert_eq!(pull.approvals.len(), before.len() + taken);
        assert_eq!(
            pull.approvals[..before.len()],
            before,
            "what lifts the other holds is still there"
        );
        assert_eq!(pull.stage.word(), "held", "and it is not let through");
        let line = format!("approve {}", pull.number);
        let order = Order {
            command: verbs::parse(&line, false).map_err(|error| error.to_string()),
            line,
            given: Given {
                by: Sender { address: short(letter, 60), how: SenderProof::Socket },
                maintainer: false,
                on_list: false,
                thread: None,
                keys: Vec::new(),
                reply_to: None,
                mail: None,
            },
        };
        let mut world = World::new(policy, Records { pulls: vec![pull], ..Records::default() });
        let answer = world.step(Input::Command(Box::new(order)), now()).answer;
        let Some(Answer::Refused(why)) = answer else { panic!("{answer:?}") };
        assert!(why.contains("so often that its record holds no more"), "{why}");
    }
}

#[test]
fn a_letter_that_is_written_anew_stays_known_however_many_come_between() {
    let (mut pull, policy) = queued("a", true);
    let hold = letters(1_000);
    for seed in 0..200 {
        pull_rules::apply(&mut pull, PullEvent::UnansweredTold(hold.clone()), &policy, now());
        pull_rules::apply(&mut pull, PullEvent::UnansweredTold(letters(seed)), &policy, now());
        let times = |id| pull.letters.iter().filter(|known| *known == id).count();
        assert!(hold.iter().all(|id| times(id) == 1), "{seed}");
        put(&pull, None);
    }
}

#[test]
fn the_bots_own_record_can_be_put_whatever_it_has_to_tell() {
    for letter in LETTERS {
        let mut world = World::new(policy(letter), Records::default());
        let store = MemoryStore::default();
        let mut step = |input| {
            let step = world.step(input, now());
            store.put(&step.batch).unwrap();
            step
        };
        let folder = records::folder("INBOX");
        let misses = (0..9).map(|n: u32| Arrival {
            message_id: None,
            received_at: now(),
            what: Arrived::NearMiss(Box::new(NearMiss {
                message_id: format!("{n}{}@x", "\"".repeat(110)).parse().unwrap(),
                subject: long(letter),
                author: Person {
                    name: Some(short(letter, 250)),
                    // Few of one author are kept.
                    address: format!("{n:02}{}", short(letter, LONGEST_ADDRESS - 6)),
                },
                received_at: now(),
                ..records::near_miss()
            })),
        });
        let cursor = records::cursor(9);
        step(Input::Read { folder, cursor, arrivals: misses.collect(), complete: true });
        for n in 0..40 {
            let subject = format!("{n} {}", short(letter, 270));
            step(Input::Unreadable { alert: Alert { subject, detail: long(letter) } });
        }
        let key = |n: u32| ExpiringKey {
            key: format!("{n:064}"),
            owner: short(letter, 200),
            address: Some(short(letter, LONGEST_ADDRESS)),
            expires: now() + SignedDuration::from_hours(24),
        };
        let keys = Reply::answer((0..100).map(key).collect());
        step(done(Done::Chore(ChoreDone::ReadKeyring(ReadKeyring, keys))));
        // What was told is kept in mind for a day.
        for n in 0..150 {
            let subject = format!("{n} {}", short(letter, 270));
            let told = TellAlert(Alert { subject, detail: String::new() });
            step(done(Done::Chore(ChoreDone::TellAlert(told, Reply::answer(())))));
        }
        let control: Control = store.open_records().unwrap().control;
        assert_eq!(control.near_misses.len(), 5, "{letter:?}");
        assert!(!control.alerted.is_empty());
    }
}

fn done(done: Done) -> Input {
    Input::Done(Box::new(done))
}

#[test]
fn a_command_mail_and_its_trail_can_be_put_whatever_they_say() {
    for letter in LETTERS {
        let mut world = World::new(policy(letter), Records::default());
        let store = MemoryStore::default();
        let from = "rita@example.org";
        for proved in [false, true] {
            let id: MessageId = format!("{proved}{}@x", "\"".repeat(490)).parse().unwrap();
            let above = vec![id.clone(); 3];
            let mail =
                CommandMail::new(id.clone(), from, &long(letter), &above, now(), None, now());
            let mail = Box::new(mail.unwrap());
            let arrival =
                Arrival { message_id: None, received_at: now(), what: Arrived::Commands(mail) };
            let (folder, cursor) = (records::folder("INBOX"), records::cursor(9));
            let arrivals = vec![arrival];
            let read = Input::Read { folder, cursor, arrivals, complete: true };
            store.put(&world.step(read, now()).batch).unwrap();
            let lines = vec![(long(letter), Err(long(letter))); 20];
            let proof = Proved {
                by: ProvedBy::Key(Signer {
                    key: short(letter, 100),
                    name: short(letter, 100),
                    addresses: vec![from.into()],
                    scope: Scope::default(),
                }),
                signed_at: now(),
                digests: Vec::new(),
                acted_on_in: None,
                recipients: None,
                said: Said { lines, more: true, unsigned_subject: false },
            };
            let (id_of, from) = (Some(id.clone()), Some(from.to_owned()));
            let found = Found {
                bytes: Bytes { id: id_of, from, to_commands: true, doubled: None },
                proofs: if proved { vec![proof] } else { Vec::new() },
                failures: vec![long(letter)],
                maintainer: true,
                ..Found::default()
            };
            let reading = MailEvent::Read(Box::new(MailReading::Found(found)));
            let input = done(Done::Mail(id, Reply::answer(reading)));
            let batch = world.step(input, now()).batch;
            assert!(!batch.audit.is_empty());
            store.put(&batch).unwrap();
        }
    }
}

#[test]
fn a_letter_can_be_put_whatever_a_server_says_of_it() {
    for letter in LETTERS {
        let events: [fn(Fault) -> LetterEvent; 3] =
            [LetterEvent::Deferred, LetterEvent::Uncertain, LetterEvent::Rejected];
        for event in events {
            let mut one = records::letter("a@x", records::ready());
            let said = Fault { detail: long(letter), ..trouble(letter, FaultKind::Permanent) };
            assert!(letter_rules::apply(&mut one, event(said), now()));
            let batch = Batch { letters: vec![one], ..Batch::default() };
            MemoryStore::default().put(&batch).unwrap();
        }
    }
}

#[test]
fn what_is_left_out_of_a_full_record_is_only_shown() {
    let (mut pull, policy) = queued("\u{1F600}", true);
    let sender = pull.cover.author.address.clone();
    for seed in 0..8 {
        let note = pull_event(18, seed, "\u{1F600}", &sender);
        pull_rules::apply(&mut pull, note, &policy, now()).flatten();
    }
    for event in [pull_event(9, 1, "a", &sender), pull_event(10, 0, "\u{1F600}", &sender)] {
        pull_rules::apply(&mut pull, event, &policy, now()).flatten();
    }
    let Stage::Concluded { verdict, trusted: Some(trusted), .. } = &pull.stage else {
        panic!("{:?}", pull.stage)
    };
    assert_eq!(verdict.word(), "failed");
    assert!(!trusted.signer.key.is_empty() && trusted.pinned.tag.is_some());
    put(&pull, None);
}
