//! What a DKIM signature says that it covers (RFC 6376), and what a mail says as far as one covers
//! it. It verifies none.

use std::collections::BTreeMap;

use jiff::Timestamp;
use mail_parser::decoders::base64::base64_decode;
use mail_parser::{Address, HeaderName, HeaderValue, MessageParser, MimeHeaders};

use super::super::reader::contained;
use super::super::{body, bounds};
use super::fields::{self, Field, fields, named};
use super::said::Said;
use super::settled::is_settled;
use crate::pull::clean;

/// A DKIM-Signature field, read strictly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DkimSignature<'m> {
    /// The field's value as it came.
    pub(crate) raw: &'m [u8],
    /// `d=`, in lower case.
    pub(crate) domain: String,
    /// `s=`.
    pub(crate) selector: String,
    /// The domain of `i=`, in lower case; that of `d=` where it says none.
    pub(crate) identity: String,
    /// `b=`, decoded.
    pub(crate) signature: Vec<u8>,
    /// `b=` as it is written, without blanks.
    pub(crate) written: String,
    /// `h=`, in lower case.
    pub(crate) covered: Vec<String>,
    /// `t=`.
    made_at: Option<Timestamp>,
    /// `x=`.
    expires: Option<Timestamp>,
    /// Why it is not to be believed, whatever it proves: a clause.
    pub(crate) refusal: Option<&'static str>,
}

/// Every DKIM-Signature of a mail, topmost first; `None` stands for one that can't be read.
pub(crate) fn signatures(mail: &[u8]) -> Vec<Option<DkimSignature<'_>>> {
    let fields = fields(super::super::without_envelope(mail));
    let found = fields.iter().filter(|field| field.is("DKIM-Signature"));
    found.map(|field| signature(field.value)).collect()
}

fn signature(raw: &[u8]) -> Option<DkimSignature<'_>> {
    let text = std::str::from_utf8(raw).ok()?;
    let mut tags: BTreeMap<&str, String> = BTreeMap::new();
    let (mut doubled, mut odd) = (false, false);
    for tag in text.split(';').map(trim).filter(|tag| !tag.is_empty()) {
        let (name, value) = tag.split_once('=')?;
        let (name, value) = (trim(name), value.chars().filter(|c| !c.is_ascii_whitespace()));
        // Some readers take `D` or `d d` for a `d`.
        let is_usual = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        odd |= name.is_empty() || !name.chars().all(is_usual);
        doubled |= tags.insert(name, value.collect()).is_some();
    }
    let get = |name: &str| tags.get(name).map(String::as_str);
    let domain = get("d")?.to_ascii_lowercase();
    let covered: Vec<String> = get("h")?.split(':').map(|name| name.to_ascii_lowercase()).collect();
    let identity = get("i").and_then(|identity| identity.rsplit_once('@'));
    let algorithm = get("a")?.to_ascii_lowercase();
    let time =
        |name| get(name).map(|text| text.parse().ok().and_then(|t| Timestamp::from_second(t).ok()));
    let (made_at, expires) = (time("t"), time("x"));
    let refusal = if doubled {
        Some("it says something twice")
    } else if odd {
        Some("it has a tag that can't be told")
    } else if tags.contains_key("l") {
        Some("it covers only a part of the text (l=)")
    } else if !["rsa-sha256", "ed25519-sha256"].contains(&algorithm.as_str()) {
        Some("its algorithm is too weak")
    } else if get("v") != Some("1") {
        Some("it is of an unknown version")
    } else if made_at == Some(None) || expires == Some(None) {
        Some("its times can't be read")
    } else if !covered.iter().any(|name| name == "from") {
        Some("it does not cover From")
    } else {
        None
    };
    Some(DkimSignature {
        raw,
        identity: identity.map_or_else(|| domain.clone(), |(_, host)| host.to_ascii_lowercase()),
        domain,
        selector: get("s")?.to_owned(),
        signature: base64_decode(get("b")?.as_bytes())?,
        written: get("b")?.to_owned(),
        covered,
        made_at: made_at.flatten(),
        expires: expires.flatten(),
        refusal,
    })
}

/// Whether every reader finds the same fields in a mail's header. Where not, who it is from may be
/// another than who signed it says.
pub(crate) fn has_plain_header(mail: &[u8]) -> bool {
    fields::is_plain(super::super::without_envelope(mail))
}

/// Text without the blanks around it that may stand there.
fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

/// The domain that a mail says it is from; `None` unless exactly one address stands in exactly one
/// From.
pub(crate) fn from_domain(mail: &[u8]) -> Option<String> {
    let mail = bounds::header(super::super::without_envelope(mail));
    if named(&fields(mail), "From").len() != 1 {
        return None;
    }
    let read = || {
        let message = MessageParser::default().parse_headers(mail)?;
        let header = message.headers().iter().find(|header| header.name == HeaderName::From)?;
        let address = header.value.as_address()?;
        let Address::List(list) = address else { return None };
        let [only] = list.as_slice() else { return None };
        let (_, domain) = only.address()?.trim().rsplit_once('@')?;
        Some(domain.to_ascii_lowercase())
    };
    contained(read).flatten().filter(|domain| !domain.is_empty())
}

impl DkimSignature<'_> {
    /// Whether it has ended.
    pub(crate) fn has_expired(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|end| end <= now)
    }

    /// When the mail was signed: its own time, else the covered Date; `None` if neither is there.
    pub(crate) fn signed_at(&self, mail: &[u8]) -> Option<Timestamp> {
        let mail = super::super::without_envelope(mail);
        let dated = || {
            let fields = fields(mail);
            self.covers(&fields, "Date").and_then(|_| super::super::heading(mail).date)
        };
        self.made_at.or_else(dated)
    }

    /// The one field of that name, if there is one and it is covered, so that none can be added.
    fn covers<'f, 'm>(&self, fields: &'f [Field<'m>], name: &str) -> Option<&'f Field<'m>> {
        match named(fields, name).as_slice() {
            [only] if self.names(name) => Some(only),
            _ => None,
        }
    }

    /// Whether it covers fields of that name, there or not.
    fn names(&self, name: &str) -> bool {
        self.covered.iter().any(|covered| covered.eq_ignore_ascii_case(name))
    }

    /// What the mail says under the signature.
    ///
    /// # Errors
    /// A sentence for whoever sent it: how the text is to be read is not covered.
    pub(crate) fn said(&self, mail: &[u8]) -> Result<Said, String> {
        let mail = super::super::without_envelope(mail);
        if bounds::read(mail).len() < mail.len() {
            return Err("The mail is too large, or has too many parts.".into());
        }
        let read = || {
            let said = self.text(mail)?;
            Ok(self.with_header(mail, said))
        };
        contained(read).unwrap_or_else(|| Err("The mail can't be read.".into()))
    }

    /// The text. What says how to read it must be covered, or leave no choice.
    fn text(&self, mail: &[u8]) -> Result<Said, String> {
        let fields = fields(mail);
        let count = |name| named(&fields, name).len();
        let is_covered = |name| self.names(name) && count(name) <= 1;
        let message = MessageParser::default().parse(mail).ok_or("The mail can't be read.")?;
        if !is_settled(mail, &message) {
            return Err(
                "The mail has blanks where its parts begin or end, or broken line ends.".into()
            );
        }
        let part = message.parts.first().ok_or("The mail can't be read.")?;
        let kind = part.content_type();
        let is_multipart = kind.is_some_and(|kind| kind.ctype().eq_ignore_ascii_case("multipart"));
        let encoding = part.content_transfer_encoding().unwrap_or("7bit").to_ascii_lowercase();
        let is_bare = ["7bit", "8bit", "binary"].contains(&encoding.trim());
        let how = "Content-Transfer-Encoding";
        let is_readable = if is_covered("Content-Type") {
            is_multipart || is_bare && count(how) <= 1 || is_covered(how)
        } else if is_multipart {
            let boundary = kind.and_then(|kind| kind.attribute("boundary")).unwrap_or_default();
            let subtype = kind.and_then(|kind| kind.subtype()).unwrap_or_default();
            let known = ["mixed", "alternative", "related", "signed"];
            known.iter().any(|known| subtype.eq_ignore_ascii_case(known))
                && begins_with_delimiter(fields::body(mail), boundary)
        } else {
            let text = fields::body(mail);
            let is_plain = kind.is_none_or(|kind| {
                kind.ctype().eq_ignore_ascii_case("text")
                    && kind.subtype().is_none_or(|sub| sub.eq_ignore_ascii_case("plain"))
            });
            let marked = [&b"--"[..], b"<"].iter().any(|mark| text.trim_ascii().starts_with(mark));
            if is_bare && is_plain && count(how) <= 1 && !marked {
                return Ok(Said::of_text(&body::plain_lines(text)));
            }
            false
        };
        let shown = "Content-Disposition";
        match body::first(&message) {
            _ if !is_readable => Err(unsaid()),
            // By that the text would be an attachment, and only the subject be said.
            None if count(shown) > 0 && !is_covered(shown) => Err(unsaid()),
            text => Ok(Said::of_text(&text.unwrap_or_default())),
        }
    }

    /// Adds what is covered of the header.
    fn with_header(&self, mail: &[u8], said: Said) -> Said {
        let fields = fields(mail);
        let heading = super::super::heading(mail);
        let subject = self.covers(&fields, "Subject").map(|_| heading.subject);
        let recipients: Vec<Vec<String>> = ["To", "Cc"]
            .iter()
            .filter_map(|name| self.covers(&fields, name))
            .map(addresses)
            .collect();
        let recipients = (!recipients.is_empty()).then(|| recipients.concat());
        Said { subject, recipients, ..said }
    }
}

fn unsaid() -> String {
    "The DKIM signature does not cover what says how the text is to be read (Content-Type, \
     Content-Transfer-Encoding, Content-Disposition)."
        .into()
}

/// The addresses in a field, in lower case.
fn addresses(field: &Field<'_>) -> Vec<String> {
    let alone = [b"To:", field.value, b"\r\n\r\n"].concat();
    let Some(message) = MessageParser::default().parse_headers(&alone) else { return Vec::new() };
    let found = message.headers().iter().filter_map(|header| match &header.value {
        HeaderValue::Address(address) => Some(address),
        _ => None,
    });
    found
        .flat_map(Address::iter)
        .filter_map(|addr| addr.address())
        .map(|address| clean::words(address).trim().to_lowercase())
        .collect()
}

/// Whether a body begins with the delimiter of that boundary: then no other boundary fits it.
fn begins_with_delimiter(body: &[u8], boundary: &str) -> bool {
    let first = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end);
    let first = first.into_iter().find(|line| !line.is_empty());
    !boundary.is_empty() && first == Some(format!("--{boundary}").as_bytes())
}
