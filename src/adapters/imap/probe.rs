//! A look at an account's server and some of its folders, for `gatepost check`.

use super::limits::Limits;
use super::session;
use crate::config::model::Account;
use crate::ports::{Fault, FolderState};

/// What an account's server says of itself and of some folders.
#[derive(Debug, Clone)]
pub(crate) struct Probe {
    /// Whether the connection is encrypted.
    pub(crate) is_encrypted: bool,
    /// Whether it announces news by itself (IDLE).
    pub(crate) can_idle: bool,
    /// Each folder, and where it stands or why it can't be opened.
    pub(crate) folders: Vec<(String, Result<FolderState, Fault>)>,
}

/// Logs in and opens each folder: what `gatepost check` tells. Safe to repeat.
///
/// # Errors
/// Temporary: the server is away. Misconfigured: login refused, certificate not trusted.
pub(crate) fn probe(
    account: &Account,
    folders: &[String],
    limits: &Limits,
) -> Result<Probe, Fault> {
    let mut live = session::connect(account, limits)?;
    let mut states = Vec::new();
    for folder in folders {
        live.control.command(limits.command, session::SMALL_ANSWER);
        let state = session::examine(account, &mut live, folder)
            .map_err(|trouble| trouble.refusal(account, format_args!("folder {folder}")));
        states.push((folder.clone(), state));
    }
    Ok(Probe { is_encrypted: live.is_encrypted, can_idle: live.can_idle, folders: states })
}
