//! The letter to the author of a mail that looks like a pull request but lacks something one needs. It
//! goes to nobody else, and has the same Message-ID however often the mail is met.

use jiff::Timestamp;

use super::block::{Block, framed};
use super::facts;
use super::fault::LetterFault;
use super::input::{ListWords, TargetWords};
use super::key::Key;
use super::message::{Message, answer_subject, mailbox, thread_under};
use super::writer::{Draft, LetterWriter};
use crate::mail::words;
use crate::pull::decision::clock;
use crate::pull::letter::About;
use crate::pull::near_miss::NearMiss;
use crate::pull::verdict::Audience;

impl LetterWriter {
    /// Writes to the author of a mail that asks for a pull and names nothing to pull. `list`: the
    /// one it came by; `target`: where it would have gone.
    ///
    /// # Errors
    /// The author's address is none.
    pub(crate) fn near_miss(
        &self,
        miss: &NearMiss,
        list: &ListWords,
        target: &TargetWords,
        now: Timestamp,
    ) -> Result<Draft, LetterFault> {
        let facts = vec![facts::subject(&miss.subject), ("received", clock(miss.received_at))];
        self.finish(Message {
            about: About::Mail(miss.message_id.clone()),
            audience: Audience::Author,
            to: vec![mailbox(&miss.author)?],
            cc: Vec::new(),
            list: None,
            subject: answer_subject(&miss.subject),
            thread: thread_under(&miss.message_id, &miss.references),
            key: Key::of([miss.message_id.to_string(), "near-miss no-request".to_owned()]),
            headers: vec![("Verdict", "near-miss".to_owned())],
            blocks: framed(words::near_miss(&target.branch), [Block::Facts(facts)]),
            on_behalf_of: Some(list.address.clone()),
            attached: Vec::new(),
            unproved: true,
            now,
        })
    }
}
