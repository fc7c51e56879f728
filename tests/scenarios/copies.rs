//! Stories about one signed tag that is mailed more than once: as it is, or as another object that
//! differs only in bytes no signature covers, by its author or by a stranger in the author's name.

use crate::ports::{Fault, FileName};
use crate::pull::checks::Duty;
use crate::pull::ids::ObjectId;
use crate::pull::pipeline::Status;
use crate::pull::request::Stage;
use jiff::SignedDuration;

use crate::scenario::outside::{MANAGER, OutsideTag, good_series, id_of};
use crate::scenario::{Mailed, Setting, World, scenario, scenario_in, told_once};

const DKIM: &str = "X-Proof: dkim";
const OPENPGP: &str = "X-Proof: openpgp\r\nX-Signer: alice@example.org";

/// A stranger pushes a copy of a tag of Alice's to a repository of their own, and mails it in her
/// name.
fn copied(w: &mut World, of: &str, change: impl FnOnce(&mut OutsideTag, &mut String)) -> Mailed {
    w.maintainer("mallory").mails(of, |tag, mail| {
        let before = tag.tip.to_string();
        *tag = OutsideTag {
            id: id_of(&["a copy", &before]),
            copy_of: Some(id_of(&["alice", of, "tag"])),
            tip: id_of(&["alice", of, "tip"]),
            signed_by: "alice".into(),
            ..tag.clone()
        };
        *mail = mail
            .replace("mallory <mallory@", "alice <alice@")
            .replace(&before, &tag.tip.to_string());
        change(tag, mail);
    })
}

/// Adds lines to a mail's header.
fn with(mail: &mut String, lines: &str) {
    *mail = mail.replacen("Date: ", &format!("{lines}\r\nDate: "), 1);
}

fn marked(mail: &mut String, revision: u32) {
    *mail = mail.replace("[PULL 0/3]", &format!("[PULL v{revision} 0/3]"));
}

fn verdicts(w: &World, numbers: &[u64]) -> Vec<&'static str> {
    let word = |number: &u64| w.pull(*number).stage.verdict().map_or("open", |v| v.word());
    numbers.iter().map(word).collect()
}

fn canceled(w: &World) -> Vec<bool> {
    w.outside.lock().pipelines.iter().map(|pipeline| pipeline.canceled).collect()
}

#[test]
fn a_copy_of_a_signed_tag_gets_neither_test_nor_letter() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(10));
        copied(w, "block", |_, _| {});
        w.run_until_quiet();
        w.reply_to(&pull);
        copied(w, "block", |tag, _| tag.id = id_of(&["another copy"]));
        w.run_until_quiet();
        assert_eq!(verdicts(w, &[1, 2, 3]), ["passed", "repeated", "repeated"]);
        assert_eq!(canceled(w), [false]);
    });
}

#[test]
fn a_copy_that_is_mailed_as_v2_cancels_nothing() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(10));
        copied(w, "block", |_, mail| {
            marked(mail, 2);
            with(mail, &format!("In-Reply-To: <{0}>\r\nReferences: <{0}>", pull.message_id));
        });
        w.run_until_quiet();
        w.reply_to(&pull);
        assert_eq!(verdicts(w, &[1, 2]), ["passed", "repeated"]);
        assert_eq!(canceled(w), [false]);
    });
}

#[test]
fn a_copy_that_is_fetched_while_the_first_one_fails_to_arrive_is_the_one_that_is_tested() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        let hers = w.outside.lock().repositories.remove(&pull.url).unwrap();
        w.run_for(SignedDuration::from_mins(1));
        let copy = copied(w, "block", |_, _| {});
        w.run_for(SignedDuration::from_mins(5));
        w.outside.lock().repositories.insert(pull.url.clone(), hers);
        w.run_until_quiet();
        w.reply_to(&copy);
        assert_eq!(verdicts(w, &[1, 2]), ["repeated", "passed"]);
        assert_eq!(canceled(w), [false]);
    });
}

#[track_caller]
fn stays_unwanted(command: &str, word: &str) {
    let mut setting = Setting::default();
    setting.policy.keep = SignedDuration::from_hours(1);
    scenario_in(&setting, |w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(10));
        w.command(command).unwrap();
        w.run_until_quiet();
        if word == "refused" {
            w.reply_to(&pull);
        }
        copied(w, "block", |_, _| {});
        w.run_until_quiet();
        // Long after the request is over.
        w.run_for(SignedDuration::from_hours(3));
        assert!(w.pulls().is_empty());
        copied(w, "block", |tag, _| tag.id = id_of(&["another copy"]));
        w.run_until_quiet();
        assert_eq!(verdicts(w, &[1, 2, 3]), [word, "repeated", "repeated"]);
        assert_eq!(canceled(w), [true]);
    });
}

#[test]
fn what_a_person_refused_is_not_tested_as_a_copy_however_long_ago() {
    stays_unwanted("refuse 1 it harms our runners", "refused");
}

#[test]
fn what_a_person_ignores_is_not_tested_as_a_copy_however_long_ago() {
    stays_unwanted("ignore 1", "ignored");
}

#[test]
fn a_copy_of_a_tag_whose_commits_were_refused_is_not_refused_in_public_again() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        let mut series = good_series(pull.tip);
        series.commits[0].signed_off_by.clear();
        w.outside.lock().series.insert(pull.tip, series);
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Not tested: "));
        copied(w, "block", |_, _| {});
        w.run_until_quiet();
        assert_eq!(verdicts(w, &[1, 2]), ["refused", "repeated"]);
    });
}

#[test]
fn an_old_tag_with_problems_is_held_before_the_list_hears_of_them() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails("block", |tag, _| {
            tag.tagged_at -= SignedDuration::from_hours(40 * 24);
        });
        let mut series = good_series(pull.tip);
        series.commits[0].signed_off_by.clear();
        w.outside.lock().series.insert(pull.tip, series);
        w.run_until_quiet();
        w.letter_to(MANAGER);
        w.letter_to("alice@example.org");
        assert!(matches!(w.pull(1).stage, Stage::Held { .. }));
    });
}

#[test]
fn a_cancelled_tag_may_be_mailed_again() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(10));
        w.command("cancel 1").unwrap();
        w.run_until_quiet();
        let again = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        w.reply_to(&again);
        assert_eq!(verdicts(w, &[1, 2]), ["cancelled", "passed"]);
    });
}

#[test]
fn a_stranger_who_mails_a_copy_first_makes_nobodys_request_silent() {
    for proof in [DKIM, OPENPGP] {
        scenario(|w| {
            w.run_until_quiet();
            copied(w, "block", |_, _| {});
            w.run_for(SignedDuration::from_mins(10));
            let hers = w.maintainer("alice").mails("block", |_, mail| with(mail, proof));
            w.run_until_quiet();
            let reply = w.reply_to(&hers);
            assert!(reply.contains("https://git.example.org/alice/project.git"), "{reply}");
            assert!(!reply.contains("mallory"), "{reply}");
            assert_eq!(verdicts(w, &[1, 2]), ["passed", "repeated"]);
            assert_eq!(canceled(w), [false]);
            assert_eq!(w.pull(1).mail().message_id.as_str(), hers.message_id);
        });
    }
}

#[test]
fn a_thread_that_was_answered_for_a_stranger_is_answered_for_its_author_as_well() {
    scenario(|w| {
        w.run_until_quiet();
        let first = copied(w, "block", |_, _| {});
        w.run_until_quiet();
        w.reply_to(&first);
        let hers = w.maintainer("alice").mails("block", |_, mail| with(mail, DKIM));
        w.run_until_quiet();
        assert!(w.reply_to(&hers).starts_with("Passed"));
        // Whoever is proved no better changes nothing any more.
        w.maintainer("alice").mails("block", |_, mail| with(mail, DKIM));
        copied(w, "block", |_, _| {});
        w.run_until_quiet();
        assert_eq!(verdicts(w, &[1, 2, 3, 4]), ["passed", "repeated", "repeated", "repeated"]);
        assert_eq!(canceled(w), [false]);
    });
}

#[test]
fn a_better_proof_while_the_answer_is_being_written_gets_the_answer() {
    scenario(|w| {
        w.run_until_quiet();
        copied(w, "block", |_, _| {});
        w.run_for(SignedDuration::from_mins(30));
        let hers = w.maintainer("alice").mails("block", |_, mail| with(mail, DKIM));
        w.outside.advance(SignedDuration::from_mins(30));
        w.slow_answers = true;
        w.run_until_quiet();
        assert!(w.reply_to(&hers).starts_with("Passed"));
    });
}

#[test]
fn a_signed_mail_about_something_else_proves_no_request() {
    scenario(|w| {
        w.run_until_quiet();
        let first = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(10));
        let something_else = format!("{OPENPGP}\r\nX-Signed-Text: Thanks, applied.");
        let by_bob = "X-Proof: openpgp\r\nX-Signer: bob@example.org";
        // People see the first subject, and DKIM may sign the second.
        let doubled = format!("{DKIM}\r\nSubject: [PULL] another one");
        for lines in [&something_else, by_bob, &doubled, "X-Proof: none"] {
            copied(w, "block", |_, mail| with(mail, lines));
        }
        // DKIM is of another domain than the author's.
        copied(w, "block", |_, mail| {
            *mail = mail.replace("<alice@example.org>", "<alice@work.example>");
            with(mail, DKIM);
        });
        w.run_until_quiet();
        w.reply_to(&first);
        let rest = ["repeated"; 5];
        assert_eq!(verdicts(w, &[1]), ["passed"]);
        assert_eq!(verdicts(w, &[2, 3, 4, 5, 6]), rest);
    });
}

#[test]
fn who_mailed_a_tag_is_asked_again_while_the_dns_is_away_and_not_for_ever() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        let first = copied(w, "block", |_, _| {});
        w.run_for(SignedDuration::from_mins(10));
        let away = |n| {
            let fault = || Fault::temporary("the DNS does not answer");
            vec![("authenticate".to_owned(), fault()); n]
        };
        w.outside.lock().gitlab_faults = away(2);
        let hers = w.maintainer("alice").mails("block", |_, mail| with(mail, DKIM));
        w.run_until_quiet();
        w.reply_to(&hers);
        w.outside.lock().gitlab_faults = away(200);
        copied(w, "block", |_, mail| with(mail, OPENPGP));
        w.run_until_quiet();
        assert_eq!(verdicts(w, &[1, 2, 3]), ["passed", "repeated", "repeated"]);
        let _unanswered = first;
        w.outside.lock().gitlab_faults.clear();
    });
}

#[test]
fn a_base_that_a_strangers_mail_names_stops_no_other_mail_of_the_tag() {
    for duty in [Duty::Hold, Duty::Refuse] {
        let mut setting = Setting::default();
        setting.target().checks.base = duty;
        scenario_in(&setting, |w| {
            w.run_until_quiet();
            let base = id_of(&["master", "0"]).to_string();
            let bogus = |mail: &mut String| {
                *mail = mail.replace(&base, &id_of(&["bogus"]).to_string());
            };
            let first = copied(w, "block", |_, mail| bogus(mail));
            w.run_for(SignedDuration::from_mins(10));
            // A second one like it is told to nobody.
            copied(w, "block", |_, mail| bogus(mail));
            w.run_for(SignedDuration::from_mins(10));
            match duty {
                Duty::Hold => {
                    w.letter_to(MANAGER);
                    w.letter_to("alice@example.org");
                }
                Duty::Refuse | Duty::Off => {
                    w.reply_to(&first);
                }
            }
            let hers = w.maintainer("alice").mails_pull("block");
            w.run_until_quiet();
            assert!(w.reply_to(&hers).starts_with("Passed"));
            let first = if duty == Duty::Hold { "repeated" } else { "refused" };
            assert_eq!(verdicts(w, &[1, 2, 3]), [first, "repeated", "passed"]);
            assert_eq!(canceled(w), [false]);
        });
    }
}

#[test]
fn what_an_older_version_recorded_is_known_by_its_payload_after_an_upgrade() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        w.reply_to(&pull);
        w.forgets_payloads();
        assert!(w.pull(1).signed.is_none());
        copied(w, "block", |_, _| {});
        w.run_until_quiet();
        assert_eq!(verdicts(w, &[1, 2]), ["passed", "repeated"]);
        assert!(w.pull(1).signed.is_some());
        assert_eq!(canceled(w), [false]);
    });
}

#[test]
fn what_is_proved_is_the_mail_that_was_read_and_not_another_of_its_message_id() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        let first = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(10));
        let copy = copied(w, "block", |_, _| {});
        w.outside.lock().gitlab_faults = vec![("authenticate".into(), Fault::temporary("later"))];
        w.run_for(SignedDuration::from_secs(5));
        let kept = FileName::Mail(copy.message_id.parse().unwrap());
        let hers = String::from_utf8(w.file(&kept).unwrap()).unwrap();
        let others = hers.replace("Date: ", &format!("{DKIM}\r\nDate: "));
        for (from, to) in [("alice <alice@", "alex <alex@"), (".block@mallory", ".other@mallory")] {
            w.keeps(&kept, others.replace(from, to).as_bytes());
        }
        w.run_until_quiet();
        w.reply_to(&first);
        assert_eq!(verdicts(w, &[1, 2]), ["passed", "repeated"]);
    });
}

#[test]
fn of_two_tags_made_in_the_same_second_the_later_mail_is_the_newer() {
    for (earlier, later, replaces) in [(1, 2, true), (2, 1, false)] {
        told_once(&Setting::default(), |w| {
            w.run_until_quiet();
            let made = w.outside.now() - SignedDuration::from_hours(2);
            for (tag, revision) in [("block", earlier), ("block-v2", later)] {
                w.maintainer("alice").mails(tag, |tag, mail| {
                    tag.tagged_at = made;
                    marked(mail, revision);
                });
                w.run_for(SignedDuration::from_mins(10));
            }
            w.run_until_quiet();
            assert_eq!(canceled(w), if replaces { [true, false] } else { [false, false] });
            w.letters_on_the_list();
        });
    }
}

#[test]
fn a_copy_in_the_place_of_a_tag_that_is_fetched_anew_is_the_same_tag() {
    let mut setting = Setting::default();
    setting.policy.keep = SignedDuration::from_hours(2);
    scenario_in(&setting, |w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        w.reply_to(&pull);
        {
            let mut outside = w.outside.lock();
            let refs = outside.repositories.get_mut(&pull.url).unwrap();
            let tag = refs.get_mut("refs/tags/block").unwrap();
            (tag.copy_of, tag.id) = (Some(tag.id), id_of(&["a copy"]));
        }
        w.while_forgetting = Some("retest 1".into());
        w.run_for(SignedDuration::from_hours(4));
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
        assert_eq!(w.outside.lock().pipelines.len(), 2);
    });
}

/// Alice's next revision, with another tag and tip.
fn next(w: &mut World, change: impl FnOnce(&mut World, ObjectId)) -> Mailed {
    let mailed = w.maintainer("alice").mails("block-v2", |_, mail| marked(mail, 2));
    change(w, mailed.tip);
    mailed
}

#[test]
fn a_v2_that_conflicts_leaves_its_v1_under_test() {
    scenario(|w| {
        w.run_until_quiet();
        let first = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(10));
        let second = next(w, |w, tip| w.outside.lock().conflicting.push(tip));
        w.run_until_quiet();
        assert!(w.reply_to(&first).starts_with("Passed"));
        assert!(w.reply_to(&second).contains("Does not merge"));
        assert_eq!(canceled(w), [false]);
    });
}

#[test]
fn a_v2_that_conflicts_does_not_keep_a_v1_from_its_turn() {
    scenario(|w| {
        w.run_until_quiet();
        w.command("pause until both are here").unwrap();
        let first = w.maintainer("alice").mails_pull("block");
        let second = next(w, |w, tip| w.outside.lock().conflicting.push(tip));
        w.run_for(SignedDuration::from_mins(1));
        w.command("resume").unwrap();
        w.run_until_quiet();
        assert!(w.reply_to(&first).starts_with("Passed"));
        assert!(w.reply_to(&second).contains("Does not merge"));
        assert_eq!(canceled(w), [false]);
    });
}

#[test]
fn of_two_revisions_that_wait_for_their_turn_only_the_later_one_is_tested() {
    scenario(|w| {
        w.run_until_quiet();
        let other = w.maintainer("bob").mails_pull("net");
        w.run_for(SignedDuration::from_mins(10));
        w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(1));
        let second = next(w, |_, _| {});
        w.run_until_quiet();
        w.reply_to(&other);
        assert!(w.reply_to(&second).starts_with("Passed"));
        assert_eq!(verdicts(w, &[2, 3]), ["superseded", "passed"]);
        assert_eq!(canceled(w), [false, false]);
    });
}

#[test]
fn where_requests_share_a_branch_a_v2_waits_for_the_end_of_its_v1() {
    let mut setting = Setting::default();
    setting.target().reference = "staging".into();
    scenario_in(&setting, |w| {
        w.run_until_quiet();
        let first = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(10));
        let tested = w.outside.lock().ci_refs["staging"];
        let second = next(w, |_, _| {});
        w.run_for(SignedDuration::from_mins(10));
        assert_eq!(w.outside.lock().ci_refs["staging"], tested, "it is being tested");
        w.run_until_quiet();
        w.reply_to(&first);
        w.reply_to(&second);
        assert_eq!(canceled(w), [false, false]);
    });
}

#[test]
fn a_v2_that_is_held_for_what_ci_would_run_leaves_its_v1_under_test() {
    scenario(|w| {
        w.run_until_quiet();
        let first = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(10));
        next(w, |w, tip| {
            let mut outside = w.outside.lock();
            let mut plan = outside.ci_plan.clone();
            plan.errors.push("odd".into());
            outside.ci_plans.insert(tip, plan);
        });
        w.run_until_quiet();
        assert!(w.reply_to(&first).starts_with("Passed"));
        w.letter_to(MANAGER);
        w.letter_to("alice@example.org");
        assert!(matches!(w.pull(2).stage, Stage::Held { .. }));
        assert_eq!(canceled(w), [false]);
    });
}

#[test]
fn a_v2_that_is_held_for_its_commits_leaves_its_v1_under_test() {
    scenario(|w| {
        w.run_until_quiet();
        let first = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(10));
        next(w, |w, tip| {
            let mut series = good_series(tip);
            series.commits[0].changes_submodules = true;
            w.outside.lock().series.insert(tip, series);
        });
        w.next_pipeline(|plan| plan.status = Status::Success);
        w.run_until_quiet();
        assert!(w.reply_to(&first).starts_with("Passed"));
        w.letter_to(MANAGER);
        w.letter_to("alice@example.org");
        // Approved, it is tested by itself: the first one has its answer.
        w.command("approve 2").unwrap();
        w.run_until_quiet();
        assert_eq!(verdicts(w, &[1, 2]), ["passed", "passed"]);
        w.letters_on_the_list();
    });
}

#[test]
fn a_v2_that_a_freeze_stops_does_not_keep_its_approved_v1_waiting() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        w.command("freeze master").unwrap();
        let first = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        w.letter_to(MANAGER);
        w.letter_to("alice@example.org");
        w.command("pause until both are here").unwrap();
        w.command("approve 1").unwrap();
        w.command("unfreeze master").unwrap();
        let second = next(w, |_, _| {});
        w.run_for(SignedDuration::from_mins(1));
        w.command("freeze master").unwrap();
        w.command("resume").unwrap();
        w.run_for(SignedDuration::from_hours(2));
        assert_eq!(verdicts(w, &[1, 2]), ["passed", "open"]);
        w.reply_to(&first);
        w.command("unfreeze master").unwrap();
        w.run_until_quiet();
        w.reply_to(&second);
    });
}

#[test]
fn a_v2_whose_branch_is_taken_does_not_keep_its_v1_waiting() {
    scenario(|w| {
        w.run_until_quiet();
        w.command("pause until both are here").unwrap();
        let first = w.maintainer("alice").mails_pull("block");
        let second = next(w, |_, _| {});
        w.outside.lock().ci_refs.insert("staging-gatepost-2-1".into(), id_of(&["somebody's"]));
        w.run_for(SignedDuration::from_mins(1));
        w.command("resume").unwrap();
        w.run_for(SignedDuration::from_hours(2));
        assert_eq!(verdicts(w, &[1, 2]), ["passed", "open"]);
        w.reply_to(&first);
        w.outside.lock().ci_refs.remove("staging-gatepost-2-1");
        w.run_until_quiet();
        w.reply_to(&second);
    });
}
