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
use tokio::net::UnixListener;
use tokio::sync::oneshot;

use super::message::{Message, Order, Question, Reply};
use crate::ports::Fault;
use crate::pull::command;
use crate::pull::ids::PullNumber;

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
