//! What keeps the bot apart from foreign code and foreign networks: the URL policy, the child, its
//! limits and its end, ssh's options, TLS.

use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::ports::{FaultKind, FetchRefused, Repository};
use jiff::SignedDuration;

use crate::repository::hostile::{fault, limited, world};
use crate::repository::server::{answer, as_if_for, cgi, with_tls};
use crate::repository::world::{children, target};

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
    // Of the last one only the scheme is wrong.
    for url in [
        "file:///etc",
        "ext::sh -c id",
        "https://elsewhere.example/x",
        "ssh://x@127.0.0.1/y",
        "ssh://x@127.0.0.1:2222/y",
    ] {
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
    // The kernel takes a moment to end what was killed.
    let stat = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
        stat.unwrap_or_default()
    };
    let ended = |stat: &str| stat.is_empty() || stat.contains(") Z ");
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while !ended(&stat()) && std::time::Instant::now() < patience {
        std::thread::yield_now();
    }
    assert!(ended(&stat()), "{}", stat());
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
        "ClearAllForwardings=yes",
        "ForwardAgent=no",
        "PermitLocalCommand=no",
        "ProxyCommand=none",
        "ProxyJump=none",
        "HostKeyAlias=localhost",
        "-p 2222 -l git -T -- ",
    ] {
        assert!(called.contains(option), "{option} in {called}");
    }
    assert!(!called.contains("-- localhost"), "the checked address is named: {called}");
}

#[test]
fn the_child_runs_under_its_limits() {
    let (world, bot) = world();
    let (root, seen) = (world.folder.path().to_owned(), Arc::new(Mutex::new(Vec::new())));
    let note = Arc::clone(&seen);
    world.server.odd("odd", move |asked, stream| {
        note.lock().unwrap().extend(children("limits"));
        answer(stream, &cgi(&root, &as_if_for(asked, "author.git")));
    });
    bot.fetch(&world.order("odd", "pull-1")).unwrap();
    let expected = [
        ("Max core file size", 0),
        ("Max data size", world.settings().fetch.max_memory),
        ("Max file size", 2 * world.settings().fetch.max_bytes + (64 << 20)),
    ];
    let seen = seen.lock().unwrap();
    let has = |limits: &str, name: &str, value: u64| {
        let line = limits.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.split_whitespace().take(2).all(|v| v == value.to_string())
    };
    let confined = |limits: &String| expected.iter().all(|(name, value)| has(limits, name, *value));
    assert!(!seen.is_empty() && seen.iter().any(confined), "{seen:?}");
}

#[test]
fn a_certificate_is_believed_only_by_its_own_authority() {
    let (world, bot) = world();
    let mut order = world.order("", "pull-1");
    order.url = format!("https://{}/author.git", with_tls(&world.server));
    let Err(FetchRefused::Fault(fault)) = bot.fetch(&order) else { panic!("believed") };
    assert!(fault.detail.contains("certificate"), "{fault}");
    assert!(!fault.public.unwrap().contains("git repository"), "{}", fault.detail);
    let ca = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/repository/tls/ca.pem");
    let bot = limited(&world, |s| s.fetch.ca_file = Some(ca));
    assert_eq!(bot.fetch(&order).unwrap().reference, "refs/tags/pull-1");
}
