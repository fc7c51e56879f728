//! Who on the target touched the files that conflict: what an author has to look at first.

use std::path::Path;

use git2::{Commit, Oid, Repository, Sort};

use super::merge::short;
use super::session::printable;

/// How many commits are named for a file.
const NAMED: usize = 3;

/// How many of the target's commits are looked through.
const LOOKED_AT: usize = 5000;

/// For each path the newest commits on the target since the merge base that touched it: short id
/// and subject.
///
/// # Errors
/// libgit2's own: an object is not there.
pub(crate) fn touched_by(
    repo: &Repository,
    target: Oid,
    tip: Oid,
    paths: &[&[u8]],
) -> Result<Vec<Vec<String>>, git2::Error> {
    let mut touched = vec![Vec::new(); paths.len()];
    let mut walk = repo.revwalk()?;
    walk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME)?;
    walk.push(target)?;
    walk.hide(tip)?;
    for oid in walk.take(LOOKED_AT) {
        if touched.iter().all(|commits| commits.len() >= NAMED) {
            break;
        }
        let commit = repo.find_commit(oid?)?;
        for (path, commits) in paths.iter().zip(&mut touched) {
            if commits.len() < NAMED && touches(&commit, path)? {
                let subject = printable(commit.summary_bytes().unwrap_or_default(), 100);
                commits.push(format!("{} {subject}", short(commit.id())));
            }
        }
    }
    Ok(touched)
}

/// Whether a commit has a file otherwise than each of its parents, as `git log` asks.
fn touches(commit: &Commit<'_>, path: &[u8]) -> Result<bool, git2::Error> {
    let now = at(commit, path)?;
    if commit.parent_count() == 0 {
        return Ok(now.is_some());
    }
    for parent in commit.parents() {
        if at(&parent, path)? == now {
            return Ok(false);
        }
    }
    Ok(true)
}

fn at(commit: &Commit<'_>, path: &[u8]) -> Result<Option<(Oid, i32)>, git2::Error> {
    let path = Path::new(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(path));
    match commit.tree()?.get_path(path) {
        Ok(entry) => Ok(Some((entry.id(), entry.filemode()))),
        Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
