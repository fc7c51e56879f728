//! What is a pass, and what never is.

use super::*;
use crate::pull::ids::{JobId, ObjectId, PipelineId};

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
fn a_failed_bridge_counts_and_links_downstream() {
    let mut bridge = job("trigger", Status::Failed);
    let url = "https://gitlab.example.org/other/-/pipelines/9";
    bridge.kind = JobKind::Bridge {
        downstream_url: Some(url.into()),
        downstream_status: Some(Status::Failed),
    };
    let Outcome::Failed(evidence) = outcome(Status::Failed, &[bridge], &[]) else { panic!() };
    assert_eq!(evidence.failed[0].url, url);
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
