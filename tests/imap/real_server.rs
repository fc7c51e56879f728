//! The adapter against Dovecot: what it must read, and what becomes of it when the server goes.

use std::thread;
use std::time::Duration;

use crate::adapters::imap::{ImapFolder, Limits, probe};
use crate::config::model::{Account, Tls};
use crate::config::secret::Secret;
use crate::ports::{FaultKind, Mailbox, News};
use jiff::{SignedDuration, Timestamp};
use rustix::process::Signal;

use crate::imap::dovecot::{Dovecot, PASSWORD};
use crate::imap::{account, limits, patient};

const LONG: SignedDuration = SignedDuration::from_secs(60);

/// Over TLS from the first byte, with the server's own CA.
fn secured(server: &Dovecot) -> Account {
    Account {
        host: "localhost".into(),
        tls: Tls::Implicit,
        ca_file: Some(server.ca_file()),
        password: Secret::new(PASSWORD),
        ..account(server.imaps)
    }
}

fn opened(account: &Account, folder: &str) -> ImapFolder {
    let mut mailbox = ImapFolder::new(account, folder, patient()).unwrap();
    mailbox.open().unwrap();
    mailbox
}

fn mail(number: u32) -> Vec<u8> {
    format!("Message-ID: <{number}@example.org>\r\nSubject: {number}\r\n\r\nText.\r\n").into_bytes()
}

/// What no text of a mail may be changed by: 8-bit, lines that look like IMAP, a long header.
fn odd_mail() -> Vec<u8> {
    let mut mail = format!("Subject: {}\r\nX: {{5}}\r\n", "long ".repeat(4000)).into_bytes();
    mail.extend_from_slice(b"From: \xe9\xff\x80 <a@example.org>\r\n\r\n");
    mail.extend_from_slice(b"a3 OK done\r\n* BYE {10}\r\n)\r\n.\r\n\"\\ \xf0\x9f\x98\x80\x01\r\n");
    mail
}

#[test]
fn a_mail_comes_byte_for_byte_and_stays_unseen() {
    let server = Dovecot::start();
    server.deliver("INBOX", &odd_mail());
    server.deliver("INBOX", &mail(2));
    let mut mailbox = opened(&secured(&server), "INBOX");
    let headings = mailbox.headings(1, 10).unwrap();
    let text = odd_mail();
    let end = text.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(headings[0].header, &text[..end]);
    assert_eq!(headings[0].size, text.len() as u64);
    assert!(headings[0].received_at > "2020-01-01T00:00:00Z".parse::<Timestamp>().unwrap());
    assert_eq!(mailbox.message(1, 1 << 20).unwrap().unwrap(), text);
    assert_eq!(mailbox.message(1, 100).unwrap().unwrap(), &text[..100]);
    assert_eq!(mailbox.message(99, 100).unwrap(), None);
    let now = headings[0].received_at;
    assert_eq!(mailbox.received_since(now).unwrap(), [1, 2]);
    let later = now + SignedDuration::from_hours(72);
    assert!(mailbox.received_since(later).unwrap().is_empty());
    assert!(mailbox.headings(3, 10).unwrap().is_empty());
    let flags = server.admin(&["fetch", "-u", "bot", "flags", "mailbox", "INBOX"]);
    assert!(!flags.contains("Seen"), "{flags}");
}

#[test]
fn tls_begins_at_once_or_by_starttls_and_needs_a_trusted_certificate() {
    let server = Dovecot::start();
    let implicit = secured(&server);
    let starttls = Account { port: server.imap, tls: Tls::Starttls, ..implicit.clone() };
    let names = ["INBOX".to_owned(), "None".to_owned()];
    for account in [&implicit, &starttls] {
        let found = probe(account, &names, &patient()).unwrap();
        assert!(found.is_encrypted && found.can_idle);
        assert!(found.folders[0].1.is_ok());
        let fault = found.folders[1].1.as_ref().unwrap_err();
        assert_eq!(fault.kind, FaultKind::Misconfigured, "{fault}");
    }
    let other = Dovecot::start();
    let untrusted = Account { ca_file: Some(other.ca_file()), ..implicit.clone() };
    let misnamed = Account { host: "127.0.0.1".into(), ..implicit.clone() };
    let mixed_up = Account { port: server.imap, ..implicit.clone() };
    for account in [untrusted, misnamed, mixed_up] {
        let fault = probe(&account, &names, &patient()).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Misconfigured, "{fault}");
        assert!(fault.detail.contains("TLS with"), "{fault}");
    }
    let wrong = Account { password: Secret::new("wrong battery"), ..implicit };
    let fault = probe(&wrong, &names, &patient()).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Misconfigured);
    assert!(fault.detail.contains("login as bot") && !fault.detail.contains("battery"), "{fault}");
}

#[test]
fn a_delivery_ends_the_wait() {
    let server = Dovecot::start();
    server.admin(&["mailbox", "create", "-u", "bot", "lists/Grüße & more"]);
    let mut mailbox = opened(&secured(&server), "lists/Grüße & more");
    thread::scope(|scope| {
        scope.spawn(|| server.deliver("lists/Grüße & more", &mail(1)));
        assert_eq!(mailbox.wait(LONG).unwrap(), News::Something);
    });
    assert_eq!(mailbox.open().unwrap().uid_next, 2);
    assert_eq!(mailbox.headings(1, 10).unwrap().len(), 1);
}

#[test]
fn an_idle_of_many_still_heres_is_woken_and_goes_on() {
    let server = Dovecot::start();
    let mut mailbox = opened(&secured(&server), "INBOX");
    let waker = mailbox.waker();
    thread::scope(|scope| {
        scope.spawn(move || {
            // Somewhere in the wait: any moment will do.
            thread::sleep(Duration::from_millis(100));
            waker.wake();
        });
        assert_eq!(mailbox.wait(LONG).unwrap(), News::Nothing);
    });
    assert_eq!(mailbox.wait(SignedDuration::from_millis(50)).unwrap(), News::Nothing);
    assert_eq!(server.signal_sessions(Signal::CONT), 1);
}

#[test]
fn a_folder_made_anew_has_another_uidvalidity() {
    let server = Dovecot::start();
    server.admin(&["mailbox", "create", "-u", "bot", "list"]);
    server.deliver("list", &mail(1));
    let mut mailbox = opened(&secured(&server), "list");
    let before = mailbox.open().unwrap();
    thread::scope(|scope| {
        scope.spawn(|| {
            server.admin(&["mailbox", "delete", "-u", "bot", "list"]);
            server.admin(&["mailbox", "create", "-u", "bot", "list"]);
            server.admin(&["mailbox", "update", "-u", "bot", "--uid-validity", "77", "list"]);
            server.deliver("list", &mail(2));
        });
        // Broken off, or news: both send the caller back to `open`.
        let _either = mailbox.wait(LONG);
    });
    // A session that was there before may be told to log in again, once.
    let after = mailbox.open().or_else(|_| mailbox.open()).unwrap();
    assert_ne!(before.uid_validity, after.uid_validity);
    assert_eq!(after.uid_validity, 77);
    assert_eq!(mailbox.headings(1, 10).unwrap()[0].header, &mail(2)[..mail(2).len() - 7]);
}

#[test]
fn a_killed_session_costs_one_call() {
    let server = Dovecot::start();
    server.deliver("INBOX", &mail(1));
    let mut mailbox = opened(&secured(&server), "INBOX");
    assert_eq!(server.signal_sessions(Signal::KILL), 1);
    assert_eq!(mailbox.headings(1, 10).unwrap_err().kind, FaultKind::Temporary);
    assert_eq!(mailbox.headings(1, 10).unwrap().len(), 1);
    assert_eq!(server.signal_sessions(Signal::KILL), 1);
    assert_eq!(mailbox.open().unwrap().uid_next, 2, "open connects anew by itself");
}

#[test]
fn a_frozen_session_is_left_for_a_new_one() {
    let server = Dovecot::start();
    server.deliver("INBOX", &mail(1));
    // Enough for a login on a busy machine.
    let short = Limits { command: Duration::from_millis(1500), ..limits() };
    let mut mailbox = ImapFolder::new(&secured(&server), "INBOX", short).unwrap();
    mailbox.open().unwrap();
    assert_eq!(server.signal_sessions(Signal::STOP), 1);
    let fault = mailbox.headings(1, 10).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Temporary);
    assert!(fault.detail.contains("no answer in time"), "{fault}");
    assert_eq!(mailbox.message(1, 1000).unwrap().unwrap(), mail(1));
}

#[test]
fn a_server_that_is_stopped_is_temporary() {
    let server = Dovecot::start();
    let account = secured(&server);
    let mut mailbox = opened(&account, "INBOX");
    drop(server);
    assert_eq!(mailbox.wait(LONG).unwrap_err().kind, FaultKind::Temporary);
    assert_eq!(mailbox.open().unwrap_err().kind, FaultKind::Temporary);
}
