//! The GitLab adapter against the stand-in: what it asks, what it believes, and what it makes of
//! each thing that can go wrong.

use std::net::TcpListener;
use std::time::Duration;

use crate::adapters::gitlab::inspect::VariablesRole;
use crate::adapters::gitlab::{GitLab, Visibility};
use crate::config::secret::Secret;
use crate::demo::gitlab::{GitLabStandIn, Plan, Trouble};
use crate::gitlab_support::{adapter, ci, commit, seed, stand_in};
use crate::ports::{Fault, FaultKind, Pipelines};
use crate::pull::evidence::{Judgement, judge};
use crate::pull::ids::{JobId, ObjectId, PipelineId};
use crate::pull::pipeline::{JobKind, Status};

const BRANCH: &str = "staging-1-1";

/// A stand-in with one scripted pipeline, the adapter, and the pipeline's number.
fn with_pipeline(plan: Plan) -> (GitLabStandIn, GitLab, PipelineId) {
    let gitlab = stand_in();
    seed(&gitlab);
    gitlab.next_pipeline(plan);
    let adapter = adapter(&gitlab);
    let id = adapter.create(BRANCH).unwrap().id;
    (gitlab, adapter, id)
}

fn kind<T: std::fmt::Debug>(result: Result<T, Fault>) -> FaultKind {
    result.unwrap_err().kind
}

#[test]
fn a_pipeline_is_made_found_and_read() {
    let gitlab = stand_in();
    let sha = seed(&gitlab);
    let adapter = adapter(&gitlab);
    assert!(adapter.find(BRANCH, sha).unwrap().is_empty());
    gitlab.next_pipeline(Plan::FailJobs(vec!["unit".into()]));
    let made = adapter.create(BRANCH).unwrap();
    assert_eq!((made.sha, made.reference.as_str(), made.source.as_str()), (sha, BRANCH, "api"));
    assert!(made.created_at.is_some());
    let got = adapter.get(made.id).unwrap();
    assert_eq!(got.status, Status::Failed);
    assert_eq!(adapter.find(BRANCH, sha).unwrap(), [got]);

    let jobs = adapter.jobs(made.id).unwrap();
    let names: Vec<&str> = jobs.iter().map(|job| job.name.as_str()).collect();
    assert_eq!(names, ["compile", "flaky", "unit"]);
    let unit = &jobs[2];
    assert_eq!((&unit.status, unit.kind.clone()), (&Status::Failed, JobKind::Build));
    assert_eq!(unit.failure_reason.as_deref(), Some("script_failure"));
    assert_eq!(unit.tags, ["linux"]);
    assert!(unit.architecture.is_some() && unit.started_at.is_some());
    assert!(jobs[1].allow_failure && !unit.allow_failure);
    let log = String::from_utf8(adapter.log(unit.id, 1000).unwrap()).unwrap();
    assert!(log.contains("unit: the stand-in was told"), "{log}");
    assert_eq!(gitlab.unexpected(), [""; 0]);
}

#[test]
fn only_our_own_pipelines_of_that_branch_and_commit_are_found() {
    let gitlab = stand_in();
    let sha = seed(&gitlab);
    let other = commit(&gitlab, "other", &[("a", "b")]);
    let text = sha.to_string();
    gitlab.add_pipeline(&text, BRANCH, "push", 42);
    gitlab.add_pipeline(&text, "other", "api", 42);
    gitlab.add_pipeline(&other.to_string(), BRANCH, "api", 42);
    gitlab.add_pipeline(&text, BRANCH, "api", 7);
    let first = gitlab.add_pipeline(&text, BRANCH, "api", 42);
    let second = gitlab.add_pipeline(&text, BRANCH, "api", 42);
    let found = adapter(&gitlab).find(BRANCH, sha).unwrap();
    let ids: Vec<u64> = found.iter().map(|pipeline| pipeline.id.0).collect();
    assert_eq!(ids, [second, first]);
}

#[test]
fn a_token_that_may_not_name_its_user_still_finds() {
    let gitlab = stand_in();
    let sha = seed(&gitlab);
    gitlab.add_pipeline(&sha.to_string(), BRANCH, "api", 7);
    let refusal = r#"{"error":"insufficient_granular_scope"}"#;
    gitlab.trouble("GET", "user", Trouble::Refused(403, refusal.into()));
    assert_eq!(adapter(&gitlab).find(BRANCH, sha).unwrap().len(), 1);
}

#[test]
fn a_lost_answer_is_temporary_and_the_pipeline_is_found_afterwards() {
    let gitlab = stand_in();
    let sha = seed(&gitlab);
    let adapter = adapter(&gitlab);
    gitlab.next_pipeline(Plan::Pass);
    gitlab.trouble("POST", "/pipeline", Trouble::LostAnswer);
    assert_eq!(kind(adapter.create(BRANCH)), FaultKind::Temporary);
    // One request went out: a create is never repeated by itself, not even by the client library.
    assert_eq!(gitlab.calls().iter().filter(|call| call.starts_with("POST")).count(), 1);
    assert_eq!(adapter.find(BRANCH, sha).unwrap().len(), 1);
}

#[test]
fn reads_that_lag_are_temporary() {
    let gitlab = stand_in();
    let sha = seed(&gitlab);
    let adapter = adapter(&gitlab);
    gitlab.next_pipeline(Plan::Pass);
    gitlab.hide_next_pipeline(2);
    let id = adapter.create(BRANCH).unwrap().id;
    assert!(adapter.find(BRANCH, sha).unwrap().is_empty());
    assert_eq!(kind(adapter.get(id)), FaultKind::Temporary);
    assert_eq!(adapter.get(id).unwrap().id, id);
}

#[test]
fn a_refused_create_quotes_gitlab() {
    let gitlab = stand_in();
    seed(&gitlab);
    gitlab.hide_branches(1);
    let fault = adapter(&gitlab).create(BRANCH).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Permanent);
    assert!(fault.public.unwrap().contains("Reference not found"));

    let body = r#"{"message":{"base":["Too many pipelines created in the last minute."]}}"#;
    gitlab.trouble("POST", "/pipeline", Trouble::Refused(400, body.into()));
    let fault = adapter(&gitlab).create(BRANCH).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Permanent);
    assert!(fault.public.unwrap().contains("Too many pipelines created"));
}

#[test]
fn a_project_without_usable_ci_configuration_is_a_refused_create() {
    let gitlab = stand_in();
    commit(&gitlab, "none", &[("a", "b")]);
    commit(&gitlab, "broken", &[(".gitlab-ci.yml", r#"{"a":{"stage":"no","script":"x"}}"#)]);
    commit(&gitlab, "empty", &[(".gitlab-ci.yml", "{}")]);
    for (branch, says) in
        [("none", "Missing CI config"), ("broken", "stage no does not exist"), ("empty", "empty")]
    {
        let fault = adapter(&gitlab).create(branch).unwrap_err();
        assert!(fault.public.unwrap().contains(says), "{branch}");
    }
    assert!(gitlab.pipelines().is_empty());
}

/// A target's commit, and one that adds a job to an included file.
fn with_include(gitlab: &GitLabStandIn) -> (ObjectId, ObjectId) {
    let main = r#"{"include": "ci/more.json", "unit": {"script": "x", "tags": ["linux"]}}"#;
    let files = |more| [(".gitlab-ci.yml", main), ("ci/more.json", more)];
    let before = commit(gitlab, BRANCH, &files(r#"{"more": {"script": "y"}}"#));
    commit(gitlab, "target", &files(r#"{"more": {"script": "y"}}"#));
    let after = commit(gitlab, BRANCH, &files(r#"{"more": {"script": "z"}}"#));
    (before, after)
}

#[test]
fn what_ci_would_run_is_told_without_running_it() {
    let gitlab = stand_in();
    let sha = seed(&gitlab);
    let adapter = adapter(&gitlab);
    let plan = adapter.lint(sha, BRANCH).unwrap();
    let names: Vec<&str> = plan.jobs.keys().map(String::as_str).collect();
    assert_eq!(names, ["compile", "flaky", "unit"]);
    assert_eq!(plan.jobs["unit"]["tags"], r#"["linux"]"#);
    assert_eq!(plan.jobs["flaky"]["allow_failure"], "true");
    assert_eq!(plan.entries["compile"]["stage"], r#""build""#);
    assert!(plan.errors.is_empty() && gitlab.pipelines().is_empty());
    // Once it is known that commits are linted, a lint is one call.
    let calls = gitlab.calls().len();
    adapter.lint(sha, BRANCH).unwrap();
    assert_eq!(gitlab.calls().len() - calls, 1);
    assert_eq!(gitlab.unexpected(), [""; 0]);
}

#[test]
fn includes_come_from_the_branch_and_not_from_the_commit() {
    let gitlab = stand_in();
    let (before, after) = with_include(&gitlab);
    let adapter = adapter(&gitlab);
    let target = adapter.lint(before, "target").unwrap();
    let candidate = adapter.lint(after, BRANCH).unwrap();
    assert_ne!(target, candidate);
    assert!(candidate.includes.contains("local ci/more.json"), "{:?}", candidate.includes);
    // On the candidate's branch the target would have the candidate's includes: no answer.
    assert_eq!(kind(adapter.lint(before, BRANCH)), FaultKind::Permanent);
}

#[test]
fn a_lint_that_proves_nothing_is_a_fault_or_blank() {
    let gitlab = stand_in();
    let sha = seed(&gitlab);
    let blank = adapter(&gitlab).lint(sha, "no-such-branch").unwrap();
    assert!(blank.is_blank() && blank.errors == ["Reference not found"], "{blank:?}");
    let nowhere = "1".repeat(40).parse().unwrap();
    assert_eq!(kind(adapter(&gitlab).lint(nowhere, BRANCH)), FaultKind::Permanent);
    gitlab.lint_as_of_old();
    commit(&gitlab, "master", &[(".gitlab-ci.yml", crate::gitlab_support::CI_FILE)]);
    let fault = adapter(&gitlab).lint(sha, BRANCH).unwrap_err();
    assert!(fault.detail.contains("too old"), "{fault}");
    gitlab.set_role(10);
    assert_eq!(kind(adapter(&gitlab).lint(sha, BRANCH)), FaultKind::Misconfigured);
}

#[test]
fn what_candidates_reach_is_listed_for_a_maintainer() {
    let gitlab = stand_in();
    gitlab.add_variable("DEPLOY_TOKEN", false);
    gitlab.add_variable("SIGNING", true);
    let refused = adapter(&gitlab).reach(gitlab.project());
    assert_eq!(kind(refused.variables), FaultKind::Misconfigured);
    assert_eq!(kind(refused.runners), FaultKind::Misconfigured);
    gitlab.set_role(40);
    let reach = adapter(&gitlab).reach(gitlab.project());
    let variables = reach.variables.unwrap();
    let told: Vec<_> = variables.iter().map(|v| (v.key.as_str(), v.protected)).collect();
    assert_eq!(told, [("DEPLOY_TOKEN", false), ("SIGNING", true)]);
    let runners = reach.runners.unwrap();
    assert_eq!(runners[0].description, "stand-in");
    assert_eq!(
        (runners[0].tags.clone(), runners[0].protected),
        (Some(vec!["linux".into()]), Some(false))
    );
    assert!(reach.closed_groups.is_empty());
    assert_eq!(gitlab.unexpected(), [""; 0]);
}

#[test]
fn a_rate_limit_is_obeyed_in_both_forms() {
    let (gitlab, adapter, id) = with_pipeline(Plan::Pass);
    for trouble in [Trouble::RateLimited(77), Trouble::RateLimitedUntil(77)] {
        gitlab.trouble("GET", "/pipelines/", trouble);
        let fault = adapter.get(id).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Temporary);
        assert_eq!(fault.retry_after.unwrap().as_secs(), 77);
    }
}

#[test]
fn pages_of_html_are_told_from_answers() {
    let (gitlab, adapter, id) = with_pipeline(Plan::Pass);
    for (trouble, expected) in [
        (Trouble::Html(500), FaultKind::Temporary),
        (Trouble::Html(502), FaultKind::Temporary),
        (Trouble::LoginPage, FaultKind::Misconfigured),
        (Trouble::BrokenJson, FaultKind::Misconfigured),
        (Trouble::Dropped, FaultKind::Temporary),
    ] {
        gitlab.trouble("GET", "/pipelines/", trouble.clone());
        assert_eq!(kind(adapter.get(id)), expected, "{trouble:?}");
        if trouble != Trouble::BrokenJson {
            let job = adapter.jobs(id).unwrap()[0].id;
            gitlab.trouble("GET", "/trace", trouble.clone());
            assert_eq!(kind(adapter.log(job, 10)), expected, "{trouble:?}");
        }
    }
}

#[test]
fn a_redirect_is_not_followed_and_the_token_stays_at_home() {
    let (gitlab, adapter, id) = with_pipeline(Plan::Pass);
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let url = format!("http://{}/api/v4/x", elsewhere.local_addr().unwrap());
    gitlab.trouble("GET", "/pipelines/", Trouble::Redirect(url));
    assert_eq!(kind(adapter.get(id)), FaultKind::Misconfigured);
    assert!(elsewhere.accept().is_err(), "somebody called");
}

#[test]
fn all_pages_are_read_whichever_way_they_are_announced() {
    let (gitlab, adapter, id) = with_pipeline(Plan::Jobs(250));
    assert_eq!(adapter.jobs(id).unwrap().len(), 250);
    gitlab.page_by_foreign_links();
    let mut names: Vec<_> = adapter.jobs(id).unwrap().into_iter().map(|job| job.name).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 250);
}

#[test]
fn bridges_and_external_statuses_are_jobs_too() {
    for old in [false, true] {
        let (gitlab, adapter, id) = with_pipeline(Plan::Pass);
        if old {
            gitlab.forget_pipelines_of_statuses();
        }
        gitlab.add_bridge(id.0, "downstream", "failed", Some("failed"));
        gitlab.add_bridge(id.0, "unborn", "created", None);
        gitlab.post_status(id.0, "outside", "failed", Some("https://ci.example/1"));
        gitlab.post_status(id.0, "odd", "pending", Some("javascript:alert(1)"));
        // Another pipeline of the same commit: its job and status are not this one's.
        let sha = adapter.get(id).unwrap().sha.to_string();
        let other = gitlab.add_pipeline(&sha, "another-branch", "push", 42);
        gitlab.post_status(other, "of the other", "failed", None);

        let jobs = adapter.jobs(id).unwrap();
        let names: Vec<&str> = jobs.iter().map(|job| job.name.as_str()).collect();
        let expected = ["compile", "flaky", "unit", "downstream", "unborn", "outside", "odd"];
        assert_eq!(names, expected, "old: {old}");
        let JobKind::Bridge { downstream_url, downstream_status } = &jobs[3].kind else {
            panic!("{:?}", jobs[3]);
        };
        assert!(downstream_url.as_ref().unwrap().contains("/-/pipelines/"));
        assert_eq!(downstream_status, &Some(Status::Failed));
        let unborn = JobKind::Bridge { downstream_url: None, downstream_status: None };
        assert_eq!(jobs[4].kind, unborn);
        // Whoever posts a status chooses its address: only pages of this GitLab are links.
        assert_eq!((&jobs[5].kind, jobs[5].web_url.as_str()), (&JobKind::External, ""));
        assert_eq!(jobs[6].web_url, "");
        assert_eq!(adapter.get(id).unwrap().status, Status::Running);
    }
}

#[test]
fn why_a_job_failed_is_read_and_decides_who_is_blamed() {
    for (reason, blames_the_code) in [
        ("script_failure", true),
        ("job_execution_timeout", true),
        ("runner_system_failure", false),
        ("stuck_pending_no_matching_runners", false),
        ("a_word_of_tomorrow", false),
    ] {
        let plan = Plan::Break { job: "unit".into(), reason: reason.into() };
        let (gitlab, adapter, id) = with_pipeline(plan);
        // Where it was never made, a downstream pipeline blames nobody.
        gitlab.add_bridge(id.0, "unborn", "failed", None);
        let jobs = adapter.jobs(id).unwrap();
        let reasons: Vec<_> = jobs.iter().map(|job| job.failure_reason.as_deref()).collect();
        let unborn = "downstream_pipeline_creation_failed";
        assert_eq!(reasons, [None, None, Some(reason), Some(unborn)]);
        assert_eq!(jobs[2].started_at.is_some(), !reason.starts_with("stuck_"), "{reason}");
        let judged = judge(&adapter.get(id).unwrap(), &jobs, &[], None, false);
        let Judgement::Over(outcome) = judged else { panic!("{judged:?}") };
        assert_eq!(outcome.word() == "failed", blames_the_code, "{reason}: {outcome:?}");

        gitlab.add_bridge(id.0, "born", "failed", Some("failed"));
        let jobs = adapter.jobs(id).unwrap();
        assert_eq!(jobs[4].failure_reason.as_deref(), Some("unknown_failure"));
        let judged = judge(&adapter.get(id).unwrap(), &jobs, &[], None, false);
        assert!(matches!(&judged, Judgement::Over(outcome) if outcome.word() == "failed"));
    }
}

#[test]
fn every_status_is_told() {
    for (plan, status, jobs) in [
        (Plan::Pass, Status::Success, 3),
        (Plan::Empty, Status::Success, 0),
        (Plan::StayPending, Status::Pending, 3),
        (Plan::Manual, Status::Manual, 4),
        (Plan::Skipped, Status::Skipped, 3),
        (Plan::Canceled, Status::Canceled, 3),
        (Plan::Status("waiting_for_callback".into()), Status::WaitingForCallback, 3),
        (Plan::Status("brand_new".into()), Status::Unknown("brand_new".into()), 3),
    ] {
        let (_gitlab, adapter, id) = with_pipeline(plan.clone());
        assert_eq!(adapter.get(id).unwrap().status, status, "{plan:?}");
        assert_eq!(adapter.jobs(id).unwrap().len(), jobs, "{plan:?}");
    }
}

#[test]
fn refused_access_is_misconfigured_and_never_more() {
    let (gitlab, adapter, id) = with_pipeline(Plan::Pass);
    let sha = adapter.get(id).unwrap().sha;
    let mut wrong = ci(&gitlab);
    wrong.token = Secret::new("glpat-expired");
    let refused = GitLab::new(&wrong).unwrap();
    assert_eq!(kind(refused.find(BRANCH, sha)), FaultKind::Misconfigured);
    assert_eq!(kind(refused.create(BRANCH)), FaultKind::Misconfigured);
    let fault = refused.get(id).unwrap_err();
    assert_eq!((fault.kind, &fault.public), (FaultKind::Misconfigured, &None));
    assert!(!fault.detail.contains("glpat"), "{fault}");

    let mut wrong = ci(&gitlab);
    wrong.project = "demo/elsewhere".into();
    let refused = GitLab::new(&wrong).unwrap();
    assert_eq!(kind(refused.get(id)), FaultKind::Misconfigured);
    assert_eq!(kind(refused.create(BRANCH)), FaultKind::Misconfigured);

    gitlab.set_role(20);
    assert_eq!(kind(adapter.create(BRANCH)), FaultKind::Misconfigured);
}

#[test]
fn variables_are_sent_and_their_refusal_is_told() {
    let gitlab = stand_in();
    seed(&gitlab);
    let mut ci = ci(&gitlab);
    ci.variables.insert("DEPTH".into(), "2".into());
    ci.project = "11".into();
    let adapter = GitLab::new(&ci).unwrap();
    gitlab.next_pipeline(Plan::Pass);
    let id = adapter.create(BRANCH).unwrap().id;
    assert_eq!(gitlab.variables(id.0), [("DEPTH".to_owned(), "2".to_owned())]);
    gitlab.set_variables_role("no_one_allowed");
    let fault = adapter.create(BRANCH).unwrap_err();
    assert!(fault.public.unwrap().contains("Insufficient permissions"));
}

#[test]
fn inputs_are_sent_as_they_are() {
    let gitlab = stand_in();
    seed(&gitlab);
    let mut ci = ci(&gitlab);
    ci.inputs.insert("depth".into(), serde_json::json!([1, true]));
    gitlab.next_pipeline(Plan::Pass);
    let id = GitLab::new(&ci).unwrap().create(BRANCH).unwrap().id;
    assert_eq!(gitlab.inputs(id.0), serde_json::json!({"depth": [1, true]}));
}

#[test]
fn of_a_long_trace_the_end_is_kept() {
    let (gitlab, adapter, id) = with_pipeline(Plan::Pass);
    let mut trace = vec![b'x'; 3_000_000];
    trace.extend(b"the end \xff");
    gitlab.set_trace(id.0, "unit", &trace);
    let jobs = adapter.jobs(id).unwrap();
    let unit = jobs.iter().find(|job| job.name == "unit").unwrap();
    assert_eq!(adapter.log(unit.id, 9).unwrap(), b"the end \xff");
    assert_eq!(adapter.log(unit.id, 10_000_000).unwrap(), trace);
    gitlab.set_trace(id.0, "unit", b"");
    assert!(adapter.log(unit.id, 100).unwrap().is_empty());
    assert_eq!(kind(adapter.log(JobId(1), 10)), FaultKind::Temporary);
}

#[test]
fn a_pipeline_is_cancelled_and_cancelled_again() {
    let (_gitlab, adapter, id) = with_pipeline(Plan::StayPending);
    adapter.cancel(id).unwrap();
    assert_eq!(adapter.get(id).unwrap().status, Status::Canceled);
    adapter.cancel(id).unwrap();
}

#[test]
fn a_server_that_is_silent_or_away_is_temporary() {
    let (gitlab, patient, id) = with_pipeline(Plan::Pass);
    let adapter = GitLab::with_deadline(&ci(&gitlab), Duration::from_millis(200)).unwrap();
    gitlab.trouble("GET", "/pipelines/", Trouble::Late(Duration::from_secs(3600)));
    assert_eq!(kind(adapter.get(id)), FaultKind::Temporary);
    drop(gitlab);
    assert_eq!(kind(patient.get(id)), FaultKind::Temporary);
}

#[test]
fn an_unusable_configuration_is_told_at_once() {
    let gitlab = stand_in();
    for url in ["gitlab.com", "ftp://gitlab.com", "https://user:pass@gitlab.com", "https://x/?a=b"]
    {
        let mut ci = ci(&gitlab);
        ci.gitlab = url.into();
        assert_eq!(kind(GitLab::new(&ci)), FaultKind::Misconfigured, "{url}");
    }
    let mut ci = ci(&gitlab);
    ci.token = Secret::new("glpat\r\nX-Evil: 1");
    let fault = GitLab::new(&ci).unwrap_err();
    assert!(!fault.detail.contains("glpat"));
}

#[test]
fn an_inspection_finds_what_check_wants_to_know() {
    let gitlab = stand_in();
    gitlab.protect("staging*");
    let seen = adapter(&gitlab).inspect(BRANCH);
    assert_eq!(seen.version.unwrap(), "18.5.1-ee");
    assert_eq!(seen.user.unwrap(), "project_11_bot");
    let token = seen.token.unwrap();
    assert_eq!((token.suffices(), token.active), (Some(true), true));
    assert_eq!(token.expires_at.unwrap().to_string(), "2027-06-30");
    let project = seen.project.unwrap();
    assert_eq!(project.path, "demo/project");
    assert_eq!((project.visibility, project.auto_cancels), (Visibility::Public, true));
    let protected = seen.protected.unwrap();
    assert_eq!(protected.len(), 1);
    assert_eq!((protected[0].name.as_str(), &protected[0].push), ("staging*", &vec![40]));

    gitlab.set_role(20);
    gitlab.set_variables_role("no_one_allowed");
    gitlab.set_visibility("private");
    let project = adapter(&gitlab).inspect(BRANCH).project.unwrap();
    assert_eq!(project.may_make_pipelines(), Some(false));
    assert_eq!(project.variables_role, VariablesRole::Nobody);
    assert_eq!(project.visibility, Visibility::Private);
    assert_eq!(gitlab.unexpected(), [""; 0]);
}
