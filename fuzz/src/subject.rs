//! A subject, decoded and unfolded.

use crate::mail::subject::Marks;

/// Panics unless what is promised holds.
pub fn check(subject: &str) {
    let marks = Marks::of(subject);
    assert_eq!(marks, Marks::of(subject));
    assert!(marks.prefixes.iter().all(|inside| subject.contains(inside.as_str())));
    assert!(!marks.subsystem || marks.marker);
}
