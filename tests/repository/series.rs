//! What a request's commits are like, on real repositories.

use crate::adapters::git::GitRepository;
use crate::ports::Repository;
use crate::pull::checks::{Base, Series};
use crate::pull::ids::ObjectId;

use crate::repository::world::{World, pull, target};

/// A topic is committed; this tags and fetches it and asks.
fn series(world: &World, bot: &GitRepository, base: Option<ObjectId>, most: u32) -> Series {
    world.tag("pull-1", "text");
    world.fetch(bot, "pull-1").unwrap();
    let base = base.map(|base| base.to_string().parse().unwrap());
    bot.series(pull(1), &target(), world.id("HEAD"), base.as_ref(), most).unwrap()
}

fn ready() -> (World, GitRepository) {
    let (world, bot) = World::ready();
    world.git(&["checkout", "-q", "-B", "topic", "master"]);
    (world, bot)
}

#[test]
fn authors_and_trailers_are_read() {
    let (world, bot) = ready();
    world.write("block/io.c", "new\n");
    let text = "block: fix it\n\nSigned-off-by: Bob <bob@example.org>\n\
                signed-off-by: Carol <carol@example.org>\nNacked-by: Dora <dora@example.org>\n";
    world.commit(text);
    world.git(&["commit", "-q", "--amend", "--no-edit", "--author", "Bob <bob@example.org>"]);
    let found = series(&world, &bot, Some(world.id("master")), 10);
    assert_eq!((found.total, found.base), (1, Base::Fits));
    assert!(!found.is_empty && !found.skips_ci);
    let commit = &found.commits[0];
    assert_eq!((commit.id, commit.subject.as_str()), (world.id("HEAD"), "block: fix it"));
    assert_eq!(commit.author.address, "bob@example.org");
    let addresses: Vec<_> = commit.signed_off_by.iter().map(|who| &who.address).collect();
    assert_eq!(addresses, ["bob@example.org", "carol@example.org"]);
    assert_eq!(commit.nacked_by[0].called(), "Dora");
    assert!(commit.is_utf8 && !commit.changes_submodules && commit.parents == 1);
}

#[test]
fn a_message_in_another_encoding_is_found_unless_it_says_so() {
    let (world, bot) = ready();
    let file = world.path("commit-object");
    // git itself would turn the message into UTF-8.
    let commit = |encoding: &str| {
        let (tree, parent) = (world.id("HEAD^{tree}"), world.id("HEAD"));
        let by = "Bob <bob@example.org> 1767600000 +0000";
        let head =
            format!("tree {tree}\nparent {parent}\nauthor {by}\ncommitter {by}\n{encoding}\n");
        std::fs::write(&file, [head.as_bytes(), b"caf\xe9\n"].concat()).unwrap();
        let made = world.git(&["hash-object", "-t", "commit", "-w", file.to_str().unwrap()]);
        world.git(&["reset", "-q", "--hard", made.trim()]);
    };
    commit("encoding ISO-8859-1\n");
    commit("");
    let found = series(&world, &bot, None, 10);
    let utf8: Vec<_> = found.commits.iter().map(|commit| commit.is_utf8).collect();
    assert_eq!(utf8, [false, true]);
}

#[test]
fn submodules_are_found_and_merges_take_over_the_targets() {
    let (world, bot) = ready();
    let link = format!("160000,{},roms/x", world.id("master"));
    world.git(&["update-index", "--add", "--cacheinfo", &link]);
    world.git(&["commit", "-q", "-m", "a submodule"]);
    world.git(&["checkout", "-q", "-f", "-B", "other", "master"]);
    world.write(".gitmodules", "[submodule \"x\"]\n");
    world.commit("where it is");
    world.git(&["merge", "-q", "--no-ff", "-m", "merge", "topic"]);
    let found = series(&world, &bot, None, 10);
    let told: Vec<_> = found
        .commits
        .iter()
        .map(|commit| (commit.subject.as_str(), commit.parents, commit.changes_submodules))
        .collect();
    assert_eq!(told[0], ("merge", 2, false));
    assert!(told.contains(&("a submodule", 1, true)) && told.contains(&("where it is", 1, true)));
}

#[test]
fn a_base_is_looked_for_below_the_tip() {
    let (world, bot) = ready();
    world.write("block/io.c", "new\n");
    world.commit("one");
    let unknown = "0123456789012345678901234567890123456789".parse().unwrap();
    assert_eq!(series(&world, &bot, Some(unknown), 10).base, Base::Unknown);
    assert_eq!(series(&world, &bot, None, 10).base, Base::Fits);
    world.git(&["checkout", "-q", "master"]);
    world.write("Makefile", "all: more\n");
    let later = world.commit("on the target");
    world.publish("up.git", "master");
    bot.target_head(&target()).unwrap();
    world.git(&["checkout", "-q", "topic"]);
    assert_eq!(series(&world, &bot, Some(later), 10).base, Base::NotAncestor);
}

#[test]
fn what_changes_nothing_and_what_skips_ci_is_found() {
    let (world, bot) = ready();
    world.write("block/io.c", "new\n");
    world.commit("there");
    world.git(&["revert", "--no-edit", "HEAD"]);
    let found = series(&world, &bot, None, 10);
    assert!(found.is_empty && !found.skips_ci);
    world.write("block/io.c", "newer\n");
    world.commit("again\n\n[skip ci]\n");
    let found = series(&world, &bot, None, 10);
    assert!(!found.is_empty && found.skips_ci);
}

#[test]
fn many_commits_are_counted_and_some_looked_at() {
    let (world, bot) = ready();
    for number in 0..7 {
        world.commit(&format!("commit {number}"));
    }
    let found = series(&world, &bot, None, 3);
    assert_eq!((found.commits.len(), found.total), (3, 7));
    assert_eq!(found.commits[0].subject, "commit 6", "the newest");
}
