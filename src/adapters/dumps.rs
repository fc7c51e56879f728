//! Keeps this process's memory, which has secrets in it, from being written to a disk when it
//! dies, and from being read by other processes of the same user.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// From now on no core is dumped. The limit alone would not do: a system that pipes cores into a
/// program does so whatever the limit is (core(5)).
///
/// # Errors
/// The kernel's own; none in practice.
pub(crate) fn forbid() -> rustix::io::Result<()> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
}
