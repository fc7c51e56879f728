//! What each line is read as, and what is said of a line that is no command.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use super::*;
use crate::pull::command::arguments::MOST_WRITTEN;
use crate::pull::command::{Named, Row};
use crate::pull::ids::PullNumber;
use crate::pull::room::written;
use crate::pull::verbs::verb::About;
use crate::pull::verbs::{approve, freeze, key_remove, log, note, priority, retest, show};

const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

fn twelve() -> Named {
    Named::Pull(PullNumber(12))
}

#[test]
fn every_example_of_the_table_is_that_command() {
    for row in ROWS {
        let command = parse(row.example, false).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(command.row(), *row, "{}", row.example);
    }
}

#[test]
fn a_mistake_says_what_to_write() {
    let said = |line: &str| parse(line, false).unwrap_err().to_string();
    assert!(said("retset 3").contains("Did you mean \"retest\"?"));
    assert!(said("keys").contains("Did you mean \"key"));
    assert!(said("manager alice@example.org").contains("Did you mean \"manager add\" or"));
    assert!(said("approve").contains("Write: approve ID"));
    assert!(said("test https://x y 123").contains("full git object id"));
    assert!(said("pause").contains("needs a reason"));
    assert!(said("").contains("Commands: help, status"));
    assert!(said("retest fresh").contains("Write: retest [fresh] ID"));
    assert!(said("approve 12 xyzzy").contains("is not the beginning"));
    assert!(said("approve 12 4f2a91c0").contains("12 digits at least"));
    assert!(said("freeze master 2026-12-15").contains("freeze master until 2026-12-15."));
    assert!(said("key").contains("\"key add\" or \"key remove\" or \"key list\"?"));
    assert!(!said("retset 3").contains("Commands:"));
    assert!(said("freeze master until tomorrow").contains("no date such as"));
    assert!(said("deny mallory").contains("no address such as"));
    assert!(said("key remove 89ABCDEF").contains("whole fingerprint"));
    assert!(said("priority 12 99999").contains("-1000 to 1000"));
    assert!(said("list everything").contains("list [open|held|queued|done]"));
    assert!(!said("hello").contains("Did you mean"));
    assert!(!said("hi").contains("Did you mean"));
}

#[test]
fn fresh_may_stand_on_either_side() {
    let verb = retest::Retest { fresh: true };
    let fresh = Ok(Command::Retest(About { which: twelve(), verb }));
    assert_eq!(parse("retest fresh 12", false), fresh);
    assert_eq!(parse("Retest: 12 FRESH", false), fresh);
    assert_eq!(parse("retest fresh request 12", false), fresh);
    let twice = parse("retest fresh fresh 12", false).unwrap_err().to_string();
    assert!(twice.starts_with("Give `fresh` only once."), "{twice}");
}

#[test]
fn on_a_thread_a_request_need_not_be_named() {
    let on = |line| parse(line, true).unwrap();
    let fresh = retest::Retest { fresh: true };
    assert_eq!(on("retest fresh"), Command::Retest(About { which: Named::Thread, verb: fresh }));
    let show = |which| Command::Show(About { which, verb: show::Show });
    assert_eq!(on("show"), show(Named::Thread));
    assert_eq!(on("show 12"), show(twelve()));
    let five = priority::Priority { priority: 5 };
    assert_eq!(on("priority 5"), Command::Priority(About { which: Named::Thread, verb: five }));
    let approve = |which, of: Option<&str>| {
        let verb = approve::Approve { of: of.map(Into::into) };
        Command::Approve(About { which, verb })
    };
    assert_eq!(on("approve"), approve(Named::Thread, None));
    assert_eq!(on("approve 4f2a91c0beef"), approve(Named::Thread, Some("4f2a91c0beef")));
    assert_eq!(on("approve 12 4F2A91C0BEEF"), approve(twelve(), Some("4f2a91c0beef")));
    let note =
        |which, text: &str| Command::Note(About { which, verb: note::Note { text: text.into() } });
    assert_eq!(on("note waits for s390x"), note(Named::Thread, "waits for s390x"));
    assert_eq!(on("note 12 waits"), note(twelve(), "waits"));
    let log = |which, job: &str| Command::Log(About { which, verb: log::Log { job: job.into() } });
    assert_eq!(on("log build: [x86, gcc]"), log(Named::Thread, "build: [x86, gcc]"));
    assert_eq!(on("log 12 build"), log(twelve(), "build"));
    let tag = Named::Tag("my-tag".into());
    assert_eq!(parse("note my-tag waits", false), Ok(note(tag, "waits")));
}

#[test]
fn what_is_missing_may_stand_on_the_next_line_and_what_is_wrong_may_not() {
    let wants_more = |line: &str| match parse(line, false) {
        Err(BadCommand::Arguments { wants_more, .. }) => wants_more,
        other => panic!("{line}: {other:?}"),
    };
    for line in ["test https://x", "approve", "note 12", "pause", "freeze", "key remove 0123"] {
        assert!(wants_more(line), "{line}");
    }
    assert!(!wants_more(&format!("test a b {SHA} d e")));
    assert!(!wants_more("approve 12 34 56"));
}

#[test]
fn a_freeze_ends_at_a_days_beginning_or_at_a_time() {
    let until = |line: &str| match parse(line, false) {
        Ok(Command::Freeze(freeze::Freeze { until, reason, .. })) => {
            (until.map(|at| at.to_string()), reason)
        }
        other => panic!("{line}: {other:?}"),
    };
    assert_eq!(until("freeze master"), (None, None));
    assert_eq!(
        until("freeze master until 2026-12-15 for rc1"),
        (Some("2026-12-15T00:00:00Z".into()), Some("for rc1".into()))
    );
    assert_eq!(
        until("freeze master until 2026-12-15T18:00Z"),
        (Some("2026-12-15T18:00:00Z".into()), None)
    );
    for line in ["2026-12-15 18:00", "2026-12-15 18:00Z", "2026-12-15 18:00 UTC for rc1"] {
        let reason = line.contains("rc1").then(|| "for rc1".to_owned());
        let expected = (Some("2026-12-15T18:00:00Z".to_owned()), reason);
        assert_eq!(until(&format!("freeze master until {line}")), expected);
    }
    assert_eq!(until("freeze master for rc1"), (None, Some("for rc1".into())));
}

#[test]
fn an_emergency_stop_is_understood_in_a_hurry() {
    for line in ["EMERGENCY STOP", "emergency-stop!", "Emergency stop: too much mail"] {
        assert!(matches!(parse(line, false), Ok(Command::EmergencyStop(_))), "{line}");
    }
}

#[test]
fn fingerprints_have_blanks_and_key_ids_are_none() {
    let spaced = "0123 4567 89ab cdef 0123  4567 89ab cdef 0123 4567";
    let key = Command::KeyRemove(key_remove::KeyRemove { key: SHA.to_uppercase() });
    assert_eq!(parse(&format!("key remove {spaced}"), false), Ok(key));
    assert!(parse("key remove 89ABCDEF01234567", false).is_err());
}

#[test]
fn what_a_record_keeps_of_a_command_is_short_as_it_is_written_there() {
    for letter in ["a", "\"", "\u{1}", "漢"] {
        let text = letter.repeat(5_000);
        let Ok(Command::Note(About { verb, .. })) = parse(&format!("note 1 {text}"), false) else {
            panic!("{letter:?}");
        };
        let text = verb.text;
        assert!(written(&text) <= MOST_WRITTEN, "{} bytes", written(&text));
    }
    let sha = "0123456789abcdef0123456789abcdef01234567";
    let test = |url: &str, reference: &str| parse(&format!("test {url} {reference} {sha}"), false);
    assert!(test("https://example.org/x.git", "v1").is_ok());
    assert!(test(&"u".repeat(1_001), "v1").is_err());
    assert!(test("https://example.org/x.git", &"r".repeat(401)).is_err());
}

proptest::proptest! {
    /// Nothing stands for a command but its own words: no other one is taken, least of all the last of
    /// the list, which stops everything.
    #[test]
    fn a_word_that_is_no_commands_is_refused_whatever_it_is_like(
        first in "emergency|emergency-stopp?|halt|keys?|manager|helpp?|resume|jobs|[a-z-]{1,14}",
        rest in "( (stop|add|list|12|now|[a-z]{1,8})){0,3}",
    ) {
        let line = format!("{first}{rest}");
        let row = match parse(&line, false) {
            Ok(command) => Some(command.row()),
            Err(BadCommand::Arguments { row, .. }) => Some(row),
            Err(BadCommand::Empty { .. } | BadCommand::Unknown { .. }) => None,
        };
        let words: Vec<&str> = line.split(' ').collect();
        let pair = words[..words.len().min(2)].join(" ");
        let own = |row: &&&Row| [Some(row.word), row.also].into_iter().flatten().any(|own| {
            own == first || own == pair
        });
        proptest::prop_assert_eq!(row, ROWS.iter().find(own).copied(), "{}", line);
    }
}

#[test]
fn no_two_commands_are_written_alike() {
    let words: Vec<&str> =
        ROWS.iter().flat_map(|row| [Some(row.word), row.also]).flatten().collect();
    for (at, word) in words.iter().enumerate() {
        assert!(!words[..at].contains(word), "{word}");
        assert_eq!(*word, word.to_ascii_lowercase());
        assert!((1..=2).contains(&word.split(' ').count()), "{word}");
        // The first word of two is no command by itself, or the second one were never read.
        let first = word.split(' ').next().unwrap();
        assert!(first == *word || !words.contains(&first), "{word}");
    }
}
