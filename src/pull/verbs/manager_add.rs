//! `manager add`: makes somebody a release manager.

use super::desk::Desk;
use super::verb::Verb;
use crate::pull::command::arguments::{Arguments, BadArguments};
use crate::pull::command::row::signed_by;
use crate::pull::command::{Answer, Row, WhoMay};

/// Makes somebody a release manager.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ManagerAdd {
    pub(crate) address: String,
}

impl Verb for ManagerAdd {
    const ROW: &'static Row = &Row::changes(
        "manager add",
        "manager add ADDRESS",
        "manager add carol@example.org",
        signed_by(WhoMay::Administrator),
        "Makes somebody a release manager, who is told of what is held and may give commands.",
    );

    fn parse(said: &Arguments<'_>) -> Result<Self, BadArguments> {
        said.address().map(|address| Self { address })
    }

    fn obey(&self, desk: &mut Desk<'_>) -> Result<Answer, String> {
        let Self { address } = self;
        let change = desk.change();
        desk.change_overlay(|overlay| {
            overlay.managers_removed.remove(address);
            overlay.managers_added.insert(address.clone(), change);
            Ok(format!("{address} is a release manager."))
        })
    }
}
