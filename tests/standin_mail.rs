//! The stand-in mail server, judged by clients that it does not know: the `imap` crate, lettre,
//! Python's imaplib and smtplib, and lines by hand.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::demo::mail::{ListOptions, MailFault, MailStandIn, MailWorld, Moment, StoredMail};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::{SmtpTransport, Transport};

const LIST: &str = "devel@lists.example";
const BOT: &str = "bot@ci.example";
const PATIENCE: Duration = Duration::from_secs(20);
const MAIL: &[u8] = b"From: Ann <ann@x.example>\r\nTo: devel@lists.example\r\n\
    Subject: [PULL 0/2] sums\r\nMessage-ID: <one@x.example>\r\n\r\n.dot\r\nbody \xc3\xa9\r\n";

fn world(options: ListOptions) -> MailWorld {
    MailWorld::new()
        .account("bot", "secret", [BOT])
        .account("ann", "anns", ["ann@x.example"])
        .list(LIST, "devel.lists.example", options)
        .subscribe(LIST, "bot", "devel")
        .subscribe(LIST, "ann", "INBOX")
}

fn started() -> MailStandIn {
    MailStandIn::start(world(ListOptions::default())).unwrap()
}

fn ids(mails: &[StoredMail]) -> Vec<String> {
    mails.iter().filter_map(StoredMail::message_id).collect()
}

type Client = imap::Session<TcpStream>;

fn login(mail: &MailStandIn) -> Client {
    let stream = TcpStream::connect(mail.imap_addr()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut client = imap::Client::new(stream);
    client.read_greeting().unwrap();
    client.login("bot", "secret").map_err(|(error, _)| error).unwrap()
}

fn smtp(mail: &MailStandIn) -> SmtpTransport {
    SmtpTransport::builder_dangerous("127.0.0.1")
        .port(mail.smtp_addr().port())
        .timeout(Some(PATIENCE))
        .build()
}

fn envelope(to: &[&str]) -> lettre::address::Envelope {
    let to = to.iter().map(|address| address.parse().unwrap()).collect();
    lettre::address::Envelope::new(Some("ann@x.example".parse().unwrap()), to).unwrap()
}

/// A client that sends and reads lines.
struct Lines(BufReader<TcpStream>);

impl Lines {
    fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut lines = Self(BufReader::new(stream));
        lines.read();
        lines
    }

    fn say(&mut self, text: &str) {
        self.0.get_mut().write_all(text.replace('\n', "\r\n").as_bytes()).unwrap();
    }

    /// The next line; empty when the server hung up.
    fn read(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn read_to(&mut self, start: &str) -> String {
        loop {
            let mut line = String::new();
            let count = self.0.read_line(&mut line).unwrap();
            assert!(count > 0, "the server hung up before {start:?}");
            if line.starts_with(start) {
                return line.trim_end().to_owned();
            }
        }
    }

    fn ask(&mut self, text: &str) -> String {
        self.say(text);
        self.read()
    }
}

#[test]
fn a_post_reaches_the_archive_and_every_subscriber_and_is_read_back_whole() {
    let mail = started();
    smtp(&mail).send_raw(&envelope(&[LIST, BOT]), MAIL).unwrap();
    let archive = mail.archive(LIST);
    assert_eq!(ids(&archive), ["one@x.example"]);
    assert_eq!(mail.inbox("ann@x.example").len(), 1);
    assert_eq!(mail.inbox(BOT).len(), 1);
    assert_eq!(mail.inbox(BOT)[0].header("List-Id"), None);
    let text = archive[0].bytes();
    assert!(
        text.ends_with(b"\r\n\r\n.dot\r\nbody \xc3\xa9\r\n\r\n"),
        "{:?}",
        String::from_utf8_lossy(&text)
    );

    let mut client = login(&mail);
    let folder = client.examine("devel").unwrap();
    assert_eq!((folder.exists, folder.uid_next), (1, Some(2)));
    assert!(folder.uid_validity.is_some());
    let fetched = client.uid_fetch("1:*", "(UID RFC822.SIZE INTERNALDATE BODY.PEEK[])").unwrap();
    let one = fetched.iter().next().unwrap();
    assert_eq!(one.body(), Some(&*archive[0].bytes()));
    assert_eq!(one.size, Some(archive[0].bytes().len() as u32));
    assert_eq!(one.internal_date().unwrap().timestamp(), archive[0].received.as_second());
    assert!(!mail.folder("bot", "devel")[0].seen);
}

#[test]
fn parts_and_ranges_of_a_mail_are_fetched() {
    let mail = started();
    mail.deliver(LIST, MAIL);
    let whole = mail.archive(LIST)[0].bytes().into_owned();
    let mut client = login(&mail);
    client.select("devel").unwrap();
    let header = client.uid_fetch("1", "(UID BODY.PEEK[HEADER])").unwrap();
    let header = header.iter().next().unwrap().header().unwrap().to_vec();
    assert!(whole.starts_with(&header) && header.ends_with(b"\r\n\r\n"));
    let mut lines = Lines::to(mail.imap_addr());
    lines.ask("a LOGIN bot {6}\n");
    assert_eq!(lines.ask("secret\n"), "a OK Logged in.");
    lines.say("b SELECT devel\n");
    lines.read_to("b OK [READ-WRITE]");
    let partial =
        lines.ask("c UID FETCH 1 (BODY.PEEK[]<3.5> BODY.PEEK[HEADER.FIELDS (Subject)])\n");
    assert_eq!(partial, "* 1 FETCH (UID 1 BODY[]<3> {5}");
    assert_eq!(lines.read(), "urn-P BODY[HEADER.FIELDS (Subject)] {28}");
    assert_eq!(lines.read(), "Subject: [PULL 0/2] sums");
    lines.read_to("c OK");
    assert!(!mail.folder("bot", "devel")[0].seen);
    lines.say("d UID FETCH 1 BODY[]\n");
    lines.read_to("d OK");
    assert!(mail.folder("bot", "devel")[0].seen, "without PEEK it is marked as read");
}

#[test]
fn a_nul_byte_does_not_break_the_protocol() {
    let mail = started();
    mail.deliver(LIST, b"Subject: x\r\n\r\nnul \0 byte\r\n");
    let mut client = login(&mail);
    client.examine("devel").unwrap();
    let fetched = client.uid_fetch("1", "(BODY.PEEK[TEXT])").unwrap();
    assert_eq!(fetched.iter().next().unwrap().text(), Some(&b"nul \x80 byte\r\n"[..]));
}

#[test]
fn idle_announces_a_mail_when_it_comes() {
    let mail = started();
    let mut lines = Lines::to(mail.imap_addr());
    lines.ask("a AUTHENTICATE PLAIN AGJvdABzZWNyZXQ=\n");
    lines.say("b EXAMINE devel\n");
    lines.read_to("b OK");
    assert!(lines.ask("c IDLE\n").starts_with("+ "));
    mail.deliver(LIST, MAIL);
    assert_eq!(lines.read(), "* 1 EXISTS");
    mail.mute_idle(true);
    mail.deliver(LIST, MAIL);
    assert_eq!(lines.ask("DONE\n"), "c OK Idled.");
    assert_eq!(lines.ask("d NOOP\n"), "* 2 EXISTS");
}

#[test]
fn the_imap_crate_idles_until_a_mail_comes() {
    let mail = started();
    let mut client = login(&mail);
    client.examine("devel").unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| mail.deliver(LIST, MAIL));
        let mut idle = client.idle();
        idle.timeout(PATIENCE);
        let outcome = idle.wait_while(imap::extensions::idle::stop_on_any).unwrap();
        assert_eq!(outcome, imap::extensions::idle::WaitOutcome::MailboxChanged);
    });
    assert_eq!(client.uid_search("HEADER Message-ID one@x.example").unwrap().len(), 1);
}

#[test]
fn three_hundred_thousand_mails_cost_nothing_until_they_are_asked_for() {
    let mail = started();
    let until = "2026-03-02T12:00:00Z".parse().unwrap();
    mail.fill("bot", "devel", 300_000, until);
    mail.deliver(LIST, MAIL);
    let mut client = login(&mail);
    let folder = client.examine("devel").unwrap();
    assert_eq!((folder.exists, folder.uid_next), (300_001, Some(300_002)));
    let new = client.uid_fetch("300001:*", "(UID BODY.PEEK[HEADER])").unwrap();
    assert_eq!(new.iter().map(|m| m.uid.unwrap()).collect::<Vec<_>>(), [300_001]);
    let beyond = client.uid_fetch("400000:*", "(UID)").unwrap();
    assert_eq!(beyond.iter().map(|m| m.uid.unwrap()).collect::<Vec<_>>(), [300_001]);
    let many = client.uid_fetch("1000:1999", "(UID BODY.PEEK[HEADER])").unwrap();
    assert_eq!(many.len(), 1000);
    let since = client.uid_search("UID 299000:* SINCE 2-Mar-2026").unwrap();
    assert_eq!(since.len(), 722);
}

#[test]
fn a_folder_made_anew_has_another_uid_validity_and_ends_its_sessions() {
    let mail = started();
    mail.deliver(LIST, MAIL);
    mail.fill("bot", "devel", 2, "2026-03-02T12:00:00Z".parse().unwrap());
    let mut client = login(&mail);
    let before = client.examine("devel").unwrap().uid_validity;
    mail.recreate("bot", "devel");
    assert!(client.noop().is_err());
    let mut client = login(&mail);
    let after = client.examine("devel").unwrap();
    assert_ne!(after.uid_validity, before);
    assert_eq!((after.exists, after.uid_next), (3, Some(4)));
}

#[test]
fn dropped_imap_connections_are_gone_and_new_ones_welcome() {
    let mail = started();
    let mut client = login(&mail);
    client.examine("devel").unwrap();
    mail.drop_imap_connections();
    assert!(client.noop().is_err());
    login(&mail).examine("devel").unwrap();
}

#[test]
fn imap_faults_strike_as_told() {
    let mail = started();
    let refuse = |text: &str| MailFault::Refuse { code: 0, text: text.to_owned() };
    mail.fail(Moment::ImapLogin, refuse("Too many."), 1);
    mail.fail(Moment::ImapSelect, MailFault::Drop, 1);
    let mut lines = Lines::to(mail.imap_addr());
    assert_eq!(lines.ask("a LOGIN bot secret\n"), "a NO Too many.");
    assert_eq!(lines.ask("b LOGIN bot wrong\n"), "b NO Wrong user or password.");
    assert_eq!(lines.ask("c LOGIN bot secret\n"), "c OK Logged in.");
    assert_eq!(lines.ask("d EXAMINE devel\n"), "");
}

#[test]
fn an_imap_answer_may_break_off_in_a_mail() {
    let mail = started();
    mail.deliver(LIST, MAIL);
    mail.fail(Moment::ImapFetch, MailFault::CutAnswer, 1);
    let mut client = login(&mail);
    client.examine("devel").unwrap();
    assert!(client.uid_fetch("1:*", "(BODY.PEEK[])").is_err());
    let mut client = login(&mail);
    client.examine("devel").unwrap();
    assert_eq!(client.uid_fetch("1:*", "(BODY.PEEK[])").unwrap().len(), 1);
}

#[test]
fn a_stalled_server_says_nothing_until_the_client_leaves() {
    let mail = started();
    for moment in [Moment::ImapLogin, Moment::SmtpMail] {
        mail.fail(moment, MailFault::Stall, 1);
    }
    let mut imap = Lines::to(mail.imap_addr());
    imap.say("a LOGIN bot secret\nb NOOP\n");
    let mut smtp = Lines::to(mail.smtp_addr());
    smtp.say("EHLO x\n");
    smtp.read_to("250 ");
    smtp.say("MAIL FROM:<a@x.example>\nNOOP\n");
    for lines in [&mut imap, &mut smtp] {
        lines.0.get_ref().shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(lines.read(), "", "the next thing is the end");
    }
    mail.fail(Moment::ImapLogin, MailFault::Stall, 1);
    mail.heal();
    login(&mail);
}

#[test]
fn what_is_not_local_is_refused_and_nothing_delivered() {
    let mail = started();
    let error = smtp(&mail).send_raw(&envelope(&["stranger@else.example"]), MAIL).unwrap_err();
    assert!(error.to_string().contains("550"), "{error}");
    assert!(error.is_permanent());
    smtp(&mail).send_raw(&envelope(&[LIST, "stranger@else.example"]), MAIL).unwrap_err();
    assert!(mail.archive(LIST).is_empty());
}

#[test]
fn smtp_faults_strike_at_their_moment_and_deliver_only_what_they_say() {
    let mail = started();
    let send = || smtp(&mail).send_raw(&envelope(&[LIST]), MAIL);
    for moment in [Moment::SmtpMail, Moment::SmtpRcpt, Moment::SmtpData, Moment::SmtpEndOfData] {
        let later = MailFault::Refuse { code: 451, text: "4.3.0 Later".to_owned() };
        mail.fail(moment, later, 1);
        let error = send().unwrap_err();
        assert!(error.is_transient(), "{moment:?}: {error}");
        mail.fail(moment, MailFault::Drop, 1);
        send().unwrap_err();
    }
    assert!(mail.archive(LIST).is_empty());
    for (count, fault) in [MailFault::LoseAnswer, MailFault::CutAnswer].into_iter().enumerate() {
        mail.fail(Moment::SmtpEndOfData, fault, 1);
        let error = send().unwrap_err();
        assert!(!error.is_permanent() && !error.is_transient(), "{error}");
        assert_eq!(mail.wait_for_archive(LIST, count + 1, PATIENCE).len(), count + 1);
    }
    send().unwrap();
    assert_eq!(mail.archive(LIST).len(), 3);
}

#[test]
fn a_refusal_at_the_end_of_a_mail_leaves_the_session_usable() {
    let mail = started();
    let full = MailFault::Refuse { code: 452, text: "4.3.1 Full".to_owned() };
    mail.fail(Moment::SmtpEndOfData, full, 1);
    let mut lines = Lines::to(mail.smtp_addr());
    lines.say("EHLO x\n");
    lines.read_to("250 ");
    for answer in ["452 4.3.1 Full", "250 2.0.0 Ok: queued"] {
        assert_eq!(lines.ask("MAIL FROM:<> SIZE=20\n"), "250 OK");
        assert_eq!(lines.ask("RCPT TO:<bot@ci.example>\n"), "250 OK");
        assert!(lines.ask("DATA\n").starts_with("354"));
        assert_eq!(lines.ask("Subject: x\n\n..\n.\n"), answer);
    }
    assert_eq!(lines.ask("QUIT\n"), "221 Goodbye");
    let inbox = mail.inbox(BOT);
    assert_eq!(inbox.len(), 1);
    assert_eq!(inbox[0].header("Return-Path").as_deref(), Some("<>"));
    assert!(inbox[0].bytes().ends_with(b"\r\n\r\n.\r\n"));
}

#[test]
fn a_mail_over_the_limit_is_refused_before_and_after_its_data() {
    let mail = MailStandIn::start(world(ListOptions::default()).size_limit(30)).unwrap();
    let mut lines = Lines::to(mail.smtp_addr());
    lines.say("EHLO x\n");
    assert_eq!(lines.read_to("250-SIZE"), "250-SIZE 30");
    lines.read_to("250 ");
    assert!(lines.ask("MAIL FROM:<a@b.example> SIZE=31\n").starts_with("552"));
    lines.ask("MAIL FROM:<a@b.example>\n");
    lines.ask("RCPT TO:<bot@ci.example>\n");
    lines.ask("DATA\n");
    assert!(lines.ask("Subject: a mail that is too long\n\n.\n").starts_with("552"));
    assert!(mail.inbox(BOT).is_empty());
}

#[test]
fn a_server_that_wants_a_login_takes_no_mail_without_one() {
    let mail = MailStandIn::start(world(ListOptions::default()).smtp_needs_login()).unwrap();
    smtp(&mail).send_raw(&envelope(&[LIST]), MAIL).unwrap_err();
    for mechanism in [Mechanism::Plain, Mechanism::Login] {
        let with = |password: &str| {
            SmtpTransport::builder_dangerous("127.0.0.1")
                .port(mail.smtp_addr().port())
                .authentication(vec![mechanism])
                .credentials(Credentials::new("bot".to_owned(), password.to_owned()))
                .build()
                .send_raw(&envelope(&[LIST]), MAIL)
        };
        with("wrong").unwrap_err();
        with("secret").unwrap();
    }
    assert_eq!(mail.archive(LIST).len(), 2);
}

#[test]
fn lists_hold_suppress_and_duplicate_as_they_are_told() {
    let options = ListOptions {
        moderated: true,
        suppress_own_copy: true,
        duplicate: true,
        ..Default::default()
    };
    let mail = MailStandIn::start(world(options)).unwrap();
    mail.deliver(LIST, MAIL);
    assert!(mail.archive(LIST).is_empty());
    assert_eq!(mail.release(LIST), 1);
    assert_eq!(mail.release(LIST), 0);
    assert_eq!(mail.archive(LIST).len(), 2);
    assert_eq!(mail.folder("bot", "devel").len(), 2);
    assert!(mail.inbox("ann@x.example").is_empty(), "Ann wrote it");
}

#[test]
fn a_list_may_take_its_time() {
    let options = ListOptions { delay: Some(Duration::from_millis(20)), ..Default::default() };
    let mail = MailStandIn::start(world(options)).unwrap();
    smtp(&mail).send_raw(&envelope(&[LIST]), MAIL).unwrap();
    assert_eq!(mail.wait_for_archive(LIST, 1, PATIENCE).len(), 1);
}

#[test]
fn pythons_own_clients_get_on_with_it() {
    let script = r#"
import sys, smtplib, imaplib
smtp = smtplib.SMTP("127.0.0.1", int(sys.argv[1]))
smtp.login("bot", "secret")
smtp.sendmail("ann@x.example", ["devel@lists.example"], b"Subject: a\r\nMessage-ID: <p@x>\r\n\r\n.\r\n\xff\r\n")
try:
    smtp.sendmail("ann@x.example", ["x@else.example"], "Subject: b\r\n\r\n")
    sys.exit("relayed")
except smtplib.SMTPRecipientsRefused:
    pass
smtp.sendmail("ann@x.example", ["bot@ci.example"], "Subject: c\r\n\r\n")
smtp.quit()
imap = imaplib.IMAP4("127.0.0.1", int(sys.argv[2]))
assert "IDLE" in imap.capabilities, imap.capabilities
imap.authenticate("PLAIN", lambda _: b"\0bot\0secret")
assert sorted(imap.list()[1]) == [b'() "/" INBOX', b'() "/" devel'], imap.list()
assert b"MESSAGES 1" in imap.status("devel", "(MESSAGES UIDNEXT UIDVALIDITY)")[1][0]
assert imap.select("devel", readonly=True) == ("OK", [b"1"])
assert imap.uid("SEARCH", None, "ALL")[1] == [b"1"]
assert imap.uid("SEARCH", None, 'HEADER Message-ID "<p@x>"')[1] == [b"1"]
assert imap.uid("SEARCH", None, 'HEADER Message-ID "<q@x>"')[1] == [b""]
body = imap.uid("FETCH", "1", "(BODY.PEEK[])")[1][0][1]
assert body.endswith(b"\r\n\r\n.\r\n\xff\r\n"), body
assert imap.select("nowhere")[0] == "NO"
imap.logout()
"#;
    let mail = MailStandIn::start(world(ListOptions::default()).smtp_needs_login()).unwrap();
    let run = std::process::Command::new("python3")
        .args(["-c", script])
        .args([mail.smtp_addr().port().to_string(), mail.imap_addr().port().to_string()])
        .output()
        .expect("python3 is needed: apt install python3");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    assert_eq!(mail.inbox(BOT).len(), 1);
}

#[test]
fn stopping_closes_the_ports_and_the_connections() {
    let mail = started();
    let (smtp, imap) = (mail.smtp_addr(), mail.imap_addr());
    let mut idle = Lines::to(imap);
    drop(mail);
    assert_eq!(idle.read(), "");
    assert!(TcpStream::connect(smtp).is_err() && TcpStream::connect(imap).is_err());
}
