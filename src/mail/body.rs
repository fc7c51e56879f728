//! Finds a mail's text: the first text part that is no attachment, decoded, as plain lines. It must
//! not look for requests.

use mail_parser::{HeaderName, HeaderValue, Message, MessagePart, MimeHeaders, PartType};

/// Characters of a text that are looked at; the rest of a longer one is left alone.
const MOST: usize = 2_000_000;

/// Quotes within quotes that are told apart.
const QUOTES: usize = 8;

/// A mail's text in the forms that a request may be read from, the most faithful first.
pub(super) fn texts(message: &Message<'_>) -> Vec<String> {
    let Some(part) = chosen(message) else { return Vec::new() };
    let text = match &part.body {
        PartType::Text(text) => lines(text),
        PartType::Html(html) => lines(&from_html(html)),
        PartType::Binary(bytes) | PartType::InlineBinary(bytes) => {
            lines(&String::from_utf8_lossy(bytes))
        }
        PartType::Message(_) | PartType::Multipart(_) => return Vec::new(),
    };
    let flowed = is_flowed(part).then(|| unflow(&text));
    [Some(text), flowed].into_iter().flatten().collect()
}

/// The first plain text that is no attachment; else the first HTML; else, of a mail whose parts
/// have no end, the first part that has text at all.
fn chosen<'a, 'x>(message: &'a Message<'x>) -> Option<&'a MessagePart<'x>> {
    let shown = || message.parts.iter().filter(|part| !is_attached(part));
    shown()
        .find(|part| matches!(part.body, PartType::Text(_)) && is_plain(part))
        .or_else(|| shown().find(|part| matches!(part.body, PartType::Html(_))))
        .or_else(|| message.parts.iter().find(|p| p.is_encoding_problem && is_plain(p)))
}

fn is_plain(part: &MessagePart<'_>) -> bool {
    let Some(kind) = part.content_type() else { return true };
    kind.ctype().eq_ignore_ascii_case("text")
        && kind.subtype().is_none_or(|sub| sub.eq_ignore_ascii_case("plain"))
}

fn is_attached(part: &MessagePart<'_>) -> bool {
    let disposed = part.content_disposition().is_some_and(|how| how.is_attachment());
    let named = part.attachment_name().is_some_and(|name| {
        let name = name.to_ascii_lowercase();
        [".patch", ".diff", ".asc", ".sig", ".mbox"].iter().any(|end| name.ends_with(end))
    });
    disposed || named
}

fn is_flowed(part: &MessagePart<'_>) -> bool {
    let values = part.headers.iter().filter(|h| h.name == HeaderName::ContentType);
    values.map(|h| &h.value).filter_map(HeaderValue::as_content_type).any(|kind| {
        kind.attribute("format").is_some_and(|format| format.eq_ignore_ascii_case("flowed"))
    })
}

/// One line end, no invisible and no control characters, blanks that are blanks.
fn lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(MOST));
    for c in text.chars().take(MOST) {
        match c {
            '\n' => out.push('\n'),
            '\r' | '\u{200B}' | '\u{200C}' | '\u{200D}' | '\u{2060}' | '\u{FEFF}' => {}
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

/// Joins what format=flowed broke (RFC 3676, section 4.2): a line that ends in a blank goes on.
fn unflow(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let line = line.strip_prefix(' ').unwrap_or(line);
        out.push_str(line);
        if !line.ends_with(' ') || line == "-- " || line.starts_with('>') {
            out.push('\n');
        }
    }
    out
}

/// The text of HTML, with a line end where it shows one, `<pre>` kept as it is, and `<blockquote>`
/// marked as plain text marks quotes.
fn from_html(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let (mut rest, mut pre, mut quotes) = (html, 0_usize, 0_usize);
    while let Some(at) = rest.find('<') {
        push_text(&mut out, &rest[..at], pre > 0, quotes);
        let Some(end) = rest[at..].find('>') else { return out };
        let tag = rest[at + 1..at + end].trim_start().to_ascii_lowercase();
        let name = tag.split(|c: char| !c.is_ascii_alphanumeric() && c != '/').next();
        match name.unwrap_or_default() {
            "pre" => pre += 1,
            "/pre" => pre = pre.saturating_sub(1),
            "blockquote" => quotes = (quotes + 1).min(QUOTES),
            "/blockquote" => quotes = quotes.saturating_sub(1),
            "br" | "br/" | "p" | "/p" | "div" | "/div" | "li" | "tr" | "h1" | "h2" | "h3" => {}
            _ => {
                rest = &rest[at + end + 1..];
                continue;
            }
        }
        line_end(&mut out, quotes);
        rest = &rest[at + end + 1..];
    }
    push_text(&mut out, rest, pre > 0, quotes);
    out
}

fn line_end(out: &mut String, quotes: usize) {
    out.push('\n');
    out.push_str(&">".repeat(quotes));
}

fn push_text(out: &mut String, text: &str, as_is: bool, quotes: usize) {
    let entities = [
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    let text = entities.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    for c in text.chars().filter(|c| *c != '\r') {
        match c {
            '\n' if as_is => line_end(out, quotes),
            '\n' => out.push(' '),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_keeps_its_lines_and_marks_its_quotes() {
        let html = "Hi<br>you<pre>a\n  b &lt;c&gt;</pre><blockquote>old<br>words</blockquote>end";
        assert_eq!(from_html(html), "Hi\nyou\na\n  b <c>\n\n>old\n>words\nend");
    }

    #[test]
    fn flowed_lines_are_joined_and_a_signature_mark_is_not() {
        assert_eq!(unflow("a \nb\n-- \nc"), "a b\n-- \nc\n");
    }
}
