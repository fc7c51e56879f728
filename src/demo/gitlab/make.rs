//! How pipelines come to be: through the API, by a push, or by a test's order. It must not answer
//! requests about them afterwards.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::answers::{self, USER};
use super::ci_file::{self, JobOrder};
use super::plan::Plan;
use super::question::{Question, Reply};
use super::repository;
use super::runner;
use super::shared::Shared;
use super::world::{CommitFacts, JobState, PipelineState};
use crate::demo::git_http::Push;

/// What a commit without jobs says.
const EMPTY: &str = "The resulting pipeline would have been empty. Review the rules configuration \
                     for the relevant jobs.";

/// `POST /projects/:id/pipeline`
pub(super) fn through_the_api(shared: &Arc<Shared>, question: &Question) -> Reply {
    let asked = question.body.get("ref").and_then(Value::as_str);
    let Some(reference) = asked.or(question.query.get("ref").map(String::as_str)) else {
        return Reply::json(400, serde_json::json!({"error": "ref is missing"}));
    };
    let variables = variables(&question.body);
    if let Some(refusal) = refused(shared, &variables) {
        return refusal;
    }
    let Some((sha, tag)) = repository::resolve(&shared.repository, reference) else {
        return Reply::base("Reference not found");
    };
    let plan = shared.world().plans.pop_front().unwrap_or(Plan::Run);
    let orders = match orders(shared, &sha, &plan) {
        Ok(orders) => orders,
        Err(refusal) => return Reply::base(&refusal),
    };
    let Ok(commit) = repository::commit(&shared.repository, &sha) else {
        return Reply::base("Commit not found");
    };
    let now = shared.clock.now();
    let mut world = shared.world();
    let mut made = pipeline(world.number(), commit, reference, now);
    made.tag = tag;
    made.variables = variables;
    made.inputs = question.body.get("inputs").cloned().unwrap_or_default();
    made.hidden_for = std::mem::take(&mut world.hide_next_for);
    made.jobs = planned(&plan, orders, || world.number(), now);
    made.fixed = fixed(&plan);
    let (id, answer) = (made.id, answers::detail(shared, &made));
    world.pipelines.push(made);
    drop(world);
    if plan == Plan::Run {
        runner::start(shared, id);
    }
    Reply::json(201, answer)
}

/// What a push makes: for each branch or tag a pipeline, which `ci.skip` skips (branches only).
pub(super) fn by_a_push(shared: &Arc<Shared>, push: &Push) {
    let skip = push.options.iter().any(|option| option == "ci.skip");
    // GitLab makes pipelines for the first four refs of a push.
    for update in push.updates.iter().take(4) {
        let tag = update.reference.starts_with("refs/tags/");
        let name = update.reference.strip_prefix(if tag { "refs/tags/" } else { "refs/heads/" });
        let Some(name) = name.filter(|_| !update.new.trim_matches('0').is_empty()) else {
            continue;
        };
        let resolved = repository::resolve(&shared.repository, name);
        let commit =
            resolved.and_then(|(sha, _)| repository::commit(&shared.repository, &sha).ok());
        if let Some(commit) = commit {
            by_a_ref(shared, commit, name, tag, skip && !tag);
        }
    }
}

fn by_a_ref(shared: &Arc<Shared>, commit: CommitFacts, name: &str, tag: bool, skip: bool) {
    let orders = orders(shared, &commit.id, &Plan::Run).unwrap_or_default();
    if orders.is_empty() && !skip {
        return;
    }
    let now = shared.clock.now();
    let mut world = shared.world();
    let mut made = pipeline(world.number(), commit, name, now);
    made.tag = tag;
    made.source = "push".into();
    if skip {
        made.fixed = Some("skipped".into());
    } else {
        made.jobs = planned(&Plan::Run, orders, || world.number(), now);
    }
    let id = made.id;
    world.pipelines.push(made);
    drop(world);
    if !skip {
        runner::start(shared, id);
    }
}

/// Why nothing is made, before the branch is looked at.
fn refused(shared: &Shared, variables: &[(String, String)]) -> Option<Reply> {
    let mut world = shared.world();
    let standing = &world.standing;
    if standing.role < 30 {
        return Some(Reply::message(403, "403 Forbidden"));
    }
    let needed = match standing.variables_role.as_str() {
        "developer" => 30,
        "maintainer" => 40,
        "owner" => 50,
        _ => u64::MAX,
    };
    if !variables.is_empty() && standing.role < needed {
        return Some(Reply::base("Insufficient permissions to set pipeline variables"));
    }
    let mut seen = HashSet::new();
    if let Some((key, _)) = variables.iter().find(|(key, _)| !seen.insert(key)) {
        return Some(Reply::base(&format!("Duplicate variable name: {key}")));
    }
    if world.hidden_branches > 0 {
        world.hidden_branches -= 1;
        return Some(Reply::base("Reference not found"));
    }
    None
}

fn variables(body: &Value) -> Vec<(String, String)> {
    let rows = body.get("variables").and_then(Value::as_array);
    let text = |row: &Value, key: &str| Some(row.get(key)?.as_str()?.to_owned());
    rows.into_iter()
        .flatten()
        .filter_map(|row| Some((text(row, "key")?, text(row, "value")?)))
        .collect()
}

/// The jobs that the commit's CI file orders. A plan that runs nothing needs no file.
fn orders(shared: &Shared, sha: &str, plan: &Plan) -> Result<Vec<JobOrder>, String> {
    let file = |path: &str| repository::file(&shared.repository, sha, path);
    let parse = |text: String| ci_file::jobs(&ci_file::merged(&text, file)?.entries);
    match (file(ci_file::PATH).map(parse), plan) {
        (Some(Ok(orders)), Plan::Run) if orders.is_empty() => Err(EMPTY.into()),
        (Some(Ok(orders)), _) if !orders.is_empty() => Ok(orders),
        (Some(Err(error)), Plan::Run) => Err(error),
        (None, Plan::Run) => Err("Missing CI config file".into()),
        (Some(Ok(_) | Err(_)) | None, _) => Ok(vec![order("build")]),
    }
}

fn order(name: &str) -> JobOrder {
    JobOrder {
        name: name.into(),
        stage: "test".into(),
        script: Vec::new(),
        allow_failure: false,
        tags: Vec::new(),
        manual: false,
    }
}

/// A job that nobody has taken yet, or that is over already.
pub(super) fn job(id: u64, order: JobOrder, status: &str, now: Timestamp) -> JobState {
    let over = matches!(status, "success" | "failed");
    let failed = status == "failed";
    JobState {
        id,
        trace: if over { trace(&order.name, failed).into_bytes() } else { Vec::new() },
        order,
        status: status.into(),
        failure_reason: failed.then(|| "script_failure".into()),
        created_at: now,
        started_at: over.then_some(now),
        finished_at: over.then_some(now),
        retried: false,
        group: None,
    }
}

fn trace(name: &str, failed: bool) -> String {
    let end = if failed { "ERROR: Job failed: exit code 1" } else { "Job succeeded" };
    format!("$ make {name}\n{name}: the stand-in was told how this ends\n{end}\n")
}

fn pipeline(id: u64, commit: CommitFacts, reference: &str, now: Timestamp) -> PipelineState {
    PipelineState {
        id,
        commit,
        reference: reference.to_owned(),
        tag: false,
        source: "api".into(),
        user: USER,
        fixed: None,
        jobs: Vec::new(),
        bridges: Vec::new(),
        posted: Vec::new(),
        variables: Vec::new(),
        inputs: Value::Null,
        created_at: now,
        updated_at: now,
        canceled: false,
        hidden_for: 0,
    }
}

/// A pipeline that was made elsewhere, with one job that is pending.
pub(super) fn foreign(shared: &Shared, sha: &str, reference: &str, source: &str, user: u64) -> u64 {
    let now = shared.clock.now();
    let commit = repository::commit(&shared.repository, sha).unwrap_or_default();
    let mut world = shared.world();
    let mut made = pipeline(world.number(), commit, reference, now);
    made.source = source.to_owned();
    made.user = user;
    made.jobs = vec![job(world.number(), order("build"), "pending", now)];
    let id = made.id;
    world.pipelines.push(made);
    id
}

fn planned(
    plan: &Plan,
    orders: Vec<JobOrder>,
    mut number: impl FnMut() -> u64,
    now: Timestamp,
) -> Vec<JobState> {
    let all = |orders: Vec<JobOrder>, status: &str, number: &mut dyn FnMut() -> u64| {
        orders.into_iter().map(|order| job(number(), order, status, now)).collect()
    };
    match plan {
        Plan::Run => all(orders, "created", &mut number),
        Plan::Pass | Plan::Status(_) => all(orders, "success", &mut number),
        Plan::StayPending => all(orders, "pending", &mut number),
        Plan::Skipped => all(orders, "skipped", &mut number),
        Plan::Canceled => all(orders, "canceled", &mut number),
        Plan::Empty => Vec::new(),
        Plan::Manual => {
            let mut jobs = all(orders, "success", &mut number);
            jobs.push(job(number(), order("deploy-by-hand"), "manual", now));
            jobs
        }
        Plan::Jobs(count) => {
            let orders = (1..=*count).map(|n| order(&format!("job-{n}"))).collect();
            all(orders, "success", &mut number)
        }
        Plan::FailJobs(names) => failing(orders, names, &mut number, now),
        Plan::Break { job, reason } => {
            let mut jobs = failing(orders, std::slice::from_ref(job), &mut number, now);
            for broken in jobs.iter_mut().filter(|state| state.order.name == *job) {
                broken.failure_reason = Some(reason.clone());
                if reason.starts_with("stuck_") {
                    broken.started_at = None;
                    broken.trace = Vec::new();
                }
            }
            jobs
        }
    }
}

fn failing(
    orders: Vec<JobOrder>,
    names: &[String],
    number: &mut dyn FnMut() -> u64,
    now: Timestamp,
) -> Vec<JobState> {
    let known: HashSet<String> = orders.iter().map(|order| order.name.clone()).collect();
    let added = names.iter().filter(|name| !known.contains(*name)).map(|name| order(name));
    let orders = orders.into_iter().chain(added).map(|order| {
        let status = if names.contains(&order.name) { "failed" } else { "success" };
        (order, status)
    });
    orders.map(|(order, status)| job(number(), order, status, now)).collect()
}

fn fixed(plan: &Plan) -> Option<String> {
    match plan {
        Plan::Status(word) => Some(word.clone()),
        Plan::Empty => Some("success".into()),
        Plan::Run
        | Plan::Pass
        | Plan::FailJobs(_)
        | Plan::Break { .. }
        | Plan::StayPending
        | Plan::Manual
        | Plan::Skipped
        | Plan::Canceled
        | Plan::Jobs(_) => None,
    }
}
