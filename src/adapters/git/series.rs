//! What a request's commits are like, for the checks before CI. It reads a quarantine and changes
//! nothing; what follows from the facts is decided elsewhere.

use std::collections::BTreeSet;

use git2::{Commit, ErrorCode, FileMode, Oid, Repository, Sort, Tree};

use super::inspect::contains;
use super::pin::{id, oid};
use super::session::printable;
use crate::ports::Fault;
use crate::pull::checks::{Base, CommitFacts, Series};
use crate::pull::cover::Person;
use crate::pull::ids::{CommitName, ObjectId};

/// Characters of a subject or a name that are told.
const LONGEST: usize = 100;

/// People of one kind of line that are told.
const MOST_PEOPLE: usize = 50;

/// The commits that `tip` has and `head` does not, newest first, the first `most` of them.
///
/// # Errors
/// Permanent: the tip is not there.
pub(crate) fn series(
    repo: &Repository,
    head: ObjectId,
    tip: ObjectId,
    base: Option<&CommitName>,
    most: u32,
) -> Result<Series, Fault> {
    let answer = || {
        let (at, above) = (oid(head)?, oid(tip)?);
        let last = repo.find_commit(above)?;
        let mut walk = repo.revwalk()?;
        walk.set_sorting(Sort::TOPOLOGICAL)?;
        walk.push(above)?;
        walk.hide(at)?;
        let mut commits = Vec::new();
        let mut total = 0_u32;
        for commit in walk {
            let commit = commit?;
            if total < most {
                commits.push(facts(repo, &repo.find_commit(commit)?)?);
            }
            total = total.saturating_add(1);
        }
        Ok(Series {
            commits,
            total,
            base: base_of(repo, above, base)?,
            is_empty: is_empty(repo, at, &last)?,
            skips_ci: skips_ci(last.message_raw_bytes()),
        })
    };
    answer().map_err(|error: git2::Error| Fault::permanent(format!("{tip}: {}", error.message())))
}

fn facts(repo: &Repository, commit: &Commit<'_>) -> Result<CommitFacts, git2::Error> {
    let message = commit.message_raw_bytes();
    let author = commit.author();
    let encoding = commit.message_encoding().ok().flatten();
    let named = encoding.is_some_and(|name| !name.eq_ignore_ascii_case("utf-8"));
    let is_utf8 = [message, author.name_bytes(), author.email_bytes()]
        .iter()
        .all(|bytes| std::str::from_utf8(bytes).is_ok());
    let subject = message.split(|b| *b == b'\n').find(|line| !line.trim_ascii().is_empty());
    Ok(CommitFacts {
        id: id(commit.id()),
        subject: printable(subject.unwrap_or_default(), LONGEST),
        author: person(author.name_bytes(), author.email_bytes()),
        is_utf8: is_utf8 || named,
        signed_off_by: people(message, b"signed-off-by:"),
        nacked_by: people(message, b"nacked-by:"),
        parents: commit.parent_count(),
        changes_submodules: changes_submodules(repo, commit)?,
    })
}

fn person(name: &[u8], address: &[u8]) -> Person {
    let name = printable(name.trim_ascii(), LONGEST);
    let address = printable(address.trim_ascii(), LONGEST);
    Person { name: Some(name).filter(|name| !name.is_empty()), address }
}

/// The people of lines that begin with a word, wherever in the message, as `checkpatch` looks.
fn people(message: &[u8], word: &[u8]) -> Vec<Person> {
    let signed = |line: &[u8]| {
        let (start, rest) = line.split_at_checked(word.len())?;
        if !start.eq_ignore_ascii_case(word) {
            return None;
        }
        let open = rest.iter().position(|b| *b == b'<');
        Some(match open {
            Some(open) => {
                let address = rest[open + 1..].split(|b| *b == b'>').next().unwrap_or_default();
                person(&rest[..open], address)
            }
            None => person(b"", rest),
        })
    };
    message.split(|b| *b == b'\n').filter_map(signed).take(MOST_PEOPLE).collect()
}

/// Against every parent: what a merge takes over from one of them is that one's change.
fn changes_submodules(repo: &Repository, commit: &Commit<'_>) -> Result<bool, git2::Error> {
    let tree = commit.tree()?;
    if commit.parent_count() == 0 {
        return Ok(!links(repo, None, &tree)?.is_empty());
    }
    let mut common: Option<BTreeSet<_>> = None;
    for parent in commit.parents() {
        let found = links(repo, Some(&parent.tree()?), &tree)?;
        common = Some(match common {
            None => found,
            Some(common) => common.intersection(&found).cloned().collect(),
        });
    }
    Ok(common.is_some_and(|common| !common.is_empty()))
}

/// Paths of gitlinks (mode 160000) and of `.gitmodules` that differ.
fn links(
    repo: &Repository,
    from: Option<&Tree<'_>>,
    to: &Tree<'_>,
) -> Result<BTreeSet<Vec<u8>>, git2::Error> {
    let diff = repo.diff_tree_to_tree(from, Some(to), None)?;
    let mut found = BTreeSet::new();
    for delta in diff.deltas() {
        for file in [delta.old_file(), delta.new_file()] {
            let path = file.path_bytes().unwrap_or_default();
            if file.mode() == FileMode::Commit || path == b".gitmodules" {
                found.insert(path.to_owned());
            }
        }
    }
    Ok(found)
}

fn base_of(repo: &Repository, tip: Oid, base: Option<&CommitName>) -> Result<Base, git2::Error> {
    let Some(base) = base else { return Ok(Base::Fits) };
    match repo.find_commit_by_prefix(base.as_str()) {
        Ok(found) if contains(repo, tip, found.id())? => Ok(Base::Fits),
        Ok(_) => Ok(Base::NotAncestor),
        // Too short to say which: no reason to complain of it.
        Err(error) if error.code() == ErrorCode::Ambiguous => Ok(Base::Fits),
        Err(_) => Ok(Base::Unknown),
    }
}

/// Whether the tip's files are those of the commit that it was made from.
fn is_empty(repo: &Repository, head: Oid, tip: &Commit<'_>) -> Result<bool, git2::Error> {
    match repo.merge_base(head, tip.id()) {
        Ok(base) => Ok(repo.find_commit(base)?.tree_id() == tip.tree_id()),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// GitLab's rule: `/\[(ci[ _-]skip|skip[ _-]ci)\]/i`.
fn skips_ci(message: &[u8]) -> bool {
    let message = String::from_utf8_lossy(message).to_ascii_lowercase();
    [' ', '_', '-'].iter().any(|between| {
        message.contains(&format!("[ci{between}skip]"))
            || message.contains(&format!("[skip{between}ci]"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ci_is_skipped_as_gitlab_says() {
        for yes in ["x [ci skip]", "[skip ci]\n", "a\n\n[CI-Skip] b", "[skip_ci]"] {
            assert!(skips_ci(yes.as_bytes()), "{yes}");
        }
        for no in ["ci skip", "[ci skip", "[ciskip]", "[skip  ci]", "[ci skip ]"] {
            assert!(!skips_ci(no.as_bytes()), "{no}");
        }
    }

    #[test]
    fn people_are_those_of_their_lines() {
        let message =
            b"x\n\nsigned-off-by: Bob \xff <b@example.org> # note\nNot Signed-off-by: c\n\
                        Signed-off-by: d@example.org\n";
        let found = people(message, b"signed-off-by:");
        let found: Vec<_> = found.iter().map(|who| who.address.as_str()).collect();
        assert_eq!(found, ["b@example.org", "d@example.org"]);
    }
}
