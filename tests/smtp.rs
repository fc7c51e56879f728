//! The SMTP adapter against a server that answers in every way there is: what it says became of a
//! letter, and what the server really got.

#[path = "smtp/fake.rs"]
mod fake;
#[path = "smtp/tls.rs"]
mod tls;

use crate::adapters::smtp::SmtpServer;
use crate::config::model::{Smtp, Tls};
use crate::config::secret::Secret;
use crate::ports::{Delivery, Envelope, Fault, FaultKind, Outbound};
use jiff::SignedDuration;

use fake::{Answer, Fake, Got, Rule};

const PASSWORD: &str = "correct horse";
const LETTER: &[u8] = b"Subject: hello\r\n\r\nOne.\r\n.\r\n.. two\r\n";

fn settings(port: u16) -> Smtp {
    Smtp {
        host: "127.0.0.1".into(),
        port,
        tls: Tls::None,
        ca_file: None,
        login: None,
        hello_name: Some("bot.example.org".into()),
        allow_plain: false,
        deadline: SignedDuration::from_secs(20),
    }
}

fn envelope() -> Envelope {
    Envelope {
        sender: "bot@example.org".into(),
        recipients: ["a@example.org", "b@example.org", "c@example.org"].map(String::from).to_vec(),
    }
}

fn rule(command: &'static str, answer: Answer) -> Vec<Rule> {
    vec![Rule { command, answer, after: 0 }]
}

fn say(command: &'static str, words: &'static str) -> Vec<Rule> {
    rule(command, Answer::Say(words))
}

/// Sends one letter to a server with these rules.
fn send(rules: Vec<Rule>, change: impl FnOnce(&mut Smtp)) -> (Delivery, Got) {
    let fake = Fake::start(rules);
    let mut settings = settings(fake.port);
    change(&mut settings);
    let delivery = SmtpServer::new(&settings).unwrap().send(&envelope(), LETTER);
    (delivery, fake.finish())
}

fn fault(delivery: &Delivery) -> &Fault {
    match delivery {
        Delivery::Accepted => panic!("accepted"),
        Delivery::Temporary(fault)
        | Delivery::Permanent(fault)
        | Delivery::Unreachable { fault, .. }
        | Delivery::Unknown(fault) => fault,
    }
}

fn class(delivery: &Delivery) -> &'static str {
    match delivery {
        Delivery::Accepted => "accepted",
        Delivery::Temporary(fault) if fault.kind == FaultKind::Misconfigured => "settings",
        Delivery::Temporary(_) => "temporary",
        Delivery::Permanent(_) => "permanent",
        Delivery::Unreachable { .. } => "unreachable",
        Delivery::Unknown(_) => "unknown",
    }
}

#[test]
fn a_letter_is_one_transaction_and_arrives_as_it_is() {
    let (delivery, got) = send(Vec::new(), |_| {});
    assert_eq!(delivery, Delivery::Accepted);
    assert_eq!(
        got.commands,
        [
            "EHLO bot.example.org",
            "MAIL FROM:<bot@example.org>",
            "RCPT TO:<a@example.org>",
            "RCPT TO:<b@example.org>",
            "RCPT TO:<c@example.org>",
            "DATA",
            "QUIT"
        ]
    );
    assert_eq!(got.letters, ["Subject: hello\r\n\r\nOne.\r\n..\r\n... two\r\n"]);
}

#[test]
fn every_answer_has_its_class() {
    for (command, words, expected, letters) in [
        ("connect", "421 too busy", "temporary", 0),
        ("connect", "554 go away", "settings", 0),
        ("EHLO", "421 closing", "temporary", 0),
        ("EHLO", "550 not you", "settings", 0),
        ("MAIL", "451 not now", "temporary", 0),
        ("MAIL", "530 5.7.0 log in first", "settings", 0),
        ("MAIL", "553 5.7.1 not your address", "permanent", 0),
        ("RCPT", "451 4.7.1 greylisted", "temporary", 0),
        ("RCPT", "550-5.1.1 no such|550 5.1.1 user", "unreachable", 0),
        ("RCPT", "251 will forward", "accepted", 1),
        ("RCPT", "421 closing", "temporary", 0),
        ("DATA", "451 not now", "temporary", 0),
        ("DATA", "554 no", "permanent", 0),
        ("DATA", "250 what", "temporary", 0),
        (".", "451 disk full", "temporary", 1),
        (".", "421 closing", "temporary", 1),
        (".", "550 spam", "permanent", 1),
        (".", "250", "accepted", 1),
        (".", "250-2.0.0 ok|250 queued as 1", "accepted", 1),
        (".", "354 go on", "unknown", 1),
        (".", "251 hm", "unknown", 1),
        (".", "what", "unknown", 1),
        (".", "250-ok|550 or not", "unknown", 1),
        ("QUIT", "500 what", "accepted", 1),
    ] {
        let (delivery, got) = send(say(command, words), |_| {});
        assert_eq!(class(&delivery), expected, "{command} {words}: {delivery:?}");
        assert_eq!(got.letters.len(), letters, "{command} {words}");
        if expected != "accepted" && expected != "unknown" {
            let code = &words[..3];
            assert!(fault(&delivery).detail.contains(code), "{command} {words}: {delivery:?}");
        }
    }
}

#[test]
fn one_refused_recipient_of_three_keeps_the_letter_from_all() {
    for (words, expected) in [("550 no such user", "unreachable"), ("452 too many", "temporary")] {
        let refusal = Rule { command: "RCPT", answer: Answer::Say(words), after: 1 };
        let (delivery, got) = send(vec![refusal], |_| {});
        assert_eq!(class(&delivery), expected);
        assert!(fault(&delivery).detail.contains("b@example.org"), "{delivery:?}");
        assert!(!got.commands.contains(&"DATA".to_owned()), "{:?}", got.commands);
        assert_eq!(got.commands.last().unwrap(), "QUIT");
    }
}

#[test]
fn a_broken_connection_is_unknown_only_after_the_letters_end() {
    for (command, expected, letters) in [
        ("connect", "temporary", 0),
        ("EHLO", "temporary", 0),
        ("MAIL", "temporary", 0),
        ("RCPT", "temporary", 0),
        ("DATA", "temporary", 0),
        (".", "unknown", 1),
        ("QUIT", "accepted", 1),
    ] {
        let (delivery, got) = send(rule(command, Answer::Drop), |_| {});
        assert_eq!(class(&delivery), expected, "{command}: {delivery:?}");
        assert_eq!(got.letters.len(), letters, "{command}");
    }
}

#[test]
fn a_slow_server_is_left_at_the_deadline_of_the_whole_letter() {
    for answer in [Answer::Stall, Answer::Trickle] {
        for (command, expected) in [
            ("connect", "temporary"),
            ("RCPT", "temporary"),
            ("DATA", "temporary"),
            (".", "unknown"),
        ] {
            let (delivery, got) = send(rule(command, answer), |settings| {
                settings.deadline = SignedDuration::from_millis(250);
            });
            assert_eq!(class(&delivery), expected, "{command}: {delivery:?}");
            assert!(fault(&delivery).detail.contains("no answer in time"), "{delivery:?}");
            assert!(!got.commands.contains(&"QUIT".to_owned()));
        }
    }
}

#[test]
fn a_server_that_takes_no_text_is_left_before_the_letters_end() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut settings = settings(listener.local_addr().unwrap().port());
    settings.deadline = SignedDuration::from_secs(2);
    let server = std::thread::spawn(move || {
        use std::io::Write;
        let (mut stream, _) = listener.accept().unwrap();
        for words in ["220 hi", "250 hi", "250 ok", "250 ok", "250 ok", "250 ok", "354 go"] {
            stream.write_all(format!("{words}\r\n").as_bytes()).unwrap();
            if words == "354 go" {
                break;
            }
            let mut line = [0; 512];
            let _some = std::io::Read::read(&mut stream, &mut line).unwrap();
        }
        stream
    });
    let huge = vec![b'x'; 64 << 20];
    let delivery = SmtpServer::new(&settings).unwrap().send(&envelope(), &huge);
    assert_eq!(class(&delivery), "temporary", "{delivery:?}");
    drop(server.join().unwrap());
}

#[test]
fn an_answer_too_many_is_not_taken_for_the_next_one() {
    let (delivery, got) = send(say("DATA", "354 go|250 2.0.0 queued"), |_| {});
    assert_eq!(class(&delivery), "temporary", "{delivery:?}");
    assert!(got.letters.is_empty());
    let (delivery, _) = send(say("EHLO", "250 hi|250 MAIL ok|250 RCPT ok"), |_| {});
    assert_eq!(class(&delivery), "temporary", "{delivery:?}");
}

#[test]
fn an_answer_without_end_is_not_held() {
    let many: &'static str = Box::leak("250-x|".repeat(40_000).into_boxed_str());
    for (command, expected) in [("EHLO", "temporary"), (".", "unknown")] {
        let (delivery, _) = send(say(command, many), |_| {});
        assert_eq!(class(&delivery), expected);
        assert!(fault(&delivery).detail.contains("too long"), "{delivery:?}");
    }
}

#[test]
fn nobody_listening_is_temporary() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let delivery = SmtpServer::new(&settings(port)).unwrap().send(&envelope(), LETTER);
    assert_eq!(class(&delivery), "temporary");
}

#[test]
fn a_login_is_made_and_never_told() {
    let login = |settings: &mut Smtp| {
        settings.login = Some(("bot".into(), Secret::new(PASSWORD)));
    };
    let (delivery, got) = send(Vec::new(), login);
    assert_eq!(delivery, Delivery::Accepted);
    assert_eq!(got.commands[1], "AUTH PLAIN AGJvdABjb3JyZWN0IGhvcnNl");
    let echo = "535 5.7.8 not AGJvdABjb3JyZWN0IGhvcnNl correct horse";
    for (rules, expected) in [
        (say("AUTH", echo), "settings"),
        (say("AUTH", "454 4.7.0 try later"), "temporary"),
        (say("AUTH", "250 what"), "settings"),
        (say("EHLO", "250 no login here"), "settings"),
        (say("EHLO", "250-hi|250 AUTH CRAM-MD5"), "settings"),
    ] {
        let (delivery, got) = send(rules, login);
        assert_eq!(class(&delivery), expected, "{delivery:?}");
        let detail = &fault(&delivery).detail;
        assert!(!detail.contains("horse") && !detail.contains("AGJv"), "{detail}");
        assert!(!got.commands.iter().any(|command| command.starts_with("MAIL")));
    }
}

#[test]
fn a_login_by_two_questions_works_and_more_end_it() {
    let login = |settings: &mut Smtp| {
        settings.login = Some(("bot".into(), Secret::new(PASSWORD)));
    };
    let only_login =
        || Rule { command: "EHLO", answer: Answer::Say("250-hi|250 AUTH LOGIN"), after: 0 };
    let ask = |command, words| Rule { command, answer: Answer::Say(words), after: 0 };
    let rules = vec![
        only_login(),
        ask("AUTH", "334 VXNlcm5hbWU6"),
        ask("Ym90", "334 UGFzc3dvcmQ6"),
        ask("Y29ycmVjdCBob3JzZQ==", "235 ok"),
    ];
    let (delivery, got) = send(rules, login);
    assert_eq!(delivery, Delivery::Accepted, "{:?}", got.commands);
    let endless =
        vec![only_login(), ask("AUTH", "334 VXNlcm5hbWU6"), ask("Ym90", "334 VXNlcm5hbWU6")];
    let (delivery, got) = send(endless, login);
    assert_eq!(class(&delivery), "settings");
    assert!(got.commands.len() < 10, "{:?}", got.commands);
}

#[test]
fn tls_that_is_wanted_is_had_or_nothing_is_said() {
    let starttls = |settings: &mut Smtp| {
        settings.tls = Tls::Starttls;
        settings.login = Some(("bot".into(), Secret::new(PASSWORD)));
    };
    let offer = || Rule { command: "EHLO", answer: Answer::Say("250-hi|250 STARTTLS"), after: 0 };
    let answer = |words| Rule { command: "STARTTLS", answer: Answer::Say(words), after: 0 };
    for (rules, expected, said) in [
        (Vec::new(), "settings", "does not offer STARTTLS"),
        (vec![offer(), answer("454 not now")], "temporary", "454"),
        (vec![offer(), answer("501 no")], "settings", "501"),
        (vec![offer(), answer("220 go|250 injected")], "settings", "before TLS began"),
        (vec![offer(), answer("220 go")], "settings", "TLS with"),
    ] {
        // The last one answers a TLS hello in plain text.
        let rules: Vec<Rule> =
            rules.into_iter().chain(rule("\u{16}", Answer::Say("500 what"))).collect();
        let (delivery, got) = send(rules, starttls);
        assert_eq!(class(&delivery), expected, "{said}: {delivery:?}");
        assert!(fault(&delivery).detail.contains(said), "{delivery:?}");
        let spoken = got.commands.iter();
        assert!(spoken.clone().all(|c| !c.starts_with("AUTH") && !c.starts_with("MAIL")));
    }
}

#[test]
fn addresses_that_are_none_are_never_sent() {
    let fake = Fake::start(Vec::new());
    let server = SmtpServer::new(&settings(fake.port)).unwrap();
    for bad in ["a@example.org>\r\nRCPT TO:<b@example.org", "nobody", "jürgen@example.org", "a@b c"]
    {
        for is_sender in [true, false] {
            let mut envelope = envelope();
            if is_sender {
                envelope.sender = bad.into();
            } else {
                envelope.recipients.push(bad.into());
            }
            assert_eq!(class(&server.send(&envelope, LETTER)), "permanent", "{bad}");
        }
    }
    let nobody = Envelope { sender: "bot@example.org".into(), recipients: Vec::new() };
    assert_eq!(class(&server.send(&nobody, LETTER)), "permanent");
    let got = fake.finish();
    assert!(!got.commands.iter().any(|command| command.starts_with("MAIL")));
}

#[test]
fn a_null_sender_may_be_used() {
    let fake = Fake::start(Vec::new());
    let server = SmtpServer::new(&settings(fake.port)).unwrap();
    let envelope = Envelope { sender: String::new(), ..envelope() };
    assert_eq!(server.send(&envelope, LETTER), Delivery::Accepted);
    assert_eq!(fake.finish().commands[1], "MAIL FROM:<>");
}

#[test]
fn text_of_8_bits_goes_only_where_it_is_taken() {
    let letter = "Subject: x\r\n\r\nGr\u{fc}\u{df}e\r\n".as_bytes();
    for (rules, expected) in [(Vec::new(), "accepted"), (say("EHLO", "250 hi"), "permanent")] {
        let fake = Fake::start(rules);
        let server = SmtpServer::new(&settings(fake.port)).unwrap();
        assert_eq!(class(&server.send(&envelope(), letter)), expected);
        let got = fake.finish();
        if expected == "accepted" {
            assert_eq!(got.commands[1], "MAIL FROM:<bot@example.org> BODY=8BITMIME");
            assert_eq!(got.letters[0].chars().count(), letter.len());
        } else {
            assert!(got.letters.is_empty());
        }
    }
}

#[test]
fn settings_that_can_not_work_are_refused() {
    for change in [
        (|settings: &mut Smtp| settings.hello_name = Some("a b".into())) as fn(&mut Smtp),
        |settings| settings.hello_name = Some("x\r\nMAIL FROM:<a@b>".into()),
        |settings| settings.deadline = SignedDuration::ZERO,
    ] {
        let mut settings = settings(1);
        change(&mut settings);
        assert_eq!(SmtpServer::new(&settings).unwrap_err().kind, FaultKind::Misconfigured);
    }
}

#[test]
fn a_probe_says_hello_logs_in_and_quits() {
    let fake = Fake::start(Vec::new());
    let mut settings = settings(fake.port);
    settings.login = Some(("bot".into(), Secret::new(PASSWORD)));
    settings.hello_name = Some("2001:db8::1".into());
    let found = SmtpServer::new(&settings).unwrap().probe().unwrap();
    assert!(found.is_logged_in && !found.is_encrypted);
    let got = fake.finish();
    assert_eq!(got.commands[0], "EHLO [IPv6:2001:db8::1]");
    assert_eq!(got.commands[2], "QUIT");
}
