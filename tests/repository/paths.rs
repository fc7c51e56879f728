//! How the files that a request changes stand to patterns: those outside of its signer's, and whose
//! patterns they touch.

use crate::adapters::git::GitRepository;
use crate::ports::{OtherFiles, Repository};
use crate::pull::ids::ObjectId;

use crate::repository::world::{World, pull, target};

fn outside(bot: &GitRepository, tip: ObjectId, patterns: &[&str]) -> OtherFiles {
    let patterns: Vec<String> = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
    bot.outside(pull(1), &target(), tip, &patterns).unwrap()
}

fn files(bot: &GitRepository, tip: ObjectId, patterns: &[&str]) -> Vec<String> {
    let found = outside(bot, tip, patterns);
    assert_eq!(found.files.len(), found.total as usize);
    found.files
}

#[test]
fn files_that_no_pattern_matches_are_named() {
    let (world, bot) = World::ready();
    world.git(&["checkout", "-q", "-B", "topic", "master"]);
    for file in ["block/io.c", "block/qcow2/cache.c", "docs/block.rst", "hw/net/e1000.c"] {
        world.write(file, "new\n");
    }
    let tip = world.commit("several");
    world.tag("pull-1", "text");
    world.fetch(&bot, "pull-1").unwrap();
    let net = ["hw/net/e1000.c"];
    assert_eq!(files(&bot, tip, &["block/**", "docs/*.rst"]), net);
    assert_eq!(files(&bot, tip, &["block/**", "docs/*.rst", "hw/**/*.c"]), [""; 0]);
    // A star stays within a folder; a pattern is for whole paths, and for capitals as they are.
    let but_docs = ["block/qcow2/cache.c", "docs/block.rst", "hw/net/e1000.c"];
    assert_eq!(files(&bot, tip, &["block/*"]), but_docs);
    assert_eq!(files(&bot, tip, &["io.c", "block", "BLOCK/**"]).len(), 4);
    // What the target alone changes is not the request's.
    world.git(&["checkout", "-q", "master"]);
    world.write("Makefile", "all: more\n");
    world.commit("on the target");
    world.publish("up.git", "master");
    bot.target_head(&target()).unwrap();
    assert_eq!(files(&bot, tip, &["block/**", "docs/*.rst"]), net);
}

#[test]
fn a_set_of_patterns_is_touched_by_one_file_that_one_of_it_matches() {
    let (world, bot) = World::ready();
    world.git(&["checkout", "-q", "-B", "topic", "master"]);
    world.write("block/qcow2/cache.c", "new\n");
    world.git(&["mv", "README", "docs"]);
    let tip = world.commit("two");
    world.tag("pull-1", "text");
    world.fetch(&bot, "pull-1").unwrap();
    // What the target alone changes is nobody's business here.
    world.git(&["checkout", "-q", "master"]);
    world.write("Makefile", "all: more\n");
    world.commit("on the target");
    world.publish("up.git", "master");
    bot.target_head(&target()).unwrap();
    let touched = |sets: &[&[&str]]| {
        let owned = |set: &&[&str]| set.iter().map(|&glob| glob.to_owned()).collect();
        let sets: Vec<Vec<String>> = sets.iter().map(owned).collect();
        bot.touched(pull(1), &target(), tip, &sets).unwrap()
    };
    let sets: [&[&str]; 7] = [
        &["hw/**", "block/**"],
        &["block/*"],
        &["README"],
        &["docs"],
        &["Makefile", "BLOCK/**"],
        &[],
        &["**"],
    ];
    assert_eq!(touched(&sets), [true, false, true, true, false, false, true]);
    assert_eq!(touched(&[]), [false; 0]);
    let bad = bot.touched(pull(1), &target(), tip, &[vec!["[a".to_owned()]]).unwrap_err();
    assert!(bad.detail.contains("a pattern"), "{bad}");
}

#[test]
fn deletions_renames_and_modes_count_with_every_name() {
    let (world, bot) = World::ready();
    world.git(&["checkout", "-q", "-B", "topic", "master"]);
    world.git(&["mv", "Makefile", "block-Makefile"]);
    world.git(&["update-index", "--chmod=+x", "README"]);
    world.git(&["commit", "-q", "-m", "rename and mode"]);
    let tip = world.id("HEAD");
    world.git(&["reset", "-q", "--hard"]);
    world.tag("pull-1", "text");
    world.fetch(&bot, "pull-1").unwrap();
    assert_eq!(files(&bot, tip, &["block*"]), ["Makefile", "README"]);
}

#[test]
fn many_files_are_counted_and_ten_named() {
    let (world, bot) = World::ready();
    world.git(&["checkout", "-q", "-B", "topic", "master"]);
    for number in 0..25 {
        world.write(&format!("hw/f{number:02}.c"), "new\n");
    }
    let tip = world.commit("many");
    world.tag("pull-1", "text");
    world.fetch(&bot, "pull-1").unwrap();
    let found = outside(&bot, tip, &["block/**"]);
    assert_eq!((found.files.len(), found.total), (10, 25));
    assert_eq!(found.files[0], "hw/f00.c");
}

#[test]
fn a_request_with_merges_or_without_a_common_past_hides_nothing() {
    let (world, bot) = World::ready();
    // Merged from a branch with a change outside: the change comes with the merge.
    world.git(&["checkout", "-q", "-B", "side", "master"]);
    world.write("Makefile", "all: evil\n");
    world.commit("outside");
    world.git(&["checkout", "-q", "-B", "topic", "master"]);
    world.write("block/io.c", "new\n");
    world.commit("inside");
    world.git(&["merge", "-q", "--no-ff", "-m", "merge", "side"]);
    let tip = world.id("HEAD");
    world.tag("pull-1", "text");
    world.fetch(&bot, "pull-1").unwrap();
    assert_eq!(files(&bot, tip, &["block/**"]), ["Makefile"]);

    // Nothing in common with the target: all of it is the request's.
    world.git(&["checkout", "-q", "--orphan", "alone"]);
    let tip = world.commit("alone");
    world.tag("pull-1", "text");
    world.fetch(&bot, "pull-1").unwrap();
    assert_eq!(files(&bot, tip, &["block/**"]), ["Makefile", "README"]);
}

#[test]
fn a_criss_cross_history_is_held_against_every_merge_base() {
    let (world, bot) = World::ready();
    world.git(&["checkout", "-q", "-B", "topic", "master"]);
    world.write("block/t", "t\n");
    world.commit("t");
    world.git(&["checkout", "-q", "master"]);
    world.write("m", "m\n");
    world.commit("m");
    world.git(&["branch", "keep", "topic"]);
    world.git(&["checkout", "-q", "topic"]);
    world.git(&["merge", "-q", "--no-ff", "-m", "one way", "master"]);
    world.git(&["checkout", "-q", "master"]);
    world.git(&["merge", "-q", "--no-ff", "-m", "other way", "keep"]);
    world.publish("up.git", "master");
    bot.target_head(&target()).unwrap();
    // Takes back what the target did: against one of the merge bases nothing is changed.
    world.git(&["checkout", "-q", "topic"]);
    world.git(&["rm", "-q", "m"]);
    let tip = world.commit("take back");
    world.tag("pull-1", "text");
    world.fetch(&bot, "pull-1").unwrap();
    assert_eq!(files(&bot, tip, &["block/**"]), ["m"]);
}
