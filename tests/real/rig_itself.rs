//! The rig held to what it promises, without the bot.

use crate::maintainer::{GIT, Maintainer};
use crate::process::{command, run};
use crate::rig::{BOT, LIST, Rig};
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
    let patch = rig.inbox(BOT).wait_for_reply_to(&request.message_id);
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
    let ports = [
        ("https", rig.https.port()),
        ("http", rig.http.port()),
        ("git", rig.git.port()),
    ];
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
