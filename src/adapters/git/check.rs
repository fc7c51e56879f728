//! Looks at what a fetch brought before anybody uses it: whole, in bounds, without names that
//! trick a checkout. libgit2 has hashed every object by then, and checks nothing else.

use std::collections::HashSet;

use git2::{ErrorClass, ErrorCode, ObjectType, Odb, Oid, Repository};

use super::session::size;
use crate::ports::Fault;

/// Walks everything that a commit reaches and the mirror has not.
///
/// # Errors
/// Permanent: an object is missing, malformed, too large, or a tree has a name in it that no
/// checkout should see.
pub fn arrivals(repo: &Repository, mirror: &Odb<'_>, tip: Oid, largest: u64) -> Result<(), Fault> {
    let odb = repo.odb().map_err(|error| unsound(&error))?;
    let mut seen = HashSet::new();
    let mut open = vec![(tip, ObjectType::Commit)];
    while let Some((oid, kind)) = open.pop() {
        // The mirror holds only what the project's own repository gave, which is whole.
        if mirror.exists(oid) || !seen.insert(oid) {
            continue;
        }
        let (bytes, is) = odb.read_header(oid).map_err(|error| unsound(&error))?;
        if is != kind {
            return Err(says(format!("{oid} is a {is} where a {kind} should be")));
        }
        if bytes as u64 > largest {
            let (is, most) = (size(bytes as u64), size(largest));
            return Err(Fault::permanent(format!("{oid} has {is}, more than {most}"))
                .saying(format!("A file in the request has {is}; at most {most} are taken.")));
        }
        match kind {
            ObjectType::Commit => {
                let commit = repo.find_commit(oid).map_err(|error| unsound(&error))?;
                open.push((commit.tree_id(), ObjectType::Tree));
                open.extend(commit.parent_ids().map(|parent| (parent, ObjectType::Commit)));
            }
            ObjectType::Tree => entries(repo, oid, &mut open)?,
            ObjectType::Blob | ObjectType::Tag | ObjectType::Any => {}
        }
    }
    Ok(())
}

fn entries(repo: &Repository, oid: Oid, open: &mut Vec<(Oid, ObjectType)>) -> Result<(), Fault> {
    let tree = repo.find_tree(oid).map_err(|error| unsound(&error))?;
    for entry in &tree {
        if is_trap(entry.name_bytes()) {
            return Err(says(format!("tree {oid} has an entry that no checkout should see")));
        }
        match entry.kind() {
            // A submodule's commit is somebody else's.
            Some(ObjectType::Commit) => {}
            Some(kind @ (ObjectType::Tree | ObjectType::Blob)) => open.push((entry.id(), kind)),
            Some(ObjectType::Tag | ObjectType::Any) | None => {
                return Err(says(format!("tree {oid} has an entry of no known kind")));
            }
        }
    }
    Ok(())
}

/// Names that `git fsck` calls errors: `.`, `..`, `.git` in any case and as short name.
fn is_trap(name: &[u8]) -> bool {
    let lower = name.to_ascii_lowercase();
    name.is_empty()
        || name.contains(&b'/')
        || matches!(lower.as_slice(), b"." | b".." | b".git" | b"git~1")
}

fn unsound(error: &git2::Error) -> Fault {
    if error.class() == ErrorClass::NoMemory {
        super::session::out_of_memory(error.message())
    } else if error.code() == ErrorCode::NotFound {
        says(format!("an object is missing: {}", error.message()))
    } else {
        says(error.message().to_owned())
    }
}

fn says(detail: String) -> Fault {
    Fault::permanent(format!("what was fetched is not sound: {detail}"))
        .saying("What the repository's server sent is not whole and sound.")
}

#[cfg(test)]
mod tests {
    use super::is_trap;

    #[test]
    fn names_that_trick_a_checkout_are_known() {
        for trap in [".", "..", ".git", ".GIT", ".Git", "git~1", "", "a/b"] {
            assert!(is_trap(trap.as_bytes()), "{trap:?}");
        }
        for fine in [".gitignore", ".gitlab-ci.yml", "git", "...", "a"] {
            assert!(!is_trap(fine.as_bytes()), "{fine:?}");
        }
    }
}
