//! Secrets in wrong places: in the configuration itself, in URLs, in files and programs that are
//! none, in an order to the git child, in a panic.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::config;
use crate::config::environment::ProcessEnvironment;

use crate::canaries::stage::{Places, Stage, TOKEN, expect_clean, secret};

fn stage() -> (Stage, String) {
    let stage = Stage::new();
    let places = Places { imap: 1, smtp: 1, gitlab: "http://127.0.0.1:1".into() };
    stage.configure(&places);
    let text = stage.configuration(&places);
    (stage, text)
}

#[test]
fn a_bad_configuration_is_explained_without_the_secrets_in_it() {
    let (stage, good) = stage();
    let upstream = format!("{}/upstream.git", stage.git.url());
    let literal = format!("\"{TOKEN}\"");
    let with_login = |url: &str| url.replace("http://", &format!("http://oauth2:{TOKEN}@"));
    for (old, new) in [
        (r#"{ credential = "gitlab-token" }"#, literal.clone()),
        (r#"password = { env = "CANARY_SMTP" }"#, format!("password = {literal}")),
        (r#"password = { env = "CANARY_SMTP" }"#, format!("pasword = {literal}")),
        (r#"token = { credential"#, format!("tokn = {literal}\ntoken = {{ credential")),
        (r#"{ credential = "gitlab-token" }"#, format!("{{ valeu = {literal} }}")),
        (r#"{ credential = "gitlab-token" }"#, format!("{literal} = 3")),
        (r#"{ credential = "gitlab-token" }"#, format!("\"{TOKEN}")),
        (upstream.as_str(), with_login(&upstream)),
        ("gitlab = \"http://127.0.0.1:1\"", format!("gitlab = \"http://x:{TOKEN}@127.0.0.1:1\"")),
        (
            "poll = \"200ms\"",
            format!("poll = \"200ms\"\npush_url = \"http://oauth2:{TOKEN}@127.0.0.1:1/x.git\""),
        ),
    ] {
        assert!(good.contains(old), "{old}");
        let file = stage.bot_folder().join("config.toml");
        fs::write(&file, good.replacen(old, &new, 1)).unwrap();
        let problems = config::load(&file, &ProcessEnvironment).unwrap_err();
        expect_clean("the lines at fault", problems.to_string().as_bytes());
        for arguments in [&["run"][..], &["check"], &["setup"], &["status"]] {
            let said = stage.runs(arguments);
            let works = said.status.success() && arguments != ["status"];
            assert!(!works, "{arguments:?} with {new}");
        }
    }
}

#[test]
fn a_secret_that_is_none_is_not_shown() {
    let (stage, good) = stage();
    let file = stage.folder.path().join("credentials/gitlab-token");
    for content in [format!("{TOKEN}\nmore\n"), format!("{TOKEN}\0"), TOKEN.repeat(5000)] {
        secret(&file, &content);
        assert!(!stage.runs(&["check"]).status.success());
    }
    secret(&file, TOKEN);
    for script in [
        format!("echo {TOKEN}; exit 3"),
        format!("echo {TOKEN} >&2; exit 3"),
        format!("echo {TOKEN}; echo more"),
    ] {
        let program = stage.bot_folder().join("program");
        fs::write(&program, script).unwrap();
        let asks = r#"{ command = ["sh", "program"] }"#;
        let text = good.replace(r#"{ credential = "gitlab-token" }"#, asks);
        fs::write(stage.bot_folder().join("config.toml"), text).unwrap();
        assert!(!stage.runs(&["check"]).status.success());
    }
}

#[test]
fn an_order_that_the_git_child_can_not_read_is_not_printed() {
    for order in [
        format!(r#"{{"limits":{{}},"token":"{TOKEN}"}}"#),
        format!(r#"{{"limits":"{TOKEN}"}}"#),
        TOKEN.to_owned(),
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_gatepost"))
            .arg("git-child")
            .env("GATEPOST_LOG", "trace")
            .env("RUST_BACKTRACE", "full")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(order.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        expect_clean("the child's answer", &output.stdout);
        expect_clean("the child's last words", &output.stderr);
        assert!(!output.stdout.is_empty());
    }
}

#[test]
fn a_panic_with_everything_in_it_shows_no_secret() {
    let (stage, good) = stage();
    // What this process has no source for comes from files.
    let file = stage.bot_folder().join("token");
    secret(&file, TOKEN);
    let text = good
        .replace(r#"{ credential = "gitlab-token" }"#, r#"{ file = "token" }"#)
        .replace(r#"{ env = "CANARY_SMTP" }"#, r#"{ file = "token" }"#);
    fs::write(stage.bot_folder().join("config.toml"), text).unwrap();
    let config = config::load(&stage.bot_folder().join("config.toml"), &ProcessEnvironment);
    let config = config.map_err(|problems| problems.to_string()).unwrap();
    let panic = std::panic::catch_unwind(|| panic!("{config:?} {config:#?}")).unwrap_err();
    let words = panic.downcast_ref::<String>().unwrap();
    expect_clean("the panic", words.as_bytes());
    assert!(words.contains("***"), "the secrets are in it, as stars");
}
