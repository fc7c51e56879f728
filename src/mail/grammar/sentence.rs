//! A request in one running sentence: "please pull URL REF to get …", "pull from the tag URL REF with
//! top-most commit … on top of commit …", wherever its lines break.

use std::sync::LazyLock;

use regex::Regex;

use super::super::subject::pattern;
use super::asked::Asked;
use super::prose::without_negated;
use super::token::{bare, is_evident, is_repository, is_url};

/// "Please pull", and the words that may lead from it to the URL.
static PULL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:please|pls|kindly|can\s+you|could\s+you|would\s+you)(?:\s+\w+){0,3}\s+pull\b:?(?:\s+(?:it|this|these|them|the|my|our|a|new|latest|following|signed|annotated|git|block|changes?|updates?|fixes|commits?|patch(?:es)?|series|tag|branch|tree|repo(?:sitory)?|from|at|in|on|of|via)\b:?){0,10}\s+(\S+)\s+(?:\\\s+)?(?:(?:tag|branch|ref)\s+)?(\S+)",
    )
});
/// "Please pull … the tag NAME from URL".
static NAMED_FIRST: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:please|pls|kindly|can\s+you|could\s+you|would\s+you)(?:\s+\w+){0,3}\s+pull\b(?:\s+[\w'’-]+){0,12}?\s+(?:tag|branch|ref)\s+(?:named\s+|called\s+)?(\S+)\s+(?:from|of|in|at|on)(?:\s+(?:the|my|our|git|tree|repo(?:sitory)?|at))*:?\s+(\S+)",
    )
});
static TIP: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:top-?\s*most|tip|top|head)(?:\s+(?:commit|is|at))*\s*:?\s*([0-9a-f]{7,40})\b",
    )
});
static BASE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:on\s+top\s+of|based\s+on|changes?\s+since)(?:\s+commit)?\s*:?\s*([0-9a-f]{7,40})\b",
    )
});

/// Reads the first sentence that asks to pull a ref from a repository.
pub(super) fn read(text: &str) -> Option<Asked> {
    let text = &without_negated(text)?;
    let place = |url: &str, name: &str| {
        let (url, name) = (bare(url), bare(name));
        let fits = is_url(url) && is_repository(url) && is_evident(name);
        fits.then(|| (url.to_owned(), name.to_owned()))
    };
    let found = PULL.as_ref()?.captures_iter(text).find_map(|found| place(&found[1], &found[2]));
    let named_first =
        || NAMED_FIRST.as_ref()?.captures_iter(text).find_map(|found| place(&found[2], &found[1]));
    let (url, reference) = found.or_else(named_first)?;
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
        assert!(PULL.is_some() && NAMED_FIRST.is_some() && TIP.is_some() && BASE.is_some());
    }

    #[test]
    fn a_sentence_is_read_across_its_lines_and_talk_is_not() {
        let asked =
            read("Please pull the\nfollowing changes from https://git.example/a.git for-9.0.\n");
        let asked = asked.unwrap();
        assert_eq!(asked.url, "https://git.example/a.git");
        assert_eq!(asked.reference.as_deref(), Some("for-9.0"));
        let asked = read(
            "Could you please pull the fixes since v8 from tag x-1 of <https://git.example/a.git>?\n(tip 0123456789ab, based on ba9876543210).",
        );
        let asked = asked.unwrap();
        assert_eq!(
            (asked.url.as_str(), asked.reference.as_deref()),
            ("https://git.example/a.git", Some("x-1"))
        );
        assert_eq!(asked.tip.as_deref(), Some("0123456789ab"));
        assert_eq!(asked.base.as_deref(), Some("ba9876543210"));
        assert_eq!(read("Please do not pull https://git.example/a.git for-9.0"), None);
        assert!(
            read("Please drop my older pull. Please pull https://git.example/a.git for-9.0")
                .is_some()
        );
        assert_eq!(read("I can't pull https://git.example/a.git today."), None);
        assert_eq!(read("$ git pull https://git.example/a.git for-9.0"), None);
        assert_eq!(read("see the pull request https://forge.example/a/pull/4 for-9.0"), None);
    }
}
