//! Stories about what the bot itself fails at: that one thing is set aside and told, and all else
//! goes on.

use crate::bot::journal::{Journal, Work};
use crate::bot::perform::panicked;
use crate::pull::aside::RecordKey;
use crate::pull::ids::PullNumber;
use crate::pull::request::work::PullWork;
use crate::pull::world::{Input, Work as Task};
use jiff::{SignedDuration, Timestamp};

use crate::scenario::outside::{ADMIN, MANAGER};
use crate::scenario::{Setting, scenario, told_once};
use crate::scenarios::commands::SIGNED;
use crate::scenarios::revisions::says;

fn request(number: u64) -> RecordKey {
    RecordKey::Pull(PullNumber(number))
}

#[test]
fn a_request_that_cannot_be_kept_is_set_aside_and_the_others_go_on() {
    scenario(|w| {
        w.run_until_quiet();
        let bad = w.maintainer("bob").mails_pull("net");
        w.outside.lock().unkeepable.push((bad.message_id, "fetched"));
        let good = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        assert!(w.reply_to(&good).starts_with("Passed on master "));
        assert_eq!(w.aside(), [request(1)]);
        let because = w.because(1);
        assert!(because.contains("it is set aside since 2026-01-05"), "{because}");
        assert!(because.contains("request 1 takes 40000 bytes"), "{because}");
        let told = w.letter_to(ADMIN);
        assert!(told.starts_with("Gatepost: Request 1 is set aside"), "{told}");
        assert!(told.contains("\"retest 1\" takes it up again"), "{told}");
        w.run_for(SignedDuration::from_hours(48));
        assert_eq!(w.letters_to(ADMIN), 0, "it is told once");
    });
}

#[test]
fn the_release_managers_hear_at_once_of_a_request_that_is_set_aside() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        let bad = w.maintainer("bob").mails_pull("net");
        w.outside.lock().unkeepable.push((bad.message_id, "fetched"));
        w.run_until_quiet();
        let last = w.outside.lock().accepted.last().unwrap().recipients.clone();
        assert_eq!(last, [ADMIN, MANAGER]);
        w.letter_to(ADMIN);
    });
}

#[test]
fn what_is_set_aside_is_taken_up_again_where_it_stood() {
    scenario(|w| {
        w.run_until_quiet();
        let bad = w.maintainer("bob").mails_pull("net");
        w.outside.lock().unkeepable.push((bad.message_id.clone(), "fetched"));
        w.run_until_quiet();
        w.letter_to(ADMIN);
        let refused = w.command("note 1 it looks good to me").unwrap_err();
        assert!(refused.contains("\"retest 1\" takes it up again"), "{refused}");
        w.outside.lock().unkeepable.clear();
        assert_eq!(w.command("retest 1").unwrap(), "Request 1 is taken up again where it stood.");
        w.run_until_quiet();
        assert!(w.reply_to(&bad).starts_with("Passed on master "));
        assert_eq!(w.aside(), []);
    });
}

#[test]
fn what_is_set_aside_can_be_ended() {
    for line in ["cancel 1", "ignore 1"] {
        scenario(|w| {
            w.run_until_quiet();
            let bad = w.maintainer("bob").mails_pull("net");
            w.outside.lock().unkeepable.push((bad.message_id, "fetched"));
            w.run_until_quiet();
            w.letter_to(ADMIN);
            w.command(line).unwrap();
            w.run_until_quiet();
            assert_eq!(w.aside(), []);
        });
    }
}

#[test]
fn a_mail_whose_request_cannot_be_kept_is_passed_over_and_named() {
    scenario(|w| {
        w.run_until_quiet();
        w.outside.lock().unkeepable.push(("1.net@bob.example.org".into(), "received"));
        let bad = w.maintainer("bob").mails_pull("net");
        let good = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        assert!(w.reply_to(&good).starts_with("Passed on master "));
        assert_eq!(w.pulls().len(), 1);
        let told = w.letter_to(ADMIN);
        assert!(told.contains("A mail was set aside"), "{told}");
        assert!(told.contains(&bad.message_id), "{told}");
    });
}

#[test]
fn a_command_at_which_a_record_fails_is_refused_and_sets_nothing_aside() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        w.reply_to(&pull);
        w.outside.lock().unkeepable.push((pull.message_id.clone(), "answered"));
        let refused = w.command("note 1 something").unwrap_err();
        assert!(refused.contains("not carried out"), "{refused}");
        w.outside.lock().unkeepable.clear();
        assert_eq!(w.aside(), []);
        assert_eq!(w.pulls()[0].notes, []);
        w.command("note 1 something").unwrap();
        assert!(w.audit().iter().any(|entry| !entry.carried_out));
    });
}

#[test]
fn a_rule_that_panics_for_one_request_keeps_no_other_waiting() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        w.outside.lock().unreachable.push("https://git.example.org/bob/project.git".into());
        w.maintainer("bob").mails_pull("net");
        w.run_for(SignedDuration::from_mins(1));
        // A time to which nothing can be added.
        w.spoil(1, |pull| pull.seen_at = Timestamp::MAX);
        let good = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        assert!(w.reply_to(&good).starts_with("Passed on master "));
        assert_eq!(w.aside(), [request(1)]);
        let told = w.letter_to(ADMIN);
        assert!(told.contains("overflowed"), "{told}");
        w.command("status").unwrap();
    });
}

#[test]
fn an_effect_that_panics_three_times_in_a_row_sets_its_request_aside() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        w.outside.lock().panics.push(("repository.fetch", "bob".into()));
        let bad = w.maintainer("bob").mails_pull("net");
        let good = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        assert!(w.reply_to(&good).starts_with("Passed on master "));
        assert_eq!(w.aside(), [request(1)]);
        let because = w.because(1);
        assert!(because.contains("the third time in a row"), "{because}");
        // The bug, and what it cost.
        assert_eq!(w.letters_to(ADMIN), 2);
        w.outside.lock().panics.clear();
        w.command("retest 1").unwrap();
        w.run_until_quiet();
        w.reply_to(&bad);
    });
}

#[test]
fn a_run_at_which_the_bot_fails_frees_its_slot() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        w.outside.lock().panics.push(("gitlab.create", "staging-gatepost-1-1".into()));
        let bad = w.maintainer("bob").mails_pull("net");
        w.run_for(SignedDuration::from_mins(1));
        let good = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        assert!(w.reply_to(&good).starts_with("Passed on master "));
        assert!(matches!(w.aside().as_slice(), [RecordKey::Run(_)]), "{:?}", w.aside());
        assert_eq!(w.letters_to(ADMIN), 2);
        w.outside.lock().panics.clear();
        w.command("retest 1").unwrap();
        w.run_until_quiet();
        assert!(w.reply_to(&bad).starts_with("Passed on master "));
    });
}

#[test]
fn a_letter_at_which_the_bot_fails_holds_up_neither_its_request_nor_the_others() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        w.outside.lock().panics.push(("outbound.send", "To: bob".into()));
        let bad = w.maintainer("bob").mails_pull("net");
        let good = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        w.reply_to(&good);
        let aside = w.aside();
        assert!(matches!(aside.as_slice(), [RecordKey::Letter(_)]), "{aside:?}");
        assert_eq!(w.letters_to(ADMIN), 2);
        w.outside.lock().panics.clear();
        w.command("retest 1").unwrap();
        w.run_until_quiet();
        w.reply_to(&bad);
    });
}

#[test]
fn a_mail_about_a_request_that_makes_it_fail_is_passed_over_and_the_request_goes_on() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(3));
        w.outside.lock().unkeepable.push((pull.message_id.clone(), "running"));
        says(w, "alice", &pull, "Please drop this one, patch 3 breaks the build.");
        w.run_for(SignedDuration::from_mins(3));
        assert_eq!(w.aside(), []);
        let told = w.letter_to(ADMIN);
        assert!(told.contains("passed over."), "{told}");
        w.outside.lock().unkeepable.clear();
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed on master "));
    });
}

#[test]
fn a_mail_with_commands_that_make_a_request_fail_is_set_aside_itself() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        w.reply_to(&pull);
        w.outside.lock().unkeepable.push((pull.message_id.clone(), "answered"));
        let id = w.mails_commands(MANAGER, SIGNED, "note 1 something\n");
        assert_eq!(w.aside(), [RecordKey::Mail(id.parse().unwrap())]);
        assert!(w.letter_to(ADMIN).contains("Command mail"));
        assert_eq!(w.letters_to(MANAGER), 0);
        w.outside.lock().unkeepable.clear();
        // Nothing of it was carried out, and it is no replay.
        assert_eq!(w.pulls()[0].notes, []);
        w.command(&format!("retest <{id}>")).unwrap();
        w.run_until_quiet();
        assert_eq!(w.pulls()[0].notes.len(), 1);
        assert_eq!(w.letters_to(MANAGER), 1);
    });
}

#[test]
fn what_the_bot_dies_of_three_times_is_set_aside() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        w.outside.lock().deaths.push(("repository.fetch", "bob".into()));
        let bad = w.maintainer("bob").mails_pull("net");
        let good = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        assert_eq!(w.restarts, 3);
        w.restarts = 0;
        assert!(w.reply_to(&good).starts_with("Passed on master "));
        assert_eq!(w.aside(), [request(1)]);
        assert!(w.letter_to(ADMIN).contains("died of it three times in a row"));
        w.outside.lock().deaths.clear();
        w.command("retest 1").unwrap();
        w.run_until_quiet();
        w.reply_to(&bad);
    });
}

#[test]
fn a_letter_that_the_bot_dies_of_is_set_aside_though_each_life_notes_when_it_was_tried() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        w.outside.lock().deaths.push(("outbound.send", "To: bob".into()));
        w.maintainer("bob").mails("net", |tag, _| tag.annotated = false);
        w.run_until_quiet();
        assert_eq!(w.restarts, 3);
        w.restarts = 0;
        assert!(matches!(w.aside().as_slice(), [RecordKey::Letter(_)]), "{:?}", w.aside());
        w.letter_to(ADMIN);
    });
}

#[test]
fn a_mail_that_the_bot_dies_of_is_passed_over_and_named() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        w.outside.lock().deaths.push(("mailbox.message", "net patches".into()));
        w.maintainer("bob").mails_pull("net");
        let good = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        assert_eq!(w.restarts, 3);
        w.restarts = 0;
        assert!(w.reply_to(&good).starts_with("Passed on master "));
        let told = w.letter_to(ADMIN);
        assert!(told.contains("Mail 1 of folder \"INBOX\""), "{told}");
        assert!(told.contains("died of it three times"), "{told}");
    });
}

#[test]
fn progress_keeps_a_request_from_being_set_aside() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        let calls = ["repository.fetch", "keyring.verify", "gitlab.create"];
        let twice = calls.into_iter().flat_map(|call| [call, call]);
        w.outside.lock().dies_next = twice.collect();
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        assert_eq!((w.restarts, w.aside()), (6, Vec::new()));
        w.restarts = 0;
        assert!(w.reply_to(&pull).starts_with("Passed on master "));
    });
}

#[test]
fn of_two_that_were_at_work_at_the_end_of_two_lives_one_is_tried_at_a_time() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        for name in ["alice", "bob"] {
            let url = format!("https://git.example.org/{name}/project.git");
            w.outside.lock().unreachable.push(url);
            w.maintainer(name).mails_pull("net");
        }
        w.run_for(SignedDuration::from_mins(1));
        for _ in 0..2 {
            let journal = Journal::beside(w.store());
            journal.begin_life(&w.store().open_records().unwrap());
            journal.begun(Work::Record(request(1)));
            journal.begun(Work::Record(request(2)));
        }
        w.outside.lock().unreachable.clear();
        w.starts_anew();
        w.outside.advance(SignedDuration::from_hours(1));
        let fetches = |work: &[Task]| {
            let number = |work: &Task| match work {
                Task::Pull(on, PullWork::Fetch(_)) => Some(on.pull.number.0),
                _ => None,
            };
            work.iter().filter_map(number).collect::<Vec<_>>()
        };
        let first = w.engine().take(Input::Tick).unwrap();
        assert_eq!(fetches(&first.work), [1]);
        let fetch = first.work.into_iter().next().unwrap();
        let done = Box::new(panicked(fetch, "for once"));
        let second = w.engine().take(Input::Done(done)).unwrap();
        assert_eq!(fetches(&second.work), [2]);
        w.starts_anew();
        w.run_until_quiet();
        w.reads_all_letters();
    });
}

#[test]
fn a_request_that_is_set_aside_in_the_queue_holds_up_nobody_behind_it() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        let first = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(3));
        let bad = w.maintainer("bob").mails_pull("net");
        w.outside.lock().unkeepable.push((bad.message_id, "running"));
        let good = w.maintainer("alice").mails_pull("usb");
        w.run_until_quiet();
        w.reply_to(&first);
        assert!(w.reply_to(&good).starts_with("Passed on master "));
        assert_eq!(w.aside(), [request(2)]);
        assert_eq!(w.pulls()[1].stage.word(), "queued");
        w.letter_to(ADMIN);
    });
}

#[test]
fn a_tag_whose_request_is_set_aside_is_tested_when_it_is_mailed_again() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        let bad = w.maintainer("alice").mails_pull("block");
        w.outside.lock().unkeepable.push((bad.message_id, "running"));
        w.run_until_quiet();
        assert_eq!(w.pulls()[0].stage.word(), "verified");
        w.letter_to(ADMIN);
        let again = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        assert!(w.reply_to(&again).starts_with("Passed on master "));
    });
}

#[test]
fn a_revision_that_is_set_aside_supersedes_nothing() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        let newer = w.maintainer("alice").mails("block-v2", |_, mail| {
            *mail = mail.replace("[PULL 0/3] block-v2", "[PULL v2 0/3] block");
        });
        w.outside.lock().unkeepable.push((newer.message_id, "running"));
        w.run_until_quiet();
        assert_eq!(w.aside(), [request(1)]);
        w.letter_to(ADMIN);
        let older = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        assert!(w.reply_to(&older).starts_with("Passed on master "));
    });
}

#[test]
fn an_author_does_not_have_the_bot_fail_again() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        w.outside.lock().panics.push(("repository.fetch", "alice".into()));
        w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        assert_eq!(w.letters_to(ADMIN), 2);
        w.mails_commands("alice@example.org", SIGNED, "retest 1\n");
        let answer = w.letter_to("alice@example.org");
        assert!(answer.contains("because the bot itself failed at it"), "{answer}");
        assert_eq!(w.aside(), [request(1)]);
        w.mails_commands("alice@example.org", SIGNED, "cancel 1\n");
        assert_eq!(w.letters_to("alice@example.org"), 1);
        w.reads_all_letters();
        assert_eq!(w.aside(), []);
    });
}
