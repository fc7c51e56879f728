//! How each chore is done.

use super::{Worker, keep, near_miss};
use crate::bot::ports::Ports;
use crate::mail::letter::{Draft, LetterFault};
use crate::ports::Fault;
use crate::pull::expiry::{ExpiringKey, Warning};
use crate::pull::ids::ObjectId;
use crate::pull::letter::Letter;
use crate::pull::task::{Perform, Reply};
use crate::pull::world::chores::{
    ReadKeyring, ReadTarget, RemoveOldFiles, TellAlert, TellAside, TellCounts, TellNearMiss,
    WarnOfKey,
};

impl Perform<ReadTarget> for Worker<'_> {
    fn perform(&self, ReadTarget(target): &ReadTarget, (): &()) -> Reply<ObjectId> {
        Reply::from(self.ports.repository.target_head(target), "The target can't be read")
    }
}

impl Perform<ReadKeyring> for Worker<'_> {
    fn perform(&self, _: &ReadKeyring, (): &()) -> Reply<Vec<ExpiringKey>> {
        let now = self.ports.clock.now();
        Reply::from(self.ports.keyring.expiring(now), "The keyring can't be read")
    }
}

impl Perform<WarnOfKey> for Worker<'_> {
    fn perform(&self, WarnOfKey(warning): &WarnOfKey, (): &()) -> Reply<()> {
        match warn_of_key(self.ports, warning) {
            Ok(letters) => Reply::answer(()).with_letters(letters),
            Err(fault) => Reply::failed(&fault, "A letter can't be kept"),
        }
    }
}

impl Perform<TellAside> for Worker<'_> {
    /// To the administrator, and to the release managers if it is about a request.
    fn perform(&self, TellAside(notice): &TellAside, (): &()) -> Reply<()> {
        tracing::error!("{} is set aside: {}", notice.key, notice.aside.why);
        bot_letter(self.ports, self.ports.letter_writer().set_aside(notice, self.ports.clock.now()))
    }
}

impl Perform<TellAlert> for Worker<'_> {
    fn perform(&self, TellAlert(alert): &TellAlert, (): &()) -> Reply<()> {
        tracing::warn!(alert.subject, "{}: {}", alert.subject, alert.detail);
        let now = self.ports.clock.now();
        bot_letter(self.ports, self.ports.letter_writer().alert(&alert.subject, &alert.detail, now))
    }
}

impl Perform<TellNearMiss> for Worker<'_> {
    fn perform(&self, TellNearMiss(miss): &TellNearMiss, (): &()) -> Reply<()> {
        near_miss::tell(self.ports, miss)
    }
}

impl Perform<RemoveOldFiles> for Worker<'_> {
    fn perform(&self, RemoveOldFiles(older_than): &RemoveOldFiles, (): &()) -> Reply<()> {
        let removed = self.ports.store.expire_files(*older_than).map(drop);
        Reply::from(removed, "Old files can't be removed")
    }
}

impl Perform<TellCounts> for Worker<'_> {
    fn perform(&self, TellCounts(counts): &TellCounts, (): &()) -> Reply<()> {
        let now = self.ports.clock.now();
        let since = now - jiff::SignedDuration::from_hours(7 * 24);
        bot_letter(self.ports, self.ports.letter_writer().counted(counts, since, now))
    }
}

/// A letter that can't be written counts as told: the log has it. One that can't be kept waits.
fn bot_letter(ports: &Ports, draft: Result<Draft, LetterFault>) -> Reply<()> {
    let draft = match draft {
        Ok(draft) => draft,
        Err(fault) => {
            tracing::error!("a letter to the administrator could not be written: {fault}");
            return Reply::answer(());
        }
    };
    match keep(ports, draft) {
        Ok(letter) => Reply::answer(()).with_letters(vec![letter]),
        // An alert about it would wait for the same.
        Err(fault) => Reply { alert: None, ..Reply::failed(&fault, "A letter can't be kept") },
    }
}

/// Writes to a key's owner and the administrator. An owner without a usable address does not keep
/// the administrator from hearing of it.
fn warn_of_key(ports: &Ports, warning: &Warning) -> Result<Vec<Letter>, Fault> {
    let (writer, now) = (&ports.letter_writer(), ports.clock.now());
    let to_owner = writer.key_expires(warning, now).unwrap_or_else(|fault| {
        tracing::warn!("the owner of a key can't be told: {fault}");
        None
    });
    let to_administrator = writer
        .key_expires_for_administrator(warning, now)
        .map_err(|fault| Fault::bug(fault.to_string()))?;
    to_owner.into_iter().chain([to_administrator]).map(|draft| keep(ports, draft)).collect()
}
