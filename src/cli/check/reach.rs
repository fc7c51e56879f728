//! What candidates can reach in CI: variables and runners. Whoever may submit runs his own code
//! there, so all that is named here is his.

use super::CheckLine;
use super::facts::{ReachFacts, RunnerFacts, VariableFacts};
use crate::ports::{Fault, FaultKind};
use crate::pull::clean;

/// How many are named.
const NAMED: usize = 20;

/// Parts of names that secrets have.
const SECRET: [&str; 8] =
    ["TOKEN", "SECRET", "PASS", "KEY", "CREDENTIAL", "PRIVATE", "AUTH", "LOGIN"];

/// What is to be said; `is_protected`: whether the candidate's branch is.
pub(crate) fn lines(
    subject: &str,
    branch: &str,
    is_protected: Option<bool>,
    found: &ReachFacts,
) -> Vec<CheckLine> {
    // What GitLab does not tell of the branch is taken for the worse.
    let reaches = |protected: bool| !protected || is_protected != Some(false);
    let mut lines = Vec::new();
    if let (Err(one), Err(_)) = (&found.variables, &found.runners) {
        lines.push(unseen(subject, "CI variables and runners", one));
        return lines;
    }
    match &found.variables {
        Ok(variables) => {
            let reached: Vec<&VariableFacts> =
                variables.iter().filter(|variable| reaches(variable.protected)).collect();
            lines.push(variables_line(subject, &reached));
            lines.extend(secrets_line(subject, branch, is_protected, &reached));
        }
        Err(fault) => lines.push(unseen(subject, "CI variables", fault)),
    }
    if !found.closed_groups.is_empty() {
        let groups = list(found.closed_groups.iter().map(|group| clean::words(group)));
        lines.push(CheckLine::warn(
            subject,
            format!("the CI variables of the group {groups} can't be seen"),
            "look in its CI/CD settings: unprotected ones reach candidates",
        ));
    }
    match &found.runners {
        Ok(runners) => {
            let reached = runners.iter().filter(|runner| reaches(runner.protected == Some(true)));
            lines.push(runners_line(subject, &reached.collect::<Vec<_>>()));
        }
        Err(fault) => lines.push(unseen(subject, "runners", fault)),
    }
    lines
}

fn unseen(subject: &str, what: &str, fault: &Fault) -> CheckLine {
    let why = match fault.kind {
        FaultKind::Misconfigured => "GitLab shows them to Maintainers".to_owned(),
        FaultKind::Temporary | FaultKind::Permanent | FaultKind::Bug => fault.detail.clone(),
    };
    CheckLine::warn(
        subject,
        format!("which {what} candidates reach can't be seen: {why}"),
        "look in the project's CI/CD settings: what is not protected is every submitter's",
    )
}

fn variables_line(subject: &str, reached: &[&VariableFacts]) -> CheckLine {
    if reached.is_empty() {
        return CheckLine::yes(subject, "candidates reach no CI variable of the project");
    }
    let names = list(reached.iter().map(|variable| named(variable)));
    CheckLine::yes(subject, format!("candidates reach these CI variables: {names}"))
}

fn named(variable: &VariableFacts) -> String {
    let mut about = Vec::new();
    about.extend(variable.masked.then(|| "masked".to_owned()));
    about.extend(variable.protected.then(|| "protected".to_owned()));
    about.extend(variable.group.as_ref().map(|group| format!("of {}", clean::words(group))));
    let name = clean::words(&variable.key);
    if about.is_empty() { name } else { format!("{name} ({})", about.join(", ")) }
}

fn secrets_line(
    subject: &str,
    branch: &str,
    is_protected: Option<bool>,
    reached: &[&VariableFacts],
) -> Option<CheckLine> {
    let upper = |variable: &VariableFacts| variable.key.to_uppercase();
    let is_secret = |variable: &&&VariableFacts| {
        variable.masked || SECRET.iter().any(|part| upper(variable).contains(part))
    };
    let secrets: Vec<String> =
        reached.iter().filter(is_secret).map(|variable| clean::words(&variable.key)).collect();
    if secrets.is_empty() {
        return None;
    }
    let verb = if secrets.len() == 1 { "looks like a secret" } else { "look like secrets" };
    let finding = format!(
        "{} {verb}, and every submitter can read what reaches his jobs",
        list(secrets.into_iter())
    );
    let todo = match is_protected {
        Some(false) => "protect what is a secret in the CI/CD settings, or take it away".to_owned(),
        Some(true) | None => {
            format!(
                "protect what is a secret, and choose a `reference` whose {branch} is not protected"
            )
        }
    };
    Some(CheckLine::warn(subject, finding, todo))
}

fn runners_line(subject: &str, reached: &[&RunnerFacts]) -> CheckLine {
    if reached.is_empty() {
        let todo = "register one, or let instance runners take the project's jobs";
        return CheckLine::warn(subject, "no runner takes candidates' jobs", todo);
    }
    let each = reached.iter().map(|runner| {
        let mut about = vec![kind(&runner.kind).to_owned()];
        about.extend(
            runner
                .tags
                .as_ref()
                .filter(|tags| !tags.is_empty())
                .map(|tags| format!("tags {}", clean::words(&tags.join(" ")))),
        );
        about.extend((runner.protected == Some(true)).then(|| "protected".to_owned()));
        format!("{} ({})", clean::cut(&clean::words(&runner.description), 60), about.join(", "))
    });
    CheckLine::yes(subject, format!("candidates reach these runners: {}", list(each)))
}

fn kind(word: &str) -> &str {
    match word {
        "instance_type" => "the whole server's",
        "group_type" => "the group's",
        "project_type" => "the project's own",
        _ => "of unknown kind",
    }
}

fn list(each: impl ExactSizeIterator<Item = String>) -> String {
    let more = each.len().saturating_sub(NAMED);
    let named = each.take(NAMED).collect::<Vec<_>>().join(", ");
    if more == 0 { named } else { format!("{named} and {more} more") }
}
