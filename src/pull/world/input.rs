//! What the world is told, and what follows from it. Plain values; it must not decide anything.

use jiff::Timestamp;

use super::work::{Done, Work};
use crate::pull::alert::Alert;
use crate::pull::command_mail::{Answer, CommandMail, Order};
use crate::pull::cover::Cover;
use crate::pull::folder::{Cursor, Folder};
use crate::pull::ids::{ListName, MessageId, TargetName};
use crate::pull::near_miss::NearMiss;
use crate::pull::records::Batch;

/// A mail that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// Its Message-ID, if it has a usable one.
    pub(crate) message_id: Option<MessageId>,
    /// When the mailbox received it.
    pub(crate) received_at: Timestamp,
    /// What it is.
    pub(crate) what: Arrived,
}

/// What a mail that came is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Arrived {
    /// A request that no record knows yet.
    Request {
        /// By which list.
        list: ListName,
        /// Where it is to go.
        target: TargetName,
        /// What it asks.
        cover: Box<Cover>,
    },
    /// Meant to be a request, and none; its author is known and to be told.
    NearMiss(Box<NearMiss>),
    /// For the command mailbox, or a list's retest.
    Commands(Box<CommandMail>),
    /// Nothing to act on, but of a kind that the administrator hears the number of.
    Counted(&'static str),
    /// Its author seems to take a request back.
    Retraction {
        /// The thread above the mail, oldest first: one of them is the request.
        of: Vec<MessageId>,
        /// The author's address.
        by: String,
        /// The sentence that says so.
        said: String,
    },
    /// Nothing to act on (it may still be one of our own letters come back).
    Other,
    /// It broke the reader.
    SetAside {
        /// Where it is and what happened.
        why: String,
    },
}

/// What the world is told.
#[derive(Debug, Clone)]
pub(crate) enum Input {
    /// Time passed.
    Tick,
    /// A folder was read on.
    Read {
        /// Which.
        folder: Folder,
        /// How far.
        cursor: Cursor,
        /// What was new.
        arrivals: Vec<Arrival>,
        /// Whether that was all there is.
        complete: bool,
    },
    /// A folder could not be read for a while.
    Unreadable {
        /// What the administrator is told.
        alert: Alert,
    },
    /// Work is done.
    Done(Box<Done>),
    /// A person's command, by the control socket.
    Command(Box<Order>),
}

/// What follows from a step.
#[derive(Debug, Default)]
pub(crate) struct Step {
    /// What to put, before anything else.
    pub(crate) batch: Batch,
    /// What to do then.
    pub(crate) work: Vec<Work>,
    /// When to step again if nothing happens before.
    pub(crate) wake_at: Option<Timestamp>,
    /// What to tell whoever gave a command.
    pub(crate) answer: Option<Answer>,
    /// Sentences for the log: about what, and what.
    pub(crate) log: Vec<(String, String)>,
}
