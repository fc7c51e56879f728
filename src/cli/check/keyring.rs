//! The keyring: whether anybody is believed, and who soon will not be.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::CheckLine;
use super::facts::{KeyFacts, KeyringFacts};
use crate::config::model::Config;
use crate::ports::Fault;

/// Who is to renew a key has to be told this long before.
const SOON: SignedDuration = SignedDuration::from_hours(90 * 24);

/// What is to be said of the keyring.
pub fn lines(
    config: &Config,
    found: Result<KeyringFacts, Fault>,
    now: Timestamp,
) -> Vec<CheckLine> {
    let folder = config.trust.keyring.display();
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
    Some(CheckLine::warn(subject, finding, "ask its owner to prolong it, and import it again"))
}
