//! A pull request in mails, as `git request-pull` and `git send-email` write them. It must not
//! choose words of its own: what a maintainer's git would send is what is sent.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use git2::{Commit, DiffFormat, DiffOptions, DiffStatsFormat, Oid, Repository, Sort};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{DemoPull, Maintainer, ProjectError};

/// The git that the mails claim to be of.
const GIT_VERSION: &str = "2.47.3";
const RULE: &str = "----------------------------------------------------------------";

/// One mail of a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PullMail {
    /// Its Message-ID, without brackets.
    pub(crate) message_id: String,
    /// Its subject, decoded.
    pub(crate) subject: String,
    /// The mail, with LF line ends, as UTF-8 in 8 bits.
    pub(crate) bytes: Vec<u8>,
}

/// The cover letter and the patches.
pub(super) fn letters(
    pull: &DemoPull,
    url: &str,
    list: &str,
) -> Result<Vec<PullMail>, ProjectError> {
    let repository = super::open(&pull.repository)?;
    let commits = commits(&repository, pull.base, pull.tip)?;
    let series = Series { pull, list, total: commits.len() };
    let signature = format!("-- \n{GIT_VERSION}\n");
    let request = request_pull(&repository, pull, url, &commits)?;
    let mut mails = vec![series.mail(0, pull.title, &format!("{request}\n{signature}\n"), None)];
    for (number, commit) in commits.iter().enumerate() {
        let (subject, body) = patch(&repository, commit)?;
        let body = format!("{}{body}{signature}\n", series.author_line(commit));
        mails.push(series.mail(number + 1, &subject, &body, Some(&mails[0].message_id)));
    }
    Ok(mails)
}

/// The commits of a series, oldest first.
fn commits(repository: &Repository, base: Oid, tip: Oid) -> Result<Vec<Commit<'_>>, ProjectError> {
    let mut walk = repository.revwalk()?;
    walk.push(tip)?;
    walk.hide(base)?;
    walk.set_sorting(Sort::TOPOLOGICAL | Sort::REVERSE)?;
    let found: Result<Vec<_>, git2::Error> = walk.map(|id| repository.find_commit(id?)).collect();
    Ok(found?)
}

/// What all mails of a series share.
struct Series<'a> {
    pull: &'a DemoPull,
    list: &'a str,
    total: usize,
}

impl Series<'_> {
    fn mail(&self, number: usize, title: &str, body: &str, answers: Option<&str>) -> PullMail {
        let DemoPull { by, sent_at, .. } = self.pull;
        let utc = sent_at.to_zoned(TimeZone::UTC);
        let stamp = utc.strftime("%Y%m%d%H%M%S");
        let message_id = format!("{stamp}.{}-{}-{}", 4000 + self.total, number + 1, by.address);
        let subject = format!("[PULL {number}/{}] {title}", self.total);
        // git send-email dates each mail a second after the one before.
        let second = i64::try_from(number).unwrap_or_default();
        let date = (utc + jiff::SignedDuration::from_secs(second)).strftime("%a, %-d %b %Y %T %z");
        let mut text = format!(
            "From: {} <{}>\nTo: {}\nSubject: {}\nDate: {date}\nMessage-ID: <{message_id}>\n\
             X-Mailer: git-send-email {GIT_VERSION}\n",
            encoded(by.name),
            by.address,
            self.list,
            encoded(&subject)
        );
        if let Some(cover) = answers {
            text.push_str(&format!("In-Reply-To: <{cover}>\nReferences: <{cover}>\n"));
        }
        text.push_str("MIME-Version: 1.0\n");
        if !body.is_ascii() {
            text.push_str("Content-Type: text/plain; charset=UTF-8\n");
        }
        text.push_str("Content-Transfer-Encoding: 8bit\n\n");
        text.push_str(body);
        PullMail { message_id, subject, bytes: text.into_bytes() }
    }

    /// git send-email says who wrote a patch where that is not who sends it.
    fn author_line(&self, commit: &Commit<'_>) -> String {
        let by = commit.author();
        let (name, address) = (lossy(by.name_bytes()), lossy(by.email_bytes()));
        if address == self.pull.by.address {
            return String::new();
        }
        format!("From: {name} <{address}>\n\n")
    }
}

/// RFC 2047's Q encoding, for texts that need it; short ones, which need no folding.
fn encoded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let quoted: String = text
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            _ => format!("={byte:02X}"),
        })
        .collect();
    format!("=?UTF-8?q?{quoted}?=")
}

/// What `git request-pull BASE URL TAG` prints.
fn request_pull(
    repository: &Repository,
    pull: &DemoPull,
    url: &str,
    commits: &[Commit<'_>],
) -> Result<String, ProjectError> {
    let base = repository.find_commit(pull.base)?;
    let tip = repository.find_commit(pull.tip)?;
    let tag = repository.find_reference(&format!("refs/tags/{}", pull.tag))?.peel_to_tag()?;
    let message = lossy(tag.message_bytes().unwrap_or_default());
    let message = message.split("-----BEGIN ").next().unwrap_or_default().trim_end();
    let diff = repository.diff_tree_to_tree(Some(&base.tree()?), Some(&tip.tree()?), None)?;
    Ok(format!(
        "The following changes since commit {}:\n\n  {}\n\nare available in the Git repository \
         at:\n\n  {url} tags/{}\n\nfor you to fetch changes up to {}:\n\n  {}\n\n{RULE}\n{message}\
         \n\n{RULE}\n{}\n{}",
        pull.base,
        dated(&base),
        pull.tag,
        pull.tip,
        dated(&tip),
        shortlog(commits),
        stat(&diff)?,
    ))
}

/// A commit's subject and date, as request-pull gives them.
fn dated(commit: &Commit<'_>) -> String {
    let when = Timestamp::from_second(commit.committer().when().seconds()).unwrap_or_default();
    let date = when.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M:%S %z");
    format!("{} ({date})", subject(commit))
}

fn subject(commit: &Commit<'_>) -> String {
    commit.summary_bytes().map(lossy).unwrap_or_default()
}

/// `git shortlog`: by author, oldest commit first.
fn shortlog(commits: &[Commit<'_>]) -> String {
    let mut by_author: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for commit in commits {
        by_author.entry(lossy(commit.author().name_bytes())).or_default().push(subject(commit));
    }
    let mut out = String::new();
    for (author, subjects) in by_author {
        // Writing to a String does not fail.
        let _ = writeln!(out, "{author} ({}):", subjects.len());
        for subject in subjects {
            let _ = writeln!(out, "      {subject}");
        }
        out.push('\n');
    }
    out.truncate(out.trim_end_matches('\n').len() + 1);
    out
}

/// `git diff --stat --summary`.
fn stat(diff: &git2::Diff<'_>) -> Result<String, ProjectError> {
    let format = DiffStatsFormat::FULL | DiffStatsFormat::INCLUDE_SUMMARY;
    Ok(lossy(&diff.stats()?.to_buf(format, 80)?))
}

/// A commit as `git format-patch` mails it: its subject, and the body up to the signature line.
fn patch(repository: &Repository, commit: &Commit<'_>) -> Result<(String, String), ProjectError> {
    let before = commit.parent(0)?.tree()?;
    let mut options = DiffOptions::new();
    options.id_abbrev(7);
    let diff =
        repository.diff_tree_to_tree(Some(&before), Some(&commit.tree()?), Some(&mut options))?;
    let mut text = String::new();
    diff.print(DiffFormat::Patch, |_, _, line| {
        if matches!(line.origin(), ' ' | '+' | '-') {
            text.push(line.origin());
        }
        text.push_str(&lossy(line.content()));
        true
    })?;
    let message = lossy(commit.message_bytes());
    let body = message.split_once("\n\n").map_or("", |(_, body)| body);
    Ok((subject(commit), format!("{body}---\n{}\n{text}", stat(&diff)?)))
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

impl Maintainer {
    /// `Name <address>`, as headers have it.
    #[cfg(test)]
    pub(crate) fn mailbox(&self) -> String {
        format!("{} <{}>", encoded(self.name), self.address)
    }
}
