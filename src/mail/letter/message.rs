//! A letter with its readers, headers, thread and blocks, and how it becomes bytes. It must not choose
//! words or readers.

use std::str::FromStr as _;
use std::time::SystemTime;

use jiff::Timestamp;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{
    Attachment, Body, Mailbox, MessageBuilder, MultiPart, MultiPartKind, SinglePart,
};
use lettre::{Address, Message as Mail};

use super::block::{Block, Fact};
use super::fault::LetterFault;
use super::key::Key;
use crate::pull::clean;
use crate::pull::cover::Person;
use crate::pull::ids::{ListName, MessageId};
use crate::pull::letter::{About, Letter, LetterState};
use crate::pull::retry::Retry;
use crate::pull::subject::without_answer_marks;
use crate::pull::verdict::Audience;

/// Characters of a subject: a line of a mail has at most 998 (RFC 5322, section 2.1.1).
const SUBJECT: usize = 500;

/// Characters of a person's name.
const NAME: usize = 200;

/// How many ids a References header keeps at most: the first, and the newest ones.
const REFERENCES: usize = 20;

/// A letter that is not laid out yet.
pub(super) struct Message {
    pub(super) about: About,
    pub(super) audience: Audience,
    pub(super) to: Vec<Mailbox>,
    pub(super) cc: Vec<Mailbox>,
    /// The list among its readers.
    pub(super) list: Option<ListName>,
    pub(super) subject: String,
    /// The thread above, oldest first; the last one is what the letter answers.
    pub(super) thread: Vec<MessageId>,
    pub(super) key: Key,
    /// `X-Gatepost-` headers: the rest of the name, and the value.
    pub(super) headers: Vec<Fact>,
    /// The verdict first.
    pub(super) blocks: Vec<Block>,
    /// The posting address of the list that it has to do with, for the signature.
    pub(super) on_behalf_of: Option<String>,
    /// Files that go with it: name and text.
    pub(super) attached: Vec<(String, String)>,
    /// Whether anybody could have it written, in anybody's name.
    pub(super) unproved: bool,
    pub(super) now: Timestamp,
}

impl Message {
    /// The signature's one line.
    pub(super) fn signature(&self) -> String {
        match &self.on_behalf_of {
            Some(list) => format!("Gatepost, testing pull requests sent to {list}"),
            None => "Gatepost, testing pull requests".to_owned(),
        }
    }

    fn short_subject(&self) -> String {
        clean::cut(&clean::words(&self.subject), SUBJECT)
    }

    /// The record of the letter, ready to be sent.
    pub(super) fn record(&self, id: &MessageId) -> Letter {
        let readers = self.to.iter().chain(&self.cc);
        Letter {
            id: id.clone(),
            about: self.about.clone(),
            audience: self.audience,
            list: self.list.clone(),
            recipients: readers.map(|mailbox| mailbox.email.to_string()).collect(),
            blind: None,
            later: None,
            unproved: self.unproved,
            subject: self.short_subject(),
            written_at: self.now,
            state: LetterState::Ready { retry: Retry::now(self.now) },
        }
    }

    /// The whole message, with CRLF line ends. `reply_to`: where answers go, if not to where it is
    /// from.
    pub(super) fn bytes(
        self,
        id: &MessageId,
        from: Mailbox,
        reply_to: Option<Mailbox>,
        text: String,
    ) -> Result<Vec<u8>, LetterFault> {
        let mut mail = Mail::builder()
            .message_id(Some(id.bracketed()))
            .date(SystemTime::from(self.now.max(Timestamp::UNIX_EPOCH)))
            .from(from)
            .subject(self.short_subject());
        mail = self.to.into_iter().fold(mail, MessageBuilder::to);
        mail = self.cc.into_iter().fold(mail, MessageBuilder::cc);
        mail = reply_to.into_iter().fold(mail, MessageBuilder::reply_to);
        if let Some(answered) = self.thread.last() {
            let chain: Vec<_> = self.thread.iter().map(MessageId::bracketed).collect();
            mail = mail.in_reply_to(answered.bracketed()).references(chain.join(" "));
        }
        let automatic = match self.about {
            About::Pull(_) | About::Run(_) | About::Mail(_) => "auto-replied",
            About::Bot => "auto-generated",
        };
        mail = mail.raw_header(raw("Auto-Submitted", automatic)?);
        for (name, value) in &self.headers {
            mail = mail.raw_header(raw(&format!("X-Gatepost-{name}"), value)?);
        }
        let part = SinglePart::builder().header(ContentType::TEXT_PLAIN).body(encoded(text)?);
        let mail = if self.attached.is_empty() {
            mail.singlepart(part)
        } else {
            mail.multipart(with_files(id, part, self.attached)?)
        };
        let mail = mail.map_err(|e| build(&e))?;
        Ok(mail.formatted())
    }
}

/// A text with files. The boundary is the same however often the letter is written, and unknown to
/// whoever wrote what is attached.
fn with_files(
    id: &MessageId,
    text: SinglePart,
    files: Vec<(String, String)>,
) -> Result<MultiPart, LetterFault> {
    let boundary = format!("=_{}", id.as_str().split('@').next().unwrap_or_default());
    let parts = MultiPart::builder().kind(MultiPartKind::Mixed).boundary(boundary);
    let mut parts = parts.singlepart(text);
    for (name, text) in files {
        let kind = ContentType::TEXT_PLAIN;
        parts = parts.singlepart(Attachment::new(name).body(encoded(text)?, kind));
    }
    Ok(parts)
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
pub(super) fn bare(text: &str) -> Result<Mailbox, LetterFault> {
    Ok(Mailbox::new(None, address(text)?))
}

fn address(text: &str) -> Result<Address, LetterFault> {
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
    without_answer_marks(&clean::words(subject)).to_owned()
}
