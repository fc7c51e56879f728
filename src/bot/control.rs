//! The control socket: HTTP on a Unix socket that only the bot's own user may open (mode 0600).
//! It must not touch the records: it hands questions to the engine's thread and waits.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::mpsc::Sender;

use axum::Router;
use axum::extract::{Path as UrlPath, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};
use tokio::net::UnixListener;
use tokio::sync::oneshot;

use super::supervisor::Message;
use super::view::{RunLine, Shown, Status};
use crate::ports::Fault;
use crate::pull::audit::AuditEntry;
use crate::pull::command;
use crate::pull::ids::PullNumber;

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

/// Opens the socket. A file that a dead bot left behind is replaced: whoever holds the state
/// directory's lock is the only bot.
///
/// # Errors
/// The path can't be used; see [`Fault::of_disk`].
pub(crate) fn listen(path: &Path) -> Result<UnixListener, Fault> {
    let broken = |error: std::io::Error| {
        let mut fault = Fault::of_disk(path, &error);
        fault.detail = format!("The control socket {}: {error}.", path.display());
        fault
    };
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(broken(error)),
    }
    let listener = UnixListener::bind(path).map_err(broken)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).map_err(broken)?;
    Ok(listener)
}

/// Serves questions until the future is dropped.
///
/// # Errors
/// The listener broke.
pub(crate) async fn serve(listener: UnixListener, engine: Sender<Message>) -> std::io::Result<()> {
    let router = Router::new()
        .route("/status", get(status))
        .route("/show/{*id}", get(show))
        .route("/audit", get(audit))
        .route("/audit/{number}", get(audit_of))
        .route("/do", post(order))
        .with_state(engine);
    axum::serve(listener, router).await
}

async fn status(State(engine): State<Sender<Message>>) -> Response {
    ask(&engine, Question::Status).await
}

async fn show(State(engine): State<Sender<Message>>, UrlPath(id): UrlPath<String>) -> Response {
    match command::named(&id) {
        Ok(named) => ask(&engine, Question::Show(named)).await,
        Err(why) => refused(why),
    }
}

async fn audit(State(engine): State<Sender<Message>>) -> Response {
    ask(&engine, Question::Audit(None)).await
}

async fn audit_of(
    State(engine): State<Sender<Message>>,
    UrlPath(number): UrlPath<u64>,
) -> Response {
    ask(&engine, Question::Audit(Some(PullNumber(number)))).await
}

async fn order(State(engine): State<Sender<Message>>, Json(order): Json<Order>) -> Response {
    ask(&engine, Question::Do(order)).await
}

async fn ask(engine: &Sender<Message>, question: Question) -> Response {
    let (reply, answer) = oneshot::channel();
    if engine.send(Message::Ask(question, reply)).is_err() {
        return stopping();
    }
    match answer.await {
        Ok(Reply::Refused(why)) => refused(why),
        Ok(reply) => Json(reply).into_response(),
        Err(_) => stopping(),
    }
}

fn refused(why: String) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, Json(Reply::Refused(why))).into_response()
}

fn stopping() -> Response {
    let why = Reply::Refused("The bot is stopping.".into());
    (StatusCode::SERVICE_UNAVAILABLE, Json(why)).into_response()
}
