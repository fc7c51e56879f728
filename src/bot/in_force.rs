//! What commands changed, for the threads beside the engine's: who the release managers are, from
//! whom nothing is taken, whether everything is stopped. The engine says so once it is durable. It
//! must not decide anything.

use std::sync::{Arc, PoisonError, RwLock};

use crate::pull::overlay::Overlay;

/// The overlay that is in force. A clone is the same one.
#[derive(Debug, Clone, Default)]
pub(crate) struct InForce(Arc<RwLock<Arc<Overlay>>>);

impl InForce {
    /// Takes what is durable now.
    pub(crate) fn take(&self, overlay: &Overlay) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(overlay.clone());
    }

    /// What is in force.
    pub(crate) fn overlay(&self) -> Arc<Overlay> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether a person has stopped everything.
    pub(crate) fn is_stopped(&self) -> bool {
        self.overlay().stop.is_some()
    }

    /// Whether nothing is taken from an address, in capitals or not.
    pub(crate) fn is_denied(&self, address: &str) -> bool {
        self.overlay().denied.contains_key(&address.to_lowercase())
    }

    /// Whether an address is among the submitters of every list, in capitals or not.
    pub(crate) fn is_allowed(&self, address: &str) -> bool {
        self.overlay().allowed.contains_key(&address.to_lowercase())
    }
}
