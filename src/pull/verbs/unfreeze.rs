//! `unfreeze`: ends a freeze.

use super::desk::Desk;
use super::verb::Verb;
use crate::pull::command::arguments::{Arguments, BadArguments};
use crate::pull::command::row::by;
use crate::pull::command::{Answer, Row, WhoMay};
use crate::pull::ids::TargetName;

/// Ends a freeze.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unfreeze {
    pub(crate) target: TargetName,
}

impl Verb for Unfreeze {
    const ROW: &'static Row = &Row::changes(
        "unfreeze",
        "unfreeze TARGET",
        "unfreeze master",
        by(WhoMay::Manager),
        "Ends a freeze; requests that were held for it go on by themselves.",
    );

    fn parse(said: &Arguments<'_>) -> Result<Self, BadArguments> {
        let target = said.one("A target has to be named.")?;
        Ok(Self { target: TargetName::new(target) })
    }

    fn obey(&self, desk: &mut Desk<'_>) -> Result<Answer, String> {
        let Self { target } = self;
        desk.change_overlay(|overlay| match overlay.freezes.remove(target) {
            Some(_) => Ok(format!("Target {target} takes requests again.")),
            None => Err(format!("Target {target} is not frozen.")),
        })
    }
}
