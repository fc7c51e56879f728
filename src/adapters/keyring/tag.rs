//! A raw tag object into what was signed, what it says, and the signature. It must not believe
//! any of it.

use jiff::Timestamp;

/// Line beginnings that git takes for the start of a signature (git's gpg-interface.c).
const PGP: [&[u8]; 2] = [b"-----BEGIN PGP SIGNATURE-----", b"-----BEGIN PGP MESSAGE-----"];
const SSH: &[u8] = b"-----BEGIN SSH SIGNATURE-----";
const X509: &[u8] = b"-----BEGIN SIGNED MESSAGE-----";

/// A signature as it stands at the end of a tag object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature<'a> {
    /// There is none.
    None,
    /// OpenPGP, armored.
    OpenPgp(&'a [u8]),
    /// SSH, armored (OpenSSH's PROTOCOL.sshsig).
    Ssh(&'a [u8]),
    /// X.509, which gpgsm makes.
    X509,
}

/// A tag object of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignedTag<'a> {
    /// What a signature covers: all before it.
    pub(crate) payload: &'a [u8],
    /// The signature.
    pub(crate) signature: Signature<'a>,
    /// The object's own name.
    pub(crate) name: String,
    /// The tagger line's time.
    pub(crate) tagged_at: Option<Timestamp>,
}

impl<'a> SignedTag<'a> {
    /// Splits a tag object as git does: the signature begins at the last line that looks like the
    /// beginning of one.
    ///
    /// # Errors
    /// One clause for people: not a tag of a commit, or something stands after the signature,
    /// which no signature covers.
    pub(crate) fn split(object: &'a [u8]) -> Result<Self, String> {
        let payload = payload(object);
        let rest = &object[payload.len()..];
        let (name, tagged_at) = header(payload)?;
        let signature = match rest {
            [] => Signature::None,
            rest if rest.starts_with(SSH) => Signature::Ssh(rest),
            rest if rest.starts_with(X509) => Signature::X509,
            rest => Signature::OpenPgp(rest),
        };
        if !rest.is_empty() {
            demand_nothing_after(rest)?;
        }
        Ok(Self { payload, signature, name, tagged_at })
    }
}

/// What a tag object's signature covers: all before it, or all of it where there is none.
pub(crate) fn payload(object: &[u8]) -> &[u8] {
    &object[..signature_start(object).unwrap_or(object.len())]
}

fn signature_start(object: &[u8]) -> Option<usize> {
    let mut start = None;
    let mut at = 0;
    for line in object.split_inclusive(|byte| *byte == b'\n') {
        let begins = |marker: &[u8]| line.starts_with(marker);
        if PGP.iter().any(|marker| begins(marker)) || begins(SSH) || begins(X509) {
            start = Some(at);
        }
        at += line.len();
    }
    start
}

fn demand_nothing_after(signature: &[u8]) -> Result<(), String> {
    let mut lines = signature.split(|byte| *byte == b'\n');
    let _ended = lines.by_ref().find(|line| line.starts_with(b"-----END "));
    match lines.all(|line| line.trim_ascii().is_empty()) {
        true => Ok(()),
        false => Err("something stands after the signature".into()),
    }
}

/// The object's header, whose order git fixes: object, type, tag, tagger.
fn header(payload: &[u8]) -> Result<(String, Option<Timestamp>), String> {
    let malformed = || "it is not a well-formed tag object".to_owned();
    let end = payload.windows(2).position(|two| two == b"\n\n").unwrap_or(payload.len());
    let mut lines = payload[..end].split(|byte| *byte == b'\n');
    let mut field = |key: &[u8]| lines.next().and_then(|line| line.strip_prefix(key));
    let object = field(b"object ").ok_or_else(malformed)?;
    if !matches!(object.len(), 40 | 64) || !object.iter().all(u8::is_ascii_hexdigit) {
        return Err(malformed());
    }
    let kind = String::from_utf8_lossy(field(b"type ").ok_or_else(malformed)?);
    if kind != "commit" {
        return Err(format!("it tags a {kind}, not a commit"));
    }
    let name =
        std::str::from_utf8(field(b"tag ").ok_or_else(malformed)?).map_err(|_| malformed())?;
    Ok((name.to_owned(), field(b"tagger ").and_then(tagger_time)))
}

/// The time of `Name <address> SECONDS ZONE`.
fn tagger_time(tagger: &[u8]) -> Option<Timestamp> {
    let after = tagger.rsplit(|byte| *byte == b'>').next()?;
    let seconds = std::str::from_utf8(after).ok()?.split_whitespace().next()?;
    Timestamp::from_second(seconds.parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "object 0123456789abcdef0123456789abcdef01234567\ntype commit\ntag v1\n\
                          tagger A <a@b> 1790000000 +0200\n\nText.\n";

    fn split(object: &str) -> Result<SignedTag<'_>, String> {
        SignedTag::split(object.as_bytes())
    }

    #[test]
    fn a_tag_without_a_signature_is_all_payload() {
        let tag = split(HEADER).unwrap();
        assert_eq!((tag.payload, tag.signature), (HEADER.as_bytes(), Signature::None));
        assert_eq!(tag.name, "v1");
        assert_eq!(tag.tagged_at.unwrap().as_second(), 1_790_000_000);
    }

    #[test]
    fn the_last_signature_is_the_one() {
        let first = "-----BEGIN PGP SIGNATURE-----\nabc\n-----END PGP SIGNATURE-----\n";
        let last = "-----BEGIN SSH SIGNATURE-----\nabc\n-----END SSH SIGNATURE-----\n";
        let object = format!("{HEADER}{first}{last}");
        let tag = split(&object).unwrap();
        assert_eq!(tag.payload, format!("{HEADER}{first}").as_bytes());
        assert_eq!(tag.signature, Signature::Ssh(last.as_bytes()));
    }

    #[test]
    fn a_marker_inside_a_line_is_text() {
        let object = HEADER.replace("Text", " -----BEGIN PGP SIGNATURE-----");
        assert_eq!(split(&object).unwrap().signature, Signature::None);
    }

    #[test]
    fn text_after_the_signature_is_refused() {
        let signature = "-----BEGIN PGP SIGNATURE-----\nabc\n-----END PGP SIGNATURE-----\n";
        assert!(split(&format!("{HEADER}{signature}\n \n")).is_ok());
        let why = split(&format!("{HEADER}{signature}More.\n")).unwrap_err();
        assert_eq!(why, "something stands after the signature");
    }

    #[test]
    fn what_is_not_a_tag_of_a_commit_is_refused() {
        let why = split(&HEADER.replace("type commit", "type tree")).unwrap_err();
        assert_eq!(why, "it tags a tree, not a commit");
        for object in [
            "",
            "\n\n",
            &HEADER.replace("object 0", "object "),
            &HEADER.replace("object ", "tree "),
            &HEADER.replace("type commit\ntag v1", "tag v1\ntype commit"),
            &HEADER.replace("tag v1\n", ""),
        ] {
            assert_eq!(split(object).unwrap_err(), "it is not a well-formed tag object");
        }
    }

    #[test]
    fn a_header_line_in_the_text_is_text() {
        let object = HEADER.replace("tag v1\n", "").replace("Text", "tag v1");
        assert!(split(&object).is_err());
    }
}
