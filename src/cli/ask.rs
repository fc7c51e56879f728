//! Asks the running bot over its control socket; where none runs, opens what it remembers.

use std::path::Path;

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

use crate::adapters::store::{MemoryStore, SledStore};
use crate::bot::control::{Order, Reply};
use crate::bot::view;
use crate::config::model::Config;
use crate::ports::{Clock, Fault, Store};
use crate::pull::command::Named;
use crate::pull::ids::PullNumber;
use crate::pull::world::World;
use crate::wiring;

/// Largest answer that is taken.
const ANSWER_CAP: usize = 64 * 1024 * 1024;

/// How often a bot that is starting is asked again, and how often whether one will; with which pause.
const STARTING: u32 = 50;
const COMING: u32 = 10;
const MOMENT: std::time::Duration = std::time::Duration::from_millis(100);

/// What is asked.
pub(crate) enum Asked<'a> {
    Status,
    Show(&'a str, &'a Named),
    Audit(Option<PullNumber>),
    Do(&'a Order),
}

/// Asks; a bot that does not run is answered for from the store, except for commands.
///
/// # Errors
/// The socket or the store can't be used.
pub(crate) fn ask(config: &Config, asked: &Asked<'_>) -> Result<Reply, Fault> {
    let commands = matches!(asked, Asked::Do(_));
    for tries in 0..STARTING {
        if let Some(reply) = over_socket(&config.bot.control_socket, asked)? {
            return Ok(reply);
        }
        // A bot that was started just now has not come as far as taking the directory.
        let may_come = commands && tries < COMING;
        if !may_come && !SledStore::is_held(&config.state.directory) {
            return from_store(config, asked);
        }
        std::thread::sleep(MOMENT);
    }
    if !commands {
        return from_store(config, asked);
    }
    Err(Fault::temporary(
        "The bot is starting, or ending: its state directory is open, and its control socket does \
         not answer yet. Try again in a moment.",
    ))
}

/// The running bot's answer; `None` if none runs.
fn over_socket(path: &Path, asked: &Asked<'_>) -> Result<Option<Reply>, Fault> {
    let broken = |why: &dyn std::fmt::Display| {
        Fault::temporary(format!("the control socket {}: {why}", path.display()))
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| broken(&error))?;
    runtime.block_on(async {
        let stream = match UnixStream::connect(path).await {
            Ok(stream) => stream,
            Err(error) if is_nobody(error.kind()) => return Ok(None),
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                return Err(Fault::misconfigured(format!(
                    "the control socket {} is for the user of the bot: ask as that user",
                    path.display()
                )));
            }
            Err(error) => return Err(broken(&error)),
        };
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| broken(&error))?;
        tokio::spawn(connection);
        let request = request(asked).map_err(|error| broken(&error))?;
        let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
        let body = http_body_util::Limited::new(response.into_body(), ANSWER_CAP);
        let body = body.collect().await.map_err(|error| broken(&error))?.to_bytes();
        let reply = serde_json::from_slice(&body).map_err(|error| broken(&error))?;
        Ok(Some(reply))
    })
}

fn is_nobody(kind: std::io::ErrorKind) -> bool {
    matches!(kind, std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused)
}

fn request(asked: &Asked<'_>) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
    let builder = Request::builder().header("host", "gatepost");
    match asked {
        Asked::Status => builder.uri("/status").body(Full::default()),
        Asked::Show(text, _) => {
            let id =
                percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC);
            builder.uri(format!("/show/{id}")).body(Full::default())
        }
        Asked::Audit(None) => builder.uri("/audit").body(Full::default()),
        Asked::Audit(Some(number)) => builder.uri(format!("/audit/{number}")).body(Full::default()),
        Asked::Do(order) => {
            let body = serde_json::to_vec(order).unwrap_or_default();
            builder
                .method("POST")
                .uri("/do")
                .header("content-type", "application/json")
                .body(Full::from(body))
        }
    }
}

/// What bots remember; nothing where there has been none. Asking must not make the state directory:
/// it would belong to whoever asked, and not to the bot.
fn remembered(config: &Config) -> Result<Box<dyn Store>, Fault> {
    if config.state.directory.join("db").exists() {
        Ok(Box::new(wiring::store(config)?))
    } else {
        Ok(Box::new(MemoryStore::default()))
    }
}

fn from_store(config: &Config, asked: &Asked<'_>) -> Result<Reply, Fault> {
    if let Asked::Do(_) = asked {
        let why = "No bot runs here, and only a running one takes commands: start `gatepost run`.";
        return Ok(Reply::Refused(why.into()));
    }
    let store = remembered(config)?;
    let store = store.as_ref();
    let world = World::new(wiring::policy(config), store.open_records()?);
    let now = crate::adapters::clock::SystemClock.now();
    match asked {
        Asked::Show(_, named) => Ok(view::reply(&world.glance(now), store, named)),
        Asked::Audit(number) => Ok(view::audit(store, *number)),
        Asked::Status | Asked::Do(_) => {
            let status = view::Status {
                running: false,
                stalled: None,
                unread: Vec::new(),
                glance: world.glance(now),
            };
            Ok(Reply::Status(Box::new(status)))
        }
    }
}
