//! Makes text from outside (subjects, job names, logs, branch names) fit for a letter or a
//! terminal. It must not shorten or judge meaning; it takes out what hides or fakes text.

/// Makes one line of words: control characters and line ends become blanks, runs of blanks one,
/// characters that turn, hide or fake text go.
pub(crate) fn words(text: &str) -> String {
    let visible: String = text
        .chars()
        .filter(|c| !is_hidden(*c))
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Makes one line of a log: its blanks stay, a tab becomes four of them, other control characters
/// and characters that turn, hide or fake text go; at most `most` characters.
pub(crate) fn log_line(line: &str, most: usize) -> String {
    let mut out = String::new();
    for c in line.chars().filter(|c| !is_hidden(*c)) {
        match c {
            '\t' => out.push_str("    "),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    cut(out.trim_end(), most)
}

/// Cuts a text to a number of characters, and says so with an ellipsis.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(std::iter::once('…')).collect()
}

/// Whether a character has no place in a line of text: it controls, hides or fakes.
pub(crate) fn is_unfit(c: char) -> bool {
    c.is_control() || is_hidden(c)
}

/// Characters that change how their neighbours are shown, or are not shown themselves: bidi
/// controls (Unicode Standard Annex #9), zero-width characters, line and paragraph separators,
/// variation and tag characters, and U+FEFF.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{00AD}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{180E}'
        | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
        | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_one_visible_line() {
        assert_eq!(words("a\r\nBcc: x\t \u{7}y"), "a Bcc: x y");
        assert_eq!(words("abc\u{202E}def\u{200B}g\u{2028}h"), "abcdefgh");
        assert_eq!(words("Jürgen Groß"), "Jürgen Groß");
    }

    #[test]
    fn a_log_line_keeps_its_indentation_and_loses_its_escapes() {
        assert_eq!(log_line("\tcc: \u{1b}error\u{202e}\r", 300), "    cc: error");
        assert_eq!(log_line("abcdef", 4), "abc…");
    }
}
