//! The project's `.gitlab-ci.yml`, of which a small part is understood: `stages`, local includes,
//! and jobs with `stage`, `script`, `allow_failure`, `tags`, `when: manual`. It must be written as JSON, which
//! is YAML too: no YAML parser comes along for the sake of a demonstration. Jobs run in the order
//! of the stages; within a stage they are sorted by name and run side by side.

use serde::Deserialize;
use serde_json::{Map, Value};

/// Where it is.
pub(super) const PATH: &str = ".gitlab-ci.yml";

/// Words at the top that are no jobs (GitLab's "CI/CD YAML syntax reference").
const NO_JOBS: [&str; 8] =
    ["stages", "default", "include", "variables", "workflow", "image", "spec", "cache"];

/// A job as the file orders it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct JobOrder {
    /// Its name.
    pub(crate) name: String,
    /// Its stage.
    pub(crate) stage: String,
    /// Its lines.
    pub(crate) script: Vec<String>,
    /// Whether it may fail.
    pub(crate) allow_failure: bool,
    /// The runner tags it asks for.
    pub(crate) tags: Vec<String>,
    /// Whether it waits for a person.
    pub(crate) manual: bool,
}

#[derive(Debug, Deserialize)]
struct Entry {
    stage: Option<String>,
    #[serde(default)]
    script: Lines,
    allow_failure: Option<bool>,
    #[serde(default)]
    tags: Vec<String>,
    when: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(untagged)]
enum Lines {
    #[default]
    None,
    One(String),
    Many(Vec<String>),
}

/// A file with what it includes, and the paths of that.
pub(super) struct Merged {
    /// Every entry.
    pub(crate) entries: Map<String, Value>,
    /// The included files.
    pub(crate) includes: Vec<String>,
}

/// Reads a file and what it includes; an entry of its own goes before an included one.
///
/// # Errors
/// A sentence in GitLab's manner.
pub(super) fn merged(
    text: &str,
    included: impl Fn(&str) -> Option<String>,
) -> Result<Merged, String> {
    let read = |text: &str| -> Result<Map<String, Value>, String> {
        serde_json::from_str(text).map_err(|error| format!("Invalid configuration format: {error}"))
    };
    let mut entries = read(text)?;
    let listed = match entries.remove("include") {
        None => Vec::new(),
        Some(Value::Array(listed)) => listed,
        Some(one) => vec![one],
    };
    let path = |one: &Value| one.get("local").or(Some(one))?.as_str().map(str::to_owned);
    let includes: Vec<String> = listed.iter().filter_map(path).collect();
    for path in &includes {
        let text = included(path).ok_or_else(|| format!("Local file `{path}` does not exist!"))?;
        for (name, value) in read(&text)? {
            entries.entry(name).or_insert(value);
        }
    }
    Ok(Merged { entries, includes })
}

/// The jobs of a file with its includes, by stage.
///
/// # Errors
/// A sentence in GitLab's manner about the first thing that is wrong.
pub(super) fn jobs(file: &Map<String, Value>) -> Result<Vec<JobOrder>, String> {
    let stages: Vec<String> = match file.get("stages") {
        None => ["build", "test", "deploy"].map(String::from).into(),
        Some(stages) => serde_json::from_value(stages.clone())
            .map_err(|_| "stages config should be an array of strings".to_owned())?,
    };
    let mut jobs = Vec::new();
    for (name, value) in file {
        if !NO_JOBS.contains(&name.as_str()) && !name.starts_with('.') {
            jobs.push(job(name, value, &stages)?);
        }
    }
    jobs.sort_by_key(|job| stages.iter().position(|stage| *stage == job.stage));
    Ok(jobs)
}

fn job(name: &str, value: &Value, stages: &[String]) -> Result<JobOrder, String> {
    let entry: Entry = serde_json::from_value(value.clone())
        .map_err(|error| format!("jobs:{name} config is wrong: {error}"))?;
    let script = match entry.script {
        Lines::None => {
            return Err(format!(
                "jobs:{name} config should implement the script:, run:, or trigger: keyword"
            ));
        }
        Lines::One(line) => vec![line],
        Lines::Many(lines) => lines,
    };
    let stage = entry.stage.unwrap_or_else(|| "test".into());
    if !stages.contains(&stage) {
        let known = stages.join(", ");
        return Err(format!(
            "{name} job: chosen stage {stage} does not exist; available stages are .pre, {known}, .post"
        ));
    }
    let manual = entry.when.as_deref() == Some("manual");
    let allow_failure = entry.allow_failure.unwrap_or(manual);
    Ok(JobOrder { name: name.into(), stage, script, allow_failure, tags: entry.tags, manual })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<JobOrder>, String> {
        jobs(&merged(text, |_| None)?.entries)
    }

    #[test]
    fn jobs_come_in_the_order_of_the_stages() {
        let jobs = parse(
            r#"{"stages":["one","two"],"variables":{"A":"b"},".hidden":{"script":"x"},
                "b":{"stage":"two","script":["x","y"],"tags":["s390x"]},
                "z":{"stage":"one","script":"x","allow_failure":true}}"#,
        )
        .unwrap();
        assert_eq!(jobs.iter().map(|job| job.name.as_str()).collect::<Vec<_>>(), ["z", "b"]);
        assert!(jobs[0].allow_failure);
        assert_eq!((jobs[1].script.len(), jobs[1].tags[0].as_str()), (2, "s390x"));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, says) in [
            ("- a", "Invalid configuration format"),
            (r#"{"a":{"stage":"nowhere","script":"x"}}"#, "chosen stage nowhere does not exist"),
            (r#"{"a":{}}"#, "jobs:a config should implement the script:"),
            (r#"{"stages":1}"#, "stages config"),
        ] {
            assert!(parse(text).unwrap_err().contains(says), "{text}");
        }
    }
}
