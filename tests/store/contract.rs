//! What both stores do alike.

use std::path::Path;

use crate::adapters::store::{MemoryStore, OpenError, SledStore};
use crate::ports::{Batch, Control, FaultKind, FileName, NotPut, Records, Store};
use crate::pull::aside::{Aside, RecordKey};
use crate::pull::ids::{JobId, PullNumber, RunId, TargetName};
use crate::pull::letter::LetterState;
use crate::pull::request::{Pull, Stage};
use crate::pull::signed_tag::{PayloadDigest, SignedTag};
use crate::pull::verdict::{Refusal, Verdict};

use crate::store::records::*;

/// A store that can be closed and opened again.
trait Place {
    fn open(&self) -> Box<dyn Store>;
}

struct OnDisk(tempfile::TempDir);

/// Other tests of this program start processes, each of which holds what is open here for the moment
/// until it is another program, and with it the lock of a store that is closed in that moment.
fn opened(directory: &Path) -> SledStore {
    for _ in 0..1_000 {
        match SledStore::open(directory) {
            Err(OpenError::Io { source, .. }) if source.to_string().contains("acquire lock") => {
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
            opened => return opened.unwrap(),
        }
    }
    panic!("the lock of a store that was closed is still held");
}

impl Place for OnDisk {
    fn open(&self) -> Box<dyn Store> {
        Box::new(opened(self.0.path()))
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
        let control = Control { counts: [("unsigned".to_owned(), 3)].into(), ..Control::default() };
        let batch = Batch {
            pulls: vec![pull(1, "one@x"), pull(2, "two@x")],
            runs: vec![run(1)],
            letters: vec![letter("l1@x", ready())],
            cursors: vec![(folder("INBOX"), cursor(5)), (folder("Grüße"), cursor(6))],
            control: Some(control.clone()),
            overlay: Some(overlay()),
            mails: vec![mail("c1@x")],
            seen: vec![("d1".into(), message_id("c1@x"))],
            audit: vec![command("pause moving", None), command("approve 1", Some(1))],
            history: vec![(PullNumber(1), line("came")), (PullNumber(2), line("came too"))],
            aside: vec![(RecordKey::Pull(PullNumber(2)), Some(aside()))],
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
                overlay: overlay(),
                mails: vec![mail("c1@x")],
                aside: vec![(RecordKey::Pull(PullNumber(2)), aside())],
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
        assert_eq!(store.mail(&message_id("c1@x")).unwrap(), Some(mail("c1@x")));
        assert_eq!(store.seen("d1").unwrap(), Some(message_id("c1@x")));
        assert_eq!(store.seen("d2").unwrap(), None);
        // Newest first; the put that is made twice adds nothing.
        store.put(&Batch { audit: batch.audit.clone(), ..Batch::default() }).unwrap();
        let newest = [command("approve 1", Some(1)), command("pause moving", None)];
        assert_eq!(store.audit(None, 9).unwrap(), newest);
        assert_eq!(store.audit(None, 1).unwrap(), newest[..1]);
        assert_eq!(store.audit(Some(PullNumber(1)), 9).unwrap(), newest[..1]);
        assert_eq!(store.audit(Some(PullNumber(2)), 9).unwrap(), []);
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
            assert_eq!(store.put(&wrong).unwrap_err().fault.kind, FaultKind::Bug);
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
        let NotPut { fault, culprit } = store.put(&batch).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Bug);
        assert!(fault.detail.contains("request 2 takes"), "{fault}");
        assert_eq!(culprit, Some(RecordKey::Pull(PullNumber(2))));
        let records = place_again(place, store).open_records().unwrap();
        assert_eq!(records, Records { next_pull: 1, next_run: 1, ..Records::default() });
    });
}

fn aside() -> Aside {
    Aside::new("a panic", at(3))
}

#[test]
fn the_record_that_keeps_a_batch_out_is_named() {
    both(|place| {
        let store = place.open();
        store.put(&pulls([pull(1, "one@x")])).unwrap();
        let long = || "x".repeat(33 * 1024);
        let mut large_run = run(4);
        large_run.ci_ref = long();
        let mut large_letter = letter("l9@x", ready());
        large_letter.subject = long();
        let mut large_mail = mail("c9@x");
        large_mail.subject = long();
        let mut large_line = line("came");
        large_line.what = long();
        let mut large_command = command("approve 1", Some(1));
        large_command.outcome = long();
        let number = || RecordKey::Pull(PullNumber(1));
        for (batch, culprit) in [
            (Batch { runs: vec![run(3), large_run], ..Batch::default() }, RecordKey::Run(RunId(4))),
            (
                Batch { letters: vec![large_letter], ..Batch::default() },
                RecordKey::Letter(message_id("l9@x")),
            ),
            (
                Batch { mails: vec![large_mail], ..Batch::default() },
                RecordKey::Mail(message_id("c9@x")),
            ),
            (Batch { history: vec![(PullNumber(1), large_line)], ..Batch::default() }, number()),
            (
                Batch { audit: vec![large_command], ..Batch::default() },
                RecordKey::Mail(message_id("c1@x")),
            ),
            (pulls([pull(2, "one@x")]), RecordKey::Pull(PullNumber(2))),
        ] {
            let NotPut { fault, culprit: named } = store.put(&batch).unwrap_err();
            assert_eq!((fault.kind, named), (FaultKind::Bug, Some(culprit)), "{fault}");
        }
    });
}

#[test]
fn what_is_set_aside_is_kept_until_that_is_lifted() {
    both(|place| {
        let store = place.open();
        let key = RecordKey::Letter(message_id("l1@x"));
        let mark = |aside| Batch { aside: vec![(key.clone(), aside)], ..Batch::default() };
        store.put(&mark(Some(aside()))).unwrap();
        let store = place_again(place, store);
        assert_eq!(store.open_records().unwrap().aside, [(key.clone(), aside())]);
        store.put(&mark(None)).unwrap();
        assert_eq!(place_again(place, store).open_records().unwrap().aside, []);
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
fn a_tag_that_a_person_does_not_want_is_found_by_what_is_signed_for_as_long_as_the_store_lasts() {
    both(|place| {
        let store = place.open();
        let tag =
            |text: &str| SignedTag { key: "A".into(), payload: PayloadDigest::of(text.as_bytes()) };
        let of = |number, id, text, verdict| {
            let stage = Stage::Closed { verdict, at: at(9) };
            Pull { signed: Some(tag(text)), stage, ..pull(number, id) }
        };
        let by = || "rita".to_owned();
        let person = Refusal::Person { by: by(), reason: "no".into(), proved: true };
        let refused = Verdict::Refused { why: person, sender_known: true };
        store
            .put(&pulls([
                of(1, "1@x", "refused", refused),
                of(2, "2@x", "ignored", Verdict::Ignored { by: by() }),
                of(3, "3@x", "landed", Verdict::Landed),
                of(4, "4@x", "cancelled", Verdict::Cancelled { by: by() }),
            ]))
            .unwrap();
        let store = place_again(place, store);
        let target = TargetName::new("master");
        let found = |text| store.unwanted(&tag(text), &target).unwrap().map(|number| number.0);
        assert_eq!((found("refused"), found("ignored")), (Some(1), Some(2)));
        assert_eq!((found("landed"), found("cancelled"), found("never seen")), (None, None, None));
        let other = SignedTag { key: "B".into(), ..tag("refused") };
        assert_eq!(store.unwanted(&other, &target).unwrap(), None);
        assert_eq!(store.unwanted(&tag("refused"), &TargetName::new("stable")).unwrap(), None);
    });
}

#[test]
fn old_files_are_removed_and_young_ones_stay() {
    let directory = tempfile::tempdir().unwrap();
    let store = SledStore::open(directory.path()).unwrap();
    let (old, young) =
        (FileName::Letter(message_id("old@x")), FileName::Letter(message_id("young@x")));
    store.put_file(&old, b"old").unwrap();
    let folder = directory.path().join("files/letter");
    let file = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(40 * 86_400);
    std::fs::File::options().write(true).open(file).unwrap().set_modified(long_ago).unwrap();
    store.put_file(&young, b"young").unwrap();
    let month = jiff::SignedDuration::from_hours(28 * 24);
    assert_eq!(store.expire_files(month).unwrap(), 1);
    assert_eq!(store.file(&old).unwrap(), None);
    assert_eq!(store.file(&young).unwrap(), Some(b"young".to_vec()));
}
