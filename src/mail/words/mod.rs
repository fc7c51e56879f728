//! What is said to people, in one place, so that the same fact always has the same words. Plain and
//! factual; a maintainer who has never heard of the bot must see at once what happened and whose
//! move it is. It must not lay out text or choose readers.
//!
//! Three tables have a row for everything that can be concluded, with what each reader is told of it:
//! [`holds`], [`refusals`] and [`outcomes`]. The other files have the words for the rest.

mod changes;
mod checks;
mod failures;
mod jobs;
mod keys;
mod mend;
mod notices;
mod objections;
mod reasons;
mod signatures;
mod suggestion;
mod times;

pub(crate) mod holds;
pub(crate) mod outcomes;
pub(crate) mod refusals;

pub(crate) use self::changes::{difference, sentence};
pub(crate) use self::checks::problem;
pub(crate) use self::failures::clause;
pub(crate) use self::keys::{key_expires, key_expires_for_administrator};
pub(crate) use self::notices::{again, approved_ci, near_miss, retracted, set_aside, unanswered};
pub(crate) use self::reasons::Reasons;
pub(crate) use self::suggestion::{Order, Suggestion};
pub(crate) use self::times::{day, span};

use crate::pull::ids::{ObjectId, PullNumber};

/// What a letter says of something, apart from the facts it lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Words {
    /// The first line: the verdict.
    pub(crate) first: String,
    /// What it means, and whose move it is.
    pub(crate) means: String,
    /// What to do next.
    pub(crate) next: String,
    /// Commands that do it.
    pub(crate) commands: Vec<Suggestion>,
}

/// What the words need to know of the thing they speak of.
#[derive(Debug, Clone)]
pub(crate) struct LetterContext<'a> {
    /// The target's branch.
    pub(crate) branch: &'a str,
    /// The target's tip that was merged onto, where one is known.
    pub(crate) base: Option<ObjectId>,
    /// The request; `None` for a run that somebody asked for.
    pub(crate) pull: Option<PullNumber>,
    /// The request's revision.
    pub(crate) revision: u32,
    /// How its author has it tested again: a clause.
    pub(crate) again: String,
}

impl LetterContext<'_> {
    /// "master abc123def456", or the branch alone.
    fn place(&self) -> String {
        match self.base {
            Some(base) => format!("{} {}", self.branch, base.short()),
            None => self.branch.to_owned(),
        }
    }

    /// The command that has a request tested once more.
    fn retest(&self) -> Vec<Suggestion> {
        self.pull.map(|number| Suggestion::Order(Order::Retest(number))).into_iter().collect()
    }

    /// That a request's author need not wonder: a sentence for the release managers.
    fn untold(&self) -> &'static str {
        match self.pull {
            Some(_) => " The author and the list have not been told.",
            None => "",
        }
    }

    /// How the next revision is marked.
    fn next_revision(&self) -> String {
        format!("v{}", self.revision.saturating_add(1))
    }
}

/// A count with its noun: "1 job", "2 jobs".
pub(crate) fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// The first of several names, and how many more there are.
fn some_of(names: &[String], total: u32) -> String {
    let named = names.join(", ");
    match (total as usize).saturating_sub(names.len()) {
        0 => named,
        more => format!("{named}, and {more} more"),
    }
}
