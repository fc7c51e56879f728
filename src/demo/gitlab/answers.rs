//! GitLab's JSON, made from the state: the shapes of GitLab's own schemas, keys that GitLab leaves
//! out left out here as well. It must not change the state.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::shared::Shared;
use super::world::{BridgeState, CommitFacts, JobState, PipelineState, PostedState, Standing};

/// The number of the one project.
pub(super) const PROJECT: u64 = 11;

/// The number of the token's user.
pub(super) const USER: u64 = 42;

/// GitLab's way to write a time.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn maybe(at: Option<Timestamp>) -> Value {
    at.map_or(Value::Null, |at| time(at).into())
}

fn seconds(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<f64> {
    Some(to?.duration_since(from?).as_secs_f64())
}

/// A user; 42 is the token's own.
pub(super) fn user(shared: &Shared, id: u64) -> Value {
    let name = if id == USER { format!("project_{PROJECT}_bot") } else { format!("user{id}") };
    json!({
        "id": id, "username": name, "public_email": "", "name": name, "state": "active",
        "locked": false, "avatar_url": format!("{}/uploads/avatar.png", shared.url),
        "web_url": format!("{}/{name}", shared.url),
    })
}

/// `GET /personal_access_tokens/self`
pub(super) fn token(standing: &Standing) -> Value {
    json!({
        "id": 7, "name": "stand-in", "revoked": false, "created_at": "2026-01-01T00:00:00.000Z",
        "description": null, "scopes": standing.scopes, "user_id": USER, "last_used_at": null,
        "active": true, "expires_at": standing.expires_at,
    })
}

/// `GET /version`
pub(super) fn version() -> Value {
    json!({"version": "18.5.1-ee", "revision": "0a1b2c3d4e5"})
}

/// `GET /metadata`
pub(super) fn metadata() -> Value {
    json!({
        "version": "18.5.1-ee", "revision": "0a1b2c3d4e5", "enterprise": true,
        "kas": {"enabled": false, "externalUrl": null, "version": null},
    })
}

/// `GET /projects/:id`
pub(super) fn project(shared: &Shared, standing: &Standing) -> Value {
    let path = &shared.project;
    let name = path.rsplit('/').next().unwrap_or(path);
    json!({
        "id": PROJECT, "description": null, "name": name, "path": name,
        "name_with_namespace": path.replace('/', " / "), "path_with_namespace": path,
        "created_at": "2026-01-01T00:00:00.000Z", "default_branch": "master",
        "http_url_to_repo": shared.git_url(), "web_url": format!("{}/{path}", shared.url),
        "visibility": standing.visibility, "archived": false, "empty_repo": false,
        "builds_access_level": "enabled", "jobs_enabled": true, "public_jobs": true,
        "auto_cancel_pending_pipelines": "enabled", "restrict_user_defined_variables": true,
        "ci_pipeline_variables_minimum_override_role": standing.variables_role,
        "permissions": {
            "project_access": {"access_level": standing.role, "notification_level": 3},
            "group_access": null,
        },
    })
}

/// One row of `GET /projects/:id/protected_branches`
pub(super) fn protected(id: usize, name: &str) -> Value {
    let maintainers = json!([{
        "id": id, "access_level": 40, "access_level_description": "Maintainers",
        "user_id": null, "group_id": null, "deploy_key_id": null,
    }]);
    json!({
        "id": id, "name": name, "push_access_levels": maintainers,
        "merge_access_levels": maintainers, "allow_force_push": false,
        "unprotect_access_levels": [], "code_owner_approval_required": false, "inherited": false,
    })
}

/// A pipeline in a list.
pub(super) fn basic(shared: &Shared, pipeline: &PipelineState) -> Value {
    json!({
        "id": pipeline.id, "iid": pipeline.id - 1000, "project_id": PROJECT,
        "sha": pipeline.commit.id, "ref": pipeline.reference, "status": pipeline.status(),
        "source": pipeline.source, "created_at": time(pipeline.created_at),
        "updated_at": time(pipeline.updated_at), "name": null,
        "web_url": format!("{}/{}/-/pipelines/{}", shared.url, shared.project, pipeline.id),
    })
}

/// A pipeline by itself.
pub(super) fn detail(shared: &Shared, pipeline: &PipelineState) -> Value {
    let mut answer = basic(shared, pipeline);
    let finished = pipeline.is_over().then_some(pipeline.updated_at);
    let started = pipeline.started_at();
    let more = json!({
        "before_sha": "0".repeat(40), "tag": pipeline.tag, "yaml_errors": null,
        "user": user(shared, pipeline.user), "started_at": maybe(started),
        "finished_at": maybe(finished), "committed_at": null,
        "duration": seconds(started, finished).map(|s| s as u64), "queued_duration": 0.5,
        "coverage": null, "archived": false,
        "detailed_status": detailed_status(shared, pipeline),
    });
    if let (Value::Object(answer), Value::Object(more)) = (&mut answer, more) {
        answer.extend(more);
    }
    answer
}

fn detailed_status(shared: &Shared, pipeline: &PipelineState) -> Value {
    let status = pipeline.status();
    let warned = pipeline.jobs.iter().any(|job| job.status == "failed" && !job.retried);
    let group = match status.as_str() {
        "success" if warned => "success-with-warnings",
        other => other,
    };
    json!({
        "icon": format!("status_{status}"), "text": status, "label": status, "group": group,
        "tooltip": status, "has_details": true,
        "details_path": format!("/{}/-/pipelines/{}", shared.project, pipeline.id),
        "illustration": null, "favicon": format!("/assets/ci_favicons/favicon_{status}.png"),
    })
}

fn commit(shared: &Shared, commit: &CommitFacts) -> Value {
    json!({
        "id": commit.id, "short_id": commit.id.get(..8), "created_at": commit.committer.2,
        "parent_ids": commit.parents, "title": commit.title, "message": commit.message,
        "author_name": commit.author.0, "author_email": commit.author.1,
        "authored_date": commit.author.2, "committer_name": commit.committer.0,
        "committer_email": commit.committer.1, "committed_date": commit.committer.2,
        "trailers": {}, "extended_trailers": {},
        "web_url": format!("{}/{}/-/commit/{}", shared.url, shared.project, commit.id),
    })
}

/// A job. GitLab gives `failure_reason` only to failed ones.
pub(super) fn job(shared: &Shared, pipeline: &PipelineState, job: &JobState) -> Value {
    let taken = job.started_at.is_some();
    let mut answer = json!({
        "id": job.id, "status": job.status, "stage": job.order.stage, "name": job.order.name,
        "ref": pipeline.reference, "tag": pipeline.tag, "coverage": null,
        "allow_failure": job.order.allow_failure, "created_at": time(job.created_at),
        "started_at": maybe(job.started_at), "finished_at": maybe(job.finished_at),
        "erased_at": null, "duration": seconds(job.started_at, job.finished_at),
        "queued_duration": seconds(Some(job.created_at), job.started_at),
        "user": user(shared, pipeline.user), "commit": commit(shared, &pipeline.commit),
        "pipeline": basic(shared, pipeline),
        "web_url": format!("{}/{}/-/jobs/{}", shared.url, shared.project, job.id),
        "project": {"ci_job_token_scope_enabled": false}, "artifacts": [],
        "runner": if taken { runner() } else { Value::Null },
        "runner_manager": if taken { runner_manager() } else { Value::Null },
        "artifacts_expire_at": null, "archived": false, "tag_list": job.order.tags,
    });
    if let Some(reason) = &job.failure_reason {
        answer["failure_reason"] = reason.as_str().into();
    }
    answer
}

fn runner() -> Value {
    json!({
        "id": 1, "description": "stand-in", "ip_address": "127.0.0.1", "active": true,
        "is_shared": true, "name": "gitlab-runner", "online": true, "status": "online",
    })
}

fn runner_manager() -> Value {
    // Go's words, which the runner reports.
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "powerpc64" => "ppc64le",
        other => other,
    };
    json!({
        "id": 1, "system_id": "s_stand_in", "version": "18.5.0", "revision": "bda84871",
        "platform": std::env::consts::OS, "architecture": architecture,
        "created_at": "2026-01-01T00:00:00.000Z", "contacted_at": "2026-01-01T00:00:00.000Z",
        "ip_address": "127.0.0.1", "status": "online",
    })
}

/// A trigger job. GitLab knows why no pipeline was made for it, but not why that pipeline failed.
pub(super) fn bridge(shared: &Shared, pipeline: &PipelineState, bridge: &BridgeState) -> Value {
    let downstream = bridge.downstream.as_ref().map(|status| {
        json!({
            "id": 5000 + bridge.id, "iid": 1, "project_id": PROJECT + 1,
            "sha": pipeline.commit.id, "ref": "master", "status": status, "source": "pipeline",
            "created_at": time(bridge.created_at), "updated_at": time(bridge.created_at),
            "web_url": format!("{}/other/-/pipelines/{}", shared.url, 5000 + bridge.id),
        })
    });
    let mut answer = json!({
        "id": bridge.id, "status": bridge.status, "stage": "trigger", "name": bridge.name,
        "ref": pipeline.reference, "tag": pipeline.tag, "coverage": null, "allow_failure": false,
        "created_at": time(bridge.created_at), "started_at": null, "finished_at": null,
        "erased_at": null, "duration": null, "queued_duration": null,
        "user": user(shared, pipeline.user), "commit": commit(shared, &pipeline.commit),
        "pipeline": basic(shared, pipeline), "downstream_pipeline": downstream,
        "web_url": format!("{}/{}/-/jobs/{}", shared.url, shared.project, bridge.id),
        "project": {"ci_job_token_scope_enabled": false},
    });
    if bridge.status == "failed" {
        let made = bridge.downstream.is_some();
        let reason = if made { "unknown_failure" } else { "downstream_pipeline_creation_failed" };
        answer["failure_reason"] = reason.into();
    }
    answer
}

/// A row of a commit's statuses.
fn status(shared: &Shared, pipeline: &PipelineState, posted: &PostedState, named: bool) -> Value {
    let mut answer = json!({
        "id": posted.id, "sha": pipeline.commit.id, "ref": pipeline.reference,
        "status": posted.status, "name": posted.name, "target_url": posted.target_url,
        "description": null, "created_at": time(posted.created_at), "started_at": null,
        "finished_at": null, "allow_failure": false, "coverage": null,
        "author": user(shared, pipeline.user),
    });
    if named {
        answer["pipeline_id"] = pipeline.id.into();
    }
    answer
}

/// All statuses that a pipeline adds to its commit: its jobs are among them.
pub(super) fn statuses(shared: &Shared, pipeline: &PipelineState, named: bool) -> Vec<Value> {
    let jobs = pipeline.jobs.iter().filter(|job| !job.retried).map(|job| PostedState {
        id: job.id,
        name: job.order.name.clone(),
        status: job.status.clone(),
        target_url: Some(format!("{}/{}/-/jobs/{}", shared.url, shared.project, job.id)),
        created_at: job.created_at,
    });
    let posted = jobs.chain(pipeline.posted.iter().cloned());
    posted.map(|posted| status(shared, pipeline, &posted, named)).collect()
}
