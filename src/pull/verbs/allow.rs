//! `allow`: takes back `deny`, and counts an address among the submitters of every list.

use super::desk::Desk;
use super::verb::Verb;
use crate::pull::command::arguments::{Arguments, BadArguments};
use crate::pull::command::row::signed_by;
use crate::pull::command::{Answer, Row, WhoMay};

/// Allows an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Allow {
    pub(crate) address: String,
}

impl Verb for Allow {
    const ROW: &'static Row = &Row::changes(
        "allow",
        "allow ADDRESS",
        "allow alice@example.org",
        signed_by(WhoMay::Administrator),
        "Takes back a deny; and where a list names its submitters, this address is one of them.",
    );

    fn parse(said: &Arguments<'_>) -> Result<Self, BadArguments> {
        said.address().map(|address| Self { address })
    }

    fn obey(&self, desk: &mut Desk<'_>) -> Result<Answer, String> {
        let Self { address } = self;
        let change = desk.change();
        desk.change_overlay(|overlay| {
            let was_denied = overlay.denied.remove(address).is_some();
            overlay.allowed.insert(address.clone(), change);
            let no_longer = if was_denied { " is no longer denied, and" } else { "" };
            Ok(format!(
                "{address}{no_longer} is one of the submitters, where a list names them; the key \
                 of a tag has to be known all the same."
            ))
        })
    }
}
