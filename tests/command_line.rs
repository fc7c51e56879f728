//! The program as people and scripts meet it: exit codes, the JSON forms, and what it says where
//! something is missing. No server is asked.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::adapters::store::SledStore;
use tempfile::TempDir;

const CONFIG: &str = r#"
[bot]
from = "Gatepost <gatepost@tally.example>"
administrator = "admin@tally.example"
release_managers = ["release@tally.example"]

[state]
directory = "state"

[[account]]
name = "lists"
host = "127.0.0.1"
port = 1
tls = "none"
login = "gatepost"
password = { file = "secret" }

[[list]]
name = "devel"
account = "lists"
address = "devel@tally.example"
target = "master"

[[target]]
name = "master"
url = "http://127.0.0.1:1/upstream.git"
branch = "master"

[target.ci]
gitlab = "http://127.0.0.1:1"
project = "demo/project"
token = { file = "secret" }

[trust]
schemes = ["http"]
hosts = ["127.0.0.1:*"]
allow_addresses = ["127.0.0.1"]

[smtp]
host = "127.0.0.1"
port = 1
tls = "none"
"#;

/// A folder with a configuration whose servers are not there.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self::with(CONFIG)
    }

    fn with(config: &str) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("config.toml"), config).unwrap();
        fs::write(folder.path().join("secret"), "hunter2\n").unwrap();
        fs::set_permissions(folder.path().join("secret"), Permissions::from_mode(0o600)).unwrap();
        Self(folder)
    }

    fn state(&self) -> PathBuf {
        self.0.path().join("state")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gatepost"));
        command.args(arguments).current_dir(self.0.path()).env_clear().stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Said {
        Said::of(&self.command(arguments).output().unwrap())
    }
}

struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Said {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout.clone()).unwrap(),
            err: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }
}

#[test]
fn asking_where_no_bot_has_run_says_how_to_begin_and_makes_nothing() {
    let folder = Folder::new();
    let said = folder.run(&["status"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    assert!(said.out.contains("`gatepost setup`") && said.out.contains("Nothing is open."));
    let shown = folder.run(&["show", "1"]);
    assert_eq!((shown.code, shown.err.as_str()), (66, "gatepost: There is no request 1.\n"));
    assert!(!folder.state().exists(), "it would belong to whoever asked");
}

#[test]
fn a_status_is_one_json_object() {
    let said = Folder::new().run(&["status", "--format", "json"]);
    let status: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(status["running"], false);
    assert_eq!(status["pulls"], serde_json::json!([]));
}

#[test]
fn commands_are_for_a_running_bot() {
    let folder = Folder::new();
    let said = folder.run(&["do", "approve", "3"]);
    assert_eq!((said.code, said.out.as_str()), (69, ""));
    assert!(said.err.contains("`gatepost run`"), "{}", said.err);
    // Options may stand behind the command.
    let said = folder.run(&["do", "approve 3", "--format", "json"]);
    assert_eq!((said.code, said.err.as_str()), (69, ""));
    let reply: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert!(reply["refused"].as_str().unwrap().contains("`gatepost run`"));
    assert!(!folder.state().exists());
}

#[test]
fn what_is_not_understood_is_64_and_says_what_to_write() {
    let folder = Folder::new();
    for (arguments, words) in [
        (&["statsu"][..], "status"),
        (&["run", "--dryrun"], "--dry-run"),
        (&["run", "--since", "yesterday"], "YYYY-MM-DD"),
        (&["show", "foo~1"], "run-N"),
        (&["do", "aprove 3"], "approve"),
        (&["do", "test", "https://x.example/r", "master", "abc"], "40"),
    ] {
        let said = folder.run(arguments);
        assert_eq!((said.code, said.out.as_str()), (64, ""), "{arguments:?}");
        assert!(said.err.contains(words), "{arguments:?}: {}", said.err);
    }
}

#[test]
fn a_bad_configuration_is_78_for_every_command() {
    let misspelt = Folder::with(&CONFIG.replace("administrator", "adminstrator"));
    for arguments in [&["run"][..], &["setup"], &["status"], &["show", "1"], &["do", "resume"]] {
        let said = misspelt.run(arguments);
        assert_eq!((said.code, said.out.as_str()), (78, ""), "{arguments:?}");
        assert!(said.err.contains("did you mean `administrator`?"), "{}", said.err);
    }
    let said = misspelt.run(&["status", "--config", "nope.toml"]);
    assert_eq!(said.code, 78);
    assert!(said.err.starts_with("nope.toml: can't be read"), "{}", said.err);
}

#[test]
fn whoever_asks_the_bot_need_not_read_its_secrets() {
    let credential = CONFIG.replace(r#"{ file = "secret" }"#, r#"{ credential = "secret" }"#);
    let folder = Folder::with(&credential);
    assert_eq!(folder.run(&["status"]).code, 0);
    assert_eq!(folder.run(&["show", "1"]).code, 66);
    assert_eq!(folder.run(&["do", "resume"]).code, 69);
    let said = folder.run(&["run"]);
    assert_eq!(said.code, 78);
    assert!(said.err.contains("$CREDENTIALS_DIRECTORY is not set"), "{}", said.err);
}

#[test]
fn a_run_before_the_setup_says_so() {
    let folder = Folder::new();
    for arguments in [&["run"][..], &["run", "--dry-run"]] {
        let said = folder.run(arguments);
        assert_eq!(said.code, 78);
        assert!(said.err.contains("no mirror of http://127.0.0.1:1/upstream.git"), "{}", said.err);
        assert!(said.err.contains("`gatepost setup`"), "{}", said.err);
    }
}

#[test]
fn a_state_directory_in_use_is_a_matter_of_time() {
    let folder = Folder::new();
    let _other = SledStore::open(&folder.state()).unwrap();
    let said = folder.run(&["status"]);
    assert_eq!(said.code, 75);
    let said_to_command = folder.run(&["do", "resume"]);
    assert_eq!(said_to_command.code, 75);
    assert!(said_to_command.err.contains("The bot is starting"), "{}", said_to_command.err);
    assert!(said.err.contains(&format!("process {}", std::process::id())), "{}", said.err);
}

#[test]
fn a_reader_who_has_had_enough_breaks_nothing() {
    let folder = Folder::new();
    for (arguments, code) in [
        (&["status"][..], 0),
        (&["status", "--format", "json"], 0),
        (&["check"], 78),
        (&["do", "help"], 0),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = folder.command(arguments).stdout(writer).output().unwrap();
        let said = Said::of(&output);
        assert_eq!((said.code, said.err.as_str()), (code, ""), "{arguments:?}");
    }
}

#[test]
fn output_that_can_not_be_written_is_74() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = Folder::new().command(&["status"]).stdout(full).output().unwrap();
    let said = Said::of(&output);
    assert_eq!(said.code, 74);
    assert!(said.err.contains("standard output"), "{}", said.err);
}

#[test]
fn the_state_directory_that_a_setup_makes_is_for_its_owner_alone() {
    let folder = Folder::new();
    let said = folder.run(&["setup"]);
    assert_eq!((said.code, said.out.as_str()), (75, ""), "{}", said.err);
    assert!(said.err.contains("http://127.0.0.1:1/upstream.git"), "{}", said.err);
    let mode = fs::metadata(folder.state()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

/// A keyring folder with one good key of Ada's, whose fingerprint it gives.
fn keyring(folder: &Folder) -> String {
    use crate::demo::keys::SigningKey;
    let person = crate::pull::cover::Person {
        name: Some("Ada".into()),
        address: "ada@tally.example".into(),
    };
    let key = SigningKey::new(&person, "2026-01-01T00:00:00Z".parse().unwrap()).unwrap();
    fs::create_dir(folder.0.path().join("keyring")).unwrap();
    fs::write(folder.0.path().join("keyring/ada.asc"), key.certificate().unwrap()).unwrap();
    key.fingerprint()
}

fn maintainer(folder: &Folder, key: &str, more: &str) {
    let entry = format!(
        "[[maintainer]]\nname = \"Ada Example\"\naddresses = [\"ada@work.example\"]\n\
         keys = [\"{key}\"]\n{more}\n"
    );
    fs::write(folder.0.path().join("keyring/maintainers.toml"), entry).unwrap();
}

#[test]
fn the_keys_are_listed_without_a_secret_and_without_a_configuration() {
    let folder = Folder::new();
    let key = keyring(&folder);
    fs::remove_file(folder.0.path().join("secret")).unwrap();
    let said = folder.run(&["keys", "list"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""));
    for part in ["Ada\n", &key, "ada@tally.example", "all lists; all targets; all files", "never"] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    maintainer(&folder, &key, "targets = [\"master\"]\npaths = [\"block/**\"]");
    fs::remove_file(folder.0.path().join("config.toml")).unwrap();
    let said = folder.run(&["keys", "list", "--keyring", "keyring", "--format", "json"]);
    let listed: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(listed["keys"][0]["owner"], "Ada Example");
    assert_eq!(listed["keys"][0]["addresses"], serde_json::json!(["ada@work.example"]));
    assert_eq!(listed["keys"][0]["may_submit"]["targets"], serde_json::json!(["master"]));
    assert_eq!(listed["problems"], serde_json::json!([]));
    assert_eq!(folder.run(&["keys", "list", "--keyring", "none"]).code, 78);
}

#[test]
fn keys_check_ends_with_78_if_something_is_wrong_with_the_keyring() {
    let folder = Folder::new();
    let key = keyring(&folder);
    let said = folder.run(&["keys", "check"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.out);
    assert!(said.out.contains("has 1 good key"), "{}", said.out);
    let check = |more: &str, options: &[&str]| {
        maintainer(&folder, &key, more);
        folder.run(&[&["keys", "check"], options].concat())
    };
    assert_eq!(check("targets = [\"master\"]", &[]).code, 0);
    let said = check("targets = [\"stable-9.0\"]", &[]);
    assert_eq!(said.code, 78);
    assert!(said.out.contains("Ada Example may submit to target stable-9.0"), "{}", said.out);
    // Without a configuration nobody knows which targets there are.
    assert_eq!(check("targets = [\"stable-9.0\"]", &["--keyring", "keyring"]).code, 0);
    let said = check("target = [\"master\"]", &["--format", "json"]);
    assert_eq!(said.code, 78);
    let lines: Vec<serde_json::Value> =
        said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| {
        line["ok"] == "no" && line["finding"].as_str().unwrap().contains("maintainers.toml line 5")
    }));
}
