//! Merges: reproducible, in QEMU's words, with conflicts named.

use crate::ports::{Merged, Repository};
use crate::pull::tag::{Candidate, Pinned};

use crate::repository::world::{World, git, pull, target};

fn candidate(merged: Merged) -> Candidate {
    match merged {
        Merged::Candidate(candidate) => candidate,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_same_order_gives_the_same_commit() {
    let (world, bot) = World::ready();
    world.topic("pull-1", "new.c", "int x;\n");
    world.write("README", "one\ntwo\nthree\nfour\n");
    let base = world.commit("on the target");
    world.publish("up.git", "master");
    assert_eq!(bot.target_head(&target()).unwrap(), base);
    let pinned = world.fetch(&bot, "pull-1").unwrap();
    let order = world.merge_order(base, &pinned);
    let first = candidate(bot.merge(&order).unwrap());
    bot.forget(pull(1)).unwrap();
    world.fetch(&bot, "pull-1").unwrap();
    assert_eq!(candidate(bot.merge(&order).unwrap()), first);
    let commit = git(
        &world.path("state/git/quarantine/pull-1"),
        &["cat-file", "commit", &first.commit.to_string()],
    );
    assert_eq!(
        commit,
        format!(
            "tree {}\nparent {base}\nparent {}\n\
             author The Bot <bot@example.org> 1790000000 +0000\n\
             committer The Bot <bot@example.org> 1790000000 +0000\n\n\
             Merge tag 'pull-1' of https://git.example.org/author/qemu into staging\n\n\
             Patches\n\n- for you",
            first.tree, pinned.tip
        )
    );
    let again = bot.as_candidate(pull(1), &target(), first.commit).unwrap();
    assert_eq!(again, first);
}

#[test]
fn a_commit_on_no_commit_of_the_target_is_a_candidate_without_base() {
    let (world, bot) = World::ready();
    world.topic("pull-1", "new.c", "int x;\n");
    world.git(&["checkout", "-q", "topic"]);
    let above = world.commit("above");
    world.publish("author.git", "topic");
    world.fetch(&bot, "heads/topic").unwrap();
    assert_eq!(bot.as_candidate(pull(1), &target(), above).unwrap().base, None);
}

#[test]
fn what_the_target_has_is_already_merged() {
    let (world, bot) = World::ready();
    world.topic("pull-1", "new.c", "int x;\n");
    let pinned = world.fetch(&bot, "pull-1").unwrap();
    world.git(&["merge", "-q", "topic"]);
    world.commit("and one more");
    world.publish("up.git", "master");
    let base = bot.target_head(&target()).unwrap();
    assert_eq!(bot.merge(&world.merge_order(base, &pinned)).unwrap(), Merged::NothingNew);
    let at_tip = Pinned { tip: base, ..pinned };
    assert_eq!(bot.merge(&world.merge_order(base, &at_tip)).unwrap(), Merged::NothingNew);
}

#[test]
fn conflicts_are_listed_by_file_with_who_touched_them() {
    let (world, bot) = World::ready();
    world.git(&["checkout", "-q", "-B", "topic", "master"]);
    world.write("README", "one\nTOPIC\nthree\n");
    world.write("both.c", "topic\n");
    world.git(&["rm", "-q", "Makefile"]);
    world.commit("topic");
    world.tag("pull-1", "text");
    world.git(&["checkout", "-q", "master"]);
    for n in 1..=4 {
        world.write("README", &format!("one\nmaster {n}\nthree\n"));
        world.write("elsewhere", &format!("{n}\n"));
        world.commit(&format!("readme {n}"));
    }
    world.write("Makefile", "all: x\n");
    world.write("both.c", "master\n");
    let base = world.commit("the rest");
    world.publish("up.git", "master");
    bot.target_head(&target()).unwrap();
    let pinned = world.fetch(&bot, "pull-1").unwrap();
    let Merged::Conflict { files, total } = bot.merge(&world.merge_order(base, &pinned)).unwrap()
    else {
        panic!("merged")
    };
    assert_eq!(total, 3);
    let named: Vec<_> = files.iter().map(|f| (f.path.as_str(), f.kind.as_str())).collect();
    assert_eq!(
        named,
        [
            ("Makefile", "changed on the target, deleted or renamed in the request"),
            ("README", "changed on both sides"),
            ("both.c", "added on both sides"),
        ]
    );
    let touched: Vec<_> = [1, 2, 3]
        .map(|back| {
            let name = format!("master~{back}");
            format!("{} readme {}", world.id(&name).short(), 5 - back)
        })
        .into();
    assert_eq!(files[1].touched_by, touched);
    assert_eq!(files[0].touched_by, [format!("{} the rest", base.short())]);
}

#[test]
fn renames_on_the_target_are_followed() {
    let (world, bot) = World::ready();
    let long = |last: &str| (0..40).map(|n| format!("line {n}\n")).collect::<String>() + last;
    world.write("old.c", &long(""));
    world.commit("a file");
    world.publish("up.git", "master");
    world.topic("pull-1", "old.c", &long("request\n"));
    world.git(&["mv", "old.c", "new.c"]);
    let base = world.commit("renamed");
    world.publish("up.git", "master");
    bot.target_head(&target()).unwrap();
    let pinned = world.fetch(&bot, "pull-1").unwrap();
    let merged = candidate(bot.merge(&world.merge_order(base, &pinned)).unwrap());
    let quarantine = world.path("state/git/quarantine/pull-1");
    assert!(git(&quarantine, &["show", &format!("{}:new.c", merged.commit)]).ends_with("request"));
}

#[test]
fn a_criss_cross_history_is_merged() {
    let (world, bot) = World::ready();
    world.git(&["checkout", "-q", "-B", "topic", "master"]);
    world.write("t", "t\n");
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
    world.git(&["checkout", "-q", "topic"]);
    world.write("README", "other\n");
    world.commit("on top");
    world.tag("pull-1", "text");
    let base = bot.target_head(&target()).unwrap();
    let pinned = world.fetch(&bot, "pull-1").unwrap();
    candidate(bot.merge(&world.merge_order(base, &pinned)).unwrap());
}

#[test]
fn drift_counts_commits_and_names_files_that_both_change() {
    let (world, bot) = World::ready();
    world.topic("pull-1", "README", "one\ntwo\nthree\nrequest\n");
    let pinned = world.fetch(&bot, "pull-1").unwrap();
    let base = bot.target_head(&target()).unwrap();
    let merged = candidate(bot.merge(&world.merge_order(base, &pinned)).unwrap());
    assert_eq!(bot.drift(pull(1), &target(), &merged).unwrap().commits, 0);
    world.write("README", "zero\none\ntwo\nthree\n");
    world.commit("same file");
    world.write("other", "x\n");
    let head = world.commit("other file");
    world.publish("up.git", "master");
    bot.target_head(&target()).unwrap();
    let drift = bot.drift(pull(1), &target(), &merged).unwrap();
    assert_eq!((drift.head, drift.commits), (head, 2));
    assert_eq!(drift.same_files, ["README"]);
    let made_by_hand = Candidate { base: None, ..merged };
    assert_eq!(bot.drift(pull(1), &target(), &made_by_hand).unwrap().commits, 2);
}
