//! Reads a header block, and says from it alone which mails can be no request, so that their bodies
//! need not be loaded. Whatever the reader would take for a request passes here: both ask
//! [`Heading::refusal`].

use std::collections::HashSet;

use jiff::Timestamp;
use mail_parser::{Address, HeaderName, HeaderValue, Message, MessageParser};

use super::author::{self, as_person};
use super::automatic::{is_automatic, is_in_bulk, is_machinery};
use super::bounds;
use super::legible::legible;
use super::reader::contained;
use super::reason::Reason;
use super::subject::Marks;
use crate::pull::clean;
use crate::pull::cover::Person;
use crate::pull::ids::MessageId;

/// How many characters of a subject are read: a line of a mail has at most 998 (RFC 5322, section
/// 2.1.1), and a subject is compared with itself.
const LONGEST_SUBJECT: usize = 1000;

/// What a mail's header says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Heading {
    /// The Message-ID; `None` where there is none that can be answered.
    pub(crate) message_id: Option<MessageId>,
    /// The subject, decoded and unfolded.
    pub(crate) subject: String,
    /// What the subject says.
    pub(crate) marks: Marks,
    /// The From address as it stands, which a list may have rewritten.
    pub(crate) from: Option<Person>,
    /// The person behind it: X-Original-From, Reply-To or Author where the list rewrote From.
    pub(crate) author: Option<Person>,
    /// The List-Id without its brackets.
    pub(crate) list_id: Option<String>,
    /// The addresses in To and Cc, in lower case.
    pub(crate) to_cc: Vec<String>,
    /// References, then In-Reply-To, oldest first, without doubles.
    pub(crate) references: Vec<MessageId>,
    /// The Date header.
    pub(crate) date: Option<Timestamp>,
    /// It breaks the MIME parser: nothing of it could be read.
    pub(crate) broken: bool,
    /// A machine sent it: Auto-Submitted, a null sender, a report, a bot's name or mark.
    pub(crate) automatic: bool,
    /// It was sent in bulk, or asks that no machine answer it: no person gives commands so.
    pub(crate) in_bulk: bool,
    /// A list's software or a mail system sent it, from an address of its own.
    pub(crate) machinery: bool,
}

/// Reads a header block, or the header of a whole mail. Never fails: what can't be read is missing,
/// and a header that breaks the MIME parser is [`Reason::Unreadable`].
pub(crate) fn heading(header: &[u8]) -> Heading {
    let header = legible(bounds::header(super::without_envelope(header)));
    let read = || {
        let message = MessageParser::default().parse_headers(header.as_ref());
        message.map(|message| Heading::of(&message)).unwrap_or_default()
    };
    contained(read).unwrap_or_else(|| Heading { broken: true, ..Heading::default() })
}

impl Heading {
    /// Why the mail can be no request that is acted on, by its header alone.
    pub(crate) fn refusal(&self) -> Option<Reason> {
        if self.broken {
            Some(Reason::Unreadable)
        } else if self.automatic {
            Some(Reason::Automatic)
        } else if self.machinery {
            Some(Reason::ListMachinery)
        } else if self.marks.answer {
            Some(Reason::Answer)
        } else if !self.marks.marker {
            Some(Reason::NoMarker)
        } else {
            None
        }
    }

    pub(super) fn of(message: &Message<'_>) -> Self {
        let subject = first(message, &HeaderName::Subject).and_then(HeaderValue::as_text);
        let subject = subject.unwrap_or_default().chars().take(LONGEST_SUBJECT).collect::<String>();
        let subject = clean::words(&subject);
        let from = first(message, &HeaderName::From).and_then(person);
        let author = from.as_ref().map(|from| author::behind(message, from));
        let to = [HeaderName::To, HeaderName::Cc];
        let to_cc = to.iter().flat_map(|name| all_addresses(message, name)).collect();
        Self {
            message_id: ids(message, HeaderName::MessageId).into_iter().next(),
            marks: Marks::of(&subject),
            list_id: author::list_id(message),
            to_cc,
            broken: false,
            references: references(message),
            date: message.date().and_then(|date| Timestamp::from_second(date.to_timestamp()).ok()),
            automatic: is_automatic(message, [from.as_ref(), author.as_ref()]),
            in_bulk: is_in_bulk(message),
            // A list that rewrites From may put such an address there, for a person.
            machinery: author == from && from.as_ref().is_some_and(is_machinery),
            subject,
            from,
            author,
        }
    }
}

/// The first header of that name: where there are two, it is what people are shown.
fn first<'a, 'x>(message: &'a Message<'x>, name: &HeaderName<'_>) -> Option<&'a HeaderValue<'x>> {
    message.headers().iter().find(|h| h.name == *name).map(|h| &h.value)
}

fn person(value: &HeaderValue<'_>) -> Option<Person> {
    value.as_address().and_then(Address::first).and_then(as_person)
}

fn all_addresses(message: &Message<'_>, name: &HeaderName<'_>) -> Vec<String> {
    let values = message.headers().iter().filter(|h| h.name == *name);
    let addresses = values.filter_map(|h| h.value.as_address());
    addresses
        .flat_map(Address::iter)
        .filter_map(|addr| addr.address())
        .map(|address| address.trim().to_lowercase())
        .collect()
}

fn ids(message: &Message<'_>, name: HeaderName<'_>) -> Vec<MessageId> {
    let Some(value) = first(message, &name) else { return Vec::new() };
    let texts: Vec<&str> = match value {
        HeaderValue::TextList(list) => list.iter().map(AsRef::as_ref).collect(),
        value => value.as_text().into_iter().collect(),
    };
    texts.into_iter().filter_map(|text| text.parse().ok()).collect()
}

fn references(message: &Message<'_>) -> Vec<MessageId> {
    let mut known: HashSet<MessageId> = HashSet::new();
    let above = ids(message, HeaderName::References).into_iter();
    let thread = above.chain(ids(message, HeaderName::InReplyTo));
    thread.filter(|id| known.insert(id.clone())).collect()
}
