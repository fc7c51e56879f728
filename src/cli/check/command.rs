//! The mailbox for commands: what proves its senders, and whether those who decide can prove it.

use super::CheckLine;
use super::facts::{KeyFacts, KeyringFacts};
use crate::config::model::{Command, Config, Dkim};
use crate::ports::Fault;

const SUBJECT: &str = "command mailbox";

/// The domain that a resolver is asked about: that of the mailbox's own address.
pub(crate) fn domain(command: &Command) -> &str {
    command.address.rsplit_once('@').map_or("", |(_, domain)| domain)
}

/// What is to be said of the resolver, or of what stands in for it.
pub(crate) fn dkim_line(
    command: &Command,
    resolver: impl FnOnce() -> Result<(), Fault>,
) -> CheckLine {
    match &command.dkim {
        Dkim::Off => CheckLine::yes(SUBJECT, "only OpenPGP proves a sender"),
        Dkim::Header { authserv_id } => CheckLine::yes(
            SUBJECT,
            format!("DKIM is what {authserv_id} writes into the topmost Authentication-Results"),
        ),
        Dkim::Verify { .. } => match resolver() {
            Ok(()) => CheckLine::yes(SUBJECT, "the DNS answers, so DKIM can be verified"),
            Err(fault) => {
                let mend = "name DNS servers in command.resolvers, or set command.dkim to \"off\"";
                CheckLine::fault(SUBJECT, &fault, mend)
            }
        },
    }
}

/// Whether the administrator and the release managers have keys.
pub(crate) fn key_lines(
    config: &Config,
    command: &Command,
    found: Option<&KeyringFacts>,
) -> Vec<CheckLine> {
    let keys = found.map_or(&[][..], |found| &found.keys);
    let without: Vec<&String> =
        deciders(config).into_iter().filter(|address| !has_key(keys, address)).collect();
    let mut lines = ambiguous(config, keys);
    if without.is_empty() {
        let finding = format!(
            "{} is read; administrator and release managers have keys in the keyring",
            command.address
        );
        lines.push(CheckLine::yes(SUBJECT, finding));
    }
    let line = |address: &String| {
        let finding = format!(
            "{address} has no good OpenPGP key in the keyring's folder: `approve`, `test`, `key` and \
             whatever else needs a signature can't be mailed from there"
        );
        let todo = format!(
            "put what `gpg --armor --export {address}` prints there into {} (with a \
             maintainers.toml, list it there)",
            config.trust.keyring.display()
        );
        CheckLine::warn(SUBJECT, finding, todo)
    };
    lines.extend(without.into_iter().map(line));
    lines
}

/// Addresses with rights that several keys have: without a maintainers.toml whoever owns a key says
/// which addresses are his.
fn ambiguous(config: &Config, keys: &[KeyFacts]) -> Vec<CheckLine> {
    let bot = &config.bot;
    let mut lines = Vec::new();
    for address in deciders(config) {
        let theirs =
            |key: &&KeyFacts| key.addresses.iter().any(|a| a.eq_ignore_ascii_case(address));
        let owners: Vec<&str> = keys.iter().filter(theirs).map(|key| key.owner.as_str()).collect();
        if owners.iter().any(|owner| *owner != owners[0]) {
            let finding = format!(
                "several keys of the keyring have the address {address}: {}. Each gives commands as {}",
                owners.join(", "),
                if *address == bot.administrator {
                    "the administrator"
                } else {
                    "a release manager"
                },
            );
            let todo = "say in maintainers.toml whose keys count, or take the wrong one out";
            lines.push(CheckLine::warn(SUBJECT, finding, todo));
        }
    }
    lines
}

/// The administrator and the release managers.
fn deciders(config: &Config) -> Vec<&String> {
    let bot = &config.bot;
    let mut addresses = vec![&bot.administrator];
    addresses.extend(bot.release_managers.iter().filter(|each| **each != bot.administrator));
    addresses
}

fn has_key(keys: &[KeyFacts], address: &str) -> bool {
    keys.iter().any(|key| {
        let is_openpgp = !key.key.starts_with("SHA256:");
        let is_theirs = key.addresses.iter().any(|own| own.eq_ignore_ascii_case(address));
        is_openpgp && is_theirs && key.trouble.is_none()
    })
}
