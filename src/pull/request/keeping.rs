//! Keeps the record of a request small enough to be put, however much is noted in it. What can't be
//! left out, such as an approval that still lifts a hold, is not taken instead.

use super::{Approval, MOST_NOTES, Note, Pull, Stage};
use crate::pull::hold::HoldReason;
use crate::pull::ids::MessageId;
use crate::pull::room::{LONGEST_ADDRESS, ROOM, first_within, size};
use crate::pull::shortening;

/// Bytes of all approvals, as they are written: about ten usual ones.
const APPROVALS: usize = 3 * 1024 + 512;

/// Bytes of all notes.
const NOTES: usize = 4 * 1024;

/// Bytes of all letters' ids: about fifty.
const LETTERS: usize = 4 * 1024;

/// Bytes of the addresses of maintainers whose paths a request touches.
const TOUCHED: usize = 2 * 1024;

impl Pull {
    /// Notes that letters are written. The list is for letters that are written anew, such as the
    /// author's about a hold: one that is met again is among the newest once more, and the oldest
    /// give way.
    pub(super) fn note_letters(&mut self, letters: Vec<MessageId>) {
        self.letters.retain(|id| !letters.contains(id));
        self.letters.extend(letters);
        drop_oldest(&mut self.letters, LETTERS);
    }

    /// Writes something down beside it; the oldest notes give way. All stay in its history.
    pub(super) fn note(&mut self, note: Note) {
        self.notes.push(note);
        let oldest = self.notes.len().saturating_sub(MOST_NOTES);
        self.notes.drain(..oldest);
        drop_oldest(&mut self.notes, NOTES);
    }

    /// Notes whose paths it touches, as many as its record holds.
    pub(super) fn note_touched(&mut self, addresses: Vec<String>) {
        let usable = addresses.into_iter().filter(|address| address.len() <= LONGEST_ADDRESS);
        self.touches = first_within(usable, TOUCHED);
    }

    /// Its approvals with one more; `None` if its record does not hold that many. Those for another
    /// tag lift nothing of this one, and give way.
    pub(super) fn approvals_with(&self, one: Approval) -> Option<Vec<Approval>> {
        let mut all = self.approvals.clone();
        all.push(one);
        if size(&all) <= APPROVALS {
            return Some(all);
        }
        let (tag, payload) = all.last().map(|last| (last.tag, last.payload))?;
        all.retain(|approval| {
            let same = approval.tag == tag || payload.is_some() && approval.payload == payload;
            tag.is_none() || approval.tag.is_none() || same
        });
        (size(&all) <= APPROVALS).then_some(all)
    }

    /// Leaves out as much as it takes of what is only shown to people.
    pub(super) fn fit(&mut self) {
        while size(self) > ROOM && self.give_way() {}
    }

    fn give_way(&mut self) -> bool {
        shorten(&mut self.stage) || pop_oldest(&mut self.notes) || pop_oldest(&mut self.letters)
    }
}

/// Of why a request is held, or of what is concluded about it: leaves out one more thing that is
/// only shown, and says whether there was one.
fn shorten(stage: &mut Stage) -> bool {
    match stage {
        Stage::Held { reason, .. } => shorten_hold(reason),
        Stage::Concluded { verdict, .. }
        | Stage::Answered { verdict, .. }
        | Stage::Closed { verdict, .. } => shortening::of_verdict(verdict),
        _ => false,
    }
}

fn shorten_hold(reason: &mut HoldReason) -> bool {
    match reason {
        HoldReason::CiChanged { difference, .. } => difference.lines.pop().is_some(),
        HoldReason::Checks { problems } => shortening::of_problems(problems),
        HoldReason::Backlog
        | HoldReason::LateArrival
        | HoldReason::OldTag { .. }
        | HoldReason::UnknownKey { .. }
        | HoldReason::Moved { .. } => false,
    }
}

fn drop_oldest<T: serde::Serialize>(list: &mut Vec<T>, most: usize) {
    while list.len() > 1 && size(list) > most {
        list.remove(0);
    }
}

fn pop_oldest<T>(list: &mut Vec<T>) -> bool {
    let there = !list.is_empty();
    list.drain(..usize::from(there));
    there
}
