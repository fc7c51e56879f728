//! The letter to the author of a mail that is meant to be a request and is none. It goes to nobody
//! else, and has the same Message-ID however often the mail is met.

use jiff::Timestamp;

use super::post::{self, LetterFault, answer_subject, thread_under};
use super::{Draft, ListWords, Pen, Sheet, TargetWords, body};
use crate::mail::words;
use crate::pull::letter::About;
use crate::pull::near_miss::NearMiss;
use crate::pull::verdict::Audience;

/// A mail that is meant to be a request and is none, and what a letter about it is made of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Missed<'a> {
    /// The mail.
    pub(crate) miss: &'a NearMiss,
    /// The list it came by.
    pub(crate) list: &'a ListWords,
    /// Where it would have gone.
    pub(crate) target: &'a TargetWords,
    /// The time in the letter.
    pub(crate) now: Timestamp,
}

impl Pen {
    /// Writes to the author of a mail that asks for a pull and names nothing to pull.
    ///
    /// # Errors
    /// The author's address is none.
    pub(crate) fn near_miss(&self, missed: &Missed<'_>) -> Result<Draft, LetterFault> {
        let Missed { miss, list, target, now } = *missed;
        let sheet = Sheet {
            about: About::Mail(miss.message_id.clone()),
            audience: Audience::Author,
            to: vec![post::mailbox(&miss.author)?],
            cc: Vec::new(),
            list: None,
            subject: answer_subject(&miss.subject),
            thread: thread_under(&miss.message_id, &miss.references),
            key: vec![miss.message_id.to_string(), "near-miss no-request".to_owned()],
            facts: vec![("Verdict", "near-miss".to_owned())],
            auto_submitted: "auto-replied",
            attached: Vec::new(),
            unproved: true,
            now,
        };
        let text = body::near_miss(miss, &words::near_miss(&target.branch));
        self.write(sheet, text, Some(&list.address))
    }
}
