//! What `gatepost check` wants to know about the server, the token and the project. It must not
//! judge, beyond what GitLab's own rules say.

use regex::Regex;
use serde::Deserialize;

use super::GitLab;
use super::answer::{Row, UserAnswer};
use crate::ports::Fault;

/// GitLab's role Developer, which may make pipelines.
const DEVELOPER: u64 = 30;
/// GitLab's role Maintainer.
const MAINTAINER: u64 = 40;
/// GitLab's role Owner.
const OWNER: u64 = 50;

/// What was found out; each part by itself, since any may be refused.
#[derive(Debug)]
pub(crate) struct Inspection {
    /// GitLab's version, `18.5.1-ee`.
    pub(crate) version: Result<String, Fault>,
    /// The login name of the token's user.
    pub(crate) user: Result<String, Fault>,
    /// The token. Fine-grained tokens may not look at themselves: then a fault though all is well.
    pub(crate) token: Result<TokenFacts, Fault>,
    /// The project.
    pub(crate) project: Result<ProjectFacts, Fault>,
    /// Protected branches whose pattern takes in the candidate's branch. Developers may not see
    /// them everywhere: then a fault though all may be well.
    pub(crate) protected: Result<Vec<ProtectedBranch>, Fault>,
}

/// A token's own facts (GitLab's REST API, "Personal access tokens").
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct TokenFacts {
    /// What it is called.
    #[serde(default)]
    pub(crate) name: String,
    /// Its scopes: `api`, `write_repository`, `granular`, …
    #[serde(default)]
    pub(crate) scopes: Vec<String>,
    /// Its last day, `None`: it does not expire.
    pub(crate) expires_at: Option<jiff::civil::Date>,
    /// Whether it works now.
    #[serde(default)]
    pub(crate) active: bool,
}

impl TokenFacts {
    /// Whether its scopes let it make pipelines and push; `None` for a fine-grained token, whose
    /// scopes do not tell.
    pub(crate) fn suffices(&self) -> Option<bool> {
        let has = |scope: &str| self.scopes.iter().any(|s| s == scope);
        if has("granular") { None } else { Some(has("api")) }
    }
}

/// Who may see a project.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Visibility {
    /// Its members.
    Private,
    /// Everybody with an account.
    Internal,
    /// Everybody.
    Public,
}

/// Who may set variables when he makes a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum VariablesRole {
    /// Nobody; the default of new groups on GitLab.com since 18.0.
    Nobody,
    /// Developers and above.
    Developer,
    /// Maintainers and above.
    Maintainer,
    /// Owners.
    Owner,
    /// A word this version does not know, or none at all.
    Unknown(String),
}

/// A project's facts, as far as the bot depends on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProjectFacts {
    /// Its number.
    pub(crate) id: u64,
    /// Its full path.
    pub(crate) path: String,
    /// Who may see it.
    pub(crate) visibility: Visibility,
    /// Whether nothing was pushed to it yet.
    pub(crate) empty: bool,
    /// Whether it is read-only.
    pub(crate) archived: bool,
    /// Whether CI is on.
    pub(crate) ci_enabled: bool,
    /// Whether those who see the project see its pipelines and logs too.
    pub(crate) public_jobs: bool,
    /// Whether a new pipeline on a branch cancels that branch's older ones.
    pub(crate) auto_cancels: bool,
    /// Who may set variables.
    pub(crate) variables_role: VariablesRole,
    /// The token's role in it (30 Developer, 40 Maintainer, 50 Owner), where GitLab says it.
    pub(crate) role: Option<u64>,
}

impl ProjectFacts {
    /// Whether the role lets the token make pipelines; `None` if GitLab does not say.
    pub(crate) fn may_make_pipelines(&self) -> Option<bool> {
        self.role.map(|role| role >= DEVELOPER)
    }

    /// Whether pipelines may be made with variables; `None` if GitLab does not say.
    pub(crate) fn may_set_variables(&self) -> Option<bool> {
        let needed = match &self.variables_role {
            VariablesRole::Nobody => return Some(false),
            VariablesRole::Developer => DEVELOPER,
            VariablesRole::Maintainer => MAINTAINER,
            VariablesRole::Owner => OWNER,
            VariablesRole::Unknown(_) => return None,
        };
        self.role.map(|role| role >= needed)
    }
}

/// A protected branch or a pattern of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProtectedBranch {
    /// The name or pattern, with `*`.
    pub(crate) name: String,
    /// Roles that may push; 0: nobody.
    pub(crate) push: Vec<u64>,
    /// Roles that may merge; who may push or merge may make pipelines on it.
    pub(crate) merge: Vec<u64>,
    /// Whether who may push may also force it.
    pub(crate) force_push: bool,
}

impl ProtectedBranch {
    /// Whether that branch is protected by this. `*` stands for any text, slashes too.
    pub(crate) fn covers(&self, branch: &str) -> bool {
        let pattern = regex::escape(&self.name).replace(r"\*", ".*");
        Regex::new(&format!("^{pattern}$")).is_ok_and(|pattern| pattern.is_match(branch))
    }
}

impl GitLab {
    /// Asks the server about itself, the token and the project, changing nothing. `ci_ref` is a
    /// candidate's branch as the target's template makes it. Safe to repeat.
    pub(crate) fn inspect(&self, ci_ref: &str) -> Inspection {
        let client = &self.client;
        let version = client.get::<VersionAnswer>("version", &[]);
        let user = client.get::<UserAnswer>("user", &[]);
        let token = client.get("personal_access_tokens/self", &[]);
        let project = client.get::<ProjectAnswer>(&client.in_project(""), &[]);
        let branches =
            client.list::<ProtectedAnswer>(&client.in_project("protected_branches"), &[]);
        Inspection {
            version: version.map(|answer| answer.version).map_err(Fault::from),
            user: user.map(|answer| answer.username).map_err(Fault::from),
            token: token.map_err(Fault::from),
            project: project.map(ProjectFacts::from).map_err(Fault::from),
            protected: branches
                .map(|rows| rows.into_iter().map(ProtectedBranch::from))
                .map(|rows| rows.filter(|branch| branch.covers(ci_ref)).collect())
                .map_err(Fault::from),
        }
    }
}

#[derive(Debug, Deserialize)]
struct VersionAnswer {
    version: String,
}

#[derive(Debug, Deserialize)]
struct ProjectAnswer {
    id: u64,
    path_with_namespace: String,
    visibility: Visibility,
    #[serde(default)]
    empty_repo: bool,
    #[serde(default)]
    archived: bool,
    builds_access_level: Option<String>,
    jobs_enabled: Option<bool>,
    public_jobs: Option<bool>,
    auto_cancel_pending_pipelines: Option<String>,
    ci_pipeline_variables_minimum_override_role: Option<String>,
    restrict_user_defined_variables: Option<bool>,
    permissions: Option<Permissions>,
}

#[derive(Debug, Deserialize)]
struct Permissions {
    project_access: Option<Access>,
    group_access: Option<Access>,
}

#[derive(Debug, Deserialize)]
struct Access {
    access_level: Option<u64>,
}

impl From<ProjectAnswer> for ProjectFacts {
    fn from(answer: ProjectAnswer) -> Self {
        let ci_enabled = match answer.builds_access_level.as_deref() {
            Some(level) => level != "disabled",
            None => answer.jobs_enabled.unwrap_or(true),
        };
        let role = answer.permissions.and_then(|permissions| {
            let levels = [permissions.project_access, permissions.group_access];
            levels.into_iter().flatten().filter_map(|access| access.access_level).max()
        });
        let word = answer.ci_pipeline_variables_minimum_override_role;
        let variables_role = match (word.as_deref(), answer.restrict_user_defined_variables) {
            (Some("no_one_allowed"), _) => VariablesRole::Nobody,
            (Some("developer"), _) => VariablesRole::Developer,
            (Some("maintainer"), _) => VariablesRole::Maintainer,
            (Some("owner"), _) => VariablesRole::Owner,
            (Some(other), _) => VariablesRole::Unknown(other.to_owned()),
            // Before the setting had roles (17.1) it was a switch.
            (None, Some(true)) => VariablesRole::Maintainer,
            (None, Some(false)) => VariablesRole::Developer,
            (None, None) => VariablesRole::Unknown(String::new()),
        };
        Self {
            id: answer.id,
            path: answer.path_with_namespace,
            visibility: answer.visibility,
            empty: answer.empty_repo,
            archived: answer.archived,
            ci_enabled,
            public_jobs: answer.public_jobs.unwrap_or(true),
            auto_cancels: answer.auto_cancel_pending_pipelines.as_deref() != Some("disabled"),
            variables_role,
            role,
        }
    }
}

#[derive(Debug, Deserialize)]
struct ProtectedAnswer {
    id: u64,
    name: String,
    #[serde(default)]
    push_access_levels: Vec<Access>,
    #[serde(default)]
    merge_access_levels: Vec<Access>,
    #[serde(default)]
    allow_force_push: bool,
}

impl Row for ProtectedAnswer {
    fn id(&self) -> u64 {
        self.id
    }
}

impl From<ProtectedAnswer> for ProtectedBranch {
    fn from(answer: ProtectedAnswer) -> Self {
        let levels =
            |rows: Vec<Access>| rows.into_iter().filter_map(|row| row.access_level).collect();
        Self {
            name: answer.name,
            push: levels(answer.push_access_levels),
            merge: levels(answer.merge_access_levels),
            force_push: answer.allow_force_push,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(extra: &str) -> ProjectFacts {
        let text = format!(
            r#"{{"id":1,"path_with_namespace":"a/b","visibility":"public","permissions":
               {{"project_access":{{"access_level":30}},"group_access":null}}{extra}}}"#
        );
        serde_json::from_str::<ProjectAnswer>(&text).unwrap().into()
    }

    #[test]
    fn variables_are_permitted_as_the_project_says() {
        let role = |word: &str| {
            project(&format!(r#","ci_pipeline_variables_minimum_override_role":"{word}""#))
        };
        assert_eq!(role("no_one_allowed").may_set_variables(), Some(false));
        assert_eq!(role("developer").may_set_variables(), Some(true));
        assert_eq!(role("maintainer").may_set_variables(), Some(false));
        assert_eq!(role("deputy").may_set_variables(), None);
        assert_eq!(project("").may_set_variables(), None);
        let old = project(r#","restrict_user_defined_variables":false"#);
        assert_eq!(old.may_set_variables(), Some(true));
    }

    #[test]
    fn a_pattern_covers_what_gitlab_says_it_covers() {
        let branch = |name: &str| ProtectedBranch {
            name: name.into(),
            push: vec![40],
            merge: vec![40],
            force_push: false,
        };
        assert!(branch("staging*").covers("staging-gatepost-1-1"));
        assert!(branch("*/x").covers("a/b/x"));
        assert!(!branch("stag.ng").covers("staging"));
        assert!(!branch("staging").covers("staging-1"));
    }

    #[test]
    fn the_scopes_of_a_fine_grained_token_do_not_tell() {
        let token = |scope: &str| TokenFacts {
            name: String::new(),
            scopes: vec![scope.into()],
            expires_at: None,
            active: true,
        };
        assert_eq!(token("api").suffices(), Some(true));
        assert_eq!(token("read_api").suffices(), Some(false));
        assert_eq!(token("granular").suffices(), None);
    }
}
