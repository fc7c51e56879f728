//! GitLab: the token, the project, the candidate's branch, and whether what is private stays so.

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::facts::{GitLabFacts, ProjectFacts, ProtectedFacts, Seen, TokenFacts};
use super::{CheckLine, reach};
use crate::config::model::{Config, Target};
use crate::ports::FaultKind;

/// A candidate's branch as the template makes it.
pub(crate) fn sample_branch(target: &Target) -> String {
    let template = target.ci.reference.replace("{target}", target.name.as_str());
    template.replace("{number}", "1").replace("{attempt}", "1")
}

/// Whether all attempts take turns on one branch.
fn is_single_slot(target: &Target) -> bool {
    !target.ci.reference.contains("{attempt}")
}

/// What is to be said of a target's CI.
pub(crate) fn lines(
    config: &Config,
    target: &Target,
    found: &GitLabFacts,
    now: Timestamp,
) -> Vec<CheckLine> {
    let subject = format!("CI of {}", target.name);
    if let Err(fault) = &found.user
        && fault.kind == FaultKind::Temporary
    {
        return vec![CheckLine::fault(subject, fault, "")];
    }
    let mut lines = vec![server(&subject, target, found)];
    match &found.token {
        Ok(token) => lines.extend(token_lines(&subject, token, now)),
        Err(fault) => lines.push(CheckLine::warn(
            &subject,
            format!("the token's scopes and last day can't be seen: {}", fault.detail),
            "if it is a fine-grained token that is so by nature; write its last day down",
        )),
    }
    match &found.project {
        Ok(project) => {
            lines.extend(project_lines(&subject, target, project));
            lines.extend(privacy(config, target, &subject, project));
            lines.extend(branch_lines(&subject, target, found, project));
            let is_protected = found.protected.as_ref().ok().map(|rules| !rules.is_empty());
            let branch = sample_branch(target);
            lines.extend(
                found
                    .reach
                    .iter()
                    .flat_map(|found| reach::lines(&subject, &branch, is_protected, found)),
            );
        }
        Err(fault) => lines.push(CheckLine::no(
            &subject,
            format!("project {}: {}", target.ci.project, fault.detail),
            "see that the project's path is right and that the token's user is its member",
        )),
    }
    lines
}

fn server(subject: &str, target: &Target, found: &GitLabFacts) -> CheckLine {
    match (&found.user, &found.version) {
        (Err(fault), _) => CheckLine::no(
            subject,
            format!("{}: {}", target.ci.gitlab, fault.detail),
            "see that the URL leads to GitLab and that the token is good",
        ),
        (Ok(user), Ok(version)) => CheckLine::yes(
            subject,
            format!("{} is GitLab {version}; the bot is {user}", target.ci.gitlab),
        ),
        (Ok(user), Err(_)) => {
            CheckLine::yes(subject, format!("{} answers; the bot is {user}", target.ci.gitlab))
        }
    }
}

fn token_lines(subject: &str, token: &TokenFacts, now: Timestamp) -> Vec<CheckLine> {
    let renew = "make a new token with the scopes api and write_repository";
    if !token.active {
        return vec![CheckLine::no(subject, "the token is revoked or expired", renew)];
    }
    let scopes = token.scopes.join(", ");
    let scopes = match token.suffices {
        Some(true) => CheckLine::yes(subject, format!("the token has the scopes {scopes}")),
        Some(false) => {
            CheckLine::no(subject, format!("the token has only the scopes {scopes}"), renew)
        }
        None => CheckLine::warn(
            subject,
            "the token is fine-grained, and its permissions can't be seen",
            "see that it may read and write pipelines, jobs and the repository",
        ),
    };
    let mut lines = vec![scopes];
    let today = now.to_zoned(TimeZone::UTC).date();
    if let Some(last) = token.expires_at {
        let soon = today.checked_add(30.days()).is_ok_and(|limit| last <= limit);
        let finding = format!("the token expires on {last} (UTC)");
        lines.push(if soon {
            CheckLine::warn(subject, finding, renew)
        } else {
            CheckLine::yes(subject, finding)
        });
    }
    lines
}

fn project_lines(subject: &str, target: &Target, project: &ProjectFacts) -> Vec<CheckLine> {
    let path = &project.path;
    let mut lines = Vec::new();
    if project.archived {
        let todo = "unarchive it, or name another";
        lines.push(CheckLine::no(subject, format!("project {path} is archived"), todo));
    }
    if !project.ci_enabled {
        let todo = "turn CI/CD on in its settings, under Visibility";
        lines.push(CheckLine::no(subject, format!("project {path} has CI switched off"), todo));
    }
    if project.empty {
        let todo = "run `gatepost setup`, which fills it";
        lines.push(CheckLine::no(subject, format!("project {path} is empty"), todo));
    }
    match project.may_make_pipelines {
        Some(false) => lines.push(CheckLine::no(
            subject,
            format!("the token may not make pipelines in {path}"),
            "give its user the role Developer there, or Maintainer",
        )),
        Some(true) | None if lines.is_empty() => {
            lines.push(CheckLine::yes(subject, format!("project {path} can run pipelines")));
        }
        Some(true) | None => {}
    }
    lines.extend(variables_line(subject, target, project));
    lines
}

fn variables_line(subject: &str, target: &Target, project: &ProjectFacts) -> Option<CheckLine> {
    if target.ci.variables.is_empty() {
        return None;
    }
    let todo = "use `inputs`, or lower \"Minimum role to use pipeline variables\" in the \
                project's CI/CD settings";
    match project.may_set_variables {
        Some(true) => Some(CheckLine::yes(subject, "pipelines may be given variables")),
        Some(false) => {
            let finding = "the token may not give pipelines variables, and `variables` has some";
            Some(CheckLine::no(subject, finding, todo))
        }
        None => {
            let finding = "GitLab does not say whether pipelines may be given variables";
            Some(CheckLine::warn(subject, finding, todo))
        }
    }
}

/// Whether pipelines show what a list hides, or hide what a list is told.
fn privacy(
    config: &Config,
    target: &Target,
    subject: &str,
    project: &ProjectFacts,
) -> Vec<CheckLine> {
    let lists = config.lists.values().filter(|list| list.target == target.name);
    lists
        .filter_map(|list| {
            let (name, path) = (&list.name, &project.path);
            match (list.private, project.seen) {
                (true, Seen::Everybody) => Some(CheckLine::no(
                    subject,
                    format!("list {name} is private, and everybody can see project {path}"),
                    "make the project private, or use another for this list's target",
                )),
                (true, Seen::Accounts) => Some(CheckLine::no(
                    subject,
                    format!("list {name} is private, and every account can see project {path}"),
                    "make the project private, or use another for this list's target",
                )),
                (false, Seen::Members) => Some(CheckLine::warn(
                    subject,
                    format!("list {name} is public, and only members can see project {path}"),
                    "authors will not be able to open the links in replies: make it public",
                )),
                (false, Seen::Everybody | Seen::Accounts) if !project.public_jobs => {
                    Some(CheckLine::warn(
                        subject,
                        format!("list {name} is public, and only members see {path}'s pipelines"),
                        "turn on \"Project-based pipeline visibility\" in its CI/CD settings",
                    ))
                }
                (true, Seen::Members) | (false, Seen::Everybody | Seen::Accounts) => None,
            }
        })
        .collect()
}

fn branch_lines(
    subject: &str,
    target: &Target,
    found: &GitLabFacts,
    project: &ProjectFacts,
) -> Vec<CheckLine> {
    let branch = sample_branch(target);
    let mut lines = Vec::new();
    if is_single_slot(target) && project.auto_cancels {
        lines.push(CheckLine::warn(
            subject,
            format!("a new pipeline on {branch} cancels the older ones there"),
            "turn off \"Auto-cancel redundant pipelines\" in the project's CI/CD settings",
        ));
    }
    match &found.protected {
        Ok(rules) if rules.is_empty() => lines.push(CheckLine::yes(
            subject,
            format!("{branch} is not protected: protected variables and runners do not reach it"),
        )),
        Ok(rules) => lines.extend(rules.iter().map(|rule| {
            protected_line(subject, &branch, rule, project.role, is_single_slot(target))
        })),
        Err(fault) => lines.push(CheckLine::warn(
            subject,
            format!("protected branches can't be seen: {}", fault.detail),
            format!("see that no rule keeps the bot from pushing {branch}"),
        )),
    }
    lines
}

fn protected_line(
    subject: &str,
    branch: &str,
    rule: &ProtectedFacts,
    role: Option<u64>,
    is_single_slot: bool,
) -> CheckLine {
    let name = &rule.name;
    let least = rule.push.iter().copied().filter(|&level| level > 0).min();
    let refused = match (least, role) {
        (None, _) => true,
        (Some(least), Some(role)) => role < least,
        (Some(_), None) => false,
    };
    if refused {
        let finding = format!("{branch} is protected by {name:?}, and the bot may not push to it");
        return CheckLine::no(
            subject,
            finding,
            "allow its role to push there, or change `reference`",
        );
    }
    if is_single_slot && !rule.force_push {
        let finding = format!("{branch} is protected by {name:?}, which forbids forced pushes");
        let todo = "allow force push in that rule: each candidate takes the last one's place";
        return CheckLine::no(subject, finding, todo);
    }
    CheckLine::yes(
        subject,
        format!("{branch} is protected by {name:?}, and the bot may push to it"),
    )
}
