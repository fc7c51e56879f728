//! `ignore`: leaves a request alone for good, in silence.

use super::desk::Desk;
use super::set_aside::WhenAside;
use super::verb::{ItemVerb, Meant};
use crate::pull::command::arguments::{Arguments, BadArguments};
use crate::pull::command::row::by;
use crate::pull::command::{Answer, Named, Row, WhoMay};
use crate::pull::request::event::Ordered;

/// Leaves a request alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ignore;

impl ItemVerb for Ignore {
    const ROW: &'static Row = &Row::changes(
        "ignore",
        "ignore ID",
        "ignore 12",
        by(WhoMay::Manager),
        "Leaves a request alone for good: it is not tested, and nobody is told.",
    );
    const WHEN_ASIDE: WhenAside = WhenAside::Ends;

    fn parse(said: &Arguments<'_>) -> Result<(Named, Self), BadArguments> {
        Ok((said.which()?, Self))
    }

    fn obey(&self, about: &Meant<'_>, desk: &mut Desk<'_>) -> Result<Answer, String> {
        let number = desk.open(about.item)?;
        desk.order(number, Ordered::Ignore { by: desk.by() });
        Ok(Answer::Done(format!("Request {number} is left alone; nobody is told.")))
    }
}
