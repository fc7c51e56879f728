//! Pushes to the CI project: compare-and-swap, `ci.skip`, refusals, and a token nobody sees.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::adapters::git::GitRepository;
use crate::ports::{FaultKind, Merged, PushOrder, Pushed, Repository};
use crate::pull::ids::ObjectId;

use crate::repository::world::{TOKEN, World, children, git, pull, target};

const BRANCH: &str = "staging-gatepost-1-1";

fn merged(world: &World, bot: &GitRepository) -> ObjectId {
    world.topic("pull-1", "new.c", "int x;\n");
    let pinned = world.fetch(bot, "pull-1").unwrap();
    let base = bot.target_head(&target()).unwrap();
    match bot.merge(&world.merge_order(base, &pinned)).unwrap() {
        Merged::Candidate(candidate) => candidate.commit,
        other => panic!("{other:?}"),
    }
}

fn order(commit: ObjectId, replaces: &[ObjectId]) -> PushOrder {
    let (ci_ref, replaces) = (BRANCH.to_owned(), replaces.to_vec());
    PushOrder { from: pull(1), target: target(), commit, ci_ref, replaces }
}

fn at(world: &World) -> Option<ObjectId> {
    let there = git(
        &world.path("ci.git"),
        &["for-each-ref", "--format=%(objectname)", &format!("refs/heads/{BRANCH}")],
    );
    there.parse().ok()
}

fn hook(world: &World, name: &str, script: &str) {
    let hook = world.path("ci.git/hooks").join(name);
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_candidate_is_pushed_and_pushing_again_changes_nothing() {
    let (world, bot) = World::ready();
    let commit = merged(&world, &bot);
    assert_eq!(bot.push(&order(commit, &[])).unwrap(), Pushed::Done);
    assert_eq!(at(&world), Some(commit));
    let posts = |world: &World| {
        world.server.asked().iter().filter(|a| a.path.ends_with("/git-receive-pack")).count()
    };
    let before = posts(&world);
    assert_eq!(bot.push(&order(commit, &[])).unwrap(), Pushed::Done);
    assert_eq!(posts(&world), before);
}

#[test]
fn somebody_elses_push_stays() {
    let (world, bot) = World::ready();
    let commit = merged(&world, &bot);
    world.git(&[
        "push",
        "-q",
        &world.path("ci.git").display().to_string(),
        &format!("topic:refs/heads/{BRANCH}"),
    ]);
    let theirs = world.id("topic");
    assert_eq!(bot.push(&order(commit, &[])).unwrap(), Pushed::Occupied { by: theirs });
    assert_eq!(at(&world), Some(theirs));
    assert_eq!(bot.push(&order(commit, &[theirs])).unwrap(), Pushed::Done);
    assert_eq!(at(&world), Some(commit));
    // Back to something that is no descendant: only because it may be replaced.
    assert_eq!(bot.push(&order(theirs, &[commit])).unwrap(), Pushed::Done);
    assert_eq!(at(&world), Some(theirs));
}

#[test]
fn a_push_in_between_is_not_overwritten() {
    let (world, bot) = World::ready();
    let commit = merged(&world, &bot);
    let master = world.id("master");
    let (root, other) = (world.folder.path().to_owned(), format!("refs/heads/{BRANCH}"));
    let name = other.clone();
    world.server.odd("ci.git", move |asked, stream| {
        if asked.method == "POST" {
            git(&root.join("ci.git"), &["update-ref", &name, &master.to_string()]);
        }
        crate::repository::server::answer(stream, &crate::repository::server::cgi(&root, asked));
    });
    let fault = bot.push(&order(commit, &[])).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Temporary, "{fault}");
    assert_eq!(at(&world), Some(master));
    assert_eq!(bot.push(&order(commit, &[])).unwrap(), Pushed::Occupied { by: master });
}

#[test]
fn ci_skip_arrives_where_push_options_do() {
    let (world, bot) = World::ready();
    git(&world.path("ci.git"), &["config", "receive.advertisePushOptions", "true"]);
    hook(&world, "pre-receive", "echo \"$GIT_PUSH_OPTION_COUNT $GIT_PUSH_OPTION_0\" > options");
    let commit = merged(&world, &bot);
    assert_eq!(bot.push(&order(commit, &[])).unwrap(), Pushed::Done);
    assert_eq!(fs::read_to_string(world.path("ci.git/options")).unwrap(), "1 ci.skip\n");
}

#[test]
fn a_refusal_is_told_in_the_servers_words() {
    let (world, bot) = World::ready();
    hook(&world, "pre-receive", "echo 'GitLab: You are not allowed to push code.' >&2; exit 1");
    let commit = merged(&world, &bot);
    let fault = bot.push(&order(commit, &[])).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Misconfigured);
    assert!(fault.detail.contains("GitLab: You are not allowed to push code."), "{fault}");
    assert!(fault.detail.contains("pre-receive hook declined"), "{fault}");
    assert_eq!(fault.public, None);
    assert_eq!(at(&world), None);
}

#[test]
fn a_ref_is_deleted_only_while_it_is_ours() {
    let (world, bot) = World::ready();
    let commit = merged(&world, &bot);
    bot.push(&order(commit, &[])).unwrap();
    bot.delete_ref(&target(), BRANCH, world.id("master")).unwrap();
    assert_eq!(at(&world), Some(commit), "it is another commit");
    bot.delete_ref(&target(), BRANCH, commit).unwrap();
    assert_eq!(at(&world), None);
    bot.delete_ref(&target(), BRANCH, commit).unwrap();
}

#[test]
fn a_refused_token_is_misconfigured() {
    let (world, bot) = World::ready();
    let commit = merged(&world, &bot);
    world.server.odd("ci.git", |_, stream| {
        crate::repository::server::head(stream, "401 Unauthorized", &[], Some(0));
    });
    let fault = bot.push(&order(commit, &[])).unwrap_err();
    assert_eq!((fault.kind, fault.public), (FaultKind::Misconfigured, None));
}

#[test]
fn the_token_is_in_one_header_and_nowhere_else() {
    let (world, bot) = World::ready();
    let commit = merged(&world, &bot);
    let (root, seen) = (world.folder.path().to_owned(), world.path("seen"));
    let spied = seen.clone();
    world.server.odd("ci.git", move |asked, stream| {
        // While the child waits for this answer, whatever runs here is looked at.
        let all = [children("cmdline"), children("environ")].concat().join("\n");
        fs::write(&spied, all.replace('\0', " ")).unwrap();
        crate::repository::server::answer(stream, &crate::repository::server::cgi(&root, asked));
    });
    bot.push(&order(commit, &[])).unwrap();
    let seen = fs::read_to_string(seen).unwrap();
    assert!(seen.contains("git-child"), "the child was looked at: {seen}");
    assert!(!seen.contains(TOKEN), "{seen}");
    let basic = "Basic b2F1dGgyOmdscGF0LWNhbmFyeS03ZDFm";
    for asked in world.server.asked() {
        let authorization = asked.headers.get("authorization").map(String::as_str);
        let expected = asked.path.starts_with("/ci.git/").then_some(basic);
        assert_eq!(authorization, expected, "{} {}", asked.method, asked.path);
        assert!(!format!("{} {}", asked.path, asked.query).contains(TOKEN));
    }
    // A server that sends back what it was given does not get it into the log.
    hook(&world, "pre-receive", &format!("echo 'bad token {TOKEN}' >&2; exit 1"));
    let mut other = order(commit, &[]);
    other.ci_ref = "another".into();
    let fault = bot.push(&other).unwrap_err();
    assert!(!fault.detail.contains(TOKEN) && fault.detail.contains("bad token ***"), "{fault}");
    assert!(!files_under(&world.path("state")).iter().any(|f| contains(f, TOKEN.as_bytes())));
}

fn files_under(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            files.extend(files_under(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files
}

fn contains(file: &std::path::Path, what: &[u8]) -> bool {
    fs::read(file).unwrap().windows(what.len()).any(|window| window == what)
}
