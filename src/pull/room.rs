//! How much room texts from outside take in a record. A record is JSON of a bounded size, and a
//! larger one can't be put. So whatever other people can make long is cut where it is read, and
//! counted as it will be written: a control character takes six bytes there, a quote two.

use serde::Serialize;

/// How many bytes a record may take when written. The database keeps larger values apart, in files
/// that it never removes.
pub(crate) const LARGEST_RECORD: usize = 32 * 1024;

/// How many bytes a request, a run or the control record is kept to. The rest is for its version
/// and for what is noted beside the rules, such as the requests that it replaces.
pub(crate) const ROOM: usize = LARGEST_RECORD - 1024;

/// Bytes of a mail address (RFC 5321, section 4.5.3.1.3, without its brackets).
pub(crate) const LONGEST_ADDRESS: usize = 254;

/// Bytes that a text takes between its quotes (RFC 8259, section 7, as `serde_json` writes it).
pub(crate) fn written(text: &str) -> usize {
    text.chars().map(character).sum()
}

fn character(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        c if c < ' ' => 6,
        c => c.len_utf8(),
    }
}

/// A text that takes at most so many bytes when written: its beginning and an ellipsis, if it
/// would take more.
pub(crate) fn within(text: &str, most: usize) -> String {
    if written(text) <= most {
        return text.to_owned();
    }
    let mut left = most.saturating_sub('…'.len_utf8());
    let fits = |c: &char| {
        let taken = character(*c);
        let fits = taken <= left;
        left = left.saturating_sub(taken);
        fits
    };
    text.chars().take_while(fits).chain(['…']).collect()
}

/// The first texts of a list that take at most so many bytes in all, with quotes and commas.
pub(crate) fn first_within(texts: impl IntoIterator<Item = String>, most: usize) -> Vec<String> {
    let mut left = most;
    let fits = |text: &String| {
        let taken = written(text) + 3;
        let fits = taken <= left;
        left = left.saturating_sub(taken);
        fits
    };
    texts.into_iter().take_while(fits).collect()
}

/// Bytes that a value takes when written; none fits if it can't be written at all.
pub(crate) fn size(value: &impl Serialize) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX, |bytes| bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters_and_says_so() {
        assert_eq!(within("abcdef", 6), "abcdef");
        assert_eq!(within("abcdef", 5), "ab…");
        assert_eq!(within("\u{1}\u{1}\u{1}", 17), "\u{1}\u{1}…");
        assert_eq!(within("\"\"\"\"", 7), "\"\"…");
        assert_eq!(within("éé", 3), "…");
    }

    #[test]
    fn a_list_keeps_its_first_texts() {
        let texts = || ["aaa", "bbb", "c"].map(str::to_owned);
        assert_eq!(first_within(texts(), 100), ["aaa", "bbb", "c"]);
        assert_eq!(first_within(texts(), 12), ["aaa", "bbb"]);
        assert_eq!(first_within(texts(), 11), ["aaa"]);
    }

    proptest::proptest! {
        #[test]
        fn what_is_counted_is_what_is_written(text in "[\\x00-\\xff\\u{2028}漢😀\"\\\\]{0,60}", most in 3_usize..80) {
            let bytes = |text: &str| size(&text) - 2;
            assert_eq!(written(&text), bytes(&text));
            let cut = within(&text, most);
            assert!(bytes(&cut) <= most, "{cut:?}");
            assert!(text.starts_with(cut.trim_end_matches('…')));
            let list = first_within([text.clone(), text.clone(), text], most);
            assert!(size(&list) <= most + 2);
        }
    }
}
