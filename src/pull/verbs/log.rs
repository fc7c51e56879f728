//! `log`: a job's log.

use super::desk::Desk;
use super::set_aside::WhenAside;
use super::verb::{ItemVerb, Meant};
use crate::pull::command::arguments::{Arguments, BadArguments};
use crate::pull::command::row::by;
use crate::pull::command::{Answer, Look, Named, Row, WhoMay};

/// Shows the log of a job of the last pipeline of a request or a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Log {
    pub(crate) job: String,
}

impl ItemVerb for Log {
    const ROW: &'static Row = &Row::asks(
        "log",
        "log ID JOB",
        "log 12 build-fedora",
        by(WhoMay::Manager),
        "Sends the end of a job's log, of the last pipeline of a request or a run.",
    );
    const WHEN_ASIDE: WhenAside = WhenAside::TheSame;

    fn parse(said: &Arguments<'_>) -> Result<(Named, Self), BadArguments> {
        let (which, job) = said.which_and_text("A job has to be named.")?;
        Ok((which, Self { job }))
    }

    fn obey(&self, about: &Meant<'_>, _desk: &mut Desk<'_>) -> Result<Answer, String> {
        Ok(Answer::Look(Look::Log { of: about.item, job: self.job.clone() }))
    }
}
