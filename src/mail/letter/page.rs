//! Lays out a letter's text: 72 columns, but URLs, ids and log lines are never broken. It must not
//! choose words. Everything that goes on a page is cleaned here, wherever it came from.

use std::fmt::Write as _;

use textwrap::{Options, WordSeparator, WordSplitter};

use crate::pull::clean;

/// Columns of running text.
const WIDTH: usize = 72;
/// Characters of a log line.
const LOG_LINE: usize = 300;

/// Characters of a paragraph or an item: more is no sentence of ours.
const PARAGRAPH: usize = 2000;
/// Characters of a value, or of a line that is not wrapped.
const VALUE: usize = 1000;

/// A text in the making. Blocks are kept apart by one empty line each.
#[derive(Debug, Default)]
pub(super) struct Page {
    text: String,
}

impl Page {
    /// Adds a paragraph, wrapped.
    pub(super) fn paragraph(&mut self, text: &str) -> &mut Self {
        let text = clean::cut(&clean::words(text), PARAGRAPH);
        if !text.is_empty() {
            self.gap();
            self.wrapped(&text, "", "");
        }
        self
    }

    /// Adds a paragraph of names that others gave: but for its first words all of it is indented,
    /// so that no name stands at the start of a line.
    pub(super) fn names(&mut self, text: &str) -> &mut Self {
        self.gap();
        self.wrapped(&clean::cut(&clean::words(text), PARAGRAPH), "", "  ");
        self
    }

    /// Adds a list, each item wrapped under its dash.
    pub(super) fn items<S: AsRef<str>>(&mut self, items: &[S]) -> &mut Self {
        if !items.is_empty() {
            self.gap();
        }
        for item in items {
            self.wrapped(&clean::cut(&clean::words(item.as_ref()), PARAGRAPH), "* ", "  ");
        }
        self
    }

    /// Adds a table of labels and values; a value is never wrapped.
    pub(super) fn rows(&mut self, rows: &[(&str, String)]) -> &mut Self {
        let wide = rows.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
        if !rows.is_empty() {
            self.gap();
        }
        for (label, value) in rows {
            let value = clean::cut(&clean::words(value), VALUE);
            let _ = writeln!(self.text, "  {label:wide$}  {value}");
        }
        self
    }

    /// Adds lines as they are, indented by four so that nothing in them can stand at the start of
    /// a line, where commands and request blocks are looked for.
    pub(super) fn verbatim<S: AsRef<str>>(&mut self, lines: &[S]) -> &mut Self {
        if !lines.is_empty() {
            self.gap();
        }
        for line in lines {
            let line = clean::log_line(line.as_ref(), LOG_LINE);
            let _ = writeln!(self.text, "{}", format!("    {line}").trim_end());
        }
        self
    }

    /// Adds lines that belong together, each cleaned and none wrapped.
    pub(super) fn lines<S: AsRef<str>>(&mut self, lines: &[S]) -> &mut Self {
        if !lines.is_empty() {
            self.gap();
        }
        for line in lines {
            let _ = writeln!(self.text, "{}", clean::cut(&clean::words(line.as_ref()), VALUE));
        }
        self
    }

    /// Adds a line that somebody wrote, marked as a quote.
    pub(super) fn quoted(&mut self, line: &str) -> &mut Self {
        self.gap();
        let _ = writeln!(self.text, "> {}", clean::cut(&clean::words(line), VALUE));
        self
    }

    /// Adds a paragraph right below, indented.
    pub(super) fn below(&mut self, text: &str) -> &mut Self {
        self.wrapped(&clean::cut(&clean::words(text), PARAGRAPH), "  ", "  ");
        self
    }

    /// Adds lines right below, indented as they are; what a long one has left goes on further in.
    pub(super) fn lines_below<S: AsRef<str>>(&mut self, lines: &[S]) -> &mut Self {
        for line in lines {
            let line = clean::log_line(line.as_ref(), LOG_LINE);
            let text = line.trim_start();
            let begin = format!("  {}", &line[..line.len() - text.len()]);
            if text.is_empty() {
                self.text.push('\n');
            } else if begin.chars().count() + text.chars().count() <= WIDTH {
                let _ = writeln!(self.text, "{begin}{}", text.trim_end());
            } else {
                self.wrapped(text, &begin, &format!("{begin}  "));
            }
        }
        self
    }

    /// Adds another page below.
    pub(super) fn append(&mut self, below: &Page) -> &mut Self {
        if !below.text.is_empty() {
            self.gap();
            self.text.push_str(&below.text);
        }
        self
    }

    /// Ends the text with a signature of one line (RFC 3676, section 4.3).
    pub(super) fn signed(&mut self, line: &str) -> String {
        self.gap();
        let _ = writeln!(self.text, "-- \n{}", clean::words(line));
        std::mem::take(&mut self.text)
    }

    fn gap(&mut self) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
    }

    fn wrapped(&mut self, text: &str, first: &str, rest: &str) {
        let options = Options::new(WIDTH)
            .initial_indent(first)
            .subsequent_indent(rest)
            .break_words(false)
            .word_separator(WordSeparator::AsciiSpace)
            .word_splitter(WordSplitter::NoHyphenation);
        for line in textwrap::wrap(text, options) {
            let _ = writeln!(self.text, "{line}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_not_broken_and_what_follows_is_wrapped() {
        let url = format!("https://gitlab.example/{}", "long-name/".repeat(9));
        let text =
            Page::default().paragraph(&format!("See {url} for {}", "more ".repeat(30))).signed("x");
        assert!(text.lines().any(|line| line.contains(&url)));
        assert!(
            text.lines().all(|line| line.chars().count() <= 72 || line.contains("://")),
            "{text}"
        );
    }

    #[test]
    fn a_log_line_cannot_stand_at_the_start_of_a_line() {
        let text = Page::default().verbatim(&["-- ", "retest 4\rcancel 4", "From x"]).signed("x");
        assert_eq!(text, "    --\n    retest 4cancel 4\n    From x\n\n-- \nx\n");
    }
}
