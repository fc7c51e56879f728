//! HTML as lines of text, with a line end where a program shows one and quotes marked as plain text
//! marks them. It must not judge what stands there.

use mail_parser::decoders::html::add_html_token;

/// Quotes within quotes that are told apart.
const QUOTES: usize = 8;

/// The longest name of an entity, with its `&` and `;`.
const ENTITY: usize = 34;

/// The text of HTML: `<pre>` is kept as it is, what no program shows goes.
pub(super) fn text_of(html: &str) -> String {
    let mut page = Page { out: String::with_capacity(html.len()), pre: 0, quotes: 0 };
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        page.text(&rest[..at]);
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.find("-->").map_or("", |end| &comment[end + 3..]);
            continue;
        }
        let Some(end) = rest.find('>') else { return page.out };
        let tag = rest[1..end].trim_start().to_ascii_lowercase();
        rest = &rest[end + 1..];
        let name = tag.split(|c: char| !c.is_ascii_alphanumeric() && c != '/').next();
        match name.unwrap_or_default() {
            name @ ("script" | "style" | "title") => rest = behind(rest, name),
            name => page.tag(name),
        }
    }
    page.text(rest);
    page.out
}

/// What stands behind the end of an element that is not shown.
fn behind<'t>(rest: &'t str, name: &str) -> &'t str {
    let mut from = 0;
    while let Some(at) = rest[from..].find("</") {
        let start = from + at + 2;
        let tag = rest.as_bytes().get(start..start + name.len());
        if tag.is_some_and(|tag| tag.eq_ignore_ascii_case(name.as_bytes())) {
            return rest[start..].find('>').map_or("", |end| &rest[start + end + 1..]);
        }
        from = start;
    }
    ""
}

struct Page {
    out: String,
    pre: usize,
    quotes: usize,
}

impl Page {
    fn tag(&mut self, name: &str) {
        match name {
            "pre" => self.pre += 1,
            "/pre" => self.pre = self.pre.saturating_sub(1),
            "blockquote" => self.quotes = (self.quotes + 1).min(QUOTES),
            "/blockquote" => self.quotes = self.quotes.saturating_sub(1),
            "br" | "br/" | "p" | "/p" | "div" | "/div" | "li" | "tr" | "/tr" | "hr" | "hr/"
            | "h1" | "h2" | "h3" | "h4" | "dt" | "dd" | "table" | "/table" => {}
            "td" | "th" => return self.out.push(' '),
            _ => return,
        }
        self.line_end();
    }

    fn line_end(&mut self) {
        self.out.push('\n');
        self.out.push_str(&">".repeat(self.quotes));
    }

    /// Text between tags, its entities read.
    fn text(&mut self, text: &str) {
        let mut rest = text;
        while let Some(at) = rest.find('&') {
            self.plain(&rest[..at]);
            rest = &rest[at..];
            let end =
                rest.bytes().take(ENTITY).position(|byte| byte == b';').map_or(1, |end| end + 1);
            let mut read = String::new();
            add_html_token(&mut read, &rest.as_bytes()[..end], false);
            self.out.push_str(&read.replace('\u{A0}', " "));
            rest = &rest[end..];
        }
        self.plain(rest);
    }

    fn plain(&mut self, text: &str) {
        for c in text.chars().filter(|c| *c != '\r') {
            match c {
                '\n' if self.pre > 0 => self.line_end(),
                '\n' => self.out.push(' '),
                c => self.out.push(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_keeps_its_lines_and_marks_its_quotes() {
        let html = "Hi<br>you<pre>a\n  b &lt;c&gt;</pre><blockquote>old<br>words</blockquote>end";
        assert_eq!(text_of(html), "Hi\nyou\na\n  b <c>\n\n>old\n>words\nend");
    }

    #[test]
    fn what_is_not_shown_goes_and_entities_are_read() {
        let html = "<style>p > a {}</style><!-- a > b -->x&#47;y&#x2F;z&nbsp;&amp;c & d &bogus; &é";
        assert_eq!(text_of(html), "x/y/z &c & d &bogus; &é");
        assert_eq!(text_of("a<script>if (a < b) '</b>'</SCRIPT >b<script>c"), "ab");
    }
}
