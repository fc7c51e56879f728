//! The REST API: which request gives which answer. It must not know about connections; faults
//! that concern those are `server`'s.

use std::collections::HashMap;
use std::sync::Arc;

use axum::http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::Shared;
use super::answers;
use super::lint;
use super::make;
use super::runner;
use super::world::{PipelineState, World};

/// A request as far as the API needs it.
pub(super) struct Question {
    /// The method.
    pub(crate) method: Method,
    /// The path after `/api/v4/`, decoded segment by segment.
    pub(crate) path: Vec<String>,
    /// The query, the last of each name.
    pub(crate) query: HashMap<String, String>,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The JSON body; null if there is none.
    pub(crate) body: Value,
}

/// An answer.
pub(super) struct Reply {
    /// The HTTP status.
    pub(crate) status: u16,
    /// Headers besides the usual ones.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// The body.
    pub(crate) body: ReplyBody,
}

/// An answer's body.
pub(super) enum ReplyBody {
    /// `application/json`
    Json(Value),
    /// `text/plain`
    Text(Vec<u8>),
    /// None.
    Empty,
}

impl Reply {
    /// JSON with that status.
    pub(super) fn json(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body: ReplyBody::Json(body) }
    }

    /// A refusal in GitLab's commonest shape.
    pub(super) fn message(status: u16, message: &str) -> Self {
        Self::json(status, json!({"message": message}))
    }

    /// A refusal of a record as a whole.
    pub(super) fn base(message: &str) -> Self {
        Self::json(400, json!({"message": {"base": [message]}}))
    }

    fn missing() -> Self {
        Self::message(404, "404 Not found")
    }
}

/// Answers a request.
pub(super) fn answer(shared: &Arc<Shared>, question: &Question) -> Reply {
    if !authorised(shared, &question.headers) {
        return Reply::message(401, "401 Unauthorized");
    }
    let path: Vec<&str> = question.path.iter().map(String::as_str).collect();
    let get = question.method == Method::GET;
    match path[..] {
        ["version"] if get => Reply::json(200, answers::version()),
        ["metadata"] if get => Reply::json(200, answers::metadata()),
        ["user"] if get => Reply::json(200, answers::user(shared, answers::USER)),
        ["personal_access_tokens", "self"] if get => {
            Reply::json(200, answers::token(&shared.world().standing))
        }
        ["runners", id] if get => runner(shared, id),
        ["projects", id, ref rest @ ..] => {
            if id != shared.project && id != answers::PROJECT.to_string() {
                return Reply::message(404, "404 Project Not Found");
            }
            of_project(shared, question, rest)
        }
        // The project's namespace is a person's.
        ["groups", _, "variables"] if get => Reply::message(404, "404 Group Not Found"),
        _ => unknown(shared, question),
    }
}

fn authorised(shared: &Shared, headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text("authorization").and_then(|value| value.strip_prefix("Bearer "));
    text("private-token").or(bearer) == Some(&shared.token)
}

fn unknown(shared: &Shared, question: &Question) -> Reply {
    let call = format!("{} {}", question.method, question.path.join("/"));
    shared.world().unexpected.push(call);
    Reply::json(404, json!({"error": "404 Not Found"}))
}

fn of_project(shared: &Arc<Shared>, question: &Question, path: &[&str]) -> Reply {
    let number = |text: &str| text.parse::<u64>().unwrap_or(0);
    match (question.method.as_str(), path) {
        ("GET", []) => Reply::json(200, answers::project(shared, &shared.world().standing)),
        ("GET", ["protected_branches"]) => protected_branches(shared, question),
        ("GET", ["ci", "lint"]) => lint::lint(shared, question),
        ("GET", ["variables"]) => variables_of_project(shared, question),
        ("GET", ["runners"]) => runners(shared, question),
        ("POST", ["pipeline"]) => make::through_the_api(shared, question),
        ("GET", ["pipelines"]) => pipelines(shared, question),
        ("GET", ["pipelines", id]) => pipeline(shared, number(id)),
        ("DELETE", ["pipelines", id]) => delete(shared, number(id)),
        ("GET", ["pipelines", id, "jobs"]) => jobs(shared, question, number(id)),
        ("GET", ["pipelines", id, "bridges"]) => bridges(shared, question, number(id)),
        ("GET", ["pipelines", id, "variables"]) => variables(shared, number(id)),
        ("POST", ["pipelines", id, "cancel"]) => cancel(shared, number(id)),
        ("POST", ["pipelines", id, "retry"]) => retry(shared, number(id)),
        ("GET", ["jobs", id]) => job(shared, number(id)),
        ("GET", ["jobs", id, "trace"]) => trace(shared, number(id)),
        ("GET", ["repository", "commits", sha, "statuses"]) => statuses(shared, question, sha),
        _ => unknown(shared, question),
    }
}

fn protected_branches(shared: &Shared, question: &Question) -> Reply {
    let world = shared.world();
    let names = world.standing.protected.iter().enumerate();
    let rows = names.map(|(at, name)| answers::protected(at + 1, name)).collect();
    paged(shared, &world, question, rows)
}

fn variables_of_project(shared: &Shared, question: &Question) -> Reply {
    let world = shared.world();
    if world.standing.role < 40 {
        return Reply::message(403, "403 Forbidden");
    }
    let rows = world.standing.variables.iter().map(|(key, protected)| {
        json!({
            "variable_type": "env_var", "key": key, "value": "a secret", "hidden": false,
            "protected": protected, "masked": false, "raw": false, "environment_scope": "*",
            "description": null,
        })
    });
    let rows = rows.collect();
    paged(shared, &world, question, rows)
}

fn runner(shared: &Shared, id: &str) -> Reply {
    let world = shared.world();
    let at = id.parse::<usize>().ok().and_then(|id| id.checked_sub(1));
    match at.and_then(|at| world.standing.runners.get(at)) {
        Some(description) if world.standing.role >= 40 => Reply::json(
            200,
            json!({
                "id": id.parse::<u64>().unwrap_or(0), "description": description,
                "runner_type": "project_type", "tag_list": ["linux"],
                "access_level": "not_protected", "run_untagged": true, "locked": false,
            }),
        ),
        Some(_) => Reply::message(403, "403 Forbidden"),
        None => Reply::missing(),
    }
}

fn runners(shared: &Shared, question: &Question) -> Reply {
    let world = shared.world();
    if world.standing.role < 40 {
        return Reply::message(403, "403 Forbidden");
    }
    let rows = world.standing.runners.iter().enumerate().map(|(at, description)| {
        json!({
            "id": at + 1, "description": description, "ip_address": "127.0.0.1", "active": true,
            "paused": false, "is_shared": false, "runner_type": "project_type",
            "name": "gitlab-runner", "online": true, "status": "online",
        })
    });
    let rows = rows.collect();
    paged(shared, &world, question, rows)
}

/// Those that reads may see already; each look brings the others nearer.
fn visible(world: &mut World) -> Vec<u64> {
    let mut seen = Vec::new();
    for pipeline in &mut world.pipelines {
        if pipeline.hidden_for == 0 {
            seen.push(pipeline.id);
        }
        pipeline.hidden_for = pipeline.hidden_for.saturating_sub(1);
    }
    seen
}

fn pipelines(shared: &Shared, question: &Question) -> Reply {
    let mut world = shared.world();
    let seen = visible(&mut world);
    let is = |name: &str, value: &str| question.query.get(name).is_none_or(|asked| asked == value);
    let mut found: Vec<&PipelineState> = world
        .pipelines
        .iter()
        .filter(|pipeline| seen.contains(&pipeline.id))
        .filter(|pipeline| is("sha", &pipeline.commit.id) && is("ref", &pipeline.reference))
        .filter(|pipeline| is("source", &pipeline.source) && is("status", &pipeline.status()))
        .collect();
    if question.query.get("sort").is_none_or(|sort| sort == "desc") {
        found.reverse();
    }
    let rows = found.into_iter().map(|pipeline| answers::basic(shared, pipeline)).collect();
    paged(shared, &world, question, rows)
}

fn pipeline(shared: &Shared, id: u64) -> Reply {
    let mut world = shared.world();
    let Some(pipeline) = world.pipeline(id) else { return Reply::missing() };
    if pipeline.hidden_for > 0 {
        pipeline.hidden_for -= 1;
        return Reply::missing();
    }
    Reply::json(200, answers::detail(shared, pipeline))
}

fn delete(shared: &Shared, id: u64) -> Reply {
    let mut world = shared.world();
    if world.standing.role < 50 {
        return Reply::message(403, "403 Forbidden");
    }
    world.pipelines.retain(|pipeline| pipeline.id != id);
    Reply { status: 204, headers: Vec::new(), body: ReplyBody::Empty }
}

fn jobs(shared: &Shared, question: &Question, id: u64) -> Reply {
    let mut world = shared.world();
    let retried = question
        .query
        .get("include_retried")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    let Some(pipeline) = world.pipeline(id).filter(|pipeline| pipeline.hidden_for == 0) else {
        return Reply::missing();
    };
    let jobs = pipeline.jobs.iter().rev().filter(|job| retried || !job.retried);
    let rows = jobs.map(|job| answers::job(shared, pipeline, job)).collect();
    paged(shared, &world, question, rows)
}

fn bridges(shared: &Shared, question: &Question, id: u64) -> Reply {
    let mut world = shared.world();
    let Some(pipeline) = world.pipeline(id) else { return Reply::missing() };
    let bridges = pipeline.bridges.iter().rev();
    let rows = bridges.map(|bridge| answers::bridge(shared, pipeline, bridge)).collect();
    paged(shared, &world, question, rows)
}

fn variables(shared: &Shared, id: u64) -> Reply {
    let mut world = shared.world();
    let Some(pipeline) = world.pipeline(id) else { return Reply::missing() };
    let rows = pipeline.variables.iter().map(|(key, value)| {
        json!({"variable_type": "env_var", "key": key, "value": value, "raw": false})
    });
    Reply::json(200, rows.collect())
}

fn job(shared: &Shared, id: u64) -> Reply {
    let world = shared.world();
    let has = |pipeline: &&PipelineState| pipeline.jobs.iter().any(|job| job.id == id);
    let Some(pipeline) = world.pipelines.iter().find(has) else { return Reply::missing() };
    let job = pipeline.jobs.iter().find(|job| job.id == id);
    job.map_or_else(Reply::missing, |job| Reply::json(200, answers::job(shared, pipeline, job)))
}

fn trace(shared: &Shared, id: u64) -> Reply {
    let mut world = shared.world();
    let Some(job) = world.job(id) else { return Reply::missing() };
    let body = ReplyBody::Text(job.trace.clone());
    Reply { status: 200, headers: Vec::new(), body }
}

fn statuses(shared: &Shared, question: &Question, sha: &str) -> Reply {
    let world = shared.world();
    let named = world.standing.statuses_name_pipelines;
    let asked = question.query.get("pipeline_id").and_then(|id| id.parse::<u64>().ok());
    let asked = asked.filter(|_| named);
    let rows = world
        .pipelines
        .iter()
        .filter(|pipeline| pipeline.commit.id == sha && asked.is_none_or(|id| id == pipeline.id))
        .flat_map(|pipeline| answers::statuses(shared, pipeline, named))
        .collect();
    paged(shared, &world, question, rows)
}

/// GitLab says 200 also when there is nothing to cancel.
fn cancel(shared: &Shared, id: u64) -> Reply {
    let now = shared.clock.now();
    let answer = {
        let mut world = shared.world();
        let Some(pipeline) = world.pipeline(id) else { return Reply::missing() };
        if !pipeline.is_over() {
            pipeline.canceled = true;
            pipeline.updated_at = now;
            pipeline.fixed = pipeline.fixed.take().map(|_| "canceled".to_owned());
            let over = |status: &str| matches!(status, "success" | "failed" | "skipped");
            for job in pipeline.jobs.iter_mut().filter(|job| !over(&job.status)) {
                job.status = "canceled".into();
                job.finished_at = Some(now);
            }
        }
        answers::detail(shared, pipeline)
    };
    runner::kill(shared, Some(id));
    Reply::json(200, answer)
}

/// Failed and cancelled jobs get a new attempt, with a new number.
fn retry(shared: &Arc<Shared>, id: u64) -> Reply {
    let now = shared.clock.now();
    let answer = {
        let mut world = shared.world();
        let Some(pipeline) = world.pipeline(id) else { return Reply::missing() };
        pipeline.canceled = false;
        let again = |job: &super::world::JobState| {
            !job.retried && matches!(job.status.as_str(), "failed" | "canceled")
        };
        let orders: Vec<_> =
            pipeline.jobs.iter().filter(|job| again(job)).map(|job| job.order.clone()).collect();
        pipeline.jobs.iter_mut().filter(|job| again(job)).for_each(|job| job.retried = true);
        for job in pipeline.jobs.iter_mut().filter(|job| job.status == "skipped") {
            job.status = "created".into();
        }
        for order in orders {
            let job = make::job(world.number(), order, "pending", now);
            if let Some(pipeline) = world.pipeline(id) {
                pipeline.jobs.push(job);
            }
        }
        let Some(pipeline) = world.pipeline(id) else { return Reply::missing() };
        answers::detail(shared, pipeline)
    };
    runner::start(shared, id);
    Reply::json(201, answer)
}

/// One page of rows, with GitLab's headers.
fn paged(shared: &Shared, world: &World, question: &Question, rows: Vec<Value>) -> Reply {
    let number = |name: &str, usual: usize| match question.query.get(name) {
        None => Some(usual),
        Some(text) => text.parse::<usize>().ok().filter(|number| *number > 0),
    };
    let (Some(page), Some(per_page)) = (number("page", 1), number("per_page", 20)) else {
        return Reply::json(400, json!({"error": "per_page has a value not allowed"}));
    };
    let per_page = per_page.min(100);
    let pages = rows.len().div_ceil(per_page).max(1);
    let next = (page < pages).then(|| page + 1);
    let mut headers = vec![("link", links(shared, world, question, per_page, next))];
    if !world.standing.only_link {
        headers.push(("x-page", page.to_string()));
        headers.push(("x-per-page", per_page.to_string()));
        headers.push(("x-next-page", next.map(|page| page.to_string()).unwrap_or_default()));
        headers.push(("x-total", rows.len().to_string()));
        headers.push(("x-total-pages", pages.to_string()));
    }
    let rows = rows.into_iter().skip((page - 1) * per_page).take(per_page).collect();
    Reply { status: 200, headers, body: ReplyBody::Json(rows) }
}

fn links(
    shared: &Shared,
    world: &World,
    question: &Question,
    per_page: usize,
    next: Option<usize>,
) -> String {
    // Behind a proxy they name the host that the server believes it has, not the one called.
    let root = if world.standing.only_link { "https://gitlab.invalid" } else { &shared.url };
    let link = |page: usize, relation: &str| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in question.query.iter().filter(|(name, _)| *name != "page") {
            if *name != "per_page" {
                query.append_pair(name, value);
            }
        }
        query.append_pair("page", &page.to_string());
        query.append_pair("per_page", &per_page.to_string());
        let path = question.path.join("/").replace(&shared.project, "11");
        let query = query.finish();
        format!("<{root}/api/v4/{path}?{query}>; rel=\"{relation}\"")
    };
    let next = next.map(|page| link(page, "next"));
    next.into_iter().chain([link(1, "first")]).collect::<Vec<_>>().join(", ")
}
