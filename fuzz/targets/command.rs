//! A mail to the command mailbox, as bytes: what is signed in it, and the commands in its text.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(init: reading::only_what_escapes(), |bytes: &[u8]| reading::command::check(bytes));
