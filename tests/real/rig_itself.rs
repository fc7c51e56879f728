//! The rig held to what it promises, without the bot.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use crate::authority::trusting;
use crate::maintainer::{GIT, Maintainer};
use crate::process::{command, run};
use crate::proxy::Proxy;
use crate::rig::{BOT, LIST, Rig, address};
use crate::upstream::Upstream;

#[test]
fn a_request_mailed_by_send_email_reaches_the_bot_through_the_list() {
    let rig = Rig::start();
    let upstream = Upstream::new(&rig);
    let alice = Maintainer::join(&rig, &upstream, "alice");
    alice.commits("topic", "NEWS", "News.\n", "Say what is new");
    alice.publishes("for-upstream", "Changes by Alice");
    let url = format!("https://127.0.0.1:{}/alice/project.git", rig.https.port());

    let request = alice.mails_pull(&url, "for-upstream");

    let mail = rig.inbox(BOT).wait_for_id(&request.message_id);
    assert_eq!(mail.subject, request.subject);
    assert_eq!(mail.from, [alice.address.as_str()]);
    assert_eq!(mail.to, [LIST]);
    assert!(mail.text.contains(&format!("  {url} tags/for-upstream\n")), "{}", mail.text);
    assert!(mail.text.contains(&request.tip), "{}", mail.text);
    assert_eq!(mail.header("List-Id").as_deref(), Some("<devel.lists.example.test>"));
    assert!(mail.header("Received").is_some());
    let patch = rig.inbox(BOT).wait_for_reply(&request.message_id, &alice.address);
    assert_eq!(patch.subject, "[PULL 1/1] Say what is new");
    rig.inbox("reader").wait_for_id(&request.message_id);
}

#[test]
fn a_tag_fetched_over_each_protocol_verifies_with_gpg() {
    let rig = Rig::start();
    let upstream = Upstream::new(&rig);
    let bob = Maintainer::join(&rig, &upstream, "bob");
    bob.commits("topic", "NEWS", "News.\n", "Say what is new");
    bob.publishes("bobs", "Changes by Bob");
    let ports = [("https", rig.https.port()), ("http", rig.http.port()), ("git", rig.git.port())];
    for (scheme, port) in ports {
        let url = format!("{scheme}://127.0.0.1:{port}/bob/project.git");
        let fetched = format!("refs/tags/by-{scheme}");
        run(bob.git().args(["fetch", "--quiet", &url, &format!("refs/tags/bobs:{fetched}")]));
        run(bob.git().args(["verify-tag", &fetched]));
    }
    let untrusting = command(GIT)
        .env("HOME", rig.folder())
        .args(["ls-remote", &format!("https://127.0.0.1:{}/bob/project.git", rig.https.port())])
        .output()
        .unwrap();
    assert!(!untrusting.status.success(), "a certificate of an unknown authority is refused");
}

#[test]
fn servers_refuse_what_the_bot_must_not_try() {
    let rig = Rig::start();
    let capabilities = talk(&rig.imap, &["a CAPABILITY"], "a OK");
    assert!(capabilities.contains("STARTTLS LOGINDISABLED"), "{capabilities}");
    let extensions = talk(&rig.submission, &["EHLO me"], "250 ");
    assert!(extensions.contains("STARTTLS"), "{extensions}");
    assert!(!extensions.contains("AUTH"), "{extensions}");
    let elsewhere = ["EHLO me", "MAIL FROM:<alice@example.test>", "RCPT TO:<a@elsewhere.test>"];
    talk(&rig.mx, &elsewhere, "554 ");
}

#[test]
fn only_subscribers_post_to_the_list() {
    let rig = Rig::start();
    let from = format!("MAIL FROM:<{}>", address("release"));
    let to = format!("RCPT TO:<{LIST}>");
    let mail =
        format!("From: {}\r\nTo: {LIST}\r\nSubject: hello\r\n\r\nHello.\r\n.", address("release"));
    talk(&rig.mx, &["EHLO me", &from, &to, "DATA", &mail, "QUIT"], "221 ");
    let refusal = rig.inbox("release").wait_for("a refusal", |_| true);
    assert!(refusal.subject.contains("denied"), "{}", refusal.subject);
    assert!(rig.inbox("reader").mails().is_empty());
}

#[test]
fn a_rig_leaves_nothing_behind() {
    let rig = Rig::start();
    let folder = rig.folder().to_owned();
    let servers = rig.servers();
    assert!(servers.iter().all(|server| TcpStream::connect(server).is_ok()));
    drop(rig);
    assert!(!folder.exists());
    for server in servers {
        assert!(TcpStream::connect(server).is_err(), "{server} still listens");
    }
}

/// Says lines one after the other, each after the answer to the one before, and waits for a line
/// that begins so; gives all that the server said.
fn talk(proxy: &Proxy, lines: &[&str], last: &str) -> String {
    let mut client = TcpStream::connect(proxy.address()).unwrap();
    client.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
    let mut answers = BufReader::new(client.try_clone().unwrap()).lines().map(Result::unwrap);
    let mut said = answers.next().unwrap();
    for (index, line) in lines.iter().enumerate() {
        client.write_all(format!("{line}\r\n").as_bytes()).unwrap();
        let is_last = index + 1 == lines.len();
        for answer in answers.by_ref() {
            said.push_str(&format!("\n{answer}"));
            // The last line of an answer: `250 `, not `250-`.
            let done = if is_last { answer.starts_with(last) } else { &answer[3..4] == " " };
            if done {
                break;
            }
        }
    }
    assert!(said.lines().last().unwrap().starts_with(last), "{said}");
    said
}

#[test]
fn implicit_tls_is_trusted_by_the_authority_alone() {
    let rig = Rig::start();
    for (proxy, greeting) in [(&rig.imaps, "* OK"), (&rig.submissions, "220 ")] {
        let settings = trusting(Some(&rig.authority.certificate));
        let name = "127.0.0.1".try_into().unwrap();
        let mut session = rustls::ClientConnection::new(settings.into(), name).unwrap();
        let mut socket = TcpStream::connect(proxy.address()).unwrap();
        let mut client = rustls::Stream::new(&mut session, &mut socket);
        let mut begin = [0; 4];
        client.read_exact(&mut begin).unwrap();
        assert_eq!(begin, greeting.as_bytes());
    }
    let settings = trusting(None);
    let name = "127.0.0.1".try_into().unwrap();
    let mut session = rustls::ClientConnection::new(settings.into(), name).unwrap();
    let mut socket = TcpStream::connect(rig.imaps.address()).unwrap();
    rustls::Stream::new(&mut session, &mut socket).read(&mut [0]).unwrap_err();
}
