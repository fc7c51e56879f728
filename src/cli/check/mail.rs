//! Mailboxes and the mail server.

use super::CheckLine;
use super::facts::{MailboxFacts, SmtpFacts};
use crate::config::model::{Account, Config, Smtp};
use crate::ports::Fault;

/// The folders of an account that the configuration needs, each once.
pub(crate) fn folders(config: &Config, account: &Account) -> Vec<String> {
    let lists = config.lists.values().filter(|list| list.account == account.name);
    let of_lists = lists.flat_map(|list| [Some(&list.folder), list.own_copy_folder.as_ref()]);
    let command = config.command.iter().filter(|command| command.account == account.name);
    let all = of_lists.flatten().chain(command.map(|command| &command.folder));
    let mut folders: Vec<String> = Vec::new();
    for folder in all {
        if !folders.contains(folder) {
            folders.push(folder.clone());
        }
    }
    folders
}

/// What is to be said of an account and its folders.
pub(crate) fn account_lines(
    account: &Account,
    found: Result<MailboxFacts, Fault>,
) -> Vec<CheckLine> {
    let subject = format!("account {}", account.name);
    let server = format!("{}:{}", account.host, account.port);
    let found = match found {
        Ok(found) => found,
        Err(fault) => {
            let mend = "see host, port, tls, ca_file, login and password of that account";
            return vec![CheckLine::fault(subject, &fault, mend)];
        }
    };
    let done = format!("logged in to {server}");
    let mut lines = vec![connection(&subject, &done, found.is_encrypted, account.allow_plain)];
    if !found.can_idle {
        lines.push(CheckLine::warn(
            &subject,
            format!("{server} does not announce new mail (no IDLE)"),
            "make account.poll as short as the server bears",
        ));
    }
    lines.extend(found.folders.into_iter().map(|(folder, state)| {
        let subject = format!("{subject}, folder {folder}");
        match state {
            Ok(1) => CheckLine::yes(subject, "can be read, 1 mail"),
            Ok(mails) => CheckLine::yes(subject, format!("can be read, {mails} mails")),
            Err(fault) => {
                let mend = "see folder and own_copy_folder of the lists that use this account, and \
                            folder in [command]";
                CheckLine::fault(subject, &fault, mend)
            }
        }
    }));
    lines
}

/// A connection that was made. Without encryption it stayed on this machine, unless one insisted.
fn connection(subject: &str, done: &str, is_encrypted: bool, allow_plain: bool) -> CheckLine {
    match (is_encrypted, allow_plain) {
        (true, _) => CheckLine::yes(subject, format!("{done}, encrypted")),
        (false, false) => {
            CheckLine::yes(subject, format!("{done}, on this machine and not encrypted"))
        }
        (false, true) => {
            let finding = format!("{done}, not encrypted, since allow_plain is set");
            let todo = "set tls to \"starttls\" or \"implicit\", and remove allow_plain";
            CheckLine::warn(subject, finding, todo)
        }
    }
}

/// What is to be said of the mail server.
pub(crate) fn smtp_line(smtp: &Smtp, found: Result<SmtpFacts, Fault>) -> CheckLine {
    let server = format!("{}:{}", smtp.host, smtp.port);
    match found {
        Err(fault) => {
            let mend = "see host, port, tls, ca_file, login and password in [smtp]";
            CheckLine::fault("smtp", &fault, mend)
        }
        Ok(found) => {
            let done = if found.is_logged_in { "logged in to" } else { "greeted" };
            let done = format!("{done} {server}");
            connection("smtp", &done, found.is_encrypted, smtp.allow_plain)
        }
    }
}
