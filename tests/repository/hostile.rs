//! Bad servers: each gets a clear sentence, in time, and leaves everything as it was.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;

use gatepost::adapters::git::{GitRepository, GitSettings};
use gatepost::ports::{Fault, FaultKind, FetchRefused, Repository};
use jiff::SignedDuration;

use crate::server::{Asked, answer, as_if_for, cgi, hang, head};
use crate::world::{World, git, pull, target};

fn world() -> (World, GitRepository) {
    let (world, bot) = World::ready();
    world.topic("pull-1", "new.c", "int x;\n");
    (world, bot)
}

fn fault(world: &World, bot: &GitRepository, path: &str) -> Fault {
    match bot.fetch(&world.order(path, "pull-1")) {
        Err(FetchRefused::Fault(fault)) => {
            let left = std::fs::read_dir(world.path("state/git/quarantine")).unwrap().count();
            assert_eq!(left, 0, "nothing is left behind");
            fault
        }
        other => panic!("{other:?}"),
    }
}

fn limited(world: &World, change: impl FnOnce(&mut GitSettings)) -> GitRepository {
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

#[test]
fn a_server_that_hangs_is_left_at_the_deadline() {
    let (world, _) = world();
    let bot = limited(&world, |s| s.fetch.deadline = SignedDuration::from_millis(700));
    world.server.odd("odd", |_, stream| hang(stream));
    let first = fault(&world, &bot, "odd");
    spoil_packs(&world, |stream, _| hang(stream));
    let second = fault(&world, &bot, "odd");
    for fault in [first, second] {
        assert_eq!(fault.kind, FaultKind::Temporary);
        assert!(fault.public.unwrap().contains("in the time allowed"));
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
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    });
    let fault = fault(&world, &bot, "odd");
    assert_eq!(fault.kind, FaultKind::Temporary);
    assert!(fault.public.unwrap().contains("in the time allowed"));
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
        let middle = body.len() / 2;
        body[middle] ^= 0x55;
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
fn addresses_inside_are_refused_as_resolved() {
    let (world, _) = world();
    let bot = limited(&world, |s| s.trust.allow_addresses.clear());
    let port = world.server.url("").replace("http://127.0.0.1", "");
    for url in [
        format!("http://localhost{port}author.git"),
        world.server.url("author.git"),
        format!("git://localhost{port}author.git"),
    ] {
        let mut order = world.order("", "pull-1");
        order.url = url.clone();
        let before = world.server.asked().len();
        let Err(FetchRefused::NotAllowed { why }) = bot.fetch(&order) else { panic!("{url}") };
        assert!(why.contains("loopback"), "{why}");
        assert_eq!(world.server.asked().len(), before, "no connection was made");
    }
    assert!(bot.target_head(&target()).is_ok(), "the operator's own URL is trusted");
}

#[test]
fn urls_outside_the_policy_are_refused_without_a_child() {
    let (world, _) = world();
    let bot = limited(&world, |s| s.program = "/nonexistent".into());
    for url in
        ["file:///etc", "ext::sh -c id", "https://elsewhere.example/x", "ssh://x@127.0.0.1/y"]
    {
        let mut order = world.order("", "pull-1");
        order.url = url.into();
        assert!(matches!(bot.fetch(&order), Err(FetchRefused::NotAllowed { .. })), "{url}");
    }
    let Err(FetchRefused::Fault(fault)) = bot.fetch(&world.order("author.git", "pull-1")) else {
        panic!("without a program")
    };
    assert_eq!(fault.kind, FaultKind::Misconfigured);
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
fn a_child_that_is_killed_is_reported() {
    let (world, _) = world();
    let program = world.path("dies");
    std::fs::write(&program, "#!/bin/sh\nexec kill -SEGV $$\n").unwrap();
    executable(&program);
    let bot = limited(&world, |s| s.program = program);
    let fault = fault(&world, &bot, "author.git");
    assert_eq!(fault.kind, FaultKind::Temporary);
    assert!(fault.detail.contains("signal: 11"), "{fault}");
}

#[test]
fn a_child_that_does_not_end_is_killed_with_all_it_started() {
    let (world, _) = world();
    let program = world.path("hangs");
    let pid = world.path("pid");
    std::fs::write(
        &program,
        format!("#!/bin/sh\nsleep 1000 & echo $! > {}\nwait\n", pid.display()),
    )
    .unwrap();
    executable(&program);
    let bot = limited(&world, |s| {
        s.program = program;
        s.fetch.deadline = SignedDuration::from_millis(100);
    });
    let fault = fault(&world, &bot, "author.git");
    assert_eq!(fault.kind, FaultKind::Temporary);
    assert!(fault.detail.contains("killed at its deadline"), "{fault}");
    let pid = std::fs::read_to_string(pid).unwrap();
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    assert!(stat.is_empty() || stat.contains(") Z "), "{stat}");
}

fn executable(file: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn ssh_is_refused_unless_it_is_configured_and_then_asks_nothing() {
    let (world, bot) = world();
    let author = world.path("author.git");
    let mut order = world.order("", "pull-1");
    order.url = format!("ssh://git@localhost:2222{}", author.display());
    assert!(matches!(bot.fetch(&order), Err(FetchRefused::NotAllowed { .. })));
    // Stands in for ssh: notes how it was called and runs the command here.
    let (bin, program, called) = (world.path("bin"), world.path("with-ssh"), world.path("called"));
    std::fs::create_dir(&bin).unwrap();
    let script = format!(
        "#!/bin/sh\necho \"$@\" > {}\nfor last; do :; done\nexec sh -c \"$last\"\n",
        called.display()
    );
    std::fs::write(bin.join("ssh"), script).unwrap();
    executable(&bin.join("ssh"));
    let real = world.settings().program;
    let script =
        format!("#!/bin/sh\nPATH={}:$PATH exec {} \"$@\"\n", bin.display(), real.display());
    std::fs::write(&program, script).unwrap();
    executable(&program);
    let bot = limited(&world, |s| {
        s.program = program;
        s.trust.schemes.push("ssh".into());
        s.trust.allow_addresses.push("::1".parse().unwrap());
    });
    assert_eq!(bot.fetch(&order).unwrap().reference, "refs/tags/pull-1");
    let called = std::fs::read_to_string(called).unwrap();
    for option in [
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        "HostKeyAlias=localhost",
        "-p 2222 -l git -T -- ",
    ] {
        assert!(called.contains(option), "{option} in {called}");
    }
    assert!(!called.contains("-- localhost"), "the checked address is named: {called}");
}
