//! `deny`: takes neither requests nor commands from an address.

use super::desk::Desk;
use super::verb::Verb;
use crate::pull::command::arguments::{Arguments, BadArguments};
use crate::pull::command::row::signed_by;
use crate::pull::command::{Answer, Row, WhoMay};
use crate::pull::rights::may_be_denied;

/// Denies an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deny {
    pub(crate) address: String,
}

impl Verb for Deny {
    const ROW: &'static Row = &Row::changes(
        "deny",
        "deny ADDRESS",
        "deny mallory@example.org",
        signed_by(WhoMay::Administrator),
        "Takes neither requests nor commands from an address any more; the administrator's own \
         can't be denied.",
    );

    fn parse(said: &Arguments<'_>) -> Result<Self, BadArguments> {
        said.address().map(|address| Self { address })
    }

    fn obey(&self, desk: &mut Desk<'_>) -> Result<Answer, String> {
        let Self { address } = self;
        may_be_denied(address, &desk.people())?;
        let change = desk.change();
        desk.change_overlay(|overlay| {
            overlay.allowed.remove(address);
            overlay.denied.insert(address.clone(), change);
            Ok(format!(
                "Neither requests nor commands are taken from {address} any more; what is open \
                 goes on."
            ))
        })
    }
}
