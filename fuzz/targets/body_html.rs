//! HTML around a request, so that its conversion and the grammars behind it are reached at once.

#![no_main]

use libfuzzer_sys::fuzz_target;

const HEADER: &[u8] = b"From: Alice <alice@maintainer.example>\nMessage-ID: <a@example.org>\n\
    Subject: [PULL] x\nContent-Type: text/html; charset=utf-8\n\n";

fuzz_target!(init: reading::only_what_escapes(), |html: &[u8]| {
    reading::check(&[HEADER, html].concat());
});
