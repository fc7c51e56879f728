//! Bad servers: each gets a clear sentence, in time, and leaves everything as it was.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::adapters::git::{GitRepository, GitSettings};
use crate::ports::{Fault, FaultKind, FetchRefused, Repository};
use jiff::SignedDuration;

use crate::repository::server::{Asked, answer, as_if_for, cgi, hang, head};
use crate::repository::world::{World, git, pull};

pub(crate) fn world() -> (World, GitRepository) {
    let (world, bot) = World::ready();
    world.topic("pull-1", "new.c", "int x;\n");
    (world, bot)
}

pub(crate) fn fault(world: &World, bot: &GitRepository, path: &str) -> Fault {
    match bot.fetch(&world.order(path, "pull-1")) {
        Err(FetchRefused::Fault(fault)) => {
            let left = std::fs::read_dir(world.path("state/git/quarantine")).unwrap().count();
            assert_eq!(left, 0, "nothing is left behind");
            fault
        }
        other => panic!("{other:?}"),
    }
}

pub(crate) fn limited(world: &World, change: impl FnOnce(&mut GitSettings)) -> GitRepository {
    let mut settings = world.settings();
    change(&mut settings);
    GitRepository::new(settings).unwrap()
}

/// Serves `odd` like the author's repository, but for the packs, which `spoil` sends.
fn spoil_packs(
    world: &World,
    spoil: impl Fn(&mut TcpStream, &(String, Vec<String>, Vec<u8>)) + Send + Sync + 'static,
) {
    let root = world.folder.path().to_owned();
    world.server.odd("odd", move |asked, stream| {
        let whole = cgi(&root, &as_if_for(asked, "author.git"));
        if asked.method == "POST" { spoil(stream, &whole) } else { answer(stream, &whole) }
    });
}

#[test]
fn a_login_page_is_not_a_repository() {
    let (world, bot) = world();
    world.server.odd("odd", |_, stream| {
        let html = b"<html>Please sign in</html>".to_vec();
        answer(
            stream,
            &("200 OK".into(), vec!["Content-Type: text/html; charset=utf-8".into()], html),
        );
    });
    let fault = fault(&world, &bot, "odd");
    assert_eq!(fault.kind, FaultKind::Permanent);
    assert!(fault.public.unwrap().contains("not a git repository"));
    assert!(fault.detail.contains("text/html"));
}

#[test]
fn http_statuses_have_their_words() {
    let (world, bot) = world();
    for (status, kind, words) in [
        ("401 Unauthorized", FaultKind::Permanent, "asks for a login"),
        ("403 Forbidden", FaultKind::Permanent, "asks for a login"),
        ("404 Not Found", FaultKind::Permanent, "has no such repository"),
        ("500 Oops", FaultKind::Temporary, "does not work at the moment"),
        ("503 Busy", FaultKind::Temporary, "does not work at the moment"),
        ("429 Slow", FaultKind::Temporary, "does not work at the moment"),
        ("418 Teapot", FaultKind::Permanent, "refuses"),
    ] {
        world.server.odd("odd", move |_, stream| {
            head(stream, status, &["Retry-After: 120".into()], Some(0));
        });
        let fault = fault(&world, &bot, "odd");
        assert_eq!(fault.kind, kind, "{status}");
        let public = fault.public.unwrap();
        assert!(public.contains(words) && public.contains(&status[..3]), "{public}");
        let wait = (kind == FaultKind::Temporary).then(|| SignedDuration::from_secs(120));
        assert_eq!(fault.retry_after, wait, "{status}");
    }
}

#[test]
fn a_redirect_to_elsewhere_is_not_followed() {
    let (world, bot) = world();
    let to = world.server.url("author.git/info/refs?service=git-upload-pack");
    world.server.odd("odd", move |_, stream| {
        head(stream, "302 Found", &[format!("Location: {to}")], Some(0));
    });
    let fault = fault(&world, &bot, "odd");
    assert_eq!(fault.kind, FaultKind::Permanent);
    assert!(fault.public.unwrap().contains("redirects to elsewhere"));
    assert!(world.server.asked().iter().all(|a| !a.path.starts_with("/author.git")));
}

#[test]
fn the_same_url_with_dot_git_appended_is_followed() {
    let (world, bot) = world();
    for location in [
        "/author.git/info/refs?service=git-upload-pack".to_owned(),
        world.server.url("author.git/info/refs?service=git-upload-pack"),
    ] {
        world.server.odd("author", move |_, stream| {
            head(stream, "301 Moved", &[format!("Location: {location}")], Some(0));
        });
        assert!(bot.fetch(&world.order("author", "pull-1")).is_ok());
    }
}

/// What comes of a deadline of 700 ms comes within that, on a busy machine as well.
const PROMPT: Duration = Duration::from_secs(15);

#[test]
fn a_server_that_hangs_is_left_at_the_deadline() {
    let (world, _) = world();
    let bot = limited(&world, |s| s.fetch.deadline = SignedDuration::from_millis(700));
    world.server.odd("odd", |_, stream| hang(stream));
    let began = Instant::now();
    let first = fault(&world, &bot, "odd");
    spoil_packs(&world, |stream, _| hang(stream));
    let second = fault(&world, &bot, "odd");
    assert!(began.elapsed() < PROMPT, "it took {:?}", began.elapsed());
    for fault in [first, second] {
        assert_eq!(fault.kind, FaultKind::Temporary);
        assert!(fault.public.as_ref().unwrap().contains("in the time allowed"), "{fault}");
    }
}

#[test]
fn a_trickling_server_is_left_at_the_deadline() {
    let (world, _) = world();
    let bot = limited(&world, |s| s.fetch.deadline = SignedDuration::from_millis(700));
    spoil_packs(&world, |stream, (status, headers, _)| {
        head(stream, status, headers, None);
        // Keep-alives of the sideband: packet lines without end that carry nothing.
        while stream.write_all(b"0005\x02").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let began = Instant::now();
    let fault = fault(&world, &bot, "odd");
    assert!(began.elapsed() < PROMPT, "it took {:?}", began.elapsed());
    assert_eq!(fault.kind, FaultKind::Temporary);
    assert!(fault.public.as_ref().unwrap().contains("in the time allowed"), "{fault}");
}

#[test]
fn an_endless_pack_ends_at_the_byte_cap() {
    let (world, _) = world();
    let bot = limited(&world, |s| s.fetch.max_bytes = 2 << 20);
    spoil_packs(&world, |stream, (status, headers, _)| {
        head(stream, status, headers, None);
        let _gone = stream.write_all(b"0008NAK\n0011\x01PACK\0\0\0\x02\0\x0f\xff\xff");
        // A blob of 256 MiB in stored zlib blocks, which ends nowhere near its size.
        let mut first = b"\x01\xb0\x80\x80\x80\x10\x78\x01".to_vec();
        while stream.write_all(&packet(&first)).is_ok() {
            first = [b"\0\xff\x7f\0\x80".as_slice(), &[b'x'; 0x7fff]].concat();
        }
    });
    let fault = fault(&world, &bot, "odd");
    assert_eq!(fault.kind, FaultKind::Permanent, "{fault}");
    assert!(fault.public.unwrap().contains("more than the 2 MiB allowed"));
}

fn packet(payload: &[u8]) -> Vec<u8> {
    let payload = if payload[0] == 1 { payload.to_vec() } else { [b"\x01", payload].concat() };
    [format!("{:04x}", payload.len() + 4).as_bytes(), &payload].concat()
}

#[test]
fn a_truncated_pack_leaves_nothing() {
    let (world, bot) = world();
    spoil_packs(&world, |stream, (status, headers, body)| {
        answer(stream, &(status.clone(), headers.clone(), body[..body.len() / 2].to_vec()));
    });
    assert_eq!(fault(&world, &bot, "odd").kind, FaultKind::Temporary);
}

#[test]
fn a_server_that_closes_midway_is_tried_again() {
    let (world, bot) = world();
    spoil_packs(&world, |stream, (status, headers, body)| {
        head(stream, status, headers, Some(body.len()));
        let _gone = stream.write_all(&body[..body.len() / 2]);
    });
    let fault = fault(&world, &bot, "odd");
    assert_eq!(fault.kind, FaultKind::Temporary);
    assert!(fault.public.is_some());
    assert!(bot.fetch(&world.order("author.git", "pull-1")).is_ok(), "and then it works");
}

#[test]
fn a_pack_with_a_byte_changed_is_not_believed() {
    let (world, bot) = world();
    spoil_packs(&world, |stream, (status, headers, body)| {
        let mut body = body.clone();
        // In the first object, behind the pack's header.
        let pack = body.windows(4).position(|w| w == b"PACK").unwrap();
        body[pack + 14] ^= 0x55;
        answer(stream, &(status.clone(), headers.clone(), body));
    });
    fault(&world, &bot, "odd");
}

#[test]
fn a_history_with_holes_is_refused() {
    let (world, bot) = world();
    // The tip's tree names a blob that its repository does not send, nor has.
    let gone = "1111111111111111111111111111111111111111";
    let tree = world.path("tree");
    std::fs::write(&tree, format!("100644 blob {gone}\tx\n")).unwrap();
    let script = format!("git mktree --missing < {}", tree.display());
    let tree = shell(&world.path("work"), &script);
    let commit = world.git(&["commit-tree", "-p", "master", "-m", "hole", &tree]);
    let objects = world.path("work/.git/objects").display().to_string();
    std::fs::write(world.path("author.git/objects/info/alternates"), objects + "\n").unwrap();
    std::fs::write(world.path("author.git/refs/heads/hole"), commit.clone() + "\n").unwrap();
    let root = world.folder.path().to_owned();
    let pack = shell(
        &world.path("work"),
        &format!(
            "printf '%s\\n%s\\n' {commit} {tree} | git pack-objects -q {}/hole",
            root.display()
        ),
    );
    let pack = std::fs::read(world.path(&format!("hole-{pack}.pack"))).unwrap();
    spoil_packs(&world, move |stream, (_, headers, _)| {
        let mut body = b"0008NAK\n".to_vec();
        for chunk in pack.chunks(60_000) {
            body.extend(packet(&[b"\x01", chunk].concat()));
        }
        body.extend(b"0000");
        answer(
            stream,
            &(
                "200 OK".into(),
                vec!["Content-Type: application/x-git-upload-pack-result".into()],
                body,
            ),
        );
        let _unused = headers;
    });
    let mut order = world.order("odd", "heads/hole");
    order.into = pull(2);
    let Err(FetchRefused::Fault(fault)) = bot.fetch(&order) else { panic!("taken") };
    assert_eq!(fault.kind, FaultKind::Permanent, "{fault}");
    assert!(fault.detail.contains("missing") && fault.detail.contains(gone), "{fault}");
}

fn shell(folder: &Path, script: &str) -> String {
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", script]).current_dir(folder);
    shell.env("GIT_CONFIG_GLOBAL", "/dev/null");
    let output = shell.output().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn a_pack_bomb_costs_the_child_and_not_the_bot() {
    let (world, _) = world();
    world.git(&["checkout", "-q", "-B", "bomb", "master"]);
    let zeros = vec![0_u8; 72 << 20];
    std::fs::write(world.path("work/a"), &zeros).unwrap();
    std::fs::write(world.path("work/b"), [&zeros, b"x".as_slice()].concat()).unwrap();
    world.git(&["config", "core.compression", "1"]);
    world.commit("bomb");
    world.tag("bomb", "text");
    git(&world.path("author.git"), &["repack", "-q", "-a", "-d", "-f", "--window-memory=0"]);
    let bot = limited(&world, |s| s.fetch.max_memory = 64 << 20);
    let order = world.order("author.git", "bomb");
    let Err(FetchRefused::Fault(fault)) = bot.fetch(&order) else { panic!("taken") };
    assert_eq!(fault.kind, FaultKind::Permanent, "{fault}");
    assert!(fault.public.unwrap().contains("more memory than is allowed"), "{}", fault.detail);
    assert!(bot.fetch(&world.order("author.git", "pull-1")).is_ok(), "the next one goes on");
}

#[test]
fn a_huge_file_is_refused_by_its_size() {
    let (world, _) = world();
    world.topic("big", "big", &"x".repeat(20 << 20));
    let bot = limited(&world, |s| s.fetch.max_memory = 64 << 20);
    let Err(FetchRefused::Fault(fault)) = bot.fetch(&world.order("author.git", "big")) else {
        panic!("taken")
    };
    assert!(fault.public.unwrap().contains("at most 16 MiB"), "{}", fault.detail);
}

#[test]
fn a_ref_name_that_is_not_utf8_costs_one_request() {
    let (world, bot) = world();
    let id = world.id("master");
    world.server.odd("odd", move |_: &Asked, stream| {
        let line = [format!("{id} ").as_bytes(), b"refs/heads/\xff\xfe\0side-band-64k\n"].concat();
        let body = [
            b"001e# service=git-upload-pack\n0000".as_slice(),
            format!("{:04x}", line.len() + 4).as_bytes(),
            &line,
            b"0000",
        ]
        .concat();
        let kind = "Content-Type: application/x-git-upload-pack-advertisement".to_owned();
        answer(stream, &("200 OK".into(), vec![kind], body));
    });
    let fault = fault(&world, &bot, "odd");
    assert_ne!(fault.kind, FaultKind::Bug, "{fault}");
}

#[test]
fn a_tree_that_tricks_a_checkout_is_refused() {
    let (world, bot) = world();
    let blob = world.id("master:README");
    let script = format!("printf '100644 blob {blob}\\t.GIT\\n' | git mktree");
    let tree = shell(&world.path("work"), &script);
    let commit = world.git(&["commit-tree", "-p", "master", "-m", "trap", &tree]);
    world.publish("author.git", &format!("{commit}:refs/heads/trap"));
    let Err(FetchRefused::Fault(fault)) = bot.fetch(&world.order("author.git", "trap")) else {
        panic!("taken")
    };
    assert_eq!(fault.kind, FaultKind::Permanent, "{fault}");
    assert!(fault.detail.contains("no checkout should see"), "{fault}");
}
