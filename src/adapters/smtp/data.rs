//! A message as DATA carries it.

/// Gives every line the end CRLF, and a line that begins with a dot a second one (RFC 5321,
/// sections 2.3.8 and 4.5.2). A bare CR or LF would let a message say where it ends on a server
/// that takes one for a line end.
pub(crate) fn encode(message: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::with_capacity(message.len() + message.len() / 32 + 2);
    let mut rest = message;
    while !rest.is_empty() {
        let end = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(rest.len());
        let (line, after) = rest.split_at(end);
        if line.first() == Some(&b'.') {
            encoded.push(b'.');
        }
        encoded.extend_from_slice(line);
        encoded.extend_from_slice(b"\r\n");
        rest = after.strip_prefix(b"\r\n").or_else(|| after.get(1..)).unwrap_or_default();
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::encode;

    #[test]
    fn lines_end_in_crlf_and_dots_are_doubled() {
        for (message, encoded) in [
            (&b"a\r\nb\r\n"[..], &b"a\r\nb\r\n"[..]),
            (b"a\nb", b"a\r\nb\r\n"),
            (b".\r\n..x\r\na.b\r\n", b"..\r\n...x\r\na.b\r\n"),
            (b"a\r\n\r\n", b"a\r\n\r\n"),
            (
                b"x\n.\nMAIL FROM:<evil@example.org>\n",
                b"x\r\n..\r\nMAIL FROM:<evil@example.org>\r\n",
            ),
            (b"x\r.\r\ny", b"x\r\n..\r\ny\r\n"),
            (b"\xe9\n", b"\xe9\r\n"),
            (b"", b""),
        ] {
            assert_eq!(encode(message), encoded, "{}", message.escape_ascii());
        }
    }
}
