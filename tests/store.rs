//! The store's contract, against the one on disk and the one in memory; and what only a disk can
//! do to one: kill -9, damage, a second process, no space left, an older version's files.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use gatepost::adapters::store::{MemoryStore, OpenError, SledStore};
use gatepost::ports::{
    Batch, Control, Cursor, Fault, FaultKind, FileName, Folder, HistoryEntry, Pause, Records, Store,
};
use gatepost::pull::cover::{Cover, Person, Request};
use gatepost::pull::ids::{
    AccountName, JobId, ListName, MessageId, ObjectId, PullNumber, RunId, TargetName,
};
use gatepost::pull::letter::{About, Letter, LetterState};
use gatepost::pull::request::{Pull, Stage};
use gatepost::pull::retry::Retry;
use gatepost::pull::run::{Run, RunStage, Why};
use gatepost::pull::verdict::{Audience, Outcome, Verdict};
use jiff::Timestamp;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

// --- Records to put. ---

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).unwrap()
}

fn message_id(text: &str) -> MessageId {
    text.parse().unwrap()
}

fn object_id(digit: char) -> ObjectId {
    digit.to_string().repeat(40).parse().unwrap()
}

fn pull(number: u64, id: &str) -> Pull {
    Pull {
        number: PullNumber(number),
        list: ListName::new("devel"),
        target: TargetName::new("master"),
        cover: Cover {
            message_id: message_id(id),
            subject: "[PULL 0/2] Blöck patches".into(),
            prefixes: vec!["PULL 0/2".into()],
            revision: 1,
            author: Person { name: Some("Ada".into()), address: "ada@example.org".into() },
            references: vec![message_id("before@example.org")],
            date: Some(at(0)),
            request: Request {
                url: "https://example.org/qemu.git".into(),
                reference: "tags/block-2026".into(),
                base: Some("0123456789ab".parse().unwrap()),
                tip: None,
            },
        },
        received_at: at(1),
        priority: 0,
        attempts: 0,
        approvals: Vec::new(),
        landing_checked: Some(object_id('c')),
        told_unanswered: None,
        letters: vec![message_id("letter@example.org")],
        stage: Stage::Received { fetch: Retry::now(at(1)) },
    }
}

fn closed(mut pull: Pull) -> Pull {
    pull.stage = Stage::Closed { verdict: Verdict::Landed, at: at(9) };
    pull
}

fn run(id: u64) -> Run {
    Run {
        id: RunId(id),
        target: TargetName::new("master"),
        why: Why::Asked {
            asker: None,
            url: "https://example.org/qemu.git".into(),
            reference: "staging".into(),
            sha: object_id('a'),
        },
        ci_ref: format!("staging-gatepost-run-{id}"),
        created_at: at(2),
        stage: RunStage::Planned { retry: Retry::now(at(2)) },
    }
}

fn closed_run(mut run: Run) -> Run {
    run.stage = RunStage::Closed { outcome: Outcome::AlreadyMerged, at: at(9) };
    run
}

fn letter(id: &str, state: LetterState) -> Letter {
    Letter {
        id: message_id(id),
        about: About::Pull(PullNumber(1)),
        audience: Audience::Thread,
        list: Some(ListName::new("devel")),
        recipients: vec!["ada@example.org".into()],
        subject: "Re: [PULL 0/2] Blöck patches".into(),
        written_at: at(3),
        state,
    }
}

fn ready() -> LetterState {
    LetterState::Ready { retry: Retry::now(at(3)) }
}

fn folder(name: &str) -> Folder {
    Folder { account: AccountName::new("bot"), folder: name.into() }
}

fn cursor(uid_next: u32) -> Cursor {
    Cursor { uid_validity: 7, uid_next, read_at: at(4) }
}

fn line(what: &str) -> HistoryEntry {
    HistoryEntry { at: at(5), stage: "received".into(), what: what.into() }
}

fn pulls(pulls: impl IntoIterator<Item = Pull>) -> Batch {
    Batch { pulls: pulls.into_iter().collect(), ..Batch::default() }
}

// --- The contract. ---

/// A store that can be closed and opened again.
trait Place {
    fn open(&self) -> Box<dyn Store>;
}

struct OnDisk(tempfile::TempDir);

impl Place for OnDisk {
    fn open(&self) -> Box<dyn Store> {
        Box::new(SledStore::open(self.0.path()).unwrap())
    }
}

impl Place for MemoryStore {
    fn open(&self) -> Box<dyn Store> {
        Box::new(self.clone())
    }
}

/// Tells the same story to both stores, each new.
fn both(story: impl Fn(&dyn Place)) {
    story(&MemoryStore::default());
    story(&OnDisk(tempfile::tempdir().unwrap()));
}

#[test]
fn a_new_store_is_empty_and_counts_from_one() {
    both(|place| {
        let store = place.open();
        let records = store.open_records().unwrap();
        assert_eq!(records, Records { next_pull: 1, next_run: 1, ..Records::default() });
        assert_eq!(store.newest_pulls(5).unwrap(), []);
        assert_eq!(store.newest_runs(5).unwrap(), []);
        assert_eq!(store.pull(PullNumber(1)).unwrap(), None);
        assert_eq!(store.run(RunId(1)).unwrap(), None);
        assert_eq!(store.letter(&message_id("l@x")).unwrap(), None);
        assert_eq!(store.pull_by_message_id(&message_id("m@x")).unwrap(), None);
        assert_eq!(store.history(PullNumber(1)).unwrap(), []);
        store.put(&Batch::default()).unwrap();
    });
}

#[test]
fn everything_of_a_batch_is_there_after_opening_again() {
    both(|place| {
        let control = Control {
            pause: Some(Pause { reason: "moving".into(), by: "ada".into(), at: at(1) }),
            ..Control::default()
        };
        let batch = Batch {
            pulls: vec![pull(1, "one@x"), pull(2, "two@x")],
            runs: vec![run(1)],
            letters: vec![letter("l1@x", ready())],
            cursors: vec![(folder("INBOX"), cursor(5)), (folder("Grüße"), cursor(6))],
            control: Some(control.clone()),
            history: vec![(PullNumber(1), line("came")), (PullNumber(2), line("came too"))],
        };
        let store = place.open();
        store.put(&batch).unwrap();
        drop(store);

        let store = place.open();
        let mut records = store.open_records().unwrap();
        records.cursors.reverse();
        assert_eq!(
            records,
            Records {
                pulls: batch.pulls.clone(),
                runs: batch.runs.clone(),
                letters: batch.letters.clone(),
                cursors: vec![batch.cursors[0].clone(), batch.cursors[1].clone()],
                control,
                next_pull: 3,
                next_run: 2,
            }
        );
        assert_eq!(store.pull(PullNumber(2)).unwrap(), Some(pull(2, "two@x")));
        assert_eq!(store.run(RunId(1)).unwrap(), Some(run(1)));
        assert_eq!(store.letter(&message_id("l1@x")).unwrap(), Some(letter("l1@x", ready())));
        assert_eq!(store.pull_by_message_id(&message_id("two@x")).unwrap(), Some(PullNumber(2)));
        assert_eq!(store.history(PullNumber(1)).unwrap(), [line("came")]);
        assert_eq!(store.history(PullNumber(2)).unwrap(), [line("came too")]);
    });
}

#[test]
fn a_put_replaces_whole_records_and_leaves_the_rest() {
    both(|place| {
        let store = place.open();
        store.put(&pulls([pull(1, "one@x"), pull(2, "two@x")])).unwrap();
        let mut changed = pull(1, "one@x");
        changed.priority = 5;
        changed.landing_checked = None;
        let batch = Batch {
            pulls: vec![changed.clone()],
            cursors: vec![(folder("INBOX"), cursor(5))],
            ..Batch::default()
        };
        store.put(&batch).unwrap();
        store
            .put(&Batch { cursors: vec![(folder("INBOX"), cursor(9))], ..Batch::default() })
            .unwrap();
        let records = place_again(place, store).open_records().unwrap();
        assert_eq!(records.pulls, [changed, pull(2, "two@x")]);
        assert_eq!(records.cursors, [(folder("INBOX"), cursor(9))]);
    });
}

fn place_again(place: &dyn Place, store: Box<dyn Store>) -> Box<dyn Store> {
    drop(store);
    place.open()
}

#[test]
fn what_is_over_is_not_open_but_still_found() {
    both(|place| {
        let store = place.open();
        let sent = letter("l1@x", LetterState::Sent { at: at(9) });
        store.put(&pulls([pull(1, "one@x"), pull(2, "two@x")])).unwrap();
        store
            .put(&Batch {
                runs: vec![run(1), run(2)],
                letters: vec![letter("l1@x", ready()), letter("l2@x", ready())],
                ..Batch::default()
            })
            .unwrap();
        store
            .put(&Batch {
                pulls: vec![closed(pull(1, "one@x"))],
                runs: vec![closed_run(run(2))],
                letters: vec![sent.clone()],
                ..Batch::default()
            })
            .unwrap();

        let store = place_again(place, store);
        let records = store.open_records().unwrap();
        assert_eq!(records.pulls, [pull(2, "two@x")]);
        assert_eq!(records.runs, [run(1)]);
        assert_eq!(records.letters, [letter("l2@x", ready())]);
        assert_eq!((records.next_pull, records.next_run), (3, 3));
        assert_eq!(store.pull(PullNumber(1)).unwrap(), Some(closed(pull(1, "one@x"))));
        assert_eq!(store.pull_by_message_id(&message_id("one@x")).unwrap(), Some(PullNumber(1)));
        assert_eq!(store.run(RunId(2)).unwrap(), Some(closed_run(run(2))));
        assert_eq!(store.letter(&message_id("l1@x")).unwrap(), Some(sent));
    });
}

#[test]
fn what_was_over_can_be_open_again() {
    both(|place| {
        let store = place.open();
        store.put(&pulls([closed(pull(1, "one@x"))])).unwrap();
        assert_eq!(store.open_records().unwrap().pulls, []);
        store.put(&pulls([pull(1, "one@x")])).unwrap();
        assert_eq!(store.open_records().unwrap().pulls, [pull(1, "one@x")]);
    });
}

#[test]
fn numbers_sort_as_numbers_and_the_newest_come_first() {
    both(|place| {
        let store = place.open();
        let many = (1..=300).map(|n| pull(n, &format!("m{n}@x")));
        store.put(&pulls(many)).unwrap();
        store.put(&Batch { runs: (1..=300).map(run).collect(), ..Batch::default() }).unwrap();
        let numbers = |pulls: Vec<Pull>| pulls.iter().map(|p| p.number.0).collect::<Vec<_>>();
        assert_eq!(numbers(store.newest_pulls(3).unwrap()), [300, 299, 298]);
        assert!(store.newest_pulls(0).unwrap().is_empty());
        assert_eq!(store.newest_pulls(1000).unwrap().len(), 300);
        let runs: Vec<u64> = store.newest_runs(2).unwrap().iter().map(|run| run.id.0).collect();
        assert_eq!(runs, [300, 299]);
        let records = store.open_records().unwrap();
        assert_eq!(numbers(records.pulls), (1..=300).collect::<Vec<_>>());
        assert_eq!((records.next_pull, records.next_run), (301, 301));
    });
}

#[test]
fn history_keeps_its_order_and_belongs_to_its_request() {
    both(|place| {
        let store = place.open();
        let texts: Vec<String> = (0..300).map(|n| format!("line {n}")).collect();
        for (n, text) in texts.iter().enumerate() {
            // The neighbours' lines must not get between.
            let history = vec![
                (PullNumber(2), line(text)),
                (PullNumber(1), line("other")),
                (PullNumber(3), line(&format!("other {n}"))),
            ];
            store.put(&Batch { history, ..Batch::default() }).unwrap();
        }
        let lines = place_again(place, store).history(PullNumber(2)).unwrap();
        assert!(lines.iter().map(|line| &line.what).eq(texts.iter()));
    });
}

#[test]
fn a_repeated_put_changes_nothing() {
    both(|place| {
        let store = place.open();
        let came = Batch {
            pulls: vec![pull(1, "one@x")],
            history: vec![(PullNumber(1), line("came")), (PullNumber(1), line("read"))],
            ..Batch::default()
        };
        store.put(&came).unwrap();
        store.put(&came).unwrap();
        assert_eq!(store.history(PullNumber(1)).unwrap(), [line("came"), line("read")]);
        let again = Batch { history: vec![(PullNumber(1), line("came"))], ..Batch::default() };
        store.put(&again).unwrap();
        assert_eq!(
            store.history(PullNumber(1)).unwrap(),
            [line("came"), line("read"), line("came")]
        );
    });
}

#[test]
fn a_message_id_and_a_number_belong_to_each_other_for_ever() {
    both(|place| {
        let store = place.open();
        store.put(&pulls([closed(pull(1, "one@x"))])).unwrap();
        for wrong in [
            pulls([pull(2, "one@x")]),
            pulls([pull(1, "two@x")]),
            pulls([pull(3, "three@x"), pull(4, "three@x")]),
        ] {
            assert_eq!(store.put(&wrong).unwrap_err().kind, FaultKind::Bug);
        }
        let records = store.open_records().unwrap();
        assert_eq!((records.pulls.len(), records.next_pull), (0, 2));
    });
}

#[test]
fn one_record_too_large_refuses_the_whole_batch() {
    both(|place| {
        let store = place.open();
        let mut large = pull(2, "two@x");
        large.cover.subject = "x".repeat(32 * 1024);
        let batch = Batch {
            pulls: vec![pull(1, "one@x"), large],
            cursors: vec![(folder("INBOX"), cursor(5))],
            ..Batch::default()
        };
        let fault = store.put(&batch).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Bug);
        assert!(fault.detail.contains("request 2 takes"), "{fault}");
        let records = place_again(place, store).open_records().unwrap();
        assert_eq!(records, Records { next_pull: 1, next_run: 1, ..Records::default() });
    });
}

#[test]
fn files_are_kept_under_names_that_do_not_get_in_each_others_way() {
    both(|place| {
        let store = place.open();
        let names = [
            FileName::Mail(message_id("../../etc/passwd@x")),
            FileName::Letter(message_id("../../etc/passwd@x")),
            FileName::Log(RunId(1), JobId(23)),
            FileName::Log(RunId(12), JobId(3)),
            FileName::Mail(message_id(&"x".repeat(900))),
        ];
        for (n, name) in names.iter().enumerate() {
            assert_eq!(store.file(name).unwrap(), None);
            store.put_file(name, b"first").unwrap();
            store.put_file(name, &[n as u8, 0, 255]).unwrap();
        }
        let store = place_again(place, store);
        for (n, name) in names.iter().enumerate() {
            assert_eq!(store.file(name).unwrap(), Some(vec![n as u8, 0, 255]));
        }
    });
}

#[test]
fn an_export_has_every_record_in_a_fixed_order() {
    let memory = MemoryStore::default();
    let place = OnDisk(tempfile::tempdir().unwrap());
    let disk = SledStore::open(place.0.path()).unwrap();
    let mut texts = Vec::new();
    for _ in 0..2 {
        fill(&memory);
        fill(&disk);
        let mut text = Vec::new();
        memory.export(&mut text).unwrap();
        texts.push(String::from_utf8(text).unwrap());
        let mut text = Vec::new();
        disk.export(&mut text).unwrap();
        texts.push(String::from_utf8(text).unwrap());
    }
    assert!(texts.iter().all(|text| *text == texts[0]));
    let first = texts[0].lines().next().unwrap();
    assert!(first.starts_with(r#"{"table":"pulls","key":"1","value":{"#), "{first}");
    let tables: Vec<String> = texts[0]
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|line| format!("{} {}", line["table"].as_str().unwrap(), line["key"]))
        .collect();
    assert_eq!(
        tables,
        [
            r#"pulls "1""#,
            r#"pulls "2""#,
            r#"runs "1""#,
            r#"letters "l1@x""#,
            r#"letters "l2@x""#,
            r#"cursors "bot INBOX""#,
            r#"control "control""#,
            r#"history "1.0""#,
            r#"history "1.1""#,
            r#"message-ids "one@x""#,
            r#"message-ids "two@x""#,
        ]
    );
}

/// The records of the stored fixture: never changed, new ones go into a new version's.
fn fill(store: &dyn Store) {
    let control = Control {
        pause: Some(Pause { reason: "moving".into(), by: "ada".into(), at: at(1) }),
        counts: [("unsigned".to_owned(), 3)].into(),
        counting_since: Some(at(0)),
        alerted: [("token".to_owned(), at(2))].into(),
    };
    let batch = Batch {
        pulls: vec![pull(1, "one@x"), closed(pull(2, "two@x"))],
        runs: vec![run(1)],
        letters: vec![letter("l1@x", ready()), letter("l2@x", LetterState::Sent { at: at(8) })],
        cursors: vec![(folder("INBOX"), cursor(5))],
        control: Some(control),
        history: vec![(PullNumber(1), line("came")), (PullNumber(1), line("read"))],
    };
    store.put(&batch).unwrap();
    store.put_file(&FileName::Mail(message_id("one@x")), b"From: ada\n\nPlease pull.\n").unwrap();
}

// --- What only memory does. ---

#[test]
fn the_memory_store_fails_when_told_to() {
    let store = MemoryStore::default();
    store.fail_next_put(Fault::temporary("full"));
    store.fail_next_put_late(Fault::temporary("late"));
    let batch = Batch {
        pulls: vec![pull(1, "one@x")],
        history: vec![(PullNumber(1), line("came"))],
        ..Batch::default()
    };
    assert_eq!(store.put(&batch).unwrap_err().detail, "full");
    assert_eq!(store.pull(PullNumber(1)).unwrap(), None);
    assert_eq!(store.put(&batch).unwrap_err().detail, "late");
    assert_eq!(store.pull(PullNumber(1)).unwrap(), Some(pull(1, "one@x")));
    store.put(&batch).unwrap();
    assert_eq!(store.history(PullNumber(1)).unwrap(), [line("came")]);
}

// --- What only a disk does. ---

/// Set in a process that this test program starts of itself: the state directory to write to.
const WRITER: &str = "GATEPOST_TEST_WRITER";

/// A process that is killed when the test is over, however it ends.
struct Writer(Child);

impl Drop for Writer {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

fn start_writer(directory: &Path) -> Writer {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["writes_until_it_is_killed", "--exact", "--nocapture", "--test-threads=1"])
        .env(WRITER, directory)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    Writer(child)
}

/// Not a test by itself: the process that `kill_9_loses_nothing` kills.
#[test]
fn writes_until_it_is_killed() {
    let Some(directory) = std::env::var_os(WRITER) else { return };
    let store = SledStore::open(Path::new(&directory)).unwrap();
    let first = store.open_records().unwrap().next_pull;
    for number in first.. {
        put_numbered(&store, number).unwrap();
        println!("\nput {number}");
    }
}

fn put_numbered(store: &dyn Store, number: u64) -> Result<(), Fault> {
    let id = format!("m{number}@x");
    store.put_file(&FileName::Mail(message_id(&id)), id.as_bytes())?;
    store.put(&Batch {
        pulls: vec![pull(number, &id)],
        runs: vec![run(number)],
        cursors: vec![(folder("INBOX"), cursor(number as u32))],
        history: vec![(PullNumber(number), line("came"))],
        ..Batch::default()
    })
}

/// Everything that `put_numbered` had put, and nothing torn.
fn expect_all_up_to(store: &dyn Store, acknowledged: u64) -> u64 {
    let records = store.open_records().unwrap();
    let last = records.next_pull - 1;
    assert!(last >= acknowledged, "lost: {last} of {acknowledged}");
    assert_eq!(records.next_run, records.next_pull);
    assert_eq!(records.cursors, [(folder("INBOX"), cursor(last as u32))]);
    assert_eq!(records.pulls.len() as u64, last);
    for number in 1..=last {
        let id = message_id(&format!("m{number}@x"));
        assert_eq!(store.pull_by_message_id(&id).unwrap(), Some(PullNumber(number)));
        assert_eq!(store.history(PullNumber(number)).unwrap(), [line("came")]);
        assert_eq!(store.file(&FileName::Mail(id.clone())).unwrap(), Some(id.as_str().into()));
    }
    last
}

#[test]
fn kill_9_loses_nothing_that_was_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    let mut last = 0;
    for round in 1..=6 {
        let mut writer = start_writer(directory.path());
        let mut acknowledged = 0;
        let lines = BufReader::new(writer.0.stdout.take().unwrap()).lines();
        for line in lines.map_while(Result::ok) {
            if let Some(number) = line.strip_prefix("put ") {
                acknowledged = number.parse().unwrap();
                if acknowledged >= last + 10 * round {
                    writer.0.kill().unwrap();
                }
            }
        }
        drop(writer);
        assert!(acknowledged > last, "the writer did nothing");
        let store = SledStore::open(directory.path()).unwrap();
        last = expect_all_up_to(&store, acknowledged);
    }
}

#[test]
fn a_second_process_is_told_who_has_the_directory() {
    let directory = tempfile::tempdir().unwrap();
    let mut writer = start_writer(directory.path());
    let mut lines = BufReader::new(writer.0.stdout.take().unwrap()).lines();
    while !lines.next().unwrap().unwrap().starts_with("put ") {}
    let error = SledStore::open(directory.path()).unwrap_err();
    assert!(matches!(error, OpenError::Locked { holder: Some(id), .. } if id == writer.0.id()));
    let text = error.to_string();
    assert!(text.starts_with(&format!("another gatepost (process {})", writer.0.id())), "{text}");
    assert!(text.contains(directory.path().to_str().unwrap()), "{text}");
    drop(writer);
    SledStore::open(directory.path()).unwrap();
}

#[test]
fn a_second_opener_leaves_the_firsts_unfinished_snapshot_alone() {
    let directory = tempfile::tempdir().unwrap();
    let _first = SledStore::open(directory.path()).unwrap();
    let snapshot = directory.path().join("db/snap.00000000000000FF.generating");
    fs::write(&snapshot, "at work").unwrap();
    assert!(matches!(SledStore::open(directory.path()), Err(OpenError::Locked { .. })));
    assert!(snapshot.exists());
}

#[test]
fn an_unfinished_snapshot_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    fill(&SledStore::open(directory.path()).unwrap());
    let snapshot = directory.path().join("db/snap.00000000000000FF.generating");
    fs::write(&snapshot, "cut off").unwrap();
    let store = SledStore::open(directory.path()).unwrap();
    assert_eq!(store.pull(PullNumber(1)).unwrap(), Some(pull(1, "one@x")));
    assert!(!snapshot.exists());
    assert_eq!(copies(directory.path()), Vec::<PathBuf>::new());
}

#[test]
fn a_damaged_snapshot_is_set_aside_and_nothing_is_lost() {
    let directory = tempfile::tempdir().unwrap();
    fill(&SledStore::open(directory.path()).unwrap());
    let database = directory.path().join("db");
    let snapshot = entries(&database)
        .into_iter()
        .find(|path| path.file_name().unwrap().to_str().unwrap().starts_with("snap."))
        .unwrap_or_else(|| database.join("snap.00000000000000FF"));
    fs::write(&snapshot, "damaged").unwrap();
    let store = SledStore::open(directory.path()).unwrap();
    assert_eq!(store.pull(PullNumber(1)).unwrap(), Some(pull(1, "one@x")));
    assert_eq!(store.open_records().unwrap().letters, [letter("l1@x", ready())]);
    let copies = copies(directory.path());
    assert_eq!(copies.len(), 1);
    let kept = copies[0].join(snapshot.file_name().unwrap());
    assert_eq!(fs::read(kept).unwrap(), b"damaged");
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn copies(directory: &Path) -> Vec<PathBuf> {
    entries(directory)
        .into_iter()
        .filter(|path| path.to_str().unwrap().contains("damaged"))
        .collect()
}

/// Set in a process that this test program starts of itself: the state directory to fill.
const FILLER: &str = "GATEPOST_TEST_FILLER";

#[test]
fn a_full_disk_is_temporary_and_over_without_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    // An ignored SIGXFSZ is inherited through exec; a write over the limit then fails with EFBIG,
    // as one on a full disk does with ENOSPC.
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["fills_the_disk", "--exact", "--nocapture", "--test-threads=1"])
        .env(FILLER, directory.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("\nwent on after the disk was full"), "{said}");
    let store = SledStore::open(directory.path()).unwrap();
    let last = store.open_records().unwrap().next_pull - 1;
    expect_all_up_to(&store, last);
}

/// Not a test by itself: the process of `a_full_disk_is_temporary_and_over_without_a_restart`.
#[test]
fn fills_the_disk() {
    let Some(directory) = std::env::var_os(FILLER) else { return };
    let directory = Path::new(&directory);
    let store = SledStore::open(directory).unwrap();
    put_numbered(&store, 1).unwrap();
    let unlimited = getrlimit(Resource::Fsize);
    let length = fs::metadata(directory.join("db/db")).unwrap().len();
    let limit = Rlimit { current: Some(length + 700_000), maximum: unlimited.maximum };
    setrlimit(Resource::Fsize, limit).unwrap();
    let (number, fault) = (2..100_000)
        .find_map(|number| put_numbered(&store, number).err().map(|fault| (number, fault)))
        .unwrap();
    assert_eq!(fault.kind, FaultKind::Temporary, "{fault}");
    let still = put_numbered(&store, number).unwrap_err();
    assert_eq!(still.kind, FaultKind::Temporary, "{still}");
    setrlimit(Resource::Fsize, unlimited).unwrap();
    put_numbered(&store, number).unwrap();
    assert_eq!(expect_all_up_to(&store, number), number);
    put_numbered(&store, number + 1).unwrap();
    println!("\nwent on after the disk was full");
}

/// A store as every released version wrote it; the folder's name is the version.
#[test]
fn stores_of_every_released_version_are_read() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/store");
    let versions = entries(&fixtures);
    assert!(!versions.is_empty());
    for version in versions {
        let directory = tempfile::tempdir().unwrap();
        copy(&version, directory.path());
        let store = SledStore::open(directory.path()).unwrap();
        let fresh = MemoryStore::default();
        fill(&fresh);
        assert_eq!(store.open_records().unwrap(), fresh.open_records().unwrap());
        assert_eq!(store.newest_pulls(9).unwrap(), fresh.newest_pulls(9).unwrap());
        assert_eq!(store.history(PullNumber(1)).unwrap(), fresh.history(PullNumber(1)).unwrap());
        let mail = FileName::Mail(message_id("one@x"));
        assert_eq!(store.file(&mail).unwrap(), fresh.file(&mail).unwrap());
        // And it can be written on.
        put_numbered(&store, 3).unwrap();
    }
}

/// Writes this version's fixture; run by hand before a release:
/// `cargo test --test store writes_the_fixture -- --ignored`.
#[test]
#[ignore = "writes into the source tree"]
fn writes_the_fixture() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/store")
        .join(env!("CARGO_PKG_VERSION"));
    assert!(!directory.exists(), "{} is there already", directory.display());
    fill(&SledStore::open(&directory).unwrap());
    fs::remove_file(directory.join("lock")).unwrap();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for path in entries(from) {
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

#[test]
fn an_unfinished_file_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    drop(SledStore::open(directory.path()).unwrap());
    let unfinished = directory.path().join("files/mail/.unfinished-abc");
    fs::write(&unfinished, "half").unwrap();
    drop(SledStore::open(directory.path()).unwrap());
    assert!(!unfinished.exists());
}

#[test]
fn the_directory_is_for_its_owner_alone() {
    let above = tempfile::tempdir().unwrap();
    let directory = above.path().join("var/gatepost");
    let _store = SledStore::open(&directory).unwrap();
    assert_eq!(fs::metadata(&directory).unwrap().mode() & 0o777, 0o700);
}
