//! What the stand-in mail server has when it starts: accounts and lists, said by the test or the
//! demo. It must not change afterwards; the hub holds what does.

use std::sync::Arc;

use super::list::{ListOptions, MailingList, Subscriber};
use crate::adapters::clock::SystemClock;
use crate::ports::Clock;

/// The accounts and lists of a stand-in mail server.
#[derive(Clone)]
pub struct MailWorld {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) accounts: Vec<AccountSetup>,
    pub(super) lists: Vec<MailingList>,
    pub(super) smtp_auth: bool,
    pub(super) size_limit: u64,
}

/// An account: a user who logs in, and the addresses whose mail lands in its INBOX.
#[derive(Debug, Clone)]
pub(super) struct AccountSetup {
    pub(super) user: String,
    pub(super) password: String,
    pub(super) addresses: Vec<String>,
}

impl Default for MailWorld {
    fn default() -> Self {
        Self::new()
    }
}

impl MailWorld {
    /// A server without accounts or lists, on the system's clock, taking mails up to 50 MB from
    /// anybody without a password.
    pub fn new() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            accounts: Vec::new(),
            lists: Vec::new(),
            smtp_auth: false,
            size_limit: 50_000_000,
        }
    }

    /// Adds an account with its addresses. It has an INBOX, and the folders that lists deliver to.
    pub fn account<const N: usize>(
        mut self,
        user: &str,
        password: &str,
        addresses: [&str; N],
    ) -> Self {
        self.accounts.push(AccountSetup {
            user: user.to_owned(),
            password: password.to_owned(),
            addresses: addresses.map(str::to_owned).to_vec(),
        });
        self
    }

    /// Adds a list by its posting address and its List-Id (without brackets).
    pub fn list(mut self, address: &str, id: &str, options: ListOptions) -> Self {
        self.lists.push(MailingList {
            address: address.to_owned(),
            id: id.to_owned(),
            options,
            subscribers: Vec::new(),
            archive: Vec::new(),
            held: Vec::new(),
        });
        self
    }

    /// Subscribes an account's folder to a list that was added before. A list that is not there
    /// gets no subscriber.
    pub fn subscribe(mut self, list: &str, user: &str, folder: &str) -> Self {
        for known in self.lists.iter_mut().filter(|known| known.address == list) {
            known
                .subscribers
                .push(Subscriber { account: user.to_owned(), folder: folder.to_owned() });
        }
        self
    }

    /// Takes mail only after AUTH.
    pub fn smtp_needs_login(mut self) -> Self {
        self.smtp_auth = true;
        self
    }

    /// Takes no mail larger than this many bytes (RFC 1870).
    pub fn size_limit(mut self, bytes: u64) -> Self {
        self.size_limit = bytes;
        self
    }
}
