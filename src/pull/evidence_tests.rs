//! What is a pass, and what never is.

use super::*;
use crate::pull::ids::{JobId, ObjectId, PipelineId};
use crate::pull::verdict::Audience;

#[path = "evidence_blame_tests.rs"]
mod blamed;

fn pipeline(status: Status) -> Pipeline {
    Pipeline {
        id: PipelineId(7),
        sha: ObjectId::from_bytes([1; 20]),
        reference: "staging-1".into(),
        source: "api".into(),
        status,
        web_url: "https://gitlab.example.org/p/-/pipelines/7".into(),
        created_at: None,
        started_at: None,
        yaml_errors: None,
    }
}

fn job(name: &str, status: Status) -> Job {
    Job {
        id: JobId(1),
        name: name.into(),
        stage: "test".into(),
        status,
        allow_failure: false,
        failure_reason: None,
        web_url: format!("https://gitlab.example.org/{name}"),
        architecture: None,
        tags: Vec::new(),
        started_at: None,
        duration: None,
        kind: JobKind::Build,
    }
}

fn outcome(pipeline_status: Status, jobs: &[Job], required: &[&str]) -> Outcome {
    let required: Vec<String> = required.iter().map(|&name| name.into()).collect();
    match judge(&pipeline(pipeline_status), jobs, &required, None, true) {
        Judgement::Over(outcome) => outcome,
        other => panic!("not over: {other:?}"),
    }
}

#[test]
fn success_with_every_job_done_passes() {
    let jobs = [job("a", Status::Success), job("b", Status::Success), job("c", Status::Skipped)];
    let Outcome::Passed(evidence) = outcome(Status::Success, &jobs, &["a"]) else { panic!() };
    assert_eq!(evidence.jobs, 2);
}

#[test]
fn an_allowed_failure_is_listed_and_passes() {
    let mut flaky = job("flaky", Status::Failed);
    flaky.allow_failure = true;
    let Outcome::Passed(evidence) =
        outcome(Status::Success, &[job("a", Status::Success), flaky], &[])
    else {
        panic!()
    };
    assert_eq!(evidence.allowed_failures, ["flaky"]);
}

#[test]
fn nothing_but_whole_evidence_passes() {
    let mut allowed = job("a", Status::Failed);
    allowed.allow_failure = true;
    let cases: [(Status, Vec<Job>, &[&str]); 9] = [
        (Status::Success, vec![], &[]),
        (Status::Success, vec![job("a", Status::Skipped)], &[]),
        (Status::Success, vec![job("a", Status::Success)], &["b"]),
        (Status::Success, vec![job("a", Status::Success), job("b", Status::Failed)], &[]),
        (Status::Success, vec![job("a", Status::Success), job("b", Status::Running)], &[]),
        (Status::Success, vec![allowed, job("b", Status::Success)], &["a"]),
        (Status::Canceled, vec![job("a", Status::Success)], &[]),
        (Status::Skipped, vec![], &[]),
        (Status::Manual, vec![job("a", Status::Success), job("m", Status::Manual)], &[]),
    ];
    for (status, jobs, required) in cases {
        let outcome = outcome(status.clone(), &jobs, required);
        assert!(matches!(outcome, Outcome::Incomplete { .. }), "{status:?} {jobs:?}: {outcome:?}");
    }
}

#[test]
fn evidence_that_does_not_fit_is_looked_at_again_first() {
    let looked = |status, jobs: &[Job]| judge(&pipeline(status), jobs, &[], None, false);
    assert_eq!(looked(Status::Success, &[]), Judgement::Unsettled);
    assert_eq!(looked(Status::Success, &[job("a", Status::Running)]), Judgement::Unsettled);
    assert_eq!(looked(Status::Failed, &[job("a", Status::Success)]), Judgement::Unsettled);
}

#[test]
fn an_unknown_status_waits_until_the_deadline() {
    let status = Status::Unknown("teleporting".into());
    assert_eq!(judge(&pipeline(status.clone()), &[], &[], None, true), Judgement::GoesOn);
    let deadline = Some(Deadline { overdue: Overdue::NeverStarted, allowed: 60 });
    let mut waiting = job("s390x", Status::Pending);
    waiting.tags = vec!["s390x".into()];
    let Judgement::Over(Outcome::TimedOut { unfinished, .. }) =
        judge(&pipeline(status), &[waiting], &[], deadline, false)
    else {
        panic!()
    };
    assert_eq!(unfinished, ["s390x (pending; wants a runner with s390x)"]);
}

#[test]
fn an_end_wins_over_a_deadline() {
    let deadline = Some(Deadline { overdue: Overdue::StillRunning, allowed: 60 });
    let jobs = [job("a", Status::Success)];
    let judged = judge(&pipeline(Status::Success), &jobs, &[], deadline, false);
    assert!(matches!(judged, Judgement::Over(Outcome::Passed(_))));
}

#[test]
fn a_broken_ci_configuration_is_no_verdict_on_the_code() {
    let mut broken = pipeline(Status::Failed);
    broken.yaml_errors = Some("jobs:x config contains unknown keys".into());
    let judged = judge(&broken, &[], &[], None, false);
    assert!(matches!(
        judged,
        Judgement::Over(Outcome::Incomplete { why: Shortfall::NoFailedJob { .. }, .. })
    ));
}

#[test]
fn failed_jobs_alone_are_failures_and_every_job_is_counted_once() {
    let mut flaky = job("flaky", Status::Failed);
    flaky.allow_failure = true;
    let mut by_hand = job("by-hand", Status::Manual);
    by_hand.allow_failure = true;
    let jobs = [
        job("a", Status::Success),
        job("b", Status::Failed),
        job("c", Status::Canceled),
        job("d", Status::Canceled),
        job("e", Status::Skipped),
        flaky,
        by_hand,
        broken("f", "runner_system_failure"),
    ];
    let Outcome::Failed(evidence) = outcome(Status::Failed, &jobs, &[]) else { panic!() };
    let names: Vec<_> = evidence.failed.iter().map(|job| job.name.as_str()).collect();
    assert_eq!((names, evidence.failed_total, evidence.jobs), (vec!["b"], 1, 3));
    let rest = NoResult { broken: 1, cancelled: 2, skipped: 1, not_done: 0, never_started: 0 };
    assert_eq!(evidence.no_result, rest);
    assert_eq!(evidence.broken, ["f"]);
}

#[test]
fn a_record_that_counted_cancelled_jobs_as_failed_names_no_more_than_there_were() {
    let link = r#"{"id":7,"url":"https://gitlab.example.org/7"}"#;
    let old = format!(
        r#"{{"failed":{{"pipeline":{link},"jobs":2,"allowed_failures":[],"failed":[],"failed_total":3}}}}"#
    );
    let outcome: Outcome = serde_json::from_str(&old).unwrap();
    let Outcome::Failed(evidence) = outcome else { panic!() };
    assert_eq!((evidence.failed_total, evidence.of_jobs()), (3, 3));
    let old = format!(
        r#"{{"timed_out":{{"pipeline":{link},"overdue":"still_running","allowed":60,"unfinished":["a"]}}}}"#
    );
    let outcome: Outcome = serde_json::from_str(&old).unwrap();
    assert_eq!((outcome.audience(), outcome.leaves_jobs()), (Some(Audience::Thread), true));
}

#[test]
fn cancelled_jobs_fail_nothing_and_pass_nothing() {
    let jobs = [job("a", Status::Success), job("b", Status::Canceled)];
    let judged = judge(&pipeline(Status::Failed), &jobs, &[], None, false);
    assert_eq!(judged, Judgement::Unsettled);
    let cancelled = outcome(Status::Failed, &jobs, &[]);
    assert!(matches!(cancelled, Outcome::Incomplete { why: Shortfall::Canceled, .. }));
    let odd = outcome(Status::Success, &jobs, &[]);
    assert!(matches!(odd, Outcome::Incomplete { why: Shortfall::RequiredMissing { .. }, .. }));
}

/// A job that failed, with GitLab's word for why.
fn broken(name: &str, reason: &str) -> Job {
    Job { failure_reason: Some(reason.into()), ..job(name, Status::Failed) }
}

/// What is said of jobs when the time for finishing is up.
fn overdue_with(jobs: &[Job]) -> Outcome {
    let deadline = Some(Deadline { overdue: Overdue::StillRunning, allowed: 60 });
    match judge(&pipeline(Status::Running), jobs, &[], deadline, false) {
        Judgement::Over(outcome) => outcome,
        other => panic!("not over: {other:?}"),
    }
}

fn waiting(name: &str, status: Status) -> Job {
    Job { tags: vec!["s390x".into(), "docker".into()], ..job(name, status) }
}

#[test]
fn a_runner_that_never_came_is_the_managers_matter() {
    for status in [
        Status::Pending,
        Status::Created,
        Status::WaitingForResource,
        Status::Preparing,
        Status::WaitingForCallback,
        Status::Scheduled,
        Status::Manual,
        Status::Unknown("teleporting".into()),
    ] {
        let outcome = overdue_with(&[job("a", Status::Success), waiting("b", status.clone())]);
        assert_eq!(outcome.audience(), Some(Audience::Managers), "{status:?}");
        assert!(outcome.leaves_jobs(), "{status:?}: its pipeline is to be cancelled");
        let Outcome::Infrastructure(breakdown) = outcome else { panic!("{status:?}") };
        let line = format!("b ({}; wants a runner with s390x, docker)", status.word());
        assert_eq!(breakdown.waiting, [line]);
        let expected = NoResult { never_started: 1, ..NoResult::default() };
        assert_eq!((breakdown.no_result, breakdown.allowed.is_some()), (expected, true));
    }
}

#[test]
fn a_job_that_started_may_hang_and_is_told_apart_from_those_that_never_did() {
    let mut queued_again = waiting("c", Status::Pending);
    queued_again.started_at = Some(jiff::Timestamp::UNIX_EPOCH);
    let jobs = [
        job("a", Status::Success),
        waiting("b", Status::Running),
        queued_again,
        waiting("d", Status::Created),
        waiting("e", Status::Pending),
        broken("f", "runner_system_failure"),
    ];
    let outcome = overdue_with(&jobs);
    assert_eq!((outcome.audience(), outcome.leaves_jobs()), (Some(Audience::Thread), true));
    let Outcome::TimedOut { unfinished, waiting, no_result, .. } = outcome else { panic!() };
    assert_eq!(unfinished, ["b (running)", "c (pending)"]);
    let wants = "wants a runner with s390x, docker";
    assert_eq!(waiting, [format!("e (pending; {wants})"), format!("d (created; {wants})")]);
    let expected = NoResult { broken: 1, not_done: 2, never_started: 2, ..NoResult::default() };
    assert_eq!(no_result, expected);
}

#[test]
fn what_the_code_failed_before_the_time_was_up_is_a_failure() {
    for open in [waiting("b", Status::Pending), job("b", Status::Running)] {
        let outcome = overdue_with(&[job("a", Status::Failed), open]);
        assert!(outcome.leaves_jobs(), "its pipeline is to be cancelled");
        let Outcome::Failed(evidence) = outcome else { panic!() };
        assert_eq!((evidence.failed_total, evidence.jobs), (1, 1));
        let NoResult { not_done, never_started, .. } = evidence.no_result;
        assert_eq!(not_done + never_started, 1);
    }
}

#[test]
fn a_pipeline_that_gitlab_does_not_end_though_its_jobs_are_over_blames_nobody() {
    let outcome = overdue_with(&[job("a", Status::Success)]);
    assert_eq!(outcome.audience(), Some(Audience::Managers));
    let Outcome::Infrastructure(breakdown) = outcome else { panic!() };
    assert_eq!(breakdown.no_result, NoResult::default());
}

#[test]
fn records_stay_small_whatever_jobs_are_called() {
    let long = "\u{1f4a3}".repeat(255);
    let odd = |status: Status, reason: Option<&str>| Job {
        tags: vec![long.clone(); 20],
        web_url: format!("https://gitlab.example.org/{}", "x".repeat(9_000)),
        failure_reason: reason.map(|_| long.clone()),
        ..job(&long, status)
    };
    let mut jobs = vec![odd(Status::Pending, None); 400];
    jobs.extend(vec![odd(Status::Failed, Some("odd")); 400]);
    let outcome = overdue_with(&jobs);
    let size = serde_json::to_vec(&outcome).unwrap().len();
    assert!(size < 24_000, "{size} bytes");
    let Outcome::Infrastructure(breakdown) = outcome else { panic!() };
    assert_eq!(breakdown.waiting.last().unwrap(), "and 390 more");
    assert_eq!((breakdown.no_result.broken, breakdown.no_result.never_started), (400, 400));
}
