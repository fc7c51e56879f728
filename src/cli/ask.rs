//! Asks the running bot over its control socket; where none runs, opens what it remembers.

mod socket;

use std::io::ErrorKind;
use std::path::Path;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

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
const ANSWER_CAP: u64 = 64 * 1024 * 1024;

/// What URLs begin with. It is an address, so that no name is looked up; nobody connects to it.
const BOT: &str = "http://127.0.0.1";

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
    let answer = match answer(path, asked) {
        Ok(answer) => answer,
        Err(ureq::Error::Io(error)) if is_nobody(error.kind()) => return Ok(None),
        Err(ureq::Error::Io(error)) if error.kind() == ErrorKind::PermissionDenied => {
            return Err(Fault::misconfigured(format!(
                "the control socket {} is for the user of the bot: ask as that user",
                path.display()
            )));
        }
        Err(error) => return Err(broken(&error)),
    };
    serde_json::from_slice(&answer).map(Some).map_err(|error| broken(&error))
}

fn is_nobody(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::NotFound | ErrorKind::ConnectionRefused)
}

fn answer(path: &Path, asked: &Asked<'_>) -> Result<Vec<u8>, ureq::Error> {
    let bot = socket::agent(path);
    let response = match asked {
        Asked::Status => bot.get(format!("{BOT}/status")).call(),
        Asked::Show(text, _) => {
            bot.get(format!("{BOT}/show/{}", utf8_percent_encode(text, NON_ALPHANUMERIC))).call()
        }
        Asked::Audit(None) => bot.get(format!("{BOT}/audit")).call(),
        Asked::Audit(Some(number)) => bot.get(format!("{BOT}/audit/{number}")).call(),
        Asked::Do(order) => {
            let body = serde_json::to_vec(order).unwrap_or_default();
            bot.post(format!("{BOT}/do")).content_type("application/json").send(body)
        }
    };
    response?.into_body().into_with_config().limit(ANSWER_CAP).read_to_vec()
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
