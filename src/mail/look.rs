//! A cheap look at a mail's raw bytes, which says whether it is worth reading at all. It must never
//! decide against what [`super::read`] would take for a request; whatever is not plain is let
//! through. It decodes nothing.

use memchr::{memchr_iter, memmem};

/// Whether a mail's subject may hold the word that asks for a pull. `false` only where no subject
/// that the reader could find has it.
///
/// A subject is whatever follows `subject` and a colon somewhere in the header: the parser of mail
/// takes names with blanks in them, and behind broken lines, so the start of a line proves nothing.
pub fn may_ask(mail: &[u8]) -> bool {
    let header = header(mail);
    memchr_iter(b':', header).any(|colon| {
        is_subject(&header[..colon]) && may_hold_the_word(logical_line(&header[colon + 1..]))
    }) || has_an_open_word(header)
}

/// The header of a mail with the empty line that ends it; the whole mail if none does.
pub fn header(mail: &[u8]) -> &[u8] {
    if mail.first() == Some(&b'\n') || mail.starts_with(b"\r\n") {
        return &mail[..0];
    }
    let end = memchr_iter(b'\n', mail)
        .find(|at| matches!(mail[at + 1..], [b'\n', ..] | [b'\r', b'\n', ..]));
    end.map_or(mail, |at| {
        let empty = if mail[at + 1] == b'\r' { 2 } else { 1 };
        &mail[..=at + empty]
    })
}

/// Whether the name of a header in front of a colon ends in `subject`, blanks left out.
fn is_subject(before: &[u8]) -> bool {
    let mut letters = before
        .iter()
        .rev()
        .take_while(|b| **b != b'\n')
        .filter(|b| !b.is_ascii_whitespace())
        .map(u8::to_ascii_lowercase);
    b"tcejbus".iter().all(|letter| letters.next() == Some(*letter))
}

/// A line with those that continue it (RFC 5322, section 2.2.3).
fn logical_line(rest: &[u8]) -> &[u8] {
    let end = memchr_iter(b'\n', rest).find(|at| !matches!(rest.get(at + 1), Some(b' ' | b'\t')));
    end.map_or(rest, |end| &rest[..end])
}

/// Whether a raw subject may hold "pull": it does, or something in it must be decoded first (an
/// encoded word of RFC 2047, characters outside ASCII, some of which are not shown).
fn may_hold_the_word(raw: &[u8]) -> bool {
    !raw.is_ascii()
        || raw.windows(4).any(|four| four.eq_ignore_ascii_case(b"pull"))
        || memmem::find(raw, b"=?").is_some()
}

/// Whether the header's last encoded word does not end in it. The base64 of one is read across any
/// line end, so the parser's header may go on where this one is over.
fn has_an_open_word(header: &[u8]) -> bool {
    let Some(start) = memmem::rfind(header, b"=?") else { return false };
    memchr_iter(b'?', &header[start + 2..]).count() < 3
}
