//! Stories about requests that change what CI runs: found by effect, held, approved.

use crate::ports::Fault;
use crate::pull::ci_change::CiPlan;
use crate::pull::hold::HoldReason;
use crate::pull::ids::ObjectId;
use crate::pull::policy::CiLint;
use crate::pull::request::{Approval, Stage};
use crate::pull::signed_tag::PayloadDigest;
use jiff::SignedDuration;

use crate::scenario::outside::{ADMIN, MANAGER, id_of, usual_plan};
use crate::scenario::{Setting, World, scenario, scenario_in, told_once};

fn changed(change: impl FnOnce(&mut CiPlan)) -> CiPlan {
    let mut plan = usual_plan();
    change(&mut plan);
    plan
}

fn set(plan: &mut CiPlan, job: &str, property: &str, value: &str) {
    let properties = plan.jobs.get_mut(job).expect("the job is in the usual plan");
    properties.insert(property.into(), value.into());
}

/// What CI would run with a tip merged.
fn plans(w: &World, tip: ObjectId, plan: CiPlan) {
    w.outside.lock().ci_plans.insert(tip, plan);
}

/// The request is held and nothing of it has run; the letter to the release managers.
#[track_caller]
fn held(w: &mut World) -> String {
    w.run_until_quiet();
    assert!(w.outside.lock().pipelines.is_empty(), "a CI minute was spent");
    let author = w.letter_to("alice@example.org");
    assert!(author.contains("would change what CI runs"), "{author}");
    w.letter_to(MANAGER)
}

/// A request whose merge changes the plan so is held, and the managers read this.
#[track_caller]
fn is_held_for(change: impl Fn(&mut CiPlan), says: &str) {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        plans(w, pull.tip, changed(&change));
        let letter = held(w).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(letter.contains(says), "{letter}");
    });
}

#[test]
fn what_changes_nothing_is_looked_at_twice_and_tested() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
        if w.restarts == 0 {
            let calls = w.outside.lock().calls.clone();
            assert_eq!(calls.iter().filter(|call| **call == "gitlab.lint").count(), 2);
        }
    });
}

#[test]
fn an_added_job_holds() {
    is_held_for(
        |plan| {
            let mine = [("script".to_owned(), "curl evil".to_owned())].into();
            plan.jobs.insert("mine".into(), mine);
        },
        "* job mine is added: script: curl evil",
    );
}

#[test]
fn a_job_that_moves_to_another_runner_holds() {
    is_held_for(|plan| set(plan, "check", "tags", "deploy"), "* job check, tags: x86 -> deploy");
}

#[test]
fn a_job_that_may_fail_from_now_on_holds() {
    is_held_for(
        |plan| set(plan, "check", "allow_failure", "true"),
        "* job check, allow_failure: false -> true",
    );
}

#[test]
fn rules_by_which_a_job_runs_no_more_hold() {
    is_held_for(
        |plan| {
            plan.jobs.remove("check-s390x");
            let entry = plan.entries.get_mut("check-s390x").expect("it is there");
            entry.insert("rules".into(), "- when: never".into());
        },
        "* job check-s390x would no longer run * configuration of check-s390x, rules: - if: $STAGING -> \
         - when: never",
    );
}

#[test]
fn a_change_in_an_included_file_holds() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        let entry = [("image".to_owned(), "evil".to_owned())].into();
        let included = [("check".to_owned(), entry)].into();
        w.outside.lock().ci_included.insert(pull.tip, included);
        let letter = held(w);
        assert!(letter.contains("configuration of check, image: (none) -> evil"), "{letter}");
    });
}

#[test]
fn a_changed_ci_file_holds_though_its_effect_is_the_same() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.outside.lock().changed_files.push((pull.tip, ".gitlab-ci.yml".into()));
        w.outside.lock().changed_files.push((pull.tip, "block/io.c".into()));
        let letter = held(w);
        assert!(letter.contains("file .gitlab-ci.yml is changed"), "{letter}");
        assert!(!letter.contains("io.c"), "{letter}");
    });
}

#[test]
fn an_approved_change_is_tested_and_the_reply_says_who_approved() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        plans(w, pull.tip, changed(|plan| set(plan, "check", "tags", "deploy")));
        held(w);
        w.command("approve 1").unwrap();
        w.run_until_quiet();
        let reply = w.reply_to(&pull);
        assert!(reply.starts_with("Passed"), "{reply}");
        assert!(reply.contains("This request changes what CI runs; rita approved"), "{reply}");
    });
}

#[test]
fn a_required_job_that_an_approved_change_takes_away_is_not_demanded() {
    let mut setting = Setting::default();
    setting.target().required_jobs = vec!["old-check".into(), "build".into()];
    scenario_in(&setting, |w| {
        w.run_until_quiet();
        let old = usual_plan().jobs["check"].clone();
        w.outside.lock().ci_plan.jobs.insert("old-check".into(), old);
        let pull = w.maintainer("alice").mails_pull("block");
        plans(w, pull.tip, usual_plan());
        let letter = held(w);
        assert!(letter.contains("job old-check would no longer run"), "{letter}");
        w.command("approve 1").unwrap();
        w.run_until_quiet();
        let reply = w.reply_to(&pull).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(reply.starts_with("Passed"), "{reply}");
        assert!(reply.contains("takes away old-check, otherwise required"), "{reply}");
    });
}

#[test]
fn an_approval_holds_while_the_difference_is_the_same() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        plans(w, pull.tip, changed(|plan| set(plan, "check", "tags", "deploy")));
        held(w);
        w.outside.lock().master = id_of(&["master", "1"]);
        w.next_pipeline_fails(&["build-fedora"]);
        w.command("approve 1").unwrap();
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Failed"));
        w.command("retest 1").unwrap();
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
    });
}

#[test]
fn another_difference_than_the_approved_one_is_held_again_and_told_to_the_managers_alone() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        plans(w, pull.tip, changed(|plan| set(plan, "check", "tags", "deploy")));
        held(w);
        w.outside.lock().ci_plan = changed(|plan| set(plan, "check", "tags", "arm"));
        w.outside.lock().master = id_of(&["master", "1"]);
        w.command("approve 1").unwrap();
        w.run_until_quiet();
        let letter = w.letter_to(MANAGER);
        assert!(letter.contains("job check, tags: arm -> deploy"), "{letter}");
        assert!(w.outside.lock().pipelines.is_empty());
        w.command("approve 1").unwrap();
        w.run_until_quiet();
        w.reply_to(&pull);
    });
}

#[test]
fn an_approval_is_bound_to_the_tag_and_keeps_no_more_than_binds() {
    told_once(&Setting::default(), |w| {
        w.run_until_quiet();
        let mailed = w.maintainer("alice").mails_pull("block");
        plans(w, mailed.tip, changed(|plan| set(plan, "check", "tags", "deploy")));
        held(w);
        w.command("approve 1").unwrap();
        w.run_until_quiet();
        w.reply_to(&mailed);
        let mut pull = w.pull(1);
        let HoldReason::CiChanged { difference, .. } = pull.approvals[0].reason.clone() else {
            panic!("{:?}", pull.approvals);
        };
        assert_eq!((difference.total, difference.lines.len()), (1, 0));
        assert_eq!(pull.ci_approved_by(&difference.digest), Some("rita"));
        assert_eq!(pull.ci_approved_by("another"), None);
        let Stage::Answered { trusted: Some(trusted), .. } = &mut pull.stage else {
            panic!("{:?}", pull.stage);
        };
        // Another object of the same tag is as good; another tag is not.
        trusted.pinned.tag.as_mut().unwrap().id = id_of(&["another object"]);
        assert_eq!(pull.ci_approved_by(&difference.digest), Some("rita"));
        let Stage::Answered { trusted: Some(trusted), .. } = &mut pull.stage else {
            panic!("{:?}", pull.stage);
        };
        trusted.pinned.tag.as_mut().unwrap().payload = Some(PayloadDigest::of(b"another tag"));
        assert_eq!(pull.ci_approved_by(&difference.digest), None);
        // Another hold that was lifted approves no difference.
        let tag = pull.stage.trusted().unwrap().pinned.tag.as_ref().map(|tag| tag.id);
        let (reason, at) = (HoldReason::LateArrival, w.outside.now());
        pull.approvals.push(Approval { reason, tag, payload: None, by: "rita".into(), at });
        assert_eq!(pull.ci_approved_by(&difference.digest), None);
    });
}

#[test]
fn others_are_tested_while_one_is_held() {
    scenario(|w| {
        w.run_until_quiet();
        let first = w.maintainer("alice").mails_pull("block");
        plans(w, first.tip, CiPlan { errors: vec!["odd".into()], ..usual_plan() });
        let second = w.maintainer("bob").mails_pull("net");
        w.run_until_quiet();
        assert!(w.reply_to(&second).starts_with("Passed"));
        w.letter_to("alice@example.org");
        let letter = w.letter_to(MANAGER);
        assert!(letter.contains("GitLab's complaints: (none) -> odd"), "{letter}");
        assert!(matches!(w.pull(1).stage, Stage::Held { .. }));
    });
}

#[test]
fn a_held_request_that_is_cancelled_leaves_nothing() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        plans(w, pull.tip, CiPlan { errors: vec!["odd".into()], ..usual_plan() });
        held(w);
        assert_eq!(w.outside.lock().ci_refs.len(), 1);
        w.command("cancel 1").unwrap();
        w.run_until_quiet();
        assert!(w.outside.lock().ci_refs.is_empty());
    });
}

#[test]
fn what_ends_between_the_two_pushes_leaves_no_branch() {
    scenario(|w| {
        w.run_until_quiet();
        w.maintainer("alice").mails_pull("block");
        refuses_to_lint(w, 4, &Fault::temporary("502 Bad Gateway"));
        w.run_for(SignedDuration::from_secs(5));
        w.command("cancel 1").unwrap();
        w.run_for(SignedDuration::from_mins(1));
        assert!(w.outside.lock().calls.contains(&"gitlab.lint"));
        assert!(w.outside.lock().ci_refs.is_empty());
    });
}

/// GitLab refuses to lint, so often.
fn refuses_to_lint(w: &World, times: usize, fault: &Fault) {
    for _ in 0..times {
        w.outside.lock().gitlab_faults.push(("lint".into(), fault.clone()));
    }
}

#[test]
fn where_gitlab_does_not_tell_files_are_compared_and_the_administrator_hears_of_it() {
    for fault in [Fault::misconfigured("403 Forbidden"), Fault::permanent("404 Not Found")] {
        scenario(|w| {
            w.run_until_quiet();
            refuses_to_lint(w, 40, &fault);
            let first = w.maintainer("alice").mails_pull("block");
            w.run_until_quiet();
            assert!(w.reply_to(&first).starts_with("Passed"));
            let second = w.maintainer("bob").mails_pull("net");
            w.outside.lock().changed_files.push((second.tip, ".gitlab-ci.yml".into()));
            w.run_until_quiet();
            w.letter_to("bob@example.org");
            w.letter_to(MANAGER);
            let alert = w.letter_to(ADMIN);
            assert!(alert.contains("does not tell what CI would run for master"), "{alert}");
        });
    }
}

#[test]
fn a_target_without_any_plan_proves_nothing() {
    scenario(|w| {
        w.run_until_quiet();
        let blank = CiPlan { errors: vec!["no permission".into()], ..CiPlan::default() };
        w.outside.lock().ci_plan = blank;
        let pull = w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        w.reply_to(&pull);
        assert!(w.letter_to(ADMIN).contains("no permission"));
    });
}

#[test]
fn where_a_lint_is_required_nothing_is_tested_without() {
    let mut setting = Setting::default();
    setting.target().ci_lint = CiLint::Require;
    scenario_in(&setting, |w| {
        w.run_until_quiet();
        refuses_to_lint(w, 200, &Fault::misconfigured("403 Forbidden"));
        w.maintainer("alice").mails_pull("block");
        w.run_until_quiet();
        assert!(w.outside.lock().pipelines.is_empty());
        assert!(w.letter_to(MANAGER).contains("403 Forbidden"));
        w.letter_to(ADMIN);
    });
}

#[test]
fn what_can_be_linted_for_the_target_is_never_waved_through_for_the_candidate() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        w.outside.lock().unlintable.push(pull.tip);
        w.run_until_quiet();
        assert!(w.outside.lock().pipelines.is_empty());
        let letter = w.letter_to(MANAGER);
        assert!(letter.contains("404 Commit Not Found"), "{letter}");
    });
}

#[test]
fn a_lint_without_any_job_is_asked_for_again_before_it_is_believed() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        let blank = CiPlan { errors: vec!["Reference not found".into()], ..CiPlan::default() };
        plans(w, pull.tip, blank);
        w.run_for(SignedDuration::from_mins(1));
        assert!(w.because(1).contains("run"), "{}", w.because(1));
        w.outside.lock().ci_plans.clear();
        w.run_until_quiet();
        assert!(w.reply_to(&pull).starts_with("Passed"));
    });
}

#[test]
fn a_configuration_that_gitlab_does_not_take_is_held() {
    scenario(|w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        let blank = CiPlan { errors: vec!["jobs:x is odd".into()], ..CiPlan::default() };
        plans(w, pull.tip, blank);
        let letter = held(w);
        assert!(letter.contains("jobs:x is odd"), "{letter}");
        assert!(letter.contains("job build would no longer run"), "{letter}");
    });
}

#[test]
fn a_lint_that_is_off_compares_files_alone() {
    let mut setting = Setting::default();
    setting.target().ci_lint = CiLint::Off;
    scenario_in(&setting, |w| {
        w.run_until_quiet();
        let pull = w.maintainer("alice").mails_pull("block");
        plans(w, pull.tip, changed(|plan| set(plan, "check", "tags", "deploy")));
        w.run_until_quiet();
        w.reply_to(&pull);
        assert!(!w.outside.lock().calls.contains(&"gitlab.lint"));
    });
}
