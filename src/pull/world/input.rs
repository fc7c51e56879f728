//! What the world is told, and what follows from it. Plain values; it must not decide anything.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::pull::aside::{AsideNotice, RecordKey};
use crate::pull::command_mail::{Answer, CommandMail, MailReading, Order, Transcript};
use crate::pull::cover::Cover;
use crate::pull::expiry::{ExpiringKey, Warning};
use crate::pull::fault::{Fault, FaultKind};
use crate::pull::ids::{ListName, MessageId, ObjectId, PullNumber, RunId, TargetName};
use crate::pull::letter::Letter;
use crate::pull::letter::rules::LetterEvent;
use crate::pull::near_miss::{MissEvent, NearMiss};
use crate::pull::records::{Batch, Cursor, Folder};
use crate::pull::request::Pull;
use crate::pull::request::apply::{FetchTrouble, PullEvent};
use crate::pull::request::decide::PullAction;
use crate::pull::run::Run;
use crate::pull::run::apply::RunEvent;
use crate::pull::run::decide::RunAction;

use super::glance::Glance;

/// What an effect is about; one effect at a time for each.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// A request.
    Pull(PullNumber),
    /// A notice to the release managers about a request: it must not wait for what keeps failing.
    Notice(PullNumber),
    /// A run.
    Run(RunId),
    /// A letter.
    Letter(MessageId),
    /// A target's tip.
    Head(TargetName),
    /// The keyring, for keys that end soon.
    Keyring,
    /// The warning of a key that ends soon.
    KeyWarning(String),
    /// A mail that is meant to be a request and is none.
    Miss(MessageId),
    /// A mail to the command mailbox.
    Mail(MessageId),
    /// An alert to the administrator.
    Alert(String),
    /// The letter about a record that is set aside.
    Aside(RecordKey),
    /// The weekly counts.
    Counts,
    /// Files that nobody needs any more.
    OldFiles,
}

/// Something to do in the world outside, once the batch that announces it is durable.
#[derive(Debug, Clone)]
pub(crate) enum Effect {
    /// For a request.
    Pull {
        /// The request as it is.
        pull: Box<Pull>,
        /// The run that its verdict rests on.
        run: Option<Box<Run>>,
        /// What to do.
        action: PullAction,
    },
    /// For a run.
    Run {
        /// The run as it is.
        run: Box<Run>,
        /// The request it belongs to.
        pull: Option<Box<Pull>>,
        /// What to do.
        action: RunAction,
        /// Other runs on the same ref, whose commits may be replaced and pipelines passed over.
        earlier: Vec<Run>,
    },
    /// Send a letter.
    Send(Box<Letter>),
    /// Read a target's tip.
    ReadHead(TargetName),
    /// Look which keys end soon.
    ReadKeyring,
    /// Write to a key's owner and the administrator that it ends soon.
    WarnOfKey(Box<Warning>),
    /// Write to the author of a mail that is meant to be a request and is none.
    TellMiss(Box<NearMiss>),
    /// Look who wrote a mail to the command mailbox, and what it says.
    ReadCommands(Box<CommandMail>),
    /// Write the answer to a mail to the command mailbox.
    Transcribe {
        /// The mail.
        mail: Box<CommandMail>,
        /// What to answer.
        transcript: Box<Transcript>,
        /// What is open now.
        glance: Box<Glance>,
    },
    /// Write to the administrator.
    Alert(Alert),
    /// Write that a record is set aside.
    TellAside(Box<AsideNotice>),
    /// Write the weekly counts to the administrator.
    Counts(BTreeMap<String, u64>),
    /// Remove files older than that.
    Expire(SignedDuration),
}

impl Effect {
    /// What it is about.
    pub(crate) fn subject(&self) -> Subject {
        match self {
            Self::Pull {
                pull,
                action: PullAction::TellUnanswered(_) | PullAction::TellRetraction,
                ..
            } => Subject::Notice(pull.number),
            Self::Pull { pull, .. } => Subject::Pull(pull.number),
            Self::Run { run, .. } => Subject::Run(run.id),
            Self::Send(letter) => Subject::Letter(letter.id.clone()),
            Self::ReadHead(target) => Subject::Head(target.clone()),
            Self::ReadKeyring => Subject::Keyring,
            Self::WarnOfKey(warning) => Subject::KeyWarning(warning.key.key.clone()),
            Self::TellMiss(miss) => Subject::Miss(miss.message_id.clone()),
            Self::ReadCommands(mail) | Self::Transcribe { mail, .. } => {
                Subject::Mail(mail.id.clone())
            }
            Self::Alert(alert) => Subject::Alert(alert.subject.clone()),
            Self::TellAside(notice) => Subject::Aside(notice.key.clone()),
            Self::Counts(_) => Subject::Counts,
            Self::Expire(_) => Subject::OldFiles,
        }
    }
}

/// Something the administrator has to know: at once, then daily while it lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alert {
    /// What it is about; the same subject is told once a day.
    pub(crate) subject: String,
    /// What to do about it.
    pub(crate) detail: String,
}

/// What came of an effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Happened {
    /// To a request.
    Pull(PullEvent),
    /// To a run.
    Run(RunEvent),
    /// To a letter.
    Letter(LetterEvent),
    /// To a near miss.
    Miss(MissEvent),
    /// A target's tip was read.
    Head(ObjectId),
    /// The keyring was looked at: keys that end soon.
    Keyring(Vec<ExpiringKey>),
    /// A key's warning is written.
    KeyWarned,
    /// A mail to the command mailbox was looked at.
    Commands(Box<MailReading>),
    /// The answer to a mail to the command mailbox is written.
    Transcribed,
    /// The letter about a record that is set aside is written.
    AsideTold,
    /// What belongs to no record could not be done now.
    Failed(Fault),
    /// Nothing was done: a person has stopped everything.
    Withheld,
    /// Nothing that changes a record.
    Nothing,
}

impl Happened {
    /// What kept it from being done.
    pub(crate) fn trouble(&self) -> Option<&Fault> {
        match self {
            Self::Pull(PullEvent::Failed(trouble))
            | Self::Pull(PullEvent::NotFetched { why: FetchTrouble::Trouble(trouble), .. })
            | Self::Run(
                RunEvent::Failed(trouble)
                | RunEvent::NotCreated(trouble)
                | RunEvent::Moved(trouble),
            )
            | Self::Letter(
                LetterEvent::Deferred(trouble)
                | LetterEvent::Rejected(trouble)
                | LetterEvent::Unreachable { trouble, .. }
                | LetterEvent::Uncertain(trouble),
            )
            | Self::Miss(MissEvent::Failed(trouble))
            | Self::Failed(trouble) => Some(trouble),
            Self::Commands(reading) => reading.failed(),
            Self::Pull(_)
            | Self::Run(_)
            | Self::Letter(LetterEvent::Begun | LetterEvent::Accepted | LetterEvent::SeenOnList)
            | Self::Miss(MissEvent::Settled)
            | Self::Head(_)
            | Self::Keyring(_)
            | Self::KeyWarned
            | Self::Transcribed
            | Self::AsideTold
            | Self::Withheld
            | Self::Nothing => None,
        }
    }
}

/// An effect that is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Done {
    /// What it was about.
    pub(crate) subject: Subject,
    /// What came of it.
    pub(crate) happened: Happened,
    /// Letters it wrote.
    pub(crate) letters: Vec<Letter>,
    /// What the administrator has to know of it.
    pub(crate) alert: Option<Alert>,
}

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
    /// An effect is done.
    Done(Done),
    /// A person's command, by the control socket.
    Command(Box<Order>),
}

/// What follows from a step.
#[derive(Debug, Default)]
pub(crate) struct Step {
    /// What to put, before anything else.
    pub(crate) batch: Batch,
    /// What to do then.
    pub(crate) effects: Vec<Effect>,
    /// When to step again if nothing happens before.
    pub(crate) wake_at: Option<Timestamp>,
    /// What to tell whoever gave a command.
    pub(crate) answer: Option<Answer>,
    /// Sentences for the log: about what, and what.
    pub(crate) log: Vec<(String, String)>,
}

/// An alert for trouble that the administrator has to mend, if it is such.
pub(crate) fn alert_for(subject: &str, trouble: &Fault) -> Option<Alert> {
    match trouble.kind {
        FaultKind::Misconfigured | FaultKind::Bug => {
            Some(Alert { subject: subject.to_owned(), detail: trouble.detail.clone() })
        }
        FaultKind::Temporary | FaultKind::Permanent => None,
    }
}
