//! The letter that answers a mail to the command mailbox: each command quoted, what came of it
//! below. What it tells begins no line, and what it quotes is marked, so that it is no command.

use jiff::Timestamp;
use lettre::message::Mailbox;

use super::block::Block;
use super::fault::LetterFault;
use super::key::Key;
use super::message::{Message, answer_subject, bare, thread_under};
use super::writer::{Draft, LetterWriter};
use crate::mail::words::counted;
use crate::pull::command_mail::CommandMail;
use crate::pull::letter::About;
use crate::pull::verdict::Audience;

/// Lines that one command may show.
const SHOWN: usize = 400;

/// A command, and what its answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told<'a> {
    /// The command as it was written.
    pub(crate) line: &'a str,
    /// What came of it.
    pub(crate) answer: Answered,
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answered {
    /// It was carried out: a sentence.
    Done(String),
    /// It was not: a sentence that says what to write instead.
    Refused(String),
    /// It asked to see something.
    Shown {
        /// Lines.
        lines: Vec<String>,
        /// A file's name and text.
        attached: Option<(String, String)>,
    },
}

/// Who gets a copy of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Copied {
    /// Nobody: nothing was changed.
    Nobody,
    /// The release managers.
    Managers,
    /// The release managers, and whoever keeps the bot running.
    ManagersAndAdministrator,
}

impl LetterWriter {
    /// Writes the answer to a mail to the command mailbox: to its sender, with a copy to `copied`.
    /// The same however often it is written.
    ///
    /// # Errors
    /// The sender's address is none.
    pub(crate) fn transcript(
        &self,
        mail: &CommandMail,
        remark: Option<&str>,
        told: &[Told<'_>],
        copied: Copied,
        now: Timestamp,
    ) -> Result<Draft, LetterFault> {
        let to = bare(&mail.from)?;
        let subject = match mail.subject.trim() {
            "" => "Re: commands".to_owned(),
            subject => answer_subject(subject),
        };
        let attached = told.iter().filter_map(|told| match &told.answer {
            Answered::Shown { attached, .. } => attached.clone(),
            Answered::Done(_) | Answered::Refused(_) => None,
        });
        self.finish(Message {
            about: About::Mail(mail.id.clone()),
            audience: Audience::Asker,
            cc: self.copies(copied, &to),
            to: vec![to],
            list: None,
            subject,
            thread: thread_under(&mail.id, &mail.references),
            key: Key::of([mail.id.to_string(), "transcript".to_owned()]),
            headers: vec![("Verdict", "commands".to_owned())],
            blocks: blocks(remark, told, copied),
            on_behalf_of: None,
            attached: attached.collect(),
            unproved: false,
            now,
        })
    }

    fn copies(&self, copied: Copied, to: &Mailbox) -> Vec<Mailbox> {
        let (managers, administrator) = match copied {
            Copied::Nobody => (&[][..], None),
            Copied::Managers => (&self.managers[..], None),
            Copied::ManagersAndAdministrator => (&self.managers[..], Some(&self.administrator)),
        };
        let mut cc: Vec<Mailbox> = Vec::new();
        for other in managers.iter().chain(administrator) {
            if other.email != to.email && !cc.iter().any(|known| known.email == other.email) {
                cc.push(other.clone());
            }
        }
        cc
    }
}

fn blocks(remark: Option<&str>, told: &[Told<'_>], copied: Copied) -> Vec<Block> {
    let mut blocks = vec![Block::Paragraph(summary(told))];
    blocks.extend(remark.map(|remark| Block::Paragraph(remark.into())));
    blocks.extend(told.iter().flat_map(entry));
    let shows = told.iter().any(|told| matches!(told.answer, Answered::Shown { .. }));
    if shows && copied != Copied::Nobody {
        let when = "What is shown is how it stood after all commands of this mail.";
        blocks.push(Block::Paragraph(when.into()));
    }
    blocks
}

fn entry(told: &Told<'_>) -> Vec<Block> {
    let mut blocks = vec![Block::Quote(told.line.to_owned())];
    match &told.answer {
        Answered::Done(said) => blocks.push(Block::Below(said.clone())),
        Answered::Refused(why) => blocks.push(Block::Below(format!("Not done: {why}"))),
        Answered::Shown { lines, .. } => {
            let more = lines.len().saturating_sub(SHOWN);
            blocks.push(Block::LinesBelow(lines[..lines.len() - more].to_vec()));
            if more > 0 {
                blocks.push(Block::Below(format!("And {more} more lines.")));
            }
        }
    }
    blocks
}

fn summary(told: &[Told<'_>]) -> String {
    let refused = told.iter().filter(|told| matches!(told.answer, Answered::Refused(_))).count();
    let done = told.len() - refused;
    match (done, refused) {
        (0, 0) => "Nothing in this mail was carried out.".into(),
        (done, 0) => format!("Carried out: {}.", counted(done as u64, "command")),
        (0, refused) => format!("Not carried out: {}.", counted(refused as u64, "command")),
        (done, refused) => {
            format!("Carried out: {}; not carried out: {refused}.", counted(done as u64, "command"))
        }
    }
}
