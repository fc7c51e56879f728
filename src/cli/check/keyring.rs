//! The keyring: whether anybody is believed, who soon will not be, and what is wrong with its
//! files. `gatepost check` and `gatepost keys check` say the same.

use std::path::Path;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::CheckLine;
use super::facts::{KeyFacts, KeyringFacts, MaintainerFacts};
use crate::config::model::Config;
use crate::ports::Fault;

/// Who is to renew a key has to be told this long before.
const SOON: SignedDuration = SignedDuration::from_hours(90 * 24);

/// What is to be said of the keyring of a configuration.
pub(crate) fn lines(
    config: &Config,
    found: Result<KeyringFacts, Fault>,
    now: Timestamp,
) -> Vec<CheckLine> {
    let strange = found.as_ref().map(|found| strange_names(config, found)).unwrap_or_default();
    let mut lines = of_folder(&config.trust.keyring, found, now);
    lines.extend(strange);
    lines
}

/// What maintainers may submit to that the configuration does not have.
fn strange_names(config: &Config, found: &KeyringFacts) -> Vec<CheckLine> {
    let mut lines = Vec::new();
    for maintainer in &found.maintainers {
        let MaintainerFacts { name, line, scope } = maintainer;
        let lists = scope.lists.iter().filter(|name| !config.lists.contains_key(name));
        let targets = scope.targets.iter().filter(|name| !config.targets.contains_key(name));
        let strange = lists.map(|name| format!("list {name}"));
        for what in strange.chain(targets.map(|name| format!("target {name}"))) {
            let finding = format!(
                "maintainers.toml line {line}: {name} may submit to {what}, which the \
                 configuration does not have"
            );
            let mend = "write the name as the configuration has it";
            lines.push(CheckLine::no("keyring", finding, mend));
        }
    }
    lines
}

/// What is to be said of a keyring folder.
pub(crate) fn of_folder(
    folder: &Path,
    found: Result<KeyringFacts, Fault>,
    now: Timestamp,
) -> Vec<CheckLine> {
    let folder = folder.display();
    let found = match found {
        Ok(found) => found,
        Err(fault) => {
            let mend = "make the folder, and put the maintainers' keys into it";
            return vec![CheckLine::fault("keyring", &fault, mend)];
        }
    };
    let good = found.keys.iter().filter(|key| key.trouble.is_none()).count();
    let mut lines = Vec::new();
    if good == 0 {
        lines.push(CheckLine::no(
            "keyring",
            format!("{folder} has no key that is good now: every request would be refused"),
            "put the maintainers' OpenPGP certificates into it, or their SSH keys into its \
             allowed_signers",
        ));
    } else {
        let keys = if good == 1 { "key" } else { "keys" };
        lines.push(CheckLine::yes("keyring", format!("{folder} has {good} good {keys}")));
    }
    lines.extend(found.keys.iter().filter_map(|key| key_line(key, now)));
    lines.extend(found.problems.iter().map(|problem| {
        CheckLine::no("keyring", problem, "mend or remove it: what is in it is not believed")
    }));
    lines
}

fn key_line(key: &KeyFacts, now: Timestamp) -> Option<CheckLine> {
    let subject = format!("key of {}", key.owner);
    if let Some(trouble) = &key.trouble {
        let finding = format!("{} is not believed: {trouble}", key.key);
        return Some(CheckLine::warn(
            subject,
            finding,
            "ask its owner for a new one, or remove it",
        ));
    }
    let expires = key.expires.filter(|&end| end.duration_since(now) < SOON)?;
    let day = expires.to_zoned(TimeZone::UTC).date();
    let finding = format!("{} expires on {day} (UTC)", key.key);
    Some(CheckLine::warn(
        subject,
        finding,
        "ask its owner to extend it, and put the new copy into the folder",
    ))
}
