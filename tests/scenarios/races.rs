//! Stories about races, floods and things that never end: what comes late, what comes twice, and
//! what fails for ever.

use crate::ports::{Delivery, Fault};
use jiff::SignedDuration;

use crate::scenario::outside::{ADMIN, MANAGER, id_of};
use crate::scenario::{Setting, scenario, scenario_in, told_once};

#[test]
fn a_target_that_moves_while_a_request_is_tested_is_looked_at_once() {
    scenario(|w| {
        w.run_until_quiet();
        let first = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(5));
        w.outside.lock().master = id_of(&["master", "1"]);
        let second = w.maintainer("bob").mails_pull("net");
        w.run_until_quiet();
        w.reply_to(&first);
        w.reply_to(&second);
        let calls = w.outside.lock().calls.clone();
        assert!(calls.iter().filter(|call| **call == "repository.facts").count() < 12);
    });
}

#[test]
fn a_private_letter_whose_fate_is_unknown_is_not_sent_in_a_loop() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        w.maintainer("alice").mails("block", |tag, _| tag.annotated = false);
        for _ in 0..30 {
            let broken = Delivery::Unknown(Fault::temporary("connection reset"));
            w.outside.lock().deliveries.push(broken);
        }
        w.run_for(SignedDuration::from_hours(1));
        let sent = w.letters_to("alice@example.org");
        assert!((2..12).contains(&sent), "{sent} in an hour");
        w.outside.lock().deliveries.clear();
        w.run_until_quiet();
        assert_eq!(w.letters_to("alice@example.org"), 1);
    });
}

#[test]
fn a_burst_of_letters_stays_under_the_cap() {
    let mut setting = Setting::default();
    setting.policy.letters_per_hour = 2;
    told_once(&setting, |w| {
        w.run_until_quiet();
        for name in ["a", "b", "c", "d", "e"] {
            w.maintainer("alice").mails(name, |tag, _| tag.annotated = false);
        }
        w.run_for(SignedDuration::from_mins(50));
        assert_eq!(w.letters_to("alice@example.org"), 2);
        w.run_until_quiet();
        assert_eq!(w.letters_to("alice@example.org"), 3);
    });
}

#[test]
fn a_pipeline_whose_creation_was_under_way_is_cancelled_with_its_request() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        w.outside.lock().lag = SignedDuration::from_secs(30);
        w.outside.lock().lose_create_answer = true;
        w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_secs(1));
        assert_eq!(w.outside.lock().pipelines.len(), 1);
        w.command("cancel 1").unwrap();
        w.run_for(SignedDuration::from_mins(5));
        assert!(w.outside.lock().pipelines[0].canceled, "nobody needs it");
        assert!(w.outside.lock().ci_refs.is_empty());
    });
}

#[test]
fn a_cancelled_pipeline_is_not_the_next_tests_on_a_ref_that_is_used_again() {
    let mut setting = Setting::default();
    setting.target().reference = "staging".into();
    told_once(&setting, |w| {
        w.run_until_quiet();
        let pull = w.maintainer("rita").mails_pull("staging");
        w.run_until_quiet();
        let test = format!("test {} tags/staging {}", pull.url, pull.tip);
        w.command(&test).unwrap();
        w.run_for(SignedDuration::from_mins(5));
        w.command("cancel run-1").unwrap();
        w.run_until_quiet();
        w.letters_to(MANAGER);
        w.command(&test).unwrap();
        w.run_until_quiet();
        assert!(w.letter_to(MANAGER).contains("Passed"));
        assert_eq!(w.outside.lock().pipelines.len(), 2);
        // A month later the first two are long forgotten; GitLab still has them.
        w.run_for(SignedDuration::from_hours(30 * 24));
        w.command(&test).unwrap();
        w.run_until_quiet();
        w.letters_to(MANAGER);
        // The stranger's own mail stands in the weekly counts.
        w.letters_to(ADMIN);
        assert_eq!(w.outside.lock().pipelines.len(), 3);
    });
}

#[test]
fn a_push_over_the_candidate_is_waited_out_and_never_tested() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        w.outside.lock().pushed_over = Some(id_of(&["somebody else's"]));
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(30));
        assert_eq!(w.outside.lock().pipelines.len(), 1, "one, and that one is cancelled");
        assert!(w.outside.lock().pipelines[0].canceled);
        w.outside.lock().ci_refs.clear();
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
    });
}

#[test]
fn a_pipeline_that_can_never_be_looked_at_again_gives_its_slot_back() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(2));
        w.outside.lock().pipelines.clear();
        let next = w.maintainer("bob").mails_pull("net");
        w.run_until_quiet();
        assert!(w.letters_to(MANAGER) >= 1);
        w.reply_to(&next);
    });
}

#[test]
fn a_creation_that_breaks_off_for_ever_gives_its_slot_back() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        w.maintainer("alice").mails_pull("block");
        for _ in 0..400 {
            let fault = Fault::temporary("500 Internal Server Error");
            w.outside.lock().gitlab_faults.push(("create".into(), fault));
        }
        w.run_until_quiet();
        assert!(w.letter_to(MANAGER).contains("500"));
        w.outside.lock().gitlab_faults.clear();
    });
}

#[test]
fn silence_is_told_to_the_managers_even_while_a_step_keeps_failing() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        w.outside.lock().keyring_is_away = true;
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_hours(26));
        assert!(w.letter_to(MANAGER).contains("being written"));
        w.outside.lock().keyring_is_away = false;
        w.run_until_quiet();
        w.reply_to(&pull);
    });
}

#[test]
fn a_thread_as_long_as_a_book_does_not_stop_the_bot() {
    scenario(|w| {
        w.run_until_quiet();
        let thread: Vec<String> =
            (0..600).map(|n| format!("<{n}.{}@example.org>", "x".repeat(100))).collect();
        let thread = thread.join("\r\n ");
        let pull = w.maintainer("alice").mails("block", |_, mail| {
            *mail = mail.replace("Date: ", &format!("References: {thread}\r\nDate: "));
        });
        w.run_until_quiet();
        w.reply_to(&pull);
    });
}

#[test]
fn a_request_too_long_to_be_kept_is_set_aside_and_told() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails("block", |_, mail| {
            *mail = mail.replace("/project.git", &format!("/{}.git", "x".repeat(40_000)));
        });
        let next = w.maintainer("bob").mails_pull("net");
        w.run_until_quiet();
        let alert = w.letter_to(ADMIN).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(alert.contains("too long to be kept"), "{alert}");
        w.reply_to(&next);
    });
}

#[test]
fn a_request_that_can_not_be_answered_is_told_to_the_administrator() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails("block", |_, mail| {
            *mail = mail.replace("Message-ID: <", "Message-ID: <not one ");
        });
        w.run_until_quiet();
        assert!(w.letter_to(ADMIN).contains("no usable Message-ID"));
        assert!(w.pulls().is_empty());
    });
}

#[test]
fn a_mail_server_with_a_slow_clock_makes_no_backlog_of_new_mail() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        let mut outside = w.outside.lock();
        outside.folder.last_mut().unwrap().received_at -= SignedDuration::from_mins(5);
        drop(outside);
        w.run_until_quiet();
        w.reply_to(&pull);
    });
}

#[test]
fn a_request_cancelled_while_it_waits_is_never_tested() {
    scenario_in(&Setting::default(), |w| {
        w.run_until_quiet();
        let first = w.maintainer("alice").mails_pull("block");
        w.maintainer("bob").mails_pull("net");
        w.run_for(SignedDuration::from_mins(5));
        w.command("cancel 2").unwrap();
        w.run_until_quiet();
        w.reply_to(&first);
        assert_eq!(w.outside.lock().pipelines.len(), 1);
    });
}

#[test]
fn a_cancellation_that_fails_for_ever_is_no_busy_loop() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_mins(10));
        for _ in 0..3_000 {
            let fault = Fault::temporary("500 Internal Server Error");
            w.outside.lock().gitlab_faults.push(("cancel".into(), fault));
        }
        w.command("cancel 1").unwrap();
        w.run_for(SignedDuration::from_hours(2));
        w.outside.lock().gitlab_faults.clear();
        w.run_for(SignedDuration::from_mins(30));
        assert!(w.outside.lock().pipelines[0].canceled);
    });
}

#[test]
fn a_pipeline_that_no_look_could_find_is_found_before_another_is_made() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        w.outside.lock().lose_create_answer = true;
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_for(SignedDuration::from_secs(1));
        for _ in 0..2 {
            let fault = Fault::temporary("500 Internal Server Error");
            w.outside.lock().gitlab_faults.push(("find".into(), fault));
        }
        w.run_until_quiet();
        w.reply_to(&pull);
        assert_eq!(w.outside.lock().pipelines.len(), 1);
    });
}
