//! A cheap look at a mail's raw bytes, which says whether it is worth reading at all. It must never
//! decide against what [`super::read`] would take for a request; whatever is not plain is let
//! through. It decodes nothing.

use memchr::{memchr_iter, memmem};

/// Whether a mail's subject may hold the word that asks for a pull. `false` only where no subject
/// that the reader could find has it.
///
/// A subject is whatever follows `subject` and a colon somewhere in the header: the parser of mail
/// takes names with blanks in them, and behind broken lines, so the start of a line proves nothing.
pub(crate) fn may_ask(mail: &[u8]) -> bool {
    let header = header(mail);
    memchr_iter(b':', header).any(|colon| {
        is_subject(&header[..colon]) && may_hold_the_word(logical_line(&header[colon + 1..]))
    })
}

/// Whether a mail's text surely has a diff in it. `true` only where nothing has to be decoded to
/// know; what is also numbered in its subject the reader takes for a patch then.
pub(crate) fn holds_a_diff(mail: &[u8]) -> bool {
    let header = header(mail);
    let body = &mail[header.len()..];
    let looked_at = &body[..body.len().min(LOOKED_AT)];
    memmem::find(looked_at, b"\ndiff --git ").is_some() && is_plain(&header.to_ascii_lowercase())
}

/// How far into a text a diff is looked for; the reader looks further.
const LOOKED_AT: usize = 1_000_000;

/// Whether a header, in lower case, has nothing in it that could make the text another one than
/// the bytes behind it.
fn is_plain(header: &[u8]) -> bool {
    let words = ["multipart", "html", "flowed", "base64", "quoted-printable", "disposition"];
    let charsets = ["utf-8", "us-ascii", "iso-8859-"];
    let is_like_ascii = |at| {
        let value = header[at..].trim_ascii_start().strip_prefix(b"=").unwrap_or_default();
        let value = value.strip_prefix(b"\"").unwrap_or(value);
        charsets.iter().any(|charset| value.starts_with(charset.as_bytes()))
    };
    words.iter().all(|word| memmem::find(header, word.as_bytes()).is_none())
        && memmem::find_iter(header, b"charset").all(|at| is_like_ascii(at + b"charset".len()))
}

/// The header of a mail with the empty line that ends it; the whole mail if none does. The parser's
/// own header is never longer: nothing in it goes on behind a line end without a blank.
pub(crate) fn header(mail: &[u8]) -> &[u8] {
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
