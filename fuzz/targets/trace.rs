//! A job's trace: the first byte says how many lines are wanted, the rest is the trace.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| reading::trace::check(bytes));
