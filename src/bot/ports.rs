//! What the loop works with: one value of each port, and what letters are written with.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::in_force::InForce;
use super::journal::Journal;
use crate::mail::Rules;
use crate::mail::letter::{LetterWriter, ListWords, TargetWords};
use crate::ports::{Authenticator, Clock, Fault, Keyring, Outbound, Pipelines, Repository, Store};
use crate::pull::command::Item;
use crate::pull::ids::{ListName, MessageId, TargetName};
use crate::pull::letter::About;
use crate::pull::overlay::Overlay;
use crate::pull::rights::People;

/// Of how many requests, the newest, the authors may give commands.
const AUTHORS: usize = 200;

/// The ports. Cheap to clone: every thread has its own.
#[derive(Clone)]
pub(crate) struct Ports {
    /// The time.
    pub(crate) clock: Arc<dyn Clock>,
    /// What the bot remembers.
    pub(crate) store: Arc<dyn Store>,
    /// Git.
    pub(crate) repository: Arc<dyn Repository>,
    /// The trusted keys.
    pub(crate) keyring: Arc<dyn Keyring>,
    /// The way out for letters.
    pub(crate) outbound: Arc<dyn Outbound>,
    /// GitLab, for each target.
    pub(crate) pipelines: BTreeMap<TargetName, Arc<dyn Pipelines>>,
    /// What proves who wrote a mail.
    pub(crate) authenticator: Arc<dyn Authenticator>,
    /// Where letters are written.
    pub(crate) desk: Arc<LetterSettings>,
    /// What commands changed.
    pub(crate) in_force: InForce,
    /// What is being worked on.
    pub(crate) journal: Journal,
}

impl Ports {
    /// Whether somebody may be told what is wrong with a mail to a list: only whom the keyring or
    /// the list's submitters know (anything else would be backscatter), and only where the list
    /// lets it be told.
    pub(crate) fn may_tell(&self, list: &ListName, address: &str) -> bool {
        self.desk.rules.get(list).is_some_and(|rules| {
            rules.near_misses
                && (rules.names_submitter(address)
                    || self.in_force.is_allowed(address)
                    || self.keyring.knows(address))
        })
    }

    /// The release managers as commands changed them.
    pub(crate) fn managers(&self) -> Vec<String> {
        self.in_force.overlay().managers(&self.desk.managers)
    }

    /// The writer of letters, for the release managers that there are now.
    pub(crate) fn letter_writer(&self) -> LetterWriter {
        self.desk.writer.clone().with_managers(&self.managers())
    }

    /// Whom the rights ask about, as commands changed that.
    pub(crate) fn people<'a>(&'a self, overlay: &'a Overlay) -> People<'a> {
        let LetterSettings { administrator, managers, .. } = self.desk.as_ref();
        People { administrator, managers, overlay }
    }

    /// Whether an address asked for a pull lately.
    ///
    /// # Errors
    /// As the store.
    pub(crate) fn is_author(&self, address: &str) -> Result<bool, Fault> {
        let newest = self.store.newest_pulls(AUTHORS)?;
        Ok(newest.iter().any(|pull| pull.mail().author.address.eq_ignore_ascii_case(address)))
    }

    /// What a mail is about: one of the bot's letters, or a request's own mail.
    ///
    /// # Errors
    /// As the store.
    pub(crate) fn about(&self, id: &MessageId) -> Result<Option<Item>, Fault> {
        if let Some(letter) = self.store.letter(id)? {
            return Ok(match letter.about {
                About::Pull(number) => Some(Item::Pull(number)),
                About::Run(run) => Some(Item::Run(run)),
                About::Mail(_) | About::Bot => None,
            });
        }
        Ok(self.store.pull_by_message_id(id)?.map(Item::Pull))
    }
}

/// What letters are written with.
pub(crate) struct LetterSettings {
    /// The writer.
    pub(crate) writer: LetterWriter,
    /// MAIL FROM of every letter.
    pub(crate) sender: String,
    /// The release managers of the configuration.
    pub(crate) managers: Vec<String>,
    /// Who keeps the bot running.
    pub(crate) administrator: String,
    /// The command mailbox's address, where there is one.
    pub(crate) commands: Option<String>,
    /// Lists, as letters name them.
    pub(crate) lists: BTreeMap<ListName, ListWords>,
    /// The lists' rules.
    pub(crate) rules: BTreeMap<ListName, Rules>,
    /// Targets, as letters name them.
    pub(crate) targets: BTreeMap<TargetName, TargetWords>,
    /// Lists that send nobody's own mail back: the bot sends itself a blind copy instead.
    pub(crate) blind_copies: BTreeMap<ListName, String>,
}
