//! `docs/threat-model.md` held to the sources: every attack names a test, and the test is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// As many attacks as there must be at least.
const ATTACKS: usize = 60;

/// The last cells of the table's rows, without the backticks.
fn named_tests(page: &str) -> Vec<String> {
    let table = page.split("## Attacks").nth(1).unwrap_or_default();
    let rows = table.lines().filter(|line| line.starts_with("| ")).skip(2);
    rows.map(|row| {
        let cell = row.trim_end_matches('|').rsplit(" | ").next().unwrap_or_default().trim();
        let name = cell.strip_prefix('`').and_then(|cell| cell.strip_suffix('`'));
        assert!(name.is_some_and(|name| !name.is_empty()), "no test in backticks: {row}");
        name.unwrap_or_default().to_owned()
    })
    .collect()
}

/// The functions below an attribute that makes them tests.
fn tests_in(source: &str, found: &mut BTreeSet<String>) {
    let mut is_test = false;
    for line in source.lines().map(str::trim) {
        match line.strip_prefix("fn ").and_then(|rest| rest.split('(').next()) {
            Some(name) if is_test => {
                found.insert(name.to_owned());
                is_test = false;
            }
            Some(_) => is_test = false,
            None => is_test |= line == "#[test]",
        }
    }
}

fn look_through(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            look_through(&entry, found);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            tests_in(&fs::read_to_string(&entry).unwrap(), found);
        }
    }
}

#[test]
fn every_attack_names_a_test_that_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/threat-model.md")).unwrap();
    let mut found = BTreeSet::new();
    look_through(&root.join("src"), &mut found);
    look_through(&root.join("tests"), &mut found);
    let named = named_tests(&page);
    let missing: Vec<_> = named.iter().filter(|name| !found.contains(*name)).collect();
    assert!(missing.is_empty(), "no such tests: {missing:?}");
    assert!(named.len() >= ATTACKS, "{} attacks", named.len());
    let rows: BTreeSet<_> =
        page.lines().filter(|line| line.starts_with("| ")).map(str::to_owned).collect();
    assert_eq!(rows.len(), named.len() + 2, "a row stands there twice");
}

#[test]
fn a_row_without_a_test_and_a_function_that_is_none_are_found() {
    let page =
        "## Attacks\n\n| a | b | c | d |\n| --- | --- | --- | --- |\n| x | y | z | `t_one` |\n";
    assert_eq!(named_tests(page), ["t_one"]);
    assert!(std::panic::catch_unwind(|| named_tests(&page.replace('`', ""))).is_err());
    let mut found = BTreeSet::new();
    tests_in(
        "#[test]\nfn t_one() {\n}\nfn helper() {\n}\n#[test]\n#[ignore]\nfn t_two() {}\n",
        &mut found,
    );
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["t_one", "t_two"]);
}
