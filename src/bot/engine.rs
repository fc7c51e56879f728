//! One step at a time: the world says what follows, the store makes it durable, and only then the
//! effects are handed out. It must not perform them.

use jiff::Timestamp;

use super::ports::Ports;
use crate::ports::{Fault, FileName, KeyChanges};
use crate::pull::command_mail::Answer;
use crate::pull::overlay::Overlay;
use crate::pull::policy::Policy;
use crate::pull::world::{Effect, Input, World};

/// The world and the store behind it. One thread has it.
pub struct Engine {
    world: World,
    ports: Ports,
}

/// What follows from an input, now that it is durable.
#[derive(Debug, Default)]
pub struct Taken {
    /// What to do.
    pub effects: Vec<Effect>,
    /// When to tick if nothing happens before.
    pub wake_at: Option<Timestamp>,
    /// What to tell whoever gave a command.
    pub answer: Option<Answer>,
}

impl Engine {
    /// Takes up everything that is open where it was.
    ///
    /// # Errors
    /// The store can't be read.
    pub fn start(policy: Policy, ports: Ports) -> Result<Self, Fault> {
        let records = ports.store.open_records()?;
        put_in_force(&ports, &records.overlay)?;
        Ok(Self { world: World::new(policy, records), ports })
    }

    /// What is open.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The ports.
    pub fn ports(&self) -> &Ports {
        &self.ports
    }

    /// Takes an input.
    ///
    /// # Errors
    /// The store could not make it durable. The engine must not be used any more then: what it
    /// has in memory is ahead of what is durable. Starting anew takes up what is.
    pub fn take(&mut self, input: Input) -> Result<Taken, Fault> {
        let now = self.ports.clock.now();
        let step = self.world.step(input, now);
        if !step.batch.is_empty() {
            self.ports.store.put(&step.batch)?;
        }
        if let Some(overlay) = &step.batch.overlay {
            put_in_force(&self.ports, overlay)?;
        }
        for (about, what) in &step.log {
            tracing::info!(%about, "{about}: {what}");
        }
        Ok(Taken { effects: step.effects, wake_at: step.wake_at, answer: step.answer })
    }
}

/// Tells the other threads, and the keyring, what commands changed.
fn put_in_force(ports: &Ports, overlay: &Overlay) -> Result<(), Fault> {
    let mut added = Vec::new();
    for (fingerprint, key) in &overlay.keys_added {
        match ports.store.file(&FileName::Key(fingerprint.clone()))? {
            Some(certificate) => added.push((certificate, key.address.clone())),
            None => {
                tracing::error!("the file of the key {fingerprint}, which a command added, is gone")
            }
        }
    }
    let removed = overlay.keys_removed.keys().cloned().collect();
    ports.keyring.adopt(KeyChanges { added, removed });
    ports.in_force.take(overlay);
    Ok(())
}
