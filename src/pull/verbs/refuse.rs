//! `refuse`: refuses a request in public.

use super::desk::Desk;
use super::set_aside::WhenAside;
use super::verb::{ItemVerb, Meant};
use crate::pull::command::arguments::{Arguments, BadArguments};
use crate::pull::command::row::by;
use crate::pull::command::{Answer, Named, Row, WhoMay};
use crate::pull::request::event::Ordered;

/// Refuses a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refuse {
    /// For its author and the list.
    pub(crate) reason: String,
}

impl ItemVerb for Refuse {
    const ROW: &'static Row = &Row::changes(
        "refuse",
        "refuse ID REASON",
        "refuse 12 The tree is frozen for 9.0; please send it again next week.",
        by(WhoMay::Manager),
        "Refuses a request; its author is told why, on the list if the tag's signer is trusted.",
    )
    .with_text();
    const WHEN_ASIDE: WhenAside = WhenAside::Ends;

    fn parse(said: &Arguments<'_>) -> Result<(Named, Self), BadArguments> {
        let needed = "A refusal needs a reason: its author gets to read it.";
        let (which, reason) = said.which_and_text(needed)?;
        Ok((which, Self { reason }))
    }

    fn obey(&self, about: &Meant<'_>, desk: &mut Desk<'_>) -> Result<Answer, String> {
        let number = desk.open(about.item)?;
        desk.order(number, Ordered::Refuse { by: desk.by(), reason: self.reason.clone() });
        Ok(Answer::Done(format!("Request {number} is refused; its author is told.")))
    }
}
