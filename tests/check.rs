//! `gatepost check` against worlds of values: what it says of each thing, and its exit code.

use std::cell::RefCell;
use std::fs::{Permissions, create_dir, set_permissions};
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use crate::cli::check::facts::{
    GitLabFacts, KeyFacts, KeyringFacts, MailboxFacts, Probes, ProjectFacts, ProtectedFacts,
    ReachFacts, RunnerFacts, Seen, SmtpFacts, StateFacts, TokenFacts, VariableFacts,
};
use crate::cli::check::{CheckLine, Format, Standing, check};
use crate::config::environment::{CommandFault, Environment, SecretFile};
use crate::config::model::{Account, Target};
use crate::ports::Fault;
use crate::pull::ids::{ObjectId, TargetName};
use jiff::Timestamp;
use secrecy::zeroize::Zeroizing;

/// The shipped file with changes, and a secret in every file.
struct File(String);

impl Environment for File {
    fn text(&self, _file: &Path) -> io::Result<String> {
        Ok(self.0.clone())
    }

    fn variable(&self, _name: &str) -> Option<Zeroizing<String>> {
        None
    }

    fn secret_file(&self, _file: &Path) -> io::Result<SecretFile> {
        Ok(SecretFile { mode: 0o600, content: Zeroizing::new(b"hunter2\n".to_vec()) })
    }

    fn output(
        &self,
        _command: &[String],
        _folder: &Path,
        _limit: Duration,
    ) -> Result<Zeroizing<Vec<u8>>, CommandFault> {
        Err(CommandFault::NotStarted(io::ErrorKind::NotFound.into()))
    }
}

/// A world in which all is as it should be, until a test changes something.
struct World {
    config: String,
    state: StateFacts,
    keyring: Result<KeyringFacts, Fault>,
    mailbox: Result<MailboxFacts, Fault>,
    smtp: Result<SmtpFacts, Fault>,
    resolver: Result<(), Fault>,
    head: Result<ObjectId, Fault>,
    gitlab: GitLabFacts,
    asked: RefCell<Vec<String>>,
}

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn key(owner: &str) -> KeyFacts {
    let addresses = vec![format!("{}@example.org", owner.to_lowercase())];
    KeyFacts {
        key: "0123ABCD".into(),
        owner: owner.into(),
        addresses,
        expires: None,
        trouble: None,
    }
}

fn runner(description: &str) -> RunnerFacts {
    RunnerFacts {
        description: description.into(),
        kind: "project_type".into(),
        tags: Some(vec!["x86".into(), "docker".into()]),
        protected: Some(false),
    }
}

fn variable(key: &str, protected: bool, masked: bool) -> VariableFacts {
    VariableFacts { key: key.into(), protected, masked, group: None }
}

fn fine() -> World {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.toml");
    World {
        config: std::fs::read_to_string(shipped).unwrap(),
        state: StateFacts::Present { mode: 0o700, unwritable: None, free: 100 << 30 },
        keyring: Ok(KeyringFacts { keys: vec![key("Alice")], ..KeyringFacts::default() }),
        mailbox: Ok(MailboxFacts {
            is_encrypted: true,
            can_idle: true,
            folders: vec![("INBOX".into(), Ok(300_000))],
        }),
        smtp: Ok(SmtpFacts { is_encrypted: true, is_logged_in: false }),
        resolver: Ok(()),
        head: Ok("0123456789abcdef0123456789abcdef01234567".parse().unwrap()),
        gitlab: GitLabFacts {
            version: Ok("18.5.1-ee".into()),
            user: Ok("gatepost-bot".into()),
            token: Ok(TokenFacts {
                scopes: vec!["api".into(), "write_repository".into()],
                suffices: Some(true),
                expires_at: Some("2026-12-31".parse().unwrap()),
                active: true,
            }),
            project: Ok(ProjectFacts {
                path: "project/ci".into(),
                seen: Seen::Everybody,
                empty: false,
                archived: false,
                ci_enabled: true,
                public_jobs: true,
                auto_cancels: true,
                may_make_pipelines: Some(true),
                may_set_variables: Some(true),
                role: Some(30),
            }),
            protected: Ok(vec![]),
            reach: Some(ReachFacts {
                variables: Ok(vec![]),
                closed_groups: vec![],
                runners: Ok(vec![runner("big-1")]),
            }),
        },
        asked: RefCell::default(),
    }
}

impl Probes for &World {
    fn state_directory(&mut self) -> StateFacts {
        self.state.clone()
    }

    fn keyring(&mut self, _now: Timestamp) -> Result<KeyringFacts, Fault> {
        self.keyring.clone()
    }

    fn mailbox(&mut self, account: &Account, folders: &[String]) -> Result<MailboxFacts, Fault> {
        self.asked.borrow_mut().push(format!("{} {}", account.name, folders.join(",")));
        self.mailbox.clone()
    }

    fn smtp(&mut self) -> Result<SmtpFacts, Fault> {
        self.smtp.clone()
    }

    fn resolver(&mut self, resolvers: &[SocketAddr], domain: &str) -> Result<(), Fault> {
        self.asked.borrow_mut().push(format!("resolver {resolvers:?} {domain}"));
        self.resolver.clone()
    }

    fn target_head(&mut self, _target: &TargetName) -> Result<ObjectId, Fault> {
        self.head.clone()
    }

    fn gitlab(&mut self, _target: &Target, branch: &str) -> GitLabFacts {
        self.asked.borrow_mut().push(branch.to_owned());
        self.gitlab.clone()
    }
}

impl World {
    fn change(mut self, changes: &[(&str, &str)]) -> Self {
        for (old, new) in changes {
            assert!(self.config.contains(old), "{old}");
            self.config = self.config.replacen(old, new, 1);
        }
        self
    }

    fn project(mut self, change: impl Fn(&mut ProjectFacts)) -> Self {
        change(self.gitlab.project.as_mut().unwrap());
        self
    }

    fn token(mut self, change: impl Fn(&mut TokenFacts)) -> Self {
        change(self.gitlab.token.as_mut().unwrap());
        self
    }

    fn check(&self) -> (u8, Vec<CheckLine>) {
        let mut lines = Vec::new();
        let file = Path::new("/etc/gatepost/config.toml");
        let environment = File(self.config.clone());
        let code = check(file, &environment, |_| self, now(), &mut |line| lines.push(line.clone()));
        (code, lines)
    }

    /// The lines that are not ✓, and that the exit code fits them.
    fn complaints(&self) -> String {
        let (code, lines) = self.check();
        let failed = lines.iter().any(|line| line.ok == Standing::No);
        assert_eq!(code, if failed { 78 } else { 0 });
        let lines = lines.iter().filter(|line| line.ok != Standing::Yes);
        lines.map(|line| format!("{line}\n")).collect()
    }
}

#[test]
fn a_world_in_order_is_told_line_by_line() {
    let world = fine();
    let (code, lines) = world.check();
    assert_eq!(code, 0);
    let text: String = lines.iter().map(|line| Format::Text.line(line) + "\n").collect();
    insta::assert_snapshot!(text, @r#"
✓ configuration: /etc/gatepost/config.toml is in order: 1 account, 1 list, 1 target
✓ state directory: /var/lib/gatepost can be written, and others can't read it
✓ state directory: 100 GiB free
✓ keyring: /etc/gatepost/keyring has 1 good key
✓ account lists: logged in to imap.example.org:993, encrypted
✓ account lists, folder INBOX: can be read, 300000 mails
✓ smtp: greeted smtp.example.org:587, encrypted
✓ target master: master of https://gitlab.example.org/project/project.git is at 0123456789ab
✓ CI of master: https://gitlab.com is GitLab 18.5.1-ee; the bot is gatepost-bot
✓ CI of master: the token has the scopes api, write_repository
✓ CI of master: the token expires on 2026-12-31 (UTC)
✓ CI of master: project project/ci can run pipelines
✓ CI of master: staging-gatepost-1-1 is not protected: protected variables and runners do not reach it
✓ CI of master: candidates reach no CI variable of the project
✓ CI of master: candidates reach these runners: big-1 (the project's own, tags x86 docker)
"#);
    assert_eq!(*world.asked.borrow(), ["lists INBOX", "staging-gatepost-1-1"]);
}

#[test]
fn a_command_mailbox_needs_keys_and_a_resolver() {
    let keys = |owners: &[&str]| {
        Ok(KeyringFacts {
            keys: owners.iter().map(|each| key(each)).collect(),
            ..fine().keyring.unwrap()
        })
    };
    let commanded = |lines: &str, world: World| {
        let config = format!("{}\n[command]\naccount = \"lists\"\n{lines}\n", world.config);
        World { config, ..world }
    };
    let lines = |world: &World| {
        let (_, lines) = world.check();
        let about = lines.iter().filter(|line| line.subject == "command mailbox");
        about.map(|line| format!("{line}\n")).collect::<String>()
    };
    let all = commanded(
        "folder = \"commands\"",
        World { keyring: keys(&["Admin", "Release"]), ..fine() },
    );
    let none = World {
        keyring: keys(&["Alice"]),
        resolver: Err(Fault::temporary("the DNS does not answer: timed out")),
        ..fine()
    };
    let told = [
        &all,
        &commanded("resolvers = [\"127.0.0.1:5353\"]", none),
        &commanded(
            "dkim = \"header\"\nauthserv_id = \"mx.example.org\"",
            World { keyring: keys(&["Admin", "Release"]), ..fine() },
        ),
        &commanded("dkim = \"off\"", World { keyring: keys(&["Admin", "Release"]), ..fine() }),
    ]
    .map(lines);
    insta::assert_snapshot!(told.concat(), @r#"
✓ command mailbox: gatepost@example.org is read; administrator and release managers have keys in the keyring
✓ command mailbox: the DNS answers, so DKIM can be verified
! command mailbox: admin@example.org has no good OpenPGP key in the keyring's folder: `approve`, `test`, `key` and whatever else needs a signature can't be mailed from there; put what `gpg --armor --export admin@example.org` prints there into /etc/gatepost/keyring (with a maintainers.toml, list it there)
! command mailbox: release@example.org has no good OpenPGP key in the keyring's folder: `approve`, `test`, `key` and whatever else needs a signature can't be mailed from there; put what `gpg --armor --export release@example.org` prints there into /etc/gatepost/keyring (with a maintainers.toml, list it there)
✗ command mailbox: the DNS does not answer: timed out; see that it can be reached from here, and try again
✓ command mailbox: gatepost@example.org is read; administrator and release managers have keys in the keyring
✓ command mailbox: DKIM is what mx.example.org writes into the topmost Authentication-Results
✓ command mailbox: gatepost@example.org is read; administrator and release managers have keys in the keyring
✓ command mailbox: only OpenPGP proves a sender
"#);
    let asked = all.asked.borrow();
    assert_eq!(asked[..2], ["lists INBOX,commands", "resolver [] example.org"]);

    let mut bob = key("Bob");
    bob.addresses.push("Admin@example.org".into());
    let keys = vec![key("Admin"), key("Admin"), key("Release"), bob];
    let keyring = Ok(KeyringFacts { keys, ..fine().keyring.unwrap() });
    let two = commanded("dkim = \"off\"", World { keyring, ..fine() });
    insta::assert_snapshot!(lines(&two), @r#"
! command mailbox: several keys of the keyring have the address admin@example.org: Admin, Admin, Bob. Each gives commands as the administrator; say in maintainers.toml whose keys count, or take the wrong one out
✓ command mailbox: gatepost@example.org is read; administrator and release managers have keys in the keyring
✓ command mailbox: only OpenPGP proves a sender
"#);
}

#[test]
fn json_has_one_object_a_line() {
    let world = World { head: Err(Fault::temporary("no answer\nat all")), ..fine() };
    let (_, lines) = world.check();
    let last = |ok| Format::Json.line(lines.iter().rfind(|line| line.ok == ok).unwrap());
    insta::assert_snapshot!(last(Standing::No), @r#"
{"ok":"no","subject":"target master","finding":"no answer at all","what_to_do":"see that it can be reached from here, and try again"}
"#);
    for line in &lines {
        let json: serde_json::Value = serde_json::from_str(&line.json()).unwrap();
        assert_eq!(json["subject"], line.subject);
    }
}

#[test]
fn a_configuration_that_does_not_load_is_all_there_is_to_say() {
    let world = fine().change(&[("host = \"imap", "hots = \"imap"), ("\"lists\"", "7")]);
    insta::assert_snapshot!(world.complaints(), @r#"
✗ configuration: /etc/gatepost/config.toml:63: account.name: is a whole number; it takes a name of letters, digits, "-", "_" and "."
✗ configuration: /etc/gatepost/config.toml:65: account.hots: there is no such key; did you mean `host`?
"#);
    assert!(world.asked.borrow().is_empty());
}

#[test]
fn each_thing_that_is_not_in_order_has_its_words() {
    let gib = 1_u64 << 30;
    let plain = [("#allow_plain = false", "allow_plain = true")];
    let smtp_plain = ("#tls = \"starttls\"", "tls = \"none\"\nallow_plain = true");
    let present = |mode, free| StateFacts::Present { mode, unwritable: None, free };
    let keys = |keys, problems| Ok(KeyringFacts { keys, maintainers: vec![], problems });
    let expiring =
        KeyFacts { expires: Some("2026-05-01T00:00:00Z".parse().unwrap()), ..key("Bob") };
    let expired = KeyFacts { trouble: Some("it expired".into()), ..key("Carol") };
    let mailbox = |is_encrypted, can_idle, folder| {
        Ok(MailboxFacts { is_encrypted, can_idle, folders: vec![("INBOX".into(), folder)] })
    };
    let worlds = [
        World { state: StateFacts::Unreachable("No such file".into()), ..fine() },
        World {
            state: StateFacts::Present {
                mode: 0o700,
                unwritable: Some("Permission denied".into()),
                free: 0,
            },
            ..fine()
        },
        World { state: present(0o755, 100 * gib), ..fine() },
        World { state: present(0o700, gib - 1), ..fine() },
        World { state: present(0o700, 2 * gib), ..fine() },
        World { keyring: keys(vec![], vec!["a.asc: not a key".into()]), ..fine() },
        World { keyring: keys(vec![expired.clone()], vec![]), ..fine() },
        World { keyring: keys(vec![key("Alice"), expiring, expired], vec![]), ..fine() },
        World { keyring: Err(Fault::misconfigured("the keyring x: no such folder")), ..fine() },
        World { mailbox: Err(Fault::misconfigured("login refused")), ..fine() },
        World { mailbox: mailbox(false, false, Ok(1)), ..fine() }.change(&plain),
        World {
            mailbox: mailbox(true, true, Err(Fault::misconfigured("no such folder"))),
            ..fine()
        },
        World { smtp: Err(Fault::temporary("connection refused")), ..fine() },
        World { smtp: Ok(SmtpFacts { is_encrypted: false, is_logged_in: true }), ..fine() },
        World { smtp: Ok(SmtpFacts { is_encrypted: false, is_logged_in: true }), ..fine() }
            .change(&[smtp_plain]),
        World { head: Err(Fault::misconfigured("the mirror is not set up")), ..fine() },
        World { head: Err(Fault::bug("the child answered something else")), ..fine() },
    ];
    insta::assert_snapshot!(worlds.iter().map(World::complaints).collect::<String>(), @r#"
✗ state directory: /var/lib/gatepost: No such file; run `install -d -m 700 /var/lib/gatepost` as the user of the bot
✗ state directory: /var/lib/gatepost can't be written: Permission denied; give it to the user of the bot, or run this check as that user
✗ state directory: /var/lib/gatepost is open to everybody on this machine (mode 0755); run `chmod o= /var/lib/gatepost`
✗ state directory: 1023 MiB free; make room: at least 1 GiB
! state directory: 2 GiB free, and fetch.disk_budget allows 20 GiB; make room, or lower fetch.disk_budget
✗ keyring: /etc/gatepost/keyring has no key that is good now: every request would be refused; put the maintainers' OpenPGP certificates into it, or their SSH keys into its allowed_signers
✗ keyring: a.asc: not a key; mend or remove it: what is in it is not believed
✗ keyring: /etc/gatepost/keyring has no key that is good now: every request would be refused; put the maintainers' OpenPGP certificates into it, or their SSH keys into its allowed_signers
! key of Carol: 0123ABCD is not believed: it expired; ask its owner for a new one, or remove it
! key of Bob: 0123ABCD expires on 2026-05-01 (UTC); ask its owner to extend it, and put the new copy into the folder
! key of Carol: 0123ABCD is not believed: it expired; ask its owner for a new one, or remove it
✗ keyring: the keyring x: no such folder; make the folder, and put the maintainers' keys into it
✗ account lists: login refused; see host, port, tls, ca_file, login and password of that account
! account lists: logged in to imap.example.org:993, not encrypted, since allow_plain is set; set tls to "starttls" or "implicit", and remove allow_plain
! account lists: imap.example.org:993 does not announce new mail (no IDLE); make account.poll as short as the server bears
✗ account lists, folder INBOX: no such folder; see folder and own_copy_folder of the lists that use this account, and folder in [command]
✗ smtp: connection refused; see that it can be reached from here, and try again
! smtp: logged in to smtp.example.org:25, not encrypted, since allow_plain is set; set tls to "starttls" or "implicit", and remove allow_plain
✗ target master: the mirror is not set up; see url and branch of that target
✗ target master: the child answered something else; report this: it is a bug of Gatepost
"#);
}

#[test]
fn gitlab_is_looked_at_from_all_sides() {
    let variables = [("#variables = {}", "variables = { QEMU_CI = \"2\" }")];
    let slot =
        [("#reference = \"staging-gatepost-{number}-{attempt}\"", "reference = \"staging\"")];
    let protected = |push: &[u64], force_push| {
        let rule = ProtectedFacts { name: "staging*".into(), push: push.to_vec(), force_push };
        let mut world = fine().change(&slot).project(|project| project.auto_cancels = false);
        world.gitlab.protected = Ok(vec![rule]);
        world
    };
    let mut no_answer = fine();
    no_answer.gitlab.user = Err(Fault::misconfigured("401 Unauthorized"));
    no_answer.gitlab.project = Err(Fault::misconfigured("404 Project Not Found"));
    no_answer.gitlab.token = Err(Fault::misconfigured("403 Forbidden"));
    let mut away = fine();
    away.gitlab.user = Err(Fault::temporary("CI of master: connection refused"));
    let mut unseen = fine();
    unseen.gitlab.protected = Err(Fault::misconfigured("403 Forbidden"));
    let worlds = [
        away,
        no_answer,
        unseen,
        fine().token(|token| token.active = false),
        fine().token(|token| token.suffices = Some(false)),
        fine().token(|token| token.suffices = None),
        fine().token(|token| token.expires_at = "2026-03-31".parse().ok()),
        fine().project(|project| project.archived = true),
        fine().project(|project| project.ci_enabled = false),
        fine().project(|project| project.empty = true),
        fine().project(|project| project.may_make_pipelines = Some(false)),
        fine().change(&variables).project(|project| project.may_set_variables = Some(false)),
        fine().change(&variables).project(|project| project.may_set_variables = None),
        fine().change(&slot),
        protected(&[], true),
        protected(&[0], true),
        protected(&[40], true),
        protected(&[30], false),
    ];
    insta::assert_snapshot!(worlds.iter().map(World::complaints).collect::<String>(), @r#"
✗ CI of master: connection refused; see that it can be reached from here, and try again
✗ CI of master: https://gitlab.com: 401 Unauthorized; see that the URL leads to GitLab and that the token is good
! CI of master: the token's scopes and last day can't be seen: 403 Forbidden; if it is a fine-grained token that is so by nature; write its last day down
✗ CI of master: project project/ci: 404 Project Not Found; see that the project's path is right and that the token's user is its member
! CI of master: protected branches can't be seen: 403 Forbidden; see that no rule keeps the bot from pushing staging-gatepost-1-1
✗ CI of master: the token is revoked or expired; make a new token with the scopes api and write_repository
✗ CI of master: the token has only the scopes api, write_repository; make a new token with the scopes api and write_repository
! CI of master: the token is fine-grained, and its permissions can't be seen; see that it may read and write pipelines, jobs and the repository
! CI of master: the token expires on 2026-03-31 (UTC); make a new token with the scopes api and write_repository
✗ CI of master: project project/ci is archived; unarchive it, or name another
✗ CI of master: project project/ci has CI switched off; turn CI/CD on in its settings, under Visibility
✗ CI of master: project project/ci is empty; run `gatepost setup`, which fills it
✗ CI of master: the token may not make pipelines in project/ci; give its user the role Developer there, or Maintainer
✗ CI of master: the token may not give pipelines variables, and `variables` has some; use `inputs`, or lower "Minimum role to use pipeline variables" in the project's CI/CD settings
! CI of master: GitLab does not say whether pipelines may be given variables; use `inputs`, or lower "Minimum role to use pipeline variables" in the project's CI/CD settings
! CI of master: a new pipeline on staging cancels the older ones there; turn off "Auto-cancel redundant pipelines" in the project's CI/CD settings
✗ CI of master: staging is protected by "staging*", and the bot may not push to it; allow its role to push there, or change `reference`
✗ CI of master: staging is protected by "staging*", and the bot may not push to it; allow its role to push there, or change `reference`
✗ CI of master: staging is protected by "staging*", and the bot may not push to it; allow its role to push there, or change `reference`
✗ CI of master: staging is protected by "staging*", which forbids forced pushes; allow force push in that rule: each candidate takes the last one's place
"#);
    for in_order in [
        fine().token(|token| token.expires_at = "2026-04-01".parse().ok()),
        fine().project(|project| project.may_set_variables = Some(false)),
        fine().change(&variables),
        protected(&[30, 40], true),
    ] {
        assert_eq!(in_order.complaints(), "");
    }
}

#[test]
fn a_private_list_with_a_ci_project_that_others_see_is_refused() {
    let private = [("#private = false", "private = true")];
    let seen = |world: World, seen| world.project(move |project| project.seen = seen);
    for (world, standing) in [
        (seen(fine().change(&private), Seen::Everybody), Some(Standing::No)),
        (seen(fine().change(&private), Seen::Accounts), Some(Standing::No)),
        (seen(fine().change(&private), Seen::Members), None),
        (seen(fine(), Seen::Members), Some(Standing::Warn)),
        (seen(fine(), Seen::Accounts), None),
        (fine().project(|project| project.public_jobs = false), Some(Standing::Warn)),
    ] {
        let (code, lines) = world.check();
        let found = lines.iter().find(|line| line.ok != Standing::Yes);
        assert_eq!(found.map(|line| line.ok), standing);
        assert_eq!(code, if standing == Some(Standing::No) { 78 } else { 0 });
        assert!(found.is_none_or(|line| line.finding.starts_with("list devel is ")));
    }
}

#[test]
fn what_a_server_says_can_not_play_with_the_terminal() {
    let line = CheckLine::yes("a", "b\u{1b}[2J\r\n✓ c\u{202e}d\u{2066}");
    assert_eq!(line.to_string(), "✓ a: b·[2J··✓ c·d·");
}

#[test]
fn a_real_directory_is_seen_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    assert!(matches!(StateFacts::of(&state), StateFacts::Unreachable(_)));
    create_dir(&state).unwrap();
    for mode in [0o700, 0o755] {
        set_permissions(&state, Permissions::from_mode(mode)).unwrap();
        let StateFacts::Present { mode: seen, unwritable, free } = StateFacts::of(&state) else {
            panic!("it is not seen");
        };
        assert_eq!((seen, unwritable), (mode, None));
        assert!(free > 0);
    }
    assert_eq!(state.read_dir().unwrap().count(), 0);
    assert!(matches!(StateFacts::of(Path::new("/proc/version")), StateFacts::Unreachable(_)));
}

/// A world where candidates reach these.
fn reaching(
    variables: Result<Vec<VariableFacts>, Fault>,
    runners: Result<Vec<RunnerFacts>, Fault>,
) -> World {
    let mut world = fine();
    let closed_groups = vec![];
    world.gitlab.reach = Some(ReachFacts { variables, closed_groups, runners });
    world
}

fn about_reach(world: &World) -> String {
    let (_, lines) = world.check();
    let lines = lines.iter().map(ToString::to_string);
    lines.filter(|line| line.contains("reach")).map(|line| line + "\n").collect()
}

#[test]
fn what_candidates_reach_is_named_and_what_looks_like_a_secret_is_warned_of() {
    let variables = vec![
        variable("DEPTH", false, false),
        variable("DEPLOY_TOKEN", false, true),
        variable("SIGN", true, true),
    ];
    let mut protected = runner("deploy");
    protected.protected = Some(true);
    let mut world = reaching(Ok(variables), Ok(vec![runner("big-1"), protected]));
    world.gitlab.reach.as_mut().unwrap().closed_groups.push("project".into());
    insta::assert_snapshot!(about_reach(&world), @r#"
✓ CI of master: staging-gatepost-1-1 is not protected: protected variables and runners do not reach it
✓ CI of master: candidates reach these CI variables: DEPTH, DEPLOY_TOKEN (masked)
! CI of master: DEPLOY_TOKEN looks like a secret, and every submitter can read what reaches his jobs; protect what is a secret in the CI/CD settings, or take it away
! CI of master: the CI variables of the group project can't be seen; look in its CI/CD settings: unprotected ones reach candidates
✓ CI of master: candidates reach these runners: big-1 (the project's own, tags x86 docker)
"#);
    world.gitlab.protected =
        Ok(vec![ProtectedFacts { name: "staging*".into(), push: vec![30], force_push: true }]);
    insta::assert_snapshot!(about_reach(&world), @r#"
✓ CI of master: candidates reach these CI variables: DEPTH, DEPLOY_TOKEN (masked), SIGN (masked, protected)
! CI of master: DEPLOY_TOKEN, SIGN look like secrets, and every submitter can read what reaches his jobs; protect what is a secret, and choose a `reference` whose staging-gatepost-1-1 is not protected
! CI of master: the CI variables of the group project can't be seen; look in its CI/CD settings: unprotected ones reach candidates
✓ CI of master: candidates reach these runners: big-1 (the project's own, tags x86 docker), deploy (the project's own, tags x86 docker, protected)
"#);
}

#[test]
fn what_a_developer_may_not_see_is_said_once() {
    let refused = || Fault::misconfigured("403 Forbidden");
    let world = reaching(Err(refused()), Err(refused()));
    insta::assert_snapshot!(world.complaints(), @r#"
! CI of master: which CI variables and runners candidates reach can't be seen: GitLab shows them to Maintainers; look in the project's CI/CD settings: what is not protected is every submitter's
"#);
    let world = reaching(Ok(vec![]), Ok(vec![]));
    insta::assert_snapshot!(world.complaints(), @r#"
! CI of master: no runner takes candidates' jobs; register one, or let instance runners take the project's jobs
"#);
}
