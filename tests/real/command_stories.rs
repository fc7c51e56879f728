//! The command mailbox: people mail commands with their own mail programs, through the real
//! submission server to the real mailbox, and are answered there.

use std::collections::BTreeSet;

use crate::dkim::{AUTHSERV_ID, Dkim};
use crate::mailbox::Mail;
use crate::maintainer::Maintainer;
use crate::maintainer::programs::Swaks;
use crate::process::eventually;
use crate::proxy::Fault;
use crate::rig::{BOT, COMMANDS, LIST, Rig, address, password};
use crate::world::World;

#[test]
fn commands_by_mutt_are_carried_out_and_answered_in_one_letter() {
    let (world, admin) = started(Dkim::Unused, |_| String::new());
    let text = "Hello bot,\n\nstatus\npause The runners are down.\naprove 12\nthanks\nresume\n";
    let id = admin.mutts(&world.rig, "Runners", text);

    let answer = wait_for_transcript(&world, "admin", &id);
    assert_eq!(answer.subject, "Re: Runners");
    assert_eq!(answer.references, [id.as_str()]);
    assert_eq!(answer.header("Auto-Submitted").as_deref(), Some("auto-replied"));
    assert_eq!((&answer.to, &answer.cc), (&vec![address("admin")], &vec![address("release")]));
    for line in ["> status", "> pause The runners are down.", "> aprove 12"] {
        assert!(answer.text.contains(line), "{line}: {}", answer.text);
    }
    assert!(answer.words().contains("Did you mean \"approve\"?"), "{}", answer.text);
    assert!(!answer.text.contains("> resume"), "it came after thanks: {}", answer.text);
    let copy = world.rig.inbox("release").wait_for_reply(&id, &address(BOT));
    assert_eq!(copy.message_id, answer.message_id);

    let status = world.bot.says(&["status"]);
    assert!(status.contains("Paused by admin@example.test"), "{status}");
    assert!(status.contains("The runners are down."), "{status}");
    let audit = audit_of(&world, "pause The runners are down.");
    assert!(audit[0].contains("admin@example.test (OpenPGP key "), "{audit:?}");
    expect_one_transcript(&world, &admin, "admin", &[&id]);
}

#[test]
fn a_text_signed_in_the_clear_is_obeyed_by_swaks_and_by_git_send_email() {
    let (world, admin) = started(Dkim::Unused, |_| String::new());
    let order = "freeze master until 2099-01-01 Release candidates only.\n";
    let around = format!("emergency-stop Not signed.\n\n{}\nresume\n", admin.clearsigns(order));
    admin.sends(&world.rig, &Swaks::command(&admin.person(), "swaks@example.test", &around));
    let first = wait_for_transcript(&world, "admin", "swaks@example.test");
    assert!(first.text.contains("> freeze master until 2099-01-01"), "{}", first.text);
    assert!(!first.text.contains("emergency-stop"), "it is not signed: {}", first.text);
    assert!(world.bot.says(&["status"]).contains("Target master is frozen until"));

    let signed = admin.clearsigns("unfreeze master\nlist\n");
    let by_git = admin.sends_file("The freeze is over", &signed);
    let second = wait_for_transcript(&world, "admin", &by_git);
    assert_eq!(second.subject, "Re: The freeze is over");
    assert_eq!((&second.to, &second.cc), (&vec![address("admin")], &vec![address("release")]));
    assert!(!world.bot.says(&["status"]).contains("frozen"));
    expect_one_transcript(&world, &admin, "admin", &["swaks@example.test", &by_git]);
}

#[test]
fn what_only_looks_is_answered_to_the_sender_alone() {
    let (world, admin) = started(Dkim::Unused, |_| String::new());
    let id = admin.mutts(&world.rig, "status", "help approve\n");
    let answer = wait_for_transcript(&world, "admin", &id);
    // mutt signs the subject as well, so what it says counts.
    assert!(answer.text.contains("> status\n"), "{}", answer.text);
    assert!(answer.text.contains("> help approve"), "{}", answer.text);
    assert!(answer.cc.is_empty(), "{:?}", answer.cc);
    expect_one_transcript(&world, &admin, "admin", &[&id]);
    assert_eq!(world.rig.inbox("release").mails(), []);
}

#[test]
fn an_unsigned_mail_in_somebodys_name_is_answered_once_and_a_strangers_never() {
    let (world, admin) = started(Dkim::Unused, |_| String::new());
    let stranger = world.stranger("carol");
    for id in ["forged-1@example.test", "forged-2@example.test"] {
        stranger.sends(&world.rig, &Swaks::command(&admin.person(), id, "pause Everything.\n"));
    }
    let signed = stranger.clearsigns("pause Everything.\n");
    for (id, text) in [("carol-1@example.test", "pause X.\n"), ("carol-2@example.test", &signed)] {
        stranger.sends(&world.rig, &Swaks::command(&stranger.person(), id, text));
    }
    // Her own signature under somebody else's name.
    let mail = Swaks::command(&admin.person(), "forged-3@example.test", &signed);
    stranger.sends(&world.rig, &mail);
    let told = world.rig.inbox("admin").wait_for("an answer", is_transcript);
    assert!(told.words().contains("Nothing in this mail was carried out."), "{}", told.text);
    assert!(told.words().contains("gpg --clearsign"), "{}", told.text);
    assert_eq!((told.to.as_slice(), told.cc.len()), ([address("admin")].as_slice(), 0));

    expect_one_transcript(&world, &admin, "admin", &[]);
    let transcripts = world.rig.inbox("admin").mails().into_iter().filter(is_transcript).count();
    assert_eq!(transcripts, 2, "one to the forged mails, one to the fence");
    for user in ["carol", "release"] {
        assert_eq!(world.rig.inbox(user).mails(), [], "{user}");
    }
    assert!(!world.bot.says(&["status"]).contains("Paused"));
    let refused = audit_of(&world, "a mail: NOT DONE: refused");
    assert_eq!(refused.len(), 3, "{refused:?}");
}

#[test]
fn a_signed_mail_that_is_sent_again_is_refused_in_silence() {
    let (world, admin) = started(Dkim::Unused, |_| String::new());
    let somebody = world.stranger("carol");
    let signed = admin.clearsigns("pause The runners are down.\n");
    admin.sends(&world.rig, &Swaks::command(&admin.person(), "first@example.test", &signed));
    wait_for_transcript(&world, "admin", "first@example.test");
    world.bot.says(&["do", "resume"]);
    for (sender, id) in [(&somebody, "again-1@example.test"), (&admin, "again-2@example.test")] {
        sender.sends(&world.rig, &Swaks::command(&admin.person(), id, &signed));
    }
    eventually("both are refused", || {
        (audit_of(&world, "acted on before").len() == 2).then_some(())
    });
    expect_one_transcript(&world, &admin, "admin", &["first@example.test"]);
    for again in ["again-1@example.test", "again-2@example.test"] {
        assert_eq!(world.rig.inbox("admin").replies(again, &address(BOT)), [], "{again}");
    }
    assert!(!world.bot.says(&["status"]).contains("Paused"));
}

#[test]
fn a_dkim_signature_that_the_bot_verifies_serves_for_what_is_harmless() {
    let (world, admin) = started(Dkim::Signed, |rig| {
        format!("dkim = \"verify\"\nresolvers = [\"{}\"]\n", rig.dns())
    });
    domain_proves_little(&world, &admin);
}

#[test]
fn a_dkim_signature_that_the_mx_passed_serves_for_what_is_harmless() {
    let (world, admin) =
        started(Dkim::Judged, |_| format!("dkim = \"header\"\nauthserv_id = \"{AUTHSERV_ID}\"\n"));
    domain_proves_little(&world, &admin);
    // Without submission nobody signs; what the mail itself says of the MX's word is taken out.
    let forged = format!(
        "From: {}\r\nTo: {}\r\nSubject: To the bot\r\nMessage-ID: <forged@example.test>\r\n\
         Authentication-Results: {AUTHSERV_ID}; dkim=pass header.d=example.test\r\n\r\n\
         pause Everything.\r\n",
        admin.person(),
        address(COMMANDS)
    );
    admin.sends_by_the_mx(&world.rig, &forged);
    let told = wait_for_transcript(&world, "admin", "forged@example.test");
    assert!(told.words().contains("Nothing in this mail was carried out."), "{}", told.text);
    assert!(!world.bot.says(&["status"]).contains("Paused"));
}

#[test]
fn a_bot_killed_between_command_and_answer_does_each_once_and_answers_once() {
    let (mut world, admin) = started(Dkim::Unused, |_| String::new());
    let mut ids = Vec::new();
    for moment in Moment::ALL {
        let id = format!("killed-at-{}@example.test", moment as u8);
        let text = format!("pause {moment:?}\nfreeze master {moment:?}\nstatus\n");
        let signed = admin.clearsigns(&text);
        if moment == Moment::BeforeTheLetterIsTaken {
            world.smtp.set(Fault::Refuse);
        }
        admin.sends(&world.rig, &Swaks::command(&admin.person(), &id, &signed));
        let inbox = world.rig.inbox(COMMANDS);
        eventually("the moment comes", || {
            let came = match moment {
                Moment::AtTheMailsArrival => inbox.mails().iter().any(|mail| mail.message_id == id),
                Moment::AtTheLastCommand => {
                    world.bot.log().contains(&format!("freeze master {moment:?}"))
                }
                Moment::BeforeTheLetterIsTaken => world.bot.log().contains("was not taken now"),
                Moment::AfterTheLetterWasTaken => world.bot.log().contains("was accepted"),
            };
            came.then_some(())
        });
        world.bot.kill();
        world.smtp.set(Fault::None);
        world.start_bot();
        wait_for_transcript(&world, "admin", &id);
        for order in ["pause", "freeze master"] {
            let done = audit_of(&world, &format!("\"{order} {moment:?}\""));
            assert_eq!(done.len(), 1, "{done:?}");
        }
        ids.push(id);
    }
    expect_one_transcript(&world, &admin, "admin", &[]);
    // A bot that is killed while its server takes a private letter sends the same letter again: mail
    // readers know a copy by its Message-ID.
    for id in &ids {
        let answers = world.rig.inbox("admin").replies(id, &address(BOT));
        let different: BTreeSet<_> = answers.iter().map(|answer| &answer.message_id).collect();
        assert_eq!(different.len(), 1, "{id}: {answers:?}");
    }
}

#[test]
fn a_signed_retest_on_the_lists_thread_gives_a_second_attempt_and_reply() {
    let (world, admin) = started(Dkim::Unused, |_| String::new());
    let alice = world.maintainer("alice");
    alice.commits("topic", "checks/flaky.sh", "exit 1\n", "Fail");
    alice.publishes("for-upstream", "Changes that fail");
    let request = alice.mails_pull(&world.https(&alice), "for-upstream");
    let first = world.wait_for_reply(&request);
    assert!(first.text.starts_with("Failed"), "{}", first.text);

    let retest = |id: &str, text: &str| Swaks {
        to: LIST.to_owned(),
        subject: format!("Re: {}", request.subject),
        answers: Some(first.message_id.clone()),
        ..Swaks::command(&alice.person(), id, text)
    };
    alice.sends(&world.rig, &retest("unsigned@example.test", "gatepost: retest\n"));
    world.rig.inbox(BOT).wait_for_id("unsigned@example.test");
    // Mail comes in order, so by the fence's answer the bot has passed over what came before.
    expect_one_transcript(&world, &admin, "admin", &[]);
    assert_eq!(world.pipelines(), ["failed"], "nobody signed it");

    let signed = alice.clearsigns("Flaky, sorry.\n\ngatepost: retest\n");
    alice.sends(&world.rig, &retest("signed@example.test", &signed));
    let replies = eventually("a second reply", || {
        let mails = world.rig.inbox("reader").mails();
        let answers = |mail: &Mail| {
            mail.from == [address(BOT)] && mail.references.contains(&request.message_id)
        };
        let replies: Vec<Mail> = mails.into_iter().filter(answers).collect();
        (replies.len() == 2).then_some(replies)
    });
    assert!(replies[1].text.starts_with("Failed"), "{}", replies[1].text);
    assert_ne!(replies[0].message_id, replies[1].message_id);
    assert_eq!(world.pipelines(), ["failed", "failed"]);
    let audit = audit_of(&world, "gatepost: retest");
    assert_eq!(audit.len(), 1, "{audit:?}");
    assert!(audit[0].contains("alice@example.test (OpenPGP key "), "{audit:?}");
}

/// When the bot is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    AtTheMailsArrival,
    AtTheLastCommand,
    BeforeTheLetterIsTaken,
    AfterTheLetterWasTaken,
}

impl Moment {
    const ALL: [Self; 4] = [
        Self::AtTheMailsArrival,
        Self::AtTheLastCommand,
        Self::BeforeTheLetterIsTaken,
        Self::AfterTheLetterWasTaken,
    ];
}

/// What DKIM proves is enough for `status` and not for `approve`.
fn domain_proves_little(world: &World, admin: &Maintainer) {
    let text = "status\napprove 1\n";
    admin.sends(&world.rig, &Swaks::command(&admin.person(), "dkim@example.test", text));
    let answer = wait_for_transcript(world, "admin", "dkim@example.test");
    assert!(answer.text.contains("> status"), "{}", answer.text);
    assert!(answer.text.contains("Nothing is open."), "{}", answer.text);
    let words = answer.words();
    assert!(
        words.contains("Not done: \"approve\" has to be signed with your OpenPGP key"),
        "{words}"
    );
    assert!(answer.cc.is_empty(), "nothing was changed: {:?}", answer.cc);
    let audit = audit_of(world, "(DKIM of example.test)");
    assert_eq!(audit.len(), 2, "{audit:?}");
    assert!(audit.iter().any(|line| line.contains("\"approve 1\": NOT DONE")), "{audit:?}");
}

/// A bot with a command mailbox, at work, and its administrator; `more` adds to `[command]`.
fn started(dkim: Dkim, more: impl Fn(&Rig) -> String) -> (World, Maintainer) {
    let mut world = World::around(Rig::start_with(dkim), |rig, config| {
        let (port, ca) = (rig.imap.port(), rig.authority.certificate.display());
        let (commands, more) = (address(COMMANDS), more(rig));
        let off = if more.is_empty() { "dkim = \"off\"\n" } else { "" };
        let config =
            config.replace("target = \"master\"\n", "target = \"master\"\nretest_by_mail = true\n");
        format!(
            "{config}
[[account]]
name = \"commands\"
host = \"127.0.0.1\"
port = {port}
tls = \"starttls\"
ca_file = \"{ca}\"
login = \"{COMMANDS}\"
password = {{ file = \"commands-password\" }}

[command]
account = \"commands\"
address = \"{commands}\"
{off}{more}"
        )
    });
    let file = world.rig.folder().join("bot/commands-password");
    crate::bot::write_secret(&file, &password(COMMANDS));
    let admin = world.maintainer("admin");
    world.set_up();
    world.start_bot();
    (world, admin)
}

fn is_transcript(mail: &Mail) -> bool {
    mail.from == [address(BOT)] && mail.header("X-Gatepost-Verdict").as_deref() == Some("commands")
}

/// Waits for the answer to a command mail.
fn wait_for_transcript(world: &World, user: &str, message_id: &str) -> Mail {
    let answer = world.rig.inbox(user).wait_for_reply(message_id, &address(BOT));
    assert!(is_transcript(&answer), "{}", answer.raw);
    answer
}

/// Checks that each mail was answered once. Another command is mailed first, so that a second
/// answer would have come.
fn expect_one_transcript(world: &World, admin: &Maintainer, user: &str, ids: &[&str]) {
    let fence = "fence@example.test";
    let signed = admin.clearsigns("help\n");
    admin.sends(&world.rig, &Swaks::command(&admin.person(), fence, &signed));
    wait_for_transcript(world, "admin", fence);
    for id in ids {
        let answers = world.rig.inbox(user).replies(id, &address(BOT));
        assert_eq!(answers.len(), 1, "{id}: {answers:?}");
    }
}

/// The lines of the audit trail that have that in them.
fn audit_of(world: &World, what: &str) -> Vec<String> {
    let said = world.bot.says(&["audit"]);
    said.lines().filter(|line| line.contains(what)).map(str::to_owned).collect()
}
