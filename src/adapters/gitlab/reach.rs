//! What candidates can reach in CI: variables and runners, for `gatepost check`. It never takes up
//! a variable's value.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Deserialize;

use super::GitLab;
use super::answer::Row;
use crate::ports::Fault;

/// How many runners are looked at one by one: their tags are not in the list.
const RUNNERS: usize = 30;

/// What was found out; each part by itself, since any may be refused.
#[derive(Debug)]
pub(crate) struct Reach {
    /// CI variables of the project, and of those of its groups that the token may look at.
    pub(crate) variables: Result<Vec<Variable>, Fault>,
    /// Groups whose variables the token may not look at.
    pub(crate) closed_groups: Vec<String>,
    /// Runners that may take the project's jobs.
    pub(crate) runners: Result<Vec<Runner>, Fault>,
}

/// A CI variable, without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    /// Its name.
    pub(crate) key: String,
    /// Whether it reaches protected branches only.
    pub(crate) protected: bool,
    /// Whether logs do not show it.
    pub(crate) masked: bool,
    /// The group it comes from; `None`: the project's own.
    pub(crate) group: Option<String>,
}

/// A runner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Runner {
    /// What its owner calls it.
    pub(crate) description: String,
    /// `instance_type`, `group_type`, `project_type`.
    pub(crate) kind: String,
    /// Its tags, where GitLab tells them.
    pub(crate) tags: Option<Vec<String>>,
    /// Whether it takes jobs of protected branches only, where GitLab tells that.
    pub(crate) protected: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct VariableAnswer {
    key: String,
    #[serde(default)]
    protected: bool,
    #[serde(default)]
    masked: bool,
    #[serde(default)]
    hidden: bool,
    #[serde(default)]
    environment_scope: String,
}

impl Row for VariableAnswer {
    /// Variables have no number: name and environment are what they differ by.
    fn id(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.key, &self.environment_scope).hash(&mut hasher);
        hasher.finish()
    }
}

impl VariableAnswer {
    fn of(self, group: Option<&str>) -> Variable {
        let masked = self.masked || self.hidden;
        let group = group.map(str::to_owned);
        Variable { key: self.key, protected: self.protected, masked, group }
    }
}

#[derive(Debug, Deserialize)]
struct RunnerAnswer {
    id: u64,
    description: Option<String>,
    runner_type: Option<String>,
    tag_list: Option<Vec<String>>,
    access_level: Option<String>,
}

impl Row for RunnerAnswer {
    fn id(&self) -> u64 {
        self.id
    }
}

impl GitLab {
    /// Asks for variables and runners, changing nothing. `project` is the project's full path.
    /// Safe to repeat.
    pub(crate) fn reach(&self, project: &str) -> Reach {
        let client = &self.client;
        let own = client.list::<VariableAnswer>(&client.in_project("variables"), &[]);
        let own = own.map(|rows| rows.into_iter().map(|row| row.of(None)).collect::<Vec<_>>());
        let (mut variables, mut closed_groups) = (own.map_err(Fault::from), Vec::new());
        // Who may not look at the project's may not look at its groups' either.
        if let Ok(variables) = &mut variables {
            for group in groups(project) {
                let path = format!("groups/{}/variables", group.replace('/', "%2F"));
                match client.list::<VariableAnswer>(&path, &[]) {
                    Ok(rows) => variables.extend(rows.into_iter().map(|row| row.of(Some(group)))),
                    // A person's own namespace is no group.
                    Err(refused) if refused.is(&[404]) => {}
                    Err(_) => closed_groups.push(group.to_owned()),
                }
            }
        }
        let runners = client.list::<RunnerAnswer>(&client.in_project("runners"), &[]);
        let runners = runners.map(|rows| rows.into_iter().take(RUNNERS).map(|r| self.runner(r)));
        Reach {
            variables,
            closed_groups,
            runners: runners.map(Iterator::collect).map_err(Fault::from),
        }
    }

    /// A runner with what only its own page has, where the token may look at that.
    fn runner(&self, listed: RunnerAnswer) -> Runner {
        let whole = self.client.get::<RunnerAnswer>(&format!("runners/{}", listed.id), &[]).ok();
        let (tags, access) = whole.map_or((None, None), |r| (r.tag_list, r.access_level));
        Runner {
            description: listed.description.unwrap_or_default(),
            kind: listed.runner_type.unwrap_or_default(),
            tags,
            protected: access.map(|level| level == "ref_protected"),
        }
    }
}

/// The groups that a project is in, innermost first.
fn groups(project: &str) -> impl Iterator<Item = &str> {
    let mut rest = project;
    std::iter::from_fn(move || {
        rest = rest.rsplit_once('/')?.0;
        Some(rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_projects_groups_are_all_above_it() {
        assert_eq!(groups("a/b/c").collect::<Vec<_>>(), ["a/b", "a"]);
        assert_eq!(groups("c").count(), 0);
    }

    #[test]
    fn a_variables_value_is_not_taken_up() {
        let row = r#"{"variable_type":"env_var","key":"TOKEN","value":"canary","hidden":true,
            "protected":false,"masked":true,"raw":false,"environment_scope":"*"}"#;
        let answer: VariableAnswer = serde_json::from_str(row).unwrap();
        assert!(!format!("{answer:?}").contains("canary"));
        assert!(answer.of(None).masked);
    }
}
