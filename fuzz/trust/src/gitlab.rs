//! The parsers of GitLab's answers, without the client around them.

#[path = "../../../src/adapters/gitlab/answer.rs"]
mod answer;
#[path = "../../../src/adapters/gitlab/refusal.rs"]
mod refusal;

use answer::{JobAnswer, PipelineAnswer, StatusAnswer, UserAnswer};
use refusal::Quoted;
use ureq::http::{HeaderMap, StatusCode};

use crate::config::redact::Redactor;
use crate::config::secret::Secret;
use crate::pull::pipeline::{Job, JobKind, Pipeline};

/// More than what is kept of any name.
const LONGEST: usize = 300;

/// Panics unless a body is read or refused, and what is kept of it is short and fit for a letter.
pub fn check(bytes: &[u8]) {
    if let Ok(rows) = serde_json::from_slice::<Vec<PipelineAnswer>>(bytes) {
        rows.into_iter().filter_map(|row| Pipeline::try_from(row).ok()).for_each(check_pipeline);
    }
    if let Ok(Ok(one)) = serde_json::from_slice::<PipelineAnswer>(bytes).map(Pipeline::try_from) {
        check_pipeline(one);
    }
    if let Ok(rows) = serde_json::from_slice::<Vec<JobAnswer>>(bytes) {
        rows.into_iter().for_each(|row| check_job(&row.into_job(JobKind::Build)));
    }
    if let Ok(rows) = serde_json::from_slice::<Vec<JobAnswer>>(bytes) {
        rows.into_iter().for_each(|row| check_job(&row.into_bridge()));
    }
    if let Ok(rows) = serde_json::from_slice::<Vec<StatusAnswer>>(bytes) {
        rows.into_iter().for_each(|row| check_job(&Job::from(row)));
    }
    let _user = serde_json::from_slice::<UserAnswer>(bytes);
    check_refusal(bytes);
}

fn check_pipeline(pipeline: Pipeline) {
    check_page(&pipeline.web_url);
    assert!(pipeline.reference.chars().count() <= LONGEST);
    assert!(pipeline.yaml_errors.iter().all(|errors| errors.chars().count() <= 2_000));
}

fn check_job(job: &Job) {
    check_page(&job.web_url);
    assert!(job.name.chars().count() <= LONGEST && job.stage.chars().count() <= LONGEST);
    assert!(job.tags.len() <= LONGEST);
}

fn check_page(page: &str) {
    assert!(page.is_empty() || page.starts_with("http://") || page.starts_with("https://"));
    assert!(!page.contains(|c: char| c.is_control() || c.is_whitespace()), "{page:?}");
}

fn check_refusal(bytes: &[u8]) {
    const TOKEN: &str = "glpat-fuzz";
    let redactor = Redactor::of(&Secret::read(TOKEN.as_bytes()).expect("a secret"));
    let bytes = redactor.bytes(bytes.to_vec());
    for status in [StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED, StatusCode::BAD_GATEWAY] {
        let quoted = Quoted::new("GET x", status, &HeaderMap::new(), &bytes, &redactor);
        let fault = quoted.of_a_create();
        for text in [Some(&fault.detail), fault.public.as_ref()].into_iter().flatten() {
            assert!(!text.contains(TOKEN), "the token is quoted: {text}");
            assert!(!text.contains(char::is_control) && text.chars().count() < 800);
        }
    }
}
