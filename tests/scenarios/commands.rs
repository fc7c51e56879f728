//! Stories about commands that come by mail: told straight, and with a crash at every port call.

use crate::ports::Fault;
use crate::pull::command::How;
use crate::pull::request::Stage;

use crate::scenario::outside::{ADMIN, BOT, LIST, MANAGER};
use crate::scenario::{Mailed, Setting, World, scenario, scenario_in, told_once};

pub(crate) const SIGNED: &str = "X-Proof: openpgp";
const DKIM: &str = "X-Proof: dkim";

/// Alice's request, tested and failed.
fn failed(w: &mut World) -> Mailed {
    w.run_until_quiet();
    w.next_pipeline_fails(&["build-fedora"]);
    let pull = w.maintainer("alice").mails_pull("block-2026-01-02");
    w.run_until_quiet();
    assert!(w.reply_to(&pull).starts_with("Failed"));
    pull
}

/// A mail with a command gives one answer, with a copy to the release managers where something is
/// changed.
#[test]
fn a_signed_command_is_carried_out_once_and_answered_once() {
    scenario(|w| {
        let pull = failed(w);
        let id = w.mails_commands(MANAGER, SIGNED, "Hello,\n\nretest 1\nthanks\nretest 1\n");
        assert!(w.reply_to(&pull).starts_with("Passed"));
        let letter = w.letter_to(MANAGER);
        assert!(
            letter.contains("> retest 1") && letter.contains("  Request 1 is queued again"),
            "{letter}"
        );
        assert!(letter.contains("Carried out: 1 command."), "{letter}");
        let audit = w.audit();
        assert_eq!(audit.len(), 1, "{audit:?}");
        assert_eq!(audit[0].mail.as_ref().unwrap().as_str(), id);
        assert!(matches!(&audit[0].by.how, How::OpenPgp { .. }) && audit[0].carried_out);
        assert_eq!(w.pull(1).attempts, 2);
    });
}

#[test]
fn commands_of_one_mail_are_carried_out_one_by_one_with_what_is_wrong_told() {
    scenario(|w| {
        let _pull = failed(w);
        let text =
            "retset 1\nnote 1 flaky runner\npriority 1 5\nretest 7\npause The runners are down.\n";
        w.mails_commands(MANAGER, SIGNED, text);
        let letter = w.letter_to(MANAGER);
        assert!(letter.contains("Did you mean \"retest\"?"), "{letter}");
        assert!(letter.contains("Noted beside request 1."), "{letter}");
        assert!(letter.contains("Not done: Request 1 is over"), "{letter}");
        assert!(letter.contains("There is no open request 7."), "{letter}");
        assert!(letter.contains("Carried out: 2 commands; not carried out: 3."), "{letter}");
        assert_eq!(w.overlay().pause.unwrap().by, MANAGER);
        assert_eq!(w.pull(1).notes[0].text, "flaky runner");
        w.mails_commands(MANAGER, DKIM, "resume\n");
        assert!(w.letter_to(MANAGER).contains("The bot goes on."));
    });
}

#[test]
fn in_an_answer_to_a_request_it_need_not_be_named() {
    scenario(|w| {
        let pull = failed(w);
        let header = format!("{SIGNED}\nIn-Reply-To: <{}>\nX-Signed-To: {BOT}", pull.message_id);
        w.mails_commands("alice@example.org", &header, "retest fresh\n");
        assert!(w.reply_to(&pull).starts_with("Passed"));
        assert!(w.letter_to("alice@example.org").contains("a new merge"));
        let copied = |letter: &&crate::scenario::outside::Accepted| {
            letter.recipients == ["alice@example.org", MANAGER]
        };
        assert!(w.outside.lock().accepted.iter().any(|letter| copied(&letter)));
        // Plain talk is not answered.
        w.mails_commands("alice@example.org", &header, "Great, that helped.\n");
        assert_eq!(w.letters_to("alice@example.org"), 0);
    });
}

#[test]
fn what_needs_openpgp_is_refused_to_dkim_alone() {
    scenario(|w| {
        let _pull = failed(w);
        for line in [
            "approve 1",
            "test https://git.example.org/a staging 0123456789abcdef0123456789abcdef01234567",
        ] {
            w.mails_commands(MANAGER, DKIM, &format!("{line}\n"));
            let letter = w.letter_to(MANAGER);
            assert!(letter.contains("has to be signed with your OpenPGP key"), "{letter}");
        }
        for line in ["key list", "allow a@b.org", "deny a@b.org", "manager add a@b.org"] {
            w.mails_commands(ADMIN, DKIM, &format!("{line}\n"));
            let letter = w.letter_to(ADMIN);
            assert!(letter.contains("has to be signed with your OpenPGP key"), "{letter}");
        }
        assert_eq!(w.overlay(), Default::default());
    });
}

#[test]
fn strangers_get_silence_and_unproved_mails_one_answer_a_day() {
    scenario(|w| {
        let _pull = failed(w);
        w.mails_commands("mallory@example.net", SIGNED, "cancel 1\n");
        assert_eq!(w.letters_to("mallory@example.net"), 0);
        w.mails_commands(ADMIN, "", "pause because I say so\n");
        assert!(w.letter_to(ADMIN).contains("Nothing in this mail was carried out."));
        w.mails_commands(ADMIN, "", "pause because I say so again\n");
        assert_eq!(w.letters_to(ADMIN), 0, "it may be somebody else who writes");
        assert_eq!(w.overlay().pause, None);
    });
}

#[test]
fn a_replay_is_refused_in_silence_and_written_down() {
    scenario(|w| {
        let pull = failed(w);
        w.mails_commands(MANAGER, "X-Proof: openpgp\nX-Signature: S1", "retest 1\n");
        w.letter_to(MANAGER);
        assert!(w.reply_to(&pull).starts_with("Passed"));
        w.mails_commands(MANAGER, "X-Proof: openpgp\nX-Signature: S1", "retest 1\n");
        w.mails_commands(MANAGER, "X-Proof: openpgp\nX-Signed-To: other@example.org", "cancel 1\n");
        w.mails_commands(MANAGER, "X-Proof: openpgp\nX-Signer: bob@example.org", "cancel 1\n");
        assert_eq!(w.letters_to(MANAGER), 0);
        assert_eq!(w.pull(1).attempts, 2);
        let refused: Vec<_> = w.audit().into_iter().filter(|entry| !entry.carried_out).collect();
        assert_eq!(refused.len(), 3, "{refused:?}");
        assert!(refused[0].outcome.contains("was acted on before"), "{refused:?}");
        assert!(refused[1].outcome.contains("for another recipient"), "{refused:?}");
        assert!(refused[2].outcome.contains("from another address"), "{refused:?}");
        w.mails_commands(MANAGER, "X-Proof: openpgp\nX-Age-Hours: 49", "retest 1\n");
        let letter = w.letter_to(MANAGER);
        let letter = letter.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(letter.contains("longer ago than commands are taken"), "{letter}");
    });
}

#[test]
fn a_doubled_header_is_refused_and_a_machines_mail_is_not_answered() {
    scenario(|w| {
        let _pull = failed(w);
        w.mails_commands(MANAGER, "X-Proof: openpgp\nFrom: root@example.org", "pause x\n");
        for mark in ["Auto-Submitted: auto-replied", "Return-Path: <>", "List-Id: <x.example.org>"]
        {
            w.mails_commands(MANAGER, &format!("{SIGNED}\n{mark}"), "pause x\n");
        }
        w.mails_commands(MANAGER, &format!("{SIGNED}\nCc: {LIST}"), "pause x\n");
        w.mails_commands(BOT, SIGNED, "pause x\n");
        assert_eq!(w.letters_to(MANAGER), 0);
        assert_eq!(w.overlay().pause, None);
        assert!(w.audit()[0].outcome.contains("has the header From twice"), "{:?}", w.audit());
        assert_eq!(w.audit().len(), 1);
    });
}

#[test]
fn roles_say_who_may_what() {
    scenario(|w| {
        let _pull = failed(w);
        // Bob is a maintainer, and it is neither his nor in his paths.
        w.mails_commands("bob@example.org", SIGNED, "retest 1\nstatus\nkey list\n");
        let letter = w.letter_to("bob@example.org");
        assert!(letter.contains("Not carried out: 3 commands."), "{letter}");
        w.mails_commands(MANAGER, SIGNED, "deny bob@example.org\nlist\n");
        let letter = w.letter_to(MANAGER);
        assert!(letter.contains("\"deny\" is for the administrator."), "{letter}");
        assert!(letter.contains("Concluded last:"), "{letter}");
        w.mails_commands(ADMIN, SIGNED, "deny bob@example.org\ndeny root@example.org\n");
        let letter = w.letter_to(ADMIN);
        assert!(letter.contains("The administrator can't be denied"), "{letter}");
        w.mails_commands("bob@example.org", SIGNED, "show 1\n");
        assert_eq!(w.letters_to("bob@example.org"), 0);
        let _theirs = w.maintainer("bob").mails_pull("bob-1");
        w.run_until_quiet();
        assert_eq!(w.pulls().len(), 1, "nor are his requests taken");
    });
}

#[test]
fn nothing_moves_while_everything_is_stopped_but_the_answers_to_commands() {
    told_once(&Setting { all_answered: false, ..Setting::default() }, |w| {
        w.run_until_quiet();
        w.mails_commands(MANAGER, DKIM, "emergency-stop Pipelines run amok.\n");
        let told = [MANAGER.to_owned(), ADMIN.to_owned()];
        assert_eq!(w.outside.lock().accepted.last().unwrap().recipients, told);
        assert!(w.letter_to(MANAGER).contains("Everything is stopped"));
        let pull = w.maintainer("alice").mails_pull("block-2026-01-02");
        w.run_until_quiet();
        assert!(matches!(w.pull(1).stage, Stage::Received { .. }));
        assert!(w.outside.lock().fetched.is_empty() && w.outside.lock().pipelines.is_empty());
        w.mails_commands(MANAGER, DKIM, "resume\n");
        assert!(w.letter_to(MANAGER).contains("signed with your OpenPGP key"));
        assert!(w.overlay().stop.is_some());
        w.mails_commands(MANAGER, SIGNED, "resume\n");
        assert!(w.letter_to(MANAGER).contains("Ended: the emergency stop"));
        assert!(w.reply_to(&pull).starts_with("Passed"));
    });
}

#[test]
fn a_flood_of_letters_stops_outgoing_mail_until_somebody_looks() {
    let mut setting = Setting { all_answered: false, ..Setting::default() };
    setting.policy.letters_per_hour_in_all = 2;
    told_once(&setting, |w| {
        w.run_until_quiet();
        let mut pulls = Vec::new();
        for tag in ["a-1", "a-2", "a-3"] {
            let pull = w.maintainer("alice").mails_pull(tag);
            w.outside.lock().conflicting.push(pull.tip);
            pulls.push(pull);
        }
        w.run_until_quiet();
        assert!(w.overlay().breaker.is_some());
        assert!(w.letter_to(ADMIN).contains("Outgoing mail is stopped"));
        w.mails_commands(MANAGER, DKIM, "resume\n");
        assert!(w.letter_to(MANAGER).contains("the stop of outgoing mail"));
        for pull in &pulls {
            assert!(w.reply_to(pull).starts_with("Does not merge"));
        }
    });
}

#[test]
fn a_frozen_target_holds_requests_which_go_on_when_it_thaws() {
    scenario(|w| {
        w.run_until_quiet();
        w.command("freeze master until 2030-01-01 Release candidates only.").unwrap();
        let pull = w.maintainer("alice").mails_pull("block-2026-01-02");
        w.run_until_quiet();
        assert!(matches!(w.pull(1).stage, Stage::Held { .. }));
        for letter in [w.letter_to(MANAGER), w.letter_to("alice@example.org")] {
            assert!(letter.contains("The target is frozen:"), "{letter}");
            assert!(letter.contains("Release candidates only."), "{letter}");
        }
        w.command("unfreeze master").unwrap();
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
    });
}

#[test]
fn an_approval_of_something_else_is_none() {
    scenario(|w| {
        w.run_until_quiet();
        w.command("freeze master").unwrap();
        let pull = w.maintainer("alice").mails_pull("block-2026-01-02");
        w.run_until_quiet();
        let letter = w.letter_to(MANAGER);
        w.letter_to("alice@example.org");
        let why = w.command("approve 1 00000000beef").unwrap_err();
        assert!(why.contains("is not 00000000beef"), "{why}");
        let line = letter.lines().find(|line| line.trim_start().starts_with("approve 1 ")).unwrap();
        w.command(line.trim()).unwrap();
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
    });
}

#[test]
fn a_signed_retest_on_the_lists_thread_counts_where_the_list_takes_it() {
    let mut setting = Setting::default();
    for takes in [true, false] {
        setting.rules.retest_by_mail = takes;
        scenario_in(&setting, |w| {
            let pull = failed(w);
            for header in [SIGNED, DKIM] {
                let header = format!("{header}\nIn-Reply-To: <{}>\nCc: {LIST}", pull.message_id);
                let text = format!("It was the runner.\n\ngatepost: retest\n{header}");
                w.mails_commands("alice@example.org", &header, &text);
            }
            assert_eq!(w.pull(1).attempts, if takes { 2 } else { 1 });
            assert_eq!(w.letters_to("alice@example.org"), 0);
            if takes {
                assert!(w.reply_to(&pull).starts_with("Passed"));
            }
        });
    }
}

#[test]
fn a_person_refuses_ignores_and_pauses_a_list() {
    scenario(|w| {
        w.run_until_quiet();
        w.command("pause devel Rebuilding the runners.").unwrap();
        let first = w.maintainer("alice").mails_pull("a-1");
        let _second = w.maintainer("bob").mails_pull("b-1");
        w.run_until_quiet();
        assert!(w.because(1).contains("Rebuilding the runners."), "{}", w.because(1));
        w.command("refuse a-1 Please split it.").unwrap();
        w.command("ignore 2").unwrap();
        w.run_until_quiet();
        let reply = w.reply_to(&first);
        assert!(reply.starts_with("Refused by a release manager."), "{reply}");
        assert!(reply.contains("\"Please split it.\""), "{reply}");
        w.command("resume devel").unwrap();
        w.run_until_quiet();
        assert!(w.outside.lock().pipelines.is_empty());
    });
}

#[test]
fn a_key_comes_with_the_administrators_signed_mail_and_may_not_make_a_manager() {
    scenario(|w| {
        w.run_until_quiet();
        let add = |address: &str| format!("key add {address}\n");
        let header = "X-Proof: openpgp\nX-Key: dave";
        w.mails_commands(MANAGER, header, &add("dave@example.org"));
        assert!(w.letter_to(MANAGER).contains("is for the administrator"));
        w.mails_commands(ADMIN, header, &add(MANAGER));
        assert!(w.letter_to(ADMIN).contains("has rights of its own here"));
        w.mails_commands(ADMIN, SIGNED, &add("dave@example.org"));
        assert!(w.letter_to(ADMIN).contains("There is no OpenPGP key in the signed part"));
        w.mails_commands(ADMIN, header, "key add\n");
        assert!(w.letter_to(ADMIN).contains("is believed as that of dave@example.org"));
        let changes = w.outside.lock().key_changes.clone();
        assert_eq!(changes.added, [(b"dave".to_vec(), "dave@example.org".to_owned())]);
    });
}

#[test]
fn a_dns_that_does_not_answer_is_asked_again() {
    scenario(|w| {
        w.run_until_quiet();
        let fault = Fault::temporary("no answer");
        w.outside.lock().gitlab_faults.push(("authenticate".into(), fault));
        w.mails_commands(MANAGER, DKIM, "pause It is late.\n");
        assert!(w.letter_to(MANAGER).contains("No new test begins"));
        w.mails_commands(MANAGER, DKIM, "resume\n");
        w.letter_to(MANAGER);
    });
}
