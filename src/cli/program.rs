//! Where this program is: it starts itself as the git child.

use std::path::PathBuf;

use crate::ports::Fault;

/// This program's own path.
pub(super) fn program() -> Result<PathBuf, Fault> {
    std::env::current_exe().map_err(|error| {
        Fault::misconfigured(format!("the program's own path can't be found: {error}"))
    })
}
