//! Letters about a key that ends soon: to its owner, and to the administrator.

use jiff::Timestamp;
use lettre::message::Mailbox;

use super::post::{self, LetterFault};
use super::{Draft, Pen, Sheet, body};
use crate::mail::words;
use crate::pull::cover::Person;
use crate::pull::expiry::Warning;
use crate::pull::letter::About;
use crate::pull::verdict::Audience;

impl Pen {
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
        let owner = post::mailbox(&Person { name: Some(warning.key.owner.clone()), address })?;
        let words = words::key_expires(warning, self.administrator.email.as_ref());
        self.about_key(warning, Audience::Author, owner, &words, now).map(Some)
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
        self.about_key(warning, Audience::Administrator, self.administrator.clone(), &words, now)
    }

    fn about_key(
        &self,
        warning: &Warning,
        audience: Audience,
        to: Mailbox,
        words: &words::Words,
        now: Timestamp,
    ) -> Result<Draft, LetterFault> {
        let Warning { key, days } = warning;
        let sheet = Sheet {
            about: About::Bot,
            audience,
            to: vec![to],
            cc: Vec::new(),
            list: None,
            subject: format!("Gatepost: a signing key expires on {}", words::day(key.expires)),
            thread: Vec::new(),
            key: vec![
                "key expires".to_owned(),
                key.key.clone(),
                key.expires.to_string(),
                days.to_string(),
            ],
            facts: vec![("Verdict", "key-expires".to_owned())],
            auto_submitted: "auto-generated",
            attached: Vec::new(),
            unproved: false,
            now,
        };
        self.write(sheet, body::key(warning, words), None)
    }
}
