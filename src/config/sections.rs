//! Each section into its part of the checked configuration: what one section alone can tell. What
//! takes two of them is in `cross`.

use std::collections::BTreeMap;
use std::path::Path;

use super::cross::{self, Sections};
use super::model::{Account, Bot, Ci, Config, Fetch, List, Smtp, State, Target, Tls, Trust};
use super::reader::Table;
use super::{checks, command, forge, net, value};
use crate::mail::rules::Phrase;
use crate::pull::ids::{AccountName, ListName, TargetName};

/// A Unix socket's path may be this long (unix(7): `sun_path`, less its final NUL).
const LONGEST_SOCKET: usize = 107;

/// Everything; `None` if some section could not be made, for reasons that were noted.
pub(crate) fn config(root: &Table<'_>) -> Option<Config> {
    let bot_table = root.section("bot");
    let state = root.section("state").and_then(|table| state(&table));
    let directory = state.as_ref().map(|state| state.directory.as_path());
    let bot = bot_table.as_ref().and_then(|table| bot(table, directory));
    let (accounts, lists, targets) =
        (root.sections("account"), root.sections("list"), root.sections("target"));
    let sections = Sections { accounts: &accounts, lists: &lists, targets: &targets };
    let command_table = root.section_if_written("command");
    cross::check(&sections, bot_table.as_ref(), command_table.as_ref());
    let accounts = all(&accounts, account, |_| ());
    let lists = all(&lists, list, cross::folders);
    let targets = all(&targets, target, cross::branches);
    let trust = root.section("trust").and_then(|table| trust(&table));
    let fetch = root.section("fetch").and_then(|table| fetch(&table));
    let smtp = root.section("smtp").and_then(|table| smtp(&table));
    let command = match &command_table {
        Some(table) => command::command(table, bot.as_ref()).map(Some),
        None => Some(None),
    };
    Some(Config {
        bot: bot?,
        state: state?,
        accounts: accounts?.into_iter().map(|each| (each.name.clone(), each)).collect(),
        lists: lists?.into_iter().map(|each| (each.name.clone(), each)).collect(),
        targets: targets?.into_iter().map(|each| (each.name.clone(), each)).collect(),
        trust: trust?,
        fetch: fetch?,
        smtp: smtp?,
        command: command?,
    })
}

/// Reads every section, lets those that could be made be compared, and gives them if all could be
/// made and there is one.
fn all<T>(
    tables: &[Table<'_>],
    read: impl Fn(&Table<'_>) -> Option<T>,
    compare: impl Fn(&[(&Table<'_>, &T)]),
) -> Option<Vec<T>> {
    let read: Vec<Option<T>> = tables.iter().map(read).collect();
    let made = tables.iter().zip(&read).filter_map(|(table, made)| Some((table, made.as_ref()?)));
    compare(&made.collect::<Vec<_>>());
    read.into_iter().collect::<Option<Vec<T>>>().filter(|list| !list.is_empty())
}

fn bot(table: &Table<'_>, state: Option<&Path>) -> Option<Bot> {
    let from = table.get("from", net::person);
    let administrator = table.get("administrator", net::address);
    let release_managers = table.list("release_managers", net::address);
    if release_managers.as_ref().is_some_and(Vec::is_empty) {
        table.note("release_managers", "is empty", "name at least one address");
    }
    let mode = table.get("mode", value::mode);
    let control_socket = table.optional_path("control_socket");
    let unanswered_after = table.get("unanswered_after", value::duration);
    let late_after = table.get("late_after", value::duration);
    let old_tag_after = table.get("old_tag_after", value::duration);
    let fetch_patience = table.get("fetch_patience", value::duration);
    let letters_per_hour = table.get("letters_per_hour", value::count);
    let letters_per_hour_in_all = table.get("letters_per_hour_in_all", value::count);
    let control_socket = control_socket?.or_else(|| Some(state?.join("control.sock")))?;
    if control_socket.as_os_str().len() > LONGEST_SOCKET {
        let is = format!("{} is longer than a socket's path may be", control_socket.display());
        table.note("control_socket", is, format!("give a path of at most {LONGEST_SOCKET} bytes"));
    }
    Some(Bot {
        from: from?,
        administrator: administrator?,
        release_managers: release_managers?,
        mode: mode?,
        control_socket,
        unanswered_after: unanswered_after?,
        late_after: late_after?,
        old_tag_after: old_tag_after?,
        fetch_patience: fetch_patience?,
        letters_per_hour: letters_per_hour?,
        letters_per_hour_in_all: letters_per_hour_in_all?,
    })
}

fn state(table: &Table<'_>) -> Option<State> {
    let directory = table.path("directory");
    let keep = table.get("keep", value::duration);
    Some(State { directory: directory?, keep: keep? })
}

fn account(table: &Table<'_>) -> Option<Account> {
    let name = table.get("name", value::name);
    let host = table.get("host", net::host);
    let port = table.optional("port", value::port);
    let tls = table.get("tls", value::tls);
    let ca_file = table.optional_path("ca_file");
    let login = table.get("login", value::text);
    let password = table.secret("password");
    let poll = table.get("poll", value::duration);
    let allow_plain = plain(table, tls, host.as_deref());
    let tls = tls?;
    let default_port = match tls {
        Tls::Implicit => 993,
        Tls::Starttls | Tls::None => 143,
    };
    Some(Account {
        name: AccountName::new(name?),
        host: host?,
        port: port?.unwrap_or(default_port),
        tls,
        allow_plain: allow_plain?,
        ca_file: ca_file?,
        login: login?,
        password: password?,
        poll: poll?,
    })
}

/// Whether one insists on connections in the clear; notes one that would leave this machine
/// without.
fn plain(table: &Table<'_>, tls: Option<Tls>, host: Option<&str>) -> Option<bool> {
    let allowed = table.get("allow_plain", value::flag)?;
    if let (Some(Tls::None), Some(host)) = (tls, host)
        && !allowed
        && !net::is_loopback(host)
    {
        table.note(
            "tls",
            format!("is \"none\", and {host} is not this machine: anybody on the way could read"),
            "use \"starttls\" or \"implicit\"; to insist, write allow_plain = true",
        );
    }
    Some(allowed)
}

fn list(table: &Table<'_>) -> Option<List> {
    let name = table.get("name", value::name);
    let account = table.get("account", value::name);
    let folder = table.get("folder", value::text);
    let address = table.get("address", net::address);
    let list_id = table.optional("list_id", net::list_id);
    let target = table.get("target", value::name);
    let targets = table.map("targets", |words| Phrase::new(words).is_some(), value::name);
    let markers = table.list("markers", value::phrase);
    let accept = table.list("accept", value::unusual);
    let submitters = table.list("submitters", net::address_glob);
    let not_for_us = table.list("not_for_us", value::phrase);
    let near_misses = table.get("near_misses", value::flag);
    if markers.as_ref().is_some_and(Vec::is_empty) {
        table.note("markers", "is empty, so that no mail would ask", "name at least one");
    }
    let retest_by_mail = table.get("retest_by_mail", value::flag);
    let private = table.get("private", value::flag);
    let own_copy_folder = table.optional("own_copy_folder", value::text);
    Some(List {
        name: ListName::new(name?),
        account: AccountName::new(account?),
        folder: folder?,
        address: address?,
        list_id: list_id?,
        target: TargetName::new(target?),
        targets: by_subject(table, targets?),
        markers: markers?,
        accept: accept?,
        submitters: submitters?,
        not_for_us: not_for_us?,
        near_misses: near_misses?,
        retest_by_mail: retest_by_mail?,
        private: private?,
        own_copy_folder: own_copy_folder?,
    })
}

/// Words of subjects with their targets; notes two that mean the same.
fn by_subject(table: &Table<'_>, targets: BTreeMap<String, String>) -> Vec<(Phrase, TargetName)> {
    let mut made: Vec<(Phrase, TargetName)> = Vec::new();
    for (text, target) in targets {
        let Some(words) = Phrase::new(&text) else { continue };
        if let Some((other, _)) = made.iter().find(|(other, _)| other.same_as(&words)) {
            let is = format!("has {:?} and {text:?}, which mean the same", other.text());
            table.note("targets", is, "keep one of the two");
        }
        made.push((words, TargetName::new(target)));
    }
    made
}

fn target(table: &Table<'_>) -> Option<Target> {
    let name = table.get("name", value::name);
    let url = table.get("url", forge::git_url);
    let branch = table.get("branch", forge::branch);
    let into = table.get("into", value::text);
    let ci = table.section("ci").and_then(|table| ci(&table));
    let checks = table.section("checks").and_then(|table| checks::checks(&table));
    let name = TargetName::new(name?);
    let (url, branch, into, ci, checks) = (url?, branch?, into?, ci?, checks?);
    Some(Target { name, url, branch, into, ci, checks })
}

fn ci(table: &Table<'_>) -> Option<Ci> {
    let gitlab = table.get("gitlab", forge::web_url);
    let project = table.get("project", forge::project);
    let push_url = table.optional("push_url", forge::web_url);
    let fetch_url = table.optional("fetch_url", forge::git_url);
    let token = table.secret("token");
    let ca_file = table.optional_path("ca_file");
    let reference = table.get("reference", forge::template);
    let max_running = table.get("max_running", value::count);
    let start_within = table.get("start_within", value::duration);
    let finish_within = table.get("finish_within", value::duration);
    let poll = table.get("poll", value::duration);
    let required_jobs = table.list("required_jobs", value::text);
    let ci_lint = table.get("ci_lint", value::ci_lint);
    let ci_paths = table.list("ci_paths", forge::path_glob);
    let variables = table.map("variables", is_variable, forge::variable);
    let inputs = table.map("inputs", |name| !name.is_empty(), forge::input);
    let insisted = table.get("allow_plain", value::flag) != Some(false);
    encrypted(table, "gitlab", gitlab.as_ref(), insisted);
    encrypted(table, "push_url", push_url.as_ref().and_then(Option::as_ref), insisted);
    one_at_a_time(table, reference.as_deref(), max_running);
    let (gitlab, project) = (shown(&gitlab?), project?);
    let push_url = push_url?.as_ref().map(shown).or_else(|| made_url(table, &gitlab, &project))?;
    Some(Ci {
        fetch_url: fetch_url?.unwrap_or_else(|| push_url.clone()),
        gitlab,
        project,
        push_url,
        token: token?,
        ca_file: ca_file?,
        reference: reference?,
        max_running: max_running?,
        start_within: start_within?,
        finish_within: finish_within?,
        poll: poll?,
        required_jobs: required_jobs?,
        ci_lint: ci_lint?,
        ci_paths: ci_paths?,
        variables: variables?,
        inputs: inputs?,
    })
}

fn shown(url: &url::Url) -> String {
    url.as_str().trim_end_matches('/').to_owned()
}

/// GitLab's rule for a variable's key.
fn is_variable(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && name.bytes().next().is_some_and(|first| !first.is_ascii_digit())
        && name.len() <= 255
}

fn made_url(table: &Table<'_>, gitlab: &str, project: &str) -> Option<String> {
    if project.contains('/') {
        return Some(format!("{gitlab}/{project}.git"));
    }
    let help = "write push_url = \"https://…/group/project.git\", or the project's path";
    table.note("project", "is a number, from which no push_url can be made", help);
    None
}

/// Notes a URL that would carry the token in the clear.
fn encrypted(table: &Table<'_>, name: &str, url: Option<&url::Url>, insisted: bool) {
    let Some(url) = url else { return };
    let local = url.host_str().is_some_and(net::is_loopback);
    if url.scheme() != "https" && !local && !insisted {
        let help = "use https; to insist, write allow_plain = true";
        table.note(name, "would carry the token in the clear", help);
    }
}

fn one_at_a_time(table: &Table<'_>, template: Option<&str>, max_running: Option<u32>) {
    if let (Some(template), Some(max_running)) = (template, max_running)
        && forge::is_single_slot(template)
        && max_running > 1
    {
        let is = format!("is {max_running}, and there is only one branch, {template}");
        let help = "write max_running = 1, or a reference with {number} and {attempt}";
        table.note("max_running", is, help);
    }
}

fn trust(table: &Table<'_>) -> Option<Trust> {
    let keyring = table.path("keyring");
    let unknown_keys = table.get("unknown_keys", value::unknown_keys);
    let schemes = table.list("schemes", value::scheme);
    let hosts = table.list("hosts", net::host_glob);
    let allow_addresses = table.list("allow_addresses", net::ip);
    for (name, empty) in [
        ("schemes", schemes.as_ref().is_some_and(Vec::is_empty)),
        ("hosts", hosts.as_ref().is_some_and(Vec::is_empty)),
    ] {
        if empty {
            table.note(name, "is empty, so that nothing could be fetched", "name at least one");
        }
    }
    Some(Trust {
        keyring: keyring?,
        unknown_keys: unknown_keys?,
        schemes: schemes?,
        hosts: hosts?,
        allow_addresses: allow_addresses?,
    })
}

fn fetch(table: &Table<'_>) -> Option<Fetch> {
    let deadline = table.get("deadline", value::duration);
    let max_bytes = table.get("max_bytes", value::size);
    let max_memory = table.get("max_memory", value::size);
    let disk_budget = table.get("disk_budget", value::size);
    let ca_file = table.optional_path("ca_file");
    Some(Fetch {
        deadline: deadline?,
        max_bytes: max_bytes?,
        max_memory: max_memory?,
        disk_budget: disk_budget?,
        ca_file: ca_file?,
    })
}

fn smtp(table: &Table<'_>) -> Option<Smtp> {
    let host = table.get("host", net::host);
    let port = table.optional("port", value::port);
    let tls = table.get("tls", value::tls);
    let ca_file = table.optional_path("ca_file");
    let login = table.optional("login", value::text);
    let password =
        if table.has("password") { table.secret("password").map(Some) } else { Some(None) };
    let hello_name = table.optional("hello_name", net::host);
    let deadline = table.get("deadline", value::duration);
    let allow_plain = plain(table, tls, host.as_deref());
    for (there, other) in [("login", "password"), ("password", "login")] {
        if table.has(there) && !table.has(other) {
            let is = format!("is written without `{other}`");
            table.note(there, is, "write both to log in, or neither");
        }
    }
    let tls = tls?;
    let default_port = match tls {
        Tls::Implicit => 465,
        Tls::Starttls => 587,
        Tls::None => 25,
    };
    Some(Smtp {
        host: host?,
        port: port?.unwrap_or(default_port),
        tls,
        allow_plain: allow_plain?,
        ca_file: ca_file?,
        login: login?.zip(password?),
        hello_name: hello_name?,
        deadline: deadline?,
    })
}
