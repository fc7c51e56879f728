//! A job's trace: the first byte says how many lines are wanted, the rest is the trace.

use crate::mail::trace::{clean, tail};

/// Panics unless what is promised holds.
pub fn check(bytes: &[u8]) {
    let Some((most, raw)) = bytes.split_first() else { return };
    let lines = clean(raw);
    for line in &lines {
        assert!(!line.contains(char::is_control), "a control character in {line:?}");
        assert!(line.chars().count() <= 300);
    }
    let excerpt = tail(&lines, usize::from(*most));
    assert!(excerpt.len() <= usize::from(*most));
}
