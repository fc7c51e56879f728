//! What GitLab's `failure_reason`s mean, in clauses for people. Whose fault each is stands in
//! `pull::failure`, row for row.

/// What a reason of GitLab's means.
pub(crate) fn clause(reason: &str) -> &'static str {
    let known = TABLE.iter().find(|(word, _)| *word == reason);
    known.map_or("a reason that the bot does not know", |(_, clause)| clause)
}

const TABLE: &[(&str, &str)] = &[
    ("script_failure", "its script failed"),
    ("job_execution_timeout", "it ran longer than it may"),
    ("job_execution_server_timeout", "it ran longer than it may"),
    ("server_timeout_running", "it ran longer than it may"),
    ("server_timeout_canceling", "it ran longer than it may"),
    // Runners.
    ("runner_system_failure", "its runner failed"),
    ("runner_unsupported", "its runner is too old for it"),
    ("runner_interrupted", "its runner was shut down meanwhile"),
    ("runner_external_dependency_failure", "something that its runner needs failed"),
    ("image_pull_failure", "its runner could not get the image"),
    ("no_updates_running", "its runner fell silent"),
    ("no_updates_canceling", "its runner fell silent while stopping it"),
    ("no_matching_runner", "no runner has the tags that it asks for"),
    ("stuck_pending_no_matching_runners", "no runner has the tags that it asks for"),
    ("stuck_pending_with_matching_runners", "none of the runners that could take it did"),
    ("stuck_or_timeout_failure", "no runner took it, or its runner fell silent"),
    ("ip_restriction_failure", "its runner's address is not allowed"),
    // GitLab.
    ("api_failure", "its runner could not talk to GitLab"),
    ("unknown_failure", "GitLab does not know why"),
    ("scheduler_failure", "GitLab could not give it to a runner"),
    ("job_router_failure", "GitLab could not give it to a runner"),
    ("data_integrity_failure", "what GitLab stored about it is damaged"),
    ("stale_schedule", "GitLab missed the time that it was scheduled for"),
    ("unmet_prerequisites", "GitLab could not prepare its environment"),
    ("trace_size_exceeded", "its log grew larger than GitLab takes"),
    ("job_token_expired", "its token expired before it was done"),
    // The project and its accounts.
    ("archived_failure", "it is archived, so GitLab does not run it"),
    ("ci_quota_exceeded", "the project's CI minutes are used up"),
    ("builds_disabled", "CI is switched off for the project"),
    ("user_blocked", "the GitLab user who started it is blocked"),
    ("project_deleted", "the project is being deleted"),
    ("secrets_provider_not_found", "no provider for its secrets is set up"),
    // How the project's CI is configured.
    ("missing_dependency_failure", "an artifact that it needs is gone"),
    ("runner_configuration_error", "its runner refuses its configuration"),
    ("pipeline_loop_detected", "its pipelines would start each other for ever"),
    ("environment_creation_failure", "its environment could not be made"),
    ("deployment_rejected", "its deployment was rejected"),
    ("failed_outdated_deployment_job", "a newer deployment came before it"),
    ("forward_deployment_failure", "a newer deployment came before it"),
    ("protected_environment_failure", "its environment is protected"),
    ("id_token_burned_project_path", "the project's path was another's before"),
    ("duo_workflow_not_allowed", "GitLab Duo may not run here"),
    // Trigger jobs, whose downstream pipeline was never made.
    ("downstream_bridge_project_not_found", "the project it starts is missing"),
    ("invalid_bridge_trigger", "what it starts is not valid"),
    ("insufficient_bridge_permissions", "it may not start the other pipeline"),
    ("upstream_bridge_project_not_found", "the project it follows is missing"),
    ("insufficient_upstream_permissions", "it may not follow the other project"),
    ("bridge_pipeline_is_child_pipeline", "a child pipeline may not start it"),
    ("downstream_pipeline_creation_failed", "the pipeline that it starts could not be made"),
    ("reached_max_descendant_pipelines_depth", "pipelines are nested too deep"),
    ("reached_max_pipeline_hierarchy_size", "too many pipelines belong together"),
    ("reached_downstream_pipeline_trigger_rate_limit", "too many pipelines were started at once"),
    (
        "downstream_project_trigger_resolved_to_empty",
        "the pipeline that it starts would have no jobs",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pull::failure;

    #[test]
    fn every_reason_that_the_rules_know_has_words() {
        let ours: Vec<&str> = TABLE.iter().map(|(word, _)| *word).collect();
        let rules: Vec<&str> = failure::TABLE.iter().map(|(word, _)| *word).collect();
        assert_eq!(ours, rules);
        assert_eq!(clause("a_word_of_tomorrow"), "a reason that the bot does not know");
    }
}
