//! URLs that look like others than they are.

use crate::adapters::git::url::UrlPolicy;
use crate::ports::{FetchRefused, Repository};

use crate::repository::hostile::{limited, world};

fn policy(schemes: &[&str], hosts: &[&str]) -> UrlPolicy {
    let owned = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>();
    UrlPolicy::new(&owned(schemes), &owned(hosts)).unwrap()
}

#[test]
fn a_url_that_looks_like_an_allowed_one_is_refused() {
    let policy = policy(&["https", "git"], &["good.example", "*.good.example"]);
    assert!(policy.check("https://good.example/a").is_ok());
    for url in [
        "https://good.example@evil.example/a",
        "https://good.example:443@evil.example/a",
        "https://evil.example@good.example/a",
        "https://good.example%40evil.example/a",
        "https://good.example%2f@evil.example/a",
        "https://evil.example\\@good.example/a",
        "https://evil.example\\.good.example/a",
        "https://good.example\\evil.example/a",
        "https:\\\\good.example/a",
        "https://evil.example/@good.example/../a",
        "https://evil.example#good.example/a",
        "https://evil.example?good.example/a",
        "https://good.example%2eevil.example/a",
        "https://good.example%00.evil.example/a",
        "https://good.example.evil.example/a",
        "https://evilgood.example/a",
        "https://xn--god-fna.example/a",
        "https://g\u{43e}\u{43e}d.example/a",
        "https://good\u{3002}example/a",
        "https://good.example\u{2044}@evil.example/a",
        "https://good.example./a",
        "https://.good.example/a",
        "https://good.example:444/a",
        "https://good.example:0/a",
        "https://good.example:65536/a",
        "https://[good.example]/a",
        "https://[::1%25eth0]/a",
        "https://[fe80::1%eth0]/a",
        "git://good.example%0a.evil.example/a",
        "git://evil.example:9418:good.example/a",
        "https:good.example/a",
        "https:/good.example/a",
    ] {
        assert!(policy.check(url).is_err(), "{url}");
    }
}

#[test]
fn one_place_has_one_spelling() {
    let policy = policy(&["https", "git"], &["good.example"]);
    for (written, plain) in [
        ("HTTPS://GOOD.EXAMPLE/a", "https://good.example/a"),
        ("https://good.example:443/a", "https://good.example/a"),
        ("GIT://Good.Example:9418/a", "git://good.example/a"),
        ("https://%67ood.example/a", "https://good.example/a"),
        ("https:///good.example/a", "https://good.example/a"),
        ("https://good.example/x/../a/.", "https://good.example/a"),
    ] {
        assert_eq!(policy.check(written).unwrap().text(), plain);
    }
}

#[test]
fn an_option_in_disguise_is_refused_wherever_it_stands() {
    let (world, bot) = world();
    let every = policy(&["https", "git", "ssh"], &["*"]);
    for url in [
        "--upload-pack=touch${IFS}x",
        "-oProxyCommand=x",
        "ssh://-oProxyCommand=x/a",
        "ssh://user@-oProxyCommand=x/a",
        "ssh://-luser@host/a",
        "git://-x/a",
        "https://-x/a",
        "-host:a",
        "a@-host:b",
        "ext::sh -c x",
        "ext::ssh://host/a",
        "fd::3",
        "file:///etc",
        "/etc",
        "transport::address",
        "ssh://host/a'b",
        "ssh://host/a\"b",
        "ssh://host/a`b`",
        "host:a\nb",
    ] {
        assert!(every.check(url).is_err(), "{url}");
    }
    let asked = world.server.asked().len();
    for reference in
        ["--upload-pack=x", "-f", "tags/-x:refs/heads/y", "+refs/tags/x", "a^{}", "@{-1}"]
    {
        let found = bot.fetch(&world.order("author.git", reference));
        assert_eq!(found, Err(FetchRefused::RefMissing), "{reference}");
    }
    // A name that begins so is a legal one, and is looked for as a ref's whole name only.
    assert!(world.server.asked()[asked..].iter().all(|asked| asked.method == "GET"));
}

#[test]
fn an_address_written_oddly_is_the_address_it_means() {
    let (world, _) = world();
    let bot = limited(&world, |s| {
        s.trust.allow_addresses.clear();
        s.trust.hosts = vec!["*".into()];
    });
    let port = world.server.url("").replace("http://127.0.0.1:", "");
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "017700000001",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[0:0:0:0:0:ffff:127.0.0.1]",
        "[::]",
        "localhost",
        "LOCALHOST",
        "localhost.",
    ] {
        for scheme in ["http", "git"] {
            let before = world.server.asked().len();
            let mut order = world.order("", "pull-1");
            order.url = format!("{scheme}://{host}:{port}author.git");
            match bot.fetch(&order) {
                Err(FetchRefused::NotAllowed { why }) => {
                    assert!(why.contains("address"), "{}: {why}", order.url);
                }
                // Not every system's resolver takes every form.
                Err(FetchRefused::Fault(fault)) => {
                    assert!(fault.detail.contains("was not found"), "{}: {fault}", order.url);
                }
                other => panic!("{}: {other:?}", order.url),
            }
            assert_eq!(world.server.asked().len(), before, "{}: connected", order.url);
        }
    }
}
