//! One line into a command. It must not know which requests, lists or targets there are.

use super::moment::{end, moment};
use super::named::{named, sure};
use super::table::{Row, TABLE};
use super::{Command, Named, Shelf};
use crate::pull::ids::{ListName, TargetName};
use crate::pull::room::{LONGEST_ADDRESS, within, written};

/// Characters of a running text that are kept, and bytes of it as a record has them.
const LONGEST_TEXT: usize = 500;
const MOST_WRITTEN: usize = 1_000;

/// Bytes of a repository's URL and of a ref, as a record has them.
const LONGEST_URL: usize = 1_000;
const LONGEST_REFERENCE: usize = 400;

/// Why a line is no command, in words that say what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadCommand {
    /// Nothing was written.
    #[error("There is no command here. Commands: {}.", words())]
    Empty,
    /// The word is not known.
    #[error("There is no command {word:?}. {}", suggestion(*.near))]
    Unknown {
        /// The word, cut to 40 characters.
        word: String,
        /// The nearest known word.
        near: Option<&'static str>,
    },
    /// The arguments do not fit.
    #[error("{why} Write: {}", .row.usage)]
    Arguments {
        /// What is wrong, a sentence.
        why: String,
        /// The command's row.
        row: &'static Row,
        /// Whether there are too few: the rest may stand on the next line.
        wants_more: bool,
    },
}

/// What is wrong with arguments.
struct Wrong {
    why: String,
    wants_more: bool,
}

impl From<String> for Wrong {
    fn from(why: String) -> Self {
        Self { why, wants_more: false }
    }
}

fn words() -> String {
    TABLE.iter().map(|row| row.word).collect::<Vec<_>>().join(", ")
}

/// All of a command's second words, where it is the first word that is near.
fn suggestion(near: Option<&'static str>) -> String {
    let Some(near) = near else { return format!("Commands: {}.", words()) };
    let first = near.split(' ').next();
    let alike = TABLE.iter().map(|row| row.word).filter(|word| word.split(' ').next() == first);
    let alike: Vec<String> = alike.map(|word| format!("{word:?}")).collect();
    format!("Did you mean {}?", alike.join(" or "))
}

/// Reads one command from one line. In an answer on a request's thread (`in_thread`) the request
/// need not be named.
///
/// # Errors
/// Says what to write instead.
pub(crate) fn parse(line: &str, in_thread: bool) -> Result<Command, BadCommand> {
    let parts: Vec<&str> = line.split_whitespace().collect();
    let Some(first) = parts.first() else { return Err(BadCommand::Empty) };
    let lower = |word: &str| word.trim_end_matches([',', ':', '!', '.']).to_ascii_lowercase();
    let pair = parts.get(1).map(|second| format!("{} {}", lower(first), lower(second)));
    let is = |row: &&Row| row.word == lower(first) || pair.as_deref() == Some(row.word);
    let stop = pair.as_deref() == Some("emergency stop");
    let Some(row) = TABLE.iter().find(|row| is(row) || stop && row.word == "emergency-stop") else {
        return Err(unknown(&lower(first), pair.as_deref()));
    };
    let skip = if stop { 2 } else { row.word.split(' ').count() };
    arguments(row, without_kind(parts.get(skip..).unwrap_or_default()), in_thread)
        .map_err(|Wrong { why, wants_more }| BadCommand::Arguments { why, row, wants_more })
}

/// `request 12`, as the bot's letters say it.
fn without_kind<'a, 'b>(rest: &'a [&'b str]) -> &'a [&'b str] {
    match rest {
        [kind, named @ ..]
            if kind.eq_ignore_ascii_case("request")
                && named.first().is_some_and(|name| sure(name).is_some()) =>
        {
            named
        }
        [..] => rest,
    }
}

fn unknown(first: &str, pair: Option<&str>) -> BadCommand {
    let distance = |row: &Row| {
        let words = [Some(row.word), row.word.split(' ').next()].into_iter().flatten();
        let alone = words.map(|word| strsim::damerau_levenshtein(word, first)).min();
        let whole = pair.map(|pair| strsim::damerau_levenshtein(row.word, pair));
        [alone, whole].into_iter().flatten().min().unwrap_or(usize::MAX)
    };
    // Short words are like many others: "hello" is no "help", "for" no "log".
    let near_enough = |distance: usize| distance <= if first.len() > 5 { 2 } else { 1 };
    // `keys`, `manager alice@…`: the right word, and the wrong second one.
    let begins = |row: &&Row| row.word.split(' ').next().is_some_and(|word| word == first);
    let near = TABLE.iter().map(|row| (distance(row), row.word)).min();
    let near = near.filter(|(distance, _)| near_enough(*distance) && first.len() > 2);
    let near = near.map(|(_, word)| word).or_else(|| TABLE.iter().find(begins).map(|row| row.word));
    BadCommand::Unknown { word: first.chars().take(40).collect(), near }
}

fn arguments(row: &Row, rest: &[&str], in_thread: bool) -> Result<Command, Wrong> {
    match row.word {
        "help" => help(rest),
        "status" => none(rest, Command::Status),
        "list" => list(rest),
        "show" => which(rest, in_thread).map(Command::Show),
        "log" => log(rest, in_thread),
        "test" => test(rest),
        "retest" => retest(rest, in_thread),
        "cancel" => which(rest, in_thread).map(Command::Cancel),
        "approve" => approve(rest, in_thread),
        "refuse" => {
            let (which, reason) = which_and_text(
                rest,
                in_thread,
                "A refusal needs a reason: its \
                author gets to read it.",
            )?;
            Ok(Command::Refuse { which, reason })
        }
        "ignore" => which(rest, in_thread).map(Command::Ignore),
        "priority" => priority(rest, in_thread),
        "pause" => match rest {
            [] => Err(few("A pause needs a reason: it is shown wherever something waits.")),
            words => Ok(Command::Pause { words: bounded(words) }),
        },
        "resume" => match rest {
            [] => Ok(Command::Resume { list: None }),
            [list] => Ok(Command::Resume { list: Some(ListName::new(*list)) }),
            [..] => Err(many(row, rest)),
        },
        "freeze" => freeze(rest),
        "unfreeze" => {
            one(rest, "A target has to be named.").map(|t| Command::Unfreeze(TargetName::new(t)))
        }
        "key add" => match rest {
            [] => Ok(Command::KeyAdd { address: None }),
            rest if fingerprint(rest).is_ok() => fingerprint(rest).map(Command::KeyRestore),
            rest => Ok(Command::KeyAdd { address: Some(one_address(rest)?) }),
        },
        "key remove" => fingerprint(rest).map(Command::KeyRemove),
        "key list" => none(rest, Command::KeyList),
        "allow" => one_address(rest).map(Command::Allow),
        "deny" => one_address(rest).map(Command::Deny),
        "manager add" => one_address(rest).map(Command::ManagerAdd),
        "manager remove" => one_address(rest).map(Command::ManagerRemove),
        "note" => {
            let (which, text) = which_and_text(rest, in_thread, "There is nothing to note.")?;
            Ok(Command::Note { which, text })
        }
        _ => Ok(Command::EmergencyStop { reason: some_text(rest) }),
    }
}

fn few(why: &str) -> Wrong {
    Wrong { why: why.to_owned(), wants_more: true }
}

fn many(row: &Row, rest: &[&str]) -> Wrong {
    match (row.usage == row.word, rest.len()) {
        (true, _) => format!("{} takes no arguments.", row.word).into(),
        (false, n) => format!("{} does not take {n} arguments.", row.word).into(),
    }
}

fn bounded(words: &[&str]) -> Vec<String> {
    let text: String = words.join(" ").chars().take(LONGEST_TEXT).collect();
    within(&text, MOST_WRITTEN).split(' ').map(str::to_owned).collect()
}

fn some_text(words: &[&str]) -> Option<String> {
    (!words.is_empty()).then(|| bounded(words).join(" "))
}

fn none(rest: &[&str], command: Command) -> Result<Command, Wrong> {
    if rest.is_empty() { Ok(command) } else { Err(many(command.row(), rest)) }
}

fn one<'a>(rest: &[&'a str], why: &str) -> Result<&'a str, Wrong> {
    match rest {
        [one] => Ok(one),
        [] => Err(few(why)),
        [..] => Err(format!("One name is enough, not {}.", rest.len()).into()),
    }
}

fn help(rest: &[&str]) -> Result<Command, Wrong> {
    if rest.is_empty() {
        return Ok(Command::Help(None));
    }
    let asked = rest.join(" ").to_ascii_lowercase();
    let begins = |row: &&Row| row.word == asked || row.word.split(' ').next() == Some(&asked);
    match TABLE.iter().find(begins) {
        Some(row) => Ok(Command::Help(Some(row))),
        None => Err(unknown(&asked, None).to_string().into()),
    }
}

fn list(rest: &[&str]) -> Result<Command, Wrong> {
    let Some(word) = rest.first() else { return Ok(Command::List(None)) };
    let word = word.to_ascii_lowercase();
    let shelf = Shelf::ALL.into_iter().find(|(name, _)| *name == word);
    match (shelf, rest.len()) {
        (Some((_, shelf)), 1) => Ok(Command::List(Some(shelf))),
        _ => Err(format!("There is no list {:?}.", bounded(rest).join(" ")).into()),
    }
}

fn which(rest: &[&str], in_thread: bool) -> Result<Named, Wrong> {
    match rest {
        [] if in_thread => Ok(Named::Thread),
        [] => Err(few("A request has to be named, by its number for example.")),
        [id] => Ok(named(id)?),
        [..] => Err("Name one request, and nothing else.".to_owned().into()),
    }
}

/// A request and a text; on a thread the request may be left out, and the text's first word is
/// taken for its name only if it can be nothing else.
fn which_and_text(rest: &[&str], in_thread: bool, empty: &str) -> Result<(Named, String), Wrong> {
    let (which, words) = match rest {
        [] => return Err(few(empty)),
        [first, words @ ..] => match sure(first) {
            Some(which) => (which, words),
            None if in_thread => (Named::Thread, rest),
            None => (named(first)?, words),
        },
    };
    some_text(words).map(|text| (which, text)).ok_or_else(|| few(empty))
}

fn log(rest: &[&str], in_thread: bool) -> Result<Command, Wrong> {
    let (of, job) = which_and_text(rest, in_thread, "A job has to be named.")?;
    Ok(Command::Log { of, job })
}

fn test(rest: &[&str]) -> Result<Command, Wrong> {
    let (url, reference, sha, target) = match rest {
        [url, reference, sha] => (url, reference, sha, None),
        [url, reference, sha, target] => (url, reference, sha, Some(TargetName::new(*target))),
        _ if rest.len() < 3 => return Err(few("A URL, a ref and the full commit are needed.")),
        _ => return Err(format!("test does not take {} arguments.", rest.len()).into()),
    };
    let sha = sha.parse().map_err(|error| format!("{error}."))?;
    if written(url) > LONGEST_URL || written(reference) > LONGEST_REFERENCE {
        return Err("That URL or ref is too long.".to_owned().into());
    }
    Ok(Command::Test { url: (*url).into(), reference: (*reference).into(), sha, target })
}

fn retest(rest: &[&str], in_thread: bool) -> Result<Command, Wrong> {
    let is_fresh = |word: &&&str| word.eq_ignore_ascii_case("fresh");
    let others: Vec<&str> = rest.iter().filter(|word| !is_fresh(word)).copied().collect();
    let fresh = others.len() < rest.len();
    if rest.len() - others.len() > 1 {
        return Err("fresh is said once.".to_owned().into());
    }
    Ok(Command::Retest { which: which(without_kind(&others), in_thread)?, fresh })
}

fn approve(rest: &[&str], in_thread: bool) -> Result<Command, Wrong> {
    // Fewer digits are soon found for another object.
    let of = |text: &str| {
        let hex = (12..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
        hex.then(|| text.to_ascii_lowercase())
    };
    match rest {
        [id, what] => {
            let what = of(what).ok_or_else(|| {
                format!(
                    "{what:?} is not the beginning, 12 digits at least, of an object's id or a \
                     digest."
                )
            })?;
            Ok(Command::Approve { which: named(id)?, of: Some(what) })
        }
        [what] if in_thread && sure(what).is_none() && of(what).is_some() => {
            Ok(Command::Approve { which: Named::Thread, of: of(what) })
        }
        _ => Ok(Command::Approve { which: which(rest, in_thread)?, of: None }),
    }
}

fn priority(rest: &[&str], in_thread: bool) -> Result<Command, Wrong> {
    let (which, number) = match rest {
        [number] if in_thread => (Named::Thread, number),
        [id, number] => (named(id)?, number),
        _ if rest.len() < 2 => return Err(few("A request and a number are needed.")),
        _ => return Err(format!("priority does not take {} arguments.", rest.len()).into()),
    };
    let priority: i32 = number.parse().map_err(|_| format!("{number:?} is no whole number."))?;
    if !(-1000..=1000).contains(&priority) {
        return Err("Priorities go from -1000 to 1000.".to_owned().into());
    }
    Ok(Command::Priority { which, priority })
}

fn freeze(rest: &[&str]) -> Result<Command, Wrong> {
    let Some((target, rest)) = rest.split_first() else {
        return Err(few("A target has to be named."));
    };
    let target = TargetName::new(*target);
    let (until, reason) = match rest {
        [word] if word.eq_ignore_ascii_case("until") => {
            return Err(few("After until a date is needed, such as 2026-12-15."));
        }
        [word, when @ ..] if word.eq_ignore_ascii_case("until") => {
            let (until, reason) = end(when)?;
            (Some(until), reason)
        }
        [date, ..] if moment(date).is_ok() => {
            return Err(format!("An end is written so: freeze {target} until {date}.").into());
        }
        reason => (None, reason),
    };
    Ok(Command::Freeze { target, until, reason: some_text(reason) })
}

/// An address, by itself or behind its owner's name.
fn one_address(rest: &[&str]) -> Result<String, Wrong> {
    if let [.., last] = rest
        && last.starts_with('<')
    {
        return Ok(address(last)?);
    }
    Ok(address(one(rest, "An address has to be named.")?)?)
}

fn address(text: &str) -> Result<String, String> {
    let bare = text.strip_prefix('<').and_then(|text| text.strip_suffix('>')).unwrap_or(text);
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>,;:()\"*?".contains(c);
    match bare.split_once('@') {
        Some((user, host))
            if !user.is_empty()
                && !host.is_empty()
                && !host.contains('@')
                && bare.len() <= LONGEST_ADDRESS
                && !bare.contains(odd) =>
        {
            Ok(bare.to_lowercase())
        }
        _ => Err(format!(
            "{:?} is no address such as alice@example.org.",
            text.chars().take(80).collect::<String>()
        )),
    }
}

/// A whole fingerprint, of an OpenPGP key with or without blanks, or of an SSH key.
fn fingerprint(rest: &[&str]) -> Result<String, Wrong> {
    if let [ssh] = rest
        && let Some(hash) = ssh.strip_prefix("SHA256:")
        && hash.len() == 43
        && hash.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
    {
        return Ok((*ssh).to_owned());
    }
    let digits = rest.concat().to_ascii_uppercase();
    let digits = digits.strip_prefix("0X").unwrap_or(&digits);
    match digits.len() {
        40 | 64 if digits.bytes().all(|b| b.is_ascii_hexdigit()) => Ok(digits.to_owned()),
        0 => Err(few("A key's whole fingerprint is needed.")),
        n => Err(Wrong {
            why: "A key's whole fingerprint is needed: 40 or 64 digits, or SHA256:… of an SSH key."
                .into(),
            wants_more: n < 40,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pull::ids::PullNumber;

    const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

    fn twelve() -> Named {
        Named::Pull(PullNumber(12))
    }

    #[test]
    fn every_example_of_the_table_is_that_command() {
        for row in TABLE {
            let command = parse(row.example, false).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(command.row().word, row.word, "{}", row.example);
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
        let fresh = Ok(Command::Retest { which: twelve(), fresh: true });
        assert_eq!(parse("retest fresh 12", false), fresh);
        assert_eq!(parse("Retest: 12 FRESH", false), fresh);
        assert_eq!(parse("retest fresh request 12", false), fresh);
        assert!(parse("retest fresh fresh 12", false).is_err());
    }

    #[test]
    fn on_a_thread_a_request_need_not_be_named() {
        let on = |line| parse(line, true).unwrap();
        assert_eq!(on("retest fresh"), Command::Retest { which: Named::Thread, fresh: true });
        assert_eq!(on("show"), Command::Show(Named::Thread));
        assert_eq!(on("show 12"), Command::Show(twelve()));
        assert_eq!(on("priority 5"), Command::Priority { which: Named::Thread, priority: 5 });
        let approve = |which, of: Option<&str>| Command::Approve { which, of: of.map(Into::into) };
        assert_eq!(on("approve"), approve(Named::Thread, None));
        assert_eq!(on("approve 4f2a91c0beef"), approve(Named::Thread, Some("4f2a91c0beef")));
        assert_eq!(on("approve 12 4F2A91C0BEEF"), approve(twelve(), Some("4f2a91c0beef")));
        let note = |which, text: &str| Command::Note { which, text: text.into() };
        assert_eq!(on("note waits for s390x"), note(Named::Thread, "waits for s390x"));
        assert_eq!(on("note 12 waits"), note(twelve(), "waits"));
        let log = |of, job: &str| Command::Log { of, job: job.into() };
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
            Ok(Command::Freeze { until, reason, .. }) => (until.map(|at| at.to_string()), reason),
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
            assert!(matches!(parse(line, false), Ok(Command::EmergencyStop { .. })), "{line}");
        }
    }

    #[test]
    fn fingerprints_have_blanks_and_key_ids_are_none() {
        let spaced = "0123 4567 89ab cdef 0123  4567 89ab cdef 0123 4567";
        let key = Command::KeyRemove(SHA.to_uppercase());
        assert_eq!(parse(&format!("key remove {spaced}"), false), Ok(key));
        assert!(parse("key remove 89ABCDEF01234567", false).is_err());
    }

    #[test]
    fn what_a_record_keeps_of_a_command_is_short_as_it_is_written_there() {
        for letter in ["a", "\"", "\u{1}", "漢"] {
            let text = letter.repeat(5_000);
            let Ok(Command::Note { text, .. }) = parse(&format!("note 1 {text}"), false) else {
                panic!("{letter:?}");
            };
            assert!(written(&text) <= MOST_WRITTEN, "{} bytes", written(&text));
        }
        let sha = "0123456789abcdef0123456789abcdef01234567";
        let test =
            |url: &str, reference: &str| parse(&format!("test {url} {reference} {sha}"), false);
        assert!(test("https://example.org/x.git", "v1").is_ok());
        assert!(test(&"u".repeat(1_001), "v1").is_err());
        assert!(test("https://example.org/x.git", &"r".repeat(401)).is_err());
    }
}
