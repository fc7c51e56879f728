//! Reads a subject: whether it is an answer, the marker that asks for a pull, number and revision.
//! It must not look at anything but the subject.

use std::sync::LazyLock;

use regex::Regex;

use crate::pull::subject::{Front, Subject};

/// A pattern of this module. They are constants, and every one is used by a test.
pub(super) fn pattern(text: &str) -> Option<Regex> {
    Regex::new(text).ok()
}

/// `… (fwd)`, as pine and its kin write it.
static FORWARDED: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(r"(?i)\(fwd\)\s*\]?$"));
static PULL: LazyLock<Option<Regex>> =
    LazyLock::new(|| pattern(r"(?i)(?:\b|_)pull(?:\b|_|req(?:uest)?s?\b)"));
static NUMBER: LazyLock<Option<Regex>> = LazyLock::new(|| pattern(r"\b(\d{1,4})/(\d{1,4})\b"));
static REVISION: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r"(?i)(?:^|[\s,(\[])(?:v\.?|version|rev\.?)\s?(\d{1,2})(?:$|[\s,)\]:])")
});
/// A revision behind the marker (`pull-request v2: …`) or at the subject's end (`…, v2`).
static REVISION_AFTER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)(?:\bpull[ -]?(?:request)?[ ,]*\(?v(\d{1,2})\)?\s*[:,]|^\(v(\d{1,2})\)|[,(\[]\s*v(\d{1,2})[)\]]?\s*$)",
    )
});

/// What a subject says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// It is marked as an answer or a forward.
    pub(crate) answer: bool,
    /// What stood in the leading brackets, in order, without the brackets.
    pub(crate) prefixes: Vec<String>,
    /// "pull" stands in it, as a word of its own: `[PULL]`, `[GIT,PULL]`, `pull-request:`, …
    pub(crate) marker: bool,
    /// `PATCH` stands in a bracket.
    pub(crate) patch: bool,
    /// `SUBSYSTEM` stands in the marker's bracket: the request is for somebody else.
    pub(crate) subsystem: bool,
    /// n of `n/m`.
    pub(crate) number: Option<u32>,
    /// The revision, where the subject says one.
    pub(crate) revision: Option<u32>,
}

impl Marks {
    /// Reads a decoded and unfolded subject.
    pub(crate) fn of(subject: &str) -> Self {
        let Subject { front, rest } = Subject::of(subject);
        let mut marks = Self { answer: matches(&FORWARDED, subject.trim()), ..Self::default() };
        for found in front {
            match found {
                Front::Answer | Front::Forward => marks.answer = true,
                Front::Bracket(inside) => marks.prefix(inside),
            }
        }
        marks.marker |= matches(&PULL, rest);
        if marks.revision.is_none() {
            marks.revision = revision_after(rest);
        }
        marks
    }

    /// Whether a leading bracket asks for a pull.
    pub(super) fn prefixed_marker(&self) -> bool {
        self.prefixes.iter().any(|inside| matches(&PULL, inside))
    }

    fn prefix(&mut self, inside: &str) {
        let inside = inside.trim();
        self.prefixes.push(inside.to_owned());
        let upper = inside.to_ascii_uppercase();
        let asks = matches(&PULL, inside);
        let patch = upper.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == "PATCH");
        let number =
            NUMBER.as_ref().and_then(|n| n.captures(inside)).and_then(|c| c[1].parse().ok());
        self.marker |= asks;
        self.patch |= patch;
        self.subsystem |= asks && upper.contains("SUBSYSTEM");
        self.number = self.number.or(number);
        if asks || patch || number.is_some() || inside.len() <= 4 {
            self.revision = self.revision.or_else(|| revision_in(inside));
        }
    }
}

/// `v2` in a bracket, but not in `for v6`, which names a release.
fn revision_in(inside: &str) -> Option<u32> {
    let pattern = REVISION.as_ref()?;
    let mut from = 0;
    while let Some(found) = pattern.captures_at(inside, from) {
        let whole = found.get(0)?;
        let before = inside[..whole.start()].trim_end().to_ascii_lowercase();
        if !["for", "linux", "kernel", "into", "to"].iter().any(|word| before.ends_with(word)) {
            return found[1].parse().ok();
        }
        from = whole.end() - usize::from(!inside[..whole.end()].ends_with(char::is_numeric));
    }
    None
}

fn revision_after(rest: &str) -> Option<u32> {
    let found = REVISION_AFTER.as_ref()?.captures(rest)?;
    found.iter().skip(1).flatten().next()?.as_str().parse().ok()
}

fn matches(pattern: &LazyLock<Option<Regex>>, text: &str) -> bool {
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        for one in [&FORWARDED, &PULL, &NUMBER, &REVISION, &REVISION_AFTER] {
            assert!(one.is_some());
        }
    }

    #[test]
    fn the_common_markers_are_seen() {
        for subject in [
            "[PULL] x",
            "[GIT PULL] x",
            "[GIT,PULL] x",
            "[PULL REQUEST] x",
            "[pull request] x",
            "[list] [PULL 00/10] x",
            "[kvm-unit-tests PULL 0/3] x",
            "PULL: x",
            "pull-request: x",
            "GIT PULL] x",
            "[GIT_PULL] x",
            "[PULLREQ v2] x",
            "[PULL SUBSYSTEM ppc] x",
        ] {
            assert!(Marks::of(subject).marker, "{subject}");
        }
        for subject in ["[PATCH] pulling", "[PATCH 0/2] pullup resistors", "x"] {
            assert!(!Marks::of(subject).marker, "{subject}");
        }
    }

    #[test]
    fn answers_are_seen_in_front_of_and_behind_a_list_prefix() {
        for subject in ["Re: [PULL] x", "RE[2]: [PULL] x", "[list] Re: [PULL] x", "Fwd: [PULL] x"]
            .into_iter()
            .chain(["[Fwd: [PULL] x]", "[PULL] x (fwd)", "Re^2: [PULL] x", "Re(3): [PULL] x"])
        {
            assert!(Marks::of(subject).answer, "{subject}");
        }
        for prefix in ["Antwort", "YNT", "R", "RV", "VB", "Réf", "Ответ", "返信"] {
            assert!(Marks::of(&format!("{prefix}: [PULL] x")).answer, "{prefix}");
        }
        assert!(!Marks::of("[PULL] Re-order things").answer);
        assert!(!Marks::of("fs: pull request for 9.0").answer);
    }

    #[test]
    fn revisions_are_read_and_releases_are_not() {
        let revision = |subject| Marks::of(subject).revision;
        assert_eq!(revision("[PULL v3 00/10] x"), Some(3));
        assert_eq!(revision("[PULL for-9.0 v2 00/10] x"), Some(2));
        assert_eq!(revision("[GIT PULL, v8] x"), Some(8));
        assert_eq!(revision("[PULL][v2] x"), Some(2));
        assert_eq!(revision("pull-request v2: wpan 2022-10-26"), Some(2));
        assert_eq!(revision("[GIT PULL] codec changes, v2"), Some(2));
        assert_eq!(revision("[PULL] (v2) x"), Some(2));
        assert_eq!(revision("[PULL version 2] x"), Some(2));
        assert_eq!(revision("[GIT PULL FOR v5.3] x"), None);
        assert_eq!(revision("[GIT PULL for v6] x"), None);
        assert_eq!(revision("[GIT PULL for v6 v2] x"), Some(2));
        assert_eq!(revision("[GIT PULL] x for v6.1-rc2"), None);
        assert_eq!(revision("[PULL 0/2] x"), None);
    }
}
