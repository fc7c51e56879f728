//! The state directory: whether it can be written, who can read it, how much room there is.

use std::path::Path;

use rustix::fs::statvfs;

use super::CheckLine;
use super::facts::StateFacts;
use crate::config::model::Config;

/// With less than this free the store can't be relied on.
const LEAST_FREE: u64 = 1 << 30;

impl StateFacts {
    /// Looks at a directory. What it tries to write has no name and is gone at once.
    pub(crate) fn of(directory: &Path) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let metadata = match directory.metadata() {
            Ok(metadata) if metadata.is_dir() => metadata,
            Ok(_) => return Self::Unreachable("it is not a directory".to_owned()),
            Err(error) => return Self::Unreachable(error.to_string()),
        };
        let free = statvfs(directory).map_or(0, |disk| disk.f_bavail.saturating_mul(disk.f_frsize));
        Self::Present {
            mode: metadata.permissions().mode() & 0o7777,
            unwritable: tempfile::tempfile_in(directory).err().map(|error| error.to_string()),
            free,
        }
    }
}

/// What is to be said of the state directory.
pub(crate) fn lines(config: &Config, found: StateFacts) -> Vec<CheckLine> {
    let directory = config.state.directory.display();
    let subject = "state directory";
    let (mode, unwritable, free) = match found {
        StateFacts::Unreachable(why) => {
            let todo = format!("run `install -d -m 700 {directory}` as the user of the bot");
            return vec![CheckLine::no(subject, format!("{directory}: {why}"), todo)];
        }
        StateFacts::Present { mode, unwritable, free } => (mode, unwritable, free),
    };
    if let Some(why) = unwritable {
        let todo = "give it to the user of the bot, or run this check as that user";
        return vec![CheckLine::no(subject, format!("{directory} can't be written: {why}"), todo)];
    }
    let access = if mode & 0o007 == 0 {
        CheckLine::yes(subject, format!("{directory} can be written, and others can't read it"))
    } else {
        let finding = format!("{directory} is open to everybody on this machine (mode {mode:04o})");
        CheckLine::no(subject, finding, format!("run `chmod o= {directory}`"))
    };
    vec![access, room(config, free)]
}

fn room(config: &Config, free: u64) -> CheckLine {
    let subject = "state directory";
    let finding = format!("{} free", size(free));
    let budget = config.fetch.disk_budget;
    if free < LEAST_FREE {
        let todo = format!("make room: at least {}", size(LEAST_FREE));
        CheckLine::no(subject, finding, todo)
    } else if free < budget {
        let finding = format!("{finding}, and fetch.disk_budget allows {}", size(budget));
        CheckLine::warn(subject, finding, "make room, or lower fetch.disk_budget")
    } else {
        CheckLine::yes(subject, finding)
    }
}

/// A size for people.
fn size(bytes: u64) -> String {
    let units = [("TiB", 1_u64 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match units.iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => format!("{} {name}", bytes / unit),
        None => format!("{bytes} B"),
    }
}
