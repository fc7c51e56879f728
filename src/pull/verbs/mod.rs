//! The commands: a file each, with its row, its parsing and its doing, and the one list of them. The
//! parser, `help`, `docs/commands.md`, the rights and the doing all go by the list, so a verb that
//! stands in it lacks none of these, and a word that does not is refused.
//!
//! In reading order: `verb` (what a verb consists of), `desk` (what it can see and change),
//! `set_aside` (what it does about what is set aside), [`mod@parse`] (one line into a command), `obey`
//! (the right first, then the doing), [`Order`] (one with whoever gives it); then the verbs.

mod allow;
mod approve;
mod cancel;
mod deny;
pub(crate) mod desk;
mod emergency_stop;
mod freeze;
mod help;
mod ignore;
mod key_add;
mod key_list;
mod key_remove;
mod list;
mod log;
mod manager_add;
mod manager_remove;
mod note;
mod obey;
mod order;
mod parse;
mod pause;
mod priority;
mod refuse;
mod resume;
mod retest;
mod set_aside;
mod show;
mod status;
mod test;
mod unfreeze;
mod verb;

use super::command::arguments::{Arguments, BadArguments};
use super::command::{Answer, Named, Row};
use desk::Desk;
use verb::{About, Verb};

pub(crate) use self::obey::{about, obey};
pub(crate) use self::order::Order;
pub(crate) use self::parse::parse;

type Parse = fn(&Arguments<'_>) -> Result<Command, BadArguments>;

/// Makes the type of all commands, and its way to each verb, of the list.
macro_rules! commands {
    ($($name:ident($verb:ty),)*) => {
        /// A command.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub(crate) enum Command {
            $($name($verb),)*
        }

        /// The rows of all commands, in the order of `help`.
        pub(crate) const ROWS: &[&Row] = &[$(<$verb>::ROW,)*];

        /// Each row, with the parser of what stands behind its words.
        const PARSERS: &[(&Row, Parse)] =
            &[$((<$verb>::ROW, |said| <$verb>::parse(said).map(Command::$name)),)*];

        impl Command {
            /// Its row.
            pub(crate) fn row(&self) -> &'static Row {
                match self {
                    $(Self::$name(_) => <$verb>::ROW,)*
                }
            }

            /// The request or run that it names.
            pub(crate) fn which(&self) -> Option<&Named> {
                match self {
                    $(Self::$name(verb) => verb.which(),)*
                }
            }

            /// The same about another request or run, where it is about one.
            #[must_use]
            pub(crate) fn about(self, named: Named) -> Self {
                match self {
                    $(Self::$name(verb) => Self::$name(verb.about(named)),)*
                }
            }

            /// Whether it adds a key that comes with it.
            pub(crate) fn takes_a_key(&self) -> bool {
                match self {
                    $(Self::$name(verb) => verb.takes_a_key(),)*
                }
            }

            /// Carries it out, whoever gives it.
            fn carry_out(&self, desk: &mut Desk<'_>) -> Result<Answer, String> {
                match self {
                    $(Self::$name(verb) => verb.obey(desk),)*
                }
            }
        }
    };
}

// All commands, in the order of `help`.
commands! {
    Help(help::Help),
    Status(status::Status),
    List(list::List),
    Show(About<show::Show>),
    Log(About<log::Log>),
    Test(test::Test),
    Retest(About<retest::Retest>),
    Cancel(About<cancel::Cancel>),
    Approve(About<approve::Approve>),
    Refuse(About<refuse::Refuse>),
    Ignore(About<ignore::Ignore>),
    Priority(About<priority::Priority>),
    Pause(pause::Pause),
    Resume(resume::Resume),
    Freeze(freeze::Freeze),
    Unfreeze(unfreeze::Unfreeze),
    KeyAdd(key_add::KeyAdd),
    KeyRemove(key_remove::KeyRemove),
    KeyList(key_list::KeyList),
    Allow(allow::Allow),
    Deny(deny::Deny),
    ManagerAdd(manager_add::ManagerAdd),
    ManagerRemove(manager_remove::ManagerRemove),
    Note(About<note::Note>),
    EmergencyStop(emergency_stop::EmergencyStop),
}

/// The row of a command's words, if there is such a command.
pub(crate) fn row_of(word: &str) -> Option<&'static Row> {
    ROWS.iter().copied().find(|row| row.word == word)
}
