//! The workers, in lanes: what may hang, or comes in crowds, holds up nothing else.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};

use super::Message;
use crate::bot::engine::words_of;
use crate::bot::perform::{panicked, perform};
use crate::bot::ports::Ports;
use crate::pull::policy::Policy;
use crate::pull::request::decide::PullAction;
use crate::pull::run::decide::RunAction;
use crate::pull::world::{Done, Effect, Input};

/// Workers for fetches, for looks whether a request has landed, for looks who wrote a mail with
/// commands (which ask strangers' name servers), and for everything else.
const FETCHERS: usize = 4;
const LOOKERS: usize = 1;
const READERS: usize = 4;
const WORKERS: usize = 8;

/// The workers: fetches, which may hang, and looks, of which there may be many at once, apart from
/// everything else.
pub(super) struct Lanes {
    fetches: Sender<Effect>,
    looks: Sender<Effect>,
    commands: Sender<Effect>,
    others: Sender<Effect>,
}

impl Lanes {
    pub(super) fn start(ports: &Ports, policy: &Arc<Policy>, engine: &Sender<Message>) -> Self {
        let lane = |size: usize| {
            let (give, take) = mpsc::channel::<Effect>();
            let take = Arc::new(Mutex::new(take));
            for _ in 0..size {
                let (take, ports) = (Arc::clone(&take), ports.clone());
                let (policy, engine) = (Arc::clone(policy), engine.clone());
                std::thread::spawn(move || work(&take, &ports, &policy, &engine));
            }
            give
        };
        Self {
            fetches: lane(FETCHERS),
            looks: lane(LOOKERS),
            commands: lane(READERS),
            others: lane(WORKERS),
        }
    }

    pub(super) fn give(&self, effect: Effect) {
        let lane = match &effect {
            Effect::Pull { action: PullAction::Fetch, .. }
            | Effect::Run { action: RunAction::Fetch, .. } => &self.fetches,
            Effect::Pull { action: PullAction::LookLanded, .. } => &self.looks,
            Effect::ReadCommands(_) => &self.commands,
            Effect::Pull { .. }
            | Effect::Run { .. }
            | Effect::Send(_)
            | Effect::ReadHead(_)
            | Effect::ReadKeyring
            | Effect::WarnOfKey(_)
            | Effect::TellMiss(_)
            | Effect::Transcribe { .. }
            | Effect::Alert(_)
            | Effect::TellAside(_)
            | Effect::Counts(_)
            | Effect::Expire(_) => &self.others,
        };
        // Workers outlive the engine: the channel is open.
        let _always_open = lane.send(effect);
    }
}

fn work(lane: &Mutex<Receiver<Effect>>, ports: &Ports, policy: &Policy, engine: &Sender<Message>) {
    loop {
        let next = match lane.lock() {
            Ok(lane) => lane.recv(),
            Err(poisoned) => poisoned.into_inner().recv(),
        };
        let Ok(effect) = next else { return };
        let subject = effect.subject();
        let done: Done = catch_unwind(AssertUnwindSafe(|| perform(ports, policy, effect)))
            .unwrap_or_else(|panic| panicked(subject, &words_of(&*panic)));
        if engine.send(Message::Input(Input::Done(done))).is_err() {
            return;
        }
    }
}
