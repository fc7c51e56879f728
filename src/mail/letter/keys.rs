//! Letters about a key that ends soon: to its owner, and to the administrator.

use jiff::Timestamp;
use lettre::message::Mailbox;

use super::block::{Block, framed};
use super::fault::LetterFault;
use super::key::Key;
use super::message::{Message, mailbox};
use super::writer::{Draft, LetterWriter};
use crate::mail::words::{self, Words, day};
use crate::pull::cover::Person;
use crate::pull::decision::clock;
use crate::pull::expiry::Warning;
use crate::pull::letter::About;
use crate::pull::verdict::Audience;

impl LetterWriter {
    /// Writes to a key's owner that it ends soon, and how to extend it; `None` if the keyring has
    /// no address. The same warning written twice is the same letter.
    ///
    /// # Errors
    /// The owner's address is none.
    pub(crate) fn key_expires(
        &self,
        warning: &Warning,
        now: Timestamp,
    ) -> Result<Option<Draft>, LetterFault> {
        let Some(address) = warning.key.address.clone() else { return Ok(None) };
        let owner = mailbox(&Person { name: Some(warning.key.owner.clone()), address })?;
        let words = words::key_expires(warning, self.administrator.email.as_ref());
        self.finish(about_key(warning, Audience::Author, owner, words, now)).map(Some)
    }

    /// Writes to the administrator that a key ends soon, and who was told.
    ///
    /// # Errors
    /// None in practice.
    pub(crate) fn key_expires_for_administrator(
        &self,
        warning: &Warning,
        now: Timestamp,
    ) -> Result<Draft, LetterFault> {
        let words = words::key_expires_for_administrator(warning);
        let to = self.administrator.clone();
        self.finish(about_key(warning, Audience::Administrator, to, words, now))
    }
}

fn about_key(
    warning: &Warning,
    audience: Audience,
    to: Mailbox,
    words: Words,
    now: Timestamp,
) -> Message {
    let Warning { key, days } = warning;
    let facts = vec![
        ("key", key.key.clone()),
        ("owner", key.owner.clone()),
        ("expires", clock(key.expires)),
    ];
    Message {
        about: About::Bot,
        audience,
        to: vec![to],
        cc: Vec::new(),
        list: None,
        subject: format!("Gatepost: a signing key expires on {}", day(key.expires)),
        thread: Vec::new(),
        key: Key::of([
            "key expires".to_owned(),
            key.key.clone(),
            key.expires.to_string(),
            days.to_string(),
        ]),
        headers: vec![("Verdict", "key-expires".to_owned())],
        blocks: framed(words, [Block::Facts(facts)]),
        on_behalf_of: None,
        attached: Vec::new(),
        unproved: false,
        now,
    }
}
