//! Finds the person behind a From that a list rewrote for DMARC: X-Original-From, then Reply-To,
//! then Author (RFC 9057). A From that was left alone is the author, whatever the others say.

use std::collections::HashSet;

use mail_parser::{Addr, Address, HeaderForm, HeaderName, HeaderValue, Message};

use crate::pull::clean;
use crate::pull::cover::Person;
use crate::pull::room::LONGEST_ADDRESS;

/// The headers that may name the person, the surest first.
const NAMED_IN: [&str; 3] = ["X-Original-From", "Reply-To", "Author"];

/// The person behind a From.
pub(super) fn behind(message: &Message<'_>, from: &Person) -> Person {
    let list = list_addresses(message);
    let is_list = |person: &Person| list.contains(&person.address.to_lowercase());
    let called = from.name.as_deref().and_then(before_via);
    if !is_list(from) && called.is_none() {
        return from.clone();
    }
    let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
    let named = NAMED_IN.iter().map(|name| {
        let mut people = people(message, name);
        people.retain(|person| !is_list(person) && !same(&person.address, &from.address));
        people
    });
    // Where a Reply-To names several, the one that is called as From says is the person.
    let found = named.filter(|people| !people.is_empty()).find_map(|people| {
        let is_called = |person: &&Person| person.name.is_some() && person.name == called;
        people.iter().find(is_called).or_else(|| people.first()).cloned()
    });
    let mut person = found.unwrap_or_else(|| from.clone());
    if person.name.is_none() {
        person.name = called;
    }
    person
}

/// An address with its display name.
pub(super) fn as_person(addr: &Addr<'_>) -> Option<Person> {
    let address = addr.address()?.trim().to_owned();
    let name = addr.name().map(clean::words).filter(|name| !name.is_empty());
    // Nothing else can be answered.
    let usable = !address.is_empty()
        && address.len() <= LONGEST_ADDRESS
        && !address.contains(char::is_control);
    usable.then_some(Person { name, address })
}

fn people(message: &Message<'_>, name: &'static str) -> Vec<Person> {
    let values = message.header_as(name, HeaderForm::Addresses);
    let addresses = values.iter().filter_map(HeaderValue::as_address).flat_map(Address::iter);
    addresses.filter_map(as_person).collect()
}

/// `Alice` of `Alice via devel`, `Alice via` and `'Alice' via devel`.
fn before_via(name: &str) -> Option<String> {
    let name = match name.strip_suffix(" via") {
        Some(name) => name,
        None => name.rsplit_once(" via ")?.0,
    };
    let name = name.trim().trim_matches('\'').trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// The list's own addresses: List-Post, and the one that List-Id is made of.
fn list_addresses(message: &Message<'_>) -> HashSet<String> {
    let post = message.header_as(HeaderName::ListPost, HeaderForm::Raw);
    let post = post.iter().filter_map(HeaderValue::as_text).map(str::to_lowercase);
    let mut list: HashSet<String> = post
        .filter_map(|text| {
            let (_, rest) = text.split_once("mailto:")?;
            rest.split(['>', '?', ' ']).next().map(str::to_owned)
        })
        .collect();
    if let Some((local, domain)) = list_id(message).as_deref().and_then(|id| id.split_once('.')) {
        list.insert(format!("{local}@{domain}"));
    }
    list
}

/// The List-Id without its brackets, in lower case (RFC 2919).
pub(super) fn list_id(message: &Message<'_>) -> Option<String> {
    let raw = message.header_as(HeaderName::ListId, HeaderForm::Raw).into_iter().next()?;
    let raw = raw.as_text()?.to_owned();
    let inside = raw.rsplit_once('<').map_or(raw.as_str(), |(_, id)| id);
    let id = inside.trim().trim_end_matches('>').trim().to_lowercase();
    (!id.is_empty()).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_stands_before_via() {
        for name in ["Alice via Devel", "Alice via", "'Alice' via Devel"] {
            assert_eq!(before_via(name).as_deref(), Some("Alice"), "{name}");
        }
        assert_eq!(before_via("Via Alice"), None);
        assert_eq!(before_via("Alice Via"), None);
    }

    #[test]
    fn an_address_that_no_mail_server_takes_is_nobodys() {
        let from = |address: &str| {
            let header = format!("From: Alice <{address}>\nSubject: [PULL] x\n\n");
            crate::mail::heading(header.as_bytes()).author
        };
        let longest = format!("a@{}", "b".repeat(LONGEST_ADDRESS - 2));
        assert!(from(&longest).is_some());
        assert_eq!(from(&format!("{longest}b")), None);
    }
}
