//! The parts of a multipart body as they came, byte for byte (RFC 2046, section 5.1.1). It decodes
//! nothing.

/// Parts that are told apart; a mail with more is none whose signature is looked at.
const MOST: usize = 64;

/// The parts between the delimiters, without the line end in front of each. `None` where the last
/// delimiter is missing, or there are too many parts.
pub(crate) fn parts<'b>(body: &'b [u8], boundary: &str) -> Option<Vec<&'b [u8]>> {
    let mut parts = Vec::new();
    let mut begun = None;
    let mut at = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        if let Some(is_last) = delimiter(line, boundary) {
            if let Some(start) = begun {
                parts.push(without_line_end(&body[start..at.max(start)]));
            }
            if is_last {
                return (parts.len() <= MOST).then_some(parts);
            }
            begun = Some(at + line.len());
        }
        at += line.len();
    }
    None
}

/// Whether a line is a delimiter; if so, whether it is the last.
fn delimiter(line: &[u8], boundary: &str) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary.as_bytes())?;
    let rest = rest.trim_ascii_end();
    match rest {
        b"" => Some(false),
        b"--" => Some(true),
        _ => None,
    }
}

/// The line end in front of a delimiter belongs to it.
fn without_line_end(part: &[u8]) -> &[u8] {
    let part = part.strip_suffix(b"\n").unwrap_or(part);
    part.strip_suffix(b"\r").unwrap_or(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_what_stands_between_the_delimiters() {
        let body =
            b"before\r\n--b\r\n\r\none\r\n\r\n--bb\r\n--b \r\ntwo\r\n--b--\r\nafter\r\n--b\r\n";
        let found = parts(body, "b").unwrap();
        assert_eq!(found, [&b"\r\none\r\n\r\n--bb"[..], b"two"]);
        assert_eq!(parts(b"--b\n--b--", "b").unwrap(), [b""]);
        assert_eq!(parts(b"--b\nno end\n", "b"), None);
        let many = |n: usize| format!("{}--b--\n", "--b\n".repeat(n));
        assert_eq!(parts(many(MOST).as_bytes(), "b").unwrap().len(), MOST);
        assert_eq!(parts(many(MOST + 1).as_bytes(), "b"), None);
    }
}
