//! What the stand-in knows: pipelines, jobs, faults to come. Answers are made from it, so they
//! can't contradict each other. It must not wait, run or answer anything itself.

use std::collections::VecDeque;

use jiff::Timestamp;
use rustix::process::Pid;

use super::ci_file::JobOrder;
use super::plan::{Plan, Trouble};

/// What a commit looks like to the API.
#[derive(Debug, Clone, Default)]
pub(super) struct CommitFacts {
    pub(crate) id: String,
    pub(crate) parents: Vec<String>,
    pub(crate) title: String,
    pub(crate) message: String,
    pub(crate) author: (String, String, String),
    pub(crate) committer: (String, String, String),
}

/// A job, one attempt of it.
#[derive(Debug, Clone)]
pub(super) struct JobState {
    pub(crate) id: u64,
    pub(crate) order: JobOrder,
    pub(crate) status: String,
    pub(crate) failure_reason: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) finished_at: Option<Timestamp>,
    pub(crate) trace: Vec<u8>,
    pub(crate) retried: bool,
    /// The process group at work, so that it can be killed.
    pub(crate) group: Option<Pid>,
}

/// A trigger job.
#[derive(Debug, Clone)]
pub(super) struct BridgeState {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) status: String,
    pub(crate) downstream: Option<String>,
    pub(crate) created_at: Timestamp,
}

/// A status that somebody posted.
#[derive(Debug, Clone)]
pub(super) struct PostedState {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) status: String,
    pub(crate) target_url: Option<String>,
    pub(crate) created_at: Timestamp,
}

/// A pipeline.
#[derive(Debug, Clone)]
pub(super) struct PipelineState {
    pub(crate) id: u64,
    pub(crate) commit: CommitFacts,
    pub(crate) reference: String,
    pub(crate) tag: bool,
    pub(crate) source: String,
    pub(crate) user: u64,
    /// Set where the jobs do not tell.
    pub(crate) fixed: Option<String>,
    pub(crate) jobs: Vec<JobState>,
    pub(crate) bridges: Vec<BridgeState>,
    pub(crate) posted: Vec<PostedState>,
    pub(crate) variables: Vec<(String, String)>,
    pub(crate) inputs: serde_json::Value,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) canceled: bool,
    /// Reads still to come that do not see it yet.
    pub(crate) hidden_for: u32,
}

impl PipelineState {
    /// Its status: the fixed one, else what follows from its jobs.
    pub(super) fn status(&self) -> String {
        if let Some(fixed) = &self.fixed {
            return fixed.clone();
        }
        let jobs = self.jobs.iter().filter(|job| !job.retried);
        let jobs = jobs.map(|job| (job.status.as_str(), job.order.allow_failure));
        let bridges = self.bridges.iter().map(|bridge| (bridge.status.as_str(), false));
        let posted = self.posted.iter().map(|posted| (posted.status.as_str(), false));
        composite(&jobs.chain(bridges).chain(posted).collect::<Vec<_>>()).to_owned()
    }

    /// Whether it goes on.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.status().as_str(), "success" | "failed" | "canceled" | "skipped")
    }

    /// When its first job started.
    pub(super) fn started_at(&self) -> Option<Timestamp> {
        self.jobs.iter().filter_map(|job| job.started_at).min()
    }
}

/// GitLab's rule for a pipeline's status from its jobs'; the order matters.
fn composite(jobs: &[(&str, bool)]) -> &'static str {
    let words: Vec<&str> = jobs
        .iter()
        .map(|&(word, allowed)| match (word, allowed) {
            ("failed" | "canceled", true) => "warned",
            ("manual", true) => "ignored",
            (word, _) => word,
        })
        .collect();
    let only = |set: &[&str]| words.iter().all(|word| set.contains(word));
    let any = |set: &[&str]| words.iter().any(|word| set.contains(word));
    if only(&["skipped", "ignored"]) {
        "skipped"
    } else if only(&["success", "skipped", "warned", "ignored"]) {
        "success"
    } else if only(&["created"]) {
        "created"
    } else if only(&["canceled", "success", "skipped", "warned", "ignored"]) {
        "canceled"
    } else if only(&["pending", "created", "skipped"]) {
        "pending"
    } else if any(&["running", "pending"]) {
        "running"
    } else if any(&["manual"]) {
        "manual"
    } else if any(&["scheduled"]) {
        "scheduled"
    } else if any(&["created"]) {
        "running"
    } else if any(&["canceling"]) {
        "canceling"
    } else {
        "failed"
    }
}

/// The project's settings and the token's standing.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    /// `private`, `internal`, `public`.
    pub(crate) visibility: String,
    /// `ci_pipeline_variables_minimum_override_role`.
    pub(crate) variables_role: String,
    /// The token's role in the project.
    pub(crate) role: u64,
    /// The token's scopes.
    pub(crate) scopes: Vec<String>,
    /// The token's last day.
    pub(crate) expires_at: Option<String>,
    /// Protected branches by pattern.
    pub(crate) protected: Vec<String>,
    /// CI variables, and whether each is protected.
    pub(crate) variables: Vec<(String, bool)>,
    /// Runners, by description.
    pub(crate) runners: Vec<String>,
    /// Whether the lint ignores which commit and branch it is asked about.
    pub(crate) old_lint: bool,
    /// Whether pages are announced by `Link` alone, as for long lists.
    pub(crate) only_link: bool,
    /// Whether commit statuses name their pipeline, as newer GitLabs do.
    pub(crate) statuses_name_pipelines: bool,
}

/// Everything that changes.
#[derive(Debug)]
pub(super) struct World {
    pub(crate) standing: Standing,
    pub(crate) pipelines: Vec<PipelineState>,
    pub(crate) plans: VecDeque<Plan>,
    /// Method, part of the path, what happens.
    pub(crate) troubles: Vec<(String, String, Trouble)>,
    /// Requests to routes that the stand-in does not have.
    pub(crate) unexpected: Vec<String>,
    /// All requests to the API.
    pub(crate) calls: Vec<String>,
    /// Creates still to come that do not see the branch yet.
    pub(crate) hidden_branches: u32,
    /// Reads that will not see the next pipeline yet.
    pub(crate) hide_next_for: u32,
    /// Set when everything has to stop.
    pub(crate) stopping: bool,
    next_id: u64,
}

impl World {
    /// Nothing has happened yet.
    pub(super) fn new(standing: Standing) -> Self {
        Self {
            standing,
            pipelines: Vec::new(),
            plans: VecDeque::new(),
            troubles: Vec::new(),
            unexpected: Vec::new(),
            calls: Vec::new(),
            hidden_branches: 0,
            hide_next_for: 0,
            stopping: false,
            next_id: 1000,
        }
    }

    /// The next number, never given before.
    pub(super) fn number(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// A pipeline by its number.
    pub(super) fn pipeline(&mut self, id: u64) -> Option<&mut PipelineState> {
        self.pipelines.iter_mut().find(|pipeline| pipeline.id == id)
    }

    /// A job by its number.
    pub(super) fn job(&mut self, id: u64) -> Option<&mut JobState> {
        self.pipelines.iter_mut().flat_map(|p| &mut p.jobs).find(|job| job.id == id)
    }

    /// Moves a job on. Its pipeline was touched, too.
    pub(super) fn set_job(&mut self, id: u64, status: &str, now: Timestamp) {
        let of = |pipeline: &&mut PipelineState| pipeline.jobs.iter().any(|job| job.id == id);
        let Some(pipeline) = self.pipelines.iter_mut().find(of) else { return };
        pipeline.updated_at = now;
        if let Some(job) = pipeline.jobs.iter_mut().find(|job| job.id == id) {
            job.status = status.to_owned();
            match status {
                "running" => job.started_at = Some(now),
                "success" | "failed" => {
                    job.started_at.get_or_insert(now);
                    job.finished_at = Some(now);
                }
                "canceled" => job.finished_at = Some(now),
                _ => {}
            }
            job.failure_reason = (status == "failed").then(|| "script_failure".to_owned());
        }
    }

    /// The first fault that was ordered for such a request; it happens once.
    pub(super) fn trouble(&mut self, method: &str, path: &str) -> Option<Trouble> {
        let matches = |(m, part, _): &(String, String, Trouble)| m == method && path.contains(part);
        let at = self.troubles.iter().position(matches)?;
        Some(self.troubles.remove(at).2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipelines_status_follows_gitlabs_rule() {
        for (jobs, status) in [
            (vec![("success", false), ("failed", true)], "success"),
            (vec![("success", false), ("failed", false), ("skipped", false)], "failed"),
            (vec![("success", false), ("canceled", false)], "canceled"),
            (vec![("failed", false), ("canceled", false)], "failed"),
            (vec![("success", false), ("manual", false)], "manual"),
            (vec![("success", false), ("manual", true)], "success"),
            (vec![("success", false), ("created", false)], "running"),
            (vec![("pending", false), ("created", false)], "pending"),
            (vec![("skipped", false)], "skipped"),
            (vec![("created", false)], "created"),
        ] {
            assert_eq!(composite(&jobs), status, "{jobs:?}");
        }
    }
}
