//! Whose fault a failed job is, by GitLab's `failure_reason`: one row for each of GitLab's words
//! (`app/models/concerns/enums/ci/commit_status.rs`). A word that is not in the table proves nothing,
//! neither for the code nor against it. What each means to people is said in `mail::words`.
//!
//! GitLab's own "script_failure" may hide a failed clone or a machine out of memory. Only the log
//! tells them apart; it counts as the code's.

use super::pipeline::{Job, JobKind, Status};

/// Whose fault a failure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blame {
    /// The tested code's: what ran was the project's own script.
    Code,
    /// The runner's, or GitLab's.
    Infrastructure,
    /// Not known. Handled as infrastructure is: nobody is blamed in public.
    Inconclusive,
}

/// GitLab's words, and whose fault each is.
pub(crate) const TABLE: &[(&str, Blame)] = &{
    use Blame::{Code, Inconclusive, Infrastructure};
    [
        ("script_failure", Code),
        // Either its runner is slow or a test hangs.
        ("job_execution_timeout", Code),
        ("job_execution_server_timeout", Code),
        ("server_timeout_running", Code),
        ("server_timeout_canceling", Code),
        // Runners.
        ("runner_system_failure", Infrastructure),
        ("runner_unsupported", Infrastructure),
        ("runner_interrupted", Infrastructure),
        ("runner_external_dependency_failure", Infrastructure),
        ("image_pull_failure", Infrastructure),
        ("no_updates_running", Infrastructure),
        ("no_updates_canceling", Infrastructure),
        ("no_matching_runner", Infrastructure),
        ("stuck_pending_no_matching_runners", Infrastructure),
        ("stuck_pending_with_matching_runners", Infrastructure),
        ("stuck_or_timeout_failure", Infrastructure),
        ("ip_restriction_failure", Infrastructure),
        // GitLab.
        ("api_failure", Infrastructure),
        ("unknown_failure", Infrastructure),
        ("scheduler_failure", Infrastructure),
        ("job_router_failure", Infrastructure),
        ("data_integrity_failure", Infrastructure),
        ("stale_schedule", Infrastructure),
        ("unmet_prerequisites", Infrastructure),
        ("trace_size_exceeded", Infrastructure),
        ("job_token_expired", Infrastructure),
        // The project and its accounts.
        ("archived_failure", Infrastructure),
        ("ci_quota_exceeded", Infrastructure),
        ("builds_disabled", Infrastructure),
        ("user_blocked", Infrastructure),
        ("project_deleted", Infrastructure),
        ("secrets_provider_not_found", Infrastructure),
        // How the project's CI is configured.
        ("missing_dependency_failure", Inconclusive),
        ("runner_configuration_error", Inconclusive),
        ("pipeline_loop_detected", Inconclusive),
        ("environment_creation_failure", Inconclusive),
        ("deployment_rejected", Inconclusive),
        ("failed_outdated_deployment_job", Inconclusive),
        ("forward_deployment_failure", Inconclusive),
        ("protected_environment_failure", Inconclusive),
        ("id_token_burned_project_path", Inconclusive),
        ("duo_workflow_not_allowed", Inconclusive),
        // Trigger jobs, whose downstream pipeline was never made.
        ("downstream_bridge_project_not_found", Inconclusive),
        ("invalid_bridge_trigger", Inconclusive),
        ("insufficient_bridge_permissions", Inconclusive),
        ("upstream_bridge_project_not_found", Inconclusive),
        ("insufficient_upstream_permissions", Inconclusive),
        ("bridge_pipeline_is_child_pipeline", Inconclusive),
        ("downstream_pipeline_creation_failed", Inconclusive),
        ("reached_max_descendant_pipelines_depth", Inconclusive),
        ("reached_max_pipeline_hierarchy_size", Inconclusive),
        ("reached_downstream_pipeline_trigger_rate_limit", Inconclusive),
        ("downstream_project_trigger_resolved_to_empty", Inconclusive),
    ]
};

/// Whose fault a job's failure is; asked only of a job that failed.
///
/// A status that somebody posted has no reason, and old GitLabs give none for their own jobs: both
/// count as the code's. GitLab writes `unknown_failure` or nothing for a trigger job whose
/// downstream pipeline failed, so that pipeline decides.
pub(crate) fn blame(job: &Job) -> Blame {
    match &job.kind {
        JobKind::Build => job.failure_reason.as_deref().map_or(Blame::Code, blame_of_word),
        JobKind::External => Blame::Code,
        JobKind::Bridge { downstream_status: Some(Status::Failed), .. } => Blame::Code,
        JobKind::Bridge { .. } => Blame::Inconclusive,
    }
}

/// Whose fault a word of GitLab's says it is.
pub(crate) fn blame_of_word(reason: &str) -> Blame {
    let known = TABLE.iter().find(|(word, _)| *word == reason);
    known.map_or(Blame::Inconclusive, |(_, blame)| *blame)
}
