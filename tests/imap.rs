//! The IMAP adapter against servers that misbehave, and against Dovecot.

#[path = "imap/bad_servers.rs"]
mod bad_servers;
#[path = "imap/certificates.rs"]
pub(crate) mod certificates;
#[path = "imap/dovecot.rs"]
mod dovecot;
#[path = "imap/fake.rs"]
mod fake;
#[path = "imap/real_server.rs"]
mod real_server;
#[path = "imap/waiting.rs"]
mod waiting;

use std::time::Duration;

use crate::adapters::imap::{ImapFolder, Limits};
use crate::config::model::{Account, Tls};
use crate::config::secret::Secret;
use crate::pull::ids::AccountName;
use jiff::SignedDuration;

const PASSWORD: &str = "correct horse";

fn account(port: u16) -> Account {
    Account {
        name: AccountName::new("list"),
        host: "127.0.0.1".into(),
        port,
        tls: Tls::None,
        ca_file: None,
        login: "bot".into(),
        password: Secret::new(PASSWORD),
        allow_plain: false,
        poll: SignedDuration::from_secs(60),
    }
}

/// Short enough for servers that never answer, long enough for a busy machine.
fn limits() -> Limits {
    Limits {
        command: Duration::from_millis(400),
        idle: Duration::from_secs(30),
        farewell: Duration::from_millis(300),
        ask_again: Duration::from_millis(20),
    }
}

/// For servers that answer.
fn patient() -> Limits {
    Limits { command: Duration::from_secs(20), farewell: Duration::from_secs(20), ..limits() }
}

fn folder(port: u16, limits: Limits) -> ImapFolder {
    ImapFolder::new(&account(port), "INBOX", limits).unwrap()
}
