//! The git child: this program's hidden subcommand that does one git operation and ends.
//!
//! What it reads may be hostile: a pack that needs gigabytes, a server that never ends, objects
//! that crash a parser written in C. Then this process dies, and the bot says so. It must not
//! print a secret, nor outlive its parent.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};

use super::fetch::Report;
use super::order::{Line, Order, Progress, Reply, Task};
use super::session::Session;
use super::{fetch, merge, push, transport};
use crate::adapters::dumps;
use crate::ports::Fault;

/// The subcommand's name: the program's first argument.
pub(crate) const SUBCOMMAND: &str = "git-child";

/// The longest order.
const LONGEST_ORDER: u64 = 1 << 20;

/// How often progress is written at most.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// Reads an order from standard input, carries it out, writes lines of JSON to standard output.
pub(crate) fn main() -> ExitCode {
    let reply = match read_order() {
        Ok(order) => panic::catch_unwind(AssertUnwindSafe(|| carry_out(order)))
            .unwrap_or_else(|_| trouble(Fault::bug("the git child panicked"))),
        Err(fault) => trouble(fault),
    };
    if write_line(&Line::Done(reply)).is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn read_order() -> Result<Order, Fault> {
    let mut text = Vec::new();
    io::stdin()
        .take(LONGEST_ORDER)
        .read_to_end(&mut text)
        .map_err(|error| Fault::bug(format!("the git child could not read its order: {error}")))?;
    // The parser's own words would quote the order.
    serde_json::from_slice(&text).map_err(|_| Fault::bug("the git child got no order it can read"))
}

fn carry_out(order: Order) -> Reply {
    if let Err(error) = confine(&order) {
        return trouble(Fault::bug(format!("the git child could not limit itself: {error}")));
    }
    let mut last: Option<Instant> = None;
    let report = RefCell::new(move |progress: Progress| {
        if last.is_none_or(|last| last.elapsed() >= PROGRESS_EVERY) {
            last = Some(Instant::now());
            let _parent_gone = write_line(&Line::Progress(progress));
        }
    });
    perform(order, &report).unwrap_or_else(|reply| reply)
}

/// Limits memory and file size, so that hostile input costs this process only. The address space
/// stays free: a big pack is mapped, and that is no memory.
fn confine(order: &Order) -> rustix::io::Result<()> {
    let limit = |most: u64| Rlimit { current: Some(most), maximum: Some(most) };
    dumps::forbid()?;
    set_parent_process_death_signal(Some(Signal::KILL))?;
    setrlimit(Resource::Data, limit(order.limits.memory))?;
    // A pack grows by the objects that its deltas rest on.
    let file = order.limits.bytes.saturating_mul(2).saturating_add(64 << 20);
    setrlimit(Resource::Fsize, limit(file))
}

fn perform(order: Order, report: Report<'_>) -> Result<Reply, Reply> {
    let limits = order.limits;
    let session = |peer| {
        let session = Arc::new(Session::new(peer, limits));
        transport::register(&session).map_err(|error| session.explain(&error))?;
        Ok(session)
    };
    match order.task {
        Task::Update { peer, mirror, branch } => {
            fetch::into_mirror(&session(peer)?, &mirror, &branch, report)
        }
        Task::Fetch { peer, into, mirror, references, base, largest_object } => {
            let paths = (into.as_path(), mirror.as_path());
            let session = session(peer)?;
            fetch::into_quarantine(&session, paths, &references, base, largest_object, report)
        }
        Task::Merge(task) => merge::merge(&task),
        Task::Push { peer, from, commit, reference, replaces } => {
            push::push(&session(peer)?, &from, commit, &reference, &replaces, report)
        }
        Task::Delete { peer, from, commit, reference } => {
            push::delete(&session(peer)?, &from, commit, &reference)
        }
        Task::Look { peer, from, reference } => fetch::look(&session(peer)?, &from, &reference),
    }
}

fn write_line(line: &Line) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    let mut out = io::stdout().lock();
    out.write_all(&text)?;
    out.flush()
}

fn trouble(fault: Fault) -> Reply {
    Reply::Fault(fault)
}
