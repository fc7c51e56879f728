//! The stand-in GitLab itself: it really runs jobs, takes pushes, and answers in the shapes of
//! GitLab's own schemas and to a client that others wrote.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::demo::git_server::GitServer;
use crate::demo::gitlab::{GitLabStandIn, Plan, Settings};
use crate::gitlab_support::{CI_FILE, adapter, commit, feed, git, seed, stand_in};
use crate::mail::trace;
use crate::ports::Pipelines;
use crate::pull::ids::PipelineId;
use crate::pull::pipeline::Status;
use serde_json::Value;

const BRANCH: &str = "staging-1-1";

fn status_of(gitlab: &GitLabStandIn, pipeline: PipelineId, job: &str) -> Status {
    let jobs = adapter(gitlab).jobs(pipeline).unwrap();
    jobs.into_iter().find(|found| found.name == job).unwrap().status
}

/// A job's trace as a letter would quote it.
fn excerpt(gitlab: &GitLabStandIn, pipeline: PipelineId, job: &str) -> Vec<String> {
    let adapter = adapter(gitlab);
    let jobs = adapter.jobs(pipeline).unwrap();
    let id = jobs.iter().find(|found| found.name == job).unwrap().id;
    trace::tail(&trace::clean(&adapter.log(id, 100_000).unwrap()), 15)
}

#[test]
fn jobs_are_really_run() {
    let gitlab = stand_in();
    seed(&gitlab);
    let made = adapter(&gitlab).create(BRANCH).unwrap();
    gitlab.wait_for_jobs();
    assert_eq!(adapter(&gitlab).get(made.id).unwrap().status, Status::Success);
    assert_eq!(status_of(&gitlab, made.id, "flaky"), Status::Failed);
    assert_eq!(excerpt(&gitlab, made.id, "unit"), ["$ cat hello.txt", "hello"]);
    assert_eq!(
        excerpt(&gitlab, made.id, "flaky"),
        ["$ exit 3", "ERROR: Job failed: exit status 3"]
    );
}

#[test]
fn a_failed_stage_skips_the_next() {
    let gitlab = stand_in();
    commit(&gitlab, BRANCH, &[(".gitlab-ci.yml", CI_FILE)]);
    let made = adapter(&gitlab).create(BRANCH).unwrap();
    gitlab.wait_for_jobs();
    assert_eq!(adapter(&gitlab).get(made.id).unwrap().status, Status::Failed);
    assert_eq!(status_of(&gitlab, made.id, "unit"), Status::Skipped);
    assert_eq!(
        excerpt(&gitlab, made.id, "compile"),
        ["$ echo building", "building", "$ test -f hello.txt", "ERROR: Job failed: exit status 1"]
    );
}

/// A job that would run for an hour, with a child of its own.
const ENDLESS: &str = r#"{"endless": {"script": ["(sleep 3600)", "echo done"]}}"#;

#[test]
fn a_job_is_ended_at_its_limit() {
    let settings = Settings { job_limit: Duration::from_millis(300), ..Settings::default() };
    let gitlab = GitLabStandIn::start(settings).unwrap();
    commit(&gitlab, BRANCH, &[(".gitlab-ci.yml", ENDLESS)]);
    let made = adapter(&gitlab).create(BRANCH).unwrap();
    gitlab.wait_for_jobs();
    let jobs = adapter(&gitlab).jobs(made.id).unwrap();
    assert_eq!(jobs[0].failure_reason.as_deref(), Some("job_execution_timeout"));
}

#[test]
fn a_cancelled_pipeline_and_a_dropped_stand_in_end_their_jobs() {
    let gitlab = stand_in();
    commit(&gitlab, BRANCH, &[(".gitlab-ci.yml", ENDLESS)]);
    let made = adapter(&gitlab).create(BRANCH).unwrap();
    adapter(&gitlab).cancel(made.id).unwrap();
    gitlab.wait_for_jobs();
    assert_eq!(adapter(&gitlab).get(made.id).unwrap().status, Status::Canceled);
    assert_eq!(status_of(&gitlab, made.id, "endless"), Status::Canceled);
    adapter(&gitlab).create(BRANCH).unwrap();
    drop(gitlab);
}

/// A clone of the stand-in's project, with the token where git asks for it.
fn clone(gitlab: &GitLabStandIn, folder: &Path, token: &str) -> (bool, PathBuf) {
    let helper = format!("!f() {{ echo username=any; echo password={token}; }}; f");
    let into = folder.join("clone");
    let cloned = git()
        .args(["-c", &format!("credential.helper={helper}"), "clone", "-q"])
        .args(["-c", "user.name=T", "-c", "user.email=t@example.org"])
        .args(["-c", &format!("credential.helper={helper}")])
        .arg(gitlab.git_url())
        .arg(&into)
        .output()
        .unwrap();
    (cloned.status.success(), into)
}

fn in_clone(folder: &Path, arguments: &[&str]) -> bool {
    git().arg("-C").arg(folder).args(arguments).output().unwrap().status.success()
}

#[test]
fn a_push_makes_a_pipeline_unless_it_says_skip() {
    let gitlab = stand_in();
    commit(&gitlab, "master", &[(".gitlab-ci.yml", CI_FILE), ("hello.txt", "x")]);
    let folder = tempfile::tempdir().unwrap();
    let (cloned, clone) = clone(&gitlab, folder.path(), gitlab.token());
    assert!(cloned);
    assert!(in_clone(&clone, &["push", "-q", "-o", "ci.skip", "origin", "HEAD:refs/heads/a"]));
    assert!(in_clone(&clone, &["push", "-q", "origin", "HEAD:refs/heads/b"]));
    assert!(in_clone(&clone, &["push", "-q", "origin", ":refs/heads/a"]));
    gitlab.wait_for_jobs();
    let made: Vec<_> = gitlab.pipelines().into_iter().map(|(_, r, s, w)| (r, s, w)).collect();
    let expected = [("a", "push", "skipped"), ("b", "push", "success")];
    assert_eq!(made, expected.map(|(r, s, w)| (r.into(), s.into(), w.into())));
}

#[test]
fn who_has_no_token_may_not_push_and_of_a_private_project_not_read() {
    let gitlab = stand_in();
    commit(&gitlab, "master", &[("a", "b")]);
    let folder = tempfile::tempdir().unwrap();
    let (cloned, clone_of_it) = clone(&gitlab, folder.path(), "wrong");
    assert!(cloned, "a public project is read by everybody");
    assert!(!in_clone(&clone_of_it, &["push", "-q", "origin", "HEAD:refs/heads/a"]));
    assert!(gitlab.pipelines().is_empty());

    let private = GitLabStandIn::start(Settings { private: true, ..Settings::default() }).unwrap();
    commit(&private, "master", &[("a", "b")]);
    let folder = tempfile::tempdir().unwrap();
    assert!(!clone(&private, folder.path(), "wrong").0);
    assert!(clone(&private, folder.path(), private.token()).0);
}

#[test]
fn a_published_tree_is_read_by_everybody_and_written_by_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("alice/tree.git");
    crate::demo::git_http::init_bare(&tree).unwrap();
    let commit = "commit refs/heads/master\ncommitter T <t@example.org> 1 +0000\ndata 1\nx\n";
    feed(&tree, &["fast-import", "--quiet"], commit);
    std::fs::write(folder.path().join("secret"), "x").unwrap();
    let server = GitServer::start(folder.path()).unwrap();
    let clone = folder.path().join("clone");
    let url = format!("{}/alice/tree.git", server.url());
    let cloned = git().args(["clone", "-q", &url]).arg(&clone).output().unwrap();
    assert!(cloned.status.success());
    assert!(!in_clone(&clone, &["push", "-q", "origin", "HEAD:refs/heads/x"]));
    for path in ["secret", "alice/tree.git/config", "alice/tree.git/../../secret"] {
        let answer = ureq::get(format!("{}/{path}", server.url())).call();
        assert!(answer.is_err(), "{path}");
    }
}

#[test]
fn a_big_push_and_a_big_fetch_pass_through() {
    let gitlab = stand_in();
    // Hardly compressible, so that the push is sent in chunks (above http.postBuffer, 1 MiB).
    let mut state = 1_u64;
    let noise: String = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from(33 + (state >> 33) as u8 % 90)
    })
    .take(2_000_000)
    .collect();
    commit(&gitlab, "master", &[("noise", &noise)]);
    let folder = tempfile::tempdir().unwrap();
    let (cloned, clone) = clone(&gitlab, folder.path(), gitlab.token());
    assert!(cloned);
    assert_eq!(std::fs::read_to_string(clone.join("noise")).unwrap(), noise);
    std::fs::write(clone.join("noise"), noise.chars().rev().collect::<String>()).unwrap();
    assert!(in_clone(&clone, &["commit", "-qam", "x"]));
    assert!(in_clone(&clone, &["push", "-q", "-o", "ci.skip", "origin", "HEAD:refs/heads/x"]));
    let pushed = feed(gitlab.repository(), &["cat-file", "-s", "x:noise"], "");
    assert_eq!(pushed.trim(), "2000000");
}

/// GitLab's schemas, where they are at hand.
fn schemas() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/gitlab/schemas");
    folder.canonicalize().ok()
}

/// Reads `$ref`s as files. GitLab keeps some that these do not come along with: they allow all.
struct Files;

impl jsonschema::Retrieve for Files {
    fn retrieve(
        &self,
        uri: &jsonschema::Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let text = std::fs::read_to_string(uri.path().as_str());
        text.map_or(Ok(Value::Bool(true)), |text| Ok(serde_json::from_str(&text)?))
    }
}

fn validator(folder: &Path, name: &str) -> jsonschema::Validator {
    let file = folder.join(name);
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    jsonschema::options()
        .with_base_uri(format!("file://{}", file.display()))
        .with_retriever(Files)
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
}

fn read(gitlab: &GitLabStandIn, path: &str) -> Value {
    let url = format!("{}/api/v4/{path}", gitlab.url());
    let mut answer = ureq::get(&url).header("PRIVATE-TOKEN", gitlab.token()).call().unwrap();
    serde_json::from_reader(answer.body_mut().as_reader()).unwrap()
}

fn expect_valid(validator: &jsonschema::Validator, value: &Value, what: &str) {
    let errors: Vec<String> = validator.iter_errors(value).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{what}: {errors:?} in {value}");
}

#[test]
fn answers_have_the_shapes_of_gitlabs_own_schemas() {
    let Some(folder) = schemas() else { return };
    let schema = |name: &str| validator(&folder.join("public_api/v4"), name);
    // The check can fail.
    assert!(!schema("pipeline/basic.json").is_valid(&serde_json::json!({"id": "1"})));
    assert!(!schema("job.json").is_valid(&serde_json::json!({})));

    let gitlab = stand_in();
    seed(&gitlab);
    for plan in [Plan::Run, Plan::Pass, Plan::StayPending, Plan::Manual, Plan::Canceled] {
        gitlab.next_pipeline(plan);
        adapter(&gitlab).create(BRANCH).unwrap();
    }
    gitlab.next_pipeline(Plan::FailJobs(vec!["unit".into()]));
    adapter(&gitlab).create(BRANCH).unwrap();
    let reason = "stuck_pending_no_matching_runners".into();
    gitlab.next_pipeline(Plan::Break { job: "unit".into(), reason });
    adapter(&gitlab).create(BRANCH).unwrap();
    gitlab.wait_for_jobs();

    expect_valid(&schema("metadata.json"), &read(&gitlab, "metadata"), "metadata");
    expect_valid(&schema("user/basic.json"), &read(&gitlab, "user"), "user");
    let project = "projects/demo%2Fproject";
    let listed = read(&gitlab, &format!("{project}/pipelines"));
    assert_eq!(listed.as_array().unwrap().len(), 7);
    let mut jobs_seen = 0;
    for row in listed.as_array().unwrap() {
        expect_valid(&schema("pipeline/basic.json"), row, "a pipeline in a list");
        let path = format!("{project}/pipelines/{}", row["id"]);
        expect_valid(&schema("pipeline/detail.json"), &read(&gitlab, &path), "a pipeline");
        for mut job in read(&gitlab, &format!("{path}/jobs")).as_array().unwrap().clone() {
            // GitLab's schema is of a job that did not fail; see its provenance.
            let reason = job.as_object_mut().unwrap().remove("failure_reason");
            assert_eq!(reason.is_some(), job["status"] == "failed");
            expect_valid(&schema("job.json"), &job, "a job");
            jobs_seen += 1;
        }
    }
    assert!(jobs_seen >= 21);
    assert_eq!(gitlab.unexpected(), [""; 0]);
}

/// A Python that has `python-gitlab`.
fn python() -> Option<String> {
    let named = std::env::var("GATEPOST_PYTHON").ok();
    let candidates = named.into_iter().chain(["python3".to_owned()]);
    candidates.into_iter().find(|python| {
        let imports = Command::new(python).args(["-c", "import gitlab"]).output();
        imports.is_ok_and(|output| output.status.success())
    })
}

#[test]
fn a_client_that_others_wrote_understands_the_answers() {
    let python = python().expect(
        "no Python with python-gitlab: `tests/run` installs it and names it in GATEPOST_PYTHON",
    );
    let gitlab = stand_in();
    seed(&gitlab);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/gitlab_client.py");
    let output = Command::new(python)
        .arg(script)
        .args([gitlab.url(), gitlab.token(), gitlab.project(), BRANCH])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(gitlab.unexpected(), [""; 0]);
}
