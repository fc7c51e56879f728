//! A job's trace: the first byte says how many lines are wanted, the rest is the trace.

#![no_main]

use libfuzzer_sys::fuzz_target;
use reading::mail::trace::{clean, tail};

fuzz_target!(|bytes: &[u8]| {
    let Some((most, raw)) = bytes.split_first() else { return };
    let lines = clean(raw);
    for line in &lines {
        assert!(!line.contains(char::is_control), "a control character in {line:?}");
        assert!(line.chars().count() <= 300);
    }
    let excerpt = tail(&lines, usize::from(*most));
    assert!(excerpt.len() <= usize::from(*most));
});
