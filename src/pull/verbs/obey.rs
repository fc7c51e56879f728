//! Carries a command out for whoever may give it. There is no other way to a verb's doing.

use super::Command;
use super::desk::Desk;
use crate::pull::command::Answer;
use crate::pull::ids::PullNumber;
use crate::pull::rights::{self, Tie};

/// The number of the request that a command is about.
pub(crate) fn about(command: &Command, desk: &Desk<'_>) -> Option<PullNumber> {
    let item = desk.item(command.which()?).ok()?;
    desk.pull_of(item)
}

/// Carries a command out, if whoever gives it may.
///
/// # Errors
/// A sentence for them: they may not, or it does not fit what stands, and nothing is changed.
pub(crate) fn obey(command: &Command, desk: &mut Desk<'_>) -> Result<Answer, String> {
    let pull = about(command, desk).and_then(|number| desk.pull(number));
    let tie = pull.map_or(Tie::None, |pull| Tie::between(&desk.given.by, pull));
    rights::may(command.row(), &desk.giver(), tie)?;
    command.carry_out(desk)
}
