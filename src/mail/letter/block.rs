//! What letters are made of, and how it is laid out: 72 columns, but URLs, ids and log lines are never
//! broken. It must not choose words. Everything is cleaned here, wherever it came from.

use std::fmt::Write as _;

use textwrap::{Options, WordSeparator, WordSplitter};

use crate::mail::words::{Suggestion, Words};
use crate::pull::clean;

/// Columns of running text.
const WIDTH: usize = 72;
/// Characters of a log line.
const LOG_LINE: usize = 300;

/// Characters of a paragraph or an item: more is no sentence of ours.
const PARAGRAPH: usize = 2000;
/// Characters of a value, or of a line that is not wrapped.
const VALUE: usize = 1000;

/// A label and its value.
pub(super) type Fact = (&'static str, String);

/// A piece of a letter. One empty line stands between two of them, except where it says "below".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block {
    /// Running text; nothing where it is empty.
    Paragraph(String),
    /// A sentence with names that others gave: all but its first line is indented, so that no name
    /// stands at the start of a line.
    Names(String),
    /// A list, each item under its dash.
    Items(Vec<String>),
    /// A table; a value is never wrapped.
    Facts(Vec<Fact>),
    /// Lines as they are, a log's for example, indented so that nothing in them can stand at the
    /// start of a line, where commands and request blocks are looked for.
    Verbatim(Vec<String>),
    /// Lines that belong together, none wrapped: a heading and an address to look at.
    Lines(Vec<String>),
    /// Commands that the reader may give.
    Suggestions(Vec<Suggestion>),
    /// A line that somebody wrote, marked as a quote.
    Quote(String),
    /// Running text right below, indented.
    Below(String),
    /// Lines right below, indented as they are; what a long one has left goes on further in.
    LinesBelow(Vec<String>),
}

/// A letter that says something, shows what it rests on, and says what to do next.
pub(super) fn framed(words: Words, shown: impl IntoIterator<Item = Block>) -> Vec<Block> {
    let next = Block::Paragraph(format!("What to do next: {}", words.next));
    [Block::Paragraph(words.first), Block::Paragraph(words.means)]
        .into_iter()
        .chain(shown)
        .chain([next, Block::Suggestions(words.commands)])
        .collect()
}

/// How a letter's commands may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Channel {
    /// At the machine.
    Machine,
    /// There, or by an answer to the letter.
    MachineOrMail,
}

/// Lays out a letter, with a signature of one line (RFC 3676, section 4.3).
pub(super) fn laid_out(blocks: &[Block], channel: Channel, signature: &str) -> String {
    let mut page = Page::default();
    blocks.iter().for_each(|block| page.add(block, channel));
    page.gap();
    let _ = writeln!(page.0, "-- \n{}", clean::words(signature));
    page.0
}

/// The text as far as it is laid out.
#[derive(Default)]
struct Page(String);

impl Page {
    fn add(&mut self, block: &Block, channel: Channel) {
        match block {
            Block::Paragraph(text) => {
                let text = sentence(text);
                if !text.is_empty() {
                    self.gap();
                    self.wrapped(&text, "", "");
                }
            }
            Block::Names(text) => {
                self.gap();
                self.wrapped(&sentence(text), "", "  ");
            }
            Block::Items(items) => {
                self.gap_before(items);
                items.iter().for_each(|item| self.wrapped(&sentence(item), "* ", "  "));
            }
            Block::Facts(facts) => self.facts(facts),
            Block::Verbatim(lines) => self.verbatim(lines),
            Block::Lines(lines) => {
                self.gap_before(lines);
                lines.iter().for_each(|line| self.line("", line));
            }
            Block::Suggestions(commands) => self.suggestions(commands, channel),
            Block::Quote(line) => {
                self.gap();
                self.line("> ", line);
            }
            Block::Below(text) => self.wrapped(&sentence(text), "  ", "  "),
            Block::LinesBelow(lines) => lines.iter().for_each(|line| self.line_below(line)),
        }
    }

    fn facts(&mut self, facts: &[Fact]) {
        let wide = facts.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
        self.gap_before(facts);
        for (label, value) in facts {
            let value = clean::cut(&clean::words(value), VALUE);
            let _ = writeln!(self.0, "  {label:wide$}  {value}");
        }
    }

    fn verbatim(&mut self, lines: &[impl AsRef<str>]) {
        self.gap_before(lines);
        for line in lines {
            let line = clean::log_line(line.as_ref(), LOG_LINE);
            let _ = writeln!(self.0, "{}", format!("    {line}").trim_end());
        }
    }

    fn suggestions(&mut self, commands: &[Suggestion], channel: Channel) {
        self.verbatim(&commands.iter().map(Suggestion::typed).collect::<Vec<_>>());
        let mailed: Vec<_> = commands.iter().filter_map(Suggestion::mailed).collect();
        if channel == Channel::MachineOrMail && !mailed.is_empty() {
            self.gap();
            let how = "Or answer this letter, signed with OpenPGP, with one of these lines:";
            self.wrapped(how, "", "");
            self.verbatim(&mailed);
        }
    }

    fn line(&mut self, mark: &str, line: &str) {
        let _ = writeln!(self.0, "{mark}{}", clean::cut(&clean::words(line), VALUE));
    }

    fn line_below(&mut self, line: &str) {
        let line = clean::log_line(line, LOG_LINE);
        let text = line.trim_start();
        let begin = format!("  {}", &line[..line.len() - text.len()]);
        if text.is_empty() {
            self.0.push('\n');
        } else if begin.chars().count() + text.chars().count() <= WIDTH {
            let _ = writeln!(self.0, "{begin}{}", text.trim_end());
        } else {
            self.wrapped(text, &begin, &format!("{begin}  "));
        }
    }

    fn gap_before<T>(&mut self, some: &[T]) {
        if !some.is_empty() {
            self.gap();
        }
    }

    fn gap(&mut self) {
        if !self.0.is_empty() {
            self.0.push('\n');
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
            let _ = writeln!(self.0, "{line}");
        }
    }
}

fn sentence(text: &str) -> String {
    clean::cut(&clean::words(text), PARAGRAPH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::words::Order;
    use crate::pull::ids::PullNumber;

    #[test]
    fn a_url_is_not_broken_and_what_follows_is_wrapped() {
        let url = format!("https://gitlab.example/{}", "long-name/".repeat(9));
        let block = Block::Paragraph(format!("See {url} for {}", "more ".repeat(30)));
        let text = laid_out(&[block], Channel::Machine, "x");
        assert!(text.lines().any(|line| line.contains(&url)));
        assert!(
            text.lines().all(|line| line.chars().count() <= 72 || line.contains("://")),
            "{text}"
        );
    }

    #[test]
    fn a_log_line_cannot_stand_at_the_start_of_a_line() {
        let log = ["-- ", "retest 4\rcancel 4", "From x"].map(str::to_owned);
        let text = laid_out(&[Block::Verbatim(log.into())], Channel::Machine, "x");
        assert_eq!(text, "    --\n    retest 4cancel 4\n    From x\n\n-- \nx\n");
    }

    #[test]
    fn commands_are_written_for_a_mail_where_one_is_taken() {
        let number = PullNumber(4);
        let commands = [Suggestion::Show(number), Suggestion::Order(Order::Cancel(number))];
        let blocks = [Block::Suggestions(commands.into())];
        let machine = "    gatepost show 4\n    gatepost do 'cancel 4'\n";
        let text = laid_out(&blocks, Channel::Machine, "x");
        assert_eq!(text, format!("{machine}\n-- \nx\n"));
        let text = laid_out(&blocks, Channel::MachineOrMail, "x");
        let mail = "Or answer this letter, signed with OpenPGP, with one of these lines:";
        assert_eq!(text, format!("{machine}\n{mail}\n\n    cancel 4\n\n-- \nx\n"));
    }
}
