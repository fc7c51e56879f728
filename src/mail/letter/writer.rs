//! The bot as a writer of letters: its addresses, and the last steps from a message to bytes. What a
//! letter says is put together in the files beside this one.

use lettre::message::Mailbox;

use super::block::{Channel, laid_out};
use super::delivering::Delivering;
use super::fault::LetterFault;
use super::message::{Message, bare, mailbox};
use crate::pull::cover::Person;
use crate::pull::letter::Letter;
use crate::pull::verdict::Audience;

/// A letter, written: its record and its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Draft {
    /// The record, ready to be sent.
    pub(crate) letter: Letter,
    /// The message with CRLF line ends. The bot's own copy needs no header: `letter.blind`.
    pub(crate) bytes: Vec<u8>,
}

/// The bot as a writer of letters.
#[derive(Debug, Clone)]
pub(crate) struct LetterWriter {
    from: Mailbox,
    pub(super) managers: Vec<Mailbox>,
    pub(super) administrator: Mailbox,
    /// The command mailbox, where there is one.
    commands: Option<Mailbox>,
    delivering: Delivering,
}

impl LetterWriter {
    /// Takes the addresses that letters are from and to.
    ///
    /// # Errors
    /// An address is none.
    pub(crate) fn new(
        from: &Person,
        managers: &[String],
        administrator: &str,
        delivering: Delivering,
    ) -> Result<Self, LetterFault> {
        Ok(Self {
            from: mailbox(from)?,
            managers: managers.iter().map(|manager| bare(manager)).collect::<Result<_, _>>()?,
            administrator: bare(administrator)?,
            commands: None,
            delivering,
        })
    }

    /// The same, with a command mailbox that people may answer to.
    ///
    /// # Errors
    /// The address is none.
    pub(crate) fn with_commands(mut self, address: &str) -> Result<Self, LetterFault> {
        self.commands = Some(bare(address)?);
        Ok(self)
    }

    /// The same, for other release managers. An address that is none is left out.
    #[must_use]
    pub(crate) fn with_managers(mut self, managers: &[String]) -> Self {
        self.managers = managers.iter().filter_map(|manager| bare(manager).ok()).collect();
        self
    }

    /// Turns a message into a letter that is ready to be sent.
    pub(super) fn finish(&self, mut message: Message) -> Result<Draft, LetterFault> {
        let meant_for = message.audience;
        self.delivering.redirect(&mut message, &self.managers);
        let id = message.key.id(&self.from.email, meant_for, self.delivering.key())?;
        let answerable = self.commands.is_some() && meant_for == Audience::Managers;
        let channel = if answerable { Channel::MachineOrMail } else { Channel::Machine };
        let text = laid_out(&message.blocks, channel, &message.signature());
        let letter = message.record(&id);
        let reply_to = self.reply_to(meant_for);
        Ok(Draft { letter, bytes: message.bytes(&id, self.from.clone(), reply_to, text)? })
    }

    /// Answers to a private letter go to the command mailbox rather than to where it is from.
    fn reply_to(&self, audience: Audience) -> Option<Mailbox> {
        match audience {
            Audience::Author | Audience::Managers | Audience::Administrator | Audience::Asker => {
                self.commands.clone().filter(|commands| commands.email != self.from.email)
            }
            Audience::Thread => None,
        }
    }
}
