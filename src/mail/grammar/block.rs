//! The text of `git request-pull`, in the forms it has had and the ways mail programs and people
//! bend it: "are available in the Git repository at:", a URL and a ref on one line or two, "for you
//! to fetch changes up to".

use std::sync::LazyLock;

use regex::{Match, Regex};

use super::super::subject::pattern;
use super::asked::Asked;
use super::token::{bare, is_bare_scp, is_reference, is_sha, is_url, whole_name};

static ANCHOR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:available|found|changes|from|in|at)\s+(?:since\s+[^\n]{0,80}\s+)?(?:in|at|from|on)?\s*(?:the|my|our)\s+(?:public\s+)?git\s+(?:repository|repo|tree)(?:\s+at|\s+from)?\s*:?",
    )
});
static TIP: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)\bfetch\s+changes\s+up\s*to\s*:?\s*(?:commit\s+|tag\s+\S+\s+|\S+\s+\()?([0-9a-f]{7,40})\b",
    )
});
static UP_TO: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"(?i)(?:\bfor\s+you\s+)?(?:\bto\s+)?\bfetch\s+changes\s+up\s*to\b"));
static BASE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)\bchanges?\s+since\s*:?\s*(?:commit\s*:?\s*)?(?:(?:tag\s+)?\S+\s+\(|tag\s+\S+\s+)?([0-9a-f]{7,40})\b",
    )
});

/// How many lines with something in them the URL and the ref may take.
const LINES: usize = 5;

/// Reads the first request block that names a repository.
pub(super) fn read(text: &str) -> Option<Asked> {
    let anchors: Vec<Match<'_>> = ANCHOR.as_ref()?.find_iter(text).collect();
    let mut best: Option<(usize, Asked)> = None;
    let mut base: Option<String> = None;
    for (n, anchor) in anchors.iter().enumerate() {
        let until = anchors.get(n + 1).map_or(text.len(), Match::start);
        let before = n.checked_sub(1).map_or(0, |n| anchors[n].end());
        // The last one above: each text is searched once, however many anchors there are.
        base = last(&BASE, &text[before..anchor.end()]).or(base);
        let Some(asked) = at(&text[anchor.end()..until], base.clone()) else { continue };
        let whole = usize::from(asked.tip.is_some()) * 2 + usize::from(asked.base.is_some());
        if best.as_ref().is_none_or(|(known, _)| *known < whole) {
            best = Some((whole, asked));
        }
    }
    best.map(|(_, asked)| asked)
}

/// The last commit that a pattern finds.
fn last(pattern: &LazyLock<Option<Regex>>, text: &str) -> Option<String> {
    let found = pattern.as_ref()?.captures_iter(text).last()?;
    Some(found[1].to_ascii_lowercase())
}

/// The block of one anchor: the text below it, and the base that stands above.
fn at(below: &str, base: Option<String>) -> Option<Asked> {
    let end = UP_TO.as_ref()?.find(below).map(|found| found.start());
    let (url, reference) = place(&below[..end.unwrap_or(below.len())], end.is_some())?;
    let tip = TIP.as_ref()?.captures(below).map(|found| found[1].to_ascii_lowercase());
    let tip = tip.or_else(|| misplaced_tip(&below[..end?]));
    Some(Asked { url, reference, base, tip })
}

/// The tip that somebody put above the URL by hand: the only full commit there.
fn misplaced_tip(between: &str) -> Option<String> {
    let mut commits = between.split_whitespace().map(bare).filter(|t| t.len() == 40 && is_sha(t));
    commits.next().filter(|_| commits.next().is_none()).map(str::to_ascii_lowercase)
}

/// URL and ref between "repository at" and "for you to fetch". `closed`: the text ends there, so
/// that what follows the URL is the ref and no other text.
fn place(between: &str, closed: bool) -> Option<(String, Option<String>)> {
    let lines = between.lines().map(str::trim).filter(|line| !line.is_empty()).take(LINES);
    let mut url: Option<String> = None;
    let mut reference: Option<String> = None;
    for line in lines {
        let mut tokens = line.split_whitespace().filter(|token| *token != "\\");
        if url.is_none() {
            let Some(found) = tokens.find(|token| is_place(bare(token))) else { continue };
            url = Some(bare(found).to_owned());
            reference = named(tokens.collect::<Vec<_>>().as_slice());
        } else if reference.is_none() {
            let tokens: Vec<&str> = tokens.collect();
            reference = (closed || tokens.len() == 1).then(|| named(&tokens)).flatten();
            if reference.is_none() {
                break;
            }
        } else {
            let tokens: Vec<&str> = tokens.collect();
            reference = reference.map(|name| whole_name(name, &tokens));
            break;
        }
    }
    url.map(|url| (url, reference))
}

fn is_place(token: &str) -> bool {
    is_url(token) || is_bare_scp(token)
}

/// The ref among the tokens behind a URL: the first one that is a name.
fn named(tokens: &[&str]) -> Option<String> {
    let mut tokens = tokens.iter().map(|token| bare(token));
    let first = tokens.next()?;
    let name = match first.to_ascii_lowercase().as_str() {
        "tag" | "tags" | "branch" | "ref" => tokens.next()?,
        _ => first,
    };
    (is_reference(name) && !is_url(name)).then(|| name.to_owned())
}
