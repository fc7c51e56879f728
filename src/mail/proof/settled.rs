//! What a DKIM signature lets anybody alter: how many blanks stand at a line's end (RFC 6376, section
//! 3.4.4), and for some verifiers a carriage return by itself. It must not change where a mail's
//! parts begin and end.

use mail_parser::{Message, MimeHeaders};

use super::fields;

/// Whether nothing of that stands where it could.
pub(crate) fn is_settled(mail: &[u8], message: &Message<'_>) -> bool {
    !has_bare_return(mail)
        && message.parts.iter().all(|part| {
            let header = part.offset_header as usize..part.offset_body as usize;
            mail.get(header).is_some_and(fields::is_plain)
        })
        && message.parts.iter().all(|part| {
            let boundary = part.content_type().and_then(|kind| kind.attribute("boundary"));
            boundary.is_none_or(|boundary| !has_loose_delimiter(mail, boundary))
        })
}

fn has_bare_return(mail: &[u8]) -> bool {
    mail.ends_with(b"\r") || mail.windows(2).any(|two| two[0] == b'\r' && two[1] != b'\n')
}

/// Whether blanks stand behind a delimiter of that boundary.
fn has_loose_delimiter(mail: &[u8], boundary: &str) -> bool {
    mail.split(|byte| *byte == b'\n').any(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let rest = line.strip_prefix(b"--").and_then(|line| line.strip_prefix(boundary.as_bytes()));
        rest.is_some_and(|rest| rest.ends_with(b" ") || rest.ends_with(b"\t"))
    })
}

#[cfg(test)]
mod tests {
    use mail_parser::MessageParser;

    use super::*;

    const MAIL: &str = "From: a@b\r\nContent-Type: multipart/mixed; boundary=mix\r\n\r\n--mix\r\n\
                        Content-Type: text/plain\r\n\r\nretest 5 \r\n \r\n-- \r\nme\r\n--mix\r\n\r\nx\r\n\
                        --mix--\r\n";

    fn settled(mail: &str) -> bool {
        is_settled(mail.as_bytes(), &MessageParser::default().parse(mail.as_bytes()).unwrap())
    }

    #[test]
    fn blanks_in_a_text_are_no_matter_and_between_parts_they_are() {
        assert!(settled(MAIL));
        assert!(settled(&MAIL.replace("\r\n", "\n")));
        for (from, to) in [
            ("plain\r\n\r\n", "plain\r\n \r\n"),
            ("--mix\r\n", "--mix \r\n"),
            ("--mix--", "--mix--\t"),
            ("retest", "re\rtest"),
            ("\r\n--mix\r\n\r\n", "\r\n--mix\r\n\r\r\n"),
        ] {
            assert!(!settled(&MAIL.replacen(from, to, 1)), "{to:?}");
        }
    }
}
