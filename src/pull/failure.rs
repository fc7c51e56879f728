//! Whose fault a failed job is, by GitLab's `failure_reason`: one row for each of GitLab's words
//! (`app/models/concerns/enums/ci/commit_status.rs`), with words for people. A word that is not in
//! the table proves nothing, neither for the code nor against it.
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

/// GitLab's word, whose fault it is, and a clause for people.
type Row = (&'static str, Blame, &'static str);

const TABLE: &[Row] = &{
    use Blame::{Code, Inconclusive, Infrastructure};
    [
        ("script_failure", Code, "its script failed"),
        // Either its runner is slow or a test hangs.
        ("job_execution_timeout", Code, "it ran longer than it may"),
        ("job_execution_server_timeout", Code, "it ran longer than it may"),
        ("server_timeout_running", Code, "it ran longer than it may"),
        ("server_timeout_canceling", Code, "it ran longer than it may"),
        // Runners.
        ("runner_system_failure", Infrastructure, "its runner failed"),
        ("runner_unsupported", Infrastructure, "its runner is too old for it"),
        ("runner_interrupted", Infrastructure, "its runner was shut down meanwhile"),
        (
            "runner_external_dependency_failure",
            Infrastructure,
            "something that its runner needs failed",
        ),
        ("image_pull_failure", Infrastructure, "its runner could not get the image"),
        ("no_updates_running", Infrastructure, "its runner fell silent"),
        ("no_updates_canceling", Infrastructure, "its runner fell silent while stopping it"),
        ("no_matching_runner", Infrastructure, "no runner has the tags that it asks for"),
        (
            "stuck_pending_no_matching_runners",
            Infrastructure,
            "no runner has the tags that it asks for",
        ),
        (
            "stuck_pending_with_matching_runners",
            Infrastructure,
            "none of the runners that could take it did",
        ),
        (
            "stuck_or_timeout_failure",
            Infrastructure,
            "no runner took it, or its runner fell silent",
        ),
        ("ip_restriction_failure", Infrastructure, "its runner's address is not allowed"),
        // GitLab.
        ("api_failure", Infrastructure, "its runner could not talk to GitLab"),
        ("unknown_failure", Infrastructure, "GitLab does not know why"),
        ("scheduler_failure", Infrastructure, "GitLab could not give it to a runner"),
        ("job_router_failure", Infrastructure, "GitLab could not give it to a runner"),
        ("data_integrity_failure", Infrastructure, "what GitLab stored about it is damaged"),
        ("stale_schedule", Infrastructure, "GitLab missed the time that it was scheduled for"),
        ("unmet_prerequisites", Infrastructure, "GitLab could not prepare its environment"),
        ("trace_size_exceeded", Infrastructure, "its log grew larger than GitLab takes"),
        ("job_token_expired", Infrastructure, "its token expired before it was done"),
        // The project and its accounts.
        ("archived_failure", Infrastructure, "it is archived, so GitLab does not run it"),
        ("ci_quota_exceeded", Infrastructure, "the project's CI minutes are used up"),
        ("builds_disabled", Infrastructure, "CI is switched off for the project"),
        ("user_blocked", Infrastructure, "the GitLab user who started it is blocked"),
        ("project_deleted", Infrastructure, "the project is being deleted"),
        ("secrets_provider_not_found", Infrastructure, "no provider for its secrets is set up"),
        // How the project's CI is configured.
        ("missing_dependency_failure", Inconclusive, "an artifact that it needs is gone"),
        ("runner_configuration_error", Inconclusive, "its runner refuses its configuration"),
        ("pipeline_loop_detected", Inconclusive, "its pipelines would start each other for ever"),
        ("environment_creation_failure", Inconclusive, "its environment could not be made"),
        ("deployment_rejected", Inconclusive, "its deployment was rejected"),
        ("failed_outdated_deployment_job", Inconclusive, "a newer deployment came before it"),
        ("forward_deployment_failure", Inconclusive, "a newer deployment came before it"),
        ("protected_environment_failure", Inconclusive, "its environment is protected"),
        ("id_token_burned_project_path", Inconclusive, "the project's path was another's before"),
        ("duo_workflow_not_allowed", Inconclusive, "GitLab Duo may not run here"),
        // Trigger jobs, whose downstream pipeline was never made.
        ("downstream_bridge_project_not_found", Inconclusive, "the project it starts is missing"),
        ("invalid_bridge_trigger", Inconclusive, "what it starts is not valid"),
        ("insufficient_bridge_permissions", Inconclusive, "it may not start the other pipeline"),
        ("upstream_bridge_project_not_found", Inconclusive, "the project it follows is missing"),
        ("insufficient_upstream_permissions", Inconclusive, "it may not follow the other project"),
        ("bridge_pipeline_is_child_pipeline", Inconclusive, "a child pipeline may not start it"),
        (
            "downstream_pipeline_creation_failed",
            Inconclusive,
            "the pipeline that it starts could not be made",
        ),
        ("reached_max_descendant_pipelines_depth", Inconclusive, "pipelines are nested too deep"),
        ("reached_max_pipeline_hierarchy_size", Inconclusive, "too many pipelines belong together"),
        (
            "reached_downstream_pipeline_trigger_rate_limit",
            Inconclusive,
            "too many pipelines were started at once",
        ),
        (
            "downstream_project_trigger_resolved_to_empty",
            Inconclusive,
            "the pipeline that it starts would have no jobs",
        ),
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
    row(reason).map_or(Blame::Inconclusive, |(_, blame, _)| *blame)
}

/// What a word of GitLab's means, as a clause for people.
pub(crate) fn clause(reason: &str) -> &'static str {
    row(reason).map_or("a reason that the bot does not know", |(_, _, clause)| clause)
}

fn row(reason: &str) -> Option<&'static Row> {
    TABLE.iter().find(|(word, _, _)| *word == reason)
}
