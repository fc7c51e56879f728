//! What a URL, a ref and a commit look like in running text.

use std::sync::LazyLock;

use regex::Regex;

use super::super::subject::pattern;

static URL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r"^(?:[A-Za-z][A-Za-z0-9+.-]*://[^\s/]+\S*|[\w.+-]+@[\w.-]+:[^\s:]\S*)$")
});
/// `host:path`, which only the place after "repository at" shows to be a URL.
static BARE_SCP: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"^[A-Za-z0-9][\w-]*(?:\.[\w-]+)+:[\w~/][\w./~+-]*$"));
static SHA: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(r"^[0-9a-fA-F]{7,40}$"));

/// A token without what people put around it.
pub(super) fn bare(token: &str) -> &str {
    let around =
        ['<', '>', '"', '\'', '`', '(', ')', ',', ';', '\\', '“', '”', '‘', '’', '«', '»', '*'];
    // `<URL>.` and `(tag)?` end in both.
    let ends = |c: char| around.contains(&c) || ['.', ':', '?', '!'].contains(&c);
    token.trim_start_matches(around).trim_end_matches(ends)
}

/// Whether a token is a repository's URL by its form.
pub(super) fn is_url(token: &str) -> bool {
    URL.as_ref().is_some_and(|url| url.is_match(token))
}

/// Whether a token is `host:path`.
pub(super) fn is_bare_scp(token: &str) -> bool {
    BARE_SCP.as_ref().is_some_and(|url| url.is_match(token))
}

/// Whether a URL outside a request block is likely a repository, and no link to a web page.
pub(super) fn is_repository(url: &str) -> bool {
    let lower = url.to_ascii_lowercase();
    let web = lower.starts_with("http://") || lower.starts_with("https://");
    let path = lower.split_once("://").map_or("", |(_, rest)| rest);
    !web || lower.trim_end_matches('/').ends_with(".git")
        || path.contains("/scm/")
        || path.contains("/git/")
        || path.starts_with("git.")
        || (FORGES.iter().any(|forge| path.starts_with(forge))
            && !PAGES.iter().any(|page| path.contains(page)))
}

/// Hosts whose paths are repositories', with or without `.git`, …
const FORGES: [&str; 4] = ["github.", "gitlab.", "codeberg.", "bitbucket."];
/// … but for those with such a part.
const PAGES: [&str; 9] =
    ["/-/", "/pull/", "/pulls", "/issues", "/commit", "/blob/", "/tree/", "/compare/", "/releases"];

/// Whether a token can be a ref's name (git-check-ref-format), and is no ordinary word's
/// punctuation.
pub(super) fn is_reference(token: &str) -> bool {
    let forbidden = ['~', '^', ':', '?', '*', '[', '\\', '<', '>', '"', '\'', '(', ')', ',', ';'];
    !token.is_empty()
        && token.len() <= 250
        && !token.contains(|c: char| c.is_control() || c.is_whitespace() || forbidden.contains(&c))
        && !token.contains("..")
        && !token.contains("@{")
        && !token.starts_with(['-', '/', '.', '#', '=', '>'])
        && !token.ends_with(['/', '.'])
        && token.contains(|c: char| c.is_alphanumeric())
}

/// Whether a token is a commit's name.
pub(super) fn is_sha(token: &str) -> bool {
    SHA.as_ref().is_some_and(|sha| sha.is_match(token))
}

/// Whether a name shows by itself that it is a ref's and no word of the text: `tags/x`, `for-9.0`.
pub(super) fn is_evident(name: &str) -> bool {
    let joined = name.contains(['-', '_', '/', '+']) || name.contains(|c: char| c.is_ascii_digit());
    joined && !is_url(name) && is_reference(name) && !(is_sha(name) && name.len() == 40)
}

/// A ref's name with what a mail program broke off it: a name that ends in a hyphen goes on in the
/// next line, if that is one word.
pub(super) fn whole_name(mut name: String, next: &[&str]) -> String {
    if let (true, [rest]) = (name.ends_with(['-', '_', '+']), next) {
        name.push_str(bare(rest));
    }
    name
}
