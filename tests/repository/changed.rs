//! Which CI files differ between two commits.

use crate::ports::{FaultKind, Repository};

use crate::repository::world::{World, pull, target};

fn globs(globs: &[&str]) -> Vec<String> {
    globs.iter().map(|glob| (*glob).to_owned()).collect()
}

#[test]
fn files_that_match_a_glob_and_differ_are_named_with_their_content() {
    let (world, bot) = World::ready();
    for file in [".gitlab-ci.yml", "ci/gone.yml", "ci/deep/kept.yml", "block.c"] {
        world.write(file, "before\n");
    }
    let before = world.commit("on the target");
    world.publish("up.git", "master");
    bot.target_head(&target()).unwrap();
    world.write(".gitlab-ci.yml", "after\n");
    world.write("block.c", "after\n");
    world.write("ci/deep/new.yml", "new\n");
    world.git(&["rm", "-q", "ci/gone.yml"]);
    let after = world.commit("changes");
    world.tag("pull-1", "Patches\n");
    world.publish("author.git", "pull-1");
    world.fetch(&bot, "pull-1").unwrap();

    let found = |list: &[&str]| {
        let files = bot.changed_files(pull(1), before, after, &globs(list)).unwrap();
        files.into_iter().map(|file| (file.path, file.before.is_some(), file.after.is_some()))
    };
    let name = |path: &str, before, after| (path.to_owned(), before, after);
    assert_eq!(
        found(&[".gitlab-ci.yml", "ci/**"]).collect::<Vec<_>>(),
        [
            name(".gitlab-ci.yml", true, true),
            name("ci/deep/new.yml", false, true),
            name("ci/gone.yml", true, false),
        ]
    );
    assert_eq!(found(&["ci/*"]).collect::<Vec<_>>(), [name("ci/gone.yml", true, false)]);
    assert_eq!(found(&["docs/**"]).count(), 0);
    let fault = bot.changed_files(pull(1), before, after, &globs(&["["])).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Permanent);
}
