//! Whether letters go to those they are for.

use lettre::message::Mailbox;

use super::block::Block;
use super::message::Message;
use crate::pull::letter::About;
use crate::pull::verdict::Audience;

/// Whether letters go to those they are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivering {
    /// They do.
    Live,
    /// Letters about requests and runs go to the release managers alone, and say who would have
    /// got them. Letters about the bot itself still go to the administrator.
    Shadow,
}

impl Delivering {
    /// Its name in Message-IDs, which never changes.
    pub(super) fn key(self) -> &'static str {
        match self {
            Self::Live => "Live",
            Self::Shadow => "Shadow",
        }
    }

    /// In shadow mode turns a letter to the release managers, and says below its verdict for whom it
    /// was.
    pub(super) fn redirect(self, message: &mut Message, managers: &[Mailbox]) {
        match (self, message.audience) {
            (Self::Live, _) | (Self::Shadow, Audience::Administrator) => {}
            // Whoever gives a command is answered.
            (Self::Shadow, Audience::Asker) if matches!(message.about, About::Mail(_)) => {}
            (Self::Shadow, _) => {
                let readers = message.to.iter().chain(&message.cc);
                let meant: Vec<String> = readers.map(ToString::to_string).collect();
                let aside = format!(
                    "Shadow mode: this letter went to the release managers only. Otherwise it \
                     would have gone to {}.",
                    meant.join(", ")
                );
                message.blocks.insert(message.blocks.len().min(1), Block::Paragraph(aside));
                message.to = managers.to_vec();
                message.cc.clear();
                message.list = None;
                message.audience = Audience::Managers;
                message.subject = format!("Shadow: {}", message.subject);
            }
        }
    }
}
