//! Questions about commits that need no network: how far, whether landed, what moved. They read a
//! quarantine or a mirror and change nothing.

use std::collections::BTreeSet;

use git2::{Commit, ErrorCode, Oid, Repository};

use super::pin::{id, oid};
use super::session::printable;
use crate::ports::Fault;
use crate::pull::ids::ObjectId;
use crate::pull::tag::{Candidate, Drift, Facts};

/// How many files that both sides changed are named.
const NAMED: usize = 10;

/// Whether `commit` is `head` or an ancestor of it.
pub(crate) fn contains(repo: &Repository, head: Oid, commit: Oid) -> Result<bool, git2::Error> {
    Ok(head == commit || repo.graph_descendant_of(head, commit)?)
}

/// Facts about a tip against the target's head.
///
/// # Errors
/// Permanent: the tip is not there.
pub(crate) fn facts(repo: &Repository, head: ObjectId, tip: ObjectId) -> Result<Facts, Fault> {
    let answer = || {
        let (at, tip) = (oid(head)?, oid(tip)?);
        repo.find_commit(tip)?;
        let (commits, _behind) = repo.graph_ahead_behind(tip, at)?;
        let commits = u32::try_from(commits).unwrap_or(u32::MAX);
        Ok(Facts { already_merged: contains(repo, at, tip)?, commits, head })
    };
    answer().map_err(|error| unreadable(&error, tip))
}

/// Which of some commits are in a tip's history and not in the target's.
///
/// # Errors
/// Permanent: the tip is not there.
pub(crate) fn brings(
    repo: &Repository,
    head: ObjectId,
    tip: ObjectId,
    asked: &[ObjectId],
) -> Result<Vec<ObjectId>, Fault> {
    let answer = || {
        let (at, above) = (oid(head)?, oid(tip)?);
        repo.find_commit(above)?;
        let mut found = Vec::new();
        for commit in asked {
            let below = oid(*commit)?;
            let there = repo.find_commit(below).is_ok();
            if there && contains(repo, above, below)? && !contains(repo, at, below)? {
                found.push(*commit);
            }
        }
        Ok(found)
    };
    answer().map_err(|error| unreadable(&error, tip))
}

/// A commit as a candidate; its first parent is the base if the target has that.
///
/// # Errors
/// Permanent: it is not there.
pub(crate) fn as_candidate(
    repo: &Repository,
    head: ObjectId,
    commit: ObjectId,
) -> Result<Candidate, Fault> {
    let answer = || {
        let found = repo.find_commit(oid(commit)?)?;
        let base = match found.parent_id(0) {
            Ok(parent) if contains(repo, oid(head)?, parent)? => Some(id(parent)),
            Ok(_) | Err(_) => None,
        };
        Ok(Candidate { base, commit, tree: id(found.tree_id()) })
    };
    answer().map_err(|error| unreadable(&error, commit))
}

/// How far the target has moved since a candidate's base.
///
/// # Errors
/// Permanent: an object is not there.
pub(crate) fn drift(
    repo: &Repository,
    head: ObjectId,
    candidate: &Candidate,
) -> Result<Drift, Fault> {
    let answer = || {
        let (at, commit) = (oid(head)?, oid(candidate.commit)?);
        let base = match candidate.base {
            Some(base) => Some(oid(base)?),
            None => merge_base(repo, at, commit)?,
        };
        let Some(base) = base else {
            return Ok(Drift { head, commits: 0, same_files: Vec::new() });
        };
        let (commits, _behind) = repo.graph_ahead_behind(at, base)?;
        let base = repo.find_commit(base)?;
        let theirs = changed(repo, &base, &repo.find_commit(at)?)?;
        let ours = changed(repo, &base, &repo.find_commit(commit)?)?;
        let same = theirs.intersection(&ours).take(NAMED).map(|path| printable(path, 300));
        let commits = u32::try_from(commits).unwrap_or(u32::MAX);
        Ok(Drift { head, commits, same_files: same.collect() })
    };
    answer().map_err(|error| unreadable(&error, candidate.commit))
}

fn merge_base(repo: &Repository, one: Oid, two: Oid) -> Result<Option<Oid>, git2::Error> {
    match repo.merge_base(one, two) {
        Ok(base) => Ok(Some(base)),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn changed(
    repo: &Repository,
    from: &Commit<'_>,
    to: &Commit<'_>,
) -> Result<BTreeSet<Vec<u8>>, git2::Error> {
    let diff = repo.diff_tree_to_tree(Some(&from.tree()?), Some(&to.tree()?), None)?;
    let sides = |delta: git2::DiffDelta<'_>| {
        let files = [delta.old_file(), delta.new_file()];
        files.map(|file| file.path_bytes().unwrap_or_default().to_owned())
    };
    Ok(diff.deltas().flat_map(sides).filter(|path| !path.is_empty()).collect())
}

fn unreadable(error: &git2::Error, what: ObjectId) -> Fault {
    Fault::permanent(format!("{what}: {}", error.message()))
}
