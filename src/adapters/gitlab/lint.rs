//! GitLab's CI lint, as a dry run, into the rules' plan ("CI lint API"). It must not judge what
//! differs.
//!
//! GitLab renamed the parameters that name commit and branch, ignores those it does not know, and
//! then lints its default branch: two such answers are always equal. So before the first answer is
//! believed, GitLab is asked for a commit that can't exist, and has to refuse.
//!
//! Local includes come from the branch's tip, and reads lag writes: an answer whose includes are of
//! another commit than the one asked about is not believed.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use super::GitLab;
use crate::ports::Fault;
use crate::pull::ci_change::{CiPlan, Properties};
use crate::pull::ids::ObjectId;

/// No commit has this id.
const NO_COMMIT: &str = "0000000000000000000000000000000000000000";

/// What the lint says.
#[derive(Debug, Deserialize)]
struct LintAnswer {
    #[serde(default)]
    errors: Vec<String>,
    merged_yaml: Option<String>,
    includes: Option<Vec<IncludeAnswer>>,
    jobs: Option<Vec<BTreeMap<String, Value>>>,
}

/// An include; its links name commits, which differ without any effect.
#[derive(Debug, Deserialize)]
struct IncludeAnswer {
    #[serde(rename = "type")]
    kind: Option<String>,
    location: Option<String>,
    extra: Option<Value>,
    context_project: Option<String>,
    context_sha: Option<String>,
}

impl IncludeAnswer {
    /// Whether it is a file of that project's at another commit.
    fn is_stale(&self, project: &str, commit: &str) -> bool {
        let ours = |context: &String| context.eq_ignore_ascii_case(project);
        self.kind.as_deref() == Some("local")
            && self.context_project.as_ref().is_some_and(ours)
            && self.context_sha.as_deref().is_some_and(|sha| sha != commit)
    }
}

impl GitLab {
    /// See the port.
    pub(super) fn dry_lint(&self, commit: ObjectId, ci_ref: &str) -> Result<CiPlan, Fault> {
        if self.lints_commits.get().is_none() {
            self.see_that_commits_are_linted(ci_ref)?;
            let _another_was_first = self.lints_commits.set(());
        }
        self.ask_lint(&commit.to_string(), ci_ref).map(CiPlan::from)
    }

    fn see_that_commits_are_linted(&self, ci_ref: &str) -> Result<(), Fault> {
        let path = self.client.in_project("ci/lint");
        match self.client.get::<Value>(&path, &query(NO_COMMIT, ci_ref)) {
            Ok(_) => Err(Fault::misconfigured(format!(
                "GET {path}: this GitLab is too old: its CI lint does not know content_ref and \
                 dry_run_ref"
            ))),
            // Whether there is a lint at all the answer for a real commit will say.
            Err(refused) if refused.is(&[400, 404]) => Ok(()),
            Err(refused) => Err(refused.into()),
        }
    }

    fn ask_lint(&self, commit: &str, ci_ref: &str) -> Result<LintAnswer, Fault> {
        let path = self.client.in_project("ci/lint");
        match self.client.get::<LintAnswer>(&path, &query(commit, ci_ref)) {
            Ok(answer) => {
                let stale = |include: &IncludeAnswer| include.is_stale(&self.project, commit);
                if !answer.includes.iter().flatten().any(stale) {
                    return Ok(answer);
                }
                Err(Fault::permanent(format!(
                    "GitLab lints {commit} with includes of another commit: {ci_ref} is not \
                     there yet, or not any more"
                )))
            }
            // Not there at all, or not yet: reads lag writes.
            Err(refused) if refused.is(&[400, 404]) => {
                let fault = Fault::from(refused);
                Err(Fault::permanent(format!("GitLab does not lint {commit}: {}", fault.detail)))
            }
            Err(refused) => Err(refused.into()),
        }
    }
}

fn query<'a>(commit: &'a str, ci_ref: &'a str) -> [(&'static str, &'a str); 4] {
    [
        ("content_ref", commit),
        ("dry_run", "true"),
        ("dry_run_ref", ci_ref),
        ("include_jobs", "true"),
    ]
}

impl From<LintAnswer> for CiPlan {
    fn from(answer: LintAnswer) -> Self {
        let jobs = answer.jobs.unwrap_or_default().into_iter().map(job);
        let includes = answer.includes.unwrap_or_default().into_iter().map(include);
        Self {
            errors: answer.errors,
            jobs: jobs.collect(),
            entries: entries(answer.merged_yaml.as_deref().unwrap_or_default()),
            includes: includes.collect::<BTreeSet<_>>(),
        }
    }
}

/// A job's name and its properties, by the names that the configuration has for them.
fn job(mut answer: BTreeMap<String, Value>) -> (String, Properties) {
    let name = answer.remove("name").map(|name| text(&name)).unwrap_or_default();
    let properties = answer.into_iter().filter(|(_, value)| !is_empty(value));
    let named = properties.map(|(key, value)| {
        let key = if key == "tag_list" { "tags".to_owned() } else { key };
        (key, text(&value))
    });
    (name, named.collect())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(values) => values.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A text as it is, anything else as JSON: no two values have the same.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn include(answer: IncludeAnswer) -> String {
    let extra = answer.extra.filter(|extra| !is_empty(extra));
    let parts = [answer.kind, answer.location, extra.map(|extra| extra.to_string())];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// The entries of the merged configuration, which GitLab writes one below the other with their
/// properties indented by two. The text is taken apart and not understood: a parser of YAML would
/// be one more reader of hostile text, and where two texts are the same so is their meaning.
/// Whatever is not of that form stays, as text, with what stands above it.
fn entries(yaml: &str) -> BTreeMap<String, Properties> {
    let mut found: BTreeMap<String, Properties> = BTreeMap::new();
    let (mut entry, mut property) = (String::new(), String::new());
    for line in yaml.lines().filter(|line| *line != "---") {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let begins = !line[indent..].starts_with(['-', '#', '}', ']']) && !line.trim().is_empty();
        let value = match (indent, begins) {
            (0, true) => {
                let (name, value) = key(line);
                (entry, property) = (name, String::new());
                value
            }
            (2, true) => {
                let (name, value) = key(&line[2..]);
                property = name;
                value
            }
            (_, true | false) => line,
        };
        let kept = found.entry(entry.clone()).or_default().entry(property.clone()).or_default();
        if !kept.is_empty() {
            kept.push('\n');
        }
        kept.push_str(value);
    }
    for properties in found.values_mut() {
        properties.retain(|name, value| !(name.is_empty() && value.is_empty()));
    }
    found
}

/// `name: value`; older GitLabs write names as Ruby's symbols, `:name: value`.
fn key(line: &str) -> (String, &str) {
    let plain = line.strip_prefix(':').unwrap_or(line);
    match plain.split_once(": ") {
        Some((name, value)) => (name.to_owned(), value),
        None => (plain.strip_suffix(':').unwrap_or(plain).to_owned(), ""),
    }
}

#[cfg(test)]
#[path = "lint_tests.rs"]
mod tests;
