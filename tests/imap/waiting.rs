//! Waiting for news, with IDLE and without, whatever the server says meanwhile.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::adapters::imap::{ImapFolder, Limits};
use crate::ports::{FaultKind, Mailbox, News};
use jiff::SignedDuration;

use crate::imap::fake::{Fake, Talk, Then};
use crate::imap::{folder, limits, patient};

/// No wait in these tests lasts so long: it ends by what the test does.
const LONG: SignedDuration = SignedDuration::from_secs(600);
const SHORT: SignedDuration = SignedDuration::from_millis(60);

/// Answers the first IDLE with that, and is polite afterwards.
fn idle_says(text: &'static str) -> impl FnMut(&mut Talk, &str, &str) -> Then {
    let mut first = true;
    move |talk, tag, command| {
        if command != "IDLE" || !std::mem::take(&mut first) {
            return Then::Polite;
        }
        if talk.say(text).is_err() {
            return Then::Close;
        }
        match talk.hear() {
            Ok(line) if line == "DONE" && talk.say(&format!("{tag} OK\r\n")).is_ok() => Then::Done,
            _ => Then::Close,
        }
    }
}

fn opened(fake: &Fake, limits: Limits) -> ImapFolder {
    let mut mailbox = folder(fake.port, limits);
    mailbox.open().unwrap();
    mailbox
}

#[test]
fn an_announcement_ends_the_wait() {
    for said in [
        "+ idling\r\n* 4 EXISTS\r\n",
        "+ idling\r\n* OK Still here\r\n* 2 EXPUNGE\r\n* 1 FETCH (FLAGS (\\Seen))\r\n* 4 EXISTS\r\n",
        // Legal: anything may come before the `+` (RFC 3501, section 7).
        "* 4 EXISTS\r\n+ idling\r\n",
        "* OK chatter\r\n* 1 FETCH (FLAGS (\\Seen))\r\n+ \r\n* 4 EXISTS\r\n* 1 RECENT\r\n",
    ] {
        let fake = Fake::start(idle_says(said));
        let mut mailbox = opened(&fake, patient());
        assert_eq!(mailbox.wait(LONG).unwrap(), News::Something, "{said:?}");
        mailbox.open().unwrap();
        assert_eq!(mailbox.headings(1, 10).unwrap().len(), 3);
        assert_eq!(fake.world().connections, 1, "{said:?}");
    }
}

#[test]
fn a_wait_without_news_ends_by_itself() {
    let fake = Fake::start(|_, _, _| Then::Polite);
    let mut mailbox = opened(&fake, patient());
    assert_eq!(mailbox.wait(SHORT).unwrap(), News::Nothing);
    assert_eq!(mailbox.wait(SignedDuration::ZERO).unwrap(), News::Nothing);
    assert_eq!(fake.world().connections, 1);
}

#[test]
fn what_arrived_since_the_folder_was_opened_is_news_at_once() {
    let fake = Fake::start(|_, _, _| Then::Polite);
    let mut mailbox = opened(&fake, patient());
    fake.world().add();
    assert_eq!(mailbox.wait(LONG).unwrap(), News::Something);
    assert_eq!(fake.count("IDLE"), 0);
}

#[test]
fn what_arrives_while_a_wait_ends_is_not_lost() {
    let fake = Fake::start(|talk, tag, command| {
        if command != "IDLE" {
            return Then::Polite;
        }
        let _said = talk.say("+ idling\r\n");
        let _done = talk.hear();
        let uid = talk.world().add();
        let _said = talk.say(&format!("* {uid} EXISTS\r\n{tag} OK\r\n"));
        Then::Done
    });
    let mut mailbox = opened(&fake, patient());
    assert_eq!(mailbox.wait(SHORT).unwrap(), News::Something);
}

#[test]
fn a_refused_idle_is_done_without() {
    for refusal in ["OK what", "NO not now", "BAD unknown"] {
        let fake = Fake::start(move |talk, tag, command| {
            if command != "IDLE" {
                return Then::Polite;
            }
            // The mail comes in while the client looks now and then.
            talk.world().add();
            let _said = talk.say(&format!("{tag} {refusal}\r\n"));
            Then::Done
        });
        let mut mailbox = opened(&fake, patient());
        assert_eq!(mailbox.wait(LONG).unwrap(), News::Something, "{refusal}");
        mailbox.open().unwrap();
        assert_eq!(mailbox.wait(SHORT).unwrap(), News::Nothing, "{refusal}");
        assert_eq!(fake.count("IDLE"), 1, "{refusal}");
    }
}

#[test]
fn a_server_without_idle_is_asked_now_and_then() {
    let mut looks = 0;
    let fake = Fake::start(move |talk, _, command| {
        if command.starts_with("EXAMINE") {
            looks += 1;
            if looks == 5 {
                talk.world().add();
            }
        }
        Then::Polite
    });
    fake.world().capabilities = "IMAP4rev1 AUTH=PLAIN";
    let mut mailbox = opened(&fake, patient());
    assert_eq!(mailbox.wait(LONG).unwrap(), News::Something);
    assert_eq!(fake.count("EXAMINE"), 5);
    assert_eq!(fake.count("IDLE"), 0);
}

#[test]
fn what_can_not_be_read_costs_a_connection_and_nothing_else() {
    for said in
        ["+ idling\r\n* what is this?\r\n", "+ idling\r\nrubbish\r\n", "+ idling\r\n* BYE\r\n"]
    {
        let fake = Fake::start(idle_says(said));
        let mut mailbox = opened(&fake, limits());
        assert_eq!(mailbox.wait(LONG).unwrap_err().kind, FaultKind::Temporary, "{said:?}");
        assert_eq!(mailbox.wait(SHORT).unwrap(), News::Nothing, "{said:?}");
        assert_eq!(fake.world().connections, 2, "{said:?}");
    }
}

#[test]
fn a_closed_connection_ends_the_wait() {
    let mut first = true;
    let fake = Fake::start(move |talk, _, command| {
        if command == "IDLE" && std::mem::take(&mut first) {
            let _said = talk.say("+ idling\r\n");
            return Then::Close;
        }
        Then::Polite
    });
    let mut mailbox = opened(&fake, patient());
    assert_eq!(mailbox.wait(LONG).unwrap_err().kind, FaultKind::Temporary);
    assert_eq!(mailbox.wait(SHORT).unwrap(), News::Nothing);
}

#[test]
fn half_a_line_at_the_end_of_a_wait_is_not_lost() {
    let fake = Fake::start(|talk, tag, command| {
        if command != "IDLE" {
            return Then::Polite;
        }
        let _said = talk.say("+ idling\r\n* 3 EXI");
        let _done = talk.hear();
        let _said = talk.say(&format!("STS\r\n{tag} OK\r\n"));
        Then::Done
    });
    let mut mailbox = opened(&fake, patient());
    assert_eq!(mailbox.wait(SHORT).unwrap(), News::Nothing);
    assert_eq!(mailbox.wait(SHORT).unwrap(), News::Nothing);
    assert_eq!(fake.world().connections, 1);
}

#[test]
fn a_server_that_is_frozen_while_idle_is_noticed() {
    let fake = Fake::start(|talk, _, command| {
        if command != "IDLE" {
            return Then::Polite;
        }
        let _said = talk.say("+ idling\r\n");
        while talk.hear().is_ok() {}
        Then::Close
    });
    let mut mailbox = opened(&fake, limits());
    let fault = mailbox.wait(SHORT).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Temporary);
    assert!(fault.detail.contains("no answer in time"), "{fault}");
}

#[test]
fn an_idle_is_renewed_however_much_the_server_chatters() {
    let fake = Fake::start(|talk, tag, command| {
        if command != "IDLE" {
            return Then::Polite;
        }
        let _said = talk.say("+ idling\r\n");
        while !talk.hears_within(Duration::from_millis(5)) {
            if talk.say("* OK Still here\r\n").is_err() {
                return Then::Close;
            }
        }
        let _said = talk.say(&format!("{tag} OK\r\n"));
        Then::Done
    });
    let short = Limits { idle: Duration::from_millis(40), ..patient() };
    let mut mailbox = opened(&fake, short);
    assert_eq!(mailbox.wait(SignedDuration::from_millis(150)).unwrap(), News::Nothing);
    assert!(fake.count("DONE") >= 3, "{} renewals", fake.count("DONE"));
    assert_eq!(fake.world().connections, 1);
}

#[test]
fn a_flood_while_idle_is_not_held() {
    let fake = Fake::start(|talk, _, command| {
        if command != "IDLE" {
            return Then::Polite;
        }
        let _said = talk.say("+ idling\r\n");
        while talk.say(&"x".repeat(8192)).is_ok() {}
        Then::Close
    });
    let mut mailbox = opened(&fake, patient());
    let began = Instant::now();
    assert_eq!(mailbox.wait(LONG).unwrap_err().kind, FaultKind::Temporary);
    assert!(began.elapsed() < Duration::from_secs(15), "it took {:?}", began.elapsed());
}

#[test]
fn a_wake_ends_the_wait_and_keeps_the_connection() {
    let (idling, is_idling) = mpsc::channel();
    let fake = Fake::start(move |talk, tag, command| {
        if command != "IDLE" {
            return Then::Polite;
        }
        let _said = talk.say("+ idling\r\n");
        let _told = idling.send(());
        let _done = talk.hear();
        let _said = talk.say(&format!("{tag} OK\r\n"));
        Then::Done
    });
    let mut mailbox = opened(&fake, patient());
    let waker = mailbox.waker();
    let wakes = std::thread::spawn(move || {
        is_idling.recv().unwrap();
        waker.wake();
    });
    assert_eq!(mailbox.wait(LONG).unwrap(), News::Nothing);
    wakes.join().unwrap();
    assert_eq!(mailbox.open().unwrap().uid_next, 4);
    assert_eq!(fake.world().connections, 1);
}

#[test]
fn a_wake_before_the_wait_ends_it_and_only_it() {
    for capabilities in ["IMAP4rev1 AUTH=PLAIN IDLE", "IMAP4rev1 AUTH=PLAIN"] {
        let fake = Fake::start(|_, _, _| Then::Polite);
        fake.world().capabilities = capabilities;
        let quiet = Limits { ask_again: Duration::from_secs(600), ..patient() };
        let mut mailbox = opened(&fake, quiet);
        mailbox.waker().wake();
        mailbox.waker().wake();
        assert_eq!(mailbox.wait(LONG).unwrap(), News::Nothing);
        assert_eq!(mailbox.wait(SHORT).unwrap(), News::Nothing);
        assert_eq!(fake.world().connections, 1);
    }
}
