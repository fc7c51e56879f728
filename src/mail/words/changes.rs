//! Words for what a request would change in CI: a sentence for each change, and how much it is in
//! all.

use std::collections::BTreeSet;

use crate::pull::ci_change::{Change, CiDifference, What};

/// The changes as records and letters have them; `clean` makes a name or value fit for a letter.
pub(crate) fn difference(changes: &[Change], clean: impl Fn(&str) -> String) -> CiDifference {
    let lines = changes.iter().map(|change| sentence(change, &clean));
    CiDifference::of(changes, summary(changes), lines)
}

/// A change in a sentence.
pub(crate) fn sentence(change: &Change, clean: &impl Fn(&str) -> String) -> String {
    let from_to = || {
        let side = |value: &Option<String>| match value.as_deref() {
            None | Some("") => "(none)".to_owned(),
            Some(value) => clean(value),
        };
        format!("{} -> {}", side(&change.before), side(&change.after))
    };
    let value = |value: &Option<String>| clean(value.as_deref().unwrap_or_default());
    match (&change.what, &change.before, &change.after) {
        (What::Job(name), None, after) => format!("job {} is added: {}", clean(name), value(after)),
        (What::Job(name), Some(_), _) => format!("job {} would no longer run", clean(name)),
        (What::Property(name, property), _, _) => {
            format!("job {}, {}: {}", clean(name), clean(property), from_to())
        }
        (What::Entry(name), None, after) => {
            format!("configuration of {} is added: {}", clean(name), value(after))
        }
        (What::Entry(name), Some(_), _) => format!("configuration of {} is removed", clean(name)),
        (What::Setting(name, property), _, _) => {
            format!("configuration of {}, {}: {}", clean(name), clean(property), from_to())
        }
        (What::Include(name), None, _) => format!("include {} is added", clean(name)),
        (What::Include(name), Some(_), _) => format!("include {} is removed", clean(name)),
        (What::Errors, _, _) => format!("GitLab's complaints: {}", from_to()),
        (What::File(path), None, _) => format!("file {} is added", clean(path)),
        (What::File(path), Some(_), None) => format!("file {} is removed", clean(path)),
        (What::File(path), Some(_), Some(_)) => format!("file {} is changed", clean(path)),
    }
}

/// How much of what changed: "1 job added, 2 jobs changed, 1 file".
fn summary(changes: &[Change]) -> String {
    let (mut added, mut removed, mut others, mut files) = (0_u32, 0_u32, 0_u32, 0_u32);
    let mut changed = BTreeSet::new();
    for change in changes {
        match (&change.what, &change.before) {
            (What::Job(_), None) => added += 1,
            (What::Job(_), Some(_)) => removed += 1,
            (What::Property(name, _), _) => _ = changed.insert(name),
            (What::Entry(_) | What::Setting(..) | What::Include(_) | What::Errors, _) => {
                others += 1;
            }
            (What::File(_), _) => files += 1,
        }
    }
    let changed = u32::try_from(changed.len()).unwrap_or(u32::MAX);
    let count = |count: u32, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        n => Some(format!("{n} {many}")),
    };
    let parts = [
        count(added, "job added", "jobs added"),
        count(removed, "job removed", "jobs removed"),
        count(changed, "job changed", "jobs changed"),
        count(others, "setting changed", "settings changed"),
        count(files, "CI file changed", "CI files changed"),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pull::ci_change::{CiPlan, Properties, changes};

    fn plan(jobs: &[(&str, &[(&str, &str)])]) -> CiPlan {
        let each = jobs.iter().map(|(name, properties)| {
            let properties = properties.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
            ((*name).to_owned(), properties.collect::<Properties>())
        });
        CiPlan { jobs: each.collect(), ..CiPlan::default() }
    }

    #[test]
    fn every_kind_of_change_is_said() {
        let before =
            plan(&[("build", &[("allow_failure", "false"), ("tags", "x86")]), ("check", &[])]);
        let mut after = plan(&[
            ("build", &[("allow_failure", "true"), ("tags", "s390x")]),
            ("mine", &[("script", "curl evil")]),
        ]);
        after.includes.insert("remote https://evil.example/ci.yml".into());
        after.entries.insert("variables".into(), [("A".to_owned(), "b".to_owned())].into());
        after.errors.push("odd".into());
        let difference = difference(&changes(&before, &after), str::to_owned);
        assert_eq!(
            difference.lines,
            [
                "GitLab's complaints: (none) -> odd",
                "job build, allow_failure: false -> true",
                "job build, tags: x86 -> s390x",
                "job check would no longer run",
                "job mine is added: script: curl evil",
                "configuration of variables is added: A: b",
                "include remote https://evil.example/ci.yml is added",
            ]
        );
        assert_eq!(
            difference.summary,
            "1 job added, 1 job removed, 1 job changed, 3 settings changed"
        );
    }
}
