//! A file of allowed signers.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| trust::signers::check(text));
