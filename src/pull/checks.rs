//! What is looked at in a request's commits before any CI minute is spent: facts and a target's
//! rules in, every problem at once out. It must not read git, and has no words for people.

use serde::{Deserialize, Serialize};

use super::cover::Person;
use super::decision::clock;
use super::ids::ObjectId;
use super::overlay::Freeze;
use super::room::within;
use super::signer::Signer;

/// Commits that a problem names at most.
const NAMED: usize = 5;

/// What a named commit's subject, and a person beside it, take in a record at most, in bytes: all
/// problems at once must fit into one.
const SUBJECT: usize = 90;
const PERSON: usize = 45;

/// One commit that a request would bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommitFacts {
    /// Its id.
    pub(crate) id: ObjectId,
    /// Its message's first line, made printable and cut. Untrusted.
    pub(crate) subject: String,
    /// Its author, made printable. Untrusted.
    pub(crate) author: Person,
    /// Whether message and author are UTF-8, or the commit names another encoding.
    pub(crate) is_utf8: bool,
    /// The people of its `Signed-off-by:` lines.
    pub(crate) signed_off_by: Vec<Person>,
    /// The people of its `Nacked-by:` lines.
    pub(crate) nacked_by: Vec<Person>,
    /// How many parents it has.
    pub(crate) parents: usize,
    /// Whether it changes a submodule's commit or `.gitmodules`.
    pub(crate) changes_submodules: bool,
}

/// How the base that the mail names stands to the tip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    /// It is an ancestor of the tip, or the mail names none.
    Fits,
    /// No such commit is in the target's repository or came with the tip.
    Unknown,
    /// It is a commit that the tip does not build on.
    NotAncestor,
}

/// What a request would bring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Series {
    /// Its commits, newest first, as many as were asked for.
    pub(crate) commits: Vec<CommitFacts>,
    /// How many there are in all.
    pub(crate) total: u32,
    /// The base that the mail names.
    pub(crate) base: Base,
    /// Whether it changes no file.
    pub(crate) is_empty: bool,
    /// Whether the tip's message has `[ci skip]` or `[skip ci]`.
    pub(crate) skips_ci: bool,
}

/// Something that is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Check {
    /// A commit's author is a mailing list.
    ListAttributed,
    /// A commit is not signed off by its author.
    AuthorSignOff,
    /// A commit is not signed off by whoever signed the tag.
    SubmitterSignOff,
    /// A commit's message is not UTF-8.
    Utf8,
    /// A commit changes a submodule.
    Submodules,
    /// There are merges among the commits.
    Merges,
    /// No file is changed.
    Empty,
    /// The base that the mail names is not to be found.
    BaseUnknown,
    /// The base that the mail names is not below the tip.
    BaseNotAncestor,
    /// The tip's message tells CI to skip it.
    CiSkip,
    /// There are more commits than are looked at.
    TooMany,
    /// Somebody objected to a commit.
    Nacked,
    /// The target is frozen.
    Frozen,
}

/// What follows from a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Duty {
    /// The request is refused.
    Refuse,
    /// It waits for a release manager.
    Hold,
    /// Nothing.
    Off,
}

/// What follows from each problem, for a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CheckPolicy {
    /// Of authors that are mailing lists.
    pub(crate) list_attributed: Duty,
    /// Of commits without their author's sign-off.
    pub(crate) author_sign_off: Duty,
    /// Of commits without the submitter's sign-off.
    pub(crate) submitter_sign_off: Duty,
    /// Of messages that are not UTF-8.
    pub(crate) utf8: Duty,
    /// Of changed submodules.
    pub(crate) submodules: Duty,
    /// Of merges inside.
    pub(crate) merges: Duty,
    /// Of requests that change nothing.
    pub(crate) empty: Duty,
    /// Of a base that is unknown or not below the tip.
    pub(crate) base: Duty,
    /// Of `[ci skip]`.
    pub(crate) ci_skip: Duty,
    /// Of more commits than `max_commits`.
    pub(crate) too_many: Duty,
    /// Of objections in the messages.
    pub(crate) nacked: Duty,
    /// Of a target that is frozen by command.
    pub(crate) frozen: Duty,
    /// How many commits are looked at.
    pub(crate) max_commits: u32,
}

impl CheckPolicy {
    /// What follows from that problem.
    pub(crate) fn duty(&self, check: Check) -> Duty {
        match check {
            Check::ListAttributed => self.list_attributed,
            Check::AuthorSignOff => self.author_sign_off,
            Check::SubmitterSignOff => self.submitter_sign_off,
            Check::Utf8 => self.utf8,
            Check::Submodules => self.submodules,
            Check::Merges => self.merges,
            Check::Empty => self.empty,
            Check::BaseUnknown | Check::BaseNotAncestor => self.base,
            Check::CiSkip => self.ci_skip,
            Check::TooMany => self.too_many,
            Check::Nacked => self.nacked,
            Check::Frozen => self.frozen,
        }
    }
}

/// A problem that a check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Problem {
    /// Which check.
    pub(crate) check: Check,
    /// What follows from it.
    pub(crate) duty: Duty,
    /// The first commits that have it, for people: short id and subject. Untrusted.
    pub(crate) commits: Vec<String>,
    /// How many commits have it.
    pub(crate) total: u32,
}

/// Every problem that a policy does not leave out, in the order of [`Check`].
pub(crate) fn problems(
    series: &Series,
    policy: &CheckPolicy,
    signer: &Signer,
    lists: &[&str],
) -> Vec<Problem> {
    let plain = |commit: &CommitFacts| commit.parents < 2;
    let of_commits = |check, has: &dyn Fn(&CommitFacts) -> bool| {
        let having: Vec<_> = series.commits.iter().filter(|commit| has(commit)).collect();
        let total = u32::try_from(having.len()).unwrap_or(u32::MAX);
        let commits = having.iter().take(NAMED).map(|commit| named(commit, check)).collect();
        (total > 0).then_some((check, commits, total))
    };
    let of_all = |check, has: bool| has.then_some((check, Vec::new(), series.total));
    let tip = series.commits.first().map(|tip| named(tip, Check::CiSkip));
    let most = policy.max_commits;
    let found = [
        of_commits(Check::ListAttributed, &|c| plain(c) && is_a_list(&c.author, lists)),
        of_commits(Check::AuthorSignOff, &|c| {
            plain(c) && !c.signed_off_by.iter().any(|person| is_same(person, &c.author))
        }),
        of_commits(Check::SubmitterSignOff, &|c| {
            plain(c) && !c.signed_off_by.iter().any(|person| is_signer(person, signer))
        }),
        of_commits(Check::Utf8, &|c| !c.is_utf8),
        of_commits(Check::Submodules, &|c| c.changes_submodules),
        of_commits(Check::Merges, &|c| !plain(c)),
        of_all(Check::Empty, series.is_empty),
        of_all(Check::BaseUnknown, series.base == Base::Unknown),
        of_all(Check::BaseNotAncestor, series.base == Base::NotAncestor),
        series.skips_ci.then(|| (Check::CiSkip, tip.into_iter().collect(), 1)),
        of_all(Check::TooMany, series.total > most),
        of_commits(Check::Nacked, &|c| !c.nacked_by.is_empty()),
    ];
    let counts = |(check, commits, total)| {
        let duty = policy.duty(check);
        (duty != Duty::Off).then_some(Problem { check, duty, commits, total })
    };
    found.into_iter().flatten().filter_map(counts).collect()
}

/// That a target is frozen, unless its policy leaves that out; what it is frozen for stands where
/// other problems name commits.
pub(crate) fn frozen(freeze: &Freeze, policy: &CheckPolicy) -> Option<Problem> {
    let duty = policy.frozen;
    (duty != Duty::Off).then(|| {
        let until = freeze.until.map(|until| format!("until {}, ", clock(until)));
        let why = freeze.reason.as_ref().map(|why| format!(": {why}"));
        let (until, why) = (until.unwrap_or_default(), why.unwrap_or_default());
        let commits = vec![format!("{until}by {}{why}", freeze.by)];
        Problem { check: Check::Frozen, duty, commits, total: 0 }
    })
}

/// Whether an approval of some problems speaks of all of the others.
pub(crate) fn covers(approved: &[Problem], found: &[Problem]) -> bool {
    found.iter().all(|problem| approved.iter().any(|known| known.check == problem.check))
}

fn named(commit: &CommitFacts, check: Check) -> String {
    let who = match check {
        Check::ListAttributed | Check::AuthorSignOff => Some(("by", &commit.author)),
        Check::Nacked => commit.nacked_by.first().map(|person| ("nacked by", person)),
        Check::SubmitterSignOff
        | Check::Utf8
        | Check::Submodules
        | Check::Merges
        | Check::Empty
        | Check::BaseUnknown
        | Check::BaseNotAncestor
        | Check::CiSkip
        | Check::TooMany
        | Check::Frozen => None,
    };
    let who = who.map_or_else(String::new, |(how, who)| {
        format!(" ({how} {})", within(who.called(), PERSON))
    });
    format!("{} {}{who}", commit.id.short(), within(&commit.subject, SUBJECT))
}

/// As lists that rewrite `From:` leave it (DMARC): the list's address, or "X via list@example.org".
fn is_a_list(author: &Person, lists: &[&str]) -> bool {
    let address = author.address.to_lowercase();
    let name = author.name.as_deref().unwrap_or_default().to_lowercase();
    lists
        .iter()
        .map(|list| list.to_lowercase())
        .any(|list| address == list || name.contains(" via ") && name.contains(&list))
}

/// The same person by address, or by name: people sign off with another address than they mail
/// from.
fn is_same(one: &Person, other: &Person) -> bool {
    let name = |person: &Person| person.name.as_deref().unwrap_or_default().to_lowercase();
    one.address.to_lowercase() == other.address.to_lowercase()
        || !name(one).is_empty() && name(one) == name(other)
}

fn is_signer(person: &Person, signer: &Signer) -> bool {
    let name = person.name.as_deref().unwrap_or_default().to_lowercase();
    signer.has_address(&person.address) || name == signer.name.to_lowercase()
}

#[cfg(test)]
mod tests;
