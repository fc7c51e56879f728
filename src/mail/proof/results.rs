//! The field Authentication-Results (RFC 8601), read strictly: one that is not as the standard has
//! it says nothing. Only the topmost counts, for only what the own mail server put on top is its.

use super::fields::{fields, named};

/// Comments within comments that are read.
const DEPTH: usize = 8;

/// Bytes of the field that are read.
const LONGEST: usize = 16 * 1024;

/// What one server found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Results {
    /// The server's name.
    pub(crate) authserv_id: String,
    /// What it found, in its order.
    pub(crate) results: Vec<MethodResult>,
}

/// What came of one method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MethodResult {
    /// The method in lower case: `dkim`.
    pub(crate) method: String,
    /// Its result in lower case: `pass`.
    pub(crate) result: String,
    /// Type and name in lower case with the value: (`header.d`, `example.org`).
    pub(crate) properties: Vec<(String, String)>,
}

impl MethodResult {
    /// The value of a property that is there once.
    pub(crate) fn property(&self, name: &str) -> Option<&str> {
        let mut found = self.properties.iter().filter(|(key, _)| key == name);
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Some(value),
            _ => None,
        }
    }
}

/// What the server of that name says in the topmost field; `None` where that is another's or can't
/// be read.
pub(crate) fn topmost(mail: &[u8], authserv_id: &str) -> Option<Results> {
    let fields = fields(super::super::without_envelope(mail));
    let field = *named(&fields, "Authentication-Results").first()?;
    let results = parse(std::str::from_utf8(field.value).ok()?)?;
    results.authserv_id.eq_ignore_ascii_case(authserv_id).then_some(results)
}

/// Reads the field's value; `None` if it is not as the standard has it.
pub(crate) fn parse(value: &str) -> Option<Results> {
    if value.len() > LONGEST {
        return None;
    }
    let mut tokens = Tokens { left: tokens(value)?.into_iter().peekable() };
    let authserv_id = tokens.word()?;
    // A version may follow; there is only one.
    if tokens.next_is_word() && tokens.word()? != "1" {
        return None;
    }
    let mut results = Vec::new();
    let mut said_none = false;
    while let Some(token) = tokens.left.next() {
        if token != Token::Mark(';') {
            return None;
        }
        let method = tokens.word()?.to_ascii_lowercase();
        if method == "none" && results.is_empty() && !said_none {
            said_none = true;
            continue;
        }
        if said_none {
            return None;
        }
        if tokens.take('/') && tokens.word()? != "1" {
            return None;
        }
        if !tokens.take('=') {
            return None;
        }
        let result = tokens.word()?.to_ascii_lowercase();
        results.push(MethodResult { method, result, properties: tokens.properties()? });
    }
    (said_none || !results.is_empty()).then_some(Results { authserv_id, results })
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Mark(char),
}

struct Tokens {
    left: std::iter::Peekable<std::vec::IntoIter<Token>>,
}

impl Tokens {
    fn next_is_word(&mut self) -> bool {
        matches!(self.left.peek(), Some(Token::Word(_)))
    }

    fn word(&mut self) -> Option<String> {
        match self.left.next()? {
            Token::Word(word) => Some(word),
            Token::Mark(_) => None,
        }
    }

    fn take(&mut self, mark: char) -> bool {
        self.left.next_if_eq(&Token::Mark(mark)).is_some()
    }

    /// The beginning of a signature in base64 (RFC 6008). Some servers do not quote it, though `/`
    /// and `=` call for quotes.
    fn base64(&mut self) -> Option<String> {
        let mut value = if self.next_is_word() { self.word()? } else { String::new() };
        while self.take('/') {
            value.push('/');
            if self.next_is_word() {
                value.push_str(&self.word()?);
            }
        }
        while self.take('=') {
            value.push('=');
        }
        (!value.is_empty()).then_some(value)
    }

    /// `reason=…`, then `type.name=value` as often as there is one.
    fn properties(&mut self) -> Option<Vec<(String, String)>> {
        let mut properties = Vec::new();
        while self.next_is_word() {
            let key = self.word()?.to_ascii_lowercase();
            if !self.take('=') {
                return None;
            }
            let mut value = if key == "header.b" { self.base64()? } else { self.word()? };
            // local-part@domain-name, and a bare @domain-name is a word by itself.
            if self.take('@') {
                value = format!("{value}@{}", self.word()?);
            }
            match key.as_str() {
                "reason" if properties.is_empty() => {}
                key if key.split('.').count() == 2 => {
                    properties.push((key.to_owned(), value));
                }
                _ => return None,
            }
        }
        Some(properties)
    }
}

/// Words, quoted strings as words, and marks; blanks and comments go. `None`: something has no end,
/// or does not belong here.
fn tokens(value: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut chars = value.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => {}
            '(' => skip_comment(&mut chars)?,
            ';' | '=' | '/' => tokens.push(Token::Mark(c)),
            '"' => tokens.push(Token::Word(quoted(&mut chars)?)),
            '@' if follows_a_word(&tokens) => tokens.push(Token::Mark('@')),
            c if is_word(c) || c == '@' => {
                let mut word = String::from(c);
                while let Some(c) = chars.next_if(|c| is_word(*c) || *c == '@') {
                    word.push(c);
                }
                tokens.push(Token::Word(word));
            }
            _ => return None,
        }
    }
    Some(tokens)
}

/// Only a quoted local part stands right in front of its `@`: in a word it is part of it.
fn follows_a_word(tokens: &[Token]) -> bool {
    matches!(tokens.last(), Some(Token::Word(_)))
}

/// What stands in names, results and unquoted values (RFC 2045's token).
fn is_word(c: char) -> bool {
    c.is_ascii_graphic() && !"()<>,;:\\\"/[]?=@".contains(c) || c == ':'
}

fn quoted(chars: &mut impl Iterator<Item = char>) -> Option<String> {
    let mut text = String::new();
    loop {
        match chars.next()? {
            '"' => return Some(text),
            '\\' => text.push(chars.next()?),
            c => text.push(c),
        }
    }
}

fn skip_comment(chars: &mut impl Iterator<Item = char>) -> Option<()> {
    let mut depth = 1;
    while depth > 0 {
        match chars.next()? {
            '(' => depth += 1,
            ')' => depth -= 1,
            '\\' => {
                chars.next()?;
            }
            _ => {}
        }
        if depth > DEPTH {
            return None;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dkim(value: &str) -> Vec<(String, Option<String>)> {
        let Some(results) = parse(value) else { return vec![("unreadable".into(), None)] };
        let dkim = results.results.iter().filter(|result| result.method == "dkim");
        dkim.map(|r| (r.result.clone(), r.property("header.d").map(str::to_owned))).collect()
    }

    #[test]
    fn what_servers_write_is_read() {
        let pass = vec![("pass".to_owned(), Some("example.org".to_owned()))];
        for value in [
            " mx.example.test; dkim=pass header.d=example.org",
            " mx.example.test 1; dkim/1=pass header.d=example.org",
            " mx.example.test;\r\n\tdkim=pass (2048-bit key; unprotected) header.d=example.org \
             header.i=@example.org header.a=rsa-sha256 header.s=sel header.b=\"abc/+=\"",
            " (a; b) mx.example.test (c) ; (d) dkim (e) = (f) pass (g) header.d (h) = (i) \
             example.org",
            " mx.example.test; dkim=pass reason=\"good; dkim=fail\" header.d=example.org",
            " mx.example.test; spf=pass smtp.mailfrom=a@example.org; dkim=pass \
             header.d=example.org; dmarc=pass (p=NONE) header.from=example.org",
            " mx.example.test; dkim=pass header.d=\"example.org\"",
        ] {
            assert_eq!(dkim(value), pass, "{value}");
        }
        assert_eq!(dkim(" mx.example.test; none"), []);
        for (b, rest) in [("ab/+c=", ""), ("/abc", ""), ("abc/", ";"), ("a/b/c", " header.s=x")] {
            let value = format!("mx.example.test; dkim=pass header.d=x.org header.b={b}{rest}");
            let found = parse(&value).and_then(|all| all.results.into_iter().next());
            let found = found.and_then(|result| result.property("header.b").map(str::to_owned));
            let expected = if rest == ";" { None } else { Some(b.to_owned()) };
            assert_eq!(found, expected, "{value}");
        }
    }

    #[test]
    fn what_is_not_as_the_standard_has_it_says_nothing() {
        for value in [
            "",
            " mx.example.test",
            " ; dkim=pass header.d=example.org",
            " mx.example.test 2; dkim=pass header.d=example.org",
            " mx.example.test; dkim=pass (no end header.d=example.org",
            " mx.example.test; dkim=pass header.d=\"example.org",
            " mx.example.test; dkim=pass header.d=example.org, x",
            " mx.example.test; dkim pass header.d=example.org",
            " mx.example.test; none; dkim=pass header.d=example.org",
            " mx.example.test; dkim=pass header.d",
            " mx.example.test; dkim=pass d=example.org",
            " mx.example.test dkim=pass header.d=example.org",
            " ((((((((((mx)))))))))) mx.example.test; dkim=pass header.d=example.org",
        ] {
            assert_eq!(dkim(value), [("unreadable".into(), None)], "{value}");
        }
        let long = format!(" mx; dkim=pass header.d=example.org ({})", "x".repeat(LONGEST));
        assert!(parse(&long).is_none());
    }

    #[test]
    fn a_result_in_a_comment_or_a_reason_is_none() {
        assert_eq!(
            dkim(" mx; dkim=fail (dkim=pass header.d=example.org) header.d=example.org"),
            [("fail".to_owned(), Some("example.org".to_owned()))]
        );
        assert_eq!(
            dkim(" mx; dkim=fail reason=\"; dkim=pass header.d=example.org\" header.d=a.example"),
            [("fail".to_owned(), Some("a.example".to_owned()))]
        );
        // Said twice, it says nothing.
        assert_eq!(
            dkim(" mx; dkim=pass header.d=evil.example header.d=example.org"),
            [("pass".to_owned(), None)]
        );
    }

    #[test]
    fn only_the_topmost_field_counts_and_only_of_that_server() {
        let ours = "Authentication-Results: mx.example.test; dkim=pass header.d=example.org\r\n";
        let other = "Authentication-Results: mx.evil.test; dkim=pass header.d=example.org\r\n";
        let id = "mx.example.test";
        assert!(topmost(format!("{ours}{other}\r\n").as_bytes(), id).is_some());
        assert!(
            topmost(format!("Received: x\r\n{ours}\r\n").as_bytes(), "MX.example.test").is_some()
        );
        assert!(topmost(format!("{other}{ours}\r\n").as_bytes(), id).is_none());
        assert!(topmost(format!("From: a\r\n\r\n{ours}").as_bytes(), id).is_none());
        let comment = ours.replace(": mx", ": (mx.example.test) evil.test; x=y (; mx");
        assert!(topmost(format!("{comment}\r\n").as_bytes(), id).is_none());
    }
}
