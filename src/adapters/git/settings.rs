//! What the repository is set up with.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::config::model::{Fetch, Target, Trust};
use crate::pull::cover::Person;
use crate::pull::ids::TargetName;

/// What the repository needs to know.
#[derive(Debug, Clone)]
pub(crate) struct GitSettings {
    /// The state directory: mirrors and quarantines lie in its folder `git`.
    pub(crate) state: PathBuf,
    /// This program, for the hidden subcommand.
    pub(crate) program: PathBuf,
    /// The targets.
    pub(crate) targets: BTreeMap<TargetName, Target>,
    /// Which URLs a mail may name: its schemes, hosts and addresses.
    pub(crate) trust: Trust,
    /// Limits of one operation.
    pub(crate) fetch: Fetch,
    /// Whom merge commits are by.
    pub(crate) committer: Person,
}
