//! SEARCH (RFC 3501, section 6.4.4) over a folder. It must not answer for keys that it does not
//! know: the client is told.

use imap_codec::imap_types::core::AString;
use imap_codec::imap_types::datetime::NaiveDate;
use imap_codec::imap_types::search::SearchKey;
use imap_codec::imap_types::sequence::{Sequence, SequenceSet};
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::super::folder::{Folder, StoredMail};
use super::super::headers;

/// A key that this server does not search by.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unsupported;

/// The positions (from 0) of the mails that fulfil all keys, in order.
pub(super) fn search(folder: &Folder, keys: &[SearchKey<'_>]) -> Result<Vec<usize>, Unsupported> {
    let mut found = Vec::new();
    for (at, mail) in folder.mails.iter().enumerate() {
        if all(folder, at, mail, keys)? {
            found.push(at);
        }
    }
    if folder.mails.is_empty() {
        // The keys are judged even where there is nothing to find.
        let nothing = StoredMail::new(b"\r\n", jiff::Timestamp::UNIX_EPOCH);
        all(folder, 0, &nothing, keys)?;
    }
    Ok(found)
}

fn all(
    folder: &Folder,
    at: usize,
    mail: &StoredMail,
    keys: &[SearchKey<'_>],
) -> Result<bool, Unsupported> {
    for key in keys {
        if !fulfils(folder, at, mail, key)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn fulfils(
    folder: &Folder,
    at: usize,
    mail: &StoredMail,
    key: &SearchKey<'_>,
) -> Result<bool, Unsupported> {
    Ok(match key {
        SearchKey::All | SearchKey::Undeleted | SearchKey::Undraft => true,
        SearchKey::Deleted | SearchKey::Draft | SearchKey::Recent | SearchKey::Answered => false,
        SearchKey::Seen => mail.seen,
        SearchKey::Unseen => !mail.seen,
        SearchKey::And(keys) => all(folder, at, mail, keys.as_ref())?,
        SearchKey::Or(one, other) => {
            fulfils(folder, at, mail, one)? || fulfils(folder, at, mail, other)?
        }
        SearchKey::Not(key) => !fulfils(folder, at, mail, key)?,
        SearchKey::SequenceSet(set) => contains(set, at as u32 + 1, folder.mails.len() as u32),
        SearchKey::Uid(set) => contains(set, mail.uid, last_uid(folder)),
        SearchKey::Since(date) => arrived(mail) >= day(date)?,
        SearchKey::Before(date) => arrived(mail) < day(date)?,
        SearchKey::On(date) => arrived(mail) == day(date)?,
        SearchKey::Larger(size) => mail.bytes().len() > *size as usize,
        SearchKey::Smaller(size) => mail.bytes().len() < *size as usize,
        SearchKey::Header(name, text) => has(mail, &lossy(name), text),
        SearchKey::Subject(text) => has(mail, "Subject", text),
        SearchKey::From(text) => has(mail, "From", text),
        SearchKey::To(text) => has(mail, "To", text),
        SearchKey::Cc(text) => has(mail, "Cc", text),
        _ => return Err(Unsupported),
    })
}

/// The highest UID; 0 in an empty folder.
fn last_uid(folder: &Folder) -> u32 {
    folder.mails.last().map_or(0, |mail| mail.uid)
}

/// Whether a set contains a number, where `*` is `last`. `7:*` contains the last even where that
/// is under 7 (RFC 3501, section 9, seq-range).
fn contains(set: &SequenceSet, number: u32, last: u32) -> bool {
    ranges(set, last).any(|(low, high)| (low..=high).contains(&number))
}

/// The positions that a set names, in order and once: by UID, or by number among the first `told`.
pub(super) fn positions(folder: &Folder, told: usize, set: &SequenceSet, uid: bool) -> Vec<usize> {
    let last = if uid { last_uid(folder) } else { told as u32 };
    let mut found = Vec::new();
    for (low, high) in ranges(set, last) {
        let (from, to) = if uid {
            (folder.position(low), folder.position(high.saturating_add(1)))
        } else {
            (low.saturating_sub(1) as usize, (high as usize).min(told))
        };
        found.extend(from..to.max(from));
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// A set's ranges as numbers.
fn ranges(set: &SequenceSet, last: u32) -> impl Iterator<Item = (u32, u32)> {
    use imap_codec::imap_types::sequence::SeqOrUid;
    let number = move |end: &SeqOrUid| match end {
        SeqOrUid::Value(value) => value.get(),
        SeqOrUid::Asterisk => last,
    };
    set.0.as_ref().iter().map(move |sequence| match sequence {
        Sequence::Single(one) => (number(one), number(one)),
        Sequence::Range(one, other) => {
            let (one, other) = (number(one), number(other));
            (one.min(other), one.max(other))
        }
    })
}

fn arrived(mail: &StoredMail) -> Date {
    mail.received.to_zoned(TimeZone::UTC).date()
}

fn day(date: &NaiveDate) -> Result<Date, Unsupported> {
    date.as_ref().to_string().parse().map_err(|_| Unsupported)
}

fn lossy(text: &AString<'_>) -> String {
    String::from_utf8_lossy(text.as_ref()).into_owned()
}

/// Whether some field with that name contains the text, in any case.
fn has(mail: &StoredMail, name: &str, text: &AString<'_>) -> bool {
    let wanted = lossy(text).to_lowercase();
    let bytes = mail.bytes();
    let (header, _) = headers::split(&bytes);
    headers::fields(header)
        .into_iter()
        .filter(|field| headers::is_named(field, name))
        .any(|field| headers::value(field).to_lowercase().contains(&wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str) -> SequenceSet {
        text.try_into().unwrap()
    }

    #[test]
    fn a_range_to_the_star_contains_the_last_even_from_beyond_it() {
        assert!(contains(&set("7:*"), 3, 3));
        assert!(!contains(&set("7:*"), 2, 3));
        assert!(contains(&set("1,5:6"), 5, 9));
        assert!(!contains(&set("1,5:6"), 4, 9));
        assert!(contains(&set("*"), 9, 9));
    }

    #[test]
    fn a_set_names_positions_once_and_in_order() {
        let mut folder = Folder::new(1);
        folder.fill(5, jiff::Timestamp::UNIX_EPOCH);
        folder.mails.remove(1);
        assert_eq!(positions(&folder, 4, &set("3:4,1:3"), true), [0, 1, 2]);
        assert_eq!(positions(&folder, 3, &set("2:*"), false), [1, 2]);
        assert_eq!(positions(&Folder::new(1), 0, &set("1:*"), true), Vec::<usize>::new());
    }

    #[test]
    fn keys_are_joined_and_unknown_ones_refused() {
        let mut folder = Folder::new(1);
        folder.fill(3, "2026-03-02T00:01:00Z".parse().unwrap());
        let since = SearchKey::Since(NaiveDate::unvalidated("2026-03-02".parse().unwrap()));
        assert_eq!(search(&folder, std::slice::from_ref(&since)).unwrap(), [1, 2]);
        let named = SearchKey::Header(
            "message-id".try_into().unwrap(),
            "<OLD-2@maintainers.example>".try_into().unwrap(),
        );
        assert_eq!(search(&folder, &[since, named.clone()]).unwrap(), [1]);
        assert_eq!(search(&folder, &[SearchKey::Not(Box::new(named))]).unwrap(), [0, 2]);
        let body = SearchKey::Body("x".try_into().unwrap());
        assert_eq!(search(&folder, std::slice::from_ref(&body)), Err(Unsupported));
        assert_eq!(search(&Folder::new(1), &[body]), Err(Unsupported));
    }
}
