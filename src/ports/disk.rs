//! What the system says about a file, as a fault: whether it may go away by itself. It must not
//! touch a file.

use std::io;
use std::path::Path;

use super::Fault;

impl Fault {
    /// Trouble with a file or folder. A missing right, and a path that can't be right, are the
    /// administrator's to mend. All else may go away: no room, no quota, a disk that fails or was
    /// mounted for reading only, too many open files.
    pub(crate) fn of_disk(path: &Path, error: &io::Error) -> Self {
        let detail = format!("{}: {error}", path.display());
        match error.kind() {
            io::ErrorKind::PermissionDenied
            | io::ErrorKind::NotADirectory
            | io::ErrorKind::IsADirectory
            | io::ErrorKind::InvalidFilename
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::Unsupported => Self::misconfigured(detail),
            _ => Self::temporary(detail),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::FaultKind;

    #[test]
    fn what_may_go_away_by_itself_is_temporary() {
        // errno(3): EIO, EMFILE, ENOSPC, EROFS, EDQUOT; then EACCES, ENOTDIR, EPERM.
        for (number, kind) in [
            (5, FaultKind::Temporary),
            (24, FaultKind::Temporary),
            (28, FaultKind::Temporary),
            (30, FaultKind::Temporary),
            (122, FaultKind::Temporary),
            (13, FaultKind::Misconfigured),
            (20, FaultKind::Misconfigured),
            (1, FaultKind::Misconfigured),
        ] {
            let error = io::Error::from_raw_os_error(number);
            let fault = Fault::of_disk(Path::new("/var/lib/gatepost"), &error);
            assert_eq!(fault.kind, kind, "{fault}");
        }
    }
}
