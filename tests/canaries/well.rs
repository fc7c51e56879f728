//! A whole story with servers that behave: setup, a request that is tested and answered, every
//! question that can be asked, and a crash at the end.

use std::time::Duration;

use crate::demo::gitlab::{GitLabStandIn, Settings};
use crate::demo::mail::{ListOptions, MailStandIn, MailWorld};
use crate::demo::project::MAINTAINERS;

use crate::canaries::stage::{
    BOT, IMAP, LIST, Places, SMTP, Stage, TOKEN, expect_clean, expect_clean_folder,
};

const LONG: Duration = Duration::from_secs(90);

fn mail_server() -> MailStandIn {
    let world = MailWorld::new()
        .account("gatepost", IMAP, [BOT])
        .account("sender", SMTP, ["sender@tally.example"])
        .list(LIST, "devel.tally.example", ListOptions::default())
        .subscribe(LIST, "gatepost", "INBOX")
        .smtp_needs_login();
    let world = MAINTAINERS.iter().fold(world, |world, maintainer| {
        let name = maintainer.address.split('@').next().unwrap();
        world.account(name, "x", [maintainer.address])
    });
    MailStandIn::start(world).unwrap()
}

fn story(format: &str) {
    let stage = Stage::new();
    let mail = mail_server();
    let settings = Settings { token: TOKEN.into(), ..Settings::default() };
    let gitlab = GitLabStandIn::start(settings).unwrap();
    stage.configure(&Places {
        imap: mail.imap_addr().port(),
        smtp: mail.smtp_addr().port(),
        gitlab: gitlab.url().to_owned(),
    });
    let set_up = stage.runs(&["setup"]);
    assert!(set_up.status.success(), "{}", String::from_utf8_lossy(&set_up.stderr));
    let bot = stage.starts(format);
    bot.waits_for("the control socket", || stage.runs(&["status"]).stdout.starts_with(b"The bot"));
    let core = bot.limit("Max core file size");
    assert_eq!(core.split_whitespace().filter(|word| *word == "0").count(), 2, "{core}");
    bot.waits_for("the mailbox", || {
        stage.runs(&["status"]).stdout.windows(5).any(|w| w == b"Read ")
    });
    let pull = &stage.pulls[0];
    let url = format!("{}/alice.git", stage.git.url());
    let mails = pull.letters(&url, LIST).unwrap();
    for one in &mails {
        mail.deliver(LIST, &one.bytes);
    }
    let archive = mail.wait_for_archive(LIST, mails.len() + 1, LONG);
    assert_eq!(archive.len(), mails.len() + 1, "no answer: {}", bot.log());
    for arguments in [
        &["status"][..],
        &["status", "--format", "json"],
        &["show", "1"],
        &["show", "1", "--format", "json"],
        &["show", "run-1"],
        &["do", "help"],
        &["do", "retest", "1"],
        &["do", "pause", "canary"],
        &["check"],
        &["--help"],
        &["run", "--help"],
    ] {
        stage.runs(arguments);
    }
    let seen = bot.crashes();
    assert!(seen.iter().any(|line| line.contains("git-child")), "no child was seen: {seen:?}");
    for stored in archive.iter().chain(&mail.inbox("rita@maintainers.example")) {
        expect_clean("a letter", &stored.bytes());
    }
    assert!(expect_clean_folder(&stage.state()) > 10);
    // A second life reads the store again.
    stage.runs(&["show", "1", "--format", "json"]);
}

#[test]
fn a_whole_story_with_a_log_of_everything_shows_no_secret() {
    story("text");
}

#[test]
fn a_whole_story_with_a_log_in_json_shows_no_secret() {
    story("json");
}
