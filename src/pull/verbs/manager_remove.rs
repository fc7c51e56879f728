//! `manager remove`: removes a release manager.

use super::desk::Desk;
use super::verb::Verb;
use crate::pull::command::arguments::{Arguments, BadArguments};
use crate::pull::command::row::signed_by;
use crate::pull::command::{Answer, Row, WhoMay};

/// Removes a release manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ManagerRemove {
    pub(crate) address: String,
}

impl Verb for ManagerRemove {
    const ROW: &'static Row = &Row::changes(
        "manager remove",
        "manager remove ADDRESS",
        "manager remove carol@example.org",
        signed_by(WhoMay::Administrator),
        "Removes a release manager; the last one stays.",
    );

    fn parse(said: &Arguments<'_>) -> Result<Self, BadArguments> {
        said.address().map(|address| Self { address })
    }

    fn obey(&self, desk: &mut Desk<'_>) -> Result<Answer, String> {
        let Self { address } = self;
        let configured = desk.people().managers.to_vec();
        let change = desk.change();
        desk.change_overlay(|overlay| {
            let before = overlay.managers(&configured);
            let added = overlay.managers_added.remove(address).is_some();
            if configured.iter().any(|manager| manager.eq_ignore_ascii_case(address)) {
                overlay.managers_removed.insert(address.clone(), change);
            }
            let after = overlay.managers(&configured);
            if !added && before == after {
                Err(format!("{address} is no release manager."))
            } else if after.is_empty() {
                Err(format!("{address} is the last release manager: add another one first."))
            } else {
                Ok(format!("{address} is no longer a release manager."))
            }
        })
    }
}
