//! What takes two sections to tell: names that refer to others, addresses that must differ,
//! branches that would be shared. It works on the sections as written, so that a problem in one
//! does not hide another's.

use std::collections::BTreeMap;

use super::forge;
use super::model::{List, Target};
use super::reader::Table;
use super::value::{self, suggestion};

/// The sections there may be several of.
pub(crate) struct Sections<'a> {
    /// `[[account]]`
    pub(crate) accounts: &'a [Table<'a>],
    /// `[[list]]`
    pub(crate) lists: &'a [Table<'a>],
    /// `[[target]]`
    pub(crate) targets: &'a [Table<'a>],
}

/// Notes what is wrong between sections.
pub(crate) fn check(sections: &Sections<'_>, bot: Option<&Table<'_>>, command: Option<&Table<'_>>) {
    for tables in [sections.accounts, sections.lists, sections.targets] {
        names_differ(tables);
    }
    for list in sections.lists {
        refers(list, "account", sections.accounts);
        refers(list, "target", sections.targets);
        refers_by_subject(list, sections.targets);
    }
    if let Some(bot) = bot {
        no_list_of_ours(bot, sections.lists);
    }
    if let Some(command) = command {
        refers(command, "account", sections.accounts);
        no_command_by_a_list(command, sections.lists);
    }
}

/// Commands must not go to a list: everybody there would get them.
fn no_command_by_a_list(command: &Table<'_>, lists: &[Table<'_>]) {
    let Some(address) = command.peek("address") else { return };
    let lists = lists.iter().filter_map(|list| list.peek("address"));
    if lists.into_iter().any(|list| list.eq_ignore_ascii_case(address)) {
        command.note("address", "is the address of a list", "name an address of the bot's own");
    }
}

fn names_differ(tables: &[Table<'_>]) {
    let mut taken = Vec::new();
    for table in tables {
        let Some(name) = table.peek("name") else { continue };
        if taken.contains(&name) {
            table.note("name", format!("{name:?} is taken"), "give each section its own name");
        }
        taken.push(name);
    }
}

fn refers(list: &Table<'_>, key: &str, to: &[Table<'_>]) {
    if let Some(wanted) = list.peek(key)
        && let Some((is, help)) = unknown(wanted, key, to)
    {
        list.note(key, is, help);
    }
}

fn refers_by_subject(list: &Table<'_>, targets: &[Table<'_>]) {
    let entries = list.entry("targets").and_then(|value| value.get_ref().as_table());
    for (words, wanted) in entries.into_iter().flatten() {
        let name = wanted.get_ref().as_str();
        if let Some((is, help)) = name.and_then(|name| unknown(name, "target", targets)) {
            let key = list.key_path(&format!("targets.{}", words.get_ref()));
            list.reading.note(key, Some(wanted.span()), is, help);
        }
    }
}

/// What is wrong with a name that no section has, and what to do.
fn unknown(wanted: &str, what: &str, sections: &[Table<'_>]) -> Option<(String, String)> {
    let names: Vec<&str> = sections.iter().filter_map(|table| table.peek("name")).collect();
    if names.contains(&wanted) || names.is_empty() {
        return None;
    }
    let help = match suggestion(wanted, names.iter().copied()) {
        Some(meant) => format!("did you mean \"{meant}\"?"),
        None => format!("add [[{what}]] with that name, or write one of: {}", names.join(", ")),
    };
    Some((format!("there is no {what} named {}", value::quoted(wanted)), help))
}

/// Notes lists whose mails can't be told apart: sharing a folder alone is fine.
pub(crate) fn folders(lists: &[(&Table<'_>, &List)]) {
    let mut seen = Vec::new();
    for (table, list) in lists {
        let place = (&list.account, &list.folder, list.address.to_lowercase());
        if seen.contains(&place) {
            table.note("address", "is another list's, in the same folder", "remove one of the two");
        }
        seen.push(place);
    }
}

/// Letters about the inside must not go to a list, and the bot must not be one.
fn no_list_of_ours(bot: &Table<'_>, lists: &[Table<'_>]) {
    let addresses: Vec<&str> = lists.iter().filter_map(|list| list.peek("address")).collect();
    let is_list = |address: &str| addresses.iter().any(|list| list.eq_ignore_ascii_case(address));
    let help = "name a person's address, or a list that this file does not watch";
    for key in ["administrator", "from"] {
        let Some(text) = bot.peek(key) else { continue };
        let bare = text.rsplit_once('<').map_or(text, |(_, rest)| rest.trim_end_matches('>'));
        if is_list(bare.trim()) {
            bot.note(key, "is the address of a list", help);
        }
    }
    if bot.peek_list("release_managers").iter().any(|manager| is_list(manager)) {
        bot.note("release_managers", "has the address of a list in it", help);
    }
}

/// Notes targets whose candidates would be pushed over each other, or over the branch itself.
pub(crate) fn branches(targets: &[(&Table<'_>, &Target)]) {
    let mut slots: BTreeMap<(String, String), &str> = BTreeMap::new();
    for (table, target) in targets {
        let template = &target.ci.reference;
        if !forge::is_single_slot(template) {
            continue;
        }
        let branch = template.replace("{target}", target.name.as_str());
        if branch == target.branch && target.ci.push_url == target.url {
            let help = "write a branch of the bot's own, such as \"staging\"";
            table.note("ci", "would push candidates over the target's branch", help);
        }
        let slot = (target.ci.push_url.clone(), branch);
        if let Some(other) = slots.insert(slot, target.name.as_str()) {
            let is = format!("pushes to the same branch as target {other:?}");
            table.note("ci", is, "give each its own `reference`, with {target} in it");
        }
    }
}
