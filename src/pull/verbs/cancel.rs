//! `cancel`: stops a request or a run.

use super::desk::Desk;
use super::set_aside::WhenAside;
use super::verb::{ItemVerb, Meant};
use crate::pull::command::arguments::{Arguments, BadArguments};
use crate::pull::command::row::by;
use crate::pull::command::{Answer, Item, Named, Row, WhoMay};
use crate::pull::ids::RunId;
use crate::pull::request::event::Ordered;
use crate::pull::run::event::RunEvent;
use crate::pull::verdict::Outcome;

/// Stops a request or a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cancel;

impl ItemVerb for Cancel {
    const ROW: &'static Row = &Row::changes(
        "cancel",
        "cancel ID",
        "cancel 12",
        by(WhoMay::Author),
        "Stops a request, or a run (run-N), and cancels its pipeline; nobody is told.",
    );
    const WHEN_ASIDE: WhenAside = WhenAside::Ends;

    fn parse(said: &Arguments<'_>) -> Result<(Named, Self), BadArguments> {
        Ok((said.which()?, Self))
    }

    fn obey(&self, about: &Meant<'_>, desk: &mut Desk<'_>) -> Result<Answer, String> {
        match about.item {
            Item::Run(id) => cancel_run(id, desk),
            item @ Item::Pull(_) => cancel(item, desk),
        }
    }
}

fn cancel(item: Item, desk: &mut Desk<'_>) -> Result<Answer, String> {
    let number = desk.open(item)?;
    desk.order(number, Ordered::Cancel { by: desk.by() });
    Ok(Answer::Done(format!("Request {number} is cancelled; nobody is told.")))
}

fn cancel_run(id: RunId, desk: &mut Desk<'_>) -> Result<Answer, String> {
    let run = desk.run(id).ok_or_else(|| format!("There is no open run {id}."))?;
    if run.outcome().is_some() {
        return Err(format!("Run {id} has ended; there is nothing to cancel."));
    }
    if let Some(number) = run.of() {
        return cancel(Item::Pull(number), desk);
    }
    desk.run_event(id, RunEvent::Stopped(Outcome::Cancelled { by: desk.by() }));
    Ok(Answer::Done(format!("Run {id} is cancelled.")))
}
