//! Stories about requests, each told straight and with a crash at every port call.

#[path = "scenarios/aside.rs"]
mod aside;
#[path = "scenarios/caps.rs"]
mod caps;
#[path = "scenarios/checks.rs"]
mod checks;
#[path = "scenarios/ci.rs"]
mod ci;
#[path = "scenarios/command_answers.rs"]
mod command_answers;
#[path = "scenarios/command_floods.rs"]
mod command_floods;
#[path = "scenarios/commands.rs"]
mod commands;
#[path = "scenarios/copies.rs"]
mod copies;
#[path = "scenarios/full_disk.rs"]
mod full_disk;
#[path = "scenarios/infrastructure.rs"]
mod infrastructure;
#[path = "scenarios/near_misses.rs"]
mod near_misses;
#[path = "scenarios/races.rs"]
mod races;
#[path = "scenarios/revisions.rs"]
mod revisions;
#[path = "scenarios/trust.rs"]
mod trust;

use crate::ports::{Delivery, Fault};
use crate::pull::pipeline::Status;
use crate::scenario::outside::{ADMIN, LIST, MANAGER, id_of};
use crate::scenario::{Setting, scenario, scenario_in};
use jiff::SignedDuration;

#[test]
fn a_good_request_is_tested_and_answered_once() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block-2026-01-05");
        w.run_until_quiet();
        let reply = w.reply_to(&pull);
        assert!(reply.starts_with("Passed on master "), "{reply}");
        assert!(reply.contains("git merge --ff-only "), "{reply}");
    });
}

#[test]
fn a_failed_pipeline_is_answered_once_on_the_thread() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block-2026-01-05");
        w.next_pipeline_fails(&["build-fedora", "check-avocado"]);
        w.run_until_quiet();
        let reply = w.reply_to(&pull);
        assert!(reply.starts_with("Failed in 2 of 5 jobs on master "), "{reply}");
        assert!(reply.contains("not ok 3 - reads back"), "{reply}");
    });
}

#[test]
fn a_conflict_names_the_files() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.outside.lock().conflicting.push(pull.tip);
        w.run_until_quiet();
        let reply = w.reply_to(&pull);
        assert!(reply.contains("block/io.c") && reply.contains("0123456789ab"), "{reply}");
        assert!(w.outside.lock().pipelines.is_empty());
    });
}

#[test]
fn two_requests_are_tested_one_after_the_other() {
    scenario(|w| {
        w.run_until_quiet();
        let first = w.maintainer("alice").mails_pull("block");
        let second = w.maintainer("bob").mails_pull("net");
        w.run_for(SignedDuration::from_mins(10));
        assert_eq!(w.outside.lock().pipelines.len(), 1);
        assert!(w.because(2).contains("next in the queue"), "{}", w.because(2));
        w.run_until_quiet();
        w.reply_to(&first);
        w.reply_to(&second);
    });
}

#[test]
fn a_bad_signature_is_told_to_a_known_sender_alone() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails("block", |tag, _| tag.signed_by = "FORGED".into());
        w.run_until_quiet();
        let letter = w.letter_to("alice@example.org");
        assert!(letter.contains("FORGED"), "{letter}");
        assert!(w.outside.lock().ci_refs.is_empty(), "nothing unverified reaches CI");
    });
}

#[test]
fn a_stranger_gets_silence() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("mallory").mails_pull("exploit");
        w.run_until_quiet();
        assert!(w.outside.lock().ci_refs.is_empty(), "nothing unverified reaches CI");
        assert_eq!(w.pull(1).stage.verdict().map(|v| v.word()), Some("refused"));
    });
}

#[test]
fn the_answer_reaches_the_person_whose_from_the_list_rewrote() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails("block", |_, mail| {
            let from = "From: alice via devel <devel@lists.example.org>\r\n\
                        Reply-To: alice <alice@example.org>";
            *mail = mail.replace("From: alice <alice@example.org>", from);
        });
        w.run_until_quiet();
        assert_eq!(w.readers_of_reply_to(&pull), ["alice@example.org", LIST]);
        assert!(w.reply_to(&pull).starts_with("Passed"));
    });
}

#[test]
fn an_unsigned_tag_never_reaches_ci() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails("block", |tag, _| tag.annotated = false);
        w.run_until_quiet();
        w.letter_to("alice@example.org");
        assert!(w.outside.lock().ci_refs.is_empty());
    });
}

#[test]
fn a_tag_that_is_pushed_late_is_waited_for() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        let tags = w.outside.lock().repositories.remove(&pull.url).unwrap();
        w.run_for(SignedDuration::from_mins(50));
        w.outside.lock().repositories.insert(pull.url.clone(), tags);
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
    });
}

#[test]
fn a_ref_that_never_comes_is_told_to_the_author_after_two_hours() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.outside.lock().repositories.clear();
        w.run_until_quiet();
        w.letter_to("alice@example.org");
        assert_eq!(w.pull(1).cover.message_id.as_str(), pull.message_id);
    });
}

#[test]
fn a_tip_that_differs_is_told_to_the_author_after_two_hours() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails("block", |tag, _| tag.tip = id_of(&["moved"]));
        w.run_until_quiet();
        let letter = w.letter_to("alice@example.org");
        assert!(letter.contains(&id_of(&["moved"]).to_string()), "{letter}");
    });
}

#[test]
fn the_same_mail_twice_is_one_request() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        let copy = w.outside.lock().folder.last().unwrap().bytes.clone();
        w.outside.lock().deliver(&copy);
        w.run_until_quiet();
        w.outside.lock().deliver(&copy);
        w.run_until_quiet();
        w.reply_to(&pull);
        assert_eq!(w.pulls().len(), 1);
    });
}

#[test]
fn a_signed_tag_mailed_again_by_anyone_adds_nothing() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        w.reply_to(&pull);
        w.maintainer("alice").mails("block", |_, mail| {
            *mail = mail.replace("From: alice <alice@", "From: mallory <mallory@");
        });
        w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        assert_eq!(w.outside.lock().pipelines.len(), 1);
    });
}

#[test]
fn a_lost_acknowledgement_makes_no_second_letter_on_the_list() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.outside.lock().deliveries.push(Delivery::Unknown(Fault::temporary("connection reset")));
        w.run_until_quiet();
        w.reply_to(&pull);
    });
}

#[test]
fn a_letter_that_is_not_taken_is_sent_later() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        for _ in 0..3 {
            w.outside.lock().deliveries.push(Delivery::Temporary(Fault::temporary("451 later")));
        }
        w.run_until_quiet();
        w.reply_to(&pull);
    });
}

#[test]
fn a_letter_that_is_refused_is_told_to_the_administrator() {
    let setting = Setting::default();
    scenario_in(&setting, |w| {
        w.run_until_quiet();
        w.maintainer("alice").mails("block", |tag, _| tag.annotated = false);
        w.outside.lock().refused.push("alice@example.org".into());
        w.run_until_quiet();
        let alert = w.letter_to(ADMIN);
        assert!(alert.contains("550 no such user"), "{alert}");
    });
}

#[test]
fn an_author_who_is_refused_does_not_cost_the_list_its_letter() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.outside.lock().refused.push("alice@example.org".into());
        w.run_until_quiet();
        w.reply_to(&pull);
        w.letter_to(ADMIN);
    });
}

#[test]
fn a_lost_answer_to_a_creation_makes_no_second_pipeline() {
    scenario(|w| {
        w.run_until_quiet();
        w.outside.lock().lag = SignedDuration::from_secs(40);
        let pull = w.maintainer("alice").mails_pull("block");
        w.outside.lock().lose_create_answer = true;
        w.run_until_quiet();
        w.reply_to(&pull);
        assert_eq!(w.outside.lock().pipelines.len(), 1);
    });
}

#[test]
fn a_creation_that_gitlab_refuses_for_a_minute_succeeds() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        for _ in 0..3 {
            let fault = Fault::permanent("400: Too many pipelines");
            w.outside.lock().gitlab_faults.push(("create".into(), fault));
        }
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
    });
}

#[test]
fn a_creation_that_gitlab_refuses_for_good_is_told_to_the_managers() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails_pull("block");
        for _ in 0..30 {
            let fault = Fault::permanent("400").saying("GitLab says: Missing CI config file");
            w.outside.lock().gitlab_faults.push(("create".into(), fault));
        }
        w.run_until_quiet();
        let letter = w.letter_to(MANAGER);
        assert!(letter.contains("Missing CI config file"), "{letter}");
        w.outside.lock().gitlab_faults.clear();
    });
}

#[test]
fn a_token_that_expired_says_failed_to_nobody() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        for _ in 0..4 {
            let fault = Fault::misconfigured("401: the token is expired");
            w.outside.lock().gitlab_faults.push(("get".into(), fault));
        }
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
        assert!(w.letter_to(ADMIN).contains("token is expired"));
    });
}

#[test]
fn a_pipeline_that_waits_for_a_person_is_the_managers_matter() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails_pull("block");
        w.next_pipeline(|plan| {
            plan.status = Status::Manual;
            plan.jobs = vec![("deploy".into(), Status::Manual)];
        });
        w.run_until_quiet();
        w.letter_to(MANAGER);
    });
}

#[test]
fn success_without_a_required_job_is_no_pass() {
    let mut setting = Setting::default();
    setting.target().required_jobs = vec!["check-ppc64".into()];
    scenario_in(&setting, |w| {
        w.run_until_quiet();
        w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        assert!(w.letter_to(MANAGER).contains("check-ppc64"));
    });
}

#[test]
fn no_runner_is_the_managers_matter_and_the_pipeline_is_cancelled() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails_pull("block");
        w.next_pipeline(|plan| plan.starts_after = None);
        w.run_until_quiet();
        w.letter_to(MANAGER);
        assert!(w.outside.lock().pipelines[0].canceled);
    });
}

#[test]
fn a_pipeline_that_takes_too_long_is_said_on_the_thread() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.next_pipeline(|plan| plan.takes = SignedDuration::from_hours(9));
        w.run_until_quiet();
        w.reply_to(&pull);
        assert!(w.outside.lock().pipelines[0].canceled);
    });
}

#[test]
fn after_downtime_a_finished_pipeline_counts_though_its_deadline_passed() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(5));
        w.outside.advance(SignedDuration::from_hours(12));
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
    });
}

#[test]
fn an_old_tag_is_held_until_it_is_approved() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails("block", |tag, _| {
            tag.tagged_at = "2025-11-01T00:00:00Z".parse().unwrap();
        });
        w.run_until_quiet();
        w.letter_to(MANAGER);
        w.letter_to("alice@example.org");
        w.command("approve 1").unwrap();
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
    });
}

#[test]
fn a_backlog_is_listed_and_waits_for_approval_without_a_letter() {
    let setting =
        Setting { since: Some("2026-01-01T00:00:00Z".parse().unwrap()), ..Setting::default() };
    scenario_in(&setting, |w| {
        let old = w.maintainer("alice").mails_pull("block");
        w.outside.advance(SignedDuration::from_hours(24));
        w.run_until_quiet();
        assert!(w.outside.lock().accepted.is_empty());
        assert!(w.because(1).contains("before the bot began"), "{}", w.because(1));
        w.command("approve 1").unwrap();
        w.run_until_quiet();
        w.reply_to(&old);
    });
}

#[test]
fn what_is_a_week_old_after_downtime_is_held() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails_pull("block");
        w.outside.advance(SignedDuration::from_hours(8 * 24));
        w.run_until_quiet();
        w.letter_to(MANAGER);
        assert!(w.outside.lock().ci_refs.is_empty());
    });
}

#[test]
fn a_first_start_begins_at_now() {
    scenario(|w| {
        w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        assert!(w.pulls().is_empty());
    });
}

#[test]
fn a_renumbered_folder_makes_no_request_new() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        w.reply_to(&pull);
        let mut outside = w.outside.lock();
        outside.uid_validity = 7;
        let moved = outside.folder.len() as u32;
        for (i, mail) in outside.folder.iter_mut().enumerate() {
            mail.uid = i as u32 + 1;
        }
        outside.next_uid = moved + 1;
        drop(outside);
        let next = w.maintainer("bob").mails_pull("net");
        w.run_until_quiet();
        w.reply_to(&next);
        assert_eq!(w.pulls().len(), 2);
    });
}

#[test]
fn a_pause_holds_back_new_tests_and_says_who_and_why() {
    scenario(|w| {
        w.run_until_quiet();
        w.command("pause the runners are being moved").unwrap();
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_hours(1));
        assert!(w.outside.lock().pipelines.is_empty());
        let because = w.because(1);
        assert!(because.contains("rita") && because.contains("being moved"), "{because}");
        w.command("resume").unwrap();
        w.run_until_quiet();
        w.reply_to(&pull);
    });
}

#[test]
fn a_retest_is_another_attempt_of_the_same_candidate() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.next_pipeline_fails(&["flaky"]);
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Failed"));
        w.outside.lock().master = id_of(&["master", "1"]);
        w.command("retest 1").unwrap();
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
        let outside = w.outside.lock();
        assert_eq!(outside.pipelines[0].sha, outside.pipelines[1].sha);
        assert_ne!(outside.pipelines[0].ci_ref, outside.pipelines[1].ci_ref);
    });
}

#[test]
fn a_fresh_retest_merges_onto_the_target_as_it_is_now() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        w.reply_to(&pull);
        w.outside.lock().master = id_of(&["master", "1"]);
        w.command("retest fresh 1").unwrap();
        w.run_until_quiet();
        let reply = w.reply_to(&pull);
        assert!(reply.contains(&id_of(&["master", "1"]).short()), "{reply}");
    });
}

#[test]
fn a_retest_of_a_refused_request_fetches_anew_and_answers_anew() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails("block", |tag, _| tag.annotated = false);
        w.run_until_quiet();
        w.letter_to("alice@example.org");
        w.command("retest 1").unwrap();
        w.run_until_quiet();
        w.letter_to("alice@example.org");
        let mut outside = w.outside.lock();
        let refs = outside.repositories.get_mut(&pull.url).unwrap();
        refs.get_mut("refs/tags/block").unwrap().annotated = true;
        drop(outside);
        w.command("retest 1").unwrap();
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
    });
}

#[test]
fn a_cancelled_request_is_silent_and_its_pipeline_is_stopped() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(10));
        w.command("cancel 1").unwrap();
        w.run_until_quiet();
        assert!(w.outside.lock().pipelines.iter().all(|pipeline| pipeline.canceled));
    });
}

#[test]
fn the_release_managers_branch_is_tested_as_it_is() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("rita").mails_pull("staging");
        w.run_until_quiet();
        w.command(&format!("test {} tags/staging {}", pull.url, pull.tip)).unwrap();
        w.run_until_quiet();
        let letter = w.letter_to(MANAGER);
        assert!(letter.contains("Passed"), "{letter}");
        assert_eq!(w.outside.lock().pipelines.last().unwrap().sha, pull.tip);
    });
}

#[test]
fn a_request_that_lands_while_it_is_tested_is_closed_in_silence() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.next_pipeline(|plan| plan.takes = SignedDuration::from_hours(3));
        w.run_for(SignedDuration::from_mins(10));
        let mut outside = w.outside.lock();
        outside.master = id_of(&["master", "with block"]);
        outside.landed.push(pull.tip);
        drop(outside);
        w.run_until_quiet();
        assert!(w.outside.lock().pipelines[0].canceled);
    });
}

#[test]
fn silence_for_a_day_is_told_to_the_managers_with_the_reason() {
    scenario(|w| {
        w.run_until_quiet();
        w.command("pause nobody is here").unwrap();
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_hours(25));
        let letter = w.letter_to(MANAGER);
        assert!(letter.contains("rita paused testing"), "{letter}");
        w.command("resume").unwrap();
        w.run_until_quiet();
        w.reply_to(&pull);
    });
}

#[test]
fn after_the_keeping_time_nothing_is_left_in_the_ci_project() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        w.reply_to(&pull);
        assert_eq!(w.outside.lock().ci_refs.len(), 1);
        w.run_for(SignedDuration::from_hours(15 * 24));
        assert!(w.outside.lock().ci_refs.is_empty());
        assert!(w.pulls().is_empty());
    });
}
