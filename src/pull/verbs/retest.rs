//! `retest`: tests a request again, with the same candidate or a new one.

use super::desk::Desk;
use super::set_aside::WhenAside;
use super::verb::{ItemVerb, Meant};
use crate::pull::command::arguments::{Arguments, BadArguments};
use crate::pull::command::row::by;
use crate::pull::command::{Answer, Named, Row, WhoMay};
use crate::pull::request::event::Ordered;
use crate::pull::request::{Pull, Stage};
use crate::pull::rights::may_test_again;
use crate::pull::run::Plan;
use crate::pull::verdict::Verdict;

/// Tests a request again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Retest {
    /// By a new merge onto the target as it is now; else the same candidate.
    pub(crate) fresh: bool,
}

impl ItemVerb for Retest {
    const ROW: &'static Row = &Row::changes(
        "retest",
        "retest [fresh] ID",
        "retest fresh 12",
        by(WhoMay::Author),
        "Tests the same candidate again; with fresh, a new merge onto the target as it is now. A \
         request that is set aside is taken up again where it stood (release managers only).",
    )
    .on_list();
    const WHEN_ASIDE: WhenAside = WhenAside::TakesUp;

    fn parse(said: &Arguments<'_>) -> Result<(Named, Self), BadArguments> {
        let is_fresh = |word: &&&str| word.eq_ignore_ascii_case("fresh");
        let others: Vec<&str> = said.words.iter().filter(|word| !is_fresh(word)).copied().collect();
        let fresh = others.len() < said.words.len();
        if said.words.len() - others.len() > 1 {
            return Err("Give `fresh` only once.".into());
        }
        Ok((said.with(&others).without_kind().which()?, Self { fresh }))
    }

    fn obey(&self, about: &Meant<'_>, desk: &mut Desk<'_>) -> Result<Answer, String> {
        let pull = desk.known(about.item)?;
        let number = pull.number;
        if let Some(by) = pull.lineage.superseded_by {
            return Err(format!("Request {by} supersedes request {number}; name that one."));
        }
        answered(pull)?;
        let only_author = may_test_again(&desk.giver(), pull)?;
        let plan = if self.fresh { Plan::Fresh } else { same_again(pull, desk) };
        let again = if plan == Plan::Fresh { "a new merge" } else { "the same candidate" };
        desk.order(number, Ordered::Retest { plan, by: desk.by(), only_author });
        Ok(Answer::Done(format!("Request {number} is queued again, with {again}.")))
    }
}

/// Checks that a request has had its answer.
fn answered(pull: &Pull) -> Result<(), String> {
    let number = pull.number;
    match &pull.stage {
        Stage::Answered { .. } | Stage::Concluded { written: true, .. } => Ok(()),
        Stage::Held { .. } => {
            Err(format!("Request {number} is held: \"approve {number}\" lifts that."))
        }
        Stage::Received { .. }
        | Stage::Fetched { .. }
        | Stage::Verified { .. }
        | Stage::Queued { .. }
        | Stage::Running { .. }
        | Stage::Concluded { written: false, .. }
        | Stage::Closed { .. } => {
            Err(format!("Request {number} is not answered yet; it is {}.", pull.stage.word()))
        }
    }
}

/// The last attempt's base and time, where it made a candidate.
fn same_again(pull: &Pull, desk: &Desk<'_>) -> Plan {
    let Some(Verdict::Tested { run, .. }) = pull.stage.verdict() else { return Plan::Fresh };
    let Some(run) = desk.run(*run) else { return Plan::Fresh };
    let base = run.stage.candidate().and_then(|candidate| candidate.base);
    match (base, run.merged_at()) {
        (Some(base), Some(at)) => Plan::Again { base, at },
        _ => Plan::Fresh,
    }
}
