//! What happens inside the stand-in mail server: mails arrive, are distributed, and are seen.
//!
//! Every change is made under one lock, then announced twice: to IMAP sessions that idle (a watch
//! channel), and to threads of a test that wait (a condition variable). It must not speak a
//! protocol.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::watch;

use super::faults::{Faults, MailFault, Moment};
use super::folder::{Folder, StoredMail};
use super::headers;
use super::list::{MailingList, Post};
use super::world::{AccountSetup, MailWorld};
use crate::ports::Clock;

/// The name under which the server greets.
pub(super) const HOST: &str = "mail.example";

/// Everything that changes.
pub(super) struct State {
    folders: BTreeMap<(String, String), Folder>,
    pub(super) lists: Vec<MailingList>,
    pub(super) faults: Faults,
    /// Whether IDLE announces nothing.
    pub(super) mute: bool,
}

impl State {
    pub(super) fn folder(&self, user: &str, name: &str) -> Option<&Folder> {
        self.folders.get(&key(user, name))
    }

    pub(super) fn folder_mut(&mut self, user: &str, name: &str) -> Option<&mut Folder> {
        self.folders.get_mut(&key(user, name))
    }

    /// The names of an account's folders.
    pub(super) fn folder_names(&self, user: &str) -> Vec<String> {
        self.folders
            .keys()
            .filter(|(owner, _)| owner == user)
            .map(|(_, name)| name.clone())
            .collect()
    }

    /// The folder, made if need be. UIDVALIDITY differs from folder to folder, so that a client
    /// that mixes them up is found out.
    fn folder_made(&mut self, user: &str, name: &str) -> &mut Folder {
        let validity = 1_000 + 10 * self.folders.len() as u32;
        self.folders.entry(key(user, name)).or_insert_with(|| Folder::new(validity))
    }
}

/// INBOX is one folder however it is written (RFC 3501, section 5.1).
fn key(user: &str, name: &str) -> (String, String) {
    let name = if name.eq_ignore_ascii_case("INBOX") { "INBOX" } else { name };
    (user.to_owned(), name.to_owned())
}

/// Where a recipient's mail goes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Route {
    List(String),
    Inbox(String),
}

/// A post that waits before it is distributed.
pub(super) struct Delayed {
    pub(super) list: String,
    pub(super) post: Post,
    pub(super) after: Duration,
}

/// The server's inside.
pub(super) struct Hub {
    clock: Arc<dyn Clock>,
    accounts: Vec<AccountSetup>,
    pub(super) smtp_auth: bool,
    pub(super) size_limit: u64,
    state: Mutex<State>,
    changed: Condvar,
    news: watch::Sender<u64>,
    /// Counts how often all IMAP connections were dropped.
    pub(super) drops: watch::Sender<u64>,
}

impl Hub {
    pub(super) fn new(world: MailWorld) -> Self {
        let mut state = State {
            folders: BTreeMap::new(),
            lists: world.lists,
            faults: Faults::default(),
            mute: false,
        };
        for account in &world.accounts {
            state.folder_made(&account.user, "INBOX");
        }
        let subscribers: Vec<_> =
            state.lists.iter().flat_map(|list| list.subscribers.clone()).collect();
        for subscriber in subscribers {
            state.folder_made(&subscriber.account, &subscriber.folder);
        }
        Self {
            clock: world.clock,
            accounts: world.accounts,
            smtp_auth: world.smtp_auth,
            size_limit: world.size_limit,
            state: Mutex::new(state),
            changed: Condvar::new(),
            news: watch::Sender::new(0),
            drops: watch::Sender::new(0),
        }
    }

    /// The state, to read or to change; a change is told with [`announce`](Self::announce).
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes everybody who waits for a change.
    pub(super) fn announce(&self) {
        self.changed.notify_all();
        self.news.send_modify(|count| *count += 1);
    }

    /// Changes as they come.
    pub(super) fn news(&self) -> watch::Receiver<u64> {
        self.news.subscribe()
    }

    /// The fault that strikes now.
    pub(super) fn strike(&self, moment: Moment) -> Option<MailFault> {
        self.state().faults.strike(moment)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Whether that user has that password.
    pub(super) fn admits(&self, user: &str, password: &str) -> bool {
        self.accounts.iter().any(|known| known.user == user && known.password == password)
    }

    /// Whether mail to that address is taken.
    pub(super) fn takes(&self, recipient: &str) -> bool {
        self.route(recipient).is_some()
    }

    fn route(&self, recipient: &str) -> Option<Route> {
        let is_it = |address: &String| address.eq_ignore_ascii_case(recipient);
        if let Some(list) = self.state().lists.iter().find(|list| is_it(&list.address)) {
            return Some(Route::List(list.address.clone()));
        }
        let account = self.accounts.iter().find(|account| account.addresses.iter().any(is_it))?;
        Some(Route::Inbox(account.user.clone()))
    }

    /// The user whose INBOX takes mail to that address.
    pub(super) fn owner(&self, address: &str) -> Option<String> {
        let is_it = |known: &String| known.eq_ignore_ascii_case(address);
        let account = self.accounts.iter().find(|account| account.addresses.iter().any(is_it))?;
        Some(account.user.clone())
    }

    /// Delivers one transaction: to INBOXes and lists now, but for posts that must wait a while.
    pub(super) fn deliver(&self, sender: &str, recipients: &[String], mail: &[u8]) -> Vec<Delayed> {
        let received = self.now();
        let date = jiff::fmt::rfc2822::to_string(&received.to_zoned(jiff::tz::TimeZone::UTC))
            .unwrap_or_default();
        let trace = format!("Received: by {HOST} with ESMTP; {date}\r\n");
        let traced = [trace.as_bytes(), &headers::with_crlf(mail)].concat();
        let mut delayed = Vec::new();
        for recipient in recipients {
            match self.route(recipient) {
                Some(Route::Inbox(user)) => self.to_inbox(&user, sender, recipient, &traced),
                Some(Route::List(list)) => {
                    let post = Post { sender: sender.to_owned(), bytes: traced.clone() };
                    delayed.extend(self.to_list(list, post));
                }
                None => {}
            }
        }
        self.announce();
        delayed
    }

    fn to_inbox(&self, user: &str, sender: &str, recipient: &str, mail: &[u8]) {
        let head = format!("Return-Path: <{sender}>\r\nDelivered-To: {recipient}\r\n");
        let stored = StoredMail::new(&[head.as_bytes(), mail].concat(), self.now());
        self.state().folder_made(user, "INBOX").add(stored);
    }

    fn to_list(&self, address: String, post: Post) -> Option<Delayed> {
        let wait = {
            let mut state = self.state();
            let list = state.lists.iter_mut().find(|list| list.address == address)?;
            if list.options.moderated {
                list.held.push(post);
                return None;
            }
            list.options.delay
        };
        match wait {
            Some(after) => Some(Delayed { list: address, post, after }),
            None => {
                self.distribute(&address, &post);
                None
            }
        }
    }

    /// Gives a post to a list's archive and subscribers.
    pub(super) fn distribute(&self, address: &str, post: &Post) {
        let received = self.now();
        let mut state = self.state();
        let Some(list) = state.lists.iter_mut().find(|list| list.address == address) else {
            return;
        };
        let stored = StoredMail::new(&list.copy(post), received);
        let times = if list.options.duplicate { 2 } else { 1 };
        list.archive.extend(std::iter::repeat_n(stored.clone(), times));
        let own = list.options.suppress_own_copy;
        let subscribers = list.subscribers.clone();
        for subscriber in subscribers {
            if own && self.wrote(&subscriber.account, post) {
                continue;
            }
            for _ in 0..times {
                state.folder_made(&subscriber.account, &subscriber.folder).add(stored.clone());
            }
        }
        drop(state);
        self.announce();
    }

    fn wrote(&self, user: &str, post: &Post) -> bool {
        self.accounts
            .iter()
            .filter(|account| account.user == user)
            .any(|account| account.addresses.iter().any(|address| post.is_by(address)))
    }

    /// Distributes what a moderated list holds; returns how many posts.
    pub(super) fn release(&self, address: &str) -> usize {
        let held: Vec<Post> = self
            .state()
            .lists
            .iter_mut()
            .filter(|list| list.address == address)
            .flat_map(|list| std::mem::take(&mut list.held))
            .collect();
        for post in &held {
            self.distribute(address, post);
        }
        held.len()
    }

    /// Puts a mail, or made-up ones, into a folder that is made if need be.
    pub(super) fn put(&self, user: &str, folder: &str, change: impl FnOnce(&mut Folder)) {
        change(self.state().folder_made(user, folder));
        self.announce();
    }

    /// Waits until `look` finds what it looks for, or the deadline passes.
    pub(super) fn wait<T>(
        &self,
        deadline: Instant,
        mut look: impl FnMut(&State) -> Option<T>,
    ) -> Option<T> {
        let mut state = self.state();
        loop {
            if let Some(found) = look(&state) {
                return Some(found);
            }
            let left = deadline.checked_duration_since(Instant::now())?;
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}
