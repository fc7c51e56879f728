//! One mail after the other out of a stream: an mbox in any of its dialects, or a single mail.
//! Memory is bounded by one mail, and one mail by [`MOST`], however long its lines are.

use std::borrow::Cow;
use std::io::{self, ErrorKind, Read};
use std::ops::Range;

use memchr::{memchr, memmem};

/// Bytes of one mail that are kept; the rest of a longer one is skipped.
pub(super) const MOST: usize = 32 << 20;
/// How much is read at once: what fits in a processor's cache.
const BLOCK: usize = 256 << 10;
/// The longest `From ` line. Sender and date need a tenth of it.
const LONGEST_SEPARATOR: usize = 1 << 10;
/// How much of the line after it is looked at for the name of a header.
const LONGEST_NAME: usize = 128;
/// Bytes in front of a place that say whether an empty line stands there.
const BEFORE: usize = 4;

/// What a stream is, which its first line tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// One mail.
    Single,
    /// An mbox. In one that `git format-patch` did not write, the `From ` line of a patch is text.
    Mbox { of_patches: bool },
}

/// The mails of a stream.
pub(super) struct Mails<R> {
    from: R,
    /// What was read and is needed yet: `buffer[start..filled]`.
    buffer: Vec<u8>,
    start: usize,
    filled: usize,
    /// How far separators were looked for.
    searched: usize,
    kind: Option<Kind>,
    at_end: bool,
}

/// A mail of a stream.
pub(super) struct Mail<'a> {
    /// As it stands in the stream.
    pub(super) raw: &'a [u8],
    of_mbox: bool,
}

impl<'a> Mail<'a> {
    /// The mail as it was sent: in an mbox one mark is taken off each quoted `From ` line (mboxrd;
    /// mboxo the same).
    pub(super) fn unquoted(&self) -> Cow<'a, [u8]> {
        if self.of_mbox { unquoted(self.raw) } else { Cow::Borrowed(self.raw) }
    }
}

/// What stands at a line that begins with `From `.
enum Line {
    /// A separator; where the line behind it begins.
    Separator(usize),
    /// Text.
    Text,
    /// More must be read to tell.
    Open,
}

impl<R: Read> Mails<R> {
    pub(super) fn new(from: R) -> Self {
        let buffer = vec![0; 2 * BLOCK];
        let (start, filled, searched) = (0, 0, 0);
        Self { from, buffer, start, filled, searched, kind: None, at_end: false }
    }

    /// The next mail; `None` after the last.
    ///
    /// # Errors
    /// The stream can't be read.
    pub(super) fn next_mail(&mut self) -> io::Result<Option<Mail<'_>>> {
        if self.kind.is_none() {
            self.begin()?;
        }
        loop {
            if let Some((mail, next)) = self.found() {
                (self.start, self.searched) = (next, next);
                return Ok(Some(self.mail(mail)));
            }
            if self.at_end {
                let last = self.start..self.filled;
                self.start = self.filled;
                return Ok((!last.is_empty()).then(|| self.mail(last)));
            }
            self.fill()?;
        }
    }

    fn mail(&self, at: Range<usize>) -> Mail<'_> {
        let end = at.end.min(at.start + MOST);
        let of_mbox = matches!(self.kind, Some(Kind::Mbox { .. }));
        Mail { raw: &self.buffer[at.start..end], of_mbox }
    }

    /// Reads until the first line can be told, and passes over it in an mbox.
    fn begin(&mut self) -> io::Result<()> {
        while self.filled < LONGEST_SEPARATOR + LONGEST_NAME && !self.at_end {
            self.fill()?;
        }
        let text = &self.buffer[..self.filled];
        let blank = text.iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
        if !text[blank..].starts_with(b"From ") {
            self.kind = Some(Kind::Single);
            return Ok(());
        }
        let length = memchr(b'\n', &text[blank..]).map_or(text.len() - blank, |end| end + 1);
        let of_patches = is_of_a_patch(&text[blank..blank + length]);
        self.kind = Some(Kind::Mbox { of_patches });
        (self.start, self.searched) = (blank + length, blank + length);
        Ok(())
    }

    /// The mail that begins at `start`, and where the next one does, if its end was read.
    fn found(&mut self) -> Option<(Range<usize>, usize)> {
        let Some(Kind::Mbox { of_patches }) = self.kind else {
            self.searched = self.filled;
            return None;
        };
        let text = &self.buffer[..self.filled];
        for at in memmem::find_iter(&text[self.searched..], b"\nFrom ") {
            let line = self.searched + at + 1;
            if !follows_an_empty_line(&text[self.start..line]) {
                continue;
            }
            match judge(&text[line..], self.at_end, of_patches) {
                Line::Separator(length) => return Some((self.start..line, line + length)),
                Line::Text => {}
                Line::Open => {
                    self.searched = line - 1;
                    return None;
                }
            }
        }
        // A separator may have begun at the very end.
        self.searched = self.searched.max(self.filled.saturating_sub(b"\nFrom".len()));
        None
    }

    /// Reads a block behind what is there. Of a mail that is too long the middle goes.
    fn fill(&mut self) -> io::Result<()> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.filled, 0);
            self.filled -= self.start;
            self.searched -= self.start;
            self.start = 0;
        }
        let needed = self.searched.saturating_sub(BEFORE);
        if needed > MOST {
            self.buffer.copy_within(needed..self.filled, MOST);
            self.filled -= needed - MOST;
            self.searched -= needed - MOST;
        }
        if self.buffer.len() - self.filled < BLOCK {
            self.buffer.resize((self.buffer.len() * 2).min(MOST + 2 * BLOCK), 0);
        }
        match self.from.read(&mut self.buffer[self.filled..]) {
            Ok(0) => self.at_end = true,
            Ok(read) => self.filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Whether the text, which ends where a line begins, ends in an empty line or is one.
fn follows_an_empty_line(text: &[u8]) -> bool {
    text.ends_with(b"\n\n") || text.ends_with(b"\n\r\n") || text == b"\n" || text == b"\r\n"
}

/// Judges a line that begins with `From ` and follows an empty one: a separator has sender and
/// date, and a header behind it. What is quoted in a mail without a `>` rarely has all of it.
fn judge(text: &[u8], at_end: bool, of_patches: bool) -> Line {
    let Some(end) = memchr(b'\n', &text[..text.len().min(LONGEST_SEPARATOR)]) else {
        return if at_end || text.len() >= LONGEST_SEPARATOR { Line::Text } else { Line::Open };
    };
    let line = &text[..end];
    if !has_a_date(line) || (is_of_a_patch(line) && !of_patches) {
        return Line::Text;
    }
    let behind = &text[end + 1..];
    let name = &behind[..behind.len().min(LONGEST_NAME)];
    if begins_a_header(name) {
        Line::Separator(end + 1)
    } else if !at_end && behind.len() < LONGEST_NAME && memchr(b'\n', name).is_none() {
        Line::Open
    } else {
        Line::Text
    }
}

/// `From sender date`, as mbox(5) and Pipermail (`user at host`) write it: a year and a time.
fn has_a_date(line: &[u8]) -> bool {
    let words = || line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).skip(1);
    let is_year = |word: &[u8]| word.len() == 4 && word.iter().all(u8::is_ascii_digit);
    let is_time = |word: &[u8]| word[0].is_ascii_digit() && word.contains(&b':');
    words().any(is_year) && words().any(is_time)
}

/// `From SHA Mon Sep 17 00:00:00 2001`, the first line of a patch (git-format-patch(1)).
fn is_of_a_patch(line: &[u8]) -> bool {
    let words: Vec<&[u8]> = line.split(u8::is_ascii_whitespace).skip(1).collect();
    words.first().is_some_and(|sha| sha.len() >= 40 && sha.iter().all(u8::is_ascii_hexdigit))
}

/// Whether a line begins with the name of a header (RFC 5322, section 2.2) and a colon, or is the
/// `>From ` line that another host has left.
fn begins_a_header(line: &[u8]) -> bool {
    let name = line.iter().take_while(|b| matches!(**b, b'!'..=b'9' | b';'..=b'~')).count();
    let rest = line[name..].trim_ascii_start();
    (name > 0 && rest.starts_with(b":")) || line.starts_with(b">From ")
}

fn unquoted(mail: &[u8]) -> Cow<'_, [u8]> {
    let mut kept = 0;
    let mut text = Vec::new();
    for from in memmem::find_iter(mail, b">From ") {
        let marks = mail[..from].iter().rev().take_while(|b| **b == b'>').count();
        let line = from - marks;
        if line == 0 || mail[line - 1] == b'\n' {
            text.extend_from_slice(&mail[kept..from]);
            kept = from + 1;
        }
    }
    if kept == 0 {
        return Cow::Borrowed(mail);
    }
    text.extend_from_slice(&mail[kept..]);
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives as many bytes at a time as it is told.
    struct Drip<'a>(&'a [u8], usize);

    impl Read for Drip<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let length = self.1.min(into.len());
            self.0.read(&mut into[..length])
        }
    }

    fn mails(text: &[u8]) -> Vec<String> {
        let at_once = split(text, usize::MAX);
        for bytes in [1, 7, 64] {
            assert_eq!(split(text, bytes), at_once, "{bytes} bytes at a time");
        }
        at_once
    }

    fn split(text: &[u8], bytes: usize) -> Vec<String> {
        let mut mails = Mails::new(Drip(text, bytes));
        let mut all = Vec::new();
        while let Ok(Some(mail)) = mails.next_mail() {
            all.push(String::from_utf8_lossy(&mail.unquoted()).into_owned());
        }
        all
    }

    const FIRST: &str = "From a@b.example Fri Jan  2 10:15:00 2026\nSubject: 1\n\none\n";

    #[test]
    fn separators_of_all_dialects_are_seen() {
        for line in [
            "From a@b.example Fri Jan  2 10:15:00 2026",
            "From a at b.example  Fri Jan  2 10:15:00 2026",
            "From mboxrd@z Thu Jan  1 00:00:00 1970",
            "From - Fri Jan  2 10:15:00 2026",
            "From 1700000000000@xxx Fri Jan 02 10:15:00 +0000 2026",
            "From a@b.example Fri Jan  2 10:15:00 2026\r",
        ] {
            let text = format!("{FIRST}\n{line}\nSubject: 2\n\ntwo");
            assert_eq!(mails(text.as_bytes()).len(), 2, "{line}");
            let text = text.replace('\r', "").replace('\n', "\r\n");
            assert_eq!(mails(text.as_bytes()).len(), 2, "{line}, CR LF");
        }
    }

    #[test]
    fn a_from_line_of_another_host_may_stand_above_the_header() {
        let line = "From a@b.example Fri Jan  2 10:15:00 2026";
        let text = format!("{FIRST}\n{line}\n>From c@d.example {line}\nSubject: 2\n\ntwo");
        assert_eq!(mails(text.as_bytes()).len(), 2);
    }

    #[test]
    fn what_only_begins_like_a_separator_is_text() {
        for line in [
            "From here it goes on.\nWell: yes",
            "From 10:15 in 2026 on it is so.\nthat is all",
            "From a@b.example Fri Jan  2 10:15:00 2026\nsomebody wrote this",
            "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\nFrom: a",
        ] {
            let text = format!("{FIRST}\n{line}\n");
            assert_eq!(mails(text.as_bytes()).len(), 1, "{line}");
        }
        let unseparated = format!("{FIRST}From a@b.example Fri Jan  2 10:15:00 2026\nSubject: 2\n");
        assert_eq!(mails(unseparated.as_bytes()).len(), 1);
    }

    #[test]
    fn the_patches_of_git_format_patch_are_mails() {
        let line = "From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001";
        let text = format!("{line}\nSubject: 1\n\na\n\n{line}\nSubject: 2\n\nb\n");
        assert_eq!(mails(text.as_bytes()), ["Subject: 1\n\na\n\n", "Subject: 2\n\nb\n"]);
    }

    #[test]
    fn one_mark_of_quoting_goes_and_no_other() {
        let text = format!("{FIRST}>From x\n>>From y\n> >From z\na >From b\n");
        assert_eq!(
            mails(text.as_bytes())[0],
            "Subject: 1\n\none\nFrom x\n>From y\n> >From z\na >From b\n"
        );
    }

    #[test]
    fn a_mail_by_itself_is_not_split() {
        let text = format!("Subject: 0\n\n\n{FIRST}");
        assert_eq!(mails(text.as_bytes()), [text]);
        assert!(mails(b"").is_empty());
    }

    #[test]
    fn an_mbox_may_begin_with_empty_lines() {
        assert_eq!(mails(format!("\n\n{FIRST}").as_bytes()), ["Subject: 1\n\none\n"]);
    }

    #[test]
    fn a_line_without_end_is_not_held_and_the_mail_behind_it_is_found() {
        let endless = io::repeat(b'x').take(5 * MOST as u64);
        let behind = format!("\n\n{FIRST}");
        let stream = FIRST.as_bytes().chain(endless).chain(behind.as_bytes());
        let mut mails = Mails::new(stream);
        assert_eq!(mails.next_mail().ok().flatten().map(|mail| mail.raw.len()), Some(MOST));
        let next = mails.next_mail().ok().flatten().map(|mail| mail.raw);
        assert_eq!(next, Some(&b"Subject: 1\n\none\n"[..]));
        assert!(mails.next_mail().is_ok_and(|mail| mail.is_none()));
        assert!(mails.buffer.len() <= MOST + 2 * BLOCK);
    }
}
