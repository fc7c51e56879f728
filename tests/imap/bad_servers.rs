//! What a server can do wrong, or rightly but unexpectedly, outside of a wait.

use std::io;
use std::time::Duration;

use crate::adapters::imap::{ImapFolder, probe};
use crate::config::model::Tls;
use crate::ports::{FaultKind, Mailbox};

use crate::imap::fake::{Fake, Talk, Then, item, mail, range};
use crate::imap::{PASSWORD, account, folder, limits, patient};

fn polite(_: &mut Talk, _: &str, _: &str) -> Then {
    Then::Polite
}

/// Answers a command itself if it begins like that.
fn on(
    start: &'static str,
    mut answer: impl FnMut(&mut Talk, &str, &str) -> io::Result<()>,
) -> impl FnMut(&mut Talk, &str, &str) -> Then {
    move |talk, tag, command| {
        if !command.starts_with(start) {
            return Then::Polite;
        }
        if answer(talk, tag, command).is_ok() { Then::Done } else { Then::Close }
    }
}

fn uids(mailbox: &mut ImapFolder, from: u32) -> Vec<u32> {
    mailbox.headings(from, 100).unwrap().iter().map(|heading| heading.uid).collect()
}

#[test]
fn headers_and_bodies_come_as_they_are() {
    let fake = Fake::start(polite);
    let mut mailbox = folder(fake.port, patient());
    let state = mailbox.open().unwrap();
    assert_eq!((state.uid_validity, state.uid_next, state.exists), (7, 4, 3));
    let headings = mailbox.headings(2, 100).unwrap();
    assert_eq!(headings.iter().map(|h| h.uid).collect::<Vec<_>>(), [2, 3]);
    let first = &headings[0];
    assert_eq!(first.header, b"Message-ID: <2@example.org>\r\nSubject: mail 2\r\n\r\n");
    assert_eq!(first.size, mail(2).len() as u64);
    assert_eq!(first.received_at, "2026-03-05T09:00:00Z".parse().unwrap());
    assert_eq!(mailbox.message(3, 1 << 20).unwrap().unwrap(), mail(3).as_bytes());
    assert_eq!(mailbox.message(3, 10).unwrap().unwrap(), &mail(3).as_bytes()[..10]);
    assert_eq!(mailbox.headings(1, 2).unwrap().len(), 2);
    drop(mailbox);
    assert_eq!(fake.count("LOGOUT"), 1);
    assert_eq!(fake.world().connections, 1);
}

#[test]
fn the_last_mail_is_not_taken_for_a_new_one() {
    let fake = Fake::start(polite);
    let mut mailbox = folder(fake.port, patient());
    assert!(uids(&mut mailbox, 4).is_empty());
    assert_eq!(fake.count("UID SEARCH UID 4:*"), 1);
}

#[test]
fn uids_are_listed_once_after_each_open() {
    let fake = Fake::start(polite);
    let mut mailbox = folder(fake.port, patient());
    mailbox.open().unwrap();
    assert_eq!(mailbox.headings(1, 1).unwrap()[0].uid, 1);
    fake.world().add();
    assert_eq!(uids(&mut mailbox, 2), [2, 3]);
    assert_eq!(fake.count("UID SEARCH"), 1);
    mailbox.open().unwrap();
    assert_eq!(uids(&mut mailbox, 2), [2, 3, 4]);
}

#[test]
fn many_mails_are_read_in_a_few_commands() {
    let fake = Fake::start(polite);
    fake.world().mails = (1..=500).map(|n| (n * 3, mail(n * 3))).collect();
    let mut mailbox = folder(fake.port, patient());
    let found = mailbox.headings(1, 1000).unwrap();
    assert_eq!(found.len(), 500);
    assert!(found.is_sorted_by_key(|heading| heading.uid));
    assert_eq!(fake.count("UID FETCH"), 3);
}

#[test]
fn a_mail_that_can_not_be_read_is_left_out_alone() {
    let fake = Fake::start(on("UID FETCH", |talk, tag, command| {
        let (first, last) = range(command);
        if (first..=last).contains(&2) {
            talk.say("* 2 FETCH (UID 2 RFC822.SIZE nonsense)\r\n")?;
            return talk.say(&format!("{tag} OK\r\n"));
        }
        talk.answer(tag, command)
    }));
    let mut mailbox = folder(fake.port, patient());
    assert_eq!(uids(&mut mailbox, 1), [1, 3]);
}

#[test]
fn a_server_that_garbles_every_mail_is_a_fault_and_loses_none() {
    let fake = Fake::start(on("UID FETCH", |talk, tag, _| {
        talk.say(&format!("* what is this\r\n{tag} OK\r\n"))
    }));
    let mut mailbox = folder(fake.port, patient());
    let fault = mailbox.headings(1, 100).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Temporary);
    assert!(fault.detail.contains("none of 3 mails"), "{fault}");
}

#[test]
fn a_mail_that_stalls_the_server_is_left_out_at_the_third_call() {
    let fake = Fake::start(on("UID FETCH", |talk, tag, command| {
        let (first, last) = range(command);
        if (first..=last).contains(&2) {
            return talk.say("* 2 FETCH (UID 2 ");
        }
        talk.answer(tag, command)
    }));
    let mut short = limits();
    short.command = Duration::from_millis(100);
    let mut mailbox = folder(fake.port, short);
    for call in 1..=2 {
        let fault = mailbox.headings(1, 100).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Temporary, "call {call}");
        assert!(fault.detail.contains("UID 2"), "{fault}");
    }
    assert_eq!(uids(&mut mailbox, 1), [1, 3]);
}

#[test]
fn what_is_told_of_other_mails_meanwhile_is_no_heading() {
    let fake = Fake::start(on("UID FETCH", |talk, tag, command| {
        talk.say("* 1 FETCH (FLAGS (\\Seen))\r\n* 9 EXISTS\r\n* OK still here\r\n")?;
        talk.say(&item(9, 99, &mail(99), command))?;
        talk.answer(tag, command)
    }));
    let mut mailbox = folder(fake.port, patient());
    assert_eq!(uids(&mut mailbox, 2), [2, 3]);
    assert_eq!(fake.world().connections, 1);
}

#[test]
fn a_mail_that_vanished_has_no_body() {
    let fake = Fake::start(polite);
    let mut mailbox = folder(fake.port, patient());
    assert_eq!(uids(&mut mailbox, 1), [1, 2, 3]);
    fake.world().mails.remove(1);
    assert_eq!(mailbox.message(2, 1000).unwrap(), None);
}

#[test]
fn a_mail_that_is_refused_because_it_vanished_has_no_body() {
    let mut refusals = 1;
    let fake = Fake::start(on("UID FETCH 2 ", move |talk, tag, command| {
        if refusals > 0 {
            refusals -= 1;
            talk.world().mails.remove(1);
            return talk.say(&format!("{tag} NO [EXPUNGEISSUED] some are gone\r\n"));
        }
        talk.answer(tag, command)
    }));
    let mut mailbox = folder(fake.port, patient());
    mailbox.open().unwrap();
    assert_eq!(mailbox.message(2, 1000).unwrap(), None);
    assert_eq!(fake.world().connections, 2);
}

#[test]
fn a_body_longer_than_asked_for_is_not_held() {
    let fake = Fake::start(on("UID FETCH 2 ", |talk, _, _| {
        talk.say("* 2 FETCH (UID 2 BODY[]<0> {900000000}\r\n")?;
        loop {
            talk.say(&"x".repeat(8192))?;
        }
    }));
    let mut mailbox = folder(fake.port, patient());
    mailbox.open().unwrap();
    let fault = mailbox.message(2, 1000).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Permanent);
    assert!(fault.detail.contains("UID 2") && fault.detail.contains("too long"), "{fault}");
    assert_eq!(mailbox.message(3, 1000).unwrap().unwrap(), mail(3).as_bytes());
}

#[test]
fn a_line_without_an_end_is_not_held() {
    let fake = Fake::start(on("EXAMINE", |talk, _, _| {
        loop {
            talk.say(&"x".repeat(8192))?;
        }
    }));
    let fault = folder(fake.port, patient()).open().unwrap_err();
    assert_eq!(fault.kind, FaultKind::Temporary);
    assert!(fault.detail.contains("too long"), "{fault}");
}

#[test]
fn a_server_that_says_nothing_is_left() {
    let fake = Fake::greeting("", polite);
    let fault = folder(fake.port, limits()).open().unwrap_err();
    assert_eq!(fault.kind, FaultKind::Temporary);
    assert!(fault.detail.contains("no answer in time"), "{fault}");
}

#[test]
fn a_server_that_trickles_is_left_at_the_deadline() {
    let fake = Fake::start(on("CAPABILITY", |talk, _, _| {
        loop {
            talk.say("* OK patience\r\n")?;
            talk.hears_within(Duration::from_millis(10));
        }
    }));
    let fault = folder(fake.port, limits()).open().unwrap_err();
    assert!(fault.detail.contains("no answer in time"), "{fault}");
}

#[test]
fn nobody_listening_is_temporary() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let fault = folder(port, limits()).open().unwrap_err();
    assert_eq!(fault.kind, FaultKind::Temporary);
    assert!(fault.detail.contains("can't connect"), "{fault}");
}

#[test]
fn a_greeting_of_bye_is_temporary_and_told() {
    let fake = Fake::greeting("* BYE come back later\r\n", polite);
    let fault = folder(fake.port, patient()).open().unwrap_err();
    assert_eq!(fault.kind, FaultKind::Temporary);
    assert!(fault.detail.contains("come back later"), "{fault}");
}

#[test]
fn a_greeting_of_preauth_is_refused() {
    let fake = Fake::greeting("* PREAUTH welcome\r\n", polite);
    let fault = folder(fake.port, patient()).open().unwrap_err();
    assert_eq!(fault.kind, FaultKind::Misconfigured);
}

#[test]
fn a_wrong_password_is_the_administrators_and_is_not_told() {
    for (capabilities, start) in [("IMAP4rev1 AUTH=PLAIN", "AUTHENTICATE"), ("IMAP4rev1", "LOGIN")]
    {
        let fake = Fake::start(on(start, move |talk, tag, command| {
            if start == "AUTHENTICATE" {
                talk.say("+ \r\n")?;
                talk.hear()?;
            }
            talk.say(&format!("{tag} NO [AUTHENTICATIONFAILED] {command} {PASSWORD}\r\n"))
        }));
        fake.world().capabilities = capabilities;
        let fault = folder(fake.port, patient()).open().unwrap_err();
        assert_eq!(fault.kind, FaultKind::Misconfigured);
        assert!(!fault.detail.contains(PASSWORD), "{fault}");
        assert!(fault.detail.contains("login as bot"), "{fault}");
    }
}

#[test]
fn a_login_that_is_refused_for_now_is_temporary() {
    let fake = Fake::start(on("AUTHENTICATE", |talk, tag, _| {
        talk.say(&format!("{tag} NO [UNAVAILABLE] try later\r\n"))
    }));
    let fault = folder(fake.port, patient()).open().unwrap_err();
    assert_eq!(fault.kind, FaultKind::Temporary);
}

#[test]
fn no_password_goes_to_a_server_that_wants_none() {
    let fake = Fake::start(polite);
    fake.world().capabilities = "IMAP4rev1 LOGINDISABLED";
    let fault = folder(fake.port, patient()).open().unwrap_err();
    assert_eq!(fault.kind, FaultKind::Misconfigured);
    assert_eq!(fake.count("LOGIN") + fake.count("AUTHENTICATE"), 0);
}

#[test]
fn what_is_said_before_tls_is_not_heard_under_it() {
    let fake = Fake::start(on("STARTTLS", |talk, tag, _| {
        talk.say(&format!("{tag} OK begin\r\na1 OK injected\r\n"))
    }));
    let mut account = account(fake.port);
    account.tls = Tls::Starttls;
    let fault = ImapFolder::new(&account, "INBOX", patient()).unwrap().open().unwrap_err();
    assert_eq!(fault.kind, FaultKind::Misconfigured);
    assert!(fault.detail.contains("before TLS began"), "{fault}");
    assert_eq!(fake.world().heard, ["tls STARTTLS"]);
}

#[test]
fn without_starttls_nothing_more_is_said() {
    let fake = Fake::start(on("STARTTLS", |talk, tag, _| {
        talk.say(&format!("* OK hm\r\n{tag} BAD unknown\r\n"))
    }));
    let mut account = account(fake.port);
    account.tls = Tls::Starttls;
    let fault = ImapFolder::new(&account, "INBOX", patient()).unwrap().open().unwrap_err();
    assert_eq!(fault.kind, FaultKind::Misconfigured);
    assert_eq!(fake.world().heard, ["tls STARTTLS"]);
}

#[test]
fn a_folder_that_is_refused_is_the_administrators_unless_it_passes() {
    for (words, kind) in [
        ("[NONEXISTENT] no such folder", FaultKind::Misconfigured),
        ("[UNAVAILABLE] disk away", FaultKind::Temporary),
    ] {
        let fake = Fake::start(on("EXAMINE", move |talk, tag, _| {
            talk.say(&format!("{tag} NO {words}\r\n"))
        }));
        let fault = folder(fake.port, patient()).open().unwrap_err();
        assert_eq!(fault.kind, kind, "{fault}");
        assert!(fault.detail.contains("INBOX"), "{fault}");
    }
}

#[test]
fn a_warning_while_the_folder_opens_is_no_fault() {
    let fake = Fake::start(on("EXAMINE", |talk, tag, command| {
        talk.say("* NO [ALERT] the mailbox is nearly full\r\n")?;
        talk.say("* 1 FETCH (FLAGS (\\Seen))\r\n")?;
        talk.answer(tag, command)
    }));
    let state = folder(fake.port, patient()).open().unwrap();
    assert_eq!((state.uid_validity, state.uid_next, state.exists), (7, 4, 3));
}

#[test]
fn a_server_without_uidnext_is_asked_for_its_last_mail() {
    let fake = Fake::start(on("EXAMINE", |talk, tag, _| {
        talk.say(&format!("* 3 EXISTS\r\n* OK [UIDVALIDITY 7]\r\n{tag} OK\r\n"))
    }));
    assert_eq!(folder(fake.port, patient()).open().unwrap().uid_next, 4);
}

#[test]
fn folder_names_are_encoded_and_quoted() {
    let fake = Fake::start(polite);
    let name = "Entwürfe \"& \\more\"\r\nx";
    ImapFolder::new(&account(fake.port), name, patient()).unwrap().open().unwrap();
    assert_eq!(fake.count("EXAMINE \"Entw&APw-rfe \\\"&- \\\\more\\\"&AA0ACg-x\""), 1);
}

#[test]
fn uids_of_a_folder_made_anew_are_never_mixed_with_the_old_ones() {
    let fake = Fake::start({
        let mut cut = true;
        move |talk: &mut Talk, _: &str, command: &str| {
            if command.starts_with("UID SEARCH") && std::mem::take(&mut cut) {
                talk.world().uid_validity = 3;
                return Then::Close;
            }
            Then::Polite
        }
    });
    let mut mailbox = folder(fake.port, patient());
    assert_eq!(mailbox.open().unwrap().uid_validity, 7);
    assert_eq!(mailbox.headings(1, 10).unwrap_err().kind, FaultKind::Temporary);
    let fault = mailbox.headings(1, 10).unwrap_err();
    assert!(fault.detail.contains("UIDVALIDITY 7 is 3 now"), "{fault}");
    assert!(mailbox.message(1, 1000).is_err());
    assert_eq!(mailbox.open().unwrap().uid_validity, 3);
    assert_eq!(uids(&mut mailbox, 1), [1, 2, 3]);
}

#[test]
fn after_a_broken_connection_the_next_call_connects_anew() {
    let mut left = 1;
    let fake = Fake::start(move |_, _, command| {
        if command.starts_with("UID SEARCH") && left > 0 {
            left -= 1;
            return Then::Close;
        }
        Then::Polite
    });
    let mut mailbox = folder(fake.port, patient());
    mailbox.open().unwrap();
    assert_eq!(mailbox.headings(1, 10).unwrap_err().kind, FaultKind::Temporary);
    assert_eq!(uids(&mut mailbox, 1), [1, 2, 3]);
}

#[test]
fn a_search_by_date_is_asked_in_english_and_begins_a_day_earlier() {
    let fake = Fake::start(polite);
    let mut mailbox = folder(fake.port, patient());
    let day = "2026-03-01T08:00:00Z".parse().unwrap();
    assert_eq!(mailbox.received_since(day).unwrap(), [1, 2, 3]);
    assert_eq!(fake.count("UID SEARCH SINCE 28-Feb-2026"), 1);
}

#[test]
fn a_probe_tells_of_each_folder() {
    let fake = Fake::start(on("EXAMINE \"Gone\"", |talk, tag, _| {
        talk.say(&format!("{tag} NO no such folder\r\n"))
    }));
    let names = ["Gone".to_owned(), "INBOX".to_owned()];
    let found = probe(&account(fake.port), &names, &patient()).unwrap();
    assert!(found.can_idle && !found.is_encrypted);
    assert_eq!(found.folders[0].1.as_ref().unwrap_err().kind, FaultKind::Misconfigured);
    assert_eq!(found.folders[1].1.as_ref().unwrap().uid_next, 4);
}
