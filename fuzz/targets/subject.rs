//! A subject, decoded and unfolded.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|subject: &str| reading::subject::check(subject));
