//! Stories about runners that fail, and runners that never come: nobody is blamed in public for them.

use crate::pull::pipeline::Status;
use jiff::SignedDuration;

use crate::scenario::outside::{MANAGER, Plan};
use crate::scenario::{World, scenario};

/// A job that fails for a reason of GitLab's.
fn breaks(plan: &mut Plan, job: &str, reason: &str) {
    plan.status = Status::Failed;
    plan.jobs.push((job.into(), Status::Failed));
    plan.reasons.insert(job.into(), reason.into());
}

/// A letter's text in one line.
fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn is_cancelled(w: &World) -> bool {
    let outside = w.outside.lock();
    let [pipeline] = outside.pipelines.as_slice() else { panic!("{:?}", outside.pipelines) };
    pipeline.canceled
}

#[test]
fn what_the_runners_broke_is_told_to_the_managers_alone() {
    for reason in ["runner_system_failure", "stuck_pending_no_matching_runners", "brand_new"] {
        scenario(|w| {
            w.run_until_quiet();
            w.maintainer("alice").mails_pull("block");
            w.next_pipeline(|plan| {
                breaks(plan, "build-s390x", reason);
                plan.jobs.push(("test-s390x".into(), Status::Skipped));
            });
            w.run_until_quiet();
            let letter = in_one_line(&w.letter_to(MANAGER));
            assert!(letter.contains("CI itself broke 1 job; 1 skipped."), "{letter}");
            assert!(letter.contains(&format!("({reason}) https://gitlab.example")), "{letter}");
            assert!(letter.contains("gatepost do 'retest 1'"), "{letter}");
            assert!(!is_cancelled(w), "it was over");
            assert_eq!(w.pull(1).stage.verdict().map(|v| v.word()), Some("infrastructure"));
        });
    }
}

#[test]
fn after_the_runners_are_mended_a_retest_is_answered_on_the_thread() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.next_pipeline(|plan| breaks(plan, "build-s390x", "runner_system_failure"));
        w.run_until_quiet();
        w.letter_to(MANAGER);
        w.command("retest 1").unwrap();
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
    });
}

#[test]
fn beside_what_the_code_failed_the_runners_failures_are_no_failures() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.next_pipeline(|plan| {
            breaks(plan, "build-s390x", "runner_system_failure");
            plan.jobs.push(("build-fedora".into(), Status::Failed));
            plan.jobs.push(("deploy".into(), Status::Canceled));
        });
        w.run_until_quiet();
        let reply = in_one_line(&w.reply_to(&pull));
        assert!(reply.starts_with("Failed in 1 of 4 jobs on master "), "{reply}");
        assert!(reply.contains("; 1 broken by CI, 1 cancelled. "), "{reply}");
        assert!(
            reply.contains("Job build-fedora") && !reply.contains("Job build-s390x"),
            "{reply}"
        );
        let aside = "CI itself broke 1 job, which says nothing about the changes: build-s390x.";
        assert!(reply.contains(aside), "{reply}");
    });
}

#[test]
fn cancelled_jobs_alone_are_no_failure() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails_pull("block");
        w.next_pipeline(|plan| {
            plan.status = Status::Failed;
            plan.jobs = vec![("build".into(), Status::Success), ("check".into(), Status::Canceled)];
        });
        w.run_until_quiet();
        assert!(w.letter_to(MANAGER).contains("the pipeline was cancelled"));
    });
}

#[test]
fn a_runner_that_never_comes_for_one_of_three_jobs_is_the_managers_matter() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails_pull("block");
        w.next_pipeline(|plan| _ = plan.waiting.insert("check-s390x".into(), "s390x".into()));
        w.run_until_quiet();
        let letter = in_one_line(&w.letter_to(MANAGER));
        assert!(letter.contains(": 1 job never started."), "{letter}");
        let waits = "* check-s390x (pending; wants a runner with s390x)";
        assert!(letter.contains(waits), "{letter}");
        assert!(letter.contains("The author and the list have not been told."), "{letter}");
        assert!(is_cancelled(w));
    });
}

#[test]
fn jobs_that_hang_are_told_on_the_thread_apart_from_those_that_never_started() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.next_pipeline(|plan| {
            plan.takes = SignedDuration::from_hours(9);
            plan.waiting.insert("check-s390x".into(), "s390x".into());
        });
        w.run_until_quiet();
        let reply = in_one_line(&w.reply_to(&pull));
        assert!(reply.contains("not done after 4 hours; 1 never started."), "{reply}");
        let hung = "Jobs that were not done: * build (running) * check (running) Jobs that never";
        assert!(reply.contains(hung), "{reply}");
        assert!(is_cancelled(w));
    });
}

#[test]
fn what_the_code_failed_is_answered_though_another_job_waits_for_its_runner() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.next_pipeline(|plan| {
            plan.jobs[0].1 = Status::Failed;
            plan.waiting.insert("check-s390x".into(), "s390x".into());
        });
        w.run_until_quiet();
        let reply = in_one_line(&w.reply_to(&pull));
        assert!(reply.starts_with("Failed in 1 of 2 jobs on master "), "{reply}");
        assert!(reply.contains("; 1 never started. "), "{reply}");
        assert!(reply.contains("not ok 3 - reads back"), "{reply}");
        assert!(is_cancelled(w));
    });
}

#[test]
fn who_asked_for_a_test_is_told_what_the_runners_broke() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("rita").mails_pull("staging");
        w.run_until_quiet();
        w.next_pipeline(|plan| breaks(plan, "build-s390x", "runner_system_failure"));
        w.command(&format!("test {} tags/staging {}", pull.url, pull.tip)).unwrap();
        w.run_until_quiet();
        let letter = in_one_line(&w.letter_to(MANAGER));
        assert!(letter.starts_with("Test of tags/staging at "), "{letter}");
        assert!(letter.contains(": infrastructure Not tested on "), "{letter}");
        assert!(letter.contains("its runner failed (runner_system_failure)"), "{letter}");
    });
}
