//! A request in one running sentence: "please pull URL REF to get …", "pull from the tag URL REF with
//! top-most commit … on top of commit …", wherever its lines break.

use std::sync::LazyLock;

use regex::Regex;

use super::super::subject::pattern;
use super::Asked;
use super::token::{bare, is_evident, is_repository, is_url};

/// "Please pull", and the words that may lead from it to the URL.
static PULL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:please|pls|kindly|can\s+you|could\s+you|would\s+you)(?:\s+\w+){0,3}\s+pull\b:?(?:\s+(?:it|this|these|them|the|my|our|a|new|latest|following|signed|annotated|git|block|changes?|updates?|fixes|commits?|patch(?:es)?|series|tag|branch|tree|repo(?:sitory)?|from|at|in|on|of|via)\b:?){0,10}\s+(\S+)\s+(?:\\\s+)?(?:(?:tag|branch|ref)\s+)?(\S+)",
    )
});
static TIP: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r"(?i)\b(?:top-?\s*most|tip|top|head)\s+commit\s*:?\s*([0-9a-f]{7,40})\b")
});
static BASE: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"(?i)\bon\s+top\s+of(?:\s+commit)?\s*:?\s*([0-9a-f]{7,40})\b"));

/// Reads the first sentence that asks to pull a ref from a repository.
pub(super) fn read(text: &str) -> Option<Asked> {
    let (url, reference) = PULL.as_ref()?.captures_iter(text).find_map(|found| {
        let (url, name) = (bare(found.get(1)?.as_str()), bare(found.get(2)?.as_str()));
        let fits = is_url(url) && is_repository(url) && is_evident(name);
        fits.then(|| (url.to_owned(), name.to_owned()))
    })?;
    let sha = |pattern: &LazyLock<Option<Regex>>| {
        Some(pattern.as_ref()?.captures(text)?[1].to_ascii_lowercase())
    };
    Some(Asked { url, reference: Some(reference), base: sha(&BASE), tip: sha(&TIP) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert!(PULL.is_some() && TIP.is_some() && BASE.is_some());
    }

    #[test]
    fn a_sentence_is_read_across_its_lines_and_talk_is_not() {
        let asked =
            read("Please pull the\nfollowing changes from https://git.example/a.git for-9.0.\n");
        let asked = asked.unwrap();
        assert_eq!(asked.url, "https://git.example/a.git");
        assert_eq!(asked.reference.as_deref(), Some("for-9.0"));
        assert_eq!(read("I can't pull https://git.example/a.git today."), None);
        assert_eq!(read("$ git pull https://git.example/a.git for-9.0"), None);
        assert_eq!(read("see the pull request https://forge.example/a/pull/4 for-9.0"), None);
    }
}
