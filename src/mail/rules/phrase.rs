//! Words of a subject, compared as people mean them: letter case, and whether a blank, a hyphen or
//! a bracket stands between two of them, makes no difference.

/// One word or several in a row, as a rule names them: `pull`, `for-9.0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Phrase {
    text: String,
    words: Vec<String>,
}

impl Phrase {
    /// Takes a text; `None` if there is no word in it.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let words = words(text);
        (!words.is_empty()).then(|| Self { text: text.to_owned(), words })
    }

    /// The text as it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// How many words it has.
    pub(crate) fn length(&self) -> usize {
        self.words.len()
    }

    /// Whether two texts mean the same.
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        self.words == other.words
    }

    /// Whether it stands in a text.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        words(text).windows(self.words.len()).any(|some| some == self.words)
    }
}

/// The words of a text in lower case. A full stop within a word belongs to it (`9.0`), and so does
/// a plus sign.
pub(crate) fn words(text: &str) -> Vec<String> {
    let inside = |c: char| c.is_alphanumeric() || c == '.' || c == '+';
    text.split(|c: char| !inside(c))
        .map(|word| word.trim_matches('.').to_lowercase())
        .filter(|word| !word.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(phrase: &str, text: &str) -> bool {
        Phrase::new(phrase).unwrap().is_in(text)
    }

    #[test]
    fn a_phrase_fits_whole_words_whatever_stands_between_them() {
        for text in ["for-9.0", "PULL for 9.0 v2", "PULL,for_9.0", "FOR-9.0", "x for 9.0."] {
            assert!(fits("for-9.0", text), "{text}");
        }
        for text in ["for-9.0.1", "before-9.0", "for v9.0", "9.0 for", "for-9", ""] {
            assert!(!fits("for-9.0", text), "{text}");
        }
        assert!(fits("GIT PULL", "git,pull"));
        assert!(!fits("pull", "pullup"));
    }

    #[test]
    fn a_phrase_without_a_word_is_none() {
        assert_eq!(Phrase::new(" -_. "), None);
    }
}
