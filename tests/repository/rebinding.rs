//! Names that resolve to one address when they are checked and to another when they are used. The
//! git child runs with a resolver that changes its answer (`resolver.c`).

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::adapters::git::GitRepository;
use crate::ports::{FetchRefused, Repository};

use crate::repository::hostile::{limited, world};
use crate::repository::server;
use crate::repository::world::World;

/// Public, and leads to the test's server.
const PUBLIC: &str = "93.184.216.34";

/// A bot whose child resolves `rebind.example` to these addresses, one after the other.
fn resolving(world: &World, answers: &str) -> GitRepository {
    let (library, program) = (world.path("resolver.so"), world.path("resolving"));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/repository/resolver.c");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).args([&library, &source]).arg("-ldl");
    assert!(compiler.status().unwrap().success());
    let script = format!(
        "#!/bin/sh\nexport LD_PRELOAD={} ANSWERS={answers} ROUTED={PUBLIC} NOTES={}\nexec {} \"$@\"\n",
        library.display(),
        world.path("notes").display(),
        world.settings().program.display(),
    );
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    limited(world, |s| {
        s.program = program;
        s.trust.allow_addresses.clear();
        s.trust.hosts = vec!["rebind.example:*".into()];
    })
}

fn notes(world: &World) -> String {
    fs::read_to_string(world.path("notes")).unwrap_or_default()
}

fn refused(bot: &GitRepository, world: &World, url: String) -> String {
    let mut order = world.order("", "pull-1");
    order.url = url;
    match bot.fetch(&order) {
        Err(FetchRefused::NotAllowed { why }) => why,
        other => panic!("{other:?}"),
    }
}

fn port(world: &World) -> String {
    world.server.url("").replace("http://127.0.0.1:", "").trim_end_matches('/').to_owned()
}

#[test]
fn a_public_name_is_fetched_from() {
    let (world, _) = world();
    let bot = resolving(&world, PUBLIC);
    let mut order = world.order("", "pull-1");
    order.url = format!("http://rebind.example:{}/author.git", port(&world));
    bot.fetch(&order).unwrap();
    let notes = notes(&world);
    assert!(notes.contains(&format!("connected {PUBLIC}")), "{notes}");
}

#[test]
fn a_name_that_turns_private_between_two_connections_is_refused() {
    let (world, _) = world();
    // The refs come over the first connection, the pack over a second one.
    let bot = resolving(&world, &format!("{PUBLIC},127.0.0.1"));
    let url = format!("http://rebind.example:{}/author.git", port(&world));
    let before = world.server.asked().len();
    let why = refused(&bot, &world, url);
    assert!(why.contains("loopback"), "{why}");
    let notes = notes(&world);
    assert!(notes.contains("resolved 127.0.0.1"), "the second answer came: {notes}");
    assert!(!notes.contains("connected 127.0.0.1"), "{notes}");
    assert!(world.server.asked()[before..].iter().all(|asked| asked.method == "GET"));
}

#[test]
fn the_address_that_was_checked_is_the_one_that_is_connected_to() {
    let (world, _) = world();
    let daemon = server::daemon(world.folder.path());
    // Were the name resolved again for the connection, that would go to 10.0.0.1.
    let bot = resolving(&world, &format!("{PUBLIC},10.0.0.1"));
    let mut order = world.order("", "pull-1");
    order.url = format!("git://rebind.example:{}/author.git", daemon.port());
    bot.fetch(&order).unwrap();
    assert_eq!(notes(&world), format!("resolved {PUBLIC}\nconnected {PUBLIC}\n"));
}

#[test]
fn no_address_of_the_operators_network_is_connected_to_whatever_its_form() {
    let (world, _) = world();
    for inside in [
        "127.0.0.1",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.5.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "192.0.2.1",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::1",
        "fd00::1",
        "fe80::1",
    ] {
        let bot = resolving(&world, inside);
        for scheme in ["http", "git"] {
            let before = notes(&world).matches("connected").count();
            let url = format!("{scheme}://rebind.example:{}/author.git", port(&world));
            let why = refused(&bot, &world, url);
            assert!(why.contains("rebind.example") && !why.contains(inside), "{why}");
            assert_eq!(notes(&world).matches("connected").count(), before, "{inside}");
        }
    }
}
