//! What earlier versions wrote is read.

use std::fs;
use std::path::Path;

use crate::adapters::store::{MemoryStore, SledStore};
use crate::ports::{FileName, Store};
use crate::pull::ids::PullNumber;

use crate::store::records::*;

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
