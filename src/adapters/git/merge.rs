//! The merge: in memory, the same order giving the same commit byte for byte, and a list of what
//! conflicts. No configuration of the machine has a say in it.

use std::collections::BTreeMap;

use git2::{IndexConflict, MergeOptions, Oid, Repository, Signature, Time};

use super::blame;
use super::order::{MergeTask, Reply};
use super::pin;
use super::session::{out_of_memory, printable};
use crate::ports::Fault;
use crate::pull::ids::ObjectId;
use crate::pull::tag::{Candidate, ConflictFile, Pinned};

/// How many conflicting files are listed.
const LISTED: usize = 20;

/// Fixed, so that no configuration changes a merge: git's own defaults.
const RENAME_THRESHOLD: u32 = 50;
const RENAME_LIMIT: u32 = 1000;

/// How deep merges of merge bases go. A hostile history could nest them without end.
const RECURSION: u32 = 16;

/// Merges as ordered.
///
/// # Errors
/// Permanent: an object is not there, or not sound.
pub(crate) fn merge(task: &MergeTask) -> Result<Reply, Reply> {
    in_repository(task).map_err(|error| {
        let fault = if error.class() == git2::ErrorClass::NoMemory {
            out_of_memory(error.message())
        } else {
            Fault::permanent(format!(
                "merging {} onto {}: {}",
                task.tip,
                task.base,
                error.message()
            ))
        };
        Reply::Fault(fault)
    })
}

fn in_repository(task: &MergeTask) -> Result<Reply, git2::Error> {
    let repo = Repository::open_bare(&task.repository)?;
    let (base, tip) = (pin::oid(task.base)?, pin::oid(task.tip)?);
    if base == tip || repo.graph_descendant_of(base, tip)? {
        return Ok(Reply::AlreadyMerged);
    }
    let (ours, theirs) = (repo.find_commit(base)?, repo.find_commit(tip)?);
    let mut options = MergeOptions::new();
    options
        .find_renames(true)
        .rename_threshold(RENAME_THRESHOLD)
        .target_limit(RENAME_LIMIT)
        .recursion_limit(RECURSION);
    let mut index = repo.merge_commits(&ours, &theirs, Some(&options))?;
    if index.has_conflicts() {
        let conflicts = index.conflicts()?.collect::<Result<Vec<_>, _>>()?;
        let (files, total) = described(&repo, &conflicts, base, tip)?;
        return Ok(Reply::Conflict { files, total });
    }
    let tree = repo.find_tree(index.write_tree_to(&repo)?)?;
    let (name, address) = &task.who;
    let who = Signature::new(name, address, &Time::new(task.at, 0))?;
    let parents = [&ours, &theirs];
    let commit = repo.commit(None, &who, &who, &task.message, &tree, &parents)?;
    let (commit, tree) = (pin::id(commit), pin::id(tree.id()));
    Ok(Reply::Candidate(Candidate { base: Some(task.base), commit, tree }))
}

fn described(
    repo: &Repository,
    conflicts: &[IndexConflict],
    base: Oid,
    tip: Oid,
) -> Result<(Vec<ConflictFile>, u32), git2::Error> {
    let mut kinds = BTreeMap::new();
    for conflict in conflicts {
        let sides = [&conflict.our, &conflict.their, &conflict.ancestor];
        if let Some(entry) = sides.into_iter().flatten().next() {
            kinds.entry(entry.path.clone()).or_insert_with(|| kind(conflict));
        }
    }
    let total = u32::try_from(kinds.len()).unwrap_or(u32::MAX);
    let listed: Vec<_> = kinds.into_iter().take(LISTED).collect();
    let paths: Vec<_> = listed.iter().map(|(path, _)| path.as_slice()).collect();
    let touched = blame::touched_by(repo, base, tip, &paths)?;
    let files = listed.iter().zip(touched).map(|((path, kind), touched_by)| ConflictFile {
        path: printable(path, 300),
        kind: (*kind).to_owned(),
        touched_by,
    });
    Ok((files.collect(), total))
}

/// What is at odds; "target" is ours, "request" theirs. An entry without its ancestor where the
/// other side has none either is one half of a rename.
fn kind(conflict: &IndexConflict) -> &'static str {
    match (&conflict.ancestor, &conflict.our, &conflict.their) {
        (Some(_), Some(ours), Some(theirs)) if ours.mode != theirs.mode => {
            "changed on both sides, in content or type"
        }
        (Some(_), Some(_), Some(_)) => "changed on both sides",
        (None, Some(_), Some(_)) => "added on both sides",
        (Some(_), Some(_), None) => "changed on the target, deleted or renamed in the request",
        (Some(_), None, Some(_)) => "deleted or renamed on the target, changed in the request",
        (Some(_), None, None) => "renamed differently on both sides",
        (None, Some(_), None) => "added or renamed on the target",
        (None, None, Some(_)) => "added or renamed in the request",
        (None, None, None) => "at odds",
    }
}

/// The merge commit's message, as QEMU's maintainers have it: what, whence and whither, then the
/// tag's own text.
pub(crate) fn message(pinned: &Pinned, url: &str, into: &str) -> String {
    let name = &pinned.reference;
    let what = if let Some(name) = name.strip_prefix("refs/tags/") {
        format!("tag '{name}' of ")
    } else if let Some(name) = name.strip_prefix("refs/heads/") {
        format!("branch '{name}' of ")
    } else if name == "HEAD" {
        String::new()
    } else {
        format!("'{name}' of ")
    };
    let url = url.trim().trim_end_matches('/');
    let url = url.strip_suffix(".git").unwrap_or(url).trim_end_matches('/');
    let mut message = format!("Merge {what}{url} into {into}\n");
    if let Some(tag) = &pinned.tag {
        let text = tag.message.replace('\0', "").replace("\r\n", "\n");
        if !text.trim().is_empty() {
            message.push('\n');
            message.push_str(text.trim_matches('\n'));
            message.push('\n');
        }
    }
    message
}

/// The id of a commit in twelve digits, for people.
pub(crate) fn short(oid: Oid) -> String {
    let id: ObjectId = pin::id(oid);
    id.short()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pull::tag::Tag;

    fn pinned(reference: &str, text: Option<&str>) -> Pinned {
        let id = ObjectId::from_bytes([1; 20]);
        let tag = text.map(|text| Tag {
            id,
            payload: None,
            name: "x".into(),
            tagger: String::new(),
            tagged_at: None,
            message: text.into(),
        });
        Pinned { reference: reference.into(), tip: id, tag }
    }

    #[test]
    fn a_message_says_what_whence_and_whither_and_carries_the_tags_text() {
        let tag = pinned("refs/tags/pull-1", Some("Block patches\n\n- fixes\n"));
        assert_eq!(
            message(&tag, "https://example.org/q.git/", "staging"),
            "Merge tag 'pull-1' of https://example.org/q into staging\n\nBlock patches\n\n- fixes\n"
        );
        let branch = pinned("refs/heads/next", None);
        assert_eq!(
            message(&branch, "https://example.org/q", "master"),
            "Merge branch 'next' of https://example.org/q into master\n"
        );
    }
}
