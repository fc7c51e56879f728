//! Texts signed in the clear (RFC 9580, section 7): the signed text as it was signed, and the
//! signature. What stands in front of it and behind it is left alone.

/// How a signed text begins.
pub(crate) const BEGIN: &str = "-----BEGIN PGP SIGNED MESSAGE-----";
/// How an encrypted one does.
pub(crate) const ENCRYPTED: &str = "-----BEGIN PGP MESSAGE-----";
const SIGNATURE: &[u8] = b"-----BEGIN PGP SIGNATURE-----";
const END: &[u8] = b"-----END PGP SIGNATURE-----";

/// A signed text and its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cleartext {
    /// The text as it is signed: without blanks at the lines' ends, which are CR LF, and without
    /// the dashes that were put in front of some.
    pub(crate) content: Vec<u8>,
    /// The armored signature.
    pub(crate) signature: Vec<u8>,
}

/// How many lines begin so; blanks at a line's end are no matter.
pub(crate) fn count(text: &[u8], marker: &str) -> usize {
    text.split(|byte| *byte == b'\n').filter(|line| trim_end(line) == marker.as_bytes()).count()
}

/// The signed text in some text.
///
/// # Errors
/// A clause for people: it is none as the standard has it.
pub(crate) fn read(text: &[u8]) -> Result<Cleartext, &'static str> {
    let mut lines = text.split(|byte| *byte == b'\n').map(trim_end);
    lines.by_ref().find(|line| *line == BEGIN.as_bytes()).ok_or("there is no signed text")?;
    for line in lines.by_ref() {
        if line.is_empty() {
            break;
        }
        if !line.starts_with(b"Hash: ") {
            return Err("between its beginning and the empty line stands more than \"Hash:\"");
        }
    }
    let mut content: Vec<&[u8]> = Vec::new();
    loop {
        let line = lines.next().ok_or("it has no signature")?;
        match line {
            SIGNATURE => break,
            [b'-', b' ', escaped @ ..] => content.push(escaped),
            [b'-', ..] => return Err("a line in it begins with a dash that is not escaped"),
            line => content.push(line),
        }
    }
    let mut signature = vec![SIGNATURE];
    loop {
        let line = lines.next().ok_or("its signature has no end")?;
        signature.push(line);
        if line == END {
            break;
        }
    }
    let signature = [signature.join(&b"\n"[..]), b"\n".to_vec()].concat();
    Ok(Cleartext { content: content.join(&b"\r\n"[..]), signature })
}

/// A line without what no signature covers.
fn trim_end(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| !matches!(byte, b' ' | b'\t' | b'\r'));
    &line[..end.map_or(0, |end| end + 1)]
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAIL: &str = "-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n";

    fn content(text: &str) -> Result<String, &'static str> {
        read(text.as_bytes()).map(|read| String::from_utf8(read.content).unwrap())
    }

    #[test]
    fn a_signed_text_is_what_stands_between_its_marks() {
        let text = format!(
            "before\n{BEGIN} \r\nHash: SHA512\r\n\r\nretest 5 \t\r\n- -- \r\n- - x\r\n\n{TAIL}after\n"
        );
        assert_eq!(content(&text).unwrap(), "retest 5\r\n--\r\n- x\r\n");
        assert_eq!(content(&format!("{BEGIN}\n\n{TAIL}")).unwrap(), "");
        let signature = read(text.as_bytes()).unwrap().signature;
        assert_eq!(signature, TAIL.as_bytes());
    }

    #[test]
    fn what_is_not_as_the_standard_has_it_is_no_signed_text() {
        for text in [
            "no text".to_owned(),
            format!("{BEGIN}\nHash: SHA256\nretest 5\n\n{TAIL}"),
            format!("{BEGIN}\n\n--- not escaped\n{TAIL}"),
            format!("{BEGIN}\n\nretest 5\n"),
            format!("{BEGIN}\n\nretest 5\n{}", TAIL.replace("-----END", "----END")),
            format!("{BEGIN}\n\nretest 5\n{BEGIN}\n\n{TAIL}"),
        ] {
            assert!(content(&text).is_err(), "{text}");
        }
    }
}
