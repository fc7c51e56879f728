//! What a stranger's repository may cost, and what it leaves behind: nothing. Each attack ends in
//! time with a sentence, the mirror is byte for byte as it was, and other requests go on.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use crate::adapters::git::GitRepository;
use crate::ports::{FaultKind, FetchRefused, Quarantine, Repository};
use crate::pull::ids::RunId;

use crate::repository::hostile::{fault, limited, world};
use crate::repository::server::{answer, as_if_for, cgi, hang, head};
use crate::repository::world::{World, git, pull, target};

const ADVERTISEMENT: &str = "Content-Type: application/x-git-upload-pack-advertisement";
const RESULT: &str = "Content-Type: application/x-git-upload-pack-result";

/// Every file below a folder.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            found.extend(contents(&entry));
        } else {
            found.insert(entry.clone(), std::fs::read(&entry).unwrap());
        }
    }
    found
}

fn mirrors(world: &World) -> BTreeMap<PathBuf, Vec<u8>> {
    contents(&world.path("state/git/mirrors"))
}

fn line(text: &[u8]) -> Vec<u8> {
    [format!("{:04x}", text.len() + 4).as_bytes(), text].concat()
}

/// `odd` lists that many refs to a commit.
fn lists(world: &World, count: usize) {
    let id = world.id("master");
    world.server.odd("odd", move |_, stream| {
        head(stream, "200 OK", &[ADVERTISEMENT.into()], None);
        let mut body = b"001e# service=git-upload-pack\n0000".to_vec();
        body.extend(line(format!("{id} HEAD\0side-band-64k ofs-delta\n").as_bytes()));
        let _gone = stream.write_all(&body);
        for number in 0..count {
            let one = line(format!("{id} refs/heads/branch-{number}\n").as_bytes());
            if stream.write_all(&one).is_err() {
                return;
            }
        }
        let _gone = stream.write_all(b"0000");
    });
}

#[test]
fn a_repository_with_too_many_refs_is_refused() {
    let (world, bot) = world();
    lists(&world, 100_000);
    let fault = fault(&world, &bot, "odd");
    assert_eq!(fault.kind, FaultKind::Permanent, "{fault}");
    assert!(fault.public.unwrap().contains("more than 100000 refs"));
}

#[test]
fn an_endless_list_of_refs_ends_at_its_own_cap() {
    let (world, _) = world();
    let bot = limited(&world, |s| s.fetch.max_bytes = 4 << 30);
    lists(&world, usize::MAX);
    let fault = fault(&world, &bot, "odd");
    assert_eq!(fault.kind, FaultKind::Permanent, "{fault}");
    assert!(fault.public.unwrap().contains("lists more than 32 MiB of refs"));
}

/// `odd` is the author's repository, but sends this after `PACK` and its version.
fn sends_pack(world: &World, after: Vec<u8>) {
    let root = world.folder.path().to_owned();
    world.server.odd("odd", move |asked, stream| {
        if asked.method == "POST" {
            head(stream, "200 OK", &[RESULT.into()], None);
            let _gone = stream.write_all(b"0008NAK\n");
            let _gone =
                stream.write_all(&line(&[b"\x01PACK\0\0\0\x02", after.as_slice()].concat()));
            hang(stream);
        } else {
            answer(stream, &cgi(&root, &as_if_for(asked, "author.git")));
        }
    });
}

#[test]
fn a_pack_that_announces_too_many_objects_is_refused_at_its_header() {
    let (world, bot) = world();
    let before = mirrors(&world);
    // One small blob follows, so that there is progress to tell.
    let blob = b"\x33\x78\x9c\x4b\x4c\x4a\x06\x00\x02\x4d\x01\x27".to_vec();
    sends_pack(&world, [10_000_000_u32.to_be_bytes().to_vec(), blob.clone()].concat());
    let many = fault(&world, &bot, "odd");
    assert_eq!(many.kind, FaultKind::Permanent, "{many}");
    assert!(many.public.unwrap().contains("more than 2000000 objects"));
    sends_pack(&world, [u32::MAX.to_be_bytes().to_vec(), blob].concat());
    assert_eq!(fault(&world, &bot, "odd").kind, FaultKind::Permanent);
    assert_eq!(mirrors(&world), before);
}

#[test]
fn an_enormous_tag_object_is_not_read() {
    let (world, bot) = world();
    let text = world.path("text");
    std::fs::write(&text, "x".repeat(79).as_str().to_owned() + "\n").unwrap();
    let long = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef012345678\n";
    std::fs::write(&text, long.repeat(100_000)).unwrap();
    world.git(&["tag", "-a", "-F", text.to_str().unwrap(), "enormous", "master"]);
    world.publish("author.git", "refs/tags/enormous");
    assert_eq!(world.fetch(&bot, "enormous"), Err(FetchRefused::NotACommit));
}

#[test]
fn a_very_deep_tree_does_no_harm() {
    let (world, bot) = world();
    let mut id = world.git(&["rev-parse", "master:"]);
    let script = "i=0; id=$1; while [ $i -lt 1500 ]; do \
                  id=$(printf '040000 tree %s\\tx\\n' $id | git mktree); i=$((i+1)); done; echo $id";
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", script, "sh", &id]).current_dir(world.path("work"));
    let output = shell.output().unwrap();
    id.clear();
    id.push_str(String::from_utf8_lossy(&output.stdout).trim());
    let commit = world.git(&["commit-tree", "-p", "master", "-m", "deep", &id]);
    world.publish("author.git", &format!("{commit}:refs/heads/deep"));
    let before = mirrors(&world);
    if let Ok(pinned) = world.fetch(&bot, "deep") {
        // Whatever is made of it, the bot lives, and says so.
        let base = world.id("master");
        let _merged = bot.merge(&world.merge_order(base, &pinned));
        let candidate = bot.as_candidate(pull(1), &target(), pinned.tip).unwrap();
        let _moved = bot.drift(pull(1), &target(), &candidate);
        assert_eq!(bot.facts(pull(1), &target(), pinned.tip).unwrap().commits, 1);
    }
    assert_eq!(mirrors(&world), before);
    assert!(bot.fetch(&world.order("author.git", "pull-1")).is_ok());
}

/// Where the pack's last byte is: what the server says beside it (gitprotocol-pack(5), side-band)
/// may come behind.
fn last_of_the_pack(body: &[u8]) -> usize {
    let (mut at, mut last) = (0, None);
    while let Some(length) = body.get(at..at + 4) {
        let length = usize::from_str_radix(std::str::from_utf8(length).unwrap(), 16).unwrap();
        if length > 5 && body[at + 4] == 1 {
            last = Some(at + length - 1);
        }
        at += length.max(4);
    }
    last.expect("a pack in bands")
}

#[test]
fn no_bad_repository_changes_the_mirror() {
    let (world, bot) = world();
    let before = mirrors(&world);
    let root = world.folder.path().to_owned();
    type Spoil = fn(&mut TcpStream, Vec<u8>);
    let spoils: [Spoil; 4] = [
        |stream, body| drop(stream.write_all(&body[..body.len() / 2])),
        |stream, mut body| {
            let pack = body.windows(4).position(|w| w == b"PACK").unwrap();
            body[pack + 14] ^= 0x55;
            let _gone = stream.write_all(&body);
        },
        |stream, _| {
            let _gone = stream.write_all(b"0008NAK\n0000");
        },
        |stream, mut body| {
            let last = last_of_the_pack(&body);
            body[last] ^= 1;
            let _gone = stream.write_all(&body);
        },
    ];
    for spoil in spoils {
        let root = root.clone();
        world.server.odd("odd", move |asked, stream| {
            let whole = cgi(&root, &as_if_for(asked, "author.git"));
            if asked.method == "POST" {
                head(stream, &whole.0, &whole.1, None);
                spoil(stream, whole.2);
            } else {
                answer(stream, &whole);
            }
        });
        fault(&world, &bot, "odd");
        assert_eq!(mirrors(&world), before);
    }
    bot.fetch(&world.order("author.git", "pull-1")).unwrap();
    assert_eq!(mirrors(&world), before, "a good one neither");
}

#[test]
fn a_bad_pack_of_the_project_itself_leaves_the_mirror_as_it_was() {
    let (world, _) = world();
    let (root, is_bad) = (world.folder.path().to_owned(), Arc::new(AtomicBool::new(false)));
    let bad = Arc::clone(&is_bad);
    world.server.odd("shaky", move |asked, stream| {
        let whole = cgi(&root, &as_if_for(asked, "up.git"));
        if asked.method == "POST" && bad.load(Ordering::SeqCst) {
            head(stream, &whole.0, &whole.1, None);
            let _gone = stream.write_all(&whole.2[..whole.2.len() - 30]);
        } else {
            answer(stream, &whole);
        }
    });
    let bot = limited(&world, |s| {
        s.state = world.path("other");
        s.targets.get_mut(&target()).unwrap().url = world.server.url("shaky");
    });
    bot.setup(&mut |_| {}).unwrap();
    let kept = || {
        let folder = std::fs::read_dir(world.path("other/git/mirrors")).unwrap();
        let mirror = folder.map(|e| e.unwrap().path()).find(|path| path.is_dir()).unwrap();
        let objects = git(&mirror, &["cat-file", "--batch-all-objects", "--batch-check"]);
        (objects, git(&mirror, &["for-each-ref"]), contents(&mirror.join("objects")).len())
    };
    let before = kept();
    world.write("README", "moved\n");
    world.commit("move");
    world.publish("up.git", "master");
    is_bad.store(true, Ordering::SeqCst);
    assert!(bot.target_head(&target()).is_err());
    assert_eq!((kept().0, kept().1), (before.0, before.1));
    is_bad.store(false, Ordering::SeqCst);
    assert_eq!(bot.target_head(&target()).unwrap(), world.id("master"));
    let packs = git(&world.path("."), &["--version"]);
    assert!(!packs.is_empty() && kept().2 <= before.2 + 3, "nothing of the bad one is left");
}

fn trapped(world: &World, bot: &GitRepository, tree: &str) -> String {
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &format!("printf '{tree}' | git mktree")]).current_dir(world.path("work"));
    let output = shell.output().unwrap();
    let tree = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let commit = world.git(&["commit-tree", "-p", "master", "-m", "trap", &tree]);
    world.publish("author.git", &format!("+{commit}:refs/heads/trap"));
    match bot.fetch(&world.order("author.git", "trap")) {
        Err(FetchRefused::Fault(fault)) => {
            assert_eq!(fault.kind, FaultKind::Permanent, "{fault}");
            fault.detail
        }
        other => panic!("{tree:?}: {other:?}"),
    }
}

#[test]
fn what_came_in_is_checked_for_what_tricks_a_checkout() {
    let (world, bot) = world();
    let blob = world.id("master:README");
    for name in [".git", ".GIT", ".Git ", ".git.", "git~1", ".git::$INDEX_ALLOCATION"] {
        let why = trapped(&world, &bot, &format!("100644 blob {blob}\\t{name}\\n"));
        assert!(why.contains("no checkout should see"), "{name}: {why}");
    }
    let link = format!("120000 blob {blob}\\t.gitmodules\\n");
    assert!(trapped(&world, &bot, &link).contains("submodules"));
    world.write("modules", "[submodule \"a\"]\n\tpath = a\n\turl = --upload-pack=x\n");
    world.commit("modules");
    let modules = world.id("HEAD:modules");
    let option = format!("100644 blob {modules}\\t.gitmodules\\n");
    assert!(trapped(&world, &bot, &option).contains("submodules"));
}

#[test]
fn a_tree_with_two_entries_of_one_name_is_refused() {
    let (world, bot) = world();
    let raw = world.path("tree");
    let blob = world.git(&["rev-parse", "master:README"]);
    let bytes: Vec<u8> =
        (0..20).map(|n| u8::from_str_radix(&blob[2 * n..2 * n + 2], 16).unwrap()).collect();
    let entry = [b"100644 README\0".as_slice(), &bytes].concat();
    std::fs::write(&raw, [entry.clone(), entry].concat()).unwrap();
    let args = ["hash-object", "-t", "tree", "-w", "--literally", raw.to_str().unwrap()];
    let tree = world.git(&args);
    let commit = world.git(&["commit-tree", "-p", "master", "-m", "twice", &tree]);
    world.publish("author.git", &format!("{commit}:refs/heads/twice"));
    let Err(FetchRefused::Fault(fault)) = world.fetch(&bot, "twice") else { panic!("taken") };
    assert!(fault.detail.contains("two entries of one name"), "{fault}");
}

#[test]
fn a_stalled_server_holds_up_no_other_fetch() {
    let (world, bot) = world();
    let (tell, stalled) = mpsc::channel::<()>();
    let (release, released) = mpsc::channel::<()>();
    let (tell, released) = (Mutex::new(tell), Mutex::new(released));
    let ended = AtomicBool::new(false);
    world.server.odd("odd", move |_, _| {
        tell.lock().unwrap().send(()).unwrap();
        let _let_go = released.lock().unwrap().recv();
    });
    std::thread::scope(|threads| {
        threads.spawn(|| {
            let mut order = world.order("odd", "pull-1");
            order.into = Quarantine::Run(RunId(9));
            assert!(bot.fetch(&order).is_err());
            ended.store(true, Ordering::SeqCst);
        });
        stalled.recv().unwrap();
        assert!(bot.fetch(&world.order("author.git", "pull-1")).is_ok());
        assert_eq!(bot.target_head(&target()).unwrap(), world.id("master"));
        assert!(!ended.load(Ordering::SeqCst), "they waited for it");
        drop(release);
    });
}
