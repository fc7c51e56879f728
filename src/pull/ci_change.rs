//! What CI would run, and how two such plans differ: by effect, whichever file made it so.
//!
//! The values are other people's text and stay raw here, since the digest is over them; whoever
//! keeps or shows them cleans them first.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::ids::ObjectId;
use super::room::first_within;

/// How many bytes of lines a record keeps of a difference, as they are written.
const KEPT_BYTES: usize = 8 * 1024;

/// The properties of a job or of an entry of the configuration: each one's value as text.
pub(crate) type Properties = BTreeMap<String, String>;

/// What CI would run for a commit on a branch.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CiPlan {
    /// What GitLab has to complain of.
    pub(crate) errors: Vec<String>,
    /// The jobs that a pipeline on that branch would have, by name.
    pub(crate) jobs: BTreeMap<String, Properties>,
    /// The configuration with all its includes: every entry at its top, job or not.
    pub(crate) entries: BTreeMap<String, Properties>,
    /// What is included, and whence.
    pub(crate) includes: BTreeSet<String>,
}

impl CiPlan {
    /// Whether it says nothing of what would run: two such plans are equal and prove nothing.
    pub(crate) fn is_blank(&self) -> bool {
        self.jobs.is_empty() && self.entries.is_empty()
    }
}

/// What a change is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// A job as a whole: it would run on one side only.
    Job(String),
    /// A property of a job that would run on both sides.
    Property(String, String),
    /// An entry of the configuration as a whole.
    Entry(String),
    /// A property of an entry of the configuration.
    Setting(String, String),
    /// An include.
    Include(String),
    /// What GitLab complains of.
    Errors,
    /// A file that the configuration names.
    File(String),
}

/// One change; `None` where that side has no such thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// Of what.
    pub(crate) what: What,
    /// How it is on the target.
    pub(crate) before: Option<String>,
    /// How it would be with the request merged.
    pub(crate) after: Option<String>,
}

/// A file that differs between two commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChangedFile {
    /// Its path.
    pub(crate) path: String,
    /// Its content before.
    pub(crate) before: Option<ObjectId>,
    /// Its content after.
    pub(crate) after: Option<ObjectId>,
}

impl From<ChangedFile> for Change {
    fn from(file: ChangedFile) -> Self {
        let id = |id: Option<ObjectId>| id.map(|id| id.to_string());
        Self { what: What::File(file.path), before: id(file.before), after: id(file.after) }
    }
}

/// All changes from the target's plan to the candidate's. None if and only if CI would run the
/// same.
pub(crate) fn changes(before: &CiPlan, after: &CiPlan) -> Vec<Change> {
    let mut found = Vec::new();
    if before.errors != after.errors {
        let text = |errors: &[String]| (!errors.is_empty()).then(|| errors.join("; "));
        let (before, after) = (text(&before.errors), text(&after.errors));
        found.push(Change { what: What::Errors, before, after });
    }
    compare(&before.jobs, &after.jobs, What::Job, What::Property, &mut found);
    let mut settings = Vec::new();
    compare(&before.entries, &after.entries, What::Entry, What::Setting, &mut settings);
    // A job's tags stand in its entry as well: said once is enough.
    settings.retain(|change| match &change.what {
        What::Setting(entry, property) => {
            let same = What::Property(entry.clone(), property.clone());
            !found.iter().any(|change| change.what == same)
        }
        What::Job(_)
        | What::Property(..)
        | What::Entry(_)
        | What::Include(_)
        | What::Errors
        | What::File(_) => true,
    });
    found.append(&mut settings);
    for include in before.includes.symmetric_difference(&after.includes) {
        let there = |plan: &CiPlan| plan.includes.contains(include).then(String::new);
        let what = What::Include(include.clone());
        found.push(Change { what, before: there(before), after: there(after) });
    }
    found
}

fn compare(
    before: &BTreeMap<String, Properties>,
    after: &BTreeMap<String, Properties>,
    whole: impl Fn(String) -> What,
    part: impl Fn(String, String) -> What,
    found: &mut Vec<Change>,
) {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        match (before.get(name), after.get(name)) {
            (Some(old), Some(new)) => {
                let properties: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
                for property in properties {
                    let (old, new) = (old.get(property), new.get(property));
                    if old != new {
                        let what = part(name.clone(), property.clone());
                        found.push(Change { what, before: old.cloned(), after: new.cloned() });
                    }
                }
            }
            (old, new) => {
                let (before, after) = (old.map(all), new.map(all));
                found.push(Change { what: whole(name.clone()), before, after });
            }
        }
    }
}

fn all(properties: &Properties) -> String {
    let each = properties.iter().map(|(name, value)| format!("{name}: {value}"));
    each.collect::<Vec<_>>().join("; ")
}

/// Those of the required jobs that the changes take away.
pub(crate) fn dropped(changes: &[Change], required: &[String]) -> Vec<String> {
    let gone = |name: &&String| {
        changes
            .iter()
            .any(|change| change.after.is_none() && change.what == What::Job((*name).clone()))
    };
    required.iter().filter(gone).cloned().collect()
}

/// A difference as records and letters have it: bounded, with a digest of the whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CiDifference {
    /// SHA-256 over all changes, in full: what an approval is bound to.
    pub(crate) digest: String,
    /// How much of what changed, in a clause.
    pub(crate) summary: String,
    /// The changes in sentences, cleaned, as many as a record may hold.
    pub(crate) lines: Vec<String>,
    /// How many changes in all.
    pub(crate) total: u32,
}

impl CiDifference {
    /// Takes up changes with their words: how much it is, and a sentence for each.
    pub(crate) fn of(
        changes: &[Change],
        summary: String,
        lines: impl IntoIterator<Item = String>,
    ) -> Self {
        Self {
            lines: first_within(lines, KEPT_BYTES),
            digest: digest(changes),
            summary,
            total: u32::try_from(changes.len()).unwrap_or(u32::MAX),
        }
    }

    /// How many changes its lines do not say.
    pub(crate) fn unsaid(&self) -> u32 {
        self.total.saturating_sub(u32::try_from(self.lines.len()).unwrap_or(u32::MAX))
    }

    /// The digest's beginning, for people.
    pub(crate) fn short(&self) -> &str {
        self.digest.get(..12).unwrap_or(&self.digest)
    }
}

fn digest(changes: &[Change]) -> String {
    let mut hash = Sha256::new();
    let mut part = |text: Option<&str>| match text {
        None => hash.update([0]),
        Some(text) => {
            hash.update([1]);
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        }
    };
    for change in changes {
        let (kind, name, property) = match &change.what {
            What::Job(name) => ("job", name.as_str(), None),
            What::Property(name, property) => ("property", name.as_str(), Some(property.as_str())),
            What::Entry(name) => ("entry", name.as_str(), None),
            What::Setting(name, property) => ("setting", name.as_str(), Some(property.as_str())),
            What::Include(name) => ("include", name.as_str(), None),
            What::Errors => ("errors", "", None),
            What::File(path) => ("file", path.as_str(), None),
        };
        for text in [Some(kind), Some(name), property] {
            part(text);
        }
        part(change.before.as_deref());
        part(change.after.as_deref());
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[path = "ci_change_tests.rs"]
mod tests;
