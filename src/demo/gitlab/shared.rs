//! What all parts of the stand-in share: how it was set up, and the world.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::world::World;
use crate::ports::Clock;

/// The bare repository's name in the stand-in's folder.
pub(super) const REPOSITORY: &str = "project.git";

/// What all parts of the stand-in share.
pub(super) struct Shared {
    pub(super) url: String,
    pub(super) prefix: String,
    pub(super) project: String,
    pub(super) token: String,
    pub(super) repository: PathBuf,
    pub(super) job_limit: Duration,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) world: Mutex<World>,
    pub(super) threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Shared {
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn git_url(&self) -> String {
        format!("{}/{}.git", self.url, self.project)
    }
}
