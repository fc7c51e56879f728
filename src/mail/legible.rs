//! Makes a mail's header UTF-8: raw bytes in it that are none are read as windows-1252, which is
//! what old mail programs send. It must not touch the body.

use std::borrow::Cow;

use mail_parser::decoders::charsets::map::charset_decoder;

use super::look;

/// The mail with a header in UTF-8 (RFC 6532); what is UTF-8 already stays as it is.
pub(super) fn legible(mail: &[u8]) -> Cow<'_, [u8]> {
    let (header, body) = mail.split_at(look::header(mail).len());
    if std::str::from_utf8(header).is_ok() {
        return Cow::Borrowed(mail);
    }
    let mut out = Vec::with_capacity(mail.len() + header.len() / 8);
    for line in header.split_inclusive(|byte| *byte == b'\n') {
        match (std::str::from_utf8(line), charset_decoder(b"windows-1252")) {
            (Err(_), Some(decode)) => out.extend_from_slice(decode(line).as_bytes()),
            (Ok(_), _) | (_, None) => out.extend_from_slice(line),
        }
    }
    out.extend_from_slice(body);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_of_the_header_that_are_no_utf_8_are_read_anew() {
        let mail = b"From: Andr\xe9\r\nTo: Ren\xc3\xa9\r\n\r\n\xe9";
        assert_eq!(legible(mail).as_ref(), b"From: Andr\xc3\xa9\r\nTo: Ren\xc3\xa9\r\n\r\n\xe9");
        assert!(matches!(legible(b"From: x\n\n\xe9"), Cow::Borrowed(_)));
    }
}
