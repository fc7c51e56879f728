//! Raw header fields of a mail, cut without decoding them. It must not judge a mail: reading is
//! `crate::mail`'s work; a mail server only cuts, copies and compares.

/// Splits a mail into its header, with the empty line that ends it, and its body.
pub(super) fn split(mail: &[u8]) -> (&[u8], &[u8]) {
    if mail.starts_with(b"\r\n") {
        return mail.split_at(2);
    }
    match mail.windows(4).position(|four| four == b"\r\n\r\n") {
        Some(at) => mail.split_at(at + 4),
        None => (mail, &[]),
    }
}

/// The fields of a header, each with its folded lines and line ends, in order.
pub(super) fn fields(header: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut at = 0;
    for line in header.split_inclusive(|&byte| byte == b'\n') {
        let folded = line.starts_with(b" ") || line.starts_with(b"\t");
        if !folded && at > start {
            found.push(&header[start..at]);
            start = at;
        }
        if line == b"\r\n" {
            return found;
        }
        at += line.len();
    }
    if at > start {
        found.push(&header[start..at]);
    }
    found
}

/// Whether a field has that name, in any case.
pub(super) fn is_named(field: &[u8], name: &str) -> bool {
    field.get(name.len()) == Some(&b':')
        && field[..name.len()].eq_ignore_ascii_case(name.as_bytes())
}

/// A field's value, unfolded and trimmed; bytes that are no UTF-8 are replaced.
pub(super) fn value(field: &[u8]) -> String {
    let after = field.iter().position(|&byte| byte == b':').map_or(0, |at| at + 1);
    let text = String::from_utf8_lossy(&field[after..]);
    text.replace("\r\n", "").trim().to_owned()
}

/// The value of the first field with that name.
pub(super) fn first(mail: &[u8], name: &str) -> Option<String> {
    let (header, _) = split(mail);
    fields(header).into_iter().find(|field| is_named(field, name)).map(value)
}

/// The same mail with CRLF at every line's end.
pub(super) fn with_crlf(mail: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(mail.len() + mail.len() / 32);
    for line in mail.split_inclusive(|&byte| byte == b'\n') {
        let bare = line.strip_suffix(b"\n").unwrap_or(line);
        let bare = bare.strip_suffix(b"\r").unwrap_or(bare);
        out.extend_from_slice(bare);
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// The bare address in an address field's value: what stands in angle brackets, else all of it.
pub(super) fn address(value: &str) -> &str {
    match (value.rfind('<'), value.rfind('>')) {
        (Some(open), Some(close)) if open < close => value[open + 1..close].trim(),
        _ => value.trim(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &[u8] =
        b"From: A <a@x.example>\r\nSubject: one\r\n two\r\nX-Empty:\r\n\r\nSubject: body\r\n";

    #[test]
    fn fields_are_cut_whole_and_end_at_the_empty_line() {
        let (header, body) = split(MAIL);
        assert_eq!(body, b"Subject: body\r\n");
        let cut = fields(header);
        assert_eq!(cut.len(), 3);
        assert_eq!(cut[1], b"Subject: one\r\n two\r\n");
        assert_eq!(first(MAIL, "subject").as_deref(), Some("one two"));
        assert_eq!(first(MAIL, "x-empty").as_deref(), Some(""));
        assert_eq!(first(MAIL, "sub"), None);
    }

    #[test]
    fn a_mail_without_body_or_header_is_cut_too() {
        assert_eq!(split(b"\r\nbody"), (&b"\r\n"[..], &b"body"[..]));
        assert_eq!(fields(b"\r\n"), Vec::<&[u8]>::new());
        assert_eq!(fields(b"A: b"), vec![&b"A: b"[..]]);
    }

    #[test]
    fn line_ends_become_crlf_once() {
        assert_eq!(with_crlf(b"a\nb\r\nc"), b"a\r\nb\r\nc\r\n");
    }

    #[test]
    fn an_address_is_taken_from_its_brackets() {
        assert_eq!(address("\"B, A\" <a@x.example>"), "a@x.example");
        assert_eq!(address(" a@x.example "), "a@x.example");
    }
}
