//! Which of certain files differ between two commits. It needs no network and changes nothing.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use git2::{DiffFile, Repository};

use super::globs;
use super::pin::{id, oid};
use super::session::printable;
use crate::ports::Fault;
use crate::pull::ci_change::ChangedFile;
use crate::pull::ids::ObjectId;

/// The longest path that is told whole.
const LONGEST_PATH: usize = 1_000;

/// The files that match a glob and differ, by path. A moved file is two: one gone, one new.
///
/// # Errors
/// Permanent: a commit is not there, or a glob is none.
pub(crate) fn changed_files(
    repo: &Repository,
    before: ObjectId,
    after: ObjectId,
    globs: &[String],
) -> Result<Vec<ChangedFile>, Fault> {
    let globs =
        globs::set(globs).map_err(|error| Fault::permanent(format!("ci_paths: {error}")))?;
    let answer = || {
        let tree = |commit: ObjectId| repo.find_commit(oid(commit)?)?.tree();
        let diff = repo.diff_tree_to_tree(Some(&tree(before)?), Some(&tree(after)?), None)?;
        let mut found = Vec::new();
        for delta in diff.deltas() {
            let path = delta.new_file().path_bytes().or(delta.old_file().path_bytes());
            let path = path.unwrap_or_default();
            if globs.is_match(Path::new(OsStr::from_bytes(path))) {
                let path = printable(path, LONGEST_PATH);
                let content = |file: DiffFile<'_>| file.exists().then(|| id(file.id()));
                let (before, after) = (content(delta.old_file()), content(delta.new_file()));
                found.push(ChangedFile { path, before, after });
            }
        }
        found.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(found)
    };
    answer().map_err(|error: git2::Error| Fault::permanent(format!("{after}: {}", error.message())))
}
