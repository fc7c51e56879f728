//! The letter to the author of a mail that looks like a pull request but lacks something one needs.

use super::{Result, alert, keep};
use crate::bot::ports::Ports;
use crate::ports::Fault;
use crate::pull::near_miss::{MissEvent, NearMiss};
use crate::pull::world::{Alert, Happened};

fn settled() -> Result {
    Result::of(Happened::Miss(MissEvent::Settled))
}

/// Writes the letter, once for a mail however often it is met.
pub(super) fn tell(ports: &Ports, miss: &NearMiss) -> Result {
    let desk = &ports.desk;
    let (Some(list), Some(target)) = (desk.lists.get(&miss.list), desk.targets.get(&miss.target))
    else {
        // The configuration has changed since: it is nobody's list any more.
        return settled();
    };
    let draft = match desk.writer.near_miss(miss, list, target, ports.clock.now()) {
        Ok(draft) => draft,
        Err(fault) => {
            let detail = format!("About the mail {}: {fault}", miss.message_id);
            let subject = "A letter can't be written".to_owned();
            return settled().alerting(Some(Alert { subject, detail }));
        }
    };
    let failed = |fault: &Fault| {
        Result::of(Happened::Miss(MissEvent::Failed(fault.shortened())))
            .alerting(alert("A letter can't be kept", fault))
    };
    match ports.store.letter(&draft.letter.id) {
        Ok(None) => {}
        Ok(Some(_)) => return settled(),
        Err(fault) => return failed(&fault),
    }
    match keep(ports, draft) {
        Ok(letter) => Result::with_letters(Happened::Miss(MissEvent::Settled), vec![letter]),
        Err(fault) => failed(&fault),
    }
}
