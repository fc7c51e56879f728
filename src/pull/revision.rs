//! Says whether one request is a later revision of another. Pure: it reads two records and the
//! open requests around them. It must not say what follows from that: `decide` does.
//!
//! What is believed, and why:
//!
//! * Nothing unverified supersedes anything. The newer one's tag was verified, its commits were
//!   looked at, it merges, and nothing holds it; a mail that merely says `v2` changes nothing, and
//!   a v2 that conflicts leaves its v1 under test.
//! * Mails are forgeable, and old signed tags can be mailed again by anybody. So the newer tag must
//!   not have been made before the older one, by the signed tagger line; a replayed old tag
//!   supersedes nothing, whatever its mail says. Of two tags made in the same second the one that was
//!   mailed later is the newer. This also orders any two requests one way only.
//! * The same signed tag is no revision of itself, whichever object carries it.
//! * A tag's name says nothing: `for-upstream` moves for the next request. A name with a version of
//!   its own (`block-v2` after `block`) says as much as an equal title does.
//! * Titles are used again for the next series. An equal title counts only together with a higher
//!   revision, and only back to where that title began anew.

use super::ids::{MessageId, ObjectId, PullNumber};
use super::lineage::OlderTip;
use super::request::{Pull, Stage, Trusted};
use super::subject::Subject;
use super::verdict::{Refusal, Verdict};

/// How many older tips one examination is asked about.
const OLDER: usize = 64;

/// The tips of older requests for the same target, the newest ones.
pub(crate) fn older_tips<'a>(
    pull: &Pull,
    open: impl DoubleEndedIterator<Item = &'a Pull>,
) -> Vec<OlderTip> {
    let older = open.filter(|other| other.number < pull.number && other.target == pull.target);
    let tips = older.rev().filter_map(|other| tip(other).map(|tip| (other.number, tip)));
    tips.take(OLDER).map(|(number, tip)| OlderTip { number, tip }).collect()
}

fn tip(pull: &Pull) -> Option<ObjectId> {
    match (&pull.stage, pull.stage.trusted()) {
        (_, Some(trusted)) => Some(trusted.pinned.tip),
        (Stage::Fetched { pinned, .. }, None) => Some(pinned.tip),
        (_, None) => pull.mail().request.tip.as_ref().and_then(|tip| tip.full()),
    }
}

/// The newest of the open requests that supersedes this one.
pub(crate) fn superseded_by<'a, I>(older: &Pull, open: I) -> Option<PullNumber>
where
    I: Iterator<Item = &'a Pull> + Clone,
{
    open.clone()
        .filter(|newer| supersedes(newer, older, open.clone()))
        .max_by_key(|newer| (newer.mail().revision, newer.number))
        .map(|newer| newer.number)
}

/// Whether the newer request supersedes the older one; `open` are all that may stand between.
pub(crate) fn supersedes<'a>(
    newer: &Pull,
    older: &Pull,
    open: impl Iterator<Item = &'a Pull> + Clone,
) -> bool {
    newer.lineage.stands && would_supersede(newer, older, open)
}

/// Whether the newer request will supersede the older one once it merges and nothing holds it.
pub(crate) fn would_supersede<'a>(
    newer: &Pull,
    older: &Pull,
    open: impl Iterator<Item = &'a Pull> + Clone,
) -> bool {
    let Some(contains) = &newer.lineage.contains else { return false };
    let Some(new) = newer.stage.trusted() else { return false };
    if newer.number == older.number || newer.target != older.target {
        return false;
    }
    let contained = newer.number > older.number && contains.contains(&older.number);
    if !contained && !is_next(newer, older, open) {
        return false;
    }
    match older.stage.trusted() {
        Some(old) => new.signer.key == old.signer.key && comes_after(newer, new, older, old),
        // It can't be fetched as its mail says, perhaps because its tag's name was used again.
        // Where it asks for the very same commit it may be the same tag, which repeats settle.
        None => {
            fails_to_arrive(&older.stage)
                && same_author(newer, older)
                && tip(older) != Some(new.pinned.tip)
        }
    }
}

/// Whether a tag was made after another. Of two made in the same second the later mail's is the
/// newer; so no two requests can supersede each other.
fn comes_after(newer: &Pull, new: &Trusted, older: &Pull, old: &Trusted) -> bool {
    let (Some(new), Some(old)) = (&new.pinned.tag, &old.pinned.tag) else { return false };
    !new.is_same(old) && (new.tagged_at, newer.number) > (old.tagged_at, older.number)
}

fn fails_to_arrive(stage: &Stage) -> bool {
    matches!(stage, Stage::Received { fetch } if fetch.failures > 0)
}

/// Whether the mails say that one is the next revision of the other.
fn is_next<'a>(newer: &Pull, older: &Pull, open: impl Iterator<Item = &'a Pull> + Clone) -> bool {
    newer.mail().revision > older.mail().revision
        && (on_its_thread(newer, older, open.clone())
            || (same_name(newer, older) && !begun_anew(newer, older, open)))
}

/// Whether a request answers another's mail, or both answer a third request of the same author. A
/// thread that only has some discussion above it joins nothing.
fn on_its_thread<'a>(newer: &Pull, older: &Pull, mut open: impl Iterator<Item = &'a Pull>) -> bool {
    let above = |pull: &Pull, id: &MessageId| pull.mail().references.contains(id);
    above(newer, &older.mail().message_id)
        || open.any(|third| {
            let id = &third.mail().message_id;
            same_author(third, newer) && above(newer, id) && above(older, id)
        })
}

/// Whether a request with the same name began a new series between the two.
fn begun_anew<'a>(newer: &Pull, older: &Pull, mut open: impl Iterator<Item = &'a Pull>) -> bool {
    open.any(|between| {
        older.number < between.number
            && between.number < newer.number
            && between.mail().revision <= older.mail().revision
            && between.target == older.target
            && same_author(between, older)
            && same_name(between, older)
            && !is_void(between)
    })
}

/// Whether a request never stood for anything of its own.
fn is_void(pull: &Pull) -> bool {
    match pull.stage.verdict() {
        Some(Verdict::Repeated { .. } | Verdict::Refused { why: Refusal::Signature(_), .. }) => {
            true
        }
        Some(
            Verdict::Refused { .. }
            | Verdict::Tested { .. }
            | Verdict::Landed
            | Verdict::Cancelled { .. }
            | Verdict::Ignored { .. }
            | Verdict::Superseded { .. },
        )
        | None => false,
    }
}

fn same_author(one: &Pull, two: &Pull) -> bool {
    one.mail().author.address.eq_ignore_ascii_case(&two.mail().author.address)
}

/// Whether two requests have the same title, or refs that differ in a version alone.
fn same_name(one: &Pull, two: &Pull) -> bool {
    let (first, second) = (title(&one.mail().subject), title(&two.mail().subject));
    if !first.is_empty() && first == second {
        return true;
    }
    let (first, second) = (&one.mail().request.reference, &two.mail().request.reference);
    first != second && stem(first).is_some() && stem(first) == stem(second)
}

/// A subject's own words: without brackets, markers, numbers of parts, versions and RESEND.
fn title(subject: &str) -> Vec<String> {
    let words = Subject::of(subject).rest.split_whitespace();
    words
        .map(|word| word.trim_matches([':', ',', ';', '.', '(', ')', '[', ']']).to_lowercase())
        .filter(|word| !word.is_empty() && !is_mark(word))
        .collect()
}

fn is_mark(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    ["pull", "git", "request", "pull-request", "resend", "repost"].contains(&word)
        || word.strip_prefix('v').is_some_and(digits)
        || word.split_once('/').is_some_and(|(n, of)| digits(n) && digits(of))
}

/// A ref without the version at its end; `None` where nothing is left.
fn stem(reference: &str) -> Option<&str> {
    let name = reference.strip_prefix("refs/").unwrap_or(reference);
    let name = name.strip_prefix("tags/").unwrap_or(name);
    let unnumbered = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let version = unnumbered.len() < name.len();
    let stem = match unnumbered.strip_suffix(['v', 'V']) {
        Some(stem) if version => stem.strip_suffix(['-', '_', '.']).unwrap_or(name),
        Some(_) | None => name,
    };
    (!stem.is_empty()).then_some(stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_what_the_series_calls_itself() {
        let same = [
            "[PULL 00/12] Block patches",
            "[PULL v2 00/12] Block  patches",
            "[PULL RESEND] block patches",
            "[GIT PULL, v3] [RESEND] Block patches",
            "[PULL] RESEND: Block patches (v2)",
            "PULL: Block patches, v2",
            "Re: [PULL v2] Block patches",
        ];
        for subject in same {
            assert_eq!(title(subject), ["block", "patches"], "{subject}");
        }
        assert_ne!(title("[PULL] Block patches"), title("[PULL] Block patches for 9.0"));
        assert_ne!(title("[PULL] net 2026-01-05"), title("[PULL] net 2026-01-12"));
        assert!(title("[PULL v2]").is_empty());
    }

    #[test]
    fn a_ref_loses_a_version_and_nothing_else() {
        let stems = [
            ("tags/block-v2", "block"),
            ("refs/tags/block_v12", "block"),
            ("tags/block.v2", "block"),
            ("tags/block", "block"),
            ("for-upstream", "for-upstream"),
            ("tags/block-2026-01-05", "block-2026-01-05"),
            ("tags/dev2", "dev2"),
            ("tags/for-v6", "for"),
        ];
        for (reference, expected) in stems {
            assert_eq!(stem(reference), Some(expected), "{reference}");
        }
        assert_eq!(stem("tags/-v2"), None);
    }
}
