//! The shipped example and the reference page, made of the table of keys: the files themselves
//! are held to this by tests.

use super::keys::{Key, Occurs, Presence, SECRET_SOURCE, SECTIONS, Section};

const HEAD: &str = "\
# The configuration of Gatepost: every key, with its default.
#
# Keys without a \"#\" in front have no default and have to be written; their values here are
# examples. Of the others the value shown is the default, or, where the sentence says what happens
# without the key, an example. A section with a \"#\" in front may be left out whole. Relative paths
# start at the folder of this file. Durations are written \"90s\", \"1h 30m\", \"7 days\"; sizes
# \"500 MiB\", \"2 GiB\". All times are UTC.
#
# A secret is never written here. It comes from
#   { file = \"path\" }              a file that only its owner may read (chmod 600)
#   { env = \"NAME\" }               a variable of the environment
#   { command = [\"pass\", \"x\"] }    a program that prints it within 10 seconds
#   { credential = \"name\" }        a file in $CREDENTIALS_DIRECTORY (systemd's LoadCredential=)
#
# `gatepost check` reads this file, tries everything in it, and says what to do.
";

/// `config.toml` as it is shipped.
pub(crate) fn example() -> String {
    let mut text = HEAD.to_owned();
    for section in SECTIONS {
        text.push('\n');
        text.push_str(&comment(section.doc));
        if section.occurs == Occurs::Repeatedly {
            text.push_str("# There may be several.\n");
        }
        let left_out = section.occurs == Occurs::AtMostOnce;
        text.push_str(&format!("{}{}\n", if left_out { "#" } else { "" }, section.header()));
        for key in section.keys {
            text.push_str(&comment(key.doc));
            let mark = if is_required(key) && !left_out { "" } else { "#" };
            text.push_str(&format!("{mark}{} = {}\n", key.name, key.sample()));
        }
    }
    text
}

fn is_required(key: &Key) -> bool {
    matches!(key.presence, Presence::Required(_))
}

fn comment(sentence: &str) -> String {
    textwrap::wrap(sentence, 76).iter().map(|line| format!("# {line}\n")).collect()
}

/// `docs/configuration.md`.
pub(crate) fn page() -> String {
    let mut text = String::from(
        "# Configuration\n\nThe configuration is one TOML file. Every key is below; \
         [config.toml](../config.toml) is the same as a\nfile to start from. This page is made \
         from the table that the program itself reads by.\n\nUnknown keys are refused. All \
         problems are reported at once, each with its line. Relative paths start at the\nfile's \
         folder.\n",
    );
    for section in SECTIONS {
        text.push_str(&part(section, &format!("`{}`", section.header())));
    }
    text.push_str(&part(SECRET_SOURCE, "Secrets"));
    text
}

fn part(section: &Section, title: &str) -> String {
    let several = match section.occurs {
        Occurs::Repeatedly => " There may be several.",
        Occurs::Once | Occurs::AtMostOnce => "",
    };
    let mut text = format!("\n## {title}\n\n{}{several}\n\n", section.doc);
    text.push_str("| key | takes | default | |\n| --- | --- | --- | --- |\n");
    for key in section.keys {
        let default = match key.presence {
            Presence::Required(_) => "required".to_owned(),
            Presence::Default(value) => format!("`{value}`"),
            Presence::Optional(_) => String::new(),
        };
        // Markdown would make a link of what stands in angle brackets.
        let what = key.what.replace('<', "\\<");
        text.push_str(&format!("| `{}` | {what} | {default} | {} |\n", key.name, key.doc));
    }
    text
}
