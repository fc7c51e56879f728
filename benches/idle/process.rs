//! What a process takes, as the kernel counts it (proc(5)). It must not touch the process.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use crate::shared::Outcome;

/// What a process took while it was watched.
pub(crate) struct Taken {
    /// Resident memory in bytes.
    pub(crate) resident: u64,
    /// The most that it ever was.
    pub(crate) peak: u64,
    /// How much of it is of files: the program and its libraries.
    pub(crate) mapped: u64,
    /// Threads.
    pub(crate) threads: u64,
    /// Processor time of all threads.
    pub(crate) busy: Duration,
    /// How often a thread went to sleep of its own will.
    pub(crate) woken: u64,
}

/// Watches a process for a while.
pub(crate) fn watch(id: u32, how_long: Duration) -> Outcome<Taken> {
    let process = PathBuf::from(format!("/proc/{id}"));
    let before = of_threads(&process)?;
    std::thread::sleep(how_long);
    let after = of_threads(&process)?;
    let status = fs::read_to_string(process.join("status"))?;
    let kibibytes = |name| field(&status, name).map(|number| number << 10);
    Ok(Taken {
        resident: kibibytes("VmRSS")?,
        peak: kibibytes("VmHWM")?,
        mapped: kibibytes("RssFile")?,
        threads: field(&status, "Threads")?,
        busy: Duration::from_nanos(after.0.saturating_sub(before.0)),
        woken: after.1.saturating_sub(before.1),
    })
}

/// Nanoseconds on a processor, and voluntary context switches, of all threads.
fn of_threads(process: &std::path::Path) -> Outcome<(u64, u64)> {
    let mut sum = (0, 0);
    for thread in fs::read_dir(process.join("task"))? {
        let thread = thread?.path();
        let times = fs::read_to_string(thread.join("schedstat"))?;
        let busy = times.split(' ').next().unwrap_or_default();
        sum.0 += busy.parse::<u64>()?;
        sum.1 += field(&fs::read_to_string(thread.join("status"))?, "voluntary_ctxt_switches")?;
    }
    Ok(sum)
}

fn field(status: &str, name: &str) -> Outcome<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.ok_or_else(|| format!("there is no {name}"))?.parse()?)
}
