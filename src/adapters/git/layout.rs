//! Where mirrors and quarantines lie under the state directory, and how much room they take. It
//! must not talk to the network.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use git2::{Repository, RepositoryInitOptions};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use sha2::{Digest, Sha256};

use crate::ports::{Fault, Quarantine};

const QUARANTINES: &str = "quarantine";

/// The folders. Quarantines name the mirror they borrow from by a relative path, so that the state
/// directory may be moved.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    root: PathBuf,
    quarantines: PathBuf,
}

impl Layout {
    /// Makes the folders under a state directory; for their owner alone (mode 0700) where they are
    /// made here, the state directory as well. Safe to repeat.
    ///
    /// # Errors
    /// They can't be made; see [`Fault::of_disk`].
    pub(crate) fn new(state: &Path) -> Result<Self, Fault> {
        let root = state.join("git");
        for folder in ["mirrors", QUARANTINES] {
            let folder = root.join(folder);
            create_private(&folder).map_err(|error| Fault::of_disk(&folder, &error))?;
        }
        let root = root.canonicalize().map_err(|e| disk(&root, &e))?;
        let quarantines = root.join(QUARANTINES);
        Ok(Self { root, quarantines })
    }

    /// The same mirrors, and quarantines of its own, empty: for who must not touch those of a bot
    /// that runs beside.
    ///
    /// # Errors
    /// Temporary: the disk.
    pub(crate) fn apart(self, name: &str) -> Result<Self, Fault> {
        let quarantines = self.root.join(name);
        remove(&quarantines)?;
        create_private(&quarantines).map_err(|error| disk(&quarantines, &error))?;
        Ok(Self { quarantines, ..self })
    }

    /// The mirror of a project's repository, by its URL.
    pub(crate) fn mirror(&self, url: &str) -> PathBuf {
        let last = url.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
        let last = last.strip_suffix(".git").unwrap_or(last);
        let plain: String =
            last.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(40).collect();
        let hash = Sha256::digest(url.as_bytes());
        let hash: String = hash.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        self.root.join("mirrors").join(format!("{plain}-{hash}.git"))
    }

    /// Makes a mirror that is empty, if there is none. Safe to repeat.
    ///
    /// # Errors
    /// Temporary: the disk.
    pub(crate) fn make_mirror(&self, mirror: &Path) -> Result<(), Fault> {
        if mirror.join("HEAD").exists() { Ok(()) } else { init(mirror) }
    }

    /// A quarantine's repository.
    pub(crate) fn quarantine(&self, quarantine: Quarantine) -> PathBuf {
        self.quarantines.join(quarantine.to_string())
    }

    fn incoming(&self, quarantine: Quarantine) -> PathBuf {
        self.quarantines.join(format!("{quarantine}.incoming"))
    }

    /// Makes an empty repository that borrows from a mirror, beside the quarantine it is to be.
    ///
    /// # Errors
    /// Temporary: the disk.
    pub(crate) fn make_incoming(
        &self,
        quarantine: Quarantine,
        mirror: &Path,
    ) -> Result<PathBuf, Fault> {
        let incoming = self.incoming(quarantine);
        remove(&incoming)?;
        init(&incoming)?;
        let name = mirror.file_name().unwrap_or_default().to_string_lossy();
        let alternates = incoming.join("objects/info/alternates");
        let written = fs::create_dir_all(incoming.join("objects/info"))
            .and_then(|()| fs::write(&alternates, format!("../../../mirrors/{name}/objects\n")));
        written.map_err(|error| disk(&alternates, &error))?;
        Ok(incoming)
    }

    /// Puts what came in into the quarantine's place, in one step; what was there goes.
    ///
    /// # Errors
    /// Temporary: the disk.
    pub(crate) fn settle(&self, quarantine: Quarantine) -> Result<(), Fault> {
        let (incoming, place) = (self.incoming(quarantine), self.quarantine(quarantine));
        if place.exists() {
            renameat_with(CWD, &incoming, CWD, &place, RenameFlags::EXCHANGE)
                .map_err(|error| disk(&place, &error.into()))?;
            remove(&incoming)
        } else {
            fs::rename(&incoming, &place).map_err(|error| disk(&place, &error))
        }
    }

    /// Drops what came in. A rest that can't be removed now is removed by the next fetch.
    pub(crate) fn discard_incoming(&self, quarantine: Quarantine) {
        let _next_time = remove(&self.incoming(quarantine));
    }

    /// Removes a quarantine. Safe to repeat.
    ///
    /// # Errors
    /// Temporary: the disk.
    pub(crate) fn forget(&self, quarantine: Quarantine) -> Result<(), Fault> {
        remove(&self.incoming(quarantine))?;
        remove(&self.quarantine(quarantine))
    }

    /// How many bytes all quarantines take.
    ///
    /// # Errors
    /// Temporary: the disk.
    pub(crate) fn used(&self) -> Result<u64, Fault> {
        used_by(&self.quarantines).map_err(|error| disk(&self.quarantines, &error))
    }

    /// Removes what killed children left of unfinished packs in a mirror. Only while it is locked.
    pub(crate) fn sweep(&self, mirror: &Path) {
        let Ok(files) = fs::read_dir(mirror.join("objects/pack")) else { return };
        for file in files.flatten() {
            // Finished ones are called `pack-…`.
            if file.file_name().to_string_lossy().starts_with("pack_") {
                let _next_time = fs::remove_file(file.path());
            }
        }
    }

    /// The file that is locked while a mirror is written.
    pub(crate) fn lock_of(&self, mirror: &Path) -> PathBuf {
        mirror.with_extension("lock")
    }

    /// Opens a quarantine.
    ///
    /// # Errors
    /// Permanent: it is not there.
    pub(crate) fn open(&self, quarantine: Quarantine) -> Result<Repository, Fault> {
        Repository::open_bare(self.quarantine(quarantine)).map_err(|error| {
            Fault::permanent(format!("the quarantine {quarantine}: {}", error.message()))
        })
    }
}

fn create_private(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn init(path: &Path) -> Result<(), Fault> {
    let mut options = RepositoryInitOptions::new();
    options.bare(true).external_template(false).mkpath(true);
    Repository::init_opts(path, &options)
        .map(|_| ())
        .map_err(|error| Fault::temporary(format!("{}: {}", path.display(), error.message())))
}

fn remove(path: &Path) -> Result<(), Fault> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(disk(path, &error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn disk(path: &Path, error: &io::Error) -> Fault {
    Fault::temporary(format!("{}: {error}", path.display()))
}

/// Files that vanish meanwhile count nothing: other threads forget quarantines.
fn used_by(folder: &Path) -> io::Result<u64> {
    let gone = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    let entries = match fs::read_dir(folder) {
        Err(error) if gone(&error) => return Ok(0),
        entries => entries?,
    };
    let mut sum = 0;
    for entry in entries {
        let entry = entry?;
        sum += match entry.metadata() {
            Ok(about) if about.is_dir() => used_by(&entry.path())?,
            Ok(about) => about.len(),
            Err(error) if gone(&error) => 0,
            Err(error) => return Err(error),
        };
    }
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pull::ids::PullNumber;

    #[test]
    fn mirrors_of_different_urls_lie_apart() {
        let state = tempfile::tempdir().unwrap();
        let layout = Layout::new(state.path()).unwrap();
        let one = layout.mirror("https://a.example/x.git");
        assert_eq!(one, layout.mirror("https://a.example/x.git"));
        assert_ne!(one, layout.mirror("https://b.example/x.git"));
        let odd = layout.mirror("https://a.example/../../etc");
        assert_eq!(odd.parent(), one.parent());
    }

    #[test]
    fn a_state_directory_that_is_made_here_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        Layout::new(&state).unwrap();
        assert_eq!(fs::metadata(state).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_dry_run_leaves_the_bots_quarantines_alone() {
        let state = tempfile::tempdir().unwrap();
        let layout = Layout::new(state.path()).unwrap();
        let (pull, mirror) = (Quarantine::Pull(PullNumber(7)), layout.mirror("x"));
        let dry = layout.clone().apart("dry-run").unwrap();
        for (layout, content) in [(&layout, "the bot's"), (&dry, "a dry run's")] {
            let incoming = layout.make_incoming(pull, &mirror).unwrap();
            fs::write(incoming.join("mark"), content).unwrap();
            layout.settle(pull).unwrap();
        }
        assert!(dry.quarantine(pull).join("mark").exists());
        layout.clone().apart("dry-run").unwrap().forget(pull).unwrap();
        assert_eq!(fs::read(layout.quarantine(pull).join("mark")).unwrap(), b"the bot's");
        assert!(!dry.quarantine(pull).exists(), "what an earlier dry run left is gone");
    }

    #[test]
    fn what_came_in_takes_the_place_of_what_was_there() {
        let state = tempfile::tempdir().unwrap();
        let layout = Layout::new(state.path()).unwrap();
        let (pull, mirror) = (Quarantine::Pull(PullNumber(7)), layout.mirror("x"));
        for content in ["old", "new"] {
            let incoming = layout.make_incoming(pull, &mirror).unwrap();
            fs::write(incoming.join("mark"), content).unwrap();
            layout.settle(pull).unwrap();
        }
        assert_eq!(fs::read(layout.quarantine(pull).join("mark")).unwrap(), b"new");
        assert!(!layout.incoming(pull).exists());
        assert!(layout.used().unwrap() >= 3);
        layout.forget(pull).unwrap();
        layout.forget(pull).unwrap();
        assert_eq!(layout.used().unwrap(), 0);
    }
}
