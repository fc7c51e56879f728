//! The ways out of and into a store: the export, and what earlier versions wrote.

use std::fs;
use std::path::Path;

use gatepost::adapters::store::{MemoryStore, SledStore};
use gatepost::ports::{FileName, Store};
use gatepost::pull::ids::PullNumber;

use crate::records::*;

#[test]
fn an_export_has_every_record_in_a_fixed_order() {
    let memory = MemoryStore::default();
    let directory = tempfile::tempdir().unwrap();
    let disk = SledStore::open(directory.path()).unwrap();
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
            r#"control "overlay""#,
            r#"history "1.0""#,
            r#"history "1.1""#,
            r#"message-ids "one@x""#,
            r#"message-ids "two@x""#,
            r#"mails "c1@x""#,
            r#"seen "d1""#,
            r#"audit "0""#,
        ]
    );
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
