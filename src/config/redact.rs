//! Takes a connection's own secrets out of what its other side says: servers quote passwords and
//! tokens in their refusals. It must not print, nor keep a secret longer than its connection.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::{ExposeSecret, SecretString};

use super::secret::Secret;

/// What stands where a secret stood.
const STARS: &str = "***";

/// Shorter pieces of base64 stand for too little, and occur by chance.
const SHORTEST_BASE64: usize = 6;

/// The forms in which a connection's secrets may come back.
#[derive(Clone, Default)]
pub(crate) struct Redactor {
    forms: Vec<SecretString>,
}

impl Redactor {
    /// For that secret: as it is, quoted as IMAP and JSON quote, percent-encoded, and inside any
    /// base64 (a login by PLAIN is one text of name and password).
    pub(crate) fn of(secret: &Secret) -> Self {
        Self::of_text(secret.expose())
    }

    /// As [`of`](Self::of), for a secret on its way.
    pub(crate) fn of_text(secret: &str) -> Self {
        let mut forms = Vec::new();
        for plain in [secret, secret.trim()] {
            let quoted = plain.replace('\\', "\\\\").replace('"', "\\\"");
            let percent = utf8_percent_encode(plain, NON_ALPHANUMERIC).to_string();
            forms.extend([plain.to_owned(), quoted, percent]);
            forms.extend((0..3).flat_map(|offset| in_base64(plain.as_bytes(), offset)));
        }
        forms.retain(|form| !form.is_empty());
        forms.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        forms.dedup();
        Self { forms: forms.into_iter().map(SecretString::from).collect() }
    }

    /// A text without them.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for form in &self.forms {
            if text.contains(form.expose_secret()) {
                text = text.replace(form.expose_secret(), STARS);
            }
        }
        text
    }

    /// Bytes without them.
    pub(crate) fn bytes(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        for form in &self.forms {
            bytes = without(bytes, form.expose_secret().as_bytes());
        }
        bytes
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(STARS)
    }
}

/// What surely stands in a base64 text whose plain text has the secret so many bytes behind a
/// multiple of three: the letters at the ends also depend on what stands beside it.
fn in_base64(secret: &[u8], offset: usize) -> Vec<String> {
    let padded = [&[0; 2][..offset.min(2)], secret].concat();
    let (from, to) = ((offset * 8).div_ceil(6), padded.len() * 8 / 6);
    let encoded = [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)];
    let inner = encoded.iter().filter_map(|text| text.get(from..to));
    inner.filter(|text| text.len() >= SHORTEST_BASE64).map(str::to_owned).collect()
}

fn without(bytes: Vec<u8>, form: &[u8]) -> Vec<u8> {
    let found = |bytes: &[u8]| bytes.windows(form.len()).position(|part| part == form);
    let Some(mut at) = found(&bytes) else { return bytes };
    let (mut rest, mut kept) = (bytes.as_slice(), Vec::with_capacity(bytes.len()));
    loop {
        kept.extend_from_slice(&rest[..at]);
        kept.extend_from_slice(STARS.as_bytes());
        rest = &rest[at + form.len()..];
        match found(rest) {
            Some(next) => at = next,
            None => break,
        }
    }
    kept.extend_from_slice(rest);
    kept
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    const SECRET: &str = "can\"ary pass-7d1f";

    #[test]
    fn a_secret_is_found_in_all_its_forms() {
        let redactor = Redactor::of(&Secret::new(SECRET));
        for login in ["", "a", "ab", "abc"] {
            let plain = STANDARD.encode(format!("\0{login}\0{SECRET}"));
            let said = redactor.text(&format!("535 {plain} is wrong"));
            assert!(said.contains("***"), "{login}: {said}");
        }
        for form in [SECRET, "can\\\"ary pass-7d1f", "can%22ary%20pass%2D7d1f"] {
            assert_eq!(redactor.text(&format!("a {form} b {form}")), "a *** b ***");
            assert_eq!(
                redactor.bytes(format!("{form}\u{e9}{form}").into_bytes()),
                "***é***".as_bytes()
            );
        }
        assert_eq!(redactor.text("nothing of it"), "nothing of it");
        assert_eq!(format!("{redactor:?}"), "***");
    }

    #[test]
    fn no_secret_takes_nothing_out() {
        assert_eq!(Redactor::of(&Secret::new("")).text("a b"), "a b");
        assert_eq!(Redactor::default().bytes(b"a b".to_vec()), b"a b");
    }
}
