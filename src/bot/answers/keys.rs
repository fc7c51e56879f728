//! The keyring, for people.

use super::rendered::safe;
use crate::ports::ListedKey;
use crate::pull::decision::clock;

pub(super) fn lines(keys: &[ListedKey]) -> Vec<String> {
    if keys.is_empty() {
        return vec!["The keyring is empty.".into()];
    }
    keys.iter().flat_map(key).collect()
}

fn key(key: &ListedKey) -> Vec<String> {
    let end =
        key.expires.map_or_else(|| "no end is set".into(), |at| format!("until {}", clock(at)));
    let by = if key.by_command { ", added by a command" } else { "" };
    let mut lines = vec![
        format!("{}  {}", key.key, safe(&key.owner)),
        format!("  {}; {end}{by}", safe(&key.addresses.join(", "))),
    ];
    lines.extend(key.trouble.as_ref().map(|why| format!("  not believed: {}", safe(why))));
    lines
}
