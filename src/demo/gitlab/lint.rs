//! GitLab's CI lint as a dry run, of what `ci_file` understands. As in GitLab the file comes from
//! the commit that is asked about and its local includes from the tip of the branch. It must not
//! make a pipeline.

use serde_json::{Map, Value, json};

use super::ci_file::{self, JobOrder, Merged};
use super::question::{Question, Reply};
use super::repository;
use super::shared::Shared;

/// `GET /projects/:id/ci/lint`
pub(super) fn lint(shared: &Shared, question: &Question) -> Reply {
    let asked = |name: &str| question.query.get(name).map(String::as_str);
    let world = shared.world();
    if world.standing.role < 20 {
        return Reply::message(403, "403 Forbidden");
    }
    let old = world.standing.old_lint;
    drop(world);
    let branch = asked("dry_run_ref").filter(|_| !old).unwrap_or("master");
    let commit = asked("content_ref").filter(|_| !old).unwrap_or(branch);
    let Some(commit) = repository::resolve_any(&shared.repository, commit) else {
        return Reply::message(404, "404 Commit Not Found");
    };
    let tip = repository::resolve(&shared.repository, branch).map(|(sha, _)| sha);
    let found = match &tip {
        Some(tip) => read(shared, &commit, tip),
        None => Err("Reference not found".to_owned()),
    };
    let with_jobs = asked("include_jobs").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    Reply::json(200, answer(shared, found, &tip.unwrap_or_default(), with_jobs))
}

type Read = (Merged, Vec<JobOrder>);

fn read(shared: &Shared, commit: &str, tip: &str) -> Result<Read, String> {
    let text = repository::file(&shared.repository, commit, ci_file::PATH);
    let text = text.ok_or("Please provide content of .gitlab-ci.yml")?;
    let included = |path: &str| repository::file(&shared.repository, tip, path);
    let merged = ci_file::merged(&text, included)?;
    let jobs = ci_file::jobs(&merged.entries)?;
    Ok((merged, jobs))
}

fn answer(shared: &Shared, found: Result<Read, String>, tip: &str, with_jobs: bool) -> Value {
    let mut answer = match found {
        Ok((merged, jobs)) => json!({
            "valid": true, "errors": [], "warnings": [], "merged_yaml": yaml(&merged.entries),
            "includes": merged.includes.iter().map(|path| include(shared, path, tip)).collect::<Vec<_>>(),
            "jobs": jobs.iter().map(job).collect::<Vec<_>>(),
        }),
        Err(error) => json!({
            "valid": false, "errors": [error], "warnings": [], "merged_yaml": null,
            "includes": [], "jobs": [],
        }),
    };
    if let (Value::Object(answer), false) = (&mut answer, with_jobs) {
        answer.remove("jobs");
    }
    answer
}

fn include(shared: &Shared, path: &str, tip: &str) -> Value {
    let page = |kind: &str| format!("{}/{}/-/{kind}/{tip}/{path}", shared.url, shared.project);
    json!({
        "type": "local", "location": path, "blob": page("blob"), "raw": page("raw"), "extra": {},
        "context_project": shared.project, "context_sha": tip,
    })
}

fn job(order: &JobOrder) -> Value {
    json!({
        "name": order.name, "stage": order.stage, "before_script": [], "script": order.script,
        "after_script": [], "tag_list": order.tags, "environment": null,
        "when": if order.manual { "manual" } else { "on_success" },
        "allow_failure": order.allow_failure,
    })
}

/// Entries one below the other, as GitLab writes them; the values stay JSON, which is YAML.
fn yaml(entries: &Map<String, Value>) -> String {
    let mut text = "---\n".to_owned();
    for (name, value) in entries {
        match value {
            Value::Object(properties) => {
                text.push_str(&format!("{name}:\n"));
                for (property, value) in properties {
                    text.push_str(&format!("  {property}: {value}\n"));
                }
            }
            other => text.push_str(&format!("{name}: {other}\n")),
        }
    }
    text
}
