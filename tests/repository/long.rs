//! Texts of a stranger's repository that are far longer than a record: what the adapter makes of them
//! is short, and so is what the rules and the keyring make of that.

use crate::adapters::git::GitRepository;
use crate::adapters::keyring::KeyringFolder;
use crate::demo::keys::SigningKey;
use crate::ports::{Keyring, Merged, Repository};
use crate::pull::checks::{CheckPolicy, Duty, problems};
use crate::pull::cover::Person;
use crate::pull::ids::ObjectId;
use crate::pull::room::size;
use crate::pull::signer::{Scope, Signer};
use crate::pull::tag::Verification;
use jiff::{SignedDuration, Timestamp};

use crate::repository::world::{World, pull, target};

const LONG: usize = 40_000;

fn at() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

fn ann() -> SigningKey {
    let owner = Person { name: Some("Ann".into()), address: "ann@example.org".into() };
    SigningKey::new(&owner, at() - SignedDuration::from_hours(24)).unwrap()
}

/// An object as somebody made it who does not care what git thinks of it.
fn object(world: &World, kind: &str, bytes: &[u8]) -> String {
    let file = world.path("object");
    std::fs::write(&file, bytes).unwrap();
    world.git(&["hash-object", "-t", kind, "-w", "--literally", file.to_str().unwrap()])
}

fn tag(world: &World, commit: ObjectId, name: &str, tagger: &str, text: &str) -> Vec<u8> {
    let payload = format!(
        "object {commit}\ntype commit\ntag {name}\ntagger {tagger} <ann@example.org> {} +0000\n\n\
         {text}\n",
        at().as_second()
    );
    let tag = ann().sign(payload.as_bytes(), at()).unwrap();
    let id = object(world, "tag", &tag);
    world.git(&["update-ref", "refs/tags/long", &id]);
    world.git(&["fsck", "--strict", "--no-dangling"]);
    world.publish("author.git", "refs/tags/long");
    tag
}

#[test]
fn a_tag_object_with_a_name_tagger_or_text_of_40_kb_is_pinned_small() {
    let (world, bot) = World::ready();
    world.topic("pull-1", "README", "changed\n");
    let commit = world.id("topic");
    let (words, quotes) = ("x".repeat(LONG), "\"".repeat(LONG));
    for (name, tagger, text) in [
        (words.as_str(), "Ann", "Text."),
        (quotes.as_str(), "Ann", "Text."),
        ("long", words.as_str(), "Text."),
        ("long", quotes.as_str(), "Text."),
        ("long", "Ann", quotes.as_str()),
        (quotes.as_str(), quotes.as_str(), quotes.as_str()),
    ] {
        let bytes = tag(&world, commit, name, tagger, text);
        let pinned = world.fetch(&bot, "long").unwrap();
        assert_eq!(pinned.tip, commit);
        let most = if text.len() == LONG { 10_000 } else { 1_500 };
        assert!(size(&pinned) < most, "{} bytes", size(&pinned));
        let found = pinned.tag.unwrap();
        assert!(!found.name.is_empty() && found.tagger.contains("Ann") | (tagger.len() == LONG));
        assert_eq!(bot.tag_bytes(pull(1), found.id).unwrap(), bytes, "what is verified is whole");

        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ann.asc"), ann().certificate().unwrap()).unwrap();
        let keyring = KeyringFolder::new(folder.path());
        let verification = keyring.verify(&bytes, "long", at()).unwrap();
        assert!(size(&verification) < 1_500, "{} bytes", size(&verification));
        let other = name.len() == LONG;
        assert_eq!(matches!(verification, Verification::NameMismatch { .. }), other);
    }
}

#[test]
fn commits_with_a_subject_of_a_megabyte_and_thousands_of_people_are_told_in_few_words() {
    let (world, bot) = World::ready();
    let (tree, parent) = (world.git(&["rev-parse", "master^{tree}"]), world.id("master"));
    let who = "\"".repeat(LONG);
    let mut message = "\\".repeat(1 << 20);
    message.push_str("\n\n");
    for _ in 0..2_000 {
        message.push_str(&format!("Signed-off-by: {} <{0}@x>\n", "\"".repeat(500)));
        message.push_str(&format!("Nacked-by: {} <{0}@x>\n", "\"".repeat(500)));
    }
    let commit = format!(
        "tree {tree}\nparent {parent}\nauthor {who} <{who}@x> 1767600000 +0000\n\
         committer {who} <{who}@x> 1767600000 +0000\n\n{message}"
    );
    let commit = object(&world, "commit", commit.as_bytes());
    world.git(&["tag", "-a", "-m", "text", "many", &commit]);
    world.publish("author.git", "refs/tags/many");
    let pinned = world.fetch(&bot, "many").unwrap();
    let series = bot.series(pull(1), &target(), pinned.tip, None, 10).unwrap();
    let signer = Signer {
        key: "A".repeat(40),
        name: "Ann".into(),
        addresses: vec!["ann@example.org".into()],
        scope: Scope::default(),
    };
    let found = problems(&series, &CheckPolicy::all(Duty::Hold), &signer, &["list@x"]);
    assert!(found.len() >= 3, "{found:?}");
    assert!(size(&found) < 9_000, "{} bytes", size(&found));
}

/// A path as long as a checkout takes one.
fn deep(number: usize) -> String {
    let folder = "\"".repeat(200);
    format!("{}{number}", format!("{folder}/").repeat(12))
}

fn with_long_paths() -> (World, GitRepository) {
    let (world, bot) = World::ready();
    for number in 0..30 {
        world.write(&deep(number), "one\n");
    }
    world.commit("begin");
    world.publish("up.git", "master");
    world.git(&["checkout", "-q", "-B", "topic", "master"]);
    for number in 0..30 {
        world.write(&deep(number), "two\n");
    }
    world.commit(&"\"".repeat(LONG));
    world.tag("pull-1", "text");
    world.git(&["checkout", "-q", "master"]);
    for number in 0..30 {
        world.write(&deep(number), "three\n");
    }
    world.commit(&"\"".repeat(LONG));
    world.publish("up.git", "master");
    (world, bot)
}

#[test]
fn paths_of_kilobytes_are_told_in_few_words() {
    let (world, bot) = with_long_paths();
    let pinned = world.fetch(&bot, "pull-1").unwrap();
    let head = bot.target_head(&target()).unwrap();
    let Merged::Conflict { files, total } = bot.merge(&world.merge_order(head, &pinned)).unwrap()
    else {
        panic!("it merges");
    };
    assert_eq!((files.len(), total), (20, 30));
    // Two bytes for each quote: the record's own bound is below that.
    assert!(size(&files) < 32_000, "{} bytes", size(&files));
    let outside = bot.outside(pull(1), &target(), pinned.tip, &["block/**".to_owned()]).unwrap();
    assert!(size(&outside.files) < 10_000, "{} bytes", size(&outside.files));
    let candidate = bot.as_candidate(pull(1), &target(), pinned.tip).unwrap();
    let drift = bot.drift(pull(1), &target(), &candidate).unwrap();
    assert!(size(&drift) < 10_000, "{} bytes", size(&drift));
}
