//! The proxies held to what they promise: each fault seen from a client's side, with real servers
//! behind.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::time::Duration;

use crate::maintainer::Maintainer;
use crate::maintainer::programs::swaks;
use crate::process::outcome;
use crate::proxy::{Fault, Proxy};
use crate::rig::{Rig, address};
use crate::upstream::Upstream;

/// More than any command or handshake of a mail's sending, less than the mail.
const A_MAIL: usize = 2000;

#[test]
fn a_cut_ends_live_connections_and_new_ones_work() {
    let rig = Rig::start();
    let mut before = greeted(&rig.imap);
    rig.imap.cut();
    // The rest of the greeting, then the end; an error if nothing ended it.
    before.read_to_end(&mut Vec::new()).unwrap();
    greeted(&rig.imap);
    assert_eq!(rig.imap.connections(), 2);
}

#[test]
fn nothing_passes_a_stalled_proxy_until_it_is_healed() {
    let rig = Rig::start();
    rig.imap.set(Fault::Stall);
    let mut client = connect(&rig.imap);
    client.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    let silence = client.read(&mut [0]).unwrap_err().kind();
    assert!(matches!(silence, ErrorKind::WouldBlock | ErrorKind::TimedOut), "{silence}");
    rig.imap.set(Fault::None);
    client.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    assert_eq!(client.read(&mut [0]).unwrap(), 1);
}

#[test]
fn a_stalled_connection_can_be_cut() {
    let rig = Rig::start();
    rig.imap.set(Fault::Stall);
    let mut client = connect(&rig.imap);
    // Connected is not yet taken.
    crate::process::eventually("the proxy takes it", || {
        (rig.imap.connections() == 1).then_some(())
    });
    crate::process::eventually("it is cut", || {
        rig.imap.cut();
        client.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        matches!(client.read(&mut [0]), Ok(0)).then_some(())
    });
}

#[test]
fn a_refusing_proxy_hangs_up_at_once() {
    let rig = Rig::start();
    rig.imap.set(Fault::Refuse);
    assert_eq!(connect(&rig.imap).read(&mut [0]).unwrap_or(0), 0);
}

#[test]
fn a_slow_proxy_gives_a_greeting_in_pieces() {
    let rig = Rig::start();
    rig.imap.set(Fault::Slow);
    let mut client = connect(&rig.imap);
    let (mut greeting, mut reads) = (Vec::new(), 0);
    while !greeting.ends_with(b"\r\n") {
        let mut piece = [0; 1024];
        let count = client.read(&mut piece).unwrap();
        assert_ne!(count, 0, "ended early");
        greeting.extend_from_slice(&piece[..count]);
        reads += 1;
    }
    assert!(reads > 1);
}

#[test]
fn a_connection_is_cut_or_reset_in_mid_answer() {
    let rig = Rig::start();
    rig.imap.set(Fault::CutAfter(10));
    assert_eq!(connect(&rig.imap).read(&mut [0]).unwrap(), 0);
    rig.imap.set(Fault::ResetAfter(10));
    let error = connect(&rig.imap).read(&mut [0]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn a_mail_whose_acknowledgement_is_lost_is_delivered_once() {
    let rig = Rig::start();
    rig.submission.set(Fault::LoseReplyTo(A_MAIL));
    assert!(!is_acknowledged(&rig, "lost"));
    assert_eq!(rig.submission.lost_replies(), 1);
    assert!(is_acknowledged(&rig, "next"));

    let reader = rig.inbox("reader");
    reader.wait_for("the next mail", |mail| mail.subject == "next");
    let subjects: Vec<_> = reader.mails().into_iter().map(|mail| mail.subject).collect();
    assert_eq!(subjects.iter().filter(|subject| *subject == "lost").count(), 1, "{subjects:?}");
}

#[test]
fn a_fetch_over_https_fails_when_the_pack_is_cut() {
    let rig = Rig::start();
    let upstream = Upstream::new(&rig);
    let bob = Maintainer::join(&rig, &upstream, "bob");
    let noise: String =
        (0..20_000_u32).map(|n| format!("{}\n", n.wrapping_mul(2_654_435_761))).collect();
    bob.commits("topic", "big", &noise, "Add something big");
    bob.publishes("big", "Something big");
    let url = format!("https://127.0.0.1:{}/bob/project.git", rig.https.port());
    rig.https.set(Fault::CutAfter(40_000));
    let failed = outcome(bob.git().args(["clone", "--quiet", &url, "cut"]));
    assert!(!failed.status.success());
    rig.https.set(Fault::None);
    let healed = outcome(bob.git().args(["clone", "--quiet", &url, "whole"]));
    assert!(healed.status.success(), "{}", String::from_utf8_lossy(&healed.stderr));
}

fn connect(proxy: &Proxy) -> TcpStream {
    let client = TcpStream::connect(proxy.address()).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    client
}

fn greeted(proxy: &Proxy) -> TcpStream {
    let mut client = connect(proxy);
    let mut greeting = [0; 4];
    client.read_exact(&mut greeting).unwrap();
    assert_eq!(&greeting, b"* OK");
    client
}

/// Mails a letter to whoever sends it.
fn is_acknowledged(rig: &Rig, subject: &str) -> bool {
    let (me, text) = (address("reader"), "It was a long letter.\n".repeat(100));
    let header = format!("Subject: {subject}");
    let mut swaks = swaks(rig, "reader");
    swaks.args(["--from", &me, "--to", &me, "--header", &header, "--body", &text]);
    outcome(&mut swaks).status.success()
}
