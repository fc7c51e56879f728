//! The record of a mail to the command mailbox, from its arrival to the answer. Its commands are
//! carried out in the one transaction that records what came of each, so that no crash repeats one.
//! It must not know what a command does.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::command::{Command, Sender};
use super::fault::Fault;
use super::ids::{ListName, MessageId, PullNumber, RunId};
use super::retry::Retry;
pub(crate) use super::room::within as shortened;

/// How many mails may wait to be looked at; more are passed over, and counted.
pub(crate) const MOST_WAITING: usize = 50;

/// For how long it is tried to look who wrote a mail (its DNS may not answer).
pub(crate) const PATIENCE: SignedDuration = SignedDuration::from_hours(2);

/// Bytes of a command's line that are kept.
pub(crate) const LONGEST_LINE: usize = 250;

/// Bytes of an answer that a record keeps: twenty of them fit.
const LONGEST_ANSWER: usize = 450;

/// Bytes of a job's name.
const LONGEST_JOB: usize = 200;

/// Bytes that all entries of a transcript may take as they are written; beyond that each is cut to
/// [`SHORT`] texts.
const MOST_WRITTEN: usize = 20 * 1024;
const SHORT: usize = 80;

/// Bytes of a subject, and of a Message-ID of the thread above.
const LONGEST: usize = 500;

/// A mail to the command mailbox, or to a list with a command for the bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CommandMail {
    /// Its Message-ID.
    pub(crate) id: MessageId,
    /// The address it says to be from, in lower case.
    pub(crate) from: String,
    /// Its subject, decoded.
    pub(crate) subject: String,
    /// The first and the last mail of the thread above.
    pub(crate) references: Vec<MessageId>,
    /// When the mailbox received it.
    pub(crate) received_at: Timestamp,
    /// The list it came by, where it did: there a retest is all that counts, and a refusal all that
    /// is answered.
    pub(crate) list: Option<ListName>,
    /// Whether the keyring knew the address when it came: then it is told if nothing proves the
    /// sender, and a stranger whose name somebody borrows is not.
    #[serde(default)]
    pub(crate) maintainer: bool,
    /// Where it stands.
    pub(crate) stage: MailStage,
}

/// Where a mail to the command mailbox stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MailStage {
    /// Who wrote it is to be looked at.
    Received {
        /// When.
        read: Retry,
    },
    /// Its commands are carried out; the answer is to be written.
    CarriedOut {
        /// What to answer.
        transcript: Transcript,
    },
    /// Its answer is in the outbox, or it gets none.
    Closed {
        /// When.
        at: Timestamp,
    },
}

/// What is answered to a mail.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Transcript {
    /// What is said before everything else.
    pub(crate) remark: Option<String>,
    /// Each command, with what came of it.
    pub(crate) entries: Vec<Entry>,
    /// Whether anything was changed: then the release managers get a copy.
    pub(crate) changed: bool,
    /// Whether everything was stopped: then the administrator gets one, too.
    #[serde(default)]
    pub(crate) stopped: bool,
    /// Whether the mail was refused as a whole. As a rule anybody could have sent it.
    #[serde(default)]
    pub(crate) refused: bool,
}

/// A command, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The command as it was written.
    pub(crate) line: String,
    /// What came of it.
    pub(crate) answer: Answer,
}

/// What came of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// It was carried out: a sentence.
    Done(String),
    /// It was not: a sentence that says what to write instead.
    Refused(String),
    /// It asks to see something, which is looked up when the answer is written.
    Look(Look),
}

/// What a command asks to see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Look {
    /// The commands, or one by its word.
    Help(Option<String>),
    /// Everything at a glance.
    Status,
    /// What somebody who takes over has to know, or one shelf by its word.
    List(Option<String>),
    /// A request or a run.
    Show(Item),
    /// The log of a job of the last pipeline of a request or a run.
    Log {
        /// Of what.
        of: Item,
        /// The job's name.
        job: String,
    },
    /// The keyring.
    Keys,
}

/// A request or a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Item {
    /// A request.
    Pull(PullNumber),
    /// A run.
    Run(RunId),
}

/// A command, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Order {
    /// As it was written.
    pub(crate) line: String,
    /// The command, or what to write instead.
    pub(crate) command: Result<Command, String>,
    /// Who gives it.
    pub(crate) by: Sender,
    /// Whether the keyring knows them.
    pub(crate) maintainer: bool,
    /// What the answered mail is about, where it is about something.
    pub(crate) thread: Option<Item>,
    /// Keys that came with it.
    pub(crate) keys: Vec<Result<Offer, String>>,
    /// Where an answer that comes later goes.
    pub(crate) reply_to: Option<String>,
    /// The mail it stood in.
    pub(crate) mail: Option<MessageId>,
}

/// A key that came with a command; its certificate is kept as a file already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    /// The primary key's fingerprint.
    pub(crate) fingerprint: String,
    /// Its owner by the certificate. Untrusted.
    pub(crate) owner: String,
    /// The addresses of its user IDs, in lower case. Untrusted.
    pub(crate) addresses: Vec<String>,
    /// Why a signature with it would not be believed; `None`: it would.
    pub(crate) trouble: Option<String>,
}

/// What a look at a mail found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MailReading {
    /// Who wrote it is proved, and these are the commands.
    Proved {
        /// The commands.
        orders: Vec<Order>,
        /// Who gives them.
        by: Sender,
        /// Whether the keyring knows them.
        maintainer: bool,
        /// What is said before everything else.
        remark: Option<String>,
        /// Digests of what must not be acted on twice.
        digests: Vec<String>,
    },
    /// Who wrote it is not proved; why not, for whoever it says to be from.
    Unproved {
        /// Why.
        why: String,
    },
    /// It is refused in silence: a replay, or a forgery.
    Refused {
        /// Why, for the audit trail.
        why: String,
    },
    /// It is nothing to answer.
    Nothing,
    /// It could not be looked at now.
    Failed(Fault),
}

impl CommandMail {
    /// A mail that has just come, small enough to be a record; `None` if what names it is too long.
    pub(crate) fn new(
        id: MessageId,
        from: &str,
        subject: &str,
        references: &[MessageId],
        received_at: Timestamp,
        list: Option<ListName>,
        now: Timestamp,
    ) -> Option<Self> {
        if id.as_str().len() > LONGEST || from.len() > LONGEST {
            return None;
        }
        let ends = [references.first(), references.last().filter(|_| references.len() > 1)];
        let fits = |id: &&MessageId| id.as_str().len() <= LONGEST;
        Some(Self {
            id,
            from: from.to_lowercase(),
            subject: shortened(subject, LONGEST),
            references: ends.into_iter().flatten().filter(fits).cloned().collect(),
            received_at,
            list,
            maintainer: false,
            stage: MailStage::Received { read: Retry::now(now) },
        })
    }
}

impl Entry {
    /// An entry, small enough to be one of twenty in a record.
    pub(crate) fn new(line: &str, answer: Answer) -> Self {
        let answer = match answer {
            Answer::Done(said) => Answer::Done(shortened(&said, LONGEST_ANSWER)),
            Answer::Refused(why) => Answer::Refused(shortened(&why, LONGEST_ANSWER)),
            Answer::Look(Look::Log { of, job }) => {
                Answer::Look(Look::Log { of, job: shortened(&job, LONGEST_JOB) })
            }
            Answer::Look(look) => Answer::Look(look),
        };
        Self { line: line.to_owned(), answer }
    }
}

impl Transcript {
    /// Small enough to be part of a record, however much of it has to be escaped there.
    pub(crate) fn bounded(mut self) -> Self {
        let written = |entry: &Entry| serde_json::to_string(entry).map_or(0, |json| json.len());
        if self.entries.iter().map(written).sum::<usize>() <= MOST_WRITTEN {
            return self;
        }
        for entry in &mut self.entries {
            entry.line = shortened(&entry.line, SHORT);
            match &mut entry.answer {
                Answer::Done(said) | Answer::Refused(said) => *said = shortened(said, SHORT),
                Answer::Look(Look::Log { job, .. }) => *job = shortened(job, SHORT),
                Answer::Look(_) => {}
            }
        }
        self
    }
}
