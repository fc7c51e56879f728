//! To whom a letter really goes, and where answers to it go. It must not write any of its text but
//! the line that says so.

use lettre::message::Mailbox;

use super::{Pen, Sheet};
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

impl Pen {
    /// Whether answers to a private letter go to the command mailbox rather than to where it is from.
    pub(super) fn answers_to(&self, commands: &Mailbox, audience: Audience) -> bool {
        let private = match audience {
            Audience::Author | Audience::Managers | Audience::Administrator | Audience::Asker => {
                true
            }
            Audience::Thread => false,
        };
        private && commands.email != self.from.email
    }

    /// In shadow mode turns a letter to the release managers, and says for whom it was.
    pub(super) fn redirected(&self, sheet: &mut Sheet<'_>) -> Option<String> {
        match (self.delivering, sheet.audience) {
            (Delivering::Live, _) | (Delivering::Shadow, Audience::Administrator) => None,
            // Whoever gives a command is answered.
            (Delivering::Shadow, Audience::Asker) if matches!(sheet.about, About::Mail(_)) => None,
            (Delivering::Shadow, _) => {
                let name = |m: &Mailbox| m.to_string();
                let meant: Vec<String> = sheet.to.iter().chain(&sheet.cc).map(name).collect();
                sheet.to = self.managers.clone();
                sheet.cc.clear();
                sheet.list = None;
                sheet.audience = Audience::Managers;
                sheet.subject = format!("Shadow: {}", sheet.subject);
                Some(format!(
                    "Shadow mode: this letter went to the release managers only. Otherwise it \
                     would have gone to {}.",
                    meant.join(", ")
                ))
            }
        }
    }
}
