//! Which files use each other in a circle, and which folders and files of one folder do. A file
//! uses another whose names it names, by `use` or by path. What a file names through another's `use`
//! belongs to the file that defines it. No use at all are `mod`, a parent's `pub use`, and tests.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::TokenStream;

use super::paths::{Mention, Module, Named, declared, mentions, module_of, without_tests};

/// Who uses whom.
pub(super) type Uses = BTreeMap<Module, BTreeSet<Module>>;

/// How often a name may be handed on before the file that defines it.
const MOST_HANDS: usize = 8;

/// The files that are no tests, each with the paths that it names.
struct Sources(BTreeMap<Module, Vec<Mention>>);

/// Who uses whom among files, which are given by their paths below `src/`, with their texts.
pub(super) fn uses(files: &[(String, String)]) -> Uses {
    let sources = Sources::of(files);
    sources.0.keys().map(|module| (module.clone(), sources.used_by(module))).collect()
}

impl Sources {
    fn of(files: &[(String, String)]) -> Self {
        let parsed: BTreeMap<Module, TokenStream> = files
            .iter()
            .map(|(name, text)| (module_of(name), without_tests(text.parse().unwrap())))
            .filter(|(module, _)| !module.is_empty())
            .collect();
        let is_declared = |module: &[String]| {
            let Some((name, parent)) = module.split_last() else { return true };
            parsed.get(parent).is_none_or(|tokens| declared(tokens.clone()).contains(name))
        };
        let is_source = |module: &Module| (1..=module.len()).all(|end| is_declared(&module[..end]));
        let sources = parsed.iter().filter(|(module, _)| is_source(module));
        let read =
            sources.map(|(module, tokens)| (module.clone(), mentions(tokens.clone(), module)));
        Self(read.collect())
    }

    fn used_by(&self, module: &Module) -> BTreeSet<Module> {
        let mut used = BTreeSet::new();
        for mention in &self.0[module] {
            let Some(path) = self.rooted(mention, module) else { continue };
            let Some(owner) = self.owner(path) else { continue };
            let hands_on = mention.named == Named::PubUse && owner.starts_with(module);
            if owner != *module && !hands_on {
                used.insert(owner);
            }
        }
        used
    }

    /// A path from the crate's root, without `crate`; `None`: it is another crate's, or a local name.
    fn rooted(&self, mention: &Mention, module: &[String]) -> Option<Module> {
        let (first, rest) = mention.path.split_first()?;
        let child = [module, std::slice::from_ref(first)].concat();
        if first == "crate" {
            Some(rest.to_vec())
        } else if !rest.is_empty() && self.0.contains_key(&child) {
            Some([module, &mention.path].concat())
        } else {
            None
        }
    }

    /// The file that defines what a path names.
    fn owner(&self, mut path: Module) -> Option<Module> {
        let mut owner = None;
        for _ in 0..MOST_HANDS {
            let end = (1..=path.len()).rev().find(|end| self.0.contains_key(&path[..*end]))?;
            let (module, rest) = path.split_at(end);
            owner = Some(module.to_vec());
            let handed_on = rest.split_first().and_then(|(name, rest)| {
                let mut uses = self.0[module].iter().filter(|mention| mention.named != Named::Path);
                let found = uses.find(|mention| mention.called == *name)?;
                Some([self.rooted(found, module)?.as_slice(), rest].concat())
            });
            let Some(next) = handed_on else { break };
            path = next;
        }
        owner
    }
}

/// The circles among files, and in each folder among what lies in it.
pub(super) fn circles(uses: &Uses) -> Vec<String> {
    let folders: BTreeSet<&[String]> =
        uses.keys().flat_map(|module| (0..module.len()).map(|end| &module[..end])).collect();
    let in_folders = folders.into_iter().flat_map(|folder| closed(&within(folder, uses)));
    let mut circles: Vec<String> = closed(uses).into_iter().chain(in_folders).collect();
    circles.sort();
    circles.dedup();
    circles
}

/// Who uses whom among a folder's files and the folders in it, each of which stands for all in it.
fn within(folder: &[String], uses: &Uses) -> Uses {
    let child = |module: &Module| {
        (module.len() > folder.len() && module.starts_with(folder))
            .then(|| module[..=folder.len()].to_vec())
    };
    let mut within = Uses::new();
    for (from, to) in uses {
        let Some(from) = child(from) else { continue };
        let to = to.iter().filter_map(child).filter(|to| *to != from);
        within.entry(from.clone()).or_default().extend(to);
    }
    within
}

/// Each set of those that all reach each other.
fn closed(uses: &Uses) -> Vec<String> {
    let reached: BTreeMap<&Module, BTreeSet<&Module>> =
        uses.keys().map(|from| (from, reached(from, uses))).collect();
    let mut circles = BTreeSet::new();
    for (from, there) in &reached {
        let circle: Vec<String> = there
            .iter()
            .filter(|other| reached.get(**other).is_some_and(|back| back.contains(*from)))
            .map(|module| module.join("/"))
            .collect();
        circles.insert(circle.join(", "));
    }
    circles.into_iter().filter(|circle| !circle.is_empty()).collect()
}

fn reached<'a>(from: &'a Module, uses: &'a Uses) -> BTreeSet<&'a Module> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&Module> = uses[from].iter().collect();
    while let Some(module) = next.pop() {
        if reached.insert(module) {
            next.extend(uses.get(module).into_iter().flatten());
        }
    }
    reached
}

/// The circles among made-up files.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let files: Vec<(String, String)> =
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    circles(&uses(&files))
}

#[test]
fn two_files_that_use_each_other_are_a_circle() {
    let both = [("bot/mod.rs", "mod a; mod b;"), ("bot/a.rs", "use super::b::{X, Y as Z};")];
    let by_path = ("bot/b.rs", "fn f() { crate::bot::a::g(); }");
    assert_eq!(found(&[both[0], both[1], by_path]), ["bot/a, bot/b"]);
    let none = ("bot/b.rs", "/// As [`super::a`].\nfn f() { g(\"super::a::g\"); }");
    assert!(found(&[both[0], both[1], none]).is_empty());
    let three = [
        ("bot/mod.rs", "mod a; mod b; mod c;"),
        ("bot/a.rs", "use super::b::X;"),
        ("bot/b.rs", "use crate::bot::c;"),
        ("bot/c.rs", "use crate::bot::{a::Y, b};"),
    ];
    assert_eq!(found(&three), ["bot/a, bot/b, bot/c"]);
}

#[test]
fn folders_whose_files_use_each_other_are_a_circle() {
    let files = [
        ("bot/mod.rs", "mod a; mod b;"),
        ("bot/a/mod.rs", "mod one; mod two;"),
        ("bot/a/one.rs", "use crate::bot::b::three::X;"),
        ("bot/a/two.rs", ""),
        ("bot/b/mod.rs", "mod three; mod four;"),
        ("bot/b/three.rs", ""),
        ("bot/b/four.rs", "use super::super::a::two::X;"),
    ];
    assert_eq!(found(&files), ["bot/a, bot/b"]);
}

#[test]
fn a_parent_may_declare_and_hand_on_but_not_use_what_uses_it() {
    let child = ("bot/a.rs", "use super::X;");
    assert!(found(&[("bot.rs", "mod a; pub(crate) use self::a::Y; struct X;"), child]).is_empty());
    for parent in [
        "mod a; use self::a::Y; struct X;",
        "mod a; use a::Y; struct X;",
        "mod a; struct X; fn f() { a::g(); }",
        "mod a; struct X; fn f() { self::a::g(); }",
    ] {
        assert_eq!(found(&[("bot.rs", parent), child]), ["bot, bot/a"], "{parent}");
    }
    let alone = ("bot/a.rs", "");
    assert!(found(&[("bot.rs", "mod a; use a::Y; fn f() { a::g(); }"), alone]).is_empty());
}

#[test]
fn tests_and_visibilities_do_not_count() {
    let used = ("bot/b.rs", "use super::a::X;");
    for (parent, a) in [
        ("mod a; mod b;", "#[cfg(test)]\nmod tests { use crate::bot::b::Y; }"),
        ("mod a; mod b;", "#[cfg(test)]\nfn f() -> u8 { crate::bot::b::g() }"),
        ("mod a; mod b;", "#[cfg(test)]\nuse super::b::{Y, Z};"),
        ("mod a; mod b;", "pub(in super::b) fn f() {}"),
        ("#[cfg(test)]\nmod a; mod b;", "use super::b::Y;"),
    ] {
        assert!(found(&[("bot/mod.rs", parent), ("bot/a.rs", a), used]).is_empty(), "{a}");
    }
    let after = "#[cfg(test)]\nmod tests { }\nuse super::b::Y;";
    let counted = [("bot/mod.rs", "mod a; mod b;"), ("bot/a.rs", after), used];
    assert_eq!(found(&counted), ["bot/a, bot/b"]);
}

#[test]
fn a_name_belongs_to_the_file_that_defines_it() {
    let handed_on = [
        ("mail/mod.rs", "mod a; mod b; pub(crate) use self::a::{X as Y, read};"),
        ("mail/a.rs", "use crate::mail::b;"),
        ("mail/b.rs", ""),
    ];
    assert!(found(&handed_on).is_empty());
    for through in ["use crate::mail::Y;", "use super::read;", "fn f() { super::read(); }"] {
        let files = [handed_on[0], handed_on[1], ("mail/b.rs", through)];
        assert_eq!(found(&files), ["mail/a, mail/b"], "{through}");
    }
}
