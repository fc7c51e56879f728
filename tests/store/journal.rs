//! What lives that were cut short leave behind.

use std::sync::Arc;

use crate::adapters::store::{MemoryStore, SledStore};
use crate::bot::journal::{Journal, Suspects, Work};
use crate::ports::{Cursor, Folder, Records, Store};
use crate::pull::aside::{Aside, RecordKey};
use crate::pull::command_mail::CommandMail;
use crate::pull::ids::{AccountName, MessageId};
use jiff::Timestamp;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn id(text: &str) -> MessageId {
    text.parse().unwrap()
}

fn record(text: &str) -> Work {
    Work::Record(RecordKey::Mail(id(text)))
}

fn mail(uid: u32) -> Work {
    Work::Mail { folder: folder(), uid_validity: 7, uid }
}

fn folder() -> Folder {
    Folder { account: AccountName::new("list"), folder: "INBOX".into() }
}

/// Command mails that are open, and a folder that is read up to a number.
fn records(ids: &[&str], second: i64, uid_next: u32) -> Records {
    let mail =
        |text: &&str| CommandMail::new(id(text), "a@x", "s", &[], at(0), None, at(second)).unwrap();
    let cursor = Cursor { uid_validity: 7, uid_next, read_at: at(second), watched_from: at(0) };
    Records {
        mails: ids.iter().map(mail).collect(),
        cursors: vec![(folder(), cursor)],
        ..Records::default()
    }
}

struct Lives {
    store: Arc<MemoryStore>,
    lived: i64,
}

impl Lives {
    fn new() -> Self {
        Self { store: Arc::new(MemoryStore::default()), lived: 0 }
    }

    /// Begins a life in which nothing is new but the time, does something, and is cut short.
    fn live(&mut self, work: impl FnOnce(&Journal)) -> Suspects {
        self.lived += 1;
        self.live_with(&records(&["a@x", "b@x"], self.lived, 3), work)
    }

    fn live_with(&self, records: &Records, work: impl FnOnce(&Journal)) -> Suspects {
        let journal = Journal::beside(self.store.clone());
        let found = journal.begin_life(records);
        work(&journal);
        found
    }
}

fn none() -> Suspects {
    Suspects::default()
}

#[test]
fn what_ends_three_lives_is_set_aside_and_what_was_ended_is_not() {
    let mut lives = Lives::new();
    let works = |journal: &Journal| {
        journal.begun(record("b@x"));
        journal.begun(record("a@x"));
        journal.ended(&record("b@x"));
    };
    assert_eq!(lives.live(works), none());
    assert_eq!(lives.live(works), none());
    let careful = vec![RecordKey::Mail(id("a@x"))];
    assert_eq!(lives.live(works), Suspects { careful, ..none() });
    let aside = vec![RecordKey::Mail(id("a@x"))];
    assert_eq!(lives.live(|_| {}), Suspects { aside: aside.clone(), ..none() });
    // Until that is durable.
    assert_eq!(lives.live(|_| {}), Suspects { aside, ..none() });
    let mut known = records(&["a@x", "b@x"], 9, 3);
    let mark = Aside::new("it ends lives", at(9));
    known.aside.push((RecordKey::Mail(id("a@x")), mark));
    assert_eq!(lives.live_with(&known, |_| {}), none());
    assert_eq!(lives.live(|_| {}), none());
}

#[test]
fn a_clean_end_or_another_life_between_counts_anew() {
    let clean: fn(&Journal) = |journal| journal.ended_cleanly();
    let nothing: fn(&Journal) = |_| {};
    for between in [clean, nothing] {
        let mut lives = Lives::new();
        let works = |journal: &Journal| journal.begun(record("a@x"));
        lives.live(works);
        lives.live(works);
        lives.live(between);
        assert_eq!(lives.live(works), none());
        assert_eq!(lives.live(works), none());
    }
}

#[test]
fn a_clean_end_forgives_what_it_gave_up() {
    let mut lives = Lives::new();
    for _ in 0..9 {
        let found = lives.live(|journal| {
            journal.begun(record("a@x"));
            journal.ended_cleanly();
        });
        assert_eq!(found, none());
    }
}

#[test]
fn progress_counts_anew() {
    let lives = Lives::new();
    for life in 0..9 {
        let mut records = records(&["a@x"], life, 3);
        records.mails[0].subject = format!("at {life}");
        assert_eq!(lives.live_with(&records, |journal| journal.begun(record("a@x"))), none());
    }
}

#[test]
fn a_mail_that_ends_three_lives_is_passed_over_until_it_is_behind() {
    let mut lives = Lives::new();
    for _ in 0..3 {
        lives.live(|journal| {
            assert!(!journal.passes_over(&mail(4)));
            journal.begun(mail(3));
            journal.begun(mail(4));
        });
    }
    for _ in 0..3 {
        lives.live(|journal| {
            assert!(journal.passes_over(&mail(4)));
            assert!(!journal.passes_over(&mail(3)));
        });
    }
    lives.live_with(&records(&[], 9, 5), |journal| assert!(!journal.passes_over(&mail(4))));
}

#[test]
fn a_garbled_journal_is_no_error_and_spoils_one_line() {
    let lives = Lives::new();
    let garbled = "\n{\"begun\":{\"rec\n\u{0}\u{1}\n[]\n{\"suspect\":7}";
    lives.store.write_journal(garbled).unwrap();
    assert_eq!(lives.live_with(&records(&["a@x"], 1, 3), |_| {}), none());
    // A line that was cut off, as by a disk that was full for a moment.
    let mut lives = Lives::new();
    for _ in 0..3 {
        let store = Arc::clone(&lives.store);
        lives.live(|journal| {
            store.append_journal("\n{\"begun\":{\"rec").unwrap();
            journal.begun(record("a@x"));
        });
    }
    assert_eq!(lives.live(|_| {}).aside, [RecordKey::Mail(id("a@x"))]);
}

#[test]
fn a_long_life_leaves_a_short_file() {
    let mut lives = Lives::new();
    let works = |journal: &Journal| {
        journal.begun(record("a@x"));
        for _ in 0..10_000 {
            journal.begun(record("b@x"));
            journal.ended(&record("b@x"));
        }
    };
    for _ in 0..3 {
        assert!(lives.live(works).aside.is_empty());
        assert!(lives.store.journal().unwrap().lines().count() <= 5_010);
    }
    assert_eq!(lives.live(works).aside, [RecordKey::Mail(id("a@x"))]);
}

#[test]
fn the_disk_keeps_the_journal_over_the_processes() {
    let directory = tempfile::tempdir().unwrap();
    for life in 0..4 {
        let store: Arc<dyn Store> = Arc::new(SledStore::open(directory.path()).unwrap());
        let journal = Journal::beside(store);
        let found = journal.begin_life(&records(&["a@x"], life, 3));
        assert_eq!(!found.aside.is_empty(), life == 3);
        journal.begun(record("a@x"));
    }
    assert!(directory.path().join("journal").exists());
}
