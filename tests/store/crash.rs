//! What only a disk and a process can do to a store.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::adapters::store::{OpenError, SledStore};
use crate::ports::{FaultKind, FileName, Store};
use crate::pull::ids::PullNumber;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::store::records::*;

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
        .args([
            "store::crash::writes_until_it_is_killed",
            "--exact",
            "--nocapture",
            "--test-threads=1",
        ])
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
        .args(["store::crash::fills_the_disk", "--exact", "--nocapture", "--test-threads=1"])
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
    assert_eq!(fault.fault.kind, FaultKind::Temporary, "{fault}");
    let still = put_numbered(&store, number).unwrap_err();
    assert_eq!(still.fault.kind, FaultKind::Temporary, "{still}");
    setrlimit(Resource::Fsize, unlimited).unwrap();
    put_numbered(&store, number).unwrap();
    assert_eq!(expect_all_up_to(&store, number), number);
    put_numbered(&store, number + 1).unwrap();
    println!("\nwent on after the disk was full");
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
