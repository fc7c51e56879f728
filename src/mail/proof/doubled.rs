//! Fields that must stand in a header once: of two, one reader takes the first and another the last,
//! and a signature may cover only one.

use super::fields::fields;

/// The fields of which RFC 5322 (section 3.6) and RFC 2045 (section 3) allow one, and on which it
/// rests who is obeyed, in what, and how the text is read.
const ONCE: [&str; 13] = [
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Date",
    "Subject",
    "Message-ID",
    "In-Reply-To",
    "References",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Disposition",
];

/// The first field of a mail's header that stands there twice and must not.
pub(crate) fn doubled(mail: &[u8]) -> Option<&'static str> {
    let fields = fields(super::super::without_envelope(mail));
    let names: Vec<Vec<u8>> = fields
        .iter()
        // The parser passes over blanks in a name.
        .map(|field| field.name.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect())
        .collect();
    let count =
        |once: &str| names.iter().filter(|name| name.eq_ignore_ascii_case(once.as_bytes())).count();
    ONCE.into_iter().find(|once| count(once) > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_must_stand_once_are_found_in_any_spelling() {
        let mail = |extra: &str| {
            format!("From: a@b\r\nTo: c@d\r\nSubject: x\r\n{extra}\r\nFrom: text\r\nTo: text\r\n")
        };
        assert_eq!(doubled(mail("").as_bytes()), None);
        assert_eq!(doubled(mail("Received: a\r\nReceived: b\r\n").as_bytes()), None);
        for (extra, found) in [
            ("From: e@f\r\n", "From"),
            ("FROM : e@f\r\n", "From"),
            ("Sub ject: y\r\n", "Subject"),
            ("no field\nsubject:y\n", "Subject"),
            ("To:\r\n e@f\r\n", "To"),
            ("Date: 1\nDate: 2\n", "Date"),
            ("Message-ID: <a>\nMessage-Id: <b>\n", "Message-ID"),
            ("Content-Type: text/plain\nX: y\nContent-Type: text/html\n", "Content-Type"),
        ] {
            assert_eq!(doubled(mail(extra).as_bytes()), Some(found), "{extra:?}");
        }
        let envelope = format!("From a@b Mon\n{}", mail(""));
        assert_eq!(doubled(envelope.as_bytes()), None);
        assert_eq!(doubled(b""), None);
    }
}
