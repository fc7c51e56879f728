//! Looks at what a fetch brought before anybody uses it: whole, in bounds, without names that
//! trick a checkout. libgit2 has hashed every object by then, and checks nothing else.

use std::collections::HashSet;

use git2::{ErrorClass, ErrorCode, ObjectType, Odb, Oid, Repository};

use super::session::size;
use crate::ports::Fault;

/// The largest `.gitmodules` that is read.
const LARGEST_SUBMODULES: usize = 1 << 20;

/// Walks everything that a commit reaches and the mirror has not.
///
/// # Errors
/// Permanent: an object is missing, malformed, too large, or a tree has a name in it that no
/// checkout should see.
pub(crate) fn arrivals(
    repo: &Repository,
    mirror: &Odb<'_>,
    tip: Oid,
    largest: u64,
) -> Result<(), Fault> {
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
    let mut names = HashSet::new();
    for entry in &tree {
        if is_trap(entry.name_bytes()) {
            return Err(says(format!("tree {oid} has an entry that no checkout should see")));
        }
        if !names.insert(entry.name_bytes().to_owned()) {
            return Err(says(format!("tree {oid} has two entries of one name")));
        }
        if is_called(entry.name_bytes(), "gitmodules", &["gitmod", "gi7eba"]) {
            submodules(repo, entry.id(), entry.filemode_raw())?;
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

/// Names that `git fsck` calls errors: `.`, `..`, and `.git` in every spelling that some file
/// system takes for it.
fn is_trap(name: &[u8]) -> bool {
    name.is_empty()
        || name.contains(&b'/')
        || matches!(name, b"." | b"..")
        || is_called(name, "git", &["git"])
}

/// Whether a file system may take a name for `.word`: whatever the case; HFS+ skips some
/// characters; NTFS has short names, and ends a name before a colon, and before blanks and dots at
/// its end; a backslash separates there. (git's `utf8.c` and `path.c`.)
fn is_called(name: &[u8], word: &str, short: &[&str]) -> bool {
    let name = String::from_utf8_lossy(name);
    let ignored = |c: &char| matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    let plain: String = name.chars().filter(|c| !ignored(c)).collect();
    plain.to_lowercase().split('\\').any(|part| {
        let part = part.split(':').next().unwrap_or_default().trim_end_matches([' ', '.']);
        let is_short = part.rsplit_once('~').is_some_and(|(before, number)| {
            short.contains(&before)
                && !number.is_empty()
                && number.bytes().all(|b| b.is_ascii_digit())
        });
        part.strip_prefix('.') == Some(word) || is_short
    })
}

/// What a `.gitmodules` may not be or say: a link, a path or URL that git would take for an option,
/// a command, a name that leads out of `.git/modules` (CVE-2018-11235, CVE-2018-17456).
fn submodules(repo: &Repository, oid: Oid, mode: i32) -> Result<(), Fault> {
    const LINK: i32 = 0o120_000;
    let trick = || Err(says(format!("the submodules in {oid} would trick a checkout")));
    if mode == LINK {
        return trick();
    }
    let Ok(blob) = repo.find_blob(oid) else { return Ok(()) };
    if blob.size() > LARGEST_SUBMODULES || tricks(&String::from_utf8_lossy(blob.content())) {
        return trick();
    }
    Ok(())
}

/// Reads stricter than git: quotes and continued lines are undone everywhere.
fn tricks(text: &str) -> bool {
    let text = text.replace("\\\r\n", "").replace("\\\n", "").replace(['"', '\\'], "");
    text.lines().any(|line| {
        let line = line.trim().to_lowercase();
        let name = line.strip_prefix("[submodule").and_then(|rest| rest.split(']').next());
        let leads_out = name.is_some_and(|name| name.trim().split('/').any(|part| part == ".."));
        // A section's first key may stand on its line.
        let key = line.rsplit_once(']').map_or(line.as_str(), |(_, rest)| rest);
        let is_option = key.split_once('=').is_some_and(|(key, value)| {
            let (key, value) = (key.trim(), value.trim());
            let starts = if key == "update" { '!' } else { '-' };
            matches!(key, "url" | "path" | "update") && value.starts_with(starts)
        });
        leads_out || is_option || line.starts_with("[include")
    })
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
    use super::{is_trap, tricks};

    #[test]
    fn names_that_trick_a_checkout_are_known() {
        for trap in [
            ".",
            "..",
            ".git",
            ".GIT",
            ".Git",
            "git~1",
            "GIT~2",
            "",
            "a/b",
            ".git ",
            ".git.",
            ".git...",
            ".git::$INDEX_ALLOCATION",
            ".g\u{200c}it",
            ".\u{feff}git",
            "a\\.git",
            ".git\\hooks",
        ] {
            assert!(is_trap(trap.as_bytes()), "{trap:?}");
        }
        for fine in [".gitignore", ".gitlab-ci.yml", "git", "...", "a", "git~", "x.git", "git~1x"] {
            assert!(!is_trap(fine.as_bytes()), "{fine:?}");
        }
    }

    #[test]
    fn submodules_that_trick_a_checkout_are_known() {
        for trick in [
            "[submodule \"a\"]\n\turl = -u./x\n",
            "[submodule \"a\"]\n\tpath = \"-x\"\n",
            "[submodule \"a\"] URL=--upload-pack=x\n",
            "[submodule \"a\"]\n\turl = \\\n-x\n",
            "[submodule \"../../x\"]\n\turl = https://example.org/x\n",
            "[submodule \"a\"]\n\tupdate = !touch x\n",
            "[include]\n\tpath = /etc/passwd\n",
        ] {
            assert!(tricks(trick), "{trick:?}");
        }
        let fine =
            "[submodule \"roms/a-b\"]\n\tpath = roms/a-b\n\turl = ../a-b.git\n\tupdate = none\n";
        assert!(!tricks(fine));
    }
}
