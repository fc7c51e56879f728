//! The small project that `gatepost demo` and the tests work on: a bare upstream repository and
//! four maintainers with one pull request each. It must not use the network, a clock, or git
//! programs; whoever calls gives the time and the keys.
//!
//! [`make`] writes the repositories; [`DemoPull::letters`] then writes the mails, once it is known
//! at which URL a repository is served. `tree` has the project's files and history, `history`
//! writes them with git2, `letters` writes as `git request-pull` and `git send-email` do.

use std::path::{Path, PathBuf};

use git2::{Oid, Repository};
use jiff::{SignedDuration, Timestamp};

use self::history::Scratch;

pub(crate) use self::letters::PullMail;

mod history;
mod letters;
mod tree;

/// What goes wrong when the project is made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProjectError {
    /// libgit2 refused.
    #[error("git: {0}")]
    Git(#[from] git2::Error),
    /// A file or folder could not be made.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// A tag could not be signed.
    #[error("signing {tag}: {source}")]
    Sign {
        /// The tag's name.
        tag: String,
        /// What the signer said.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The history does not fit together: a text to be replaced is not there.
    #[error("{path} has no {text:?}")]
    NoSuchText {
        /// The file.
        path: String,
        /// The text.
        text: String,
    },
}

/// Somebody who commits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Maintainer {
    /// The name, which may have letters beyond ASCII.
    pub(crate) name: &'static str,
    /// The mail address.
    pub(crate) address: &'static str,
}

/// The four who send pull requests, and (last) the release manager, who sends none.
pub(crate) const MAINTAINERS: [Maintainer; 5] = [
    Maintainer { name: "Alice Arden", address: "alice@maintainers.example" },
    Maintainer { name: "Bob Becker", address: "bob@maintainers.example" },
    Maintainer { name: "Carol Muñoz", address: "carol@maintainers.example" },
    Maintainer { name: "Dave Dubois", address: "dave@maintainers.example" },
    Maintainer { name: "Rita Release", address: "rita@maintainers.example" },
];

/// What becomes of a pull request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Every job succeeds.
    Passes,
    /// The job `test-sum` fails.
    FailsATest,
    /// It conflicts in `lib/text.sh` with what landed after its fork.
    Conflicts,
    /// The tag was altered after it was signed.
    BadSignature,
}

/// Signs a tag: given who, the tag object's bytes and the signature's time, the armored signature.
pub(crate) type Sign<'a> = dyn Fn(&Maintainer, &[u8], Timestamp) -> Result<String, Box<dyn std::error::Error + Send + Sync>>
    + 'a;

/// The project as it stands on the disk.
#[derive(Debug, Clone)]
pub(crate) struct DemoProject {
    /// The bare upstream repository; its branch is `master`.
    #[cfg_attr(not(test), expect(dead_code, reason = "only the tests look into it"))]
    pub(crate) upstream: PathBuf,
    /// The tip of `master`, in hexadecimal.
    #[cfg_attr(not(test), expect(dead_code, reason = "only the tests look into it"))]
    pub(crate) master: String,
    /// The requests, in the order of [`MAINTAINERS`].
    pub(crate) pulls: Vec<DemoPull>,
}

/// One maintainer's repository and what it asks to have merged.
#[derive(Debug, Clone)]
pub(crate) struct DemoPull {
    /// Who asks.
    pub(crate) by: Maintainer,
    /// What becomes of it.
    pub(crate) fate: Fate,
    /// The maintainer's bare repository, whole in itself.
    pub(crate) repository: PathBuf,
    /// The signed tag's name, without `refs/tags/`.
    pub(crate) tag: String,
    /// What the series is about, for the cover letter's subject.
    pub(crate) title: &'static str,
    /// When it is mailed.
    pub(crate) sent_at: Timestamp,
    base: Oid,
    tip: Oid,
}

impl DemoPull {
    /// The commit that the series starts from, in hexadecimal.
    #[cfg(test)]
    pub(crate) fn base(&self) -> String {
        self.base.to_string()
    }

    /// The commit that is to be merged, in hexadecimal.
    #[cfg(test)]
    pub(crate) fn tip(&self) -> String {
        self.tip.to_string()
    }

    /// The mails as `git send-email` sends them to a list: the cover letter, and the patches as
    /// answers to it. Safe to repeat: the same arguments give the same mails.
    ///
    /// # Errors
    /// The repository is not there any more.
    pub(crate) fn letters(&self, url: &str, list: &str) -> Result<Vec<PullMail>, ProjectError> {
        letters::letters(self, url, list)
    }
}

/// Makes the project in an empty folder: `upstream.git` and a repository for each of the four,
/// such as `alice.git`. Commits are dated back from `now`, the tags a few minutes before it.
///
/// # Errors
/// The folder can't be written, or the signer refuses.
pub(crate) fn make(
    folder: &Path,
    now: Timestamp,
    sign: &Sign<'_>,
) -> Result<DemoProject, ProjectError> {
    let scratch = Scratch::new(&folder.join("scratch.git"))?;
    let steps = tree::upstream();
    let mut commits = Vec::with_capacity(steps.len());
    let mut files = history::Files::new();
    let mut states = Vec::with_capacity(steps.len());
    for (at, step) in steps.iter().enumerate() {
        let left = i64::try_from(steps.len() - at).unwrap_or_default();
        let when = now - SignedDuration::from_hours(11 * left);
        commits.push(scratch.commit(commits.last().copied(), &mut files, step, when)?);
        states.push(files.clone());
    }
    let master = commits[commits.len() - 1];
    let upstream = folder.join("upstream.git");
    scratch.export(&upstream, "refs/heads/master", master, None)?;
    let mut pulls = Vec::new();
    for (number, plan) in tree::pulls().into_iter().enumerate() {
        let fork = commits.len() - 1 - plan.behind;
        let base = (commits[fork], states[fork].clone());
        let by = MAINTAINERS[number];
        pulls.push(make_pull(folder, &scratch, by, plan, base, now, sign)?);
    }
    std::fs::remove_dir_all(folder.join("scratch.git"))?;
    Ok(DemoProject { upstream, master: master.to_string(), pulls })
}

fn make_pull(
    folder: &Path,
    scratch: &Scratch,
    by: Maintainer,
    plan: tree::Plan,
    (base, mut files): (Oid, history::Files),
    now: Timestamp,
    sign: &Sign<'_>,
) -> Result<DemoPull, ProjectError> {
    let mut tip = base;
    for (at, step) in plan.steps.iter().enumerate() {
        let minutes = 60 - i64::try_from(at).unwrap_or_default();
        let when = now - SignedDuration::from_mins(minutes);
        tip = scratch.commit(Some(tip), &mut files, step, when)?;
    }
    let date = now.to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y-%m-%d").to_string();
    let tag = format!("pull-{}-{date}", plan.topic);
    let signed_at = now - SignedDuration::from_mins(5);
    let payload = history::tag_payload(tip, &tag, &by, signed_at, plan.message);
    let signature = sign(&by, payload.as_bytes(), signed_at)
        .map_err(|source| ProjectError::Sign { tag: tag.clone(), source })?;
    let payload = match plan.fate {
        Fate::BadSignature => payload.replace("Only", "Not only"),
        Fate::Passes | Fate::FailsATest | Fate::Conflicts => payload,
    };
    let object = scratch.write_tag(&format!("{payload}{signature}"))?;
    let user = by.address.split('@').next().unwrap_or_default();
    let repository = folder.join(format!("{user}.git"));
    scratch.export(&repository, "refs/heads/next", tip, Some((&tag, object)))?;
    let (fate, title) = (plan.fate, plan.title);
    Ok(DemoPull { by, fate, repository, tag, title, sent_at: now, base, tip })
}

/// Opens a repository of the project.
fn open(path: &Path) -> Result<Repository, ProjectError> {
    Ok(Repository::open_bare(path)?)
}

#[cfg(test)]
mod tests;
