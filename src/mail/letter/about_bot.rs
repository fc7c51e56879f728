//! Letters to the administrator about the bot itself. They stand on no thread.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lettre::message::Mailbox;

use super::block::Block;
use super::fault::LetterFault;
use super::key::Key;
use super::message::Message;
use super::writer::{Draft, LetterWriter};
use crate::mail::words;
use crate::pull::aside::AsideNotice;
use crate::pull::decision::clock;
use crate::pull::letter::About;
use crate::pull::verdict::Audience;

impl LetterWriter {
    /// Writes to the administrator about the bot itself. Each call at another time is another
    /// letter: how often is decided elsewhere.
    ///
    /// # Errors
    /// None in practice.
    pub(crate) fn alert(
        &self,
        subject: &str,
        detail: &str,
        now: Timestamp,
    ) -> Result<Draft, LetterFault> {
        let paragraphs = detail.split("\n\n").map(str::to_owned);
        let blocks = alerting(subject.to_owned(), paragraphs, now);
        self.finish(self.about_bot(format!("Gatepost: {subject}"), ["alert", subject], blocks, now))
    }

    /// Writes to the administrator that a record is set aside; to the release managers as well if it
    /// has to do with a request, which would fall silent else.
    ///
    /// # Errors
    /// None in practice.
    pub(crate) fn set_aside(
        &self,
        notice: &AsideNotice,
        now: Timestamp,
    ) -> Result<Draft, LetterFault> {
        let subject = format!("{} is set aside", notice.key.at_the_beginning());
        let blocks = alerting(format!("{subject}."), words::set_aside(notice), now);
        let key = ["set-aside", &notice.key.to_string()];
        let mut message = self.about_bot(format!("Gatepost: {subject}"), key, blocks, now);
        if notice.pull.is_some() {
            let known = |to: &Mailbox| self.managers.iter().any(|it| it.email == to.email);
            message.to.retain(|administrator| !known(administrator));
            message.to.extend(self.managers.iter().cloned());
        }
        self.finish(message)
    }

    /// Writes the administrator's weekly counts.
    ///
    /// # Errors
    /// None in practice.
    pub(crate) fn counted(
        &self,
        counts: &BTreeMap<String, u64>,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Draft, LetterFault> {
        let subject = format!("Gatepost: counts since {}", clock(since));
        let first = format!("Counted from {} to {}:", clock(since), clock(now));
        let none = if counts.is_empty() { "There is nothing to report." } else { "" };
        let lines = counts.iter().map(|(what, n)| format!("{n:>7}  {what}")).collect();
        let blocks =
            vec![Block::Paragraph(first), Block::Paragraph(none.into()), Block::Verbatim(lines)];
        self.finish(self.about_bot(subject, ["counts", &since.to_string()], blocks, now))
    }

    /// `key`: what kind of letter it is, and about what.
    fn about_bot(
        &self,
        subject: String,
        [kind, what]: [&str; 2],
        blocks: Vec<Block>,
        now: Timestamp,
    ) -> Message {
        let key = Key::of([kind.to_owned(), what.to_owned(), now.to_string()]);
        let to = (Audience::Administrator, self.administrator.clone());
        about_bot(to, subject, key, kind, blocks, now)
    }
}

/// A letter about the bot itself, or what it needs. `kind`: in one word, for its header.
pub(super) fn about_bot(
    (audience, to): (Audience, Mailbox),
    subject: String,
    key: Key,
    kind: &str,
    blocks: Vec<Block>,
    now: Timestamp,
) -> Message {
    Message {
        about: About::Bot,
        audience,
        to: vec![to],
        cc: Vec::new(),
        list: None,
        subject,
        thread: Vec::new(),
        key,
        headers: vec![("Verdict", kind.to_owned())],
        blocks,
        on_behalf_of: None,
        attached: Vec::new(),
        unproved: false,
        now,
    }
}

/// What happened, and when.
fn alerting(
    first: String,
    paragraphs: impl IntoIterator<Item = String>,
    now: Timestamp,
) -> Vec<Block> {
    let time = Block::Facts(vec![("time", clock(now))]);
    let text = [first].into_iter().chain(paragraphs).map(Block::Paragraph);
    text.chain([time]).collect()
}
