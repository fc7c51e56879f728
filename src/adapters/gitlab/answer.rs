//! GitLab's JSON into the rules' own records. Only what the bot uses is read, and all but ids may
//! be null or missing: GitLab's versions differ.

use jiff::Timestamp;
use serde::Deserialize;
use url::Url;

use crate::mail::clean::cut;
use crate::ports::Fault;
use crate::pull::ids::{JobId, PipelineId};
use crate::pull::pipeline::{Job, JobKind, Pipeline, Status};

/// GitLab's own names have at most 255 characters; whatever says it is GitLab may send more. Names
/// are cut and not cleaned here: required jobs are found by them.
const LONGEST: usize = 255;

/// Characters of what is wrong in a CI configuration.
const LONGEST_ERRORS: usize = 2_000;

/// Tags of a job.
const TAGS: usize = 20;

/// A row that has GitLab's `id`, by which shifting pages are put together.
pub(super) trait Row {
    /// The id.
    fn id(&self) -> u64;
}

/// A user, as much as is needed to know him again.
#[derive(Debug, Deserialize)]
pub(super) struct UserAnswer {
    /// Its number.
    pub id: u64,
    /// Its login name.
    #[serde(default)]
    pub username: String,
}

/// A pipeline, basic or in detail.
#[derive(Debug, Deserialize)]
pub(super) struct PipelineAnswer {
    /// Its number.
    pub id: u64,
    /// The commit; read as text, since a project of SHA-256 has longer ones.
    pub sha: String,
    /// The branch or tag.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// Who made it; only in detail.
    pub user: Option<UserAnswer>,
    status: String,
    source: Option<String>,
    web_url: Option<String>,
    created_at: Option<String>,
    started_at: Option<String>,
    yaml_errors: Option<String>,
}

impl PipelineAnswer {
    /// Whether it runs for that branch.
    pub(super) fn is_on(&self, ci_ref: &str) -> bool {
        self.reference.as_deref() == Some(ci_ref)
    }

    /// Whether that made it.
    pub(super) fn is_from(&self, source: &str) -> bool {
        self.source.as_deref() == Some(source)
    }
}

impl Row for PipelineAnswer {
    fn id(&self) -> u64 {
        self.id
    }
}

impl TryFrom<PipelineAnswer> for Pipeline {
    type Error = Fault;

    fn try_from(answer: PipelineAnswer) -> Result<Self, Fault> {
        let sha = answer.sha.parse().map_err(|bad| {
            Fault::misconfigured(format!("the commit of GitLab's pipeline {}: {bad}", answer.id))
        })?;
        Ok(Self {
            id: PipelineId(answer.id),
            sha,
            reference: short(answer.reference),
            source: short(answer.source),
            status: Status::from(cut(&answer.status, LONGEST)),
            web_url: page(answer.web_url.as_deref()),
            created_at: time(answer.created_at.as_deref()),
            started_at: time(answer.started_at.as_deref()),
            yaml_errors: answer
                .yaml_errors
                .filter(|e| !e.is_empty())
                .map(|e| cut(&e, LONGEST_ERRORS)),
        })
    }
}

/// A job or a bridge.
#[derive(Debug, Deserialize)]
pub(super) struct JobAnswer {
    /// Its number.
    pub id: u64,
    name: String,
    status: String,
    stage: Option<String>,
    allow_failure: Option<bool>,
    failure_reason: Option<String>,
    web_url: Option<String>,
    runner_manager: Option<RunnerAnswer>,
    tag_list: Option<Vec<String>>,
    started_at: Option<String>,
    duration: Option<f64>,
    downstream_pipeline: Option<DownstreamAnswer>,
}

#[derive(Debug, Deserialize)]
struct RunnerAnswer {
    architecture: Option<String>,
}

#[derive(Debug, Deserialize)]
struct DownstreamAnswer {
    status: Option<String>,
    web_url: Option<String>,
}

impl Row for JobAnswer {
    fn id(&self) -> u64 {
        self.id
    }
}

impl JobAnswer {
    /// The record of a job of that kind.
    pub(super) fn into_job(self, kind: JobKind) -> Job {
        Job {
            id: JobId(self.id),
            name: cut(&self.name, LONGEST),
            stage: short(self.stage),
            status: Status::from(cut(&self.status, LONGEST)),
            allow_failure: self.allow_failure.unwrap_or(false),
            failure_reason: self.failure_reason.map(|reason| cut(&reason, LONGEST)),
            web_url: page(self.web_url.as_deref()),
            architecture: self
                .runner_manager
                .and_then(|runner| runner.architecture)
                .map(|name| cut(&name, LONGEST)),
            tags: self
                .tag_list
                .unwrap_or_default()
                .iter()
                .take(TAGS)
                .map(|t| cut(t, LONGEST))
                .collect(),
            started_at: time(self.started_at.as_deref()),
            duration: seconds(self.duration),
            kind,
        }
    }

    /// The record of a trigger job.
    pub(super) fn into_bridge(mut self) -> Job {
        let downstream = self.downstream_pipeline.take();
        let kind = JobKind::Bridge {
            downstream_url: downstream
                .as_ref()
                .map(|d| page(d.web_url.as_deref()))
                .filter(|url| !url.is_empty()),
            downstream_status: downstream.and_then(|d| d.status).map(Status::from),
        };
        self.into_job(kind)
    }
}

/// A row of a commit's statuses: a job or what somebody posted.
#[derive(Debug, Deserialize)]
pub(super) struct StatusAnswer {
    /// Its number; jobs and posted statuses share one sequence.
    pub id: u64,
    /// The branch or tag.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// The pipeline it counts for; older GitLabs do not say.
    pub pipeline_id: Option<u64>,
    name: String,
    status: String,
    target_url: Option<String>,
    allow_failure: Option<bool>,
    started_at: Option<String>,
}

impl StatusAnswer {
    /// Whether its page is that of a job of GitLab's own.
    pub(super) fn is_a_jobs_page(&self) -> bool {
        let page = format!("/-/jobs/{}", self.id);
        self.target_url.as_ref().is_some_and(|url| url.ends_with(&page))
    }
}

impl Row for StatusAnswer {
    fn id(&self) -> u64 {
        self.id
    }
}

impl From<StatusAnswer> for Job {
    fn from(status: StatusAnswer) -> Self {
        Self {
            id: JobId(status.id),
            name: cut(&status.name, LONGEST),
            stage: "external".into(),
            status: Status::from(cut(&status.status, LONGEST)),
            allow_failure: status.allow_failure.unwrap_or(false),
            failure_reason: None,
            web_url: page(status.target_url.as_deref()),
            architecture: None,
            tags: Vec::new(),
            started_at: time(status.started_at.as_deref()),
            duration: None,
            kind: JobKind::External,
        }
    }
}

/// A text that may be missing, cut.
fn short(text: Option<String>) -> String {
    cut(&text.unwrap_or_default(), LONGEST)
}

/// A page's address fit for a letter, or nothing: whoever posts a status chooses its address.
fn page(url: Option<&str>) -> String {
    url.and_then(|url| Url::parse(url).ok())
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .map(String::from)
        .unwrap_or_default()
}

fn time(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}

/// Whole seconds. The cast saturates, and takes what is not a number as 0.
fn seconds(duration: Option<f64>) -> Option<u64> {
    duration.map(|seconds| seconds as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_that_gitlab_may_say_is_enough() {
        let sha = "0123456789abcdef0123456789abcdef01234567";
        let least = format!(r#"{{"id":1,"sha":"{sha}","status":"odd_new_word","ref":null}}"#);
        let answer: PipelineAnswer = serde_json::from_str(&least).unwrap();
        let pipeline = Pipeline::try_from(answer).unwrap();
        assert_eq!(pipeline.status, Status::Unknown("odd_new_word".into()));
        assert_eq!((pipeline.created_at, pipeline.yaml_errors), (None, None));

        let job: JobAnswer = serde_json::from_str(r#"{"id":2,"name":"a","status":"x"}"#).unwrap();
        assert!(!job.into_job(JobKind::Build).allow_failure);
    }

    #[test]
    fn only_web_addresses_are_pages() {
        assert_eq!(page(Some("https://ci.example/a b")), "https://ci.example/a%20b");
        for bad in ["javascript:alert(1)", "file:///etc/passwd", "no", ""] {
            assert_eq!(page(Some(bad)), "", "{bad}");
        }
    }

    #[test]
    fn odd_durations_do_no_harm() {
        assert_eq!(seconds(Some(14.9)), Some(14));
        assert_eq!(seconds(Some(-1.0)), Some(0));
        assert_eq!(seconds(Some(f64::INFINITY)), Some(u64::MAX));
    }
}
