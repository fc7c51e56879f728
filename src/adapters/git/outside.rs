//! How the files that a request changes stand to patterns: which lie outside those of its signer, and
//! whose patterns they touch. It reads a quarantine and changes nothing.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use git2::{ErrorCode, Oid, Repository, Tree};
use globset::GlobSet;

use super::globs;
use super::pin::oid;
use super::session::printable;
use crate::ports::{Fault, OtherFiles};
use crate::pull::ids::ObjectId;

/// How many files are named.
const NAMED: usize = 10;

/// Characters of a path that are shown.
const LONGEST_PATH: usize = 300;

/// The files that `tip` changes against every state of the target that it was made from, and that
/// no pattern matches. Renames count with both names.
///
/// # Errors
/// Permanent: the tip is not there. Misconfigured: a pattern is none.
pub(crate) fn outside(
    repo: &Repository,
    head: ObjectId,
    tip: ObjectId,
    patterns: &[String],
) -> Result<OtherFiles, Fault> {
    let patterns = globs::set(patterns)
        .map_err(|error| Fault::misconfigured(format!("a pattern: {error}")))?;
    let answer = || {
        let files = changed(repo, oid(head)?, oid(tip)?)?;
        let outside: Vec<_> = files.iter().filter(|path| !allowed(&patterns, path)).collect();
        Ok(OtherFiles {
            files: outside.iter().take(NAMED).map(|path| printable(path, LONGEST_PATH)).collect(),
            total: u32::try_from(outside.len()).unwrap_or(u32::MAX),
        })
    };
    answer().map_err(|error: git2::Error| Fault::permanent(format!("{tip}: {}", error.message())))
}

/// For each set of patterns, whether one of it matches a file that `tip` changes, as [`outside`]
/// has them.
///
/// # Errors
/// As [`outside`].
pub(crate) fn touched(
    repo: &Repository,
    head: ObjectId,
    tip: ObjectId,
    sets: &[Vec<String>],
) -> Result<Vec<bool>, Fault> {
    let sets: Result<Vec<GlobSet>, _> = sets.iter().map(|set| globs::set(set)).collect();
    let sets = sets.map_err(|error| Fault::misconfigured(format!("a pattern: {error}")))?;
    let answer = || {
        let files = changed(repo, oid(head)?, oid(tip)?)?;
        let touched = |set: &GlobSet| files.iter().any(|path| allowed(set, path));
        Ok(sets.iter().map(touched).collect())
    };
    answer().map_err(|error: git2::Error| Fault::permanent(format!("{tip}: {}", error.message())))
}

/// A path that leads about (`..`) is none that a pattern could speak of.
fn allowed(patterns: &GlobSet, path: &[u8]) -> bool {
    let leads_about = |part: &[u8]| part.is_empty() || part == b"." || part == b"..";
    !path.split(|byte| *byte == b'/').any(leads_about)
        && patterns.is_match(Path::new(OsStr::from_bytes(path)))
}

/// What differs from any of the merge bases; all there is, where there is none.
fn changed(repo: &Repository, head: Oid, tip: Oid) -> Result<BTreeSet<Vec<u8>>, git2::Error> {
    let tree = repo.find_commit(tip)?.tree()?;
    let bases = match repo.merge_bases(head, tip) {
        Ok(bases) => bases.iter().copied().collect(),
        Err(error) if error.code() == ErrorCode::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    if bases.is_empty() {
        return between(repo, None, &tree);
    }
    let mut files = BTreeSet::new();
    for base in bases {
        files.append(&mut between(repo, Some(&repo.find_commit(base)?.tree()?), &tree)?);
    }
    Ok(files)
}

fn between(
    repo: &Repository,
    from: Option<&Tree<'_>>,
    to: &Tree<'_>,
) -> Result<BTreeSet<Vec<u8>>, git2::Error> {
    let diff = repo.diff_tree_to_tree(from, Some(to), None)?;
    let sides = |delta: git2::DiffDelta<'_>| {
        let files = [delta.old_file(), delta.new_file()];
        files.map(|file| file.path_bytes().unwrap_or_default().to_owned())
    };
    Ok(diff.deltas().flat_map(sides).filter(|path| !path.is_empty()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_leads_about_is_in_no_pattern() {
        let patterns = globs::set(&["block/**".to_owned(), "**".to_owned()]).unwrap();
        assert!(allowed(&patterns, b"block/io.c"));
        for about in ["block/../Makefile", "../x", "./x", "block//x", "/x"] {
            assert!(!allowed(&patterns, about.as_bytes()), "{about}");
        }
        assert!(globs::set(&["[a".to_owned()]).is_err());
    }
}
