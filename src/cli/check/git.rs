//! The target's own repository and its mirror here.

use super::CheckLine;
use crate::config::model::Target;
use crate::ports::Fault;
use crate::pull::ids::ObjectId;

/// What is to be said of a target's branch.
pub(crate) fn line(target: &Target, found: Result<ObjectId, Fault>) -> CheckLine {
    let subject = format!("target {}", target.name);
    match found {
        Ok(head) => {
            let finding = format!("{} of {} is at {}", target.branch, target.url, head.short());
            CheckLine::yes(subject, finding)
        }
        Err(fault) => {
            let mend = "see url and branch of that target";
            CheckLine::fault(subject, &fault, mend)
        }
    }
}
