//! The workers, in pools: what may hang, or comes in crowds, holds up nothing else.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};

use super::Message;
use crate::bot::engine::words_of;
use crate::bot::perform::{panicked, perform};
use crate::bot::ports::Ports;
use crate::pull::policy::Policy;
use crate::pull::task::Pool;
use crate::pull::world::{Input, Work};

/// How many workers a pool has.
fn size(pool: Pool) -> usize {
    match pool {
        Pool::Fetches | Pool::Senders => 4,
        Pool::Landings => 1,
        Pool::Others => 8,
    }
}

pub(super) struct WorkerPools {
    fetches: Sender<Work>,
    landings: Sender<Work>,
    senders: Sender<Work>,
    others: Sender<Work>,
}

impl WorkerPools {
    pub(super) fn start(ports: &Ports, policy: &Arc<Policy>, engine: &Sender<Message>) -> Self {
        let start = |pool: Pool| {
            let (give, take) = mpsc::channel::<Work>();
            let take = Arc::new(Mutex::new(take));
            for _ in 0..size(pool) {
                let (take, ports) = (Arc::clone(&take), ports.clone());
                let (policy, engine) = (Arc::clone(policy), engine.clone());
                std::thread::spawn(move || work(&take, &ports, &policy, &engine));
            }
            give
        };
        Self {
            fetches: start(Pool::Fetches),
            landings: start(Pool::Landings),
            senders: start(Pool::Senders),
            others: start(Pool::Others),
        }
    }

    pub(super) fn give(&self, work: Work) {
        let pool = match work.pool() {
            Pool::Fetches => &self.fetches,
            Pool::Landings => &self.landings,
            Pool::Senders => &self.senders,
            Pool::Others => &self.others,
        };
        // Workers outlive the engine: the channel is open.
        let _always_open = pool.send(work);
    }
}

fn work(pool: &Mutex<Receiver<Work>>, ports: &Ports, policy: &Policy, engine: &Sender<Message>) {
    loop {
        let next = match pool.lock() {
            Ok(pool) => pool.recv(),
            Err(poisoned) => poisoned.into_inner().recv(),
        };
        let Ok(work) = next else { return };
        let done = catch_unwind(AssertUnwindSafe(|| perform(ports, policy, &work)))
            .unwrap_or_else(|panic| panicked(work, &words_of(&*panic)));
        if engine.send(Message::Input(Input::Done(Box::new(done)))).is_err() {
            return;
        }
    }
}
