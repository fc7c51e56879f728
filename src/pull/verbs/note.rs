//! `note`: writes something down beside a request.

use super::desk::Desk;
use super::set_aside::WhenAside;
use super::verb::{ItemVerb, Meant};
use crate::pull::command::arguments::{Arguments, BadArguments};
use crate::pull::command::row::by;
use crate::pull::command::{Answer, Named, Row, WhoMay};
use crate::pull::request::event::Ordered;

/// Writes something down beside a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) text: String,
}

impl ItemVerb for Note {
    const ROW: &'static Row = &Row::changes(
        "note",
        "note ID TEXT",
        "note 12 Waits for the answer of the s390x people.",
        by(WhoMay::Manager),
        "Writes something down beside a request, for whoever may show that; list has it, too.",
    )
    .with_text();
    const WHEN_ASIDE: WhenAside = WhenAside::Waits;

    fn parse(said: &Arguments<'_>) -> Result<(Named, Self), BadArguments> {
        let (which, text) = said.which_and_text("There is nothing to note.")?;
        Ok((which, Self { text }))
    }

    fn obey(&self, about: &Meant<'_>, desk: &mut Desk<'_>) -> Result<Answer, String> {
        let number = desk.known(about.item)?.number;
        desk.order(number, Ordered::Note { text: self.text.clone(), by: desk.by() });
        Ok(Answer::Done(format!("Noted beside request {number}.")))
    }
}
