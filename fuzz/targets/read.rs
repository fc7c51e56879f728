//! A whole mail, as bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(init: reading::only_what_escapes(), |bytes: &[u8]| reading::check(bytes));
