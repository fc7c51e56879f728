//! What the tests of the GitLab adapter and of its stand-in share.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::adapters::gitlab::GitLab;
use crate::config::model::Ci;
use crate::config::secret::Secret;
use crate::demo::gitlab::{GitLabStandIn, Settings};
use crate::pull::ids::ObjectId;
use crate::pull::policy::CiLint;
use jiff::SignedDuration;

/// A project with two stages and a job that may fail.
pub(crate) const CI_FILE: &str = r#"{
    "stages": ["build", "test"],
    "compile": {"stage": "build", "script": ["echo building", "test -f hello.txt"]},
    "unit": {"stage": "test", "script": "cat hello.txt", "tags": ["linux"]},
    "flaky": {"stage": "test", "script": "exit 3", "allow_failure": true}
}"#;

/// A stand-in below a path, as some GitLabs are.
pub(crate) fn stand_in() -> GitLabStandIn {
    GitLabStandIn::start(Settings { prefix: "/gitlab".into(), ..Settings::default() }).unwrap()
}

/// The configuration that leads to it.
pub(crate) fn ci(gitlab: &GitLabStandIn) -> Ci {
    Ci {
        gitlab: format!("{}/", gitlab.url()),
        project: gitlab.project().into(),
        push_url: gitlab.git_url(),
        fetch_url: gitlab.git_url(),
        token: Secret::new(gitlab.token()),
        ca_file: None,
        reference: "staging-gatepost-{number}-{attempt}".into(),
        max_running: 1,
        start_within: SignedDuration::from_hours(4),
        finish_within: SignedDuration::from_hours(2),
        poll: SignedDuration::from_secs(30),
        required_jobs: Vec::new(),
        ci_lint: CiLint::Try,
        ci_paths: Vec::new(),
        variables: BTreeMap::new(),
        inputs: BTreeMap::new(),
    }
}

/// The adapter, as it is configured by default.
pub(crate) fn adapter(gitlab: &GitLabStandIn) -> GitLab {
    GitLab::new(&ci(gitlab)).unwrap()
}

/// Puts a commit with these files on a branch of the stand-in's repository, without a push.
pub(crate) fn commit(gitlab: &GitLabStandIn, branch: &str, files: &[(&str, &str)]) -> ObjectId {
    let mut stream = format!(
        "commit refs/heads/{branch}\ncommitter T <t@example.org> 1795345200 +0100\n\
         data 8\nA commit\n"
    );
    for (name, text) in files {
        stream.push_str(&format!("M 100644 inline {name}\ndata {}\n{text}\n", text.len()));
    }
    feed(gitlab.repository(), &["fast-import", "--quiet", "--force"], &stream);
    let reference = format!("refs/heads/{branch}");
    feed(gitlab.repository(), &["rev-parse", &reference], "").trim().parse().unwrap()
}

/// The usual commit on the usual branch.
pub(crate) fn seed(gitlab: &GitLabStandIn) -> ObjectId {
    commit(gitlab, "staging-1-1", &[(".gitlab-ci.yml", CI_FILE), ("hello.txt", "hello\n")])
}

/// Runs git on a bare repository, without the caller's settings.
pub(crate) fn feed(repository: &Path, arguments: &[&str], input: &str) -> String {
    let mut child = git()
        .arg("--git-dir")
        .arg(repository)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "git {arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// `git` without the caller's settings, that never asks.
pub(crate) fn git() -> Command {
    let mut command = Command::new("git");
    command
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env_remove("GIT_DIR");
    command
}
