//! Finds a mail's text: the text parts that are no attachments, decoded, as plain lines. It must
//! not look for requests.

use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{HeaderName, HeaderValue, Message, MessagePart, MimeHeaders, PartType};

use super::html;

/// Characters of a text that are looked at; the rest of a longer one is left alone.
const MOST: usize = 2_000_000;

/// Text parts of one mail that are looked at.
const PARTS: usize = 8;

/// One part's text in the forms that a request may be read from, the likeliest first.
pub(super) type Forms = Vec<String>;

/// A mail's text parts in the order in which they are to be believed: plain ones as they come, then
/// HTML, then what is left of a mail whose parts can't be told apart.
pub(super) fn texts(message: &Message<'_>) -> Vec<Forms> {
    let shown = || message.parts.iter().filter(|part| !is_attached(part));
    let plain = shown().filter(|part| matches!(part.body, PartType::Text(_)) && is_plain(part));
    let html = shown().filter(|part| is_html(part));
    let mut texts: Vec<Forms> =
        plain.chain(html).take(PARTS).map(|part| forms(message, part)).collect();
    if texts.iter().flatten().all(|text| text.trim().is_empty()) {
        texts.extend(remains(message).map(|text| vec![lines(&text)]));
    }
    texts
}

/// The first text that is no attachment, plain if there is a plain one.
pub(super) fn first(message: &Message<'_>) -> Option<String> {
    let shown = || message.parts.iter().filter(|part| !is_attached(part));
    let plain = shown().find(|part| matches!(part.body, PartType::Text(_)) && is_plain(part));
    let part = plain.or_else(|| shown().find(|part| is_html(part)))?;
    forms(message, part).into_iter().next()
}

/// A plain text as it came, without its transfer encoding.
pub(super) struct Raw {
    /// Its bytes.
    pub(super) bytes: Vec<u8>,
    /// The character set that it says it is in.
    charset: Option<String>,
    /// Whether it says format=flowed.
    pub(super) is_flowed: bool,
}

impl Raw {
    /// Bytes of it as plain lines.
    pub(super) fn text_of(&self, bytes: &[u8]) -> String {
        let decode = self.charset.as_deref().filter(|charset| !shifts(charset));
        let decode = decode.and_then(|charset| charset_decoder(charset.as_bytes()));
        match (std::str::from_utf8(bytes), decode) {
            (Ok(text), _) => lines(text),
            (Err(_), Some(decode)) => lines(&decode(bytes)),
            (Err(_), None) => lines(&String::from_utf8_lossy(bytes)),
        }
    }
}

/// Whether ASCII means something else in a character set: what is signed must not turn into
/// something else by a header that is not.
fn shifts(charset: &str) -> bool {
    let charset = charset.to_ascii_lowercase();
    ["utf-7", "utf7", "utf-16", "utf16", "ucs", "iso-2022", "hz", "unicode"]
        .iter()
        .any(|part| charset.contains(part))
}

/// The plain texts that are no attachments, as they came.
pub(super) fn raw_plain(message: &Message<'_>) -> Vec<Raw> {
    let plain = message.parts.iter().filter(|part| {
        !is_attached(part) && matches!(part.body, PartType::Text(_)) && is_plain(part)
    });
    let raw = |part: &MessagePart<'_>| {
        let bytes = message.raw_message.get(part.offset_body as usize..part.offset_end as usize)?;
        Some(Raw {
            bytes: transfer_decoded(part, bytes).unwrap_or_else(|| bytes.to_vec()),
            charset: part
                .content_type()
                .and_then(|kind| kind.attribute("charset"))
                .map(str::to_owned),
            is_flowed: flow(part).is_some(),
        })
    };
    plain.take(PARTS).filter_map(raw).collect()
}

/// Whether a patch hangs on the mail.
pub(super) fn has_patch(message: &Message<'_>) -> bool {
    let named = |part: &MessagePart<'_>| {
        part.attachment_name().is_some_and(|name| ends_in(name, &[".patch", ".diff"]))
    };
    let typed = |part: &MessagePart<'_>| {
        let subtype = part.content_type().and_then(|kind| kind.subtype());
        subtype.is_some_and(|sub| ["x-patch", "x-diff"].iter().any(|s| sub.eq_ignore_ascii_case(s)))
    };
    message.parts.iter().any(|part| named(part) || typed(part))
}

fn forms(message: &Message<'_>, part: &MessagePart<'_>) -> Forms {
    let text = match &part.body {
        PartType::Text(text) | PartType::Html(text) if part.is_encoding_problem => {
            let raw = part.offset_body as usize..part.offset_end as usize;
            decoded(part, message.raw_message.get(raw).unwrap_or(text.as_bytes()))
        }
        PartType::Text(text) | PartType::Html(text) => text.to_string(),
        PartType::Binary(_)
        | PartType::InlineBinary(_)
        | PartType::Message(_)
        | PartType::Multipart(_) => return Vec::new(),
    };
    let text = lines(&if is_html(part) { html::text_of(&text) } else { text });
    match flow(part) {
        Some(delsp) => vec![unflow(&text, delsp), text],
        None => vec![text],
    }
}

/// What the parser left as it came, because the part has no end or its encoding a fault.
fn decoded(part: &MessagePart<'_>, bytes: &[u8]) -> String {
    let decoded = transfer_decoded(part, bytes);
    let bytes = decoded.as_deref().unwrap_or(bytes);
    let charset = part.content_type().and_then(|kind| kind.attribute("charset"));
    let charset = charset.filter(|_| std::str::from_utf8(bytes).is_err() || decoded.is_some());
    match charset.and_then(|name| charset_decoder(name.as_bytes())) {
        Some(decode) => decode(bytes),
        None => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// Bytes without their transfer encoding; `None` if they have none, or one with a fault.
fn transfer_decoded(part: &MessagePart<'_>, bytes: &[u8]) -> Option<Vec<u8>> {
    let how = part.content_transfer_encoding().unwrap_or_default().to_ascii_lowercase();
    match how.trim() {
        "quoted-printable" => quoted_printable_decode(bytes),
        "base64" => base64_decode(bytes),
        _ => None,
    }
}

/// The text of a mail whose structure is broken: a part that failed to be decoded, else all that
/// follows the header.
fn remains(message: &Message<'_>) -> Option<String> {
    let broken = message.parts.iter().find(|part| part.is_encoding_problem && is_plain(part));
    let part = broken.or_else(|| message.parts.first())?;
    let bytes = match &part.body {
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => bytes.as_ref(),
        PartType::Text(text) | PartType::Html(text) => text.as_bytes(),
        PartType::Message(_) => return None,
        PartType::Multipart(_) => message.raw_message.get(part.offset_body as usize..)?,
    };
    Some(decoded(part, bytes))
}

/// HTML, or what would be if the parser had found its end.
fn is_html(part: &MessagePart<'_>) -> bool {
    let subtype = || part.content_type().and_then(|kind| kind.subtype());
    let named = || subtype().is_some_and(|sub| sub.eq_ignore_ascii_case("html"));
    matches!(part.body, PartType::Html(_))
        || (part.is_encoding_problem && matches!(part.body, PartType::Text(_)) && named())
}

fn is_plain(part: &MessagePart<'_>) -> bool {
    let Some(kind) = part.content_type() else { return true };
    kind.ctype().eq_ignore_ascii_case("text")
        && kind.subtype().is_none_or(|sub| sub.is_empty() || sub.eq_ignore_ascii_case("plain"))
}

fn is_attached(part: &MessagePart<'_>) -> bool {
    let disposed = part.content_disposition().is_some_and(|how| how.is_attachment());
    let ends = [".patch", ".diff", ".asc", ".sig", ".mbox"];
    disposed || part.attachment_name().is_some_and(|name| ends_in(name, &ends))
}

fn ends_in(name: &str, ends: &[&str]) -> bool {
    let name = name.to_ascii_lowercase();
    ends.iter().any(|end| name.ends_with(end))
}

/// `Some` for format=flowed; whether DelSp goes with it (RFC 3676, section 4).
fn flow(part: &MessagePart<'_>) -> Option<bool> {
    let values = part.headers.iter().filter(|h| h.name == HeaderName::ContentType);
    let is = |kind: &mail_parser::ContentType<'_>, name, value: &str| {
        kind.attribute(name).is_some_and(|found| found.eq_ignore_ascii_case(value))
    };
    values
        .map(|h| &h.value)
        .filter_map(HeaderValue::as_content_type)
        .find(|kind| is(kind, "format", "flowed"))
        .map(|kind| is(kind, "delsp", "yes"))
}

/// Bytes that nothing says how to read, as plain lines.
pub(super) fn plain_lines(bytes: &[u8]) -> String {
    lines(&String::from_utf8_lossy(bytes))
}

/// One line end, no invisible and no control characters, blanks that are blanks.
fn lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(MOST));
    for c in text.chars().take(MOST) {
        match c {
            '\n' => out.push('\n'),
            '\r' | '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' => {}
            '\t'
            | '\u{B}'
            | '\u{C}'
            | '\u{85}'
            | '\u{A0}'
            | '\u{2002}'..='\u{200A}'
            | '\u{202F}'
            | '\u{3000}' => out.push(' '),
            // No URL and no ref may carry one into a record or a letter.
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out
}

/// Joins what format=flowed broke (RFC 3676, section 4.2): a line that ends in a blank goes on; with
/// DelSp that blank is none of the text's.
fn unflow(text: &str, delsp: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let line = line.strip_prefix(' ').unwrap_or(line);
        let goes_on = line.ends_with(' ') && line != "-- " && !line.starts_with('>');
        out.push_str(if goes_on && delsp { &line[..line.len() - 1] } else { line });
        if !goes_on {
            out.push('\n');
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flowed_lines_are_joined_and_a_signature_mark_is_not() {
        assert_eq!(unflow("a \nb\n-- \nc", false), "a b\n-- \nc\n");
        assert_eq!(unflow("a  \n b \nc", true), "a bc\n");
    }
}
