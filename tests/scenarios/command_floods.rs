//! Stories about mails to the command mailbox that come in crowds, in others' names, or larger than
//! people write them.

use crate::ports::{Fault, FileName};

use crate::scenario::outside::{ADMIN, BOT, MANAGER};
use crate::scenario::{Setting, World, scenario, told_once};

const SIGNED: &str = "X-Proof: openpgp";
const DKIM: &str = "X-Proof: dkim";

fn mail(from: &str, id: &str, header: &str, text: &str) -> Vec<u8> {
    let header = header.replace('\n', "\r\n");
    format!(
        "From: {from}\r\nTo: {BOT}\r\nMessage-ID: <{id}>\r\nSubject: please\r\n{header}\r\n\r\n{text}"
    )
    .into_bytes()
}

#[test]
fn another_mail_with_the_same_id_is_not_obeyed_in_the_firsts_name() {
    scenario(|w| {
        w.run_until_quiet();
        let theirs = mail("alice@example.org", "one@x", DKIM, "emergency-stop now\r\n");
        for first in [mail(MANAGER, "one@x", "", "Hello.\r\n"), theirs] {
            w.outside.lock().deliver(&first);
        }
        w.run_until_quiet();
        assert_eq!(w.overlay(), Default::default());
        assert_eq!(w.letters_to(MANAGER) + w.letters_to("alice@example.org"), 0);
        let audit = w.audit();
        assert_eq!(audit.len(), 1, "{audit:?}");
        assert!(audit[0].outcome.contains("another mail with the same Message-ID"), "{audit:?}");
    });
}

#[test]
fn who_is_only_an_author_is_not_told_that_a_mail_in_their_name_proves_nothing() {
    scenario(|w| {
        w.run_until_quiet();
        let _request = w.maintainer("mallory").mails_pull("evil-1");
        w.run_until_quiet();
        w.mails_commands("mallory@example.org", "", "hello\n");
        assert_eq!(w.letters_to("mallory@example.org"), 0, "anybody can be an author");
        w.mails_commands("alice@example.org", "", "hello\n");
        assert!(w.letter_to("alice@example.org").contains("Nothing in this mail was carried out."));
    });
}

#[test]
fn nobody_takes_commands_away_by_sending_many_in_somebodys_name() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        for _ in 0..60 {
            w.mails_commands(ADMIN, "", "pause forged\n");
        }
        assert_eq!(w.letters_to(ADMIN), 1);
        assert_eq!(w.audit().len(), 20, "and only so many are written down");
        w.mails_commands(ADMIN, SIGNED, "pause It is me.\n");
        assert!(w.letter_to(ADMIN).contains("No new test begins"));
        w.mails_commands(ADMIN, SIGNED, "resume\n");
        w.letter_to(ADMIN);
    });
}

#[test]
fn of_one_sender_only_so_many_mails_an_hour_are_obeyed_and_they_are_told_once() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        for n in 0..23 {
            let one = mail(MANAGER, &format!("{n:02}@x"), DKIM, &format!("pause number {n}\r\n"));
            w.outside.lock().deliver(&one);
        }
        w.run_for(jiff::SignedDuration::from_secs(1));
        assert_eq!(w.letters_to(MANAGER), 21);
        assert!(w.overlay().pause.unwrap().reason.contains("number 19"));
        w.run_for(jiff::SignedDuration::from_hours(1));
        w.mails_commands(MANAGER, DKIM, "resume\n");
        assert!(w.letter_to(MANAGER).contains("The bot goes on."));
    });
}

#[test]
fn mails_that_wait_for_a_silent_dns_make_room() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        let fault = || ("authenticate".to_owned(), Fault::temporary("no answer"));
        w.outside.lock().gitlab_faults.extend(std::iter::repeat_with(fault).take(50));
        for n in 0..50 {
            let one = mail("alice@example.org", &format!("{n}@slow"), "", "hello\r\n");
            w.outside.lock().deliver(&one);
        }
        w.run_for(jiff::SignedDuration::from_secs(1));
        w.mails_commands(MANAGER, SIGNED, "pause It is urgent.\n");
        assert!(w.letter_to(MANAGER).contains("No new test begins"));
        w.mails_commands(MANAGER, SIGNED, "resume\n");
        w.letter_to(MANAGER);
        assert_eq!(w.letters_to("alice@example.org"), 1);
    });
}

#[test]
fn whoever_is_denied_while_a_mail_waits_is_not_obeyed() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        for denied in [false, true] {
            let fault = ("authenticate".to_owned(), Fault::temporary("no answer"));
            w.outside.lock().gitlab_faults.push(fault);
            let id = format!("{denied}@slow");
            w.outside.lock().deliver(&mail("bob@example.org", &id, SIGNED, "help\r\n"));
            w.run_for(jiff::SignedDuration::from_secs(1));
            if denied {
                w.command("deny bob@example.org").unwrap();
            }
            w.run_until_quiet();
            assert_eq!(w.letters_to("bob@example.org"), usize::from(!denied));
        }
    });
}

#[test]
fn the_longest_commands_fit_into_their_records() {
    told_once(&Setting { all_answered: false, ..Setting::default() }, |w| {
        w.run_until_quiet();
        w.next_pipeline_fails(&["build"]);
        let pull = w.maintainer("alice").mails_pull("a-1");
        w.run_until_quiet();
        w.reply_to(&pull);
        // Whoever asks for a pull is an author, with an address as long as one may be.
        let author = format!("eve@{}example.org", "sub.".repeat(58));
        let from = |_: &mut _, mail: &mut String| *mail = mail.replace("eve@example.org", &author);
        let _pull = w.maintainer("eve").mails("long-1", from);
        w.run_until_quiet();
        let many = |line: &str| format!("{line}\n").repeat(21);
        let quotes = "\"".repeat(490);
        let mut ids = 0;
        for text in [
            many(&format!("log 1 {}", "\u{1F600}".repeat(500))),
            many(&format!("log 1 {quotes}")),
            many(&format!("priority 1 {quotes}")),
            many(&format!("note 1 {quotes}{quotes}")),
            many(&format!("refuse {quotes} x")),
            many(&format!("freeze {quotes}")),
        ] {
            let header = format!("{DKIM}\nReferences: <{quotes}@x> <y{quotes}@x>");
            ids += 1;
            let one = mail(&author, &format!("{ids}{quotes}@x"), &header, &text);
            let one = String::from_utf8(one).unwrap().replace("please", &quotes);
            w.outside.lock().deliver(one.as_bytes());
            w.run_until_quiet();
            assert!(w.letter_to(&author).contains("Only the first 20"));
        }
        assert!(w.command(&format!("note 1 {}", "\\".repeat(40_000))).is_ok());
    });
}

/// Certificates are kept for ever, by their fingerprints: nobody else may put one there.
#[test]
fn only_the_administrators_key_add_keeps_a_key() {
    scenario(|w| {
        w.run_until_quiet();
        let key = |w: &World| w.file(&FileName::Key("FINGERPRINT-OF-dave".into()));
        for (from, proof, text) in [
            (MANAGER, SIGNED, "status\n"),
            (MANAGER, SIGNED, "key add dave@example.org\n"),
            (ADMIN, DKIM, "key add dave@example.org\n"),
            (ADMIN, SIGNED, "status\n"),
        ] {
            w.mails_commands(from, &format!("{proof}\nX-Key: dave"), text);
            w.letter_to(from);
            assert_eq!(key(w), None, "{from} {proof} {text}");
        }
        w.mails_commands(ADMIN, "X-Proof: openpgp\nX-Key: dave", "key add dave@example.org\n");
        w.letter_to(ADMIN);
        assert_eq!(key(w), Some(b"dave".to_vec()));
    });
}

#[test]
fn what_is_sent_in_bulk_or_talks_about_an_answer_is_not_answered() {
    scenario(|w| {
        w.run_until_quiet();
        for mark in
            ["Precedence: bulk", "Precedence: junk", "X-Auto-Response-Suppress: All", "X-Loop: x"]
        {
            w.mails_commands(MANAGER, &format!("{SIGNED}\n{mark}"), "Away until Monday.\n");
        }
        assert_eq!(w.letters_to(MANAGER), 0);
        w.mails_commands(MANAGER, SIGNED, "Hello?\n");
        assert!(w.letter_to(MANAGER).contains("There is no command in this mail."));
        let answer = w.last_letter_id();
        let header = format!("{SIGNED}\nIn-Reply-To: <{answer}>");
        w.mails_commands(MANAGER, &header, "Ah, I see.\n");
        assert_eq!(w.letters_to(MANAGER), 0);
    });
}

#[test]
fn an_approval_has_to_say_of_what_even_on_its_thread() {
    scenario(|w| {
        w.run_until_quiet();
        w.command("freeze master").unwrap();
        let pull = w.maintainer("alice").mails_pull("a-1");
        w.run_until_quiet();
        let letter = w.letter_to(MANAGER);
        w.letter_to("alice@example.org");
        let header = format!("{SIGNED}\nIn-Reply-To: <{}>", pull.message_id);
        w.mails_commands(MANAGER, &header, "approve\n");
        let answer = w.letter_to(MANAGER);
        assert!(answer.contains("Say what to approve: \"approve 1\"."), "{answer}");
        let line = letter.lines().find(|line| line.trim_start().starts_with("approve 1 ")).unwrap();
        let what = line.trim().rsplit(' ').next().unwrap();
        w.mails_commands(MANAGER, &header, &format!("approve {what}\n"));
        assert!(w.letter_to(MANAGER).contains("is approved"));
        assert!(w.reply_to(&pull).starts_with("Passed"));
    });
}
