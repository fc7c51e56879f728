//! `key remove`: no longer trusts a key.

use super::desk::Desk;
use super::verb::Verb;
use crate::pull::command::arguments::{Arguments, BadArguments};
use crate::pull::command::row::signed_by;
use crate::pull::command::{Answer, Row, WhoMay};
use crate::pull::rights::may_remove_key;

/// No longer trusts a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyRemove {
    /// Its fingerprint.
    pub(crate) key: String,
}

impl Verb for KeyRemove {
    const ROW: &'static Row = &Row::changes(
        "key remove",
        "key remove FINGERPRINT",
        "key remove 0123456789ABCDEF0123456789ABCDEF01234567",
        signed_by(WhoMay::Administrator),
        "No longer trusts a key, wherever it is; for good, use gpg's revocation as well.",
    );

    fn parse(said: &Arguments<'_>) -> Result<Self, BadArguments> {
        said.fingerprint().map(|key| Self { key })
    }

    fn obey(&self, desk: &mut Desk<'_>) -> Result<Answer, String> {
        let Self { key } = self;
        may_remove_key(key, &desk.giver())?;
        let change = desk.change();
        desk.change_overlay(|overlay| {
            overlay.keys_added.remove(key);
            overlay.keys_removed.insert(key.clone(), change);
            Ok(format!(
                "The key {key} is no longer trusted, wherever it is. \"key list\" shows what is left."
            ))
        })
    }
}
