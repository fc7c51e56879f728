//! What a well-behaved server gives: tags, branches, what is none of these, and how much comes.

use crate::ports::{Fault, FaultKind, FetchOrder, FetchRefused, Quarantine, Repository};
use crate::pull::ids::{ObjectId, RunId};

use crate::repository::server;
use crate::repository::world::{World, git, pull, target};

#[test]
fn a_tag_is_pinned_with_what_it_says() {
    let (world, bot) = World::ready();
    let tip = world.topic("pull-1", "new.c", "int x;\n");
    let pinned = world.fetch(&bot, "tags/pull-1").unwrap();
    assert_eq!((pinned.tip, pinned.reference.as_str()), (tip, "refs/tags/pull-1"));
    let tag = pinned.tag.unwrap();
    assert_eq!(tag.id, world.id("refs/tags/pull-1"));
    assert_eq!((tag.name.as_str(), tag.message.as_str()), ("pull-1", "Patches\n\n- for you"));
    assert_eq!(tag.tagger, "Ann Author <ann@example.org>");
    assert!(tag.tagged_at.is_some());
    let bytes = bot.tag_bytes(pull(1), tag.id).unwrap();
    assert_eq!(bytes, world.git(&["cat-file", "tag", "pull-1"]).into_bytes_with_newline());
    assert!(bot.tag_bytes(pull(1), tip).is_err(), "a commit is no tag");
}

trait WithNewline {
    fn into_bytes_with_newline(self) -> Vec<u8>;
}

impl WithNewline for String {
    fn into_bytes_with_newline(self) -> Vec<u8> {
        (self + "\n").into_bytes()
    }
}

#[test]
fn git_daemon_serves_as_well() {
    let (world, bot) = World::ready();
    let tip = world.topic("pull-1", "new.c", "int x;\n");
    let daemon = server::daemon(world.folder.path());
    let mut order = world.order("", "pull-1");
    order.url = format!("git://{daemon}/author.git");
    assert_eq!(bot.fetch(&order).unwrap().tip, tip);
    order.reference = "gone".into();
    assert_eq!(bot.fetch(&order), Err(FetchRefused::RefMissing));
    order.url = format!("git://{daemon}/none.git");
    assert!(matches!(bot.fetch(&order), Err(FetchRefused::Fault(_))));
}

#[test]
fn lightweight_tags_and_branches_carry_no_tag() {
    let (world, bot) = World::ready();
    let tip = world.topic("pull-1", "new.c", "int x;\n");
    world.git(&["tag", "light", "topic"]);
    for name in ["refs/tags/light", "topic"] {
        world.publish("author.git", name);
    }
    for (asked, found) in [
        ("tags/light", "refs/tags/light"),
        ("topic", "refs/heads/topic"),
        ("heads/topic", "refs/heads/topic"),
    ] {
        let pinned = world.fetch(&bot, asked).unwrap();
        assert_eq!((pinned.tip, pinned.reference.as_str(), pinned.tag), (tip, found, None));
    }
}

#[test]
fn a_bare_name_is_the_tag_where_both_are_there() {
    let (world, bot) = World::ready();
    world.topic("both", "new.c", "int x;\n");
    world.git(&["branch", "both", "master"]);
    world.publish("author.git", "refs/heads/both");
    assert_eq!(world.fetch(&bot, "both").unwrap().reference, "refs/tags/both");
    assert_eq!(world.fetch(&bot, "refs/heads/both").unwrap().tip, world.id("master"));
}

#[test]
fn a_missing_ref_is_said_to_be_missing() {
    let (world, bot) = World::ready();
    world.topic("pull-1", "new.c", "int x;\n");
    for name in ["tags/pull-2", "pull-2", "refs/heads/pull-1", "a..b", "x:refs/heads/y"] {
        assert_eq!(world.fetch(&bot, name), Err(FetchRefused::RefMissing), "{name}");
    }
}

#[test]
fn a_tag_of_a_tag_or_of_a_tree_is_not_a_commit() {
    let (world, bot) = World::ready();
    world.topic("pull-1", "new.c", "int x;\n");
    world.git(&["tag", "-a", "-m", "outer", "outer", "pull-1"]);
    world.git(&["tag", "-a", "-m", "tree", "tree", "master^{tree}"]);
    world.git(&["tag", "blob", "master:README"]);
    for name in ["outer", "tree", "blob"] {
        world.publish("author.git", &format!("refs/tags/{name}"));
        assert_eq!(world.fetch(&bot, name), Err(FetchRefused::NotACommit), "{name}");
    }
}

#[test]
fn a_moved_tag_replaces_what_was_pinned_and_a_failed_fetch_does_not() {
    let (world, bot) = World::ready();
    world.topic("for-upstream", "new.c", "int x;\n");
    let first = world.fetch(&bot, "for-upstream").unwrap();
    assert_eq!(world.fetch(&bot, "gone"), Err(FetchRefused::RefMissing));
    assert!(bot.tag_bytes(pull(1), first.tag.as_ref().unwrap().id).is_ok(), "still there");
    world.topic("for-upstream", "new.c", "int y;\n");
    let second = world.fetch(&bot, "for-upstream").unwrap();
    assert_ne!(first.tip, second.tip);
    assert!(bot.tag_bytes(pull(1), second.tag.unwrap().id).is_ok());
    assert!(bot.tag_bytes(pull(1), first.tag.unwrap().id).is_err());
}

#[test]
fn nothing_that_was_fetched_enters_the_mirror() {
    let (world, bot) = World::ready();
    let tip = world.topic("pull-1", "new.c", "int x;\n");
    world.fetch(&bot, "pull-1").unwrap();
    let mirrors = world.path("state/git/mirrors");
    let mut mirrors = std::fs::read_dir(mirrors).unwrap().map(|e| e.unwrap().path());
    let mirror = mirrors.find(|p| p.is_dir()).unwrap();
    let objects = git(&mirror, &["cat-file", "--batch-all-objects", "--batch-check"]);
    assert!(!objects.contains(&tip.to_string()));
}

#[test]
fn a_tree_forked_far_behind_costs_only_its_own_objects() {
    let (world, _) = (World::new(), ());
    let fork = world.id("master");
    let mut import = String::new();
    for n in 0..600 {
        import.push_str(&format!(
            "commit refs/heads/master\ncommitter B <b@example.org> {} +0000\ndata 2\nn\n{}M 644 inline f{n}\ndata 4\n{n:04}\n",
            1_700_000_000 + n,
            if n == 0 { format!("from {fork}\n") } else { String::new() },
        ));
    }
    fast_import(&world, &import);
    world.git(&["reset", "-q", "--hard", "master"]);
    world.publish("up.git", "master");
    let bot = world.bot();
    bot.setup(&mut |_| {}).unwrap();
    // The author's tree knows the project only as it was 600 commits ago.
    world.git(&["checkout", "-q", "-B", "topic", &fork.to_string()]);
    world.write("new.c", "int x;\n");
    world.commit("one");
    world.tag("pull-1", "text");
    let mut order = world.order("author.git", "pull-1");
    order.base = Some(fork);
    bot.fetch(&order).unwrap();
    let quarantine = world.path("state/git/quarantine/pull-1");
    std::fs::remove_file(quarantine.join("objects/info/alternates")).unwrap();
    let own = git(&quarantine, &["cat-file", "--batch-all-objects", "--batch-check"]);
    assert_eq!(own.lines().count(), 4, "tag, commit, tree, blob: {own}");
}

fn fast_import(world: &World, stream: &str) {
    use std::io::Write;
    let mut child = std::process::Command::new("git")
        .args(["fast-import", "--quiet", "--force"])
        .current_dir(world.path("work"))
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stream.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_head_follows_the_project_and_landing_is_noticed() {
    let (world, bot) = World::ready();
    let tip = world.topic("pull-1", "new.c", "int x;\n");
    let pinned = world.fetch(&bot, "pull-1").unwrap();
    let before = bot.facts(pull(1), &target(), pinned.tip).unwrap();
    assert_eq!(
        (before.already_merged, before.commits, before.head),
        (false, 1, world.id("master"))
    );
    world.git(&["merge", "-q", "--no-ff", "-m", "merged", "topic"]);
    world.publish("up.git", "master");
    let unchanged = bot.facts(pull(1), &target(), tip).unwrap();
    assert!(!unchanged.already_merged, "the mirror is as it was");
    assert_eq!(bot.target_head(&target()).unwrap(), world.id("master"));
    assert!(bot.facts(pull(1), &target(), tip).unwrap().already_merged);
}

#[test]
fn what_a_tip_would_bring_is_read_from_its_own_history_alone() {
    let (world, bot) = World::ready();
    let old = world.topic("pull-1", "new.c", "int x;\n");
    world.git(&["checkout", "-q", "topic"]);
    world.write("more.c", "int y;\n");
    let new = world.commit("more");
    world.tag("pull-2", "More");
    world.git(&["checkout", "-q", "master"]);
    let other = world.topic("pull-3", "other.c", "int z;\n");
    let start = world.id("master");
    for (number, tag) in [(1, "pull-1"), (2, "pull-2"), (3, "pull-3")] {
        let order = FetchOrder { into: pull(number), ..world.order("author.git", tag) };
        bot.fetch(&order).unwrap();
    }
    let brings =
        |number, tip, asked: &[ObjectId]| bot.brings(pull(number), &target(), tip, asked).unwrap();
    assert_eq!(brings(2, new, &[old, other, start, new]), [old, new]);
    assert_eq!(brings(1, old, &[new, other]), [], "what is above, or in another quarantine");
    assert_eq!(brings(3, other, &[old]), []);
    assert!(bot.brings(pull(1), &target(), other, &[old]).is_err(), "a tip that is not there");
    world.git(&["merge", "-q", "--no-ff", "-m", "merged", &old.to_string()]);
    world.publish("up.git", "master");
    bot.target_head(&target()).unwrap();
    assert_eq!(brings(2, new, &[old, new]), [new], "the target has it");
}

#[test]
fn without_a_mirror_the_administrator_is_told_to_run_setup() {
    let world = World::new();
    let fault = world.bot().target_head(&target()).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Misconfigured);
    assert!(fault.detail.contains("gatepost setup"), "{fault}");
    let Err(FetchRefused::Fault(Fault { kind, .. })) = world.fetch(&world.bot(), "x") else {
        panic!("fetched")
    };
    assert_eq!(kind, FaultKind::Misconfigured);
}

#[test]
fn a_branch_that_the_project_has_not_is_misconfigured() {
    let world = World::new();
    let mut settings = world.settings();
    settings.targets.get_mut(&target()).unwrap().branch = "stable".into();
    let bot = crate::adapters::git::GitRepository::new(settings).unwrap();
    let fault = bot.setup(&mut |_| {}).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Misconfigured);
    assert!(fault.detail.contains("stable"), "{fault}");
}

#[test]
fn quarantines_are_used_from_many_threads() {
    let (world, bot) = World::ready();
    let tip = world.topic("pull-1", "new.c", "int x;\n");
    std::thread::scope(|threads| {
        for number in 0..6 {
            let (world, bot) = (&world, &bot);
            threads.spawn(move || {
                let mut order = world.order("author.git", "pull-1");
                order.into = Quarantine::Run(RunId(number));
                assert_eq!(bot.fetch(&order).unwrap().tip, tip);
                assert_eq!(bot.target_head(&target()).unwrap(), world.id("master"));
                bot.forget(order.into).unwrap();
            });
        }
    });
    let left = std::fs::read_dir(world.path("state/git/quarantine")).unwrap().count();
    assert_eq!(left, 0);
}

#[test]
fn a_full_disk_budget_is_told_before_anything_is_fetched() {
    let (world, _) = World::ready();
    world.topic("pull-1", "new.c", "int x;\n");
    let mut settings = world.settings();
    settings.fetch.disk_budget = 10;
    let bot = crate::adapters::git::GitRepository::new(settings).unwrap();
    let Err(FetchRefused::Fault(fault)) = world.fetch(&bot, "pull-1") else { panic!("fetched") };
    assert_eq!(fault.kind, FaultKind::Misconfigured);
    assert!(fault.detail.contains("disk_budget"), "{fault}");
}

#[test]
fn setup_is_repeated_without_harm() {
    let (world, bot) = World::ready();
    let ci = git(&world.path("ci.git"), &["rev-parse", "master"]);
    world.write("README", "more\n");
    let head = world.commit("more");
    world.publish("up.git", "master");
    let mut steps = Vec::new();
    bot.setup(&mut |step| steps.push(step.stage)).unwrap();
    let (there, stages) = (ci.parse().unwrap(), steps);
    use crate::adapters::git::SetupStage::{InPlace, Mirrored};
    assert!(stages.contains(&Mirrored(head)), "{stages:?}");
    assert!(stages.contains(&InPlace(there)), "the CI project is left alone: {stages:?}");
}
