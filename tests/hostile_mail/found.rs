//! What fuzzing found, and mails of the same kind: each file of `fixtures/hostile` is read within
//! the promises, and gets the reason that `fixtures/hostile/expected` says.

use std::path::Path;

use super::{check, cost};
use crate::mail;

#[test]
fn what_broke_the_reader_once_is_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/hostile");
    let expected = std::fs::read_to_string(folder.join("expected")).unwrap();
    let mut files = 0;
    for line in expected.lines() {
        let (file, reason) = line.split_once(": ").unwrap();
        let bytes = std::fs::read(folder.join(file)).unwrap();
        let (reading, _) = cost::of(|| {
            check(&bytes);
            mail::read(&bytes)
        });
        let words = reading.reason().map_or("a request", |reason| reason.words());
        assert_eq!(words, reason, "{file}: {reading:?}");
        files += 1;
    }
    let present = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(files + 1, present, "a file that `expected` does not name, or the other way round");
}
