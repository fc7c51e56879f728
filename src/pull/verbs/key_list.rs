//! `key list`: the keyring.

use super::desk::Desk;
use super::verb::Verb;
use crate::pull::command::arguments::{Arguments, BadArguments};
use crate::pull::command::row::signed_by;
use crate::pull::command::{Answer, Look, Row, WhoMay};

/// Lists the keyring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyList;

impl Verb for KeyList {
    const ROW: &'static Row = &Row::asks(
        "key list",
        "key list",
        "key list",
        signed_by(WhoMay::Administrator),
        "Lists the keyring: whose each key is, until when it is good, which ones commands added.",
    );

    fn parse(said: &Arguments<'_>) -> Result<Self, BadArguments> {
        said.none().map(|()| Self)
    }

    fn obey(&self, _desk: &mut Desk<'_>) -> Result<Answer, String> {
        Ok(Answer::Look(Look::Keys))
    }
}
