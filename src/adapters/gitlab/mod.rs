//! GitLab's REST API, for one target's CI project. It must not judge what it reads: the rules do.
//!
//! Races and the choice made for each:
//! * GitLab has no idempotency key: a lost answer to [`create`](Pipelines::create) is a temporary
//!   fault, and [`find`](Pipelines::find) tells afterwards whether a pipeline was made.
//! * Reads lag writes: a 404 for a pipeline of a project that can be seen is temporary.
//! * Several pipelines may exist for one commit (push, api, somebody's): only `source=api` ones of
//!   that branch, that commit and the token's own user are found.
//! * Lists shift while they are paged: rows are told apart by id.

mod answer;
mod client;
pub(crate) mod inspect;
mod lint;
mod page;
mod reach;
mod refusal;
mod ring;

use std::collections::HashSet;
use std::io::Read;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::json;

use self::answer::{JobAnswer, PipelineAnswer, StatusAnswer, UserAnswer};
use self::client::Client;
pub(crate) use self::inspect::{Inspection, ProjectFacts, ProtectedBranch, Visibility};
pub(crate) use self::reach::{Reach, Runner, Variable};
use self::refusal::Quoted;
use crate::config::model::Ci;
use crate::ports::{Fault, Pipelines};
use crate::pull::ci_change::CiPlan;
use crate::pull::ids::{JobId, ObjectId, PipelineId};
use crate::pull::pipeline::{Job, JobKind, Pipeline};

/// More of a trace is never read; GitLab itself keeps 100 MB at most.
const TRACE_LIMIT: u64 = 120 * 1024 * 1024;

/// How many pipelines of one commit are looked at in detail.
const FOUND_LIMIT: usize = 20;

/// One target's CI project on a GitLab server.
#[derive(Debug)]
pub(crate) struct GitLab {
    client: Client,
    variables: Vec<serde_json::Value>,
    inputs: serde_json::Map<String, serde_json::Value>,
    /// The token's own user once GitLab has told it; inside, `None` if GitLab will not say.
    me: OnceLock<Option<u64>>,
    /// The project's path, or its number.
    project: String,
    /// Set once GitLab has shown that its lint takes the commit it is asked about.
    lints_commits: OnceLock<()>,
}

impl GitLab {
    /// Prepares the client; connects to nothing.
    ///
    /// # Errors
    /// Misconfigured: the URL, the token or the file of certificates can't be used.
    pub(crate) fn new(ci: &Ci) -> Result<Self, Fault> {
        Self::with_deadline(ci, client::CALL_DEADLINE)
    }

    /// As [`new`](Self::new), with another deadline than a minute for one call; a trace may take
    /// five times as long.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub(crate) fn with_deadline(ci: &Ci, deadline: Duration) -> Result<Self, Fault> {
        let variables = ci
            .variables
            .iter()
            .map(|(key, value)| json!({"key": key, "value": value, "variable_type": "env_var"}))
            .collect();
        let inputs = ci.inputs.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        Ok(Self {
            client: Client::new(ci, deadline)?,
            variables,
            inputs,
            me: OnceLock::new(),
            project: ci.project.trim_matches('/').to_owned(),
            lints_commits: OnceLock::new(),
        })
    }

    /// The token's own user; `None` if GitLab refuses to say (a fine-grained token), then
    /// pipelines can't be told apart by who made them.
    fn me(&self) -> Result<Option<u64>, Fault> {
        if let Some(known) = self.me.get() {
            return Ok(*known);
        }
        let me = match self.client.get::<UserAnswer>("user", &[]) {
            Ok(user) => Some(user.id),
            Err(refused) if refused.is(&[403, 404]) => None,
            Err(refused) => return Err(refused.into()),
        };
        Ok(*self.me.get_or_init(|| me))
    }

    /// A pipeline in full.
    fn detail(&self, id: PipelineId) -> Result<PipelineAnswer, Fault> {
        self.of_project(&format!("pipelines/{id}"), |path| self.client.get(path, &[]))
    }

    /// Asks for something inside the project. A 404 means misconfigured only if the project can't
    /// be seen either; else the record is not there, or not yet.
    fn of_project<T>(
        &self,
        path: &str,
        ask: impl Fn(&str) -> Result<T, Quoted>,
    ) -> Result<T, Fault> {
        let path = self.client.in_project(path);
        let refused = match ask(&path) {
            Ok(answer) => return Ok(answer),
            Err(refused) => refused,
        };
        let missing = refused.is(&[404]);
        let mut fault = Fault::from(refused);
        if missing && self.client.get::<serde_json::Value>(&self.client.in_project(""), &[]).is_ok()
        {
            fault = Fault::temporary(format!("GitLab has no {path}, or not yet"));
        }
        Err(fault)
    }

    /// A pipeline whose page is this GitLab's own, or none.
    fn with_own_page(&self, pipeline: Pipeline) -> Pipeline {
        Pipeline { web_url: self.client.page(&pipeline.web_url), ..pipeline }
    }

    /// The same of a job.
    fn job_with_own_page(&self, mut job: Job) -> Job {
        job.web_url = self.client.page(&job.web_url);
        if let JobKind::Bridge { downstream_url, .. } = &mut job.kind {
            let page = downstream_url.take().map(|url| self.client.page(&url));
            *downstream_url = page.filter(|url| !url.is_empty());
        }
        job
    }

    /// Statuses that others posted to the pipeline's commit. GitLab lists them together with the
    /// jobs, which are taken out: by id, and by their page where an old GitLab does not name the
    /// pipeline of each.
    fn external(&self, of: &PipelineAnswer, jobs: &HashSet<u64>) -> Result<Vec<Job>, Fault> {
        let path = self.client.in_project(&format!("repository/commits/{}/statuses", of.sha));
        let id = of.id.to_string();
        let listed = self.client.list::<StatusAnswer>(&path, &[("pipeline_id", &id)]);
        let statuses = match listed {
            Ok(statuses) => statuses,
            // The pipeline's own status counts them already; here only their names are lost.
            Err(refused) if refused.is(&[403, 404]) => {
                tracing::warn!(pipeline.id = of.id, "commit statuses are not to be seen");
                return Ok(Vec::new());
            }
            Err(refused) => return Err(refused.into()),
        };
        let foreign = |status: &StatusAnswer| match status.pipeline_id {
            Some(pipeline) => pipeline == of.id,
            None => status.reference == of.reference && !status.is_a_jobs_page(),
        };
        Ok(statuses
            .into_iter()
            .filter(|status| !jobs.contains(&status.id) && foreign(status))
            .map(Job::from)
            .collect())
    }
}

impl Pipelines for GitLab {
    fn find(&self, ci_ref: &str, sha: ObjectId) -> Result<Vec<Pipeline>, Fault> {
        let sha = sha.to_string();
        let query = [
            ("sha", sha.as_str()),
            ("ref", ci_ref),
            ("source", "api"),
            ("order_by", "id"),
            ("sort", "desc"),
        ];
        let path = self.client.in_project("pipelines");
        let mut listed: Vec<PipelineAnswer> = self.client.list(&path, &query)?;
        listed.retain(|p| p.sha == sha && p.is_on(ci_ref) && p.is_from("api"));
        listed.sort_by_key(|p| std::cmp::Reverse(p.id));
        if listed.is_empty() {
            return Ok(Vec::new());
        }
        let me = self.me()?;
        let mut found = Vec::new();
        for row in listed.into_iter().take(FOUND_LIMIT) {
            let pipeline = self.detail(PipelineId(row.id))?;
            if me.is_none() || pipeline.user.as_ref().map(|user| user.id) == me {
                found.push(self.with_own_page(pipeline.try_into()?));
            }
        }
        Ok(found)
    }

    fn create(&self, ci_ref: &str) -> Result<Pipeline, Fault> {
        let mut order = json!({"ref": ci_ref});
        if !self.variables.is_empty() {
            order["variables"] = json!(self.variables);
        }
        if !self.inputs.is_empty() {
            order["inputs"] = json!(self.inputs);
        }
        let path = self.client.in_project("pipeline");
        match self.client.post::<PipelineAnswer>(&path, Some(&order)) {
            Ok(made) => made.try_into().map(|made| self.with_own_page(made)),
            Err(refused) if refused.is(&[400, 422]) => Err(refused.of_a_create()),
            Err(refused) => Err(refused.into()),
        }
    }

    fn get(&self, id: PipelineId) -> Result<Pipeline, Fault> {
        self.detail(id)?.try_into().map(|found| self.with_own_page(found))
    }

    fn jobs(&self, id: PipelineId) -> Result<Vec<Job>, Fault> {
        let list = |path: &str| self.client.list::<JobAnswer>(path, &[]);
        let mut builds = self.of_project(&format!("pipelines/{id}/jobs"), list)?;
        let mut bridges = self.of_project(&format!("pipelines/{id}/bridges"), list)?;
        let pipeline = self.detail(id)?;
        let ids = builds.iter().chain(&bridges).map(|job| job.id).collect();
        let external = self.external(&pipeline, &ids)?;
        builds.sort_by_key(|job| job.id);
        bridges.sort_by_key(|job| job.id);
        let builds = builds.into_iter().map(|job| job.into_job(JobKind::Build));
        let bridges = bridges.into_iter().map(JobAnswer::into_bridge);
        Ok(builds.chain(bridges).chain(external).map(|job| self.job_with_own_page(job)).collect())
    }

    fn log(&self, id: JobId, cap: u64) -> Result<Vec<u8>, Fault> {
        let trace = self.of_project(&format!("jobs/{id}/trace"), |path| self.client.open(path))?;
        let mut tail = ring::Tail::new(usize::try_from(cap).unwrap_or(usize::MAX));
        let mut trace = trace.take(TRACE_LIMIT);
        let mut chunk = vec![0; 64 * 1024];
        loop {
            match trace.read(&mut chunk) {
                Ok(0) => return Ok(self.client.redacted(tail.into_bytes())),
                Ok(n) => tail.push(&chunk[..n]),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    return Err(Fault::temporary(format!("the trace of job {id}: {error}")));
                }
            }
        }
    }

    fn lint(&self, commit: ObjectId, ci_ref: &str) -> Result<CiPlan, Fault> {
        self.dry_lint(commit, ci_ref)
    }

    fn cancel(&self, id: PipelineId) -> Result<(), Fault> {
        let asked = self.of_project(&format!("pipelines/{id}/cancel"), |path| {
            self.client.post::<serde_json::Value>(path, None)
        });
        asked.map(|_pipeline| ())
    }
}
