//! Puts a text into an envelope: headers, thread, Message-ID, bytes. It must not choose words or
//! readers.

use std::str::FromStr as _;
use std::time::SystemTime;

use jiff::Timestamp;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{
    Attachment, Body, Mailbox, MessageBuilder, MultiPart, MultiPartKind, SinglePart,
};
use lettre::{Address, Message};
use sha2::{Digest as _, Sha256};

use crate::pull::clean;
use crate::pull::cover::Person;
use crate::pull::ids::MessageId;

/// Why a letter can't be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum LetterFault {
    /// An address that no mail server would take.
    #[error("{address:?} is not a mail address")]
    Address {
        /// The address, cut to 80 characters.
        address: String,
    },
    /// The message could not be put together.
    #[error("the letter could not be put together: {why}")]
    Build {
        /// What the message builder said.
        why: String,
    },
}

/// Characters of a person's name.
const NAME: usize = 200;

/// How many ids a References header keeps at most: the first, and the newest ones.
const REFERENCES: usize = 20;

/// Everything of a message but its text.
pub(super) struct Post {
    pub(super) id: MessageId,
    pub(super) from: Mailbox,
    pub(super) to: Vec<Mailbox>,
    pub(super) cc: Vec<Mailbox>,
    /// Where answers go, if not to where it is from.
    pub(super) reply_to: Option<Mailbox>,
    /// Files that go with it: name and text.
    pub(super) attached: Vec<(String, String)>,
    pub(super) subject: String,
    /// The thread above, oldest first; the last one is what the letter answers.
    pub(super) thread: Vec<MessageId>,
    pub(super) auto_submitted: &'static str,
    /// `X-Gatepost-` headers: the rest of the name, and the value.
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) at: Timestamp,
}

impl Post {
    /// The envelope's recipients.
    pub(super) fn recipients(&self) -> Vec<String> {
        self.to.iter().chain(&self.cc).map(|mailbox| mailbox.email.to_string()).collect()
    }

    /// The whole message, with CRLF line ends.
    pub(super) fn bytes(self, text: String) -> Result<Vec<u8>, LetterFault> {
        let mut message = Message::builder()
            .message_id(Some(self.id.bracketed()))
            .date(SystemTime::from(self.at.max(Timestamp::UNIX_EPOCH)))
            .from(self.from)
            .subject(clean::words(&self.subject));
        message = self.to.into_iter().fold(message, MessageBuilder::to);
        message = self.cc.into_iter().fold(message, MessageBuilder::cc);
        message = self.reply_to.into_iter().fold(message, MessageBuilder::reply_to);
        if let Some(answered) = self.thread.last() {
            let chain: Vec<_> = self.thread.iter().map(MessageId::bracketed).collect();
            message = message.in_reply_to(answered.bracketed()).references(chain.join(" "));
        }
        message = message.raw_header(raw("Auto-Submitted", self.auto_submitted)?);
        for (name, value) in &self.facts {
            message = message.raw_header(raw(&format!("X-Gatepost-{name}"), value)?);
        }
        let part = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(encoded(text)?);
        let message = if self.attached.is_empty() {
            message.singlepart(part)
        } else {
            // The same however often it is written, and unknown to whoever wrote what is attached.
            let boundary = format!("=_{}", self.id.as_str().split('@').next().unwrap_or_default());
            let parts = MultiPart::builder().kind(MultiPartKind::Mixed).boundary(boundary);
            let mut parts = parts.singlepart(part);
            for (name, text) in self.attached {
                let kind = ContentType::TEXT_PLAIN;
                parts = parts.singlepart(Attachment::new(name).body(encoded(text)?, kind));
            }
            message.multipart(parts)
        };
        let message = message.map_err(|e| build(&e))?;
        Ok(message.formatted())
    }
}

/// Plain ASCII goes as it is, so that the mail can be read in any pager; the rest as
/// quoted-printable, which no server on the way may alter.
fn encoded(text: String) -> Result<Body, LetterFault> {
    Body::new_with_encoding(text.clone(), ContentTransferEncoding::SevenBit)
        .or_else(|_| Body::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable))
        .map_err(|_| LetterFault::Build { why: "its text can't be encoded".into() })
}

fn raw(name: &str, value: &str) -> Result<HeaderValue, LetterFault> {
    let name = HeaderName::new_from_ascii(name.to_owned()).map_err(|e| build(&e))?;
    Ok(HeaderValue::new(name, clean::words(value)))
}

fn build(error: &dyn std::error::Error) -> LetterFault {
    LetterFault::Build { why: error.to_string() }
}

/// A person as lettre's type, the name cleaned.
pub(super) fn mailbox(person: &Person) -> Result<Mailbox, LetterFault> {
    let short = |name| clean::cut(&clean::words(name), NAME);
    let name = person.name.as_deref().map(short).filter(|name| !name.is_empty());
    Ok(Mailbox::new(name, address(&person.address)?))
}

/// A bare address as lettre's type.
pub(super) fn address(text: &str) -> Result<Address, LetterFault> {
    Address::from_str(text.trim())
        .map_err(|_| LetterFault::Address { address: clean::cut(&clean::words(text), 80) })
}

/// The References of an answer to a mail: its thread, then itself (RFC 5322, section 3.6.4), the
/// first and the newest ones if there are too many.
pub(super) fn thread_under(answered: &MessageId, above: &[MessageId]) -> Vec<MessageId> {
    let mut chain: Vec<MessageId> = Vec::new();
    for id in above.iter().filter(|id| *id != answered) {
        if !chain.contains(id) {
            chain.push(id.clone());
        }
    }
    chain.push(answered.clone());
    if chain.len() > REFERENCES {
        let newest = chain.split_off(chain.len() - (REFERENCES - 1));
        chain.truncate(1);
        chain.extend(newest);
    }
    chain
}

/// The subject of an answer: one `Re:`, whatever marks of that kind stood there.
pub(super) fn answer_subject(subject: &str) -> String {
    format!("Re: {}", bare_subject(subject))
}

/// A subject without the marks of answers in front.
pub(super) fn bare_subject(subject: &str) -> String {
    let mut rest = clean::words(subject);
    while let Some(stripped) = without_answer_mark(&rest) {
        rest = stripped.to_owned();
    }
    rest
}

/// `Re:`, `RE[2]:`, and what mail programs of other tongues write.
fn without_answer_mark(subject: &str) -> Option<&str> {
    let (mark, rest) = subject.split_once(':')?;
    let mark = mark.trim_end().split('[').next().unwrap_or_default();
    ["re", "aw", "sv", "vs", "antw", "odp", "回复", "答复"]
        .contains(&mark.to_lowercase().as_str())
        .then(|| rest.trim_start())
}

/// A Message-ID that is the same whenever the same parts are given: so a letter that was written
/// twice, around a crash, is one letter to every server.
pub(super) fn computed_id(domain: &str, parts: &[&str]) -> Result<MessageId, LetterFault> {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let digits: String = hash.finalize().iter().take(20).map(|b| format!("{b:02x}")).collect();
    format!("gatepost.{digits}@{domain}")
        .parse()
        .map_err(|_| LetterFault::Address { address: clean::cut(&clean::words(domain), 80) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_marks_become_one() {
        for subject in ["RE: Re: [list] [PULL] x", "[list] [PULL] x", "Re[2]: AW: [list] [PULL] x"]
        {
            assert_eq!(answer_subject(subject), "Re: [list] [PULL] x");
        }
        assert_eq!(answer_subject("PULL: a thing"), "Re: PULL: a thing");
    }

    #[test]
    fn parts_of_an_id_do_not_run_into_each_other() {
        let one = computed_id("a.example", &["ab", "c"]).unwrap();
        assert_ne!(one, computed_id("a.example", &["a", "bc"]).unwrap());
        assert_eq!(one, computed_id("a.example", &["ab", "c"]).unwrap());
        assert!(computed_id("a b", &["x"]).is_err());
    }
}
