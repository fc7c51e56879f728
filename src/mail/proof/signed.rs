//! Finds the one part of a mail that is signed with OpenPGP: the first part of a multipart/signed
//! (RFC 3156), or a text signed in the clear. Where two could be meant, none is: what people are
//! shown as signed and what is obeyed must be the same.

use mail_parser::{ContentType, Message, MessageParser, MimeHeaders};

use super::super::reader::contained;
use super::super::{body, bounds};
use super::cleartext::{self, BEGIN, Cleartext, ENCRYPTED};
use super::fields::{self, fields, named};
use super::parts::parts;
use super::said::Said;

const ENCRYPTED_MAIL: &str =
    "The mail is encrypted, and encrypted commands are not read: sign it, and do not encrypt it.";

/// What is signed, and the signature over it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SignedPart {
    /// A MIME part with its header, line ends CR LF.
    Entity {
        /// The bytes that are signed.
        content: Vec<u8>,
        /// The detached signature.
        signature: Vec<u8>,
    },
    /// A text signed in the clear, in the forms that a mail program may have signed: as it came, or
    /// without the blanks that format=flowed puts in front of lines.
    Text(Vec<Form>),
}

/// One form of a text signed in the clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Form {
    /// The bytes that are signed.
    pub(crate) content: Vec<u8>,
    /// The detached signature.
    pub(crate) signature: Vec<u8>,
    /// What they say.
    pub(crate) said: Said,
}

/// The one part of a mail that is signed; `None`: there is none.
///
/// # Errors
/// A sentence for whoever sent it: there are several, or it can't be told.
pub(crate) fn signed_part(mail: &[u8]) -> Result<Option<SignedPart>, String> {
    let mail = super::super::without_envelope(mail);
    if bounds::read(mail).len() < mail.len() {
        return Err("The mail is too large, or has too many parts, to look at a signature.".into());
    }
    contained(|| find(mail)).unwrap_or_else(|| Err("The mail can't be read.".into()))
}

/// Whether a mail bears the marks of an OpenPGP signature, if they can be read as such or not: with
/// other blanks in them, say, which a DKIM signature lets pass.
pub(crate) fn is_marked(mail: &[u8]) -> bool {
    let marks = |text: &[u8]| {
        text.split(|byte| *byte == b'\n').any(|line| {
            let line: Vec<u8> = line.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
            line.starts_with(b"-----BEGINPGPSIGN")
        })
    };
    let decoded = || {
        let message = MessageParser::default().parse(mail)?;
        Some(message.parts.iter().any(|part| marks(part.contents())))
    };
    marks(mail) || contained(decoded).flatten().unwrap_or(true)
}

fn find(mail: &[u8]) -> Result<Option<SignedPart>, String> {
    let kind = Kind::of(mail)?;
    match (kind.name.as_str(), &kind.boundary) {
        ("multipart/signed", _) => multipart(mail, &kind).map(Some),
        ("multipart/encrypted", _) => Err(ENCRYPTED_MAIL.into()),
        ("application/pkcs7-mime" | "application/x-pkcs7-mime", _) => Err(smime()),
        ("multipart/mixed", Some(boundary)) => match wrapped(mail, boundary)? {
            Some(part) => Ok(Some(part)),
            None => in_the_clear(mail),
        },
        _ => in_the_clear(mail),
    }
}

fn smime() -> String {
    "The mail has an S/MIME signature, which is not read: sign it with OpenPGP.".into()
}

/// What a part says it is.
struct Kind {
    /// `type/subtype` in lower case; empty if it says nothing.
    name: String,
    boundary: Option<String>,
    protocol: Option<String>,
}

impl Kind {
    fn of(entity: &[u8]) -> Result<Self, String> {
        if named(&fields(entity), "Content-Type").len() > 1 {
            return Err("A part says twice what it is.".into());
        }
        let message = MessageParser::default().parse_headers(entity);
        let kind = message.as_ref().and_then(|message: &Message<'_>| message.content_type());
        let attribute = |kind: &ContentType<'_>, name| kind.attribute(name).map(str::to_owned);
        Ok(Self {
            name: kind
                .map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default()))
                .unwrap_or_default()
                .to_ascii_lowercase(),
            boundary: kind.and_then(|kind| attribute(kind, "boundary")),
            protocol: kind
                .and_then(|kind| attribute(kind, "protocol"))
                .map(|protocol| protocol.to_ascii_lowercase()),
        })
    }
}

/// A multipart/signed: what is signed, and the signature. What stands around them is no part.
fn multipart(entity: &[u8], kind: &Kind) -> Result<SignedPart, String> {
    let broken = || "The signed mail is broken: it has not exactly a text and a signature.".into();
    if kind.protocol.as_deref().is_some_and(|protocol| protocol.contains("pkcs7")) {
        return Err(smime());
    }
    let boundary = kind.boundary.as_deref().ok_or_else(broken)?;
    let parts = parts(fields::body(entity), boundary);
    let [content, signature] = parts.as_deref().unwrap_or_default() else { return Err(broken()) };
    if Kind::of(signature)?.name != "application/pgp-signature" {
        return Err("The signed mail has no OpenPGP signature beside its text.".into());
    }
    let signature = MessageParser::default()
        .parse(*signature)
        .and_then(|message| message.parts.first().map(|part| part.contents().to_vec()))
        .ok_or_else(broken)?;
    Ok(SignedPart::Entity { content: with_crlf(content), signature })
}

/// A multipart/signed that list software put a footer behind: it comes first, and nothing signed
/// follows. `None`: nothing in it is signed so.
fn wrapped(mail: &[u8], boundary: &str) -> Result<Option<SignedPart>, String> {
    let Some(parts) = parts(fields::body(mail), boundary) else { return Ok(None) };
    let kinds: Vec<Kind> = parts.iter().map(|part| Kind::of(part)).collect::<Result<_, _>>()?;
    let signed = kinds.iter().filter(|kind| kind.name == "multipart/signed").count();
    match (signed, kinds.first(), parts.first()) {
        (0, _, _) => Ok(None),
        (1, Some(kind), Some(part)) if kind.name == "multipart/signed" => {
            let footer = |kind: &Kind| kind.name == "text/plain" || kind.name.is_empty();
            if !kinds[1..].iter().all(footer) {
                return Err(beside());
            }
            if count_in_the_clear(mail) > 0 {
                return Err(several());
            }
            multipart(part, kind).map(Some)
        }
        (1, _, _) => Err(beside()),
        _ => Err(several()),
    }
}

fn beside() -> String {
    "Only a part of the mail is signed, beside others: sign the whole mail.".into()
}

fn several() -> String {
    "The mail has several signed parts: send one mail for each.".into()
}

fn count_in_the_clear(mail: &[u8]) -> usize {
    let Some(message) = MessageParser::default().parse(mail) else { return 0 };
    let texts = body::raw_plain(&message);
    texts.iter().map(|text| cleartext::count(&text.bytes, BEGIN)).sum()
}

/// The one text that is signed in the clear.
fn in_the_clear(mail: &[u8]) -> Result<Option<SignedPart>, String> {
    let Some(message) = MessageParser::default().parse(mail) else { return Ok(None) };
    let texts = body::raw_plain(&message);
    let count =
        |marker| -> usize { texts.iter().map(|text| cleartext::count(&text.bytes, marker)).sum() };
    match (count(BEGIN), count(ENCRYPTED)) {
        (0, 0) => return Ok(None),
        (0, _) => return Err(ENCRYPTED_MAIL.into()),
        (1, _) => {}
        _ => return Err(several()),
    }
    let text = texts.iter().find(|text| cleartext::count(&text.bytes, BEGIN) > 0);
    let Some(text) = text else { return Ok(None) };
    let mut forms = vec![text.bytes.clone()];
    if text.is_flowed {
        forms.push(unstuffed(&text.bytes));
    }
    let read: Vec<Result<Cleartext, &str>> =
        forms.iter().map(|bytes| cleartext::read(bytes)).collect();
    let form = |read: Cleartext| {
        let said = Said::of_text(&text.text_of(&read.content));
        Form { content: read.content, signature: read.signature, said }
    };
    let why = read.iter().find_map(|read| read.as_ref().err()).copied().unwrap_or_default();
    let made: Vec<Form> = read.into_iter().flatten().map(form).collect();
    match made.is_empty() {
        false => Ok(Some(SignedPart::Text(made))),
        true => Err(format!("The signed text in the mail can't be read: {why}.")),
    }
}

/// Lines without the blank that format=flowed puts in front of some (RFC 3676, section 4.4).
fn unstuffed(text: &[u8]) -> Vec<u8> {
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    lines.flat_map(|line| line.strip_prefix(b" ").unwrap_or(line)).copied().collect()
}

/// The bytes with line ends of CR LF, as they are signed (RFC 3156, section 5).
fn with_crlf(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for byte in bytes {
        if *byte == b'\n' && out.last() != Some(&b'\r') {
            out.push(b'\r');
        }
        out.push(*byte);
    }
    out
}
