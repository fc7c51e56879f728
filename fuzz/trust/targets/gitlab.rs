//! The body of an answer of GitLab's.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| trust::gitlab::check(body));
