//! Requests in people's own words: "Please pull from the tag URL ref with top-most commit … on top
//! of commit …", "Please pull the latest x tree from:". A repository's URL stands at the start of a
//! line, near a sentence that asks to pull.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::super::subject::pattern;
use super::asked::Asked;
use super::token::{bare, is_evident, is_reference, is_repository, is_sha, is_url, whole_name};

static ASKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)\bpull(?:ing)?\b|\bmerge\b|\bare\s+available\b|\bgit\s+(?:repository|repo|tree)\b",
    )
});
static TIP: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:\btop-?\s*most\s+commit|\btip\s+commit|\btop\s+commit|\b(?:head|tip)(?:\s+sha1?|\s+commit)?\s*:|\bchanges\s+up\s*to\s*:?)\s*:?\s*([0-9a-f]{7,40})\b",
    )
});
static BASE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?im)(?:\bon\s+top\s+of(?:\s+commit)?|\bchanges?\s+since(?:\s+commit)?|\bbased?\s+(?:on|commit)|^base\s*:)\s*:?\s*([0-9a-f]{7,40})\b",
    )
});

/// The subject of a merge commit, which tells of a pull and asks for none.
static MERGED: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"(?i)\bmerge\s+(?:remote-tracking\s+)?(?:branch|tag)(?:es|s)?\b"));
/// An order not to pull. One that speaks of a former request leaves this one to be pulled.
static NEGATED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:do\s+not|don['’]t|never|ignore|disregard|drop|withdraw|hold\s+off|refrain)\b[^.:;]{0,40}?\b(?:pull|merg)(?:ing|e)?\b",
    )
});
static FORMER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r"(?i)\b(?:previous|prior|former|earlier|old|older|last|first|other|v\d+)\b")
});
/// `Repository: URL`, a field of its own.
static LABEL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r"(?i)^(?:git\s+)?(?:repository|repo|url|uri|tree|remote|pull\s+from|from)\s*:\s+")
});
/// The ref where it is named before the URL: "pull the tag x from".
static NAMED_BEFORE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r"(?i)\b(?:tag|branch)\s+(?:named\s+|called\s+)?(\S+)\s+(?:from|of|at|in|on)\b")
});

static PULLS: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(r"(?i)\bpull(?:ing)?\b"));

/// How many lines with something in them may stand between the asking words and the URL.
const NEAR: usize = 6;

/// Reads the first repository that the text asks to pull from.
pub(super) fn read(text: &str) -> Option<Asked> {
    let all: Vec<&str> = text.lines().map(str::trim).collect();
    let full: Vec<usize> = (0..all.len()).filter(|at| !all[*at].is_empty()).collect();
    let (n, url, rest, near) = full.iter().enumerate().find_map(|(n, at)| {
        let (url, rest) = leading_url(all[*at])?;
        // What is to be fetched is asked for only right below the word "pull": a letter of ours
        // also says how to fetch.
        let fetch = unprompted(all[*at]).starts_with("git fetch ");
        let (reach, asks) = if fetch { (1, &PULLS) } else { (NEAR, &ASKS) };
        let above = full[n.saturating_sub(reach)..n].iter().map(|at| all[*at]);
        let above = above.collect::<Vec<_>>().join("\n");
        let near = MERGED.as_ref()?.replace_all(&above, "");
        let near = without_negated(&near)?;
        let asked = asks.as_ref().is_some_and(|asks| asks.is_match(&near));
        asked.then_some((n, url, rest, near))
    })?;
    let next = full.get(n + 1).map_or_else(Vec::new, |at| all[*at].split_whitespace().collect());
    let adjoins = full.get(n + 1).is_some_and(|at| *at == full[n] + 1);
    let reference = match name_in(&rest) {
        Some(name) => Some(whole_name(name, &next)),
        // A word of a paragraph of its own is a name only if it looks like one: "Thanks".
        None => name_in(&next)
            .filter(|name| is_evident(name) || (adjoins && !is_closing(name)))
            .or_else(|| named_before(&near)),
    };
    let sha = |pattern: &LazyLock<Option<Regex>>| {
        Some(pattern.as_ref()?.captures(text)?[1].to_ascii_lowercase())
    };
    let asked = Asked { url: url.to_owned(), reference, base: sha(&BASE), tip: sha(&TIP) };
    (asked.reference.is_some() || asked.tip.is_some()).then_some(asked)
}

/// What is left of words when those that ask not to pull are gone.
pub(super) fn without_negated(words: &str) -> Option<String> {
    let former = FORMER.as_ref()?;
    let kept = |found: &Captures<'_>| {
        if former.is_match(&found[0]) { found[0].to_owned() } else { String::new() }
    };
    Some(NEGATED.as_ref()?.replace_all(words, kept).into_owned())
}

fn named_before(near: &str) -> Option<String> {
    let found = NAMED_BEFORE.as_ref()?.captures_iter(near).last()?;
    let name = bare(&found[1]);
    is_evident(name).then(|| name.to_owned())
}

/// Whether a word ends letters.
fn is_closing(word: &str) -> bool {
    ["thanks", "thank", "thx", "cheers", "regards", "best", "br", "bye", "greetings", "signed"]
        .iter()
        .any(|closing| word.eq_ignore_ascii_case(closing))
}

/// A line without a shell's prompt.
fn unprompted(line: &str) -> &str {
    line.trim_start_matches(['$', '#']).trim_start()
}

/// A repository's URL at the start of a line, `git pull` or `git fetch` in front of it or not, and
/// what follows.
fn leading_url(line: &str) -> Option<(&str, Vec<&str>)> {
    let line = unprompted(line);
    let command = ["git pull ", "git fetch "].iter().find_map(|git| line.strip_prefix(git));
    let line = command.unwrap_or(line);
    let label = LABEL.as_ref()?.find(line).map_or(0, |label| label.end());
    let line = &line[label..];
    let mut tokens = line.split_whitespace().filter(|token| *token != "\\");
    let url = bare(tokens.next()?);
    (is_url(url) && is_repository(url)).then(|| (url, tokens.collect()))
}

/// A ref that stands alone, or behind the word "tag" or "branch".
fn name_in(tokens: &[&str]) -> Option<String> {
    let name = match tokens {
        [name] => bare(name),
        [label, name] if is_label(label) => bare(name),
        _ => return None,
    };
    let fits = is_reference(name) && !is_url(name) && !(is_sha(name) && name.len() == 40);
    fits.then(|| name.to_owned())
}

fn is_label(word: &str) -> bool {
    let word = word.trim_end_matches(':');
    ["tag", "branch", "ref"].iter().any(|label| word.eq_ignore_ascii_case(label))
}
