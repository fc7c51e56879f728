//! Later revisions among the open requests, and what an author says of taking one back.
//!
//! The race: a newer revision is verified while something is under way for the older one, be it its
//! pipeline or the writing of its answer. The older is concluded at once; its run is stopped, and
//! what comes of the effect in flight is dropped, so that no letter of a superseded test goes out.
//! A letter that is in the outbox already goes: the release managers may have been told.

use jiff::Timestamp;

use super::{Subject, World};
use crate::pull::command::Proof;
use crate::pull::ids::{MessageId, PullNumber};
use crate::pull::lineage::{OlderTip, Replaced};
use crate::pull::request::event::PullEvent;
use crate::pull::request::{Adopted, Pull, Stage};
use crate::pull::revision;

impl World {
    pub(super) fn superseded_by(&self, pull: &Pull) -> Option<PullNumber> {
        let open = pull.lineage.superseded_by.is_none();
        let others = self.stored.pulls.values().filter(|pull| !self.is_pull_aside(pull.number));
        open.then(|| revision::superseded_by(pull, others)).flatten()
    }

    /// Tips that a request is asked about whose commits are to be looked at.
    pub(super) fn older_tips(&self, pull: &Pull) -> Vec<OlderTip> {
        if matches!(pull.stage, Stage::Verified { .. }) {
            revision::older_tips(pull, self.stored.pulls.values())
        } else {
            Vec::new()
        }
    }

    /// Records on both sides that one request supersedes another.
    pub(super) fn supersede(&mut self, number: PullNumber, by: PullNumber, now: Timestamp) {
        let Some(revision) = self.stored.pulls.get(&number).map(|pull| pull.mail().revision) else {
            return;
        };
        self.pull_event(number, PullEvent::Superseded { by }, now);
        if let Some(newer) = self.stored.pulls.get_mut(&by) {
            newer.lineage.note(Replaced { number, revision });
            self.changed.pulls.insert(by);
        }
    }

    /// Has a mail answered in place of the one that asked for the same tag first. A letter to the
    /// first one's thread that is being written is written anew. A mail that the record has no room
    /// for is a repeat like any other.
    pub(super) fn take_over(&mut self, number: PullNumber, of: PullNumber, now: Timestamp) {
        let Some(pull) = self.stored.pulls.get(&number) else { return };
        let (list, cover) = (pull.mail_list().clone(), pull.mail().clone());
        let proof = pull.proof.unwrap_or(Proof::None);
        if let Some(cover) = cover.bounded_beside() {
            let adopted = Box::new(Adopted { by: number, list, cover });
            self.outdate(of);
            self.pull_event(of, PullEvent::Adopted { adopted, proof }, now);
        }
        self.pull_event(number, PullEvent::Repeated { of }, now);
    }

    /// Marks what is in flight for a request that has just moved on.
    pub(super) fn outdate(&mut self, number: PullNumber) {
        if self.memory.in_flight.contains(&Subject::Pull(number)) {
            self.memory.outdated.insert(number);
        }
    }

    /// Whether the request that work was for has moved on since it was handed out.
    pub(super) fn was_outdated(&mut self, subject: &Subject) -> bool {
        if let Subject::Pull(number) = subject {
            self.memory.outdated.remove(number)
        } else {
            false
        }
    }

    /// An author's word that a request is not wanted any more. A stranger's is passed over.
    pub(super) fn retracted(&mut self, of: &[MessageId], by: &str, said: String, now: Timestamp) {
        let meant = self.stored.pulls.values().filter(|pull| {
            of.iter().any(|id| pull.is_mail(id))
                && pull.mail().author.address.eq_ignore_ascii_case(by)
        });
        // The mail answers the last of the thread that is a request.
        let place = |pull: &&Pull| of.iter().rposition(|id| pull.is_mail(id));
        if let Some(number) = meant.max_by_key(place).map(|pull| pull.number) {
            self.pull_event(number, PullEvent::Retracted { said }, now);
        }
    }
}
