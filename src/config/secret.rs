//! A secret that can't be printed by mistake.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// A password or token. Prints as `***`, is wiped when dropped.
#[derive(Clone)]
pub(crate) struct Secret(SecretString);

/// Why bytes are no secret. It says nothing of what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadSecret {
    /// There is nothing, or a line's end alone.
    #[error("it is empty")]
    Empty,
    /// It is not UTF-8.
    #[error("it is not UTF-8 text")]
    NotText,
    /// It has a line break or another control character inside, which no protocol would carry.
    #[error("it is more than one line of text")]
    NotOneLine,
}

impl Secret {
    /// Takes a secret.
    #[cfg(test)]
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// Takes what a file holds or a program printed, without the line's end. The one copy made is
    /// the secret itself; wiping `bytes` is the caller's.
    ///
    /// # Errors
    /// See [`BadSecret`].
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, BadSecret> {
        let text = str::from_utf8(bytes).map_err(|_| BadSecret::NotText)?;
        let text = text.strip_suffix('\n').unwrap_or(text);
        let text = text.strip_suffix('\r').unwrap_or(text);
        if text.trim().is_empty() {
            Err(BadSecret::Empty)
        } else if text.chars().any(char::is_control) {
            Err(BadSecret::NotOneLine)
        } else {
            Ok(Self(SecretString::from(text)))
        }
    }

    /// The secret itself: only for the wire.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_one_line_without_its_end() {
        for bytes in [&b"a b"[..], b"a b\n", b"a b\r\n"] {
            assert_eq!(Secret::read(bytes).unwrap().expose(), "a b");
        }
        for (bytes, why) in [
            (&b""[..], BadSecret::Empty),
            (b" \n", BadSecret::Empty),
            (b"a\nb\n", BadSecret::NotOneLine),
            (b"a\n\n", BadSecret::NotOneLine),
            (b"a\0", BadSecret::NotOneLine),
            (b"\xff", BadSecret::NotText),
        ] {
            assert_eq!(Secret::read(bytes).unwrap_err(), why);
        }
    }

    #[test]
    fn a_secret_prints_as_stars() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
    }
}
