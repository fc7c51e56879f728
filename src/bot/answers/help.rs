//! What `help` says, and the page `docs/commands.md`: both are made of the table of commands.

#[cfg(test)]
use std::fmt::Write as _;

use crate::pull::command::table::May;
use crate::pull::command::{Proof, Row, TABLE, row_of};

/// Where the page is, from the top of the source tree.
#[cfg(test)]
pub(crate) const COMMANDS_PAGE: &str = "docs/commands.md";

/// All commands, or one by its word.
pub(super) fn lines(word: Option<&str>) -> Vec<String> {
    lines_of(word.map(row_of))
}

/// All commands, or one.
pub(crate) fn lines_of(row: Option<&Row>) -> Vec<String> {
    match row {
        Some(row) => one(row),
        None => TABLE
            .iter()
            .flat_map(|row| [row.usage.to_owned(), format!("    {}", first_sentence(row.does))])
            .chain([String::new(), "`help COMMAND` says more of one.".into()])
            .collect(),
    }
}

fn one(row: &Row) -> Vec<String> {
    vec![
        row.usage.to_owned(),
        row.does.to_owned(),
        format!("Who: {}.{}", who(row), signed(row)),
        format!("Example: {}", row.example),
    ]
}

/// Up to a mark with a blank behind it: there are times and addresses in some.
fn first_sentence(text: &str) -> &str {
    let end = [". ", ": ", "; "].iter().filter_map(|mark| text.find(mark)).min();
    text[..end.unwrap_or(text.len())].trim_end_matches('.')
}

fn who(row: &Row) -> &'static str {
    match row.may {
        May::Anybody => "whoever may give any",
        May::Author => {
            "release managers; maintainers for requests of their own or touching their paths; \
             authors for their own"
        }
        May::Manager => "release managers",
        May::Administrator => "the administrator",
    }
}

fn signed(row: &Row) -> &'static str {
    match row.needs {
        Proof::Person => " By mail it has to be signed with OpenPGP.",
        Proof::Domain | Proof::None => "",
    }
}

/// The whole page.
#[cfg(test)]
pub(crate) fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    for row in TABLE {
        let _ = write!(
            page,
            "\n### {}\n\n```\n{}\n```\n\n{} {}.{}\n\n```\n{}\n```\n",
            row.word,
            row.usage,
            row.does,
            capital(who(row)),
            signed(row),
            row.example,
        );
    }
    page
}

#[cfg(test)]
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
const INTRODUCTION: &str = include_str!("commands.md");

#[cfg(test)]
mod tests {
    use super::*;

    /// `GATEPOST_WRITE_REFERENCE=1 cargo test` writes the page.
    #[test]
    fn the_page_of_commands_is_what_the_table_says() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(COMMANDS_PAGE);
        if std::env::var_os("GATEPOST_WRITE_REFERENCE").is_some() {
            std::fs::write(&path, page()).unwrap();
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap_or_default(), page());
    }

    fn balanced(line: &str) -> bool {
        line.matches('(').count() == line.matches(')').count()
    }

    #[test]
    fn help_fits_a_screen_and_says_more_of_one() {
        assert_eq!(lines(None).len(), 2 * TABLE.len() + 2);
        assert!(lines(None).iter().all(|line| line.chars().count() <= 120 && balanced(line)));
        let one = lines(Some("approve")).join("\n");
        assert!(one.contains("signed with OpenPGP") && one.contains("Example: approve"), "{one}");
    }
}
