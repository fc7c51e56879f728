//! `status`: everything at a glance.

use super::desk::Desk;
use super::verb::Verb;
use crate::pull::command::arguments::{Arguments, BadArguments};
use crate::pull::command::row::by;
use crate::pull::command::{Answer, Look, Row, WhoMay};

/// Shows everything at a glance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Status;

impl Verb for Status {
    const ROW: &'static Row = &Row::asks(
        "status",
        "status",
        "status",
        by(WhoMay::Manager),
        "Says what the bot does: what is paused, what is open, what each request waits for.",
    );

    fn parse(said: &Arguments<'_>) -> Result<Self, BadArguments> {
        said.none().map(|()| Self)
    }

    fn obey(&self, _desk: &mut Desk<'_>) -> Result<Answer, String> {
        Ok(Answer::Look(Look::Status))
    }
}
