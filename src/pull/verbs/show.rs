//! `show`: one request or run, whole.

use super::desk::Desk;
use super::set_aside::WhenAside;
use super::verb::{ItemVerb, Meant};
use crate::pull::command::arguments::{Arguments, BadArguments};
use crate::pull::command::row::by;
use crate::pull::command::{Answer, Look, Named, Row, WhoMay};

/// Shows a request or a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Show;

impl ItemVerb for Show {
    const ROW: &'static Row = &Row::asks(
        "show",
        "show ID",
        "show 12",
        by(WhoMay::Author),
        "Shows a request or a run (run-N): where it stands, what it waits for, its history.",
    );
    const WHEN_ASIDE: WhenAside = WhenAside::TheSame;

    fn parse(said: &Arguments<'_>) -> Result<(Named, Self), BadArguments> {
        Ok((said.which()?, Self))
    }

    fn obey(&self, about: &Meant<'_>, _desk: &mut Desk<'_>) -> Result<Answer, String> {
        Ok(Answer::Look(Look::Show(about.item)))
    }
}
