//! Names and numbers of things, each with its own type. It must not know what any of them means
//! to a stage.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is not the identifier it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {expected}")]
pub struct BadId {
    /// The text that was refused, cut to 80 characters.
    pub(crate) text: String,
    /// What it should have been, with its article: "a Message-ID".
    pub(crate) expected: &'static str,
}

impl BadId {
    pub(super) fn new(text: &str, expected: &'static str) -> Self {
        Self { text: text.chars().take(80).collect(), expected }
    }
}

/// A Message-ID without its angle brackets (RFC 5322, section 3.6.4): printable ASCII, at most 900
/// characters, no blanks, no brackets. A Message-ID outside this can't be threaded safely.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct MessageId(String);

impl MessageId {
    /// The identifier without brackets.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The identifier as headers write it, in angle brackets.
    pub(crate) fn bracketed(&self) -> String {
        format!("<{}>", self.0)
    }
}

impl FromStr for MessageId {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        let text = text.trim();
        let inner = text.strip_prefix('<').and_then(|t| t.strip_suffix('>')).unwrap_or(text);
        let fits = !inner.is_empty()
            && inner.len() <= 900
            && inner.bytes().all(|b| b.is_ascii_graphic() && b != b'<' && b != b'>');
        if fits { Ok(Self(inner.to_owned())) } else { Err(BadId::new(text, "a Message-ID")) }
    }
}

impl TryFrom<String> for MessageId {
    type Error = BadId;

    fn try_from(text: String) -> Result<Self, BadId> {
        text.parse()
    }
}

impl From<MessageId> for String {
    fn from(id: MessageId) -> Self {
        id.0
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The full name of a git object: a SHA-1 in 40 hexadecimal digits when written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ObjectId([u8; 20]);

impl ObjectId {
    /// From the 20 bytes that git stores.
    pub(crate) fn from_bytes(bytes: [u8; 20]) -> Self {
        Self(bytes)
    }

    /// The 20 bytes that git stores.
    pub(crate) fn as_bytes(&self) -> &[u8; 20] {
        &self.0
    }

    /// The first twelve digits, for people.
    pub(crate) fn short(&self) -> String {
        self.to_string()[..12].to_owned()
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ObjectId {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        let bad = || BadId::new(text, "a full git object id (40 hexadecimal digits)");
        if text.len() != 40 || !text.is_ascii() {
            return Err(bad());
        }
        let mut bytes = [0; 20];
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * i..2 * i + 2], 16).map_err(|_| bad())?;
        }
        if text.contains('+') { Err(bad()) } else { Ok(Self(bytes)) }
    }
}

impl TryFrom<String> for ObjectId {
    type Error = BadId;

    fn try_from(text: String) -> Result<Self, BadId> {
        text.parse()
    }
}

impl From<ObjectId> for String {
    fn from(id: ObjectId) -> Self {
        id.to_string()
    }
}

/// A commit as a person writes it: 7 to 40 hexadecimal digits, kept in lower case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct CommitName(String);

impl CommitName {
    /// The digits as written, in lower case.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this names that object.
    pub(crate) fn names(&self, id: &ObjectId) -> bool {
        id.to_string().starts_with(&self.0)
    }

    /// The object id, if all 40 digits are there.
    pub(crate) fn full(&self) -> Option<ObjectId> {
        self.0.parse().ok()
    }
}

impl FromStr for CommitName {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Self, BadId> {
        let fits = (7..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
        if fits {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(BadId::new(text, "a commit (7 to 40 hexadecimal digits)"))
        }
    }
}

impl TryFrom<String> for CommitName {
    type Error = BadId;

    fn try_from(text: String) -> Result<Self, BadId> {
        text.parse()
    }
}

impl From<CommitName> for String {
    fn from(name: CommitName) -> Self {
        name.0
    }
}

impl fmt::Display for CommitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

macro_rules! number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub(crate) struct $name(pub(crate) u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

number! {
    /// The number by which people call a pull request. An alias, given once, never re-used.
    PullNumber
}
number! {
    /// The number of a run: one commit, tested once.
    RunId
}
number! {
    /// A pipeline's number in GitLab (its `id`, not its `iid`).
    PipelineId
}
number! {
    /// A job's number in GitLab.
    JobId
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub(crate) struct $name(String);

        impl $name {
            /// Takes the name as the configuration gives it.
            pub(crate) fn new(name: impl Into<String>) -> Self {
                Self(name.into())
            }

            /// The name itself.
            pub(crate) fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// A `[[list]]` of the configuration, by its name.
    ListName
}
name! {
    /// A `[[target]]` of the configuration, by its name: a branch that requests go into.
    TargetName
}
name! {
    /// An `[[account]]` of the configuration, by its name: a mailbox.
    AccountName
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_is_taken_with_or_without_brackets() {
        let with: MessageId = " <a.b@c>".parse().unwrap();
        assert_eq!(with, "a.b@c".parse().unwrap());
        assert_eq!(with.bracketed(), "<a.b@c>");
    }

    #[test]
    fn a_message_id_that_would_break_a_header_is_refused() {
        for bad in ["", "<>", "a b@c", "a\r\nBcc: x@y", "a>b@c", "é@c", &"x".repeat(901)] {
            assert!(bad.parse::<MessageId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_object_id_goes_to_text_and_back() {
        let text = "0123456789abcdef0123456789abcdef01234567";
        let id: ObjectId = text.parse().unwrap();
        assert_eq!(id.to_string(), text);
        assert_eq!(id.short(), "0123456789ab");
        for bad in ["", "0123", &text.replace('0', "g"), &format!("+{}", &text[1..])] {
            assert!(bad.parse::<ObjectId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_abbreviated_commit_names_its_object() {
        let id: ObjectId = "0123456789abcdef0123456789abcdef01234567".parse().unwrap();
        assert!("0123456".parse::<CommitName>().unwrap().names(&id));
        assert!("0123456789ABCDEF".parse::<CommitName>().unwrap().names(&id));
        assert!(!"1123456".parse::<CommitName>().unwrap().names(&id));
        assert!("012345".parse::<CommitName>().is_err());
    }
}
