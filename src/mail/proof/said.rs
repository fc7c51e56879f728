//! What signed bytes say: their text, the keys they carry, and the header that stands under the
//! signature. It is given nothing but signed bytes, so that nothing else can be in what it gives.

use mail_parser::{HeaderName, Message, MessageParser, MessagePart, MimeHeaders};

use super::super::heading::Heading;
use super::super::reader::contained;
use super::super::{body, bounds};
use super::cleartext;
use super::fields::{fields, named};

/// Keys that are taken of one mail.
const KEYS: usize = 8;

const PUBLIC: (&str, &str) =
    ("-----BEGIN PGP PUBLIC KEY BLOCK-----", "-----END PGP PUBLIC KEY BLOCK-----");
/// Taken as well, so that whoever mailed it is told.
const PRIVATE: (&str, &str) =
    ("-----BEGIN PGP PRIVATE KEY BLOCK-----", "-----END PGP PRIVATE KEY BLOCK-----");

/// What is said under a signature.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Said {
    /// The text, without key blocks.
    pub(crate) text: String,
    /// The subject.
    pub(crate) subject: Option<String>,
    /// The addresses of To and Cc, in lower case.
    pub(crate) recipients: Option<Vec<String>>,
    /// OpenPGP keys: one armored block, or one binary file, each.
    pub(crate) keys: Vec<Vec<u8>>,
}

impl Said {
    /// What plain text says.
    pub(crate) fn of_text(text: &str) -> Self {
        let (text, keys) = without_keys(text);
        Self { text, keys, ..Self::default() }
    }

    /// What a MIME part with its header says.
    ///
    /// # Errors
    /// A sentence for whoever sent it.
    pub(crate) fn of_entity(entity: &[u8]) -> Result<Self, String> {
        let fields = fields(entity);
        if named(&fields, "Content-Type").len() != 1 {
            return Err("The signed part does not say what kind of text it is.".into());
        }
        if bounds::read(entity).len() < entity.len() {
            return Err("The signed part is too large, or has too many parts.".into());
        }
        let read = || {
            let message = MessageParser::default().parse(entity)?;
            let text = body::first(&message).unwrap_or_default();
            if cleartext::count(text.as_bytes(), cleartext::BEGIN) > 0 {
                return Some(Err("There is a signed text inside the signed mail.".to_owned()));
            }
            let (text, mut keys) = without_keys(&text);
            keys.extend(message.parts.iter().filter_map(attached_key).flatten());
            keys.truncate(KEYS);
            let said = Self { text, keys, ..Self::default() };
            Some(Ok(if is_header_protected(&message) { said.with_header(&message) } else { said }))
        };
        contained(read).flatten().unwrap_or_else(|| Err("The signed part can't be read.".into()))
    }

    /// Adds the header that the signed part carries.
    fn with_header(self, message: &Message<'_>) -> Self {
        let count = |name: &HeaderName<'_>| {
            message.headers().iter().filter(|header| header.name == *name).count()
        };
        let heading = Heading::of(message);
        let subject = (count(&HeaderName::Subject) == 1).then_some(heading.subject);
        let (to, cc) = (count(&HeaderName::To), count(&HeaderName::Cc));
        let recipients = (to + cc > 0 && to <= 1 && cc <= 1).then_some(heading.to_cc);
        Self { subject, recipients, ..self }
    }
}

/// Whether the header of the part stands for the mail's own: RFC 9788 (`hp`), and what went before
/// it (`protected-headers="v1"`).
fn is_header_protected(message: &Message<'_>) -> bool {
    let Some(kind) = message.parts.first().and_then(|part| part.content_type()) else {
        return false;
    };
    let is = |name: &str, values: &[&str]| {
        let value = kind.attribute(name).unwrap_or_default();
        values.iter().any(|wanted| value.eq_ignore_ascii_case(wanted))
    };
    is("protected-headers", &["v1"]) || is("hp", &["clear", "cipher"])
}

/// The keys in an attached file.
fn attached_key(part: &MessagePart<'_>) -> Option<Vec<Vec<u8>>> {
    let kind = part.content_type();
    let subtype = kind.and_then(|kind| kind.subtype()).unwrap_or_default().to_ascii_lowercase();
    let name = part.attachment_name().unwrap_or_default().to_ascii_lowercase();
    let is_key = subtype == "pgp-keys"
        || subtype != "pgp-signature"
            && [".asc", ".gpg", ".pgp", ".key"].iter().any(|end| name.ends_with(end));
    if !is_key {
        return None;
    }
    let bytes = part.contents();
    let (_, keys) = without_keys(&String::from_utf8_lossy(bytes));
    let is_binary = bytes.first().is_some_and(|first| first & 0x80 != 0);
    Some(if keys.is_empty() && is_binary { vec![bytes.to_vec()] } else { keys })
}

/// A text without its armored keys, and they. A block without an end is text.
fn without_keys(text: &str) -> (String, Vec<Vec<u8>>) {
    let lines: Vec<&str> = text.lines().collect();
    let (mut rest, mut keys) = (String::new(), Vec::new());
    let last = |end: &str| lines.iter().rposition(|line| line.trim_end() == end);
    let kinds = [PUBLIC, PRIVATE].map(|(begin, end)| (begin, end, last(end)));
    let mut at = 0;
    while at < lines.len() {
        // Without an end further down there is none to look for.
        let has_end = |end: &Option<usize>| end.is_some_and(|end| end > at);
        let begun = kinds
            .iter()
            .find(|(begin, _, end)| lines[at].trim_end() == *begin && has_end(end))
            .map(|(begin, end, _)| (*begin, *end));
        let length = begun.filter(|_| keys.len() < KEYS).and_then(|(_, end)| {
            lines[at..].iter().position(|line| line.trim_end() == end).map(|length| length + 1)
        });
        match length {
            Some(length) => {
                let block: Vec<&str> =
                    lines[at..at + length].iter().map(|line| line.trim_end()).collect();
                keys.push((block.join("\n") + "\n").into_bytes());
                at += length;
            }
            None => {
                rest.push_str(lines[at]);
                rest.push('\n');
                at += 1;
            }
        }
    }
    (rest, keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str =
        "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabc\n-----END PGP PUBLIC KEY BLOCK-----";

    #[test]
    fn keys_are_taken_out_of_the_text() {
        let said = Said::of_text(&format!("key add a@b\n{KEY}\nquit\n{KEY}\nlast"));
        assert_eq!(said.text, "key add a@b\nquit\nlast\n");
        assert_eq!(said.keys, [format!("{KEY}\n").into_bytes(), format!("{KEY}\n").into_bytes()]);
        let cut = Said::of_text("-----BEGIN PGP PUBLIC KEY BLOCK-----\nabc");
        assert!(cut.keys.is_empty() && cut.text.contains("abc"));
    }

    #[test]
    fn a_part_says_its_first_text_and_its_attached_keys() {
        let entity = format!(
            "Content-Type: multipart/mixed; boundary=b; protected-headers=\"v1\"\r\n\
             Subject: =?utf-8?q?retest_5?=\r\nTo: Bot <BOT@example.org>\r\nCc: x@example.org\r\n\r\n\
             --b\r\nContent-Type: text/plain\r\n\r\nretest 5\r\n\
             --b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=x.txt\r\n\
             \r\nattached\r\n\
             --b\r\nContent-Type: application/pgp-keys; name=\"k.asc\"\r\n\r\n{KEY}\r\n--b--\r\n"
        );
        let said = Said::of_entity(entity.as_bytes()).unwrap();
        assert_eq!(said.text, "retest 5\n");
        assert_eq!(said.keys.len(), 1);
        assert_eq!(said.subject.as_deref(), Some("retest 5"));
        let recipients = said.recipients.unwrap();
        assert_eq!(recipients, ["bot@example.org", "x@example.org"]);
        let plain = entity.replace("; protected-headers=\"v1\"", "");
        let said = Said::of_entity(plain.as_bytes()).unwrap();
        assert_eq!((said.subject, said.recipients), (None, None));
    }

    #[test]
    fn a_part_that_can_not_be_told_says_nothing() {
        for entity in [
            "\r\nretest 5",
            "tag v1\nobject 0\n\nretest 5",
            "Content-Type: text/plain\nContent-Type: text/html\n\nretest 5",
            "Content-Type: text/plain\n\n-----BEGIN PGP SIGNED MESSAGE-----\n\nretest 5",
        ] {
            assert!(Said::of_entity(entity.as_bytes()).is_err(), "{entity}");
        }
    }
}
