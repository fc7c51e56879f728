//! What one maintainer asks to have merged.

use std::path::PathBuf;

use git2::Oid;
use jiff::Timestamp;

use super::maintainer::Maintainer;
use super::tree::Fate;

/// One maintainer's repository and what it asks to have merged.
#[derive(Debug, Clone)]
pub(crate) struct DemoPull {
    /// Who asks.
    pub(crate) by: Maintainer,
    /// What becomes of it.
    pub(crate) fate: Fate,
    /// The maintainer's bare repository, whole in itself.
    pub(crate) repository: PathBuf,
    /// The signed tag's name, without `refs/tags/`.
    pub(crate) tag: String,
    /// What the series is about, for the cover letter's subject.
    pub(crate) title: &'static str,
    /// When it is mailed.
    pub(crate) sent_at: Timestamp,
    pub(super) base: Oid,
    pub(super) tip: Oid,
}

impl DemoPull {
    /// The commit that the series starts from, in hexadecimal.
    #[cfg(test)]
    pub(crate) fn base(&self) -> String {
        self.base.to_string()
    }

    /// The commit that is to be merged, in hexadecimal.
    #[cfg(test)]
    pub(crate) fn tip(&self) -> String {
        self.tip.to_string()
    }
}
