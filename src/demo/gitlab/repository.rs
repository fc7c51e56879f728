//! What the stand-in asks its bare repository, by the `git` command. It must not change it.

use std::io;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::world::CommitFacts;

/// The commit of a branch or tag; `None` if there is none. The second: whether it is a tag.
pub(super) fn resolve(repository: &Path, name: &str) -> Option<(String, bool)> {
    [("heads", false), ("tags", true)].into_iter().find_map(|(kind, tag)| {
        let spec = format!("refs/{kind}/{name}^{{commit}}");
        let found = text(repository, &["rev-parse", "--verify", "--quiet", &spec]).ok()?;
        Some((found.trim().to_owned(), tag))
    })
}

/// The commit of a branch, a tag or an id; `None` if there is none.
pub(super) fn resolve_any(repository: &Path, name: &str) -> Option<String> {
    if let Some((sha, _)) = resolve(repository, name) {
        return Some(sha);
    }
    let is_id = name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let spec = format!("{name}^{{commit}}");
    let found = text(repository, &["rev-parse", "--verify", "--quiet", &spec]);
    found.ok().filter(|_| is_id).map(|sha| sha.trim().to_owned())
}

/// A file at a commit; `None` if it has none.
pub(super) fn file(repository: &Path, sha: &str, name: &str) -> Option<String> {
    text(repository, &["show", &format!("{sha}:{name}")]).ok()
}

/// A commit as the API shows it.
///
/// # Errors
/// It is not there.
pub(super) fn commit(repository: &Path, sha: &str) -> io::Result<CommitFacts> {
    let format = "--format=%H%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%s%x00%B";
    let shown = text(repository, &["log", "-1", format, "--end-of-options", sha])?;
    let [id, parents, an, ae, at, cn, ce, ct, title, message] =
        shown.splitn(10, '\0').collect::<Vec<_>>()[..]
    else {
        return Err(io::Error::other("git log said something else"));
    };
    let person =
        |name: &str, address: &str, at: &str| (name.to_owned(), address.to_owned(), millis(at));
    Ok(CommitFacts {
        id: id.to_owned(),
        parents: parents.split_whitespace().map(str::to_owned).collect(),
        title: title.to_owned(),
        message: message.trim_end().to_owned(),
        author: person(an, ae, at),
        committer: person(cn, ce, ct),
    })
}

/// Writes a commit's files into a folder; the index it needs goes into `scratch`.
///
/// # Errors
/// The disk, or the commit is not there.
pub(super) fn check_out(
    repository: &Path,
    sha: &str,
    scratch: &Path,
    into: &Path,
) -> io::Result<()> {
    std::fs::create_dir(into)?;
    let index = scratch.join("index");
    for arguments in [&["read-tree", sha][..], &["checkout-index", "--all"]] {
        let mut command = git(repository, arguments);
        command.current_dir(into).env("GIT_WORK_TREE", into).env("GIT_INDEX_FILE", &index);
        finish(command.output()?)?;
    }
    Ok(())
}

/// `2026-11-22T11:00:00+01:00` with the milliseconds that GitLab writes.
fn millis(date: &str) -> String {
    let date = date.replace('Z', "+00:00");
    match date.split_at_checked(19) {
        Some((time, zone)) => format!("{time}.000{zone}"),
        None => date,
    }
}

fn text(repository: &Path, arguments: &[&str]) -> io::Result<String> {
    let output = finish(git(repository, arguments).output()?)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn git(repository: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("git");
    command
        .arg("--git-dir")
        .arg(repository)
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .stdin(Stdio::null());
    command
}

fn finish(output: Output) -> io::Result<Output> {
    if output.status.success() {
        Ok(output)
    } else {
        Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
    }
}
