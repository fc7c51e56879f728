//! The letter to the author of a mail that looks like a pull request but lacks something one needs.

use super::keep;
use crate::bot::ports::Ports;
use crate::ports::Fault;
use crate::pull::alert::Alert;
use crate::pull::near_miss::NearMiss;
use crate::pull::task::Reply;

/// Writes the letter, once for a mail however often it is met.
pub(super) fn tell(ports: &Ports, miss: &NearMiss) -> Reply<()> {
    let desk = &ports.desk;
    let (Some(list), Some(target)) = (desk.lists.get(&miss.list), desk.targets.get(&miss.target))
    else {
        // The configuration has changed since: it is nobody's list any more.
        return Reply::answer(());
    };
    let draft = match desk.writer.near_miss(miss, list, target, ports.clock.now()) {
        Ok(draft) => draft,
        Err(fault) => {
            let detail = format!("About the mail {}: {fault}", miss.message_id);
            let subject = "A letter can't be written".to_owned();
            return Reply::answer(()).alerting(Some(Alert { subject, detail }));
        }
    };
    let failed = |fault: &Fault| Reply::failed(fault, "A letter can't be kept");
    match ports.store.letter(&draft.letter.id) {
        Ok(None) => {}
        Ok(Some(_)) => return Reply::answer(()),
        Err(fault) => return failed(&fault),
    }
    match keep(ports, draft) {
        Ok(letter) => Reply::answer(()).with_letters(vec![letter]),
        Err(fault) => failed(&fault),
    }
}
