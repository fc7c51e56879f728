//! Every key of the configuration, once: its name, what it takes, its default, its sentence.

use super::keys::Presence::{Default, Optional, Required};
use super::keys::{Key, Occurs, Presence, Section};
use bot::BOT;
use checks::CHECKS;
use command::COMMAND;
use list::LIST;

mod bot;
mod checks;
mod command;
mod list;

const fn key(name: &'static str, what: &'static str, presence: Presence, doc: &'static str) -> Key {
    Key { name, what, presence, doc }
}

const TEXT: &str = "a text";
const NAME: &str = "a name of letters, digits, \"-\", \"_\" and \".\"";
const ADDRESS: &str = "an address, such as \"user@example.org\"";
const PERSON: &str = "a person, such as \"Gatepost <gatepost@example.org>\"";
const ADDRESSES: &str = "a list of addresses";
const DURATION: &str = "a duration, such as \"1h 30m\"";
const SIZE: &str = "a size, such as \"2 GiB\"";
const COUNT: &str = "a whole number above 0";
const PORT: &str = "a port, 1 to 65535";
const FLAG: &str = "true or false";
const PATH: &str = "a path; relative ones start at this file's folder";
const HOST: &str = "a host name or address";
const TLS: &str = "\"implicit\", \"starttls\" or \"none\"";
const MODE: &str = "\"live\" or \"shadow\"";
const GIT_URL: &str = "a URL by https, http, git or ssh";
const WEB_URL: &str = "a URL by https";
const BRANCH: &str = "a branch name, without \"refs/heads/\"";
const PROJECT: &str = "a project's full path, such as \"group/project\", or its number";
const TEMPLATE: &str = "a branch name, with {target}, {number} and {attempt} filled in";
const TEXTS: &str = "a list of texts";
const UNKNOWN_KEYS: &str = "\"refuse\" or \"hold\"";
const SCHEMES: &str = "a list of \"https\", \"http\", \"git\", \"ssh\"";
const GLOBS: &str = "a list of host names, with * and ? as in file names";
const ADDRESSES_IP: &str = "a list of IP addresses";
const PATH_GLOBS: &str = "a list of paths from the repository's root, with *, ** and ?";
const LINT: &str = "\"try\", \"require\" or \"off\"";
pub(super) const VARIABLES: &str = "a table of texts, such as { QEMU_CI = \"2\" }";
pub(super) const INPUTS: &str = "a table of texts, numbers, flags or lists of them";
pub(super) const SECRET: &str =
    "{ file = \"…\" }, { env = \"NAME\" }, { command = [\"…\"] } or { credential = \"…\" }";

const NAMED: &str = "The name by which other sections and messages call it.";
const ALLOW_PLAIN: &str =
    "Whether a connection without TLS may go to other machines than this one.";
const CA_FILE: &str = "CA certificates (PEM) to believe; without it the system's are.";

/// The sections, in the order of the shipped file.
pub(crate) const SECTIONS: &[Section] = &[
    Section { path: "bot", occurs: Occurs::Once, doc: "The bot itself.", keys: BOT },
    Section { path: "state", occurs: Occurs::Once, doc: "What it keeps, and where.", keys: STATE },
    Section {
        path: "account",
        occurs: Occurs::Repeatedly,
        doc: "A mailbox that is read over IMAP; nothing in it is changed.",
        keys: ACCOUNT,
    },
    Section {
        path: "list",
        occurs: Occurs::Repeatedly,
        doc: "A mailing list, as one folder of an account holds it.",
        keys: LIST,
    },
    Section {
        path: "target",
        occurs: Occurs::Repeatedly,
        doc: "A branch that requests go into.",
        keys: TARGET,
    },
    Section {
        path: "target.ci",
        occurs: Occurs::Once,
        doc: "The GitLab project that tests what is to go into the target above.",
        keys: CI,
    },
    Section {
        path: "target.checks",
        occurs: Occurs::Once,
        doc: "What follows from problems of a request's commits, before any CI job runs.",
        keys: CHECKS,
    },
    Section {
        path: "trust",
        occurs: Occurs::Once,
        doc: "Whom it believes, and where it fetches.",
        keys: TRUST,
    },
    Section {
        path: "fetch",
        occurs: Occurs::Once,
        doc: "The limits of one git operation.",
        keys: FETCH,
    },
    Section {
        path: "smtp",
        occurs: Occurs::Once,
        doc: "The server that takes its letters.",
        keys: SMTP,
    },
    Section {
        path: "command",
        occurs: Occurs::AtMostOnce,
        doc: "The mailbox to which commands are mailed (docs/trust.md says what proves their \
              sender). Without this section there is none.",
        keys: COMMAND,
    },
];

/// The document as a whole.
pub(crate) const ROOT: &Section = &Section { path: "", occurs: Occurs::Once, doc: "", keys: &[] };

/// Where a secret comes from: exactly one of these.
pub(crate) const SECRET_SOURCE: &Section = &Section {
    path: "secret",
    occurs: Occurs::Once,
    doc: "Where a secret comes from: exactly one of these keys. A secret itself is never written \
          in the file.",
    keys: &[
        key("file", PATH, Optional("\"password\""), "A file that only its owner may read."),
        key("env", TEXT, Optional("\"GATEPOST_PASSWORD\""), "A variable of the environment."),
        key(
            "command",
            "a list of texts: a program and its arguments",
            Optional("[\"pass\", \"show\", \"gatepost\"]"),
            "A program that prints the secret within 10 seconds; no shell is involved.",
        ),
        key(
            "credential",
            NAME,
            Optional("\"password\""),
            "A file in $CREDENTIALS_DIRECTORY, as systemd's LoadCredential= makes it.",
        ),
    ],
};

const STATE: &[Key] = &[
    key(
        "directory",
        PATH,
        Default("\"/var/lib/gatepost\""),
        "Where database, mails, logs, mirrors and quarantines are kept.",
    ),
    key(
        "keep",
        DURATION,
        Default("\"14 days\""),
        "How long a candidate's branch is kept after the answer; mails, letters and \
         logs are kept twice as long.",
    ),
];

const ACCOUNT: &[Key] = &[
    key("name", NAME, Required("\"lists\""), NAMED),
    key("host", HOST, Required("\"imap.example.org\""), "The IMAP server."),
    key(
        "port",
        PORT,
        Optional("993"),
        "Its port; without it 993 with implicit TLS, and 143 otherwise.",
    ),
    key(
        "tls",
        TLS,
        Default("\"implicit\""),
        "TLS from the first byte, after STARTTLS, or not at all.",
    ),
    key("allow_plain", FLAG, Default("false"), ALLOW_PLAIN),
    key("ca_file", PATH, Optional("\"imap-ca.pem\""), CA_FILE),
    key("login", TEXT, Required("\"gatepost@example.org\""), "The login name."),
    key("password", SECRET, Required("{ file = \"imap-password\" }"), "Where its password is."),
    key(
        "poll",
        DURATION,
        Default("\"2m\""),
        "How often the folders are looked at, besides what the server announces.",
    ),
];

const TARGET: &[Key] = &[
    key("name", NAME, Required("\"master\""), NAMED),
    key(
        "url",
        GIT_URL,
        Required("\"https://gitlab.example.org/project/project.git\""),
        "The project's own repository.",
    ),
    key(
        "branch",
        BRANCH,
        Required("\"master\""),
        "The branch in it that requests are merged onto.",
    ),
    key("into", TEXT, Default("\"staging\""), "What the merge's message says after \"into\"."),
];

const CI: &[Key] = &[
    key(
        "gitlab",
        WEB_URL,
        Default("\"https://gitlab.com\""),
        "The root of GitLab, with its path if it has one.",
    ),
    key("project", PROJECT, Required("\"project/ci\""), "The project whose pipelines test."),
    key(
        "push_url",
        WEB_URL,
        Optional("\"https://gitlab.com/project/ci.git\""),
        "Where candidates are pushed; without it made of `gitlab` and `project`.",
    ),
    key(
        "fetch_url",
        GIT_URL,
        Optional("\"https://gitlab.com/project/ci.git\""),
        "Where letters say that a candidate can be fetched; without it as `push_url`.",
    ),
    key(
        "token",
        SECRET,
        Required("{ file = \"gitlab-token\" }"),
        "Where the access token is; it needs the scopes `api` and `write_repository`.",
    ),
    key("allow_plain", FLAG, Default("false"), ALLOW_PLAIN),
    key("ca_file", PATH, Optional("\"gitlab-ca.pem\""), CA_FILE),
    key(
        "reference",
        TEMPLATE,
        Default("\"staging-gatepost-{number}-{attempt}\""),
        "The candidate's branch: one for each attempt, or a literal name that all take turns on.",
    ),
    key("max_running", COUNT, Default("1"), "How many runs there may be at a time."),
    key(
        "start_within",
        DURATION,
        Default("\"6h\""),
        "How long a pipeline may wait for its first job to start.",
    ),
    key(
        "finish_within",
        DURATION,
        Default("\"12h\""),
        "How long it may take from its first job's start to its end.",
    ),
    key("poll", DURATION, Default("\"30s\""), "How often a pipeline is looked at."),
    key(
        "required_jobs",
        TEXTS,
        Default("[]"),
        "Jobs without whose success nothing has passed, by their full names.",
    ),
    key(
        "ci_lint",
        LINT,
        Default("\"try\""),
        "Whether GitLab is asked what CI would run with a request and without it; a difference \
         holds the request. \"try\" compares `ci_paths` alone where GitLab does not tell, \
         \"require\" tests nothing then.",
    ),
    key(
        "ci_paths",
        PATH_GLOBS,
        Default("[\".gitlab-ci.yml\", \".gitlab-ci.d/**\", \".gitlab/ci/**\"]"),
        "Files whose change holds a request, whatever its effect.",
    ),
    key("variables", VARIABLES, Default("{}"), "Variables that each pipeline is given."),
    key("inputs", INPUTS, Default("{}"), "Inputs that each pipeline is given."),
];

const TRUST: &[Key] = &[
    key(
        "keyring",
        PATH,
        Default("\"keyring\""),
        "A folder of OpenPGP certificates (.asc, .gpg, .pgp), an allowed_signers file, and \
         maintainers.toml, which says who may submit what (docs/trust.md).",
    ),
    key(
        "unknown_keys",
        UNKNOWN_KEYS,
        Default("\"refuse\""),
        "What becomes of a tag that is signed with a key which is not in the keyring: refused, or \
         held until a release manager approves that very tag.",
    ),
    key("schemes", SCHEMES, Default("[\"https\", \"git\"]"), "How requests may be fetched."),
    key(
        "hosts",
        GLOBS,
        Required("[\"gitlab.com\", \"github.com\", \"*.kernel.org\"]"),
        "Where requests may be fetched from; nowhere else.",
    ),
    key(
        "allow_addresses",
        ADDRESSES_IP,
        Default("[]"),
        "Addresses inside the own network to fetch from all the same; for tests.",
    ),
];

const FETCH: &[Key] = &[
    key(
        "deadline",
        DURATION,
        Default("\"10m\""),
        "How long a fetch, a mirror update or a push may take.",
    ),
    key("max_bytes", SIZE, Default("\"512 MiB\""), "How much may come in one fetch."),
    key("max_memory", SIZE, Default("\"2 GiB\""), "How much memory the git process may take."),
    key("disk_budget", SIZE, Default("\"20 GiB\""), "How much disk all quarantines may take."),
    key("ca_file", PATH, Optional("\"git-ca.pem\""), CA_FILE),
];

const SMTP: &[Key] = &[
    key("host", HOST, Required("\"smtp.example.org\""), "The mail server."),
    key(
        "port",
        PORT,
        Optional("587"),
        "Its port; without it 465 with implicit TLS, 587 with STARTTLS, 25 without TLS.",
    ),
    key(
        "tls",
        TLS,
        Default("\"starttls\""),
        "TLS from the first byte, after STARTTLS, or not at all.",
    ),
    key("allow_plain", FLAG, Default("false"), ALLOW_PLAIN),
    key("ca_file", PATH, Optional("\"smtp-ca.pem\""), CA_FILE),
    key(
        "login",
        TEXT,
        Optional("\"gatepost@example.org\""),
        "The login name; without it the bot does not log in.",
    ),
    key(
        "password",
        SECRET,
        Optional("{ file = \"smtp-password\" }"),
        "Where its password is; with `login`, or not at all.",
    ),
    key(
        "hello_name",
        HOST,
        Optional("\"gatepost.example.org\""),
        "The name it gives in EHLO; without it the machine's.",
    ),
    key("deadline", DURATION, Default("\"2m\""), "How long sending one letter may take."),
];
