//! What the bot does for itself, apart from any record: a file each. A chore says when it is due
//! and what its end means. To add one: its file, its line in the list below, and how it is performed
//! (`bot::perform::chores`).

use jiff::Timestamp;

use super::World;
use super::work::{HandOut, Work};
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

/// Which chore, and about what: of each there is one in flight at a time.
pub(crate) type ChoreKey = (&'static str, String);

/// A chore.
pub(in crate::pull::world) trait Chore: Task<On = ()> + Into<Work> {
    /// Hands out what is due.
    fn due(world: &mut World, out: &mut HandOut);

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

        $(
            impl From<$chore> for Work {
                fn from(chore: $chore) -> Self {
                    Self::Chore(ChoreWork::$chore(chore))
                }
            }
        )+

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
                        if let Some(answer) = world.came_back(super::Subject::Chore(chore.key()), reply, |_| None, now) {
                            chore.done(world, answer, now);
                        }
                    }),+
                }
            }
        }

        impl World {
            /// Hands out every chore that is due.
            pub(super) fn do_chores(&mut self, out: &mut HandOut) {
                $(<$chore as Chore>::due(self, out);)+
            }
        }
    };
}

chores! {
    ReadKeyring, WarnOfKey, TellAside, ReadTarget, TellAlert, TellNearMiss, RemoveOldFiles, TellCounts,
}
