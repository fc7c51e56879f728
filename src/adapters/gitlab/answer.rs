//! GitLab's JSON into the rules' own records. Only what the bot uses is read, and all but ids may
//! be null or missing: GitLab's versions differ.

use jiff::Timestamp;
use serde::Deserialize;
use url::Url;

use crate::ports::Fault;
use crate::pull::ids::{JobId, PipelineId};
use crate::pull::pipeline::{Job, JobKind, Pipeline, Status};
use crate::pull::room::{within, written};

/// GitLab's own names have at most 255 characters; whatever says it is GitLab may send more. Names
/// are cut and not cleaned here: required jobs are found by them. All of this is bytes, as records
/// have them.
const LONGEST_NAME: usize = 1_024;

/// A word of GitLab's: a status, a reason, an architecture, a tag, a branch.
const LONGEST: usize = 255;

/// The address of a page; a longer one is left out.
const LONGEST_PAGE: usize = 1_000;

/// What is wrong in a CI configuration.
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
    pub(crate) id: u64,
    /// Its login name.
    #[serde(default)]
    pub(crate) username: String,
}

/// A pipeline, basic or in detail.
#[derive(Debug, Deserialize)]
pub(super) struct PipelineAnswer {
    /// Its number.
    pub(crate) id: u64,
    /// The commit; read as text, since a project of SHA-256 has longer ones.
    pub(crate) sha: String,
    /// The branch or tag.
    #[serde(rename = "ref")]
    pub(crate) reference: Option<String>,
    /// Who made it; only in detail.
    pub(crate) user: Option<UserAnswer>,
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
            status: Status::from(within(&answer.status, LONGEST)),
            web_url: page(answer.web_url.as_deref()),
            created_at: time(answer.created_at.as_deref()),
            started_at: time(answer.started_at.as_deref()),
            yaml_errors: answer
                .yaml_errors
                .filter(|e| !e.is_empty())
                .map(|e| within(&e, LONGEST_ERRORS)),
        })
    }
}

/// A job or a bridge.
#[derive(Debug, Deserialize)]
pub(super) struct JobAnswer {
    /// Its number.
    pub(crate) id: u64,
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
            name: within(&self.name, LONGEST_NAME),
            stage: short(self.stage),
            status: Status::from(within(&self.status, LONGEST)),
            allow_failure: self.allow_failure.unwrap_or(false),
            failure_reason: self.failure_reason.map(|reason| within(&reason, LONGEST)),
            web_url: page(self.web_url.as_deref()),
            architecture: self
                .runner_manager
                .and_then(|runner| runner.architecture)
                .map(|name| within(&name, LONGEST)),
            tags: self
                .tag_list
                .unwrap_or_default()
                .iter()
                .take(TAGS)
                .map(|t| within(t, LONGEST))
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
            downstream_status: downstream
                .and_then(|d| d.status)
                .map(|status| Status::from(within(&status, LONGEST))),
        };
        self.into_job(kind)
    }
}

/// A row of a commit's statuses: a job or what somebody posted.
#[derive(Debug, Deserialize)]
pub(super) struct StatusAnswer {
    /// Its number; jobs and posted statuses share one sequence.
    pub(crate) id: u64,
    /// The branch or tag.
    #[serde(rename = "ref")]
    pub(crate) reference: Option<String>,
    /// The pipeline it counts for; older GitLabs do not say.
    pub(crate) pipeline_id: Option<u64>,
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
            name: within(&status.name, LONGEST_NAME),
            stage: "external".into(),
            status: Status::from(within(&status.status, LONGEST)),
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
    within(&text.unwrap_or_default(), LONGEST)
}

/// A page's address fit for a letter, or nothing: whoever posts a status chooses its address.
fn page(url: Option<&str>) -> String {
    url.and_then(|url| Url::parse(url).ok())
        .filter(|url| matches!(url.scheme(), "http" | "https"))
        .map(String::from)
        .filter(|page| written(page) <= LONGEST_PAGE)
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
    use crate::pull::room::size;

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
    fn what_gitlab_says_at_length_is_short_in_what_a_record_is_made_of() {
        for letter in ["a", "\"", "\u{1}", "漢", "\u{1F600}"] {
            let long = letter.repeat(40_000);
            let url = format!("https://ci.example/{long}/x");
            let job = serde_json::json!({
                "id": 1, "name": long, "status": "failed", "stage": long, "web_url": url,
                "failure_reason": long, "runner_manager": { "architecture": long },
                "tag_list": vec![&long; 30],
                "downstream_pipeline": { "status": long, "web_url": url },
            });
            let text = job.to_string();
            let answer = || serde_json::from_str::<JobAnswer>(&text).unwrap();
            for job in [answer().into_job(JobKind::Build), answer().into_bridge()] {
                assert!(size(&job) < 9_000, "{} bytes", size(&job));
                assert_eq!(job.web_url, "", "an address that is cut leads nowhere");
            }
            let pipeline = serde_json::json!({
                "id": 1, "sha": "0123456789abcdef0123456789abcdef01234567", "status": long,
                "ref": long, "source": long, "web_url": url, "yaml_errors": long,
            });
            let answer: PipelineAnswer = serde_json::from_str(&pipeline.to_string()).unwrap();
            let pipeline = Pipeline::try_from(answer).unwrap();
            assert!(size(&pipeline) < 3_500, "{} bytes", size(&pipeline));
        }
        // What GitLab itself takes for a name is never cut.
        let name = "\u{1F600}".repeat(255);
        let job = serde_json::json!({ "id": 1, "name": name, "status": "failed" });
        let answer: JobAnswer = serde_json::from_str(&job.to_string()).unwrap();
        assert_eq!(answer.into_job(JobKind::Build).name, name);
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
