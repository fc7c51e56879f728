//! Whose fault a failed job is: every word of GitLab's, and jobs without one.

use super::*;
use crate::pull::failure::blame_of_word;

/// All of GitLab's words.
const CODE: &[&str] = &[
    "script_failure",
    "job_execution_timeout",
    "job_execution_server_timeout",
    "server_timeout_running",
    "server_timeout_canceling",
];
const INFRASTRUCTURE: &[&str] = &[
    "runner_system_failure",
    "stuck_or_timeout_failure",
    "api_failure",
    "unknown_failure",
    "runner_unsupported",
    "scheduler_failure",
    "data_integrity_failure",
    "stale_schedule",
    "archived_failure",
    "unmet_prerequisites",
    "no_matching_runner",
    "runner_interrupted",
    "runner_external_dependency_failure",
    "image_pull_failure",
    "job_router_failure",
    "job_token_expired",
    "ci_quota_exceeded",
    "builds_disabled",
    "user_blocked",
    "project_deleted",
    "ip_restriction_failure",
    "trace_size_exceeded",
    "secrets_provider_not_found",
    "stuck_pending_with_matching_runners",
    "stuck_pending_no_matching_runners",
    "no_updates_running",
    "no_updates_canceling",
];
const INCONCLUSIVE: &[&str] = &[
    "missing_dependency_failure",
    "runner_configuration_error",
    "pipeline_loop_detected",
    "environment_creation_failure",
    "deployment_rejected",
    "failed_outdated_deployment_job",
    "forward_deployment_failure",
    "protected_environment_failure",
    "id_token_burned_project_path",
    "duo_workflow_not_allowed",
    "downstream_bridge_project_not_found",
    "invalid_bridge_trigger",
    "insufficient_bridge_permissions",
    "upstream_bridge_project_not_found",
    "insufficient_upstream_permissions",
    "bridge_pipeline_is_child_pipeline",
    "downstream_pipeline_creation_failed",
    "reached_max_descendant_pipelines_depth",
    "reached_max_pipeline_hierarchy_size",
    "reached_downstream_pipeline_trigger_rate_limit",
    "downstream_project_trigger_resolved_to_empty",
    "a_word_of_tomorrow",
    "",
];

#[test]
fn every_reason_of_gitlabs_blames_the_code_or_nobody() {
    let rows = [
        (CODE, Blame::Code),
        (INFRASTRUCTURE, Blame::Infrastructure),
        (INCONCLUSIVE, Blame::Inconclusive),
    ];
    for (reasons, blame) in rows {
        for reason in reasons {
            assert_eq!(blame_of_word(reason), blame, "{reason}");
            let jobs = [job("a", Status::Success), broken("b", reason), job("c", Status::Skipped)];
            let outcome = outcome(Status::Failed, &jobs, &[]);
            let audience = outcome.audience();
            match (blame, outcome) {
                (Blame::Code, Outcome::Failed(evidence)) => {
                    assert_eq!((evidence.jobs, evidence.failed_total), (2, 1), "{reason}");
                    assert_eq!(audience, Some(Audience::Thread), "{reason}");
                }
                (_, Outcome::Infrastructure(breakdown)) => {
                    assert_ne!(blame, Blame::Code, "{reason}");
                    assert_eq!(audience, Some(Audience::Managers), "{reason}");
                    assert_eq!(breakdown.broken[0].reason.as_deref(), Some(*reason));
                    let expected = NoResult { broken: 1, skipped: 1, ..NoResult::default() };
                    assert_eq!((breakdown.no_result, breakdown.allowed), (expected, None));
                }
                (_, other) => panic!("{reason}: {other:?}"),
            }
        }
    }
}

#[test]
fn jobs_without_a_reason_and_posted_statuses_are_the_codes() {
    let mut posted = job("posted", Status::Failed);
    posted.kind = JobKind::External;
    for failed in [job("old", Status::Failed), posted] {
        let outcome = outcome(Status::Failed, &[failed], &[]);
        assert!(matches!(outcome, Outcome::Failed(_)), "{outcome:?}");
    }
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
fn a_bridge_is_the_codes_only_if_its_downstream_pipeline_failed() {
    let downstream = |status: Option<Status>| JobKind::Bridge {
        downstream_url: status.is_some().then(|| "https://gitlab.example.org/9".into()),
        downstream_status: status,
    };
    for (status, reason, by_the_code) in [
        (Some(Status::Failed), None, true),
        (Some(Status::Failed), Some("unknown_failure"), true),
        (Some(Status::Canceled), None, false),
        (None, None, false),
        (None, Some("downstream_pipeline_creation_failed"), false),
        (None, Some("script_failure"), false),
    ] {
        let mut bridge = job("trigger", Status::Failed);
        bridge.kind = downstream(status.clone());
        bridge.failure_reason = reason.map(str::to_owned);
        let outcome = outcome(Status::Failed, &[bridge], &[]);
        assert_eq!(matches!(outcome, Outcome::Failed(_)), by_the_code, "{status:?} {reason:?}");
        assert!(by_the_code || matches!(outcome, Outcome::Infrastructure(_)), "{outcome:?}");
    }
}

#[test]
fn a_failure_of_infrastructure_waits_for_jobs_that_gitlab_still_lists_as_open() {
    let jobs = [broken("a", "runner_system_failure"), job("b", Status::Running)];
    let looked = |settled| judge(&pipeline(Status::Failed), &jobs, &[], None, settled);
    assert_eq!(looked(false), Judgement::Unsettled);
    assert!(matches!(looked(true), Judgement::Over(Outcome::Infrastructure(_))));
}

#[test]
fn an_allowed_job_that_broke_neither_passes_alone_nor_is_said_to_have_failed() {
    let mut allowed = broken("flaky", "runner_system_failure");
    allowed.allow_failure = true;
    let alone = outcome(Status::Success, &[allowed.clone()], &[]);
    assert!(matches!(alone, Outcome::Incomplete { why: Shortfall::Empty, .. }));
    let Outcome::Passed(evidence) =
        outcome(Status::Success, &[allowed, job("a", Status::Success)], &[])
    else {
        panic!()
    };
    assert_eq!((evidence.jobs, evidence.allowed_failures, evidence.broken.len()), (1, vec![], 1));
}

#[test]
fn broken_jobs_that_may_not_fail_are_named_first() {
    let mut may = broken("may", "runner_system_failure");
    may.allow_failure = true;
    let mut jobs = vec![may; 20];
    jobs.push(broken("must-not", "runner_system_failure"));
    let Outcome::Infrastructure(breakdown) = outcome(Status::Failed, &jobs, &[]) else { panic!() };
    assert_eq!(breakdown.broken[0].name, "must-not");
    assert_eq!((breakdown.broken.len(), breakdown.no_result.broken), (12, 21));
}
