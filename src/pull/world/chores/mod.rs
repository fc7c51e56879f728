//! What the bot does for itself, apart from any record: a file each. A chore says when it is due
//! and what its end means. To add one: its file, its line in the list below, and how it is performed
//! (`bot::perform::chores`).

use jiff::Timestamp;

use super::agenda::Agenda;
use super::state::World;
pub(crate) use super::subject::ChoreKey;
use super::subject::Subject;
use crate::pull::fault::Fault;
use crate::pull::task::{Perform, Reply, Task};

mod alerts;
mod aside_notices;
mod counts;
mod expiring_keys;
mod key_warnings;
mod near_misses;
mod old_files;
mod targets;

pub(crate) use self::alerts::TellAlert;
pub(crate) use self::aside_notices::TellAside;
pub(crate) use self::counts::TellCounts;
pub(crate) use self::expiring_keys::ReadKeyring;
pub(crate) use self::key_warnings::WarnOfKey;
pub(crate) use self::near_misses::TellNearMiss;
pub(crate) use self::old_files::RemoveOldFiles;
pub(crate) use self::targets::ReadTarget;

/// A chore.
pub(in crate::pull::world) trait Chore: Task<On = ()> + Sized {
    /// What is due now.
    fn due(world: &mut World, agenda: &mut Agenda) -> Vec<Self>;

    fn key(&self) -> ChoreKey;

    /// Takes in that it is done, or that it could not be done now: then it waits, as anything that
    /// fails.
    fn done(self, world: &mut World, answer: Result<Self::Answer, Fault>, now: Timestamp);
}

macro_rules! chores {
    ($($chore:ident),+ $(,)?) => {
        /// A chore to be done.
        #[derive(Debug, Clone)]
        pub(crate) enum ChoreWork {
            $($chore($chore)),+
        }

        /// A chore that is done.
        #[derive(Debug, Clone, PartialEq)]
        pub(crate) enum ChoreDone {
            $($chore($chore, Reply<<$chore as Task>::Answer>)),+
        }

        impl ChoreWork {
            pub(crate) fn key(&self) -> ChoreKey {
                match self {
                    $(Self::$chore(chore) => chore.key()),+
                }
            }

            pub(crate) fn perform<W>(&self, by: &W) -> ChoreDone
            where
                $(W: Perform<$chore>),+
            {
                match self {
                    $(Self::$chore(chore) => {
                        ChoreDone::$chore(chore.clone(), by.perform(chore, &()))
                    }),+
                }
            }

            pub(crate) fn failed(self, fault: &Fault, subject: &str) -> ChoreDone {
                match self {
                    $(Self::$chore(chore) => {
                        ChoreDone::$chore(chore, Reply::failed(fault, subject))
                    }),+
                }
            }
        }

        impl ChoreDone {
            pub(crate) fn key(&self) -> ChoreKey {
                match self {
                    $(Self::$chore(chore, _) => chore.key()),+
                }
            }

            pub(super) fn take(self, world: &mut World, now: Timestamp) {
                match self {
                    $(Self::$chore(chore, reply) => {
                        if let Some(answer) = world.came_back(Subject::Chore(chore.key()), reply, |_| None, now) {
                            chore.done(world, answer, now);
                        }
                    }),+
                }
            }
        }

        impl World {
            /// Every chore that is due.
            pub(super) fn due_chores(&mut self, agenda: &mut Agenda) -> Vec<ChoreWork> {
                let mut due = Vec::new();
                $(due.extend(<$chore as Chore>::due(self, agenda).into_iter().map(ChoreWork::$chore));)+
                due
            }
        }
    };
}

chores! {
    ReadKeyring, WarnOfKey, TellAside, ReadTarget, TellAlert, TellNearMiss, RemoveOldFiles, TellCounts,
}
