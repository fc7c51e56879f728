//! What the engine's thread is sent, and what it is asked and answers over the control socket.

use std::sync::mpsc::SyncSender;

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use super::shown::{Shown, Status};
use crate::ports::Folder;
use crate::pull::audit::AuditEntry;
use crate::pull::command;
use crate::pull::ids::PullNumber;
use crate::pull::world::Input;
use crate::pull::world::glance::RunLine;

/// What the engine's thread is sent.
pub(crate) enum Message {
    /// A folder was read on; the reader waits for the acknowledgement.
    Read(Input, SyncSender<()>),
    /// Something to take in.
    Input(Input),
    /// What keeps a folder from being read, or that nothing does any more.
    Folder(Folder, Option<String>),
    /// A question of the control socket.
    Ask(Question, oneshot::Sender<Reply>),
    /// The end.
    Stop,
}

/// What the socket is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Question {
    /// Everything at a glance.
    Status,
    /// One request, or one run.
    Show(command::Named),
    /// The newest lines of the audit trail, of all or of one request.
    Audit(Option<PullNumber>),
    /// A command.
    Do(Order),
}

/// A command, as the socket takes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Order {
    /// The line.
    pub(crate) line: String,
    /// Who gives it, for the records.
    pub(crate) by: String,
    /// Where an answer that comes later goes.
    pub(crate) reply_to: Option<String>,
    /// A key that goes with it, armored.
    #[serde(default)]
    pub(crate) attached: Option<String>,
}

/// What the engine says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reply {
    /// Everything at a glance.
    Status(Box<Status>),
    /// One request.
    Shown(Box<Shown>),
    /// One run.
    Run(Box<RunLine>),
    /// Lines of the audit trail, newest first.
    Audit(Vec<AuditEntry>),
    /// A command was carried out.
    Done(String),
    /// It was not: a sentence that says why.
    Refused(String),
}
