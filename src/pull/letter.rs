//! The record of a letter on its way: which state it is in, when it is tried again. The text is a
//! file; the words are in `mail::words`. [`rules`] says when it is sent, and again.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::ids::{ListName, MessageId, PullNumber, RunId};
use super::retry::Retry;
use super::verdict::Audience;

pub mod rules;

/// A letter in the outbox. One SMTP transaction, one audience.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Its Message-ID: a hash of what it answers, the same however often it is written.
    pub id: MessageId,
    /// What it is about.
    pub about: About,
    /// Who is to read it.
    pub audience: Audience,
    /// The list where its copy will show, for letters that go to one.
    pub list: Option<ListName>,
    /// Whether what it answers is proved to be somebody's.
    #[serde(default)]
    pub cause: Cause,
    /// The readers of the transaction that comes next, or was the last.
    pub recipients: Vec<String>,
    /// Readers who get the same letter in a transaction of their own, once the list has it.
    #[serde(default)]
    pub later: Vec<String>,
    /// The bot's own address, where it gets a copy of what the list gets: by that it learns that the
    /// letter arrived.
    #[serde(default)]
    pub blind: Option<String>,
    /// Its subject, for logs and `show`.
    pub subject: String,
    /// When it was written.
    pub written_at: Timestamp,
    /// Where it stands.
    pub state: LetterState,
}

/// Whether a letter answers something that is proved.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A trusted key signed it lately, a person with rights gave it, or it is the bot's own matter.
    #[default]
    Proved,
    /// Anybody can have brought it about, with a mail in somebody's name.
    Unproved,
}

/// Which of an address's hourly allowances a letter counts toward. Each is spent by itself, so that
/// nobody can use up the letters of one kind by causing those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Allowance {
    /// Letters to a thread: what came of a test, or of a look at signed commits.
    Verdicts,
    /// Letters to the administrator about the bot.
    Alerts,
    /// Answers to commands. How many commands of a sender are obeyed is bounded already.
    Answers,
    /// Letters because of mail that nothing proves.
    Unproved,
    /// All others.
    Others,
}

/// What a letter is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// A request.
    Pull(PullNumber),
    /// A run that somebody asked for.
    Run(RunId),
    /// A mail that is no request.
    Mail(MessageId),
    /// The bot itself.
    Bot,
}

/// Where a letter stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LetterState {
    /// To be sent.
    Ready {
        /// When.
        retry: Retry,
    },
    /// Given to the server; no answer recorded yet. After a crash it is looked for first.
    Sending {
        /// Since when.
        since: Timestamp,
        /// Failures before.
        retry: Retry,
    },
    /// The server may have it: looked for on the list before it is sent again.
    Unknown {
        /// Since when.
        since: Timestamp,
        /// When to look.
        retry: Retry,
    },
    /// Accepted.
    Sent {
        /// When.
        at: Timestamp,
    },
    /// Refused for good; the administrator was told.
    Refused {
        /// When.
        at: Timestamp,
        /// What the server said.
        said: String,
    },
}

impl Letter {
    /// The allowance that it counts toward.
    pub fn allowance(&self) -> Allowance {
        match (self.audience, self.cause) {
            _ if self.is_transcript() => Allowance::Answers,
            _ if self.is_alert() => Allowance::Alerts,
            (_, Cause::Unproved) => Allowance::Unproved,
            (Audience::Thread, Cause::Proved) => Allowance::Verdicts,
            (
                Audience::Author | Audience::Managers | Audience::Administrator | Audience::Asker,
                Cause::Proved,
            ) => Allowance::Others,
        }
    }

    /// The recipients of its next transaction.
    pub fn envelope(&self) -> Vec<String> {
        self.recipients.iter().chain(&self.blind).cloned().collect()
    }

    /// Leaves those readers out of the next transaction; they get one of their own after it.
    pub fn put_off(&mut self, readers: &[String]) {
        self.recipients.retain(|to| !readers.contains(to));
        self.later.extend_from_slice(readers);
    }

    /// Begins the transaction of those who were put off; `false` if there is nobody. No list shows
    /// that one.
    pub fn go_on(&mut self, now: Timestamp) -> bool {
        if self.later.is_empty() {
            return false;
        }
        self.recipients = std::mem::take(&mut self.later);
        (self.list, self.blind) = (None, None);
        self.state = LetterState::Ready { retry: Retry::now(now) };
        true
    }

    /// Whether it answers a mail to the command mailbox: such a letter goes out whatever is stopped.
    pub fn is_transcript(&self) -> bool {
        matches!(self.about, About::Mail(_)) && self.audience == Audience::Asker
    }

    /// Whether it tells the administrator of the bot itself.
    pub fn is_alert(&self) -> bool {
        self.about == About::Bot && self.audience == Audience::Administrator
    }
}

impl LetterState {
    /// Whether nothing more will happen to it.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Sent { .. } | Self::Refused { .. } => true,
            Self::Ready { .. } | Self::Sending { .. } | Self::Unknown { .. } => false,
        }
    }
}
