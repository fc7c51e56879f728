//! Reads a header block, and says from it alone which mails can be no request, so that their bodies
//! need not be loaded. Whatever the reader would take for a request passes here: both ask
//! [`Heading::refusal`].

use std::collections::HashSet;

use jiff::Timestamp;
use mail_parser::{Addr, Address, HeaderForm, HeaderName, HeaderValue, Message, MessageParser};

use super::bounds;
use super::reason::Reason;
use super::subject::Marks;
use crate::mail::clean;
use crate::pull::cover::Person;
use crate::pull::ids::MessageId;

/// How many characters of a subject are read: a line of a mail has at most 998 (RFC 5322, section
/// 2.1.1), and a subject is compared with itself.
const LONGEST_SUBJECT: usize = 1000;

/// What a mail's header says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Heading {
    /// The Message-ID; `None` where there is none that can be answered.
    pub message_id: Option<MessageId>,
    /// The subject, decoded and unfolded.
    pub subject: String,
    /// What the subject says.
    pub marks: Marks,
    /// The From address as it stands, which a list may have rewritten.
    pub from: Option<Person>,
    /// The person behind it: X-Original-From, Reply-To or Author where the list rewrote From.
    pub author: Option<Person>,
    /// The List-Id without its brackets.
    pub list_id: Option<String>,
    /// The addresses in To and Cc, in lower case.
    pub to_cc: Vec<String>,
    /// References, then In-Reply-To, oldest first, without doubles.
    pub references: Vec<MessageId>,
    /// The Date header.
    pub date: Option<Timestamp>,
    /// A machine sent it: Auto-Submitted, a null sender, a report, the bot's own mark.
    pub automatic: bool,
}

/// Reads a header block, or the header of a whole mail. Never fails: what can't be read is missing.
pub fn heading(header: &[u8]) -> Heading {
    let header = bounds::header(super::without_envelope(header));
    match MessageParser::default().parse_headers(header) {
        Some(message) => Heading::of(&message),
        None => Heading::default(),
    }
}

impl Heading {
    /// Whether the body is worth loading: `false` only if the mail can be no request.
    pub fn worth_reading(&self) -> bool {
        self.refusal().is_none()
    }

    /// Why the mail can be no request that is acted on, by its header alone.
    pub fn refusal(&self) -> Option<Reason> {
        if self.automatic {
            Some(Reason::Automatic)
        } else if self.is_machinery() {
            Some(Reason::ListMachinery)
        } else if self.marks.answer {
            Some(Reason::Answer)
        } else if !self.marks.marker {
            Some(Reason::NoMarker)
        } else {
            None
        }
    }

    /// Whether it is from an address that only a mail system or a list's software writes from.
    fn is_machinery(&self) -> bool {
        let Some(from) = &self.from else { return false };
        let local = from.address.split('@').next().unwrap_or_default().to_ascii_lowercase();
        let ends = ["-owner", "+owner", "-bounces", "+bounces", "-bounce", "-request", "-admin"];
        ["mailer-daemon", "postmaster", "mailman", "mailman-bounces"].contains(&local.as_str())
            || local.starts_with("owner-")
            || ends.iter().any(|end| local.ends_with(end))
            || local.contains("-bounces+")
            || local.contains("+bounces-")
    }

    pub(super) fn of(message: &Message<'_>) -> Self {
        let subject = first(message, &HeaderName::Subject).and_then(HeaderValue::as_text);
        let subject = subject.unwrap_or_default().chars().take(LONGEST_SUBJECT).collect::<String>();
        let subject = clean::words(&subject);
        let from = first(message, &HeaderName::From).and_then(person);
        let to = [HeaderName::To, HeaderName::Cc];
        let to_cc = to.iter().flat_map(|name| all_addresses(message, name)).collect();
        Self {
            message_id: ids(message, HeaderName::MessageId).into_iter().next(),
            marks: Marks::of(&subject),
            author: from.as_ref().map(|from| behind(message, from)),
            list_id: list_id(message),
            to_cc,
            references: references(message),
            date: message.date().and_then(|date| Timestamp::from_second(date.to_timestamp()).ok()),
            automatic: is_automatic(message),
            subject,
            from,
        }
    }
}

/// The first header of that name: where there are two, it is what people are shown.
fn first<'a, 'x>(message: &'a Message<'x>, name: &HeaderName<'_>) -> Option<&'a HeaderValue<'x>> {
    message.headers().iter().find(|h| h.name == *name).map(|h| &h.value)
}

/// A header that mail-parser does not know, as text.
fn text(message: &Message<'_>, name: &'static str) -> Option<String> {
    let value = message.header_as(name, HeaderForm::Text).into_iter().next()?;
    value.as_text().map(|text| text.trim().to_owned())
}

fn person(value: &HeaderValue<'_>) -> Option<Person> {
    value.as_address().and_then(Address::first).and_then(as_person)
}

fn as_person(addr: &Addr<'_>) -> Option<Person> {
    let address = addr.address()?.trim().to_owned();
    let name = addr.name().map(clean::words).filter(|name| !name.is_empty());
    // Nothing else can be answered.
    let usable = !address.is_empty() && !address.contains(char::is_control);
    usable.then_some(Person { name, address })
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

fn list_id(message: &Message<'_>) -> Option<String> {
    let raw = message.header_as(HeaderName::ListId, HeaderForm::Raw).into_iter().next()?;
    let raw = raw.as_text()?.to_owned();
    let inside = raw.rsplit_once('<').map_or(raw.as_str(), |(_, id)| id);
    let id = inside.trim().trim_end_matches('>').trim().to_lowercase();
    (!id.is_empty()).then_some(id)
}

/// RFC 3834 (section 5), a null reverse path (RFC 5321, section 4.5.5), a report (RFC 6522), or a
/// letter of the bot's own.
fn is_automatic(message: &Message<'_>) -> bool {
    let submitted = text(message, "Auto-Submitted");
    let by_machine = submitted.is_some_and(|s| !s.to_ascii_lowercase().starts_with("no"));
    let null_sender = message
        .header_as(HeaderName::ReturnPath, HeaderForm::Raw)
        .iter()
        .any(|path| path.as_text().is_some_and(|path| path.trim() == "<>"));
    let report = first(message, &HeaderName::ContentType)
        .and_then(HeaderValue::as_content_type)
        .is_some_and(|kind| {
            kind.ctype().eq_ignore_ascii_case("multipart")
                && kind.subtype().is_some_and(|sub| sub.eq_ignore_ascii_case("report"))
        });
    by_machine || null_sender || report || text(message, "X-Gatepost-Verdict").is_some()
}

/// The person behind a From that a list rewrote for DMARC: X-Original-From, then Reply-To, then
/// Author (RFC 9057). Where From was left alone it is From.
fn behind(message: &Message<'_>, from: &Person) -> Person {
    let list = list_addresses(message);
    let is_list = |person: &Person| list.contains(&person.address.to_lowercase());
    let named_via = from.name.as_deref().is_some_and(|name| name.contains(" via "));
    if !is_list(from) && !named_via {
        return from.clone();
    }
    let named = ["X-Original-From", "Reply-To", "Author"].iter().flat_map(|name| {
        let values = message.header_as(*name, HeaderForm::Addresses);
        let people: Vec<Person> = values
            .iter()
            .filter_map(HeaderValue::as_address)
            .flat_map(Address::iter)
            .filter_map(as_person)
            .collect();
        people
    });
    let mut people = named.filter(|person| !is_list(person) && person.address != from.address);
    let mut person = people.next().unwrap_or_else(|| from.clone());
    if person.name.is_none() {
        person.name = from.name.as_deref().and_then(before_via);
    }
    person
}

fn before_via(name: &str) -> Option<String> {
    let name = name.split(" via ").next()?.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// The list's own addresses: List-Post, and those in To and Cc that List-Id is made of.
fn list_addresses(message: &Message<'_>) -> HashSet<String> {
    let post = message.header_as(HeaderName::ListPost, HeaderForm::Raw);
    let mut list: HashSet<String> = post
        .iter()
        .filter_map(HeaderValue::as_text)
        .filter_map(|text| text.split_once("mailto:"))
        .filter_map(|(_, rest)| rest.split(['>', '?', ' ']).next())
        .map(str::to_lowercase)
        .collect();
    if let Some((local, domain)) = list_id(message).as_deref().and_then(|id| id.split_once('.')) {
        list.insert(format!("{local}@{domain}"));
    }
    list
}
