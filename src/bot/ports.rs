//! What the loop works with: one value of each port, and the desk that letters are written at.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::mail::Rules;
use crate::mail::letter::{ListWords, Pen, TargetWords};
use crate::ports::{Clock, Keyring, Outbound, Pipelines, Repository, Store};
use crate::pull::ids::{ListName, TargetName};

/// The ports. Cheap to clone: every thread has its own.
#[derive(Clone)]
pub struct Ports {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// What the bot remembers.
    pub store: Arc<dyn Store>,
    /// Git.
    pub repository: Arc<dyn Repository>,
    /// The trusted keys.
    pub keyring: Arc<dyn Keyring>,
    /// The way out for letters.
    pub outbound: Arc<dyn Outbound>,
    /// GitLab, for each target.
    pub pipelines: BTreeMap<TargetName, Arc<dyn Pipelines>>,
    /// Where letters are written.
    pub desk: Arc<Desk>,
}

impl Ports {
    /// Whether somebody may be told what is wrong with a mail to a list: only whom the keyring or
    /// the list's submitters know (anything else would be backscatter), and only where the list
    /// lets it be told.
    pub fn may_tell(&self, list: &ListName, address: &str) -> bool {
        self.desk.rules.get(list).is_some_and(|rules| {
            rules.near_misses && (rules.names_submitter(address) || self.keyring.knows(address))
        })
    }
}

/// What letters are written with.
pub struct Desk {
    /// The writer.
    pub pen: Pen,
    /// MAIL FROM of every letter.
    pub sender: String,
    /// Lists, as letters name them.
    pub lists: BTreeMap<ListName, ListWords>,
    /// The lists' rules.
    pub rules: BTreeMap<ListName, Rules>,
    /// Targets, as letters name them.
    pub targets: BTreeMap<TargetName, TargetWords>,
    /// Lists that send nobody's own mail back: the bot sends itself a blind copy instead.
    pub blind_copies: BTreeMap<ListName, String>,
}
