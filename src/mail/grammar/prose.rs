//! Requests in people's own words: "Please pull from the tag URL ref with top-most commit … on top
//! of commit …", "Please pull the latest x tree from:". A repository's URL stands at the start of a
//! line, near a sentence that asks to pull.

use std::sync::LazyLock;

use regex::Regex;

use super::super::subject::pattern;
use super::Asked;
use super::token::{bare, is_reference, is_repository, is_sha, is_url, whole_name};

static ASKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)\bpull(?:ing)?\b|\bmerge\b|\bare\s+available\b|\bgit\s+(?:repository|repo|tree)\b",
    )
});
static TIP: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:\btop-?\s*most\s+commit|\btip\s+commit|\btop\s+commit|\bhead(?:\s+sha1?|\s+commit)?\s*:|\bchanges\s+up\s*to\s*:?)\s*:?\s*([0-9a-f]{7,40})\b",
    )
});
static BASE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:\bon\s+top\s+of(?:\s+commit)?|\bchanges?\s+since(?:\s+commit)?|\bbased?\s+(?:on|commit))\s*:?\s*([0-9a-f]{7,40})\b",
    )
});

/// How many lines with something in them may stand between the asking words and the URL.
const NEAR: usize = 6;

/// Reads the first repository that the text asks to pull from.
pub(super) fn read(text: &str) -> Option<Asked> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let (at, url, rest) = lines.iter().enumerate().find_map(|(n, line)| {
        let (url, rest) = leading_url(line)?;
        let near = &lines[n.saturating_sub(NEAR)..n];
        let asked = near.iter().any(|line| ASKS.as_ref().is_some_and(|asks| asks.is_match(line)));
        asked.then_some((n, url, rest))
    })?;
    let next: Vec<&str> =
        lines.get(at + 1).map_or_else(Vec::new, |l| l.split_whitespace().collect());
    let reference = match name_in(&rest) {
        Some(name) => Some(whole_name(name, &next)),
        None => name_in(&next),
    };
    let sha = |pattern: &LazyLock<Option<Regex>>| {
        Some(pattern.as_ref()?.captures(text)?[1].to_ascii_lowercase())
    };
    let asked = Asked { url: url.to_owned(), reference, base: sha(&BASE), tip: sha(&TIP) };
    (asked.reference.is_some() || asked.tip.is_some()).then_some(asked)
}

/// A repository's URL at the start of a line, `git pull` in front of it or not, and what follows.
fn leading_url(line: &str) -> Option<(&str, Vec<&str>)> {
    let line = line.trim_start_matches(['$', '#']).trim_start();
    let line = line.strip_prefix("git pull ").unwrap_or(line);
    let mut tokens = line.split_whitespace().filter(|token| *token != "\\");
    let url = bare(tokens.next()?);
    (is_url(url) && is_repository(url)).then(|| (url, tokens.collect()))
}

/// A ref that stands alone, or behind the word "tag" or "branch".
fn name_in(tokens: &[&str]) -> Option<String> {
    let name = match tokens {
        [name] => bare(name),
        ["tag" | "branch" | "Tag" | "Branch" | "tag:" | "branch:", name] => bare(name),
        _ => return None,
    };
    let fits = is_reference(name) && !is_url(name) && !(is_sha(name) && name.len() == 40);
    fits.then(|| name.to_owned())
}
