//! What people may tell the bot: one table, one parser, for the control socket and the mailbox.
//! In reading order: this file (the commands), [`table`] (how each is written, what it does, who
//! may give it), `parse` (one line into a command), `moment` (days and times), [`mod@named`] (which
//! request is meant), [`sender`] (who gives it, and what proves that). It must not carry anything out.

use jiff::Timestamp;

use super::ids::{ListName, ObjectId, TargetName};

mod moment;
pub(crate) mod named;
mod parse;
pub(crate) mod sender;
pub(crate) mod table;

pub(crate) use self::named::{Named, named};
pub(crate) use self::parse::{BadCommand, parse};
pub(crate) use self::sender::{How, Proof, Sender};
pub(crate) use self::table::{Row, TABLE, row_of};

/// A command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    /// Lists the commands, or explains one.
    Help(Option<&'static Row>),
    /// Everything at a glance.
    Status,
    /// What there is to do, for whoever takes over; or one shelf of requests.
    List(Option<Shelf>),
    /// One request or run, whole.
    Show(Named),
    /// A job's log.
    Log {
        /// Of which request's or run's last pipeline.
        of: Named,
        /// The job's name.
        job: String,
    },
    /// Tests a commit that somebody merged already: no second merge, no tag.
    Test {
        /// Whence to fetch.
        url: String,
        /// What to fetch.
        reference: String,
        /// What it must be.
        sha: ObjectId,
        /// For which target; without it the first one.
        target: Option<TargetName>,
    },
    /// Tests again.
    Retest {
        /// What.
        which: Named,
        /// By a new merge onto the target as it is now; else the same candidate.
        fresh: bool,
    },
    /// Stops a request or a run.
    Cancel(Named),
    /// Lifts a hold.
    Approve {
        /// Of what.
        which: Named,
        /// The beginning of what is approved: of the tag object's id, or of the difference's digest.
        /// Where it does not fit what is held, nothing is approved.
        of: Option<String>,
    },
    /// Refuses a request in public.
    Refuse {
        /// Which.
        which: Named,
        /// Why, for its author and the list.
        reason: String,
    },
    /// Leaves a request alone for good, in silence.
    Ignore(Named),
    /// Gives a request another place in the queue.
    Priority {
        /// Which.
        which: Named,
        /// Higher goes first; 0 is usual.
        priority: i32,
    },
    /// Begins no new test until `resume`.
    Pause {
        /// Why; where its first word names a list, only of that list's requests.
        words: Vec<String>,
    },
    /// Ends a pause, an emergency stop, a stop of outgoing mail.
    Resume {
        /// Ends only the pause of that list.
        list: Option<ListName>,
    },
    /// Takes no request into a target.
    Freeze {
        /// Which target.
        target: TargetName,
        /// Until when; without it until `unfreeze`.
        until: Option<Timestamp>,
        /// Why, where a reason is given.
        reason: Option<String>,
    },
    /// Ends a freeze.
    Unfreeze(TargetName),
    /// Adds the OpenPGP key that comes with the command.
    KeyAdd {
        /// Its owner's address; without it the key's own, if it has only one.
        address: Option<String>,
    },
    /// Believes a key again that a command took away.
    KeyRestore(String),
    /// Believes a key no more.
    KeyRemove(String),
    /// Lists the keyring.
    KeyList,
    /// Takes back `deny`, and counts an address among the submitters of every list.
    Allow(String),
    /// Takes neither requests nor commands from an address.
    Deny(String),
    /// Makes somebody a release manager.
    ManagerAdd(String),
    /// Makes somebody one no more.
    ManagerRemove(String),
    /// Writes something down beside a request.
    Note {
        /// Which.
        which: Named,
        /// What.
        text: String,
    },
    /// Stops every effect.
    EmergencyStop {
        /// Why, where a reason is given.
        reason: Option<String>,
    },
}

/// Which requests are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shelf {
    /// Those that wait for something: an answer, a slot, a person.
    Open,
    /// Those that wait for a person.
    Held,
    /// Those that wait for their turn.
    Queued,
    /// Those that were concluded last.
    Done,
}

impl Shelf {
    /// Every shelf, by its word.
    pub(crate) const ALL: [(&'static str, Self); 4] = [
        ("open", Self::Open),
        ("held", Self::Held),
        ("queued", Self::Queued),
        ("done", Self::Done),
    ];
}

impl Command {
    /// The request or run that it names.
    pub(crate) fn which(&self) -> Option<&Named> {
        match self {
            Self::Show(which)
            | Self::Log { of: which, .. }
            | Self::Retest { which, .. }
            | Self::Cancel(which)
            | Self::Approve { which, .. }
            | Self::Refuse { which, .. }
            | Self::Ignore(which)
            | Self::Priority { which, .. }
            | Self::Note { which, .. } => Some(which),
            Self::Help(_)
            | Self::Status
            | Self::List(_)
            | Self::Test { .. }
            | Self::Pause { .. }
            | Self::Resume { .. }
            | Self::Freeze { .. }
            | Self::Unfreeze(_)
            | Self::KeyAdd { .. }
            | Self::KeyRestore(_)
            | Self::KeyRemove(_)
            | Self::KeyList
            | Self::Allow(_)
            | Self::Deny(_)
            | Self::ManagerAdd(_)
            | Self::ManagerRemove(_)
            | Self::EmergencyStop { .. } => None,
        }
    }

    /// The same about another request or run, where it is about one.
    #[must_use]
    pub(crate) fn about(mut self, named: Named) -> Self {
        match &mut self {
            Self::Show(which)
            | Self::Log { of: which, .. }
            | Self::Retest { which, .. }
            | Self::Cancel(which)
            | Self::Approve { which, .. }
            | Self::Refuse { which, .. }
            | Self::Ignore(which)
            | Self::Priority { which, .. }
            | Self::Note { which, .. } => *which = named,
            Self::Help(_)
            | Self::Status
            | Self::List(_)
            | Self::Test { .. }
            | Self::Pause { .. }
            | Self::Resume { .. }
            | Self::Freeze { .. }
            | Self::Unfreeze(_)
            | Self::KeyAdd { .. }
            | Self::KeyRestore(_)
            | Self::KeyRemove(_)
            | Self::KeyList
            | Self::Allow(_)
            | Self::Deny(_)
            | Self::ManagerAdd(_)
            | Self::ManagerRemove(_)
            | Self::EmergencyStop { .. } => {}
        }
        self
    }

    /// Its row of the table.
    pub(crate) fn row(&self) -> &'static Row {
        row_of(match self {
            Self::Help(_) => "help",
            Self::Status => "status",
            Self::List(_) => "list",
            Self::Show(_) => "show",
            Self::Log { .. } => "log",
            Self::Test { .. } => "test",
            Self::Retest { .. } => "retest",
            Self::Cancel(_) => "cancel",
            Self::Approve { .. } => "approve",
            Self::Refuse { .. } => "refuse",
            Self::Ignore(_) => "ignore",
            Self::Priority { .. } => "priority",
            Self::Pause { .. } => "pause",
            Self::Resume { .. } => "resume",
            Self::Freeze { .. } => "freeze",
            Self::Unfreeze(_) => "unfreeze",
            Self::KeyAdd { .. } | Self::KeyRestore(_) => "key add",
            Self::KeyRemove(_) => "key remove",
            Self::KeyList => "key list",
            Self::Allow(_) => "allow",
            Self::Deny(_) => "deny",
            Self::ManagerAdd(_) => "manager add",
            Self::ManagerRemove(_) => "manager remove",
            Self::Note { .. } => "note",
            Self::EmergencyStop { .. } => "emergency-stop",
        })
    }
}
