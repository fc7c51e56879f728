//! Patterns of paths, as the configuration and the keyring have them.

use globset::{Error, GlobBuilder, GlobSet, GlobSetBuilder};

/// All of them as one, as in `.gitignore`: one `*` does not cross a `/`.
///
/// # Errors
/// One of them is no pattern.
pub(crate) fn set(globs: &[String]) -> Result<GlobSet, Error> {
    let mut set = GlobSetBuilder::new();
    for glob in globs {
        set.add(GlobBuilder::new(glob).literal_separator(true).build()?);
    }
    set.build()
}
