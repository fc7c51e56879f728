//! Values that name things of git and GitLab: URLs, branches, projects, variables.

use toml::de::DeValue;
use url::Url;

use super::value::{Wrong, quoted, suggestion, text, whole, wrong};

/// A URL by which git reads: its own scheme, a host, no password.
pub(crate) fn git_url(value: &DeValue<'_>) -> Result<String, Wrong> {
    let text = text(value)?;
    let url = absolute(&text, &["https", "http", "git", "ssh"])?;
    if url.password().is_some() || (!url.username().is_empty() && url.scheme() != "ssh") {
        return Err(with_userinfo());
    }
    Ok(text)
}

/// A URL of GitLab's, without a slash at its end.
pub(crate) fn web_url(value: &DeValue<'_>) -> Result<Url, Wrong> {
    let text = text(value)?;
    let url = absolute(text.trim_end_matches('/'), &["https", "http"])?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(with_userinfo());
    }
    Ok(url)
}

fn with_userinfo() -> Wrong {
    wrong(
        "has a user name or password in it",
        "remove it: the token has a key of its own, and URLs are shown in logs and letters",
    )
}

fn absolute(text: &str, schemes: &[&str]) -> Result<Url, Wrong> {
    let is = || format!("is {}, which is not a URL that can be used", quoted(text));
    let help = || format!("write it whole, as {}://host/path", schemes[0]);
    let url = Url::parse(text).map_err(|_| wrong(is(), help()))?;
    if !schemes.contains(&url.scheme()) {
        return Err(wrong(is(), format!("use one of the schemes {}", schemes.join(", "))));
    }
    let plain = url.host_str().is_some_and(|host| !host.is_empty())
        && url.query().is_none()
        && url.fragment().is_none();
    if plain { Ok(url) } else { Err(wrong(is(), help())) }
}

/// A GitLab project's path or number.
pub(crate) fn project(value: &DeValue<'_>) -> Result<String, Wrong> {
    let text = text(value)?;
    let part = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
            && !part.ends_with(".git")
            && !part.starts_with('.')
    };
    let is_path = text.contains('/') && text.split('/').all(part);
    if is_path || text.bytes().all(|b| b.is_ascii_digit()) {
        Ok(text)
    } else {
        Err(wrong(
            format!("is {}, which is not a project", quoted(&text)),
            "write its full path as its address has it, group/project, without \".git\"",
        ))
    }
}

/// A glob for paths in a repository.
pub(crate) fn path_glob(value: &DeValue<'_>) -> Result<String, Wrong> {
    let text = text(value)?;
    match globset::Glob::new(&text) {
        Ok(_) if !text.starts_with('/') => Ok(text),
        Ok(_) | Err(_) => Err(wrong(
            format!("is {}, which matches no path", quoted(&text)),
            "write a path from the repository's root, such as \".gitlab-ci.d/**\"",
        )),
    }
}

/// A branch's name without `refs/heads/` (git-check-ref-format(1)).
pub(crate) fn branch(value: &DeValue<'_>) -> Result<String, Wrong> {
    let text = text(value)?;
    if text.starts_with("refs/") {
        let is = format!("is {}, a full ref", quoted(&text));
        return Err(wrong(is, "write the branch's name alone, without \"refs/heads/\""));
    }
    if is_branch(&text) {
        Ok(text)
    } else {
        Err(wrong(
            format!("is {}, which git does not take", quoted(&text)),
            "see git-check-ref-format",
        ))
    }
}

fn is_branch(text: &str) -> bool {
    git2::Branch::name_is_valid(text).unwrap_or(false) && text != "HEAD" && !text.starts_with('-')
}

/// A branch's name with placeholders: either none but `{target}`, or both of `{number}` and
/// `{attempt}`, so that no two attempts share a branch unless all do.
pub(crate) fn template(value: &DeValue<'_>) -> Result<String, Wrong> {
    let text = text(value)?;
    let filled = fill(&text)?;
    let (number, attempt) = (text.contains("{number}"), text.contains("{attempt}"));
    if number != attempt {
        let missing = if number { "{attempt}" } else { "{number}" };
        return Err(wrong(
            format!("lacks {missing}, so that different attempts would share a branch"),
            format!("add {missing}, or write a literal name that all take turns on"),
        ));
    }
    if text.starts_with("refs/") || !is_branch(&filled) {
        return Err(wrong(
            format!("is {}, which gives no branch that git takes", quoted(&text)),
            "write a branch's name without \"refs/heads/\"; see git-check-ref-format",
        ));
    }
    Ok(text)
}

/// Whether a template gives one branch for everything.
pub(crate) fn is_single_slot(template: &str) -> bool {
    !template.contains("{number}")
}

fn fill(template: &str) -> Result<String, Wrong> {
    let filled =
        template.replace("{target}", "t").replace("{number}", "1").replace("{attempt}", "1");
    let Some(open) = filled.find(['{', '}']) else { return Ok(filled) };
    let rest = &filled[open..];
    let unknown = &rest[..rest.find('}').map_or(rest.len(), |close| close + 1)];
    let names = ["{target}", "{number}", "{attempt}"];
    let help = match suggestion(unknown, names.into_iter()) {
        Some(meant) => format!("did you mean {meant}?"),
        None => format!("there are {}", names.join(", ")),
    };
    Err(wrong(format!("has the unknown placeholder {}", quoted(unknown)), help))
}

/// What a pipeline's variable holds.
pub(crate) fn variable(value: &DeValue<'_>) -> Result<String, Wrong> {
    match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {
            Err(wrong("is not a text", "GitLab's variables are texts: put it in quotes"))
        }
        DeValue::Array(_) | DeValue::Table(_) => Err(wrong("is not a text", "write a text")),
    }
}

/// What a pipeline's input holds: GitLab knows texts, numbers, flags and lists.
pub(crate) fn input(value: &DeValue<'_>) -> Result<serde_json::Value, Wrong> {
    let bad = || wrong("is nothing GitLab's inputs take", "write a text, number, flag or list");
    match value {
        DeValue::String(text) => Ok(text.as_ref().into()),
        DeValue::Boolean(flag) => Ok((*flag).into()),
        DeValue::Integer(_) => whole(value)?.map(Into::into).ok_or_else(bad),
        DeValue::Float(number) => {
            let number = number.as_str().parse::<f64>().ok();
            number.and_then(serde_json::Number::from_f64).map(Into::into).ok_or_else(bad)
        }
        DeValue::Array(list) => list
            .iter()
            .map(|each| input(each.get_ref()))
            .collect::<Result<Vec<_>, _>>()
            .map(Into::into),
        DeValue::Datetime(_) | DeValue::Table(_) => Err(bad()),
    }
}
