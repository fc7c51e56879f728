//! A subject, decoded and unfolded.

#![no_main]

use libfuzzer_sys::fuzz_target;
use reading::mail::subject::Marks;

fuzz_target!(|subject: &str| {
    let marks = Marks::of(subject);
    assert_eq!(marks, Marks::of(subject));
    assert!(marks.prefixes.iter().all(|inside| subject.contains(inside.as_str())));
    assert!(!marks.subsystem || marks.marker);
});
