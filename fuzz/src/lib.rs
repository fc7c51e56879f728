//! What every fuzzer of the reader shares: the two pure modules of Gatepost that it runs, taken
//! from their place, and what must hold of any reading. It must not read files.

#![allow(dead_code, unused_imports, reason = "most of the two modules is not fuzzed")]

#[path = "../../src/mail/mod.rs"]
mod mail;
#[path = "../../src/pull/mod.rs"]
mod pull;

pub mod command;
pub mod subject;
pub mod trace;

use std::backtrace::Backtrace;
use std::panic::{catch_unwind, set_hook};
use std::sync::{Mutex, PoisonError};

use mail::Reading;
use pull::cover::Cover;

/// What the last panic said and where it was, contained or not.
static LAST: Mutex<String> = Mutex::new(String::new());

/// Lets the reader contain the panics of the MIME parser, as it does in Gatepost: libFuzzer's hook
/// ends the process at any panic. Must run before the first [`check`].
pub fn only_what_escapes() {
    set_hook(Box::new(|panic| {
        let told = format!("{panic}\n{}", Backtrace::capture());
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = told;
    }));
}

/// Ends the process unless what is promised of every reading holds for the reading of these bytes.
pub fn check(bytes: &[u8]) {
    if catch_unwind(|| check_reading(bytes)).is_err() {
        eprintln!("{}", LAST.lock().unwrap_or_else(PoisonError::into_inner));
        std::process::abort();
    }
}

fn check_reading(bytes: &[u8]) {
    let reading = mail::read(bytes);
    assert_eq!(reading, mail::read(bytes), "the same bytes gave another reading");
    let worth = mail::heading(bytes).refusal().is_none();
    match reading {
        Reading::Request(cover) => {
            assert!(worth, "a request whose heading is not worth reading");
            check_cover(*cover);
        }
        Reading::Aside { cover, .. } => check_cover(*cover),
        Reading::Not { subject, .. } => check_line(&subject),
    }
}

fn check_cover(cover: Cover) {
    check_line(&cover.subject);
    check_line(&cover.request.url);
    check_line(&cover.request.reference);
    check_line(&cover.author.address);
    cover.author.name.iter().for_each(|name| check_line(name));
    let Some(cover) = cover.bounded() else { return };
    let json = serde_json::to_vec(&cover).expect("a cover letter is JSON");
    assert!(json.len() <= MOST_JSON, "a cover letter of {} bytes", json.len());
    assert_eq!(serde_json::from_slice::<Cover>(&json).expect("JSON is read back"), cover);
}

/// What a bounded cover letter may take: 5 KiB of text, its names and numbers.
const MOST_JSON: usize = 6 * 1024;

fn check_line(text: &str) {
    assert!(!text.contains(char::is_control), "a control character in {text:?}");
}
