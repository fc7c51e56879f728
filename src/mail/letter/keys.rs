//! Letters about a key that ends soon: to its owner, and to the administrator.

use jiff::Timestamp;
use lettre::message::Mailbox;

use super::about_bot::about_bot;
use super::block::{Block, framed};
use super::fault::LetterFault;
use super::key::Key;
use super::message::{Message, mailbox};
use super::writer::{Draft, LetterWriter};
use crate::mail::words::{self, Words, day};
use crate::pull::cover::Person;
use crate::pull::decision::clock;
use crate::pull::expiry::Warning;
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
        self.finish(about_key(warning, (Audience::Author, owner), words, now)).map(Some)
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
        let to = (Audience::Administrator, self.administrator.clone());
        self.finish(about_key(warning, to, words, now))
    }
}

fn about_key(warning: &Warning, to: (Audience, Mailbox), words: Words, now: Timestamp) -> Message {
    let Warning { key, days } = warning;
    let (end, fingerprint) = (key.expires.to_string(), key.key.clone());
    let facts = vec![
        ("key", fingerprint.clone()),
        ("owner", key.owner.clone()),
        ("expires", clock(key.expires)),
    ];
    let blocks = framed(words, [Block::Facts(facts)]);
    let subject = format!("Gatepost: a signing key expires on {}", day(key.expires));
    let key = Key::of(["key expires".to_owned(), fingerprint, end, days.to_string()]);
    about_bot(to, subject, key, "key-expires", blocks, now)
}
