//! The project is held to the real git and the real shell.

use std::process::{Command, Stdio};

use super::*;

const NOW: &str = "2026-03-02T12:00:00Z";
const LIST: &str = "devel@lists.example";

/// A signature in form only.
fn scrawl(
    by: &Maintainer,
    payload: &[u8],
    at: Timestamp,
) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let text = format!("{} {} {at}", by.address, payload.len());
    Ok(format!("-----BEGIN PGP SIGNATURE-----\n\n{text}\n-----END PGP SIGNATURE-----\n"))
}

fn made() -> (tempfile::TempDir, DemoProject) {
    let folder = tempfile::tempdir().unwrap();
    let project = make(folder.path(), NOW.parse().unwrap(), &scrawl).unwrap();
    (folder, project)
}

fn run(program: &str, folder: &Path, args: &[&str]) -> (bool, String) {
    let mut command = Command::new(program);
    command.current_dir(folder).args(args).stdin(Stdio::null());
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    command.env("GIT_AUTHOR_NAME", "T").env("GIT_AUTHOR_EMAIL", "t@x.example");
    command.env("GIT_COMMITTER_NAME", "T").env("GIT_COMMITTER_EMAIL", "t@x.example");
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

fn git(folder: &Path, args: &[&str]) -> String {
    let (ok, text) = run("git", folder, args);
    assert!(ok, "git {args:?}: {text}");
    text
}

#[test]
fn the_repositories_are_whole_and_the_same_every_time() {
    let (folder, project) = made();
    for path in [&project.upstream].into_iter().chain(project.pulls.iter().map(|p| &p.repository)) {
        git(path, &["fsck", "--strict"]);
    }
    assert_eq!(git(&project.upstream, &["rev-list", "--count", "master"]).trim(), "20");
    assert_eq!(git(&project.upstream, &["rev-parse", "HEAD"]).trim(), project.master);
    assert!(!folder.path().join("scratch.git").exists());
    let (_other, again) = made();
    assert_eq!(again.master, project.master);
    assert_eq!(
        again.pulls.iter().map(DemoPull::tip).collect::<Vec<_>>(),
        project.pulls.iter().map(DemoPull::tip).collect::<Vec<_>>()
    );
}

#[test]
fn a_cover_letter_says_what_git_request_pull_says() {
    let (_folder, project) = made();
    for pull in &project.pulls {
        let url = pull.repository.to_str().unwrap();
        let real = git(&pull.repository, &["request-pull", &pull.base(), url, &pull.tag]);
        let mails = pull.letters(url, LIST).unwrap();
        let text = String::from_utf8(mails[0].bytes.clone()).unwrap();
        let (_, body) = text.split_once("\n\n").unwrap();
        assert_eq!(body, format!("{real}\n-- \n2.47.3\n\n"));
    }
}

#[test]
fn the_patch_mails_apply_and_give_the_tips_tree() {
    let (folder, project) = made();
    for pull in &project.pulls {
        let work = folder.path().join(format!("work-{}", pull.tag));
        let upstream = project.upstream.to_str().unwrap();
        git(folder.path(), &["clone", "-q", upstream, work.to_str().unwrap()]);
        git(&work, &["checkout", "-q", &pull.base()]);
        for (number, mail) in pull.letters("x", LIST).unwrap().iter().enumerate().skip(1) {
            let path = folder.path().join(format!("{number}.eml"));
            std::fs::write(&path, &mail.bytes).unwrap();
            git(&work, &["am", "-q", path.to_str().unwrap()]);
        }
        let tree = git(&work, &["rev-parse", "HEAD^{tree}"]);
        let wanted = format!("{}^{{tree}}", pull.tip());
        assert_eq!(tree, git(&pull.repository, &["rev-parse", &wanted]));
        let log = ["log", "--format=%an <%ae> %s%n%b", "-3"];
        assert_eq!(git(&work, &log), git(&pull.repository, &[&log[..], &["next"]].concat()));
    }
}

#[test]
fn the_mails_are_one_thread_by_their_author() {
    let (_folder, project) = made();
    let pull = &project.pulls[2];
    let mails = pull.letters("https://git.example/carol.git", LIST).unwrap();
    let read = |mail: &PullMail| {
        let parsed = mail_parser::MessageParser::default().parse(&mail.bytes).unwrap().into_owned();
        assert_eq!(parsed.message_id(), Some(mail.message_id.as_str()));
        assert_eq!(parsed.subject(), Some(mail.subject.as_str()));
        assert_eq!(parsed.from().unwrap().first().unwrap().name(), Some("Carol Muñoz"));
        parsed
    };
    assert_eq!(mails.len(), 2);
    assert_eq!(mails[0].subject, "[PULL 0/1] Text patches");
    assert_eq!(read(&mails[0]).in_reply_to().as_text(), None);
    let patch = read(&mails[1]);
    assert_eq!(patch.in_reply_to().as_text(), Some(mails[0].message_id.as_str()));
    assert!(patch.body_text(0).unwrap().contains("Suggested by Jörg"));
    let ids: std::collections::BTreeSet<_> = project
        .pulls
        .iter()
        .flat_map(|pull| pull.letters("x", LIST).unwrap())
        .map(|mail| mail.message_id)
        .collect();
    assert_eq!(ids.len(), 2 + 2 + 4 + 2);
}

/// Merges a request onto master and runs the whole test suite.
fn merged(project: &DemoProject, folder: &Path, pull: &DemoPull) -> Result<(bool, String), String> {
    let work = folder.join(format!("merge-{}", pull.tag));
    git(folder, &["clone", "-q", project.upstream.to_str().unwrap(), work.to_str().unwrap()]);
    git(&work, &["fetch", "-q", pull.repository.to_str().unwrap(), "tag", &pull.tag]);
    match run("git", &work, &["merge", "-q", "--no-edit", &pull.tip()]) {
        (true, _) => Ok(run("sh", &work, &["tests/run.sh"])),
        (false, text) => Err(text),
    }
}

#[test]
fn each_request_has_the_fate_that_it_is_said_to_have() {
    let (folder, project) = made();
    for pull in &project.pulls {
        let outcome = merged(&project, folder.path(), pull);
        match pull.fate {
            Fate::Passes | Fate::BadSignature => {
                let (ok, log) = outcome.unwrap();
                assert!(ok, "{log}");
            }
            Fate::FailsATest => {
                let (ok, log) = outcome.unwrap();
                assert!(!ok && log.contains("not ok: a sum of negative numbers: got '0'"), "{log}");
                assert!(log.ends_with("2 failed\n"), "{log}");
            }
            Fate::Conflicts => {
                let text = outcome.unwrap_err();
                assert!(
                    text.contains("CONFLICT (content): Merge conflict in lib/text.sh"),
                    "{text}"
                );
            }
        }
    }
}

#[test]
fn only_the_bad_signature_does_not_belong_to_its_tag() {
    let folder = tempfile::tempdir().unwrap();
    let signed = std::cell::RefCell::new(Vec::new());
    let sign = |by: &Maintainer, payload: &[u8], at: Timestamp| {
        signed.borrow_mut().push(payload.to_vec());
        scrawl(by, payload, at)
    };
    let project = make(folder.path(), NOW.parse().unwrap(), &sign).unwrap();
    for (pull, payload) in project.pulls.iter().zip(signed.borrow().iter()) {
        let object = git(&pull.repository, &["cat-file", "tag", &pull.tag]);
        let (text, _) = object.split_once("-----BEGIN").unwrap();
        let same = text.as_bytes() == payload.as_slice();
        assert_eq!(same, pull.fate != Fate::BadSignature, "{}", pull.tag);
    }
}

#[test]
fn the_ci_configuration_is_json_and_its_jobs_run() {
    let (folder, project) = made();
    let text = git(&project.upstream, &["show", "master:.gitlab-ci.yml"]);
    let config: serde_json::Value = serde_json::from_str(&text).unwrap();
    let work = folder.path().join("work");
    git(folder.path(), &["clone", "-q", project.upstream.to_str().unwrap(), "work"]);
    let jobs = config.as_object().unwrap().iter().filter(|(name, _)| *name != "stages");
    for (name, job) in jobs {
        assert!(config["stages"].as_array().unwrap().contains(&job["stage"]), "{name}");
        for line in job["script"].as_array().unwrap() {
            let (ok, log) = run("sh", &work, &["-c", line.as_str().unwrap()]);
            assert!(ok, "{name}: {log}");
        }
    }
    let program = ["-c", "printf '1\\n2\\n' | bin/tally sum"];
    assert_eq!(run("sh", &work, &program), (true, "3\n".to_owned()));
}
