//! How much of a mail is read, so that no mail costs more time or memory than it should. It must
//! not look at what a mail means. What it leaves out stands behind anything that people write.

use memchr::memchr_iter;

/// Bytes of a mail that are read: as many as are fetched of one.
pub(crate) const MOST: usize = 4 * 1024 * 1024;

/// Bytes of a header that are read. A mail with a larger one is unreadable: as much is fetched of a
/// header, and nobody writes so much.
pub(crate) const HEADER: usize = 256 * 1024;

/// Headers that say what a part is. The parser may look at the whole mail for each, keeps room for
/// the rest of the mail in each base64 part, and drops nested messages by recursion: as many as fit
/// into a mail overflow a thread's stack.
const PARTS: usize = 64;

/// Bytes of such a header. A boundary has at most 70 (RFC 2046, section 5.1.1), and is compared
/// at every hyphen; parameters in pieces (RFC 2231) are joined one by one.
const PART_HEADER: usize = 1000;

/// Names of the headers that say what a part is, each from its end.
const NAMES: [&[u8]; 3] = [b"epyt-tnetnoc", b"gnidocne-refsnart-tnetnoc", b"noitisopsid-tnetnoc"];

/// The part of a mail that is read.
pub(super) fn read(mail: &[u8]) -> &[u8] {
    let mail = mail.get(..MOST).unwrap_or(mail);
    let mut parts = 0;
    for at in memchr_iter(b':', mail) {
        if !names_a_part(&mail[..at]) {
            continue;
        }
        parts += 1;
        if parts > PARTS || field(&mail[at..]).is_none_or(is_digest) {
            return &mail[..at];
        }
    }
    mail
}

/// The part of a header, or of the header of a whole mail, that is read.
pub(super) fn header(mail: &[u8]) -> &[u8] {
    mail.get(..HEADER).unwrap_or(mail)
}

/// Whether what stands before a colon is such a name: at a line's start, or behind a boundary in
/// the line. The parser passes over blanks in a name.
fn names_a_part(before: &[u8]) -> bool {
    NAMES.iter().any(|name| {
        let line = before.iter().rev().take_while(|byte| **byte != b'\n');
        let mut letters = line.filter(|byte| !byte.is_ascii_whitespace());
        let named = letters.by_ref().take(name.len()).map(u8::to_ascii_lowercase);
        // A signature's list of headers (RFC 6376) names them behind a colon.
        named.eq(name.iter().copied()) && letters.next() != Some(&b':')
    })
}

/// A header from its colon to its end, folded or not; `None` if it takes more than it may.
fn field(header: &[u8]) -> Option<&[u8]> {
    let near = header.get(..=PART_HEADER).unwrap_or(header);
    let ends = |two: &[u8]| two[0] == b'\n' && !matches!(two[1], b' ' | b'\t');
    match near.windows(2).position(ends) {
        Some(end) => Some(&near[..end]),
        None => (near.len() == header.len()).then_some(near),
    }
}

/// Whether a header says `multipart/digest`: each of its parts is a mail without saying so (RFC
/// 2046, section 5.1.5), so that they can't be counted here. No request stands in one.
fn is_digest(field: &[u8]) -> bool {
    let kind = field.iter().take_while(|byte| **byte != b';');
    let kind: Vec<u8> = kind.map(u8::to_ascii_lowercase).collect();
    kind.windows(6).any(|word| word == b"digest")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_a_signature_names_are_none_of_the_mails() {
        let names = "h=from:content-type:to;\n h=to:content-type:x; ".repeat(PARTS);
        let mail = format!("DKIM-Signature: {names}\n\ntext");
        assert_eq!(read(mail.as_bytes()).len(), mail.len());
        let typed = "\ncontent-type: text/plain".repeat(PARTS);
        let mail = format!("{typed}\ncontent-type: x\n\ntext");
        assert!(read(mail.as_bytes()).len() < mail.len());
    }

    #[test]
    fn a_digest_is_read_no_further_and_a_boundary_of_that_name_is_none() {
        for (kind, whole) in
            [("multipart/digest; boundary=b", false), ("multipart/mixed; boundary=digest", true)]
        {
            let mail = format!("Content-Type: {kind}\n\n--b\n\ntext");
            assert_eq!(read(mail.as_bytes()).len() == mail.len(), whole, "{kind}");
        }
    }
}
