//! `priority`: gives a request another place in the queue.

use super::desk::Desk;
use super::set_aside::WhenAside;
use super::verb::{ItemVerb, Meant};
use crate::pull::command::arguments::{Arguments, BadArguments};
use crate::pull::command::row::by;
use crate::pull::command::{Answer, Named, Row, WhoMay, named};
use crate::pull::request::event::Ordered;

/// Gives a request another place in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Priority {
    /// Higher goes first; 0 is usual.
    pub(crate) priority: i32,
}

impl ItemVerb for Priority {
    const ROW: &'static Row = &Row::changes(
        "priority",
        "priority ID N",
        "priority 12 5",
        by(WhoMay::Manager),
        "Gives a request another place in the queue: higher numbers go first, 0 is usual.",
    );
    const WHEN_ASIDE: WhenAside = WhenAside::Waits;

    fn parse(said: &Arguments<'_>) -> Result<(Named, Self), BadArguments> {
        let (which, number) = match said.words {
            [number] if said.in_thread => (Named::Thread, number),
            [id, number] => (named(id)?, number),
            [] | [_] => return Err(BadArguments::few("A request and a number are needed.")),
            [..] => return Err(said.too_many()),
        };
        let priority: i32 =
            number.parse().map_err(|_| format!("{number:?} is no whole number."))?;
        if !(-1000..=1000).contains(&priority) {
            return Err("Priorities go from -1000 to 1000.".into());
        }
        Ok((which, Self { priority }))
    }

    fn obey(&self, about: &Meant<'_>, desk: &mut Desk<'_>) -> Result<Answer, String> {
        let Self { priority } = *self;
        let number = desk.open(about.item)?;
        desk.order(number, Ordered::Priority { priority, by: desk.by() });
        Ok(Answer::Done(format!("Request {number} has priority {priority}.")))
    }
}
